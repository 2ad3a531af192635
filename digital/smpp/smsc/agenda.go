package smsc

import (
	"container/heap"
	"time"

	"tandem/digital/smpp/pdu"
)

// due is one entry of the agenda; one of the pointers says what it is about.
type due struct {
	at         time.Time
	bind       *session // has it bound?
	idle       *session // is it silent?
	unanswered *session // seq: has it answered?
	drop       *session // end it
	late       *session // pdu: a delayed answer
	receipt    *outgoing
	again      *outgoing
	seq        uint32
	pdu        pdu.PDU
	n          uint64 // order of entry, for those due at the same time
}

// agenda is the sorted list of what is due: a heap by time.
type agenda struct {
	entries entries
	n       uint64
}

type entries []due

func (e entries) Len() int { return len(e) }
func (e entries) Less(i, j int) bool {
	if !e[i].at.Equal(e[j].at) {
		return e[i].at.Before(e[j].at)
	}
	return e[i].n < e[j].n
}
func (e entries) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *entries) Push(x any)   { *e = append(*e, x.(due)) }
func (e *entries) Pop() any {
	last := len(*e) - 1
	d := (*e)[last]
	(*e)[last] = due{}
	*e = (*e)[:last]
	return d
}

func (a *agenda) add(d due) {
	a.n++
	d.n = a.n
	heap.Push(&a.entries, d)
}

// wait returns how long until the first entry is due, an hour if there is none.
func (a *agenda) wait(now time.Time) time.Duration {
	if len(a.entries) == 0 {
		return time.Hour
	}
	return max(0, a.entries[0].at.Sub(now))
}

// pop takes out what is due.
func (a *agenda) pop(now time.Time) []due {
	var out []due
	for len(a.entries) > 0 && !a.entries[0].at.After(now) {
		out = append(out, heap.Pop(&a.entries).(due))
	}
	return out
}

// fall does what is due.
func (s *Server) fall(d due) {
	now := time.Now()
	switch {
	case d.bind != nil:
		if d.bind.mode == 0 {
			s.end(d.bind, "does not bind")
		}
	case d.idle != nil && !d.idle.ended:
		if next := d.idle.since.Add(s.config.IdleWait); next.After(now) {
			s.due.add(due{at: next, idle: d.idle})
		} else {
			s.end(d.idle, "silent")
		}
	case d.unanswered != nil:
		if at, ok := d.unanswered.expires[d.seq]; ok && !at.After(now) {
			s.end(d.unanswered, "does not answer")
		}
	case d.drop != nil:
		s.end(d.drop, "dropped after a delivery")
	case d.late != nil:
		s.send(d.late, d.pdu)
	case d.receipt != nil && len(s.backlog) >= s.config.Backlog:
		s.metrics.refuse() // nobody fetches them
	case d.receipt != nil:
		s.backlog = append(s.backlog, d.receipt)
	case d.again != nil:
		s.backlog = append([]*outgoing{d.again}, s.backlog...)
	}
}
