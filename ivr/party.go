package ivr

import (
	"fmt"
	"time"

	"tandem/ivr/flow"
)

// queueMargin is how much later than the queue, which is told the longest wait, the flow itself gives up: only the queue can
// book the item as timed out, and the flow's clock is for a queue that never answers.
const queueMargin = 2 * time.Second

// enqueue begins a queue step: the item, then music.
func (r *Run) enqueue(q *flow.Queue, now time.Time) string {
	attributes := map[string]string{}
	for _, name := range keys(q.Attributes) {
		value, err := q.Attributes[name].Eval(r.env(now))
		if err != nil {
			return r.failed(err.Error(), now)
		}
		attributes[name] = fmt.Sprint(value)
	}
	r.ticket++
	announce := q.Announce
	announce.Hold = flow.Localise(announce.Hold, r.facts.Language)
	r.wait = wait{item: r.ticket, until: now.Add(q.MaxWait + queueMargin), announcer: NewAnnouncer(announce)}
	e := Enqueue{Ticket: r.ticket, Queue: q.Name, Skills: q.Skills, Priority: q.Priority, Attributes: attributes, MaxWait: q.MaxWait, Callback: q.Callback}
	for _, key := range keys(q.Keys) {
		e.Choices = append(e.Choices, Choice{key, q.Keys[key]})
	}
	r.do(e)
	r.music()
	return ""
}

// music plays while waiting.
func (r *Run) music() {
	r.wait.phase = queueing
	if r.wait.play > 0 {
		r.do(StopPlay{Ticket: r.wait.play})
	}
	r.play(Play{Prompts: []string{flow.Localise(r.top().step.Queue.Music, r.facts.Language)}, Loop: true})
}

// queueKey leaves the queue by a key that the step names, or asks for a callback.
func (r *Run) queueKey(key byte, now time.Time) {
	if q := r.top().step.Queue; q.Callback == string(key) && !r.wait.asked {
		r.wait.asked = true
		r.input(string(key))
		r.do(AskCallback{Ticket: r.wait.item})
		return
	}
	if _, ok := r.top().step.Queue.Keys[string(key)]; !ok {
		return
	}
	r.release("key")
	r.input(string(key))
	r.leave(string(key), now)
}

// party handles what queue and dialled party do.
func (r *Run) party(ev Event, now time.Time) {
	waiting := r.wait.phase == queueing || r.wait.phase == announcing
	switch ev := ev.(type) {
	case QueueAnnouncement:
		if waiting && ev.Ticket == r.wait.item {
			r.announce(ev, now)
		}
	case QueueAnswered:
		if waiting && ev.Ticket == r.wait.item {
			r.connected(now)
		}
	case QueueRefused:
		if waiting && ev.Ticket == r.wait.item {
			r.gone(refusal(ev.Reason), now)
		}
	case QueueTimeout:
		if waiting && ev.Ticket == r.wait.item {
			r.gone(flow.ExitTimeout, now)
		}
	case CallbackBooked:
		if waiting && ev.Ticket == r.wait.item {
			r.booked(now)
		}
	case CallbackRefused:
		if waiting && ev.Ticket == r.wait.item {
			r.refusedCallback()
		}
	case QueueEnded:
		if r.wait.phase == talking && ev.Ticket == r.wait.item {
			r.parted(now)
		}
	case DialAnswered:
		if r.wait.phase == dialling && ev.Ticket == r.wait.item {
			r.connected(now)
		}
	case DialEnded:
		r.dialEnded(ev, now)
	case LinkSent:
		if r.wait.phase == sending && ev.Ticket == r.wait.item {
			r.leave(flow.ExitSent, now)
		}
	case LinkFailed:
		if r.wait.phase == sending && ev.Ticket == r.wait.item {
			r.linkFailed(ev.Reason, now)
		}
	}
}

func refusal(reason string) string {
	switch reason {
	case flow.ExitFull, flow.ExitClosed, flow.ExitNoStaff:
		return reason
	}
	return flow.ExitRefused
}

// gone leaves a queue that has let the item go by itself.
func (r *Run) gone(exit string, now time.Time) {
	r.wait.phase = idle
	r.release("error")
	r.leave(exit, now)
}

