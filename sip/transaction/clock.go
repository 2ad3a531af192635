package transaction

import (
	"container/heap"
	"sync"
	"time"
)

// clock keeps the records with a deadline in order of it and one timer for the earliest. Guarded by the layer's mutex.
type clock struct {
	h     dues
	shut  bool
	timer *time.Timer
	at    time.Duration // what the timer is set to, 0 for nothing
	now   func() time.Duration
}

type dues []*record

func (d dues) Len() int           { return len(d) }
func (d dues) Less(i, j int) bool { return d[i].nextDue < d[j].nextDue }
func (d dues) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].pos, d[j].pos = i, j
}
func (d *dues) Push(x any) {
	r := x.(*record)
	r.pos = len(*d)
	*d = append(*d, r)
}
func (d *dues) Pop() any {
	old := *d
	r := old[len(old)-1]
	old[len(old)-1] = nil
	*d = old[:len(old)-1]
	r.pos = -1
	return r
}

// set puts a record where its earliest deadline belongs, or takes it out.
func (c *clock) set(r *record) {
	due := r.due()
	switch {
	case c.shut:
		return
	case due == 0 && r.pos >= 0:
		heap.Remove(&c.h, r.pos)
	case due == 0:
		return
	case r.pos < 0:
		r.nextDue = due
		heap.Push(&c.h, r)
	case due != r.nextDue:
		r.nextDue = due
		heap.Fix(&c.h, r.pos)
	}
	c.arm()
}

// remove takes a record out for good.
func (c *clock) remove(r *record) {
	r.resend, r.end = 0, 0
	if r.pos >= 0 && !c.shut {
		heap.Remove(&c.h, r.pos)
	}
}

// arm sets the timer when the earliest deadline came nearer. A timer that fires too early finds nothing due and arms again.
func (c *clock) arm() {
	if len(c.h) == 0 {
		return
	}
	if due := c.h[0].nextDue; c.at == 0 || due < c.at {
		c.at = due
		c.timer.Reset(max(0, due-c.now()))
	}
}

// next returns a record whose deadline has passed, with the event of that deadline, or nil.
func (c *clock) next(now time.Duration) (*record, Event) {
	if len(c.h) == 0 || c.h[0].nextDue > now {
		return nil, 0
	}
	r := c.h[0]
	if r.end != 0 && r.end <= now {
		r.end = 0
		return r, OnEnd
	}
	r.resend = 0
	return r, OnResend
}

// writer collects a printed message.
type writer struct{ b []byte }

func (w *writer) WriteString(s string) (int, error) {
	w.b = append(w.b, s...)
	return len(s), nil
}

var writers = sync.Pool{New: func() any { return &writer{b: make([]byte, 0, 2048)} }}
