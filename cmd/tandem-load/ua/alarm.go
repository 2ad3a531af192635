package ua

import (
	"container/heap"
	"time"
)

// Alarm is something to be done at a time. Owned by the loop.
type Alarm struct {
	at time.Time
	do func()
}

// Stop takes the alarm back. An alarm that rang, or nil, may be stopped.
func (a *Alarm) Stop() {
	if a != nil {
		a.do = nil
	}
}

// alarms is the one deadline list of a loop.
type alarms []*Alarm

func (a alarms) Len() int           { return len(a) }
func (a alarms) Less(i, j int) bool { return a[i].at.Before(a[j].at) }
func (a alarms) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }

// Push implements heap.Interface.
func (a *alarms) Push(x any) { *a = append(*a, x.(*Alarm)) }

// Pop implements heap.Interface.
func (a *alarms) Pop() any {
	old := *a
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*a = old[:len(old)-1]
	return last
}

func (a *alarms) add(at time.Time, do func()) *Alarm {
	x := &Alarm{at, do}
	heap.Push(a, x)
	return x
}

// ring does all that is due.
func (a *alarms) ring(now time.Time) {
	for len(*a) > 0 && !(*a)[0].at.After(now) {
		x := heap.Pop(a).(*Alarm)
		if do := x.do; do != nil {
			x.do = nil
			do()
		}
	}
}

// next is when the next alarm rings.
func (a *alarms) next() (time.Time, bool) {
	for len(*a) > 0 && (*a)[0].do == nil {
		heap.Pop(a)
	}
	if len(*a) == 0 {
		return time.Time{}, false
	}
	return (*a)[0].at, true
}
