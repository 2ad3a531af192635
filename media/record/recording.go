package record

import (
	"io"
	"sync/atomic"
	"time"

	"tandem/media/codec"
)

// hold is how long after its time a piece of audio may still come and find its place: 400 ms.
const hold = Rate * 2 / 5

// batch is how much is written at once: 1 s.
const batch = Rate

// file is what a recording needs of *os.File.
type file interface {
	io.Writer
	io.WriterAt
	io.Closer
}

// Recording is one file being written. Left, Right, Pause and End may be used by everybody; the rest belongs to the
// disk's goroutine.
type Recording struct {
	spec    Spec
	start   time.Time
	now     func() time.Time
	left    Tap
	right   Tap
	paused  atomic.Bool
	ended   atomic.Bool
	endAt   atomic.Int64 // samples; valid once ended
	dropped atomic.Uint64

	coding  Coding
	maxLen  int64 // samples
	out     file
	line    []int16  // the time line from base on, two samples a moment, a ring
	base    int64    // first moment not yet written
	upTo    [2]int64 // of each channel: where its last piece ended
	block   *[]byte  // of one write; shared by all recordings of the disk
	headAt  int64    // base when the header was last put right
	scratch [slotSize]int16
}

// Spec says what to record where.
type Spec struct {
	ID   uint64 // chosen by the caller; comes back in Reports
	Path string // must not exist
}

func newRecording(spec Spec, cfg Config) *Recording {
	r := &Recording{spec: spec, start: cfg.Now(), now: cfg.Now, coding: cfg.Coding,
		maxLen: int64(cfg.MaxLength/time.Millisecond) * Rate / 1000}
	r.left = Tap{rec: r, slots: make([]slot, cfg.Ring)}
	r.right = Tap{rec: r, slots: make([]slot, cfg.Ring)}
	r.line = make([]int16, 2*(hold+batch+4*jumpLimit))
	return r
}

// Left is the tap of the left channel.
func (r *Recording) Left() *Tap { return &r.left }

// Right is the tap of the right channel.
func (r *Recording) Right() *Tap { return &r.right }

// Pause lets silence be written instead of what is pushed from now on, until it is undone.
func (r *Recording) Pause(on bool) { r.paused.Store(on) }

// End finishes the recording at the present moment. Its Report follows. Further calls do nothing.
func (r *Recording) End() { r.endAtMoment(r.moment(r.now())) }

func (r *Recording) endAtMoment(at int64) {
	if r.endAt.CompareAndSwap(0, max(min(at, r.maxLen), 1)) {
		r.ended.Store(true)
	}
}

// moment is a time's place on the time line, in samples.
func (r *Recording) moment(now time.Time) int64 {
	return int64(now.Sub(r.start)) * Rate / int64(time.Second)
}

// length is what has been written.
func (r *Recording) length() time.Duration { return time.Duration(r.base) * time.Second / Rate }

// work takes what waits in the rings and writes what is due. done tells that the recording is over; the file is then
// whole unless err says otherwise.
func (r *Recording) work(now time.Time) (done bool, err error) {
	if r.moment(now) >= r.maxLen {
		r.endAtMoment(r.maxLen)
	}
	done = r.ended.Load()
	if err := r.gather(); err != nil {
		return done, err
	}
	due := r.moment(now) - hold
	if done {
		due = r.endAt.Load()
	}
	if done || due-r.base >= batch {
		err = r.writeUpTo(due)
	}
	return done, err
}

// gather lays all that waits in the rings on the time line, the earlier side first. After a stall of the disk more may wait
// than the line holds: then its beginning is written.
func (r *Recording) gather() error {
	for {
		t, channel, s := &r.left, 0, r.left.peek()
		if other := r.right.peek(); s == nil || other != nil && other.at < s.at {
			t, channel, s = &r.right, 1, other
		}
		if s == nil {
			return nil
		}
		full := s.at + int64(s.size-len(r.line)/2)
		if r.ended.Load() {
			full = min(full, r.endAt.Load())
		}
		if err := r.writeUpTo(full); err != nil {
			return err
		}
		r.lay(s, channel)
		t.next()
	}
}

// lay puts a piece of audio on the time line. What is older than what was written is counted as dropped, and so is what
// lies beyond the line. A sample that is missing because the side's clock was followed is the one after it.
func (r *Recording) lay(s *slot, channel int) {
	moments := int64(len(r.line) / 2)
	n := codec.Decode(s.codec, r.scratch[:], s.data[:s.size])
	if s.at+int64(n) <= r.base || s.at+int64(n) > r.base+moments {
		if s.at >= 0 {
			r.dropped.Add(1)
		}
		return
	}
	put := func(at int64, v int16) {
		if at >= r.base {
			r.line[at%moments*2+int64(channel)] = v
		}
	}
	if s.at == r.upTo[channel]+1 {
		put(s.at-1, r.scratch[0])
	}
	for i, v := range r.scratch[:n] {
		put(s.at+int64(i), v)
	}
	r.upTo[channel] = s.at + int64(n)
}

// writeUpTo writes the time line up to a moment, in whole pieces of at most one second, and clears it behind.
func (r *Recording) writeUpTo(end int64) error {
	moments := int64(len(r.line) / 2)
	for r.base < end {
		n := min(end-r.base, batch)
		block := (*r.block)[:0]
		for at := r.base; at < r.base+n; at++ {
			i := at % moments * 2
			block = r.coding.appendMoment(block, r.line[i], r.line[i+1])
			r.line[i], r.line[i+1] = 0, 0
		}
		*r.block = block
		if _, err := r.out.Write(block); err != nil {
			return err
		}
		r.base += n
	}
	return nil
}

// appendMoment codes one sample of both channels.
func (c Coding) appendMoment(b []byte, left, right int16) []byte {
	if c == Ulaw {
		return append(b, ulawOf(left), ulawOf(right))
	}
	return append(b, byte(left), byte(uint16(left)>>8), byte(right), byte(uint16(right)>>8))
}

// putHeaderRight writes the sizes of what the file holds now.
func (r *Recording) putHeaderRight() error {
	r.headAt = r.base
	_, err := r.out.WriteAt(header(r.coding, r.base*r.coding.momentSize()), 0)
	return err
}
