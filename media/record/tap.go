package record

import (
	"sync/atomic"
	"time"

	"tandem/media"
)

// slotSize is the G.711 bytes of one ring slot: 20 ms.
const slotSize = 160

// jumpLimit is how far, in samples, a packet's place by RTP time may lie from its place by arrival before the time line
// of the side is laid anew: 200 ms.
const jumpLimit = Rate / 5

// How the place of a side follows its clock: over the mean of so many packets, beyond so many samples.
const (
	driftMean  = 256
	driftLimit = Rate / 100
)

// slot is a piece of audio with its place on the recording's time line.
type slot struct {
	at    int64 // samples since the recording began
	size  int
	codec media.Codec
	data  [slotSize]byte
}

// Tap is one side of a recording. Its writing end is owned by the pusher: a ring with one writer and one reader.
type Tap struct {
	rec   *Recording
	slots []slot
	head  atomic.Uint64 // next slot to write; written by the pusher
	tail  atomic.Uint64 // next slot to read; written by the disk

	ssrc   uint32 // of the last packet
	offset int64  // place on the time line minus extended RTP time
	lastTS uint32
	extTS  int64
	placed bool
	drift  int64 // driftMean times the mean of how late packets are, in samples
}

// Chunk is the audio of one packet.
type Chunk struct {
	Codec   media.Codec
	Payload []byte // G.711; copied
	SSRC    uint32
	Time    uint32 // RTP timestamp
}

// Push puts a packet's audio into the ring. It never waits and never allocates; it is false once the recording has ended.
// What does not fit is counted as dropped. While the recording is paused the audio goes nowhere.
func (t *Tap) Push(c Chunk, now time.Time) bool {
	r := t.rec
	if r.ended.Load() {
		return false
	}
	at := t.place(c, int64(now.Sub(r.start))*Rate/int64(time.Second))
	if r.paused.Load() {
		return true
	}
	for payload := c.Payload; len(payload) > 0; {
		n := min(len(payload), slotSize)
		t.put(c.Codec, payload[:n], at)
		at += int64(n)
		payload = payload[n:]
	}
	return true
}

// Ended tells that the recording is over: Push takes nothing any more.
func (t *Tap) Ended() bool { return t.rec.ended.Load() }

// place finds where a packet belongs: by RTP time as long as that agrees with arrival, else by arrival.
func (t *Tap) place(c Chunk, arrival int64) int64 {
	if t.placed && c.SSRC == t.ssrc {
		t.extTS += int64(int32(c.Time - t.lastTS))
		t.lastTS = c.Time
		if late := arrival - t.offset - t.extTS; late < jumpLimit && late > -jumpLimit {
			t.follow(late)
			return t.offset + t.extTS
		}
	}
	t.placed, t.ssrc, t.lastTS, t.extTS = true, c.SSRC, c.Time, 0
	t.offset, t.drift = arrival, 0
	return arrival
}

// follow lets the side's place creep after its clock: one sample at a time, once packets are late or early by 10 ms in the
// mean of a few seconds. A clock that is off by 100 ppm would else stray 360 ms from the other side in an hour.
func (t *Tap) follow(late int64) {
	t.drift += late - t.drift/driftMean
	switch mean := t.drift / driftMean; {
	case mean > driftLimit:
		t.offset++
		t.drift -= driftMean
	case mean < -driftLimit:
		t.offset--
		t.drift += driftMean
	}
}

func (t *Tap) put(codec media.Codec, data []byte, at int64) {
	head := t.head.Load()
	if head-t.tail.Load() >= uint64(len(t.slots)) {
		t.rec.dropped.Add(1)
		return
	}
	s := &t.slots[head%uint64(len(t.slots))]
	s.at, s.size, s.codec = at, copy(s.data[:], data), codec
	t.head.Store(head + 1)
}

// peek is the slot that has waited longest, nil if none waits; next makes room for it. Only the disk's goroutine calls them.
func (t *Tap) peek() *slot {
	if tail := t.tail.Load(); tail < t.head.Load() {
		return &t.slots[tail%uint64(len(t.slots))]
	}
	return nil
}

func (t *Tap) next() { t.tail.Add(1) }
