package ivr

import (
	"time"

	"tandem/ivr/flow"
)

// phase says what the current step waits for.
type phase int

const (
	idle phase = iota
	answering
	playing    // a play or say step
	prompting  // the prompt of a menu or collect step
	listening  // for keys
	queueing   // in a queue, hearing music
	announcing // in a queue, hearing an announcement
	talking    // with an agent or a dialled party
	dialling
	transferring
	sending // a link
)

// wait is what the current step is doing.
type wait struct {
	phase     phase
	until     time.Time
	play      int // ticket of the play in progress
	item      int // ticket of the work item, dial or transfer
	keys      string
	tries     int
	closing   bool // the last words of a menu or collect that gave up
	exit      string
	announcer Announcer
	asked     bool // a callback was asked for and not answered
}

// playMargin is how long a play may take before it counts as lost: the media side is stuck, and silence is worse.
const playMargin = 10 * time.Minute

// event hands an event to the current step.
func (r *Run) event(ev Event, now time.Time) {
	if !r.limit.IsZero() && !now.Before(r.limit) {
		r.fault("time limit", now)
		return
	}
	switch ev := ev.(type) {
	case Clock:
		if !r.wait.until.IsZero() && !now.Before(r.wait.until) {
			r.clock(now)
		}
	case Answered:
		r.answered = true
		if r.wait.phase == answering {
			r.leave(flow.ExitNext, now)
		}
	case PlayDone:
		if ev.Ticket == r.wait.play && ev.Ticket > 0 {
			r.playDone(now)
		}
	case Digit:
		r.digit(ev.Key, now)
	case TransferDone:
		if r.wait.phase == transferring && ev.Ticket == r.wait.item {
			r.take("")
			r.finish("transferred")
		}
	case TransferFailed:
		if r.wait.phase == transferring && ev.Ticket == r.wait.item {
			r.leave(flow.ExitFailed, now)
		}
	default:
		r.party(ev, now)
	}
}

// clock is the deadline of the current step.
func (r *Run) clock(now time.Time) {
	switch r.wait.phase {
	case listening:
		r.silence(now)
	case queueing, announcing:
		r.release("timeout")
		r.leave(flow.ExitTimeout, now)
	case dialling:
		r.release("error")
		r.leave(flow.ExitNoAnswer, now)
	case transferring, sending:
		r.release("error")
		r.leave(flow.ExitFailed, now)
	case answering, playing, prompting:
		r.fault("no sign of life from the audio", now)
	}
}

func (r *Run) playDone(now time.Time) {
	r.wait.play = 0
	switch r.wait.phase {
	case playing:
		r.leave(flow.ExitDone, now)
	case prompting:
		if r.wait.closing {
			r.leave(r.wait.exit, now)
			return
		}
		r.listen(now)
	case announcing:
		r.music()
	}
}

// release gives up whatever the current step holds, so that the next one starts clean; why is told to the queue.
func (r *Run) release(why string) {
	if r.wait.play > 0 {
		r.do(StopPlay{Ticket: r.wait.play})
	}
	switch r.wait.phase {
	case queueing, announcing:
		r.do(LeaveQueue{Ticket: r.wait.item, Reason: why})
	case dialling, transferring:
		r.do(CancelDial{Ticket: r.wait.item})
	}
	r.wait = wait{}
}

// play starts clips and remembers their ticket.
func (r *Run) play(p Play) {
	r.ticket++
	p.Ticket = r.ticket
	r.wait.play = p.Ticket
	r.do(p)
}