// booked goes on after a callback was booked: the item is gone with the customer's place, so it is not withdrawn.
func (r *Run) booked(now time.Time) {
	r.wait.phase = idle
	r.release("callback")
	r.leave(flow.ExitCallback, now)
}

// refusedCallback says that no callback could be booked; the customer waits on and may ask again.
func (r *Run) refusedCallback() {
	r.wait.asked = false
	r.do(StopPlay{Ticket: r.wait.play})
	r.wait.phase = announcing
	r.play(Play{Prompts: []string{flow.Localise(r.top().step.Queue.Refused, r.facts.Language)}})
}

// connected stops the music and the clock: talking is not the flow's time.
func (r *Run) connected(now time.Time) {
	item := r.wait.item
	r.wait.phase = idle
	r.release("error")
	r.answered = true
	r.wait = wait{phase: talking, item: item}
	if !r.limit.IsZero() {
		r.left, r.limit = r.limit.Sub(now), time.Time{}
	}
}

// parted goes on after a talk.
func (r *Run) parted(now time.Time) {
	r.limit = now.Add(r.left)
	r.wait = wait{}
	r.leave(flow.ExitEnded, now)
}

func (r *Run) announce(ev QueueAnnouncement, now time.Time) {
	if r.wait.phase == announcing {
		return
	}
	list := r.wait.announcer.Next(ev, now)
	if len(list) == 0 {
		return
	}
	r.do(StopPlay{Ticket: r.wait.play})
	r.wait.phase = announcing
	r.play(Play{Prompts: list})
}

// dial begins a dial step.
func (r *Run) dial(d *flow.Dial, now time.Time) string {
	number, err := r.number(d.Number, now)
	if err != nil {
		return r.failed(err.Error(), now)
	}
	r.ticket++
	r.wait = wait{phase: dialling, item: r.ticket, until: now.Add(d.Timeout)}
	r.do(Dial{Ticket: r.ticket, Target: d.Target, Number: number, Timeout: d.Timeout, MaxTime: d.MaxTime})
	return ""
}

func (r *Run) number(e *flow.Expr, now time.Time) (string, error) {
	if e == nil {
		return "", nil
	}
	value, err := e.Eval(r.env(now))
	if err != nil {
		return "", err
	}
	text := fmt.Sprint(value)
	if text == "" || len(text) > 64 {
		return "", fmt.Errorf("%.20q cannot be dialled", text)
	}
	return text, nil
}

func (r *Run) dialEnded(ev DialEnded, now time.Time) {
	if ev.Ticket != r.wait.item {
		return
	}
	switch r.wait.phase {
	case talking:
		r.parted(now)
	case dialling:
		r.wait = wait{}
		switch ev.Cause {
		case flow.ExitBusy, flow.ExitNoAnswer, flow.ExitRejected, flow.ExitUnavailable:
			r.leave(ev.Cause, now)
		default:
			r.leave(flow.ExitFailed, now)
		}
	}
}

// transferTime is how long a transfer may take; after it the call is still ours and the exit is failed.
const transferTime = time.Minute

func (r *Run) transfer(t *flow.Transfer, now time.Time) string {
	number, err := r.number(t.Number, now)
	if err != nil {
		return r.failed(err.Error(), now)
	}
	r.ticket++
	r.wait = wait{phase: transferring, item: r.ticket, until: now.Add(transferTime)}
	r.do(Transfer{Ticket: r.ticket, Target: t.Target, Number: number})
	return ""
}

// linkTime is how long a link may take until it is on its way: the caller hears nothing meanwhile.
const linkTime = 8 * time.Second

func (r *Run) sendLink(l *flow.SendLink, now time.Time) string {
	number := r.facts.From
	if l.Number != nil {
		var err error
		if number, err = r.number(l.Number, now); err != nil {
			return r.failed(err.Error(), now)
		}
	}
	r.ticket++
	r.wait = wait{phase: sending, item: r.ticket, until: now.Add(linkTime)}
	r.do(SendLink{Ticket: r.ticket, Number: number, Text: l.Text})
	return ""
}

func (r *Run) linkFailed(reason string, now time.Time) {
	if reason != flow.ExitNoConsent {
		reason = flow.ExitFailed
	}
	r.leave(reason, now)
}
