package dtmf

import (
	"encoding/binary"
	"time"
)

// Defaults and limits of Sender.
const (
	MaxWaiting    = 64 // digits that may wait
	DefaultLength = 100 * time.Millisecond
	DefaultGap    = 60 * time.Millisecond
	DefaultVolume = 10 // −10 dBm0
	minLength     = 40 * time.Millisecond
	maxLength     = 6 * time.Second // below the wrap of the duration field at 8.19 s
	endPackets    = 3               // RFC 4733 §2.5.1.4
)

// Sender makes the packets of presses, one per tick of the stream's clock (RFC 4733 §2.5.1). The zero value is ready.
type Sender struct {
	Gap    time.Duration // between digits; 0 means DefaultGap
	Volume uint8         // 0–63, level in −dBm0; 0 means DefaultVolume

	waiting queue

	active bool
	event  uint8
	begin  uint32 // timestamp of the event
	total  uint32 // samples to send
	ends   int    // end packets sent
	rest   uint32 // samples of gap still to wait
}

// Packet is one event packet to send.
type Packet struct {
	Payload   [4]byte
	Marker    bool   // on the first packet of an event
	Timestamp uint32 // of the event's beginning, the same on all its packets
}

// Send queues digits of the given length each (0: DefaultLength; kept within 40 ms to 6 s). All or none are taken.
func (s *Sender) Send(digits string, length time.Duration) error {
	return s.waiting.add(digits, length)
}

// Busy tells that digits are being sent, wait, or were just sent: audio should not be sent meanwhile.
func (s *Sender) Busy() bool { return s.active || s.waiting.n > 0 || s.rest > 0 }

// Next gives the packet of this tick, if there is one. ts is the stream's RTP timestamp at this tick, step the samples per
// tick (160 for 20 ms). Call it exactly once per tick while Busy.
func (s *Sender) Next(ts, step uint32) (Packet, bool) {
	if s.rest > 0 {
		s.rest -= min(s.rest, step)
		return Packet{}, false
	}
	first := false
	if !s.active {
		next, ok := s.waiting.take()
		if !ok {
			return Packet{}, false
		}
		s.active, first = true, true
		s.event, s.begin, s.total, s.ends = next.event, ts, next.length, 0
	}
	length := ts - s.begin + step
	if length >= s.total || s.ends > 0 {
		return s.end(), true
	}
	return s.packet(first, false, length), true
}

// end makes one end packet; the last of them begins the gap.
func (s *Sender) end() Packet {
	s.ends++
	if s.ends == endPackets {
		gap := s.Gap
		if gap == 0 {
			gap = DefaultGap
		}
		s.active, s.rest = false, samples(gap)
	}
	return s.packet(false, true, s.total)
}

func (s *Sender) packet(first, end bool, length uint32) Packet {
	p := Packet{Marker: first, Timestamp: s.begin}
	volume := s.Volume
	if volume == 0 {
		volume = DefaultVolume
	}
	p.Payload[0], p.Payload[1] = s.event, volume&0x3f
	if end {
		p.Payload[1] |= 0x80
	}
	binary.BigEndian.PutUint16(p.Payload[2:], uint16(length))
	return p
}
