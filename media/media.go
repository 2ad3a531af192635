package media

import (
	"net/netip"
	"time"
)

// StreamID names a stream: an RTP direction pair with its own port pair. Never reused; 0 is none.
type StreamID uint64

// PlayID names one playback on a stream. The caller chooses it; a newer Play on the same stream replaces the older one.
type PlayID uint64

// RecordingID names one recording.
type RecordingID uint64

// Codec is an audio coding that the engine can read and write.
type Codec uint8

// The codecs. A packet of any other is relayed only between streams that agreed on the same one.
const (
	NoCodec Codec = iota
	PCMU          // G.711 µ-law, 8000 Hz, static payload type 0
	PCMA          // G.711 A-law, 8000 Hz, static payload type 8
)

// String is the codec's name as SDP writes it (RFC 3551 §6).
func (c Codec) String() string { return [...]string{"none", "PCMU", "PCMA"}[min(c, PCMA)] }

// Direction says which ways audio flows, seen from us: SendOnly means that we send and do not accept.
type Direction uint8

// The directions of RFC 3264 §5.1, from our side.
const (
	SendRecv Direction = iota
	SendOnly
	RecvOnly
	Inactive
)

// Format is a codec as negotiated with one peer. Payload types may differ per direction (RFC 3264 §6.1).
type Format struct {
	Codec  Codec
	SendPT uint8 // payload type we put on packets to the peer
	RecvPT uint8 // payload type the peer puts on packets to us
}

// StreamConfig is the negotiated state of a stream. A new value replaces the old one whole, at a packet boundary; our SSRC,
// sequence and timestamp go on.
type StreamConfig struct {
	Remote     netip.AddrPort // where to send RTP; the zero value: nowhere yet (early, or latch only)
	RemoteRTCP netip.AddrPort // where to send RTCP; the zero value: Remote's port + 1
	Format     Format         // the chosen codec
	Accept     []Format       // all codecs that the peer may switch to at any packet, Format included
	DTMFSend   uint8          // telephone-event payload type to send; 0: not negotiated
	DTMFRecv   uint8          // telephone-event payload type to accept; 0: not negotiated
	Ptime      time.Duration  // of what we send, 10–60 ms; 0 means 20 ms
	Direction  Direction
	Symmetric  bool          // learn the peer's real address from its packets (latching), then lock
	SRTP       Keys          // the zero value: plain RTP and RTCP
	Timeout    time.Duration // report Silent after this long without a packet while both sides may send; 0: never
}

// Item is one piece of a playback: exactly one field is set.
type Item struct {
	Prompt  string        // name in the prompt library, without ending: "demo/welcome"
	Tone    Tone          // a synthesized tone
	Silence time.Duration // nothing, for so long
}

// Tone is one or two sine waves. Level is in dBm0, e.g. -10.
type Tone struct {
	Hz1, Hz2 float64
	Level    float64
	For      time.Duration
}

// Command is an order to the engine: one of the structs below. All are plain values that encoding/gob can carry.
type Command interface{ command() }

