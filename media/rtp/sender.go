package rtp

import "time"

// Sender numbers all that one of our streams sends, so that the peer hears one source with one SSRC, whose sequence
// numbers have no gap of our making and whose timestamps follow the clock, whatever is relayed or generated in turn.
// Owned by the stream's writer.
type Sender struct {
	SSRC  uint32
	Clock uint32 // samples per second; 0 means 8000

	seq     uint16 // last sent
	ts      uint32 // of the last audio sent
	sentAt  time.Duration
	begun   bool
	evented bool // events were sent since the last audio
	packets uint32
	octets  uint32

	from     uint32 // SSRC being relayed
	relaying bool
	seqOff   uint16 // ours minus theirs
	tsOff    uint32
}

// NewSender starts at the given numbers, which should be random (RFC 3550 §5.1).
func NewSender(ssrc uint32, seq uint16, ts uint32) Sender {
	return Sender{SSRC: ssrc, Clock: 8000, seq: seq - 1, ts: ts}
}

// Relay renumbers a received packet in place for our stream and sets pt. Gaps and reordering of the source are kept.
// A new source, or the first packet after Generate, gets the marker, the next sequence number and the timestamp of now.
func (s *Sender) Relay(p Packet, pt uint8, now time.Duration) {
	h := p.Header()
	if !s.relaying || h.SSRC != s.from {
		s.relaying, s.from = true, h.SSRC
		s.seqOff, s.tsOff = s.seq+1-h.Sequence, s.clockAt(now)-h.Timestamp
		h.Marker = true
	}
	out := Header{h.Marker, pt, h.Sequence + s.seqOff, h.Timestamp + s.tsOff, s.SSRC}
	p.Rewrite(out)
	s.sent(out, len(p.Payload()), now)
}

// Generate numbers a packet that we make ourselves: the timestamp is that of now, rounded to whole steps of step samples
// after the last one, so that an exact 20 ms clock gives exact steps.
func (s *Sender) Generate(pt uint8, step uint32, size int, now time.Duration) Header {
	h := Header{Marker: !s.begun || s.relaying, PayloadType: pt, Sequence: s.seq + 1, Timestamp: s.ts, SSRC: s.SSRC}
	if s.begun {
		h.Timestamp = s.ts + step
		slack := 2 * int32(step) // a tick that came late is no pause
		if s.evented {
			slack = 0 // audio does not go back behind the event before it
		}
		if behind := int32(s.clockAt(now) - h.Timestamp); step > 0 && behind > slack {
			h.Timestamp += uint32(behind) / step * step
			h.Marker = true
		}
	}
	s.relaying = false
	s.sent(h, size, now)
	return h
}

// Event numbers a packet of a telephone-event, whose timestamp is that of its beginning (RFC 4733 §2.2.1).
// The clock of the audio around it is not moved; where there was none yet, it begins with the event.
func (s *Sender) Event(pt uint8, marker bool, ts uint32, now time.Duration) Header {
	if !s.begun {
		s.begun, s.ts, s.sentAt = true, ts, now
	}
	s.relaying, s.evented = false, true
	s.seq++
	s.packets++
	s.octets += 4
	return Header{marker, pt, s.seq, ts, s.SSRC}
}

// Now is the RTP timestamp of our stream at now.
func (s *Sender) Now(now time.Duration) uint32 { return s.clockAt(now) }

// Due is when the next packet keeps step with the last audio that was sent, in packets of so long; 0 before the first.
func (s *Sender) Due(ptime time.Duration) time.Duration {
	if !s.begun {
		return 0
	}
	return s.sentAt + ptime
}

// Counts gives packets and payload octets sent, as a sender report wants them (both wrap at 2^32).
func (s *Sender) Counts() (packets, octets uint32) { return s.packets, s.octets }

// Break makes the next relayed packet count as one of a new source, e.g. after the bridge was changed.
func (s *Sender) Break() { s.relaying = false }

func (s *Sender) clockAt(now time.Duration) uint32 {
	if !s.begun {
		return s.ts
	}
	clock := int64(s.Clock)
	if clock == 0 {
		clock = 8000
	}
	since := max(now-s.sentAt, 0)
	whole, part := int64(since/time.Second), int64(since%time.Second)
	return s.ts + uint32(whole*clock+part*clock/int64(time.Second))
}

func (s *Sender) sent(h Header, size int, now time.Duration) {
	s.packets++
	s.octets += uint32(size)
	if !s.begun || Newer(h.Sequence, s.seq) {
		s.begun, s.evented, s.seq, s.ts, s.sentAt = true, false, h.Sequence, h.Timestamp, now
	}
}
