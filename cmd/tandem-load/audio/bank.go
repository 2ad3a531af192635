package audio

import (
	"net/netip"
	"time"

	"tandem/cmd/tandem-load/ua"
	"tandem/cmd/tandem-load/udp"
)

const (
	slots   = 20 // of one millisecond each: a stream sends once a round
	pause   = time.Millisecond
	samples = 160 // of G.711 in 20 ms
)

// Bank is one socket with all streams of a side. Owned by its loop.
type Bank struct {
	Stray    int // packets that belong to no stream: of calls that have ended
	InWindow int // packets of all streams whose time of receipt lies in the window

	from, to time.Time
	loop     *ua.Loop
	socket   *udp.Socket
	wheel    [slots][]*Stream
	slot     int
	due      time.Time
	streams  map[netip.AddrPort]*Stream
	next     int
	buf      [12 + samples]byte
}

// NewBank opens the socket.
func NewBank(loop *ua.Loop, host netip.Addr) (*Bank, error) {
	b := &Bank{loop: loop, streams: map[netip.AddrPort]*Stream{}}
	for i := range b.buf {
		b.buf[i] = 0xff // silence
	}
	var err error
	b.socket, err = loop.Open(netip.AddrPortFrom(host, 0), b.take)
	if err != nil {
		return nil, err
	}
	b.due = loop.Now()
	loop.At(b.due, b.turn)
	return b, nil
}

// Addr is where the bank receives.
func (b *Bank) Addr() netip.AddrPort { return b.socket.Addr() }

// Open begins a stream to and from a gateway's port. It sends at once where send is set.
func (b *Bank) Open(gateway netip.AddrPort, event uint8, send bool) *Stream {
	b.next++
	s := &Stream{bank: b, to: gateway, event: event, sending: send, slot: b.next % slots, ssrc: uint32(b.next), seq: uint16(b.next)}
	b.wheel[s.slot] = append(b.wheel[s.slot], s)
	b.streams[gateway] = s
	return s
}

// turn sends what the slots that are due have to send.
func (b *Bank) turn() {
	for now := time.Now(); !b.due.After(now); b.due = b.due.Add(pause) {
		for _, s := range b.wheel[b.slot] {
			s.send()
		}
		b.slot = (b.slot + 1) % slots
	}
	b.loop.At(b.due, b.turn)
}

// take counts a packet.
func (b *Bank) take(p []byte, from netip.AddrPort, at time.Time) {
	s := b.streams[from]
	if s == nil {
		b.Stray++
		return
	}
	if !at.Before(b.from) && at.Before(b.to) {
		b.InWindow++
	}
	s.got.packet(p, at)
}

// Window begins to count anew what is received from now on for so long.
func (b *Bank) Window(d time.Duration) {
	b.InWindow, b.from = 0, time.Now()
	b.to = b.from.Add(d)
}

// Tally sums what all open streams received so far.
func (b *Bank) Tally() (sum Tally) {
	for _, s := range b.streams {
		sum.Add(s.Tally())
	}
	return sum
}
