package audio

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// Stream is one call's audio. Owned by its bank's loop.
type Stream struct {
	Sent int

	bank    *Bank
	to      netip.AddrPort
	event   uint8 // payload type of telephone-event
	sending bool
	slot    int
	ssrc    uint32
	seq     uint16
	ts      uint32
	keys    []byte // to be pressed, as event codes
	step    int    // of the key that is pressed
	got     reception
}

// Steps of a key: it lasts 100 ms, and its end is sent three times (RFC 4733 §2.5.1.4); then 60 ms of audio.
const (
	keyLasts = 5
	keyEnd   = keyLasts + 3
	keyPause = keyEnd + 3
)

// Press presses keys one after the other: 0 to 9, * and #; others are left out.
func (s *Stream) Press(keys string) {
	for _, k := range []byte(keys) {
		switch {
		case k >= '0' && k <= '9':
			s.keys = append(s.keys, k-'0')
		case k == '*':
			s.keys = append(s.keys, 10)
		case k == '#':
			s.keys = append(s.keys, 11)
		}
	}
}

// Close ends the stream and gives what it received.
func (s *Stream) Close() Tally {
	b := s.bank
	if b.streams[s.to] == s {
		delete(b.streams, s.to)
	}
	if i := slices.Index(b.wheel[s.slot], s); i >= 0 {
		b.wheel[s.slot] = slices.Delete(b.wheel[s.slot], i, i+1)
	}
	return s.got.tally()
}

// Tally is what the stream received so far.
func (s *Stream) Tally() Tally { return s.got.tally() }

// send sends the packet of this round.
func (s *Stream) send() {
	if !s.sending {
		return
	}
	b := s.bank.buf[:]
	ts, pt, size := s.ts, byte(0), len(b)
	if len(s.keys) > 0 {
		if s.step < keyEnd {
			ts, pt, size = s.key()
		}
		if s.step++; s.step == keyPause {
			s.keys, s.step = s.keys[1:], 0
		}
	}
	b[0], b[1] = 0x80, pt
	binary.BigEndian.PutUint16(b[2:], s.seq)
	binary.BigEndian.PutUint32(b[4:], ts)
	binary.BigEndian.PutUint32(b[8:], s.ssrc)
	s.seq++
	s.ts += samples
	s.Sent++
	s.bank.socket.Send(b[:size], s.to)
	for i := range 4 {
		b[12+i] = 0xff
	}
}

// key writes the event of this step behind the header: its timestamp is that of the key's beginning.
func (s *Stream) key() (ts uint32, pt byte, size int) {
	b := s.bank.buf[12:16]
	b[0], b[1] = s.keys[0], 10
	lasts := min(s.step+1, keyLasts)
	if s.step >= keyLasts {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], uint16(lasts*samples))
	pt = s.event
	if s.step == 0 {
		pt |= 0x80 // marker
	}
	return s.ts - uint32(s.step*samples), pt, 16
}
