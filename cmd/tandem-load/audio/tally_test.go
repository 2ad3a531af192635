package audio

import (
	"encoding/binary"
	"testing"
	"time"
)

func rtp(ssrc uint32, seq uint16) []byte {
	b := make([]byte, 172)
	b[0] = 0x80
	binary.BigEndian.PutUint16(b[2:], seq)
	binary.BigEndian.PutUint32(b[8:], ssrc)
	return b
}

func TestTally(t *testing.T) {
	for _, c := range []struct {
		name     string
		seqs     []uint16
		want     Tally
		ssrcFrom int // index from which another SSRC is used; 0: none
	}{
		{"nothing", nil, Tally{}, 0},
		{"in order over the wrap", []uint16{65534, 65535, 0, 1}, Tally{Received: 4}, 0},
		{"one lost", []uint16{10, 11, 13, 14}, Tally{Received: 4, Lost: 1}, 0},
		{"late, not lost", []uint16{10, 12, 11, 13}, Tally{Received: 4}, 0},
		{"twice", []uint16{10, 11, 11, 12, 10}, Tally{Received: 5, Again: 2}, 0},
		{"lost at the wrap", []uint16{65535, 1}, Tally{Received: 2, Lost: 1}, 0},
		{"a new sequence", []uint16{10, 12, 500, 501}, Tally{Received: 4, Lost: 1, Restarts: 1}, 2},
		{"before the first", []uint16{10, 9, 11}, Tally{Received: 3}, 0},
	} {
		var r reception
		at := time.Unix(100, 0)
		for i, seq := range c.seqs {
			ssrc := uint32(1)
			if c.ssrcFrom > 0 && i >= c.ssrcFrom {
				ssrc = 2
			}
			r.packet(rtp(ssrc, seq), at.Add(time.Duration(i)*20*time.Millisecond))
		}
		got := r.tally()
		if again := r.tally(); again != got {
			t.Errorf("%s: told twice, it differs: %+v and %+v", c.name, got, again)
		}
		got.First, got.End, got.WorstGap = time.Time{}, time.Time{}, 0
		if got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestTallyGapAndRubbish(t *testing.T) {
	var r reception
	at := time.Unix(100, 0)
	r.packet([]byte{0x80, 0}, at)
	r.packet(append([]byte{0x00}, make([]byte, 20)...), at)
	r.packet(rtp(1, 1), at)
	r.packet(rtp(1, 2), at.Add(20*time.Millisecond))
	r.packet(rtp(1, 3), at.Add(90*time.Millisecond))
	got := r.tally()
	if got.Bad != 2 || got.Received != 3 || got.WorstGap != 70*time.Millisecond || got.End.Sub(got.First) != 90*time.Millisecond {
		t.Errorf("got %+v", got)
	}
	var sum Tally
	sum.Add(got)
	sum.Add(Tally{Received: 1, Lost: 2, WorstGap: time.Millisecond})
	if sum.Received != 4 || sum.Lost != 2 || sum.Bad != 2 || sum.WorstGap != got.WorstGap {
		t.Errorf("got %+v", sum)
	}
}
