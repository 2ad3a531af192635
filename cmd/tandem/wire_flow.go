package main

import (
	"strconv"
	"strings"
	"time"

	"tandem/ivr"
	"tandem/ivr/flow"
	"tandem/media"
	"tandem/sip/b2bua"
)

// flowScript is a running flow as the script of a call: it translates between the words of ivr and those of b2bua.
type flowScript struct {
	run         *ivr.Run
	queue, peer int       // tickets of the Enqueue and of the Dial or Transfer in progress; 0: none
	transfer    bool      // peer is a Transfer
	answerAt    time.Time // of an Answer with a delay
}

func newFlowScript(set *ivr.Set, module string, facts ivr.Facts) *flowScript {
	return &flowScript{run: ivr.New(set, module, facts)}
}

// Step implements b2bua.Script.
func (f *flowScript) Step(ev b2bua.ScriptEvent, now time.Time) []b2bua.Action {
	if _, clock := ev.(b2bua.Expired); clock && !f.answerAt.IsZero() && !f.answerAt.After(now) {
		f.answerAt = time.Time{}
		return []b2bua.Action{b2bua.Answer{}}
	}
	in, actions := f.event(ev)
	if in == nil {
		return actions
	}
	for _, e := range f.run.Step(in, now) {
		actions = f.act(actions, e, now)
	}
	return actions
}

// Deadline implements b2bua.Script.
func (f *flowScript) Deadline() time.Time {
	at := f.run.Deadline()
	if !f.answerAt.IsZero() && (at.IsZero() || f.answerAt.Before(at)) {
		return f.answerAt
	}
	return at
}

// event is what a call's event means to the flow; nil where it means nothing. A transfer that has ended ends the call.
func (f *flowScript) event(ev b2bua.ScriptEvent) (ivr.Event, []b2bua.Action) {
	switch ev := ev.(type) {
	case b2bua.Started:
		return ivr.Started{}, nil
	case b2bua.Answered:
		return ivr.Answered{}, nil
	case b2bua.Expired:
		return ivr.Clock{}, nil
	case b2bua.CallerGone:
		return ivr.HungUp{}, nil
	case b2bua.Moved:
		return ivr.HungUp{Moved: true}, nil
	case b2bua.CallbackAnswered:
		return f.callbackAnswered(ev), nil
	case b2bua.LinkAnswered:
		if ev.Why != "" {
			return ivr.LinkFailed{Ticket: ev.ID, Reason: ev.Why}, nil
		}
		return ivr.LinkSent{Ticket: ev.ID}, nil
	case b2bua.PlayEnded:
		return ivr.PlayDone{Ticket: int(ev.Play)}, nil
	case b2bua.DigitPressed:
		return ivr.Digit{Key: ev.Digit}, nil
	case b2bua.QueueWaiting:
		return ivr.QueueAnnouncement{Ticket: f.queue, Position: ev.Position, P50: ev.P50, P80: ev.P80, Known: ev.P80 > 0}, nil
	case b2bua.QueueEnded:
		return f.queueEnded(ev.Outcome), nil
	case b2bua.PeerAnswered:
		return f.peerAnswered(), nil
	case b2bua.PeerEnded:
		return f.peerEnded(ev)
	}
	return nil, nil
}

func (f *flowScript) callbackAnswered(ev b2bua.CallbackAnswered) ivr.Event {
	ticket := f.queue
	if !ev.Booked {
		return ivr.CallbackRefused{Ticket: ticket, Reason: ev.Why}
	}
	f.queue = 0
	return ivr.CallbackBooked{Ticket: ticket}
}

func (f *flowScript) queueEnded(outcome string) ivr.Event {
	ticket := f.queue
	f.queue = 0
	if outcome == timedOut {
		return ivr.QueueTimeout{Ticket: ticket}
	}
	return ivr.QueueRefused{Ticket: ticket, Reason: outcome}
}

func (f *flowScript) peerAnswered() ivr.Event {
	switch {
	case f.queue != 0:
		return ivr.QueueAnswered{Ticket: f.queue}
	case f.transfer:
		return ivr.TransferDone{Ticket: f.peer}
	}
	return ivr.DialAnswered{Ticket: f.peer}
}

