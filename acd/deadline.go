package acd

import "time"

// timerKind says what is due.
type timerKind uint8

const (
	timerWait     timerKind = iota // the item has waited as long as it may
	timerUntil                     // the item's window is over
	timerRelax                     // the next step of its need begins
	timerWork                      // offer, connect or wrap-up time is over, by the item's state
	timerAnnounce                  // the next announcement
	timerCool                      // the agent may be offered the item again
	timerFrom                      // the item's window begins
	timerNamed                     // the item is no longer its named agents' alone
	timerSpill                     // the next rule of the queue's overflow
	timerReply                     // customer or agent have been silent for long
	timerGrace                     // the agent's desk has been lost for long
	timerLease                     // the agent's desk counts as lost
)

// timer is one deadline of an item, or an agent's lease; it lives inside of that.
type timer struct {
	at    time.Time
	seq   uint64
	place int // in the list + 1, 0: not armed
	kind  timerKind
	item  *item
	agent *agent // timerCool, timerLease
}

// deadlines is a heap of timers: earliest first, then the one armed first. Owned by the State.
type deadlines struct {
	heap []*timer
	seq  uint64
}

// arm sets or moves a timer.
func (d *deadlines) arm(t *timer, at time.Time) {
	d.seq++
	t.at, t.seq = at, d.seq
	if t.place == 0 {
		d.heap = append(d.heap, t)
		t.place = len(d.heap)
	}
	d.up(t.place - 1)
	d.down(t.place - 1)
}

// stop disarms a timer; one that is not armed is left alone.
func (d *deadlines) stop(t *timer) {
	if t.place == 0 {
		return
	}
	i, last := t.place-1, len(d.heap)-1
	d.swap(i, last)
	d.heap[last] = nil
	d.heap = d.heap[:last]
	t.place = 0
	if i < last {
		d.up(i)
		d.down(i)
	}
}

// due takes out the first timer that is due at now, nil when there is none.
func (d *deadlines) due(now time.Time) *timer {
	if len(d.heap) == 0 || d.heap[0].at.After(now) {
		return nil
	}
	t := d.heap[0]
	d.stop(t)
	return t
}

func (d *deadlines) before(i, j int) bool {
	a, b := d.heap[i], d.heap[j]
	if !a.at.Equal(b.at) {
		return a.at.Before(b.at)
	}
	return a.seq < b.seq
}

func (d *deadlines) swap(i, j int) {
	d.heap[i], d.heap[j] = d.heap[j], d.heap[i]
	d.heap[i].place, d.heap[j].place = i+1, j+1
}

func (d *deadlines) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !d.before(i, parent) {
			return
		}
		d.swap(i, parent)
		i = parent
	}
}

func (d *deadlines) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(d.heap) {
			return
		}
		if child+1 < len(d.heap) && d.before(child+1, child) {
			child++
		}
		if !d.before(child, i) {
			return
		}
		d.swap(i, child)
		i = child
	}
}