type (
	// Open allocates a port pair. Answer: Opened or OpenFailed.
	Open struct {
		Stream  StreamID
		Local   netip.Addr // address to bind; the zero value: the engine's default
		Browser bool       // the peer is a browser (WebRTC): media/webrtc talks ICE and DTLS-SRTP with it. Local is ignored
	}
	// Describe asks for the SDP of a browser stream: an offer of ours where Offer is empty, else the answer to Offer. It may be
	// sent any number of times. An offer of the connection in force changes that one (direction, ICE restart); an offer of
	// another connection replaces it behind the same stream, as after the reload of a page. An offer of ours is out until
	// Accept or the next Describe. There is no trickle: the texts hold all candidates. Answer: Described.
	Describe struct {
		Stream    StreamID
		Offer     string    // SDP text of the browser
		Direction Direction // what we want of it; an answer says what both want
	}
	// Accept takes the browser's answer to the offer of the last Describe. Answer: Described with an empty SDP.
	Accept struct {
		Stream StreamID
		Answer string // SDP text
	}
	// Configure sets the negotiated state of a stream. It may be sent any number of times. Of a browser stream it sets the
	// Timeout only: all else follows from its SDP.
	Configure struct {
		Stream StreamID
		Config StreamConfig
	}
	// Connect bridges two streams both ways; A may equal B (echo). It replaces what either was connected to and stops
	// playbacks on both. Codecs that differ are transcoded; DTMF events cross with the payload type of each side.
	Connect struct{ A, B StreamID }
	// Disconnect takes a stream out of its bridge; both ends then send nothing until told otherwise.
	Disconnect struct{ Stream StreamID }
	// Play sends items one after the other, clocked by the engine. Loop repeats them until stopped. With Barge the first
	// digit stops it. While a play runs on a bridged stream, it is heard instead of the other side. Answer: Played.
	Play struct {
		Stream StreamID
		Play   PlayID
		Items  []Item
		Loop   bool
		Barge  bool
	}
	// Stop ends a playback. Answer: Played with Reason Stopped, unless it had already ended.
	Stop struct {
		Stream StreamID
		Play   PlayID
	}
	// SendDigits sends RFC 4733 events to the peer, or in-band tones where telephone-event is not negotiated.
	SendDigits struct {
		Stream StreamID
		Digits string        // 0-9 * # A-D
		Length time.Duration // of each; 0 means 100 ms
	}
	// DetectInband switches the in-band DTMF detector of a stream on or off.
	DetectInband struct {
		Stream StreamID
		On     bool
	}
	// Monitor lets a stream hear the sum of what the peers of up to two others say, which neither they nor those they talk to
	// notice: their bridges stay as they are. Of 0 is nobody. The others must be bridged to each other, or be one: what
	// is said on a stream of another worker is not heard. It takes Stream out of its bridge, stops its playback, and replaces what
	// it listened to; it ends with On false, with Connect or Close of Stream, and when none of the others is left. A Connect that
	// brings one of the others to a new partner may end it: send Monitor again.
	Monitor struct {
		Stream StreamID
		Of     [2]StreamID
		On     bool
	}
	// Record writes what the streams' peers say into a stereo WAV: Left on the left channel, Right on the right. Right may
	// be 0 (silence), and may be set later by a second Record with the same ID. Answer: RecordingBegan or RecordingEnded with Err.
	Record struct {
		Recording   RecordingID
		Left, Right StreamID
		Path        string // of the file; it must not exist
	}
	// PauseRecording writes silence instead of what is said, until resumed (card data).
	PauseRecording struct {
		Recording RecordingID
		Paused    bool
	}
	// StopRecording finishes the file. Answer: RecordingEnded.
	StopRecording struct{ Recording RecordingID }
	// QueryStats asks for figures now. Answer: StreamStats.
	QueryStats struct{ Stream StreamID }
	// Close ends a stream and everything on it. Answer: Closed. Its port is drained before reuse.
	Close struct{ Stream StreamID }
)

func (Open) command()           {}
func (Describe) command()       {}
func (Accept) command()         {}
func (Configure) command()      {}
func (Connect) command()        {}
func (Disconnect) command()     {}
func (Play) command()           {}
func (Stop) command()           {}
func (SendDigits) command()     {}
func (DetectInband) command()   {}
func (Monitor) command()        {}
func (Record) command()         {}
func (PauseRecording) command() {}
func (StopRecording) command()  {}
func (QueryStats) command()     {}
func (Close) command()          {}

// Event is what the engine reports: one of the structs below, all plain values.
type Event interface {
	// About is the stream that the event concerns. It is 0 for events of a recording whose streams are gone.
	About() StreamID
}

// OpenFailure says why a stream could not be opened.
type OpenFailure uint8

// The open failures.
const (
	NoPorts  OpenFailure = iota + 1 // the configured range is used up
	NoSocket                        // the operating system refused
)

// PlayEnd says why a playback ended.
type PlayEnd uint8

// The playback ends.
const (
	PlayDone    PlayEnd = iota + 1 // all items were sent
	PlayBarged                     // a digit interrupted it
	PlayStopped                    // Stop, Connect, a newer Play or Close
	PlayFailed                     // an unknown prompt; Err says which
)

// DigitSource says how a digit reached us.
type DigitSource uint8

// The digit sources, most trusted first.
const (
	RFC4733 DigitSource = iota + 1
	Inband
)