func (f *flowScript) peerEnded(ev b2bua.PeerEnded) (ivr.Event, []b2bua.Action) {
	queue, peer, transfer := f.queue, f.peer, f.transfer
	f.queue, f.peer, f.transfer = 0, 0, false
	switch {
	case queue != 0:
		return ivr.QueueEnded{Ticket: queue}, nil
	case transfer && ev.Connected:
		return nil, []b2bua.Action{b2bua.HangUp{Kind: ev.Kind}}
	case transfer:
		return ivr.TransferFailed{Ticket: peer}, nil
	}
	return ivr.DialEnded{Ticket: peer, Cause: dialCause(ev.Kind)}, nil
}

// dialCause is the exit of a dial step that a failed attempt takes.
func dialCause(k b2bua.Kind) string {
	switch k {
	case b2bua.Busy:
		return flow.ExitBusy
	case b2bua.NoAnswer:
		return flow.ExitNoAnswer
	case b2bua.Rejected, b2bua.Unauthorized:
		return flow.ExitRejected
	}
	return flow.ExitUnavailable
}

// act adds what the call must do for an effect of the flow.
func (f *flowScript) act(list []b2bua.Action, e ivr.Effect, now time.Time) []b2bua.Action {
	switch e := e.(type) {
	case ivr.Answer:
		if e.Delay <= 0 {
			return append(list, b2bua.Answer{})
		}
		f.answerAt = now.Add(e.Delay)
		return append(list, b2bua.Ring{})
	case ivr.Play:
		return append(list, b2bua.Play{ID: media.PlayID(e.Ticket), Items: items(e.Prompts), Loop: e.Loop, Barge: e.Barge})
	case ivr.StopPlay:
		return append(list, b2bua.StopPlay{ID: media.PlayID(e.Ticket)})
	case ivr.Enqueue:
		f.queue = e.Ticket
		return append(list, b2bua.Enqueue{Queue: e.Queue, Skills: skills(e.Skills), Attributes: e.Attributes, Priority: e.Priority, MaxWait: e.MaxWait})
	case ivr.AskCallback:
		return append(list, b2bua.AskCallback{})
	case ivr.SendLink:
		return append(list, b2bua.SendLink{ID: e.Ticket, To: e.Number, Text: e.Text})
	case ivr.LeaveQueue:
		f.queue = 0
		return append(list, b2bua.LeaveQueue{Why: "flow"})
	case ivr.Dial:
		f.peer, f.transfer = e.Ticket, false
		return append(list, b2bua.Dial{Target: e.Target + e.Number, Timeout: e.Timeout, MaxTime: e.MaxTime})
	case ivr.Transfer:
		f.peer, f.transfer = e.Ticket, true
		return append(list, b2bua.Dial{Target: e.Target + e.Number})
	case ivr.CancelDial:
		f.peer = 0
		return append(list, b2bua.Part{})
	case ivr.Hangup:
		return append(list, b2bua.HangUp{Kind: hangupKind(e.Cause)})
	case ivr.Journal:
		return append(list, b2bua.Note{Kind: e.Kind, Data: e.Data})
	}
	return list
}

func hangupKind(cause int) b2bua.Kind {
	if k, ok := b2bua.KindOfQ850(cause); ok {
		return k
	}
	return b2bua.Normal
}

func items(prompts []string) []media.Item {
	list := make([]media.Item, len(prompts))
	for i, p := range prompts {
		list[i].Prompt = p
	}
	return list
}

// skills reads what a flow asks for: "german", or "german >= 50".
func skills(list []string) map[string]int {
	if len(list) == 0 {
		return nil
	}
	need := make(map[string]int, len(list))
	for _, s := range list {
		name, level, _ := strings.Cut(s, ">=")
		n, err := strconv.Atoi(strings.TrimSpace(level))
		if err != nil {
			n = 1
		}
		need[strings.TrimSpace(name)] = n
	}
	return need
}
