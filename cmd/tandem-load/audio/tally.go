package audio

import (
	"encoding/binary"
	"time"
)

// Tally is what streams received.
type Tally struct {
	Received   int
	Lost       int // sequence numbers that never came
	Again      int // sequence numbers that came twice
	Restarts   int // the gateway began a new sequence (SSRC) in the middle
	Bad        int // no RTP
	WorstGap   time.Duration
	First, End time.Time // of the packets
}

// Add sums two tallies.
func (t *Tally) Add(o Tally) {
	t.Received, t.Lost, t.Again = t.Received+o.Received, t.Lost+o.Lost, t.Again+o.Again
	t.Restarts, t.Bad = t.Restarts+o.Restarts, t.Bad+o.Bad
	t.WorstGap = max(t.WorstGap, o.WorstGap)
}

// reception follows the sequence numbers of one stream.
type reception struct {
	sum     Tally
	ssrc    uint32
	first   uint32 // extended
	highest uint32 // extended
	count   uint32 // since first, each number once
	recent  uint64 // bit i: highest-i came
	open    bool
}

// packet takes one RTP packet.
func (r *reception) packet(p []byte, at time.Time) {
	if len(p) < 12 || p[0]>>6 != 2 {
		r.sum.Bad++
		return
	}
	seq, ssrc := binary.BigEndian.Uint16(p[2:]), binary.BigEndian.Uint32(p[8:])
	if r.sum.Received == 0 {
		r.sum.First = at
	} else if gap := at.Sub(r.sum.End); gap > r.sum.WorstGap {
		r.sum.WorstGap = gap
	}
	r.sum.Received++
	r.sum.End = at
	if r.open && ssrc != r.ssrc {
		r.sum.Restarts++
		r.close()
	}
	if !r.open {
		r.open, r.ssrc, r.first, r.highest, r.count, r.recent = true, ssrc, 1<<16|uint32(seq), 1<<16|uint32(seq), 1, 1
		return
	}
	r.follow(seq)
}

func (r *reception) follow(seq uint16) {
	step := int16(seq - uint16(r.highest))
	switch {
	case step > 0:
		r.highest += uint32(step)
		r.recent = r.recent<<uint(step) | 1
		r.count++
	case step > -64 && r.recent&(1<<uint(-step)) != 0:
		r.sum.Again++
	case step > -64:
		r.recent |= 1 << uint(-step)
		r.count++
		r.first = min(r.first, r.highest-uint32(-step))
	default: // older than what is remembered
		r.sum.Again++
	}
}

// close adds what the present sequence lacks.
func (r *reception) close() {
	if r.open {
		r.sum.Lost += int(r.highest-r.first+1) - int(r.count)
	}
	r.open = false
}

// tally sums up, without ending anything.
func (r reception) tally() Tally {
	r.close()
	return r.sum
}
