package ivr

import (
	"time"

	"tandem/ivr/flow"
	"tandem/ivr/say"
)

// Announcer decides what a waiting caller is told. It is honest: nothing that is unknown, and never a number that is worse
// than one told before, since what grew would be heard as a lie. It belongs to one queue step.
type Announcer struct {
	policy   flow.Announce
	spoken   bool
	last     time.Time
	position int           // told last, 0 for none
	ends     time.Time     // when the wait told last would be over
	wait     time.Duration // told last
}

// early is how much sooner than its time an announcement may come: the queue counts the time as well, and the two clocks
// never agree to the millisecond. Without it every second announcement would be dropped.
const early = time.Second

// NewAnnouncer makes the announcer of one wait.
func NewAnnouncer(policy flow.Announce) Announcer { return Announcer{policy: policy} }

// Next gives the clips to play now, none if there is nothing to say.
func (a *Announcer) Next(ev QueueAnnouncement, now time.Time) []string {
	if a.spoken && now.Sub(a.last) < a.policy.Every-early {
		return nil
	}
	list := append(a.place(ev), a.estimate(ev, now)...)
	if len(list) == 0 && a.policy.Hold != "" {
		list = []string{a.policy.Hold}
	}
	if len(list) > 0 {
		a.spoken, a.last = true, now
	}
	return list
}

// place tells the position when it is the first or better than the one told.
func (a *Announcer) place(ev QueueAnnouncement) []string {
	if !a.policy.Position || ev.Position < 1 || a.position > 0 && ev.Position >= a.position {
		return nil
	}
	list, err := say.Clips(say.Position, ev.Position)
	if err != nil {
		return nil
	}
	a.position = ev.Position
	return list
}

// estimate tells the P80 wait in minutes, if it is less than was told and not later than was promised.
func (a *Announcer) estimate(ev QueueAnnouncement, now time.Time) []string {
	if !a.policy.Wait || !ev.Known || ev.P80 <= 0 {
		return nil
	}
	minutes := ev.P80.Truncate(time.Minute)
	if minutes < ev.P80 {
		minutes += time.Minute
	}
	if a.wait > 0 && (minutes >= a.wait || now.Add(ev.P80).After(a.ends)) {
		return nil
	}
	list, err := say.Clips(say.Wait, minutes)
	if err != nil {
		return nil
	}
	a.wait, a.ends = minutes, now.Add(minutes)
	return list
}
