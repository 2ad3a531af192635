package mediatest

import (
	"math/rand/v2"
	"slices"
	"time"

	"tandem/media"
	"tandem/media/codec"
	"tandem/media/rtp"
)

// Timed is one packet and when it arrives, since the beginning of the script.
type Timed struct {
	At     time.Duration
	Packet []byte
}

// Script makes a run of RTP packets. The zero value, but for the codec, starts at sequence 0, timestamp 0 and SSRC 0.
type Script struct {
	Codec     media.Codec
	PT        uint8
	SSRC      uint32
	Sequence  uint16
	Timestamp uint32
	Ptime     time.Duration // 0 means 20 ms
}

// Packets puts samples into packets, one each ptime from start on, the first with the marker. The script's numbers go on.
func (s *Script) Packets(start time.Duration, samples []int16) []Timed {
	ptime := s.Ptime
	if ptime == 0 {
		ptime = 20 * time.Millisecond
	}
	size := int(ptime * Rate / time.Second)
	var out []Timed
	for i, frame := range Frames(s.Codec, samples, size) {
		out = append(out, Timed{start + time.Duration(i)*ptime, s.Packet(i == 0, frame)})
		s.Timestamp += uint32(size)
	}
	return out
}

// Packet makes one packet with the current timestamp, and moves the sequence number on.
func (s *Script) Packet(marker bool, payload []byte) []byte {
	b := make([]byte, rtp.HeaderSize, rtp.HeaderSize+len(payload))
	rtp.Header{Marker: marker, PayloadType: s.PT, Sequence: s.Sequence, Timestamp: s.Timestamp, SSRC: s.SSRC}.Put(b)
	s.Sequence++
	return append(b, payload...)
}

// Silence makes samples of nothing.
func Silence(length time.Duration) []int16 { return make([]int16, int(length*Rate/time.Second)) }

// Level is the mean level of samples in dBm0.
func Level(samples []int16) float64 { return codec.Level(samples) }

// Link is a lossy link. Shares are 0–1.
type Link struct {
	Seed      uint64
	Loss      float64
	Duplicate float64
	Reorder   float64       // share of packets that come 1.5 packet times late
	Jitter    time.Duration // each packet is late by up to this
	Delay     time.Duration // all are late by this
}

// Carry gives what arrives, in order of arrival. The same seed gives the same.
func (l Link) Carry(packets []Timed) []Timed {
	r := rand.New(rand.NewPCG(l.Seed, 1))
	out := make([]Timed, 0, len(packets))
	for _, p := range packets {
		lost, twice, late := r.Float64() < l.Loss, r.Float64() < l.Duplicate, r.Float64() < l.Reorder
		at := p.At + l.Delay + time.Duration(r.Float64()*float64(l.Jitter))
		if lost {
			continue
		}
		if late {
			at += 30 * time.Millisecond
		}
		out = append(out, Timed{at, slices.Clone(p.Packet)})
		if twice {
			out = append(out, Timed{at + time.Millisecond, slices.Clone(p.Packet)})
		}
	}
	slices.SortStableFunc(out, func(a, b Timed) int { return int(a.At - b.At) })
	return out
}
