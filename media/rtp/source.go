package rtp

import "time"

// Limits of RFC 3550 A.1.
const (
	maxDropout  = 3000 // a larger jump forward is a restart of the source
	maxMisorder = 100  // an older packet than this is a restart too
)

// Verdict is what Source.Receive thinks of a packet.
type Verdict uint8

// The verdicts.
const (
	InOrder   Verdict = iota // newer than all before it
	Late                     // reordered, but not seen before
	Duplicate                // seen before, among the last 64
	Restarted                // first packet, new SSRC, or a sequence that began anew (RFC 3550 A.1)
	Suspect                  // one packet far out of sequence: if the next follows it, the source restarted
)

// Source is the statistics of what one peer sends (RFC 3550 A.1, A.3, A.8). SSRC changes and restarts are followed at
// once, and the totals go on over them. Owned by the stream's reader. The zero value is ready, with a clock of 8000 Hz.
type Source struct {
	Clock uint32 // samples per second; 0 means 8000

	ssrc     uint32
	begun    bool
	seq      Unwrapper
	base     int64  // first extended sequence number since the restart
	seen     uint64 // bit i: newest-i was received
	badSeq   uint32 // the sequence number that would confirm a restart; > 65535: none
	received uint64 // without duplicates, since the restart
	dups     uint64

	doneExpected, doneReceived   uint64 // of earlier SSRCs and restarts
	priorExpected, priorReceived uint64 // at the last report, since the restart

	transit int64 // last relative transit time, samples
	jitter  int64 // RFC 3550 A.8: 16 times the jitter, samples
	lastTS  uint32
	lastSR  uint32        // middle 32 bits of the last sender report's NTP time
	lastAt  time.Duration // when it came
}

// Receive counts a packet that arrived at now. Suspect packets are not counted as received.
func (s *Source) Receive(p Packet, now time.Duration) Verdict {
	seq := p.Sequence()
	if !s.begun || p.SSRC() != s.ssrc {
		s.restart(p, now)
		return Restarted
	}
	switch delta := seq - uint16(s.seq.newest); {
	case delta == 0:
		s.dups++
		return Duplicate
	case delta < maxDropout:
		s.seq.Extend(seq)
		s.seen = s.seen<<min(delta, 64) | 1
		s.accept(p, now)
		return InOrder
	case delta <= 0xffff-maxMisorder:
		if uint32(seq) == s.badSeq {
			s.restart(p, now)
			return Restarted
		}
		s.badSeq = uint32(seq + 1)
		return Suspect
	default:
		return s.late(-delta)
	}
}

func (s *Source) late(age uint16) Verdict {
	if age < 64 {
		if s.seen>>age&1 != 0 {
			s.dups++
			return Duplicate
		}
		s.seen |= 1 << age
	}
	s.received++
	s.base = min(s.base, s.seq.newest-int64(age))
	return Late
}

func (s *Source) restart(p Packet, now time.Duration) {
	s.doneExpected += s.expected()
	s.doneReceived += s.received
	s.begun, s.ssrc = true, p.SSRC()
	s.seq = Unwrapper{}
	s.base = s.seq.Extend(p.Sequence())
	s.seen, s.received, s.badSeq = 1, 1, 1<<17
	s.priorExpected, s.priorReceived = 0, 0
	s.transit = s.arrival(now) - int64(p.Timestamp())
	s.lastTS, s.lastSR = p.Timestamp(), 0
}

// otherClock is from how many seconds on two timestamps are of two clocks: some senders give their events (RFC 4733) one of their
// own, and some begin anew after a pause. What lies between them is no jitter.
const otherClock = 4

// accept counts a packet in order and moves the jitter. An event keeps the timestamp of its beginning for as long as it lasts, and
// audio may go on beside it (RFC 4733 §2.5.1): what is no newer than the newest does not count for jitter, nor does the step to
// another clock.
func (s *Source) accept(p Packet, now time.Duration) {
	s.received++
	s.badSeq = 1 << 17
	ts := p.Timestamp()
	if behind := int64(int32(s.lastTS - ts)); behind >= 0 && behind <= otherClock*s.clock() {
		return
	}
	s.lastTS = ts
	transit := s.arrival(now) - int64(ts)
	d := int64(int32(uint32(transit) - uint32(s.transit)))
	s.transit = transit
	if d < 0 {
		d = -d
	}
	if d > otherClock*s.clock() {
		return
	}
	s.jitter += d - (s.jitter+8)>>4
}

func (s *Source) clock() int64 {
	if s.Clock == 0 {
		return 8000
	}
	return int64(s.Clock)
}

func (s *Source) arrival(now time.Duration) int64 {
	c := s.clock()
	return int64(now/time.Second)*c + int64(now%time.Second)*c/int64(time.Second)
}

func (s *Source) expected() uint64 {
	if !s.begun {
		return 0
	}
	return uint64(s.seq.newest - s.base + 1)
}

// SSRC is that of the current source; 0 before the first packet.
func (s *Source) SSRC() uint32 { return s.ssrc }

// Totals are the figures of a stream since it began, over all its sources.
type Totals struct {
	Received, Expected uint64 // packets; Received is without duplicates
	Lost               uint64 // never negative
	Duplicate          uint64
	Jitter             time.Duration
}

// Totals reads the figures.
func (s *Source) Totals() Totals {
	t := Totals{Received: s.doneReceived + s.received, Expected: s.doneExpected + s.expected(), Duplicate: s.dups}
	if t.Expected > t.Received {
		t.Lost = t.Expected - t.Received
	}
	t.Jitter = time.Duration(s.jitter>>4) * time.Second / time.Duration(s.clock())
	return t
}

// NoteSenderReport keeps what the next Block must tell about the peer's sender report, which arrived at now.
func (s *Source) NoteSenderReport(ssrc uint32, ntp NTP, now time.Duration) {
	if ssrc == s.ssrc {
		s.lastSR, s.lastAt = ntp.Middle(), now
	}
}

// Block makes the reception report of the interval since the last call (RFC 3550 §6.4.1, A.3), and begins a new interval.
// ok is false before the first packet.
func (s *Source) Block(now time.Duration) (b Block, ok bool) {
	if !s.begun {
		return Block{}, false
	}
	expected := s.expected()
	b = Block{SSRC: s.ssrc, Highest: uint32(s.seq.newest - 1<<16), Jitter: uint32(s.jitter >> 4)}
	b.Lost = int32(max(min(int64(expected)-int64(s.received), 0x7fffff), -0x800000))
	inExpected, inReceived := expected-s.priorExpected, s.received-s.priorReceived
	if inExpected > inReceived {
		b.Fraction = uint8(min((inExpected-inReceived)<<8/inExpected, 255))
	}
	s.priorExpected, s.priorReceived = expected, s.received
	if s.lastSR != 0 {
		b.LastSR = s.lastSR
		b.Delay = Short(now - s.lastAt)
	}
	return b, true
}