type (
	// Opened answers Open. Local is the RTP address; RTCP is on the next port, or of a browser stream on the same.
	Opened struct {
		Stream StreamID
		Local  netip.AddrPort
	}
	// Described answers Describe and Accept. Config is what the stream was configured with; it is zero as long as nothing is
	// agreed. Where Err is not empty, the SDP was refused and all is as before.
	Described struct {
		Stream StreamID
		SDP    string // our offer or answer; empty after Accept
		Config StreamConfig
		Err    string
	}
	// Linked tells whether audio may flow on a browser stream, and why it says so now: a connection came up, was lost, said
	// goodbye, or never came to be. After a loss it may come up again by itself; a Describe with a new offer replaces it, which is
	// said as up. Where a replacement came to nothing while the connection of before is up, it says up with the reason of the
	// failure. What is sent while it is not up goes nowhere. The stream stays open until Close.
	Linked struct {
		Stream StreamID
		Up     bool
		Why    string
	}
	// OpenFailed answers Open.
	OpenFailed struct {
		Stream StreamID
		Why    OpenFailure
		Err    string
	}
	// Played ends a playback; there is exactly one for each Play.
	Played struct {
		Stream StreamID
		Play   PlayID
		Why    PlayEnd
		Err    string
	}
	// Digit is one key press, reported once, at its end or as soon as it is certain.
	Digit struct {
		Stream StreamID
		Digit  byte // '0'-'9' '*' '#' 'A'-'D'
		Length time.Duration
		Source DigitSource
	}
	// FirstPacket tells that the first acceptable RTP packet of the peer arrived; From is its source.
	FirstPacket struct {
		Stream StreamID
		From   netip.AddrPort
	}
	// Silent tells that nothing acceptable arrived for Config.Timeout. It is sent once until packets come again, and not
	// after comfort noise: such a peer sends nothing while nobody talks.
	Silent struct {
		Stream StreamID
		For    time.Duration
	}
	// RecordingBegan answers Record.
	RecordingBegan struct {
		Stream    StreamID // Left
		Recording RecordingID
	}
	// RecordingEnded ends a recording. Err is empty when the file is whole.
	RecordingEnded struct {
		Stream    StreamID // Left
		Recording RecordingID
		Length    time.Duration
		Dropped   uint64 // frames lost because the disk was too slow
		Err       string
	}
	// StreamStats answers QueryStats.
	StreamStats struct {
		Stream StreamID
		Stats  Stats
	}
	// Closed answers Close with the final figures.
	Closed struct {
		Stream StreamID
		Stats  Stats
	}
)

// About implements Event.
func (e Opened) About() StreamID         { return e.Stream }
func (e OpenFailed) About() StreamID     { return e.Stream }
func (e Described) About() StreamID      { return e.Stream }
func (e Linked) About() StreamID         { return e.Stream }
func (e Played) About() StreamID         { return e.Stream }
func (e Digit) About() StreamID          { return e.Stream }
func (e FirstPacket) About() StreamID    { return e.Stream }
func (e Silent) About() StreamID         { return e.Stream }
func (e RecordingBegan) About() StreamID { return e.Stream }
func (e RecordingEnded) About() StreamID { return e.Stream }
func (e StreamStats) About() StreamID    { return e.Stream }
func (e Closed) About() StreamID         { return e.Stream }

// Stats are the figures of one stream, counted since it was opened.
type Stats struct {
	Sent, Received uint64 // RTP packets
	Lost           uint64 // by sequence numbers, never negative
	Refused        uint64 // from a source, with a payload type or in a shape that is not accepted
	Duplicate      uint64
	Jitter         time.Duration // interarrival jitter, RFC 3550 §6.4.1
	RoundTrip      time.Duration // from RTCP, 0 if the peer sends none
	RemoteLost     uint64        // what the peer's receiver reports say it lost
	MOS            float64       // 1.0–4.5 by the E-model from loss, jitter and delay; 0 without packets
	Level          float64       // mean level of received audio in dBm0; -100 without audio or where it was only relayed
}

// Engine is the boundary. Do never blocks: a full mailbox answers ErrBusy and the command is not taken. Events are read by
// one reader, which must keep up; it ends with the engine.
type Engine interface {
	Do(Command) error
	Events() <-chan Event
	Close() error
}
