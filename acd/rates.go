package acd

import (
	"time"

	"tandem/acd/route"
)

const (
	windowBins = 30 // one-minute bins of what a queue has done
	shiftBins  = 8  // one-hour bins of what an agent has done
	outlier    = 4  // a handling time counts as at most so many times the mean
	whole      = 1_000_000
	leastShare = whole / 20
	halveAt    = 64 // an agent's completions, so that shares follow recent work
)

// window is what a queue has done in the last half hour, by minutes.
type window struct {
	bins [windowBins]windowBin
}

type windowBin struct {
	minute    int64
	done      int
	handle    time.Duration
	abandoned int
	wait      time.Duration
}

func (w *window) bin(now time.Time) *windowBin {
	minute := now.Unix() / 60
	b := &w.bins[minute%windowBins]
	if b.minute != minute {
		*b = windowBin{minute: minute}
	}
	return b
}

func (w *window) sum(now time.Time) windowBin {
	oldest := now.Unix()/60 - windowBins
	var total windowBin
	for i := range w.bins {
		if b := &w.bins[i]; b.minute > oldest {
			total.done += b.done
			total.handle += b.handle
			total.abandoned += b.abandoned
			total.wait += b.wait
		}
	}
	return total
}

// handled counts a completion. A handling time far above the mean counts as four times the mean.
func (w *window) handled(now time.Time, took time.Duration) {
	if t := w.sum(now); t.done > 4 {
		took = min(took, outlier*t.handle/time.Duration(t.done))
	}
	b := w.bin(now)
	b.done++
	b.handle += took
}

// waited counts a wait that has ended, by answer or by abandonment.
func (w *window) waited(now time.Time, wait time.Duration, abandoned bool) {
	b := w.bin(now)
	b.wait += wait
	if abandoned {
		b.abandoned++
	}
}

// shift is what an agent has done in the last eight hours, by hours.
type shift struct {
	bins [shiftBins]struct {
		hour  int64
		items int
		talk  time.Duration
	}
}

func (w *shift) add(now time.Time, talk time.Duration) {
	hour := now.Unix() / 3600
	b := &w.bins[hour%shiftBins]
	if b.hour != hour {
		b.hour, b.items, b.talk = hour, 0, 0
	}
	b.items++
	b.talk += talk
}

func (w *shift) sum(now time.Time) (items int, talk time.Duration) {
	oldest := now.Unix()/3600 - shiftBins
	for i := range w.bins {
		if b := &w.bins[i]; b.hour > oldest {
			items += b.items
			talk += b.talk
		}
	}
	return items, talk
}

// handled counts an item that an agent has finished with, for the queue's rates and the agent's shares.
func (s *State) handled(a *agent, it *item) {
	took := s.now.Sub(it.answered)
	q := it.queue
	for _, m := range a.members {
		if m.queue == q {
			m.done++
		}
	}
	a.shift.add(s.now, took)
	q.rates.handled(s.now, took)
	s.share(a)
}

// share brings what an agent adds to its queues in line: its completions there among all of its completions, at least a
// twentieth, nothing while it is not available.
func (s *State) share(a *agent) {
	total := 0
	for _, m := range a.members {
		total += m.done
	}
	for _, m := range a.members {
		m.queue.ready -= m.share
		m.share = 0
		if a.state != AgentAvailable {
			continue
		}
		if total == 0 {
			m.share = whole / int64(len(a.members))
		} else {
			m.share = max(int64(m.done)*whole/int64(total), leastShare)
		}
		m.queue.ready += m.share
	}
	if total > halveAt {
		for _, m := range a.members {
			m.done /= 2
		}
	}
}

// ahead counts the waiting items of the queue that would be served before this one under present urgencies, all needs and
// media together.
func (s *State) ahead(it *item) int { return s.aheadOf(it.queue, it.class.Class, it.node.key) }

// aheadOf counts them for an item of a class and place.
func (s *State) aheadOf(q *queue, class route.Class, at key) int {
	u := class.Urgency(s.now.Sub(time.Unix(0, at.a)))
	total := 0
	for _, p := range q.list {
		if p.waiting == 0 {
			continue
		}
		for _, c := range p.classes {
			k := at
			if c.Class != class {
				k = key{a: s.now.Add(-c.AgeAt(u)).UnixNano()}
			}
			total += c.items.below(k)
		}
	}
	return total
}

// wait estimates the waiting time of one with so many ahead.
func (q *queue) wait(now time.Time, ahead int) route.Estimate {
	t := q.rates.sum(now)
	if t.done == 0 {
		return route.Estimate{}
	}
	r := route.Rates{Completions: t.done, Handle: t.handle / time.Duration(t.done), Agents: float64(q.ready) / whole}
	if t.wait > 0 {
		r.Abandon = float64(t.abandoned) / t.wait.Seconds()
	}
	return r.Wait(ahead)
}

// announce tells a waiting item its place and time, and arms the next time. A place worse than the one told before is not
// told; a longer time neither.
func (s *State) announce(it *item) {
	if it.pool == nil || it.queue.cfg.AnnounceEvery <= 0 {
		return
	}
	s.timers.arm(&it.speak, s.now.Add(it.queue.cfg.AnnounceEvery))
	ahead := s.ahead(it)
	place := ahead + 1
	if it.told > 0 && place > it.told {
		return
	}
	wait := it.queue.wait(s.now, ahead)
	if wait.Known && it.toldWait > 0 && wait.P80 > it.toldWait {
		wait = route.Estimate{}
	}
	it.told = place
	if wait.Known {
		it.toldWait = wait.P80
	}
	s.effect(Announce{Item: it.spec.ID, Queue: it.queue.cfg.Name, Position: place, Wait: wait})
}
