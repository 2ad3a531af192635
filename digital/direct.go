package digital

import (
	"strconv"
	"time"

	"tandem/digital/wording"
)

// NewDirect returns a Script that puts the customer into a queue and says what happens: that we look for somebody, the place when
// it gets better, and why nobody comes. What he writes then is a message that waits for an agent without him.
func NewDirect(queue string, notices Notices) Script { return &direct{queue: queue, notices: notices} }

// direct is the script of NewDirect.
type direct struct {
	queue    string
	notices  Notices
	position int  // told last; 0: none
	later    bool // nobody comes now: what is written is left for later
	left     bool // it was
}

// Deadline implements Script.
func (d *direct) Deadline() time.Time { return time.Time{} }

// Step implements Script.
func (d *direct) Step(ev ScriptEvent, _ time.Time) []Action {
	switch ev := ev.(type) {
	case Started:
		return []Action{Say{Text: d.notices.Waiting}, Enqueue{Queue: d.queue}}
	case QueueWaiting:
		return d.waits(ev.Position)
	case QueueEnded:
		return d.refused(ev.Outcome)
	case Wrote:
		if d.later && !d.left {
			d.left = true
			return []Action{Say{Text: d.notices.Noted}, Enqueue{Queue: d.queue, Medium: mediumMessage}}
		}
	case PeerEnded:
		return []Action{HangUp{Why: "completed"}}
	}
	return nil
}

// waits says a place that is better than the one said before.
func (d *direct) waits(position int) []Action {
	if d.later || position <= 0 || d.position > 0 && position >= d.position {
		return nil
	}
	d.position = position
	return []Action{Say{Text: wording.Fill(d.notices.Position, "position", strconv.Itoa(position))}}
}

// refused says why nobody comes, and lets the customer leave a message where the queue would take one.
func (d *direct) refused(outcome string) []Action {
	say := Say{Text: d.notices.refusal(outcome)}
	if d.later || outcome == "full" {
		return []Action{say, Finish{}}
	}
	d.later = true
	return []Action{say}
}
