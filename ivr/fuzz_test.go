package ivr

import (
	"os"
	"testing"
	"time"
)

// fuzzed turns a byte into an event; tickets are taken from what the run gave, or from before.
func fuzzed(b byte, ticket int) Event {
	late := ticket - int(b>>6)
	events := []Event{Answered{}, Clock{}, PlayDone{late}, PlayDone{ticket}, Digit{"0123456789*#?"[b%13]}, Digit{'1'}, Digit{'2'}, Digit{'#'},
		QueueRefused{late, "full"}, QueueAnswered{late}, QueueEnded{late}, QueueTimeout{late},
		QueueAnnouncement{Ticket: late, Position: int(b), P80: time.Duration(b) * time.Second, Known: b%2 == 0},
		DialAnswered{late}, DialEnded{late, "busy"}, TransferFailed{late}}
	return events[b%16]
}

// held is what a run has asked its owner for and not given back: work item, dial or transfer, by ticket.
type held struct{ item, dial int }

// check demands that nothing outlives the step that asked for it.
func (h *held) check(t *testing.T, r *Run, ev Event, effects []Effect) {
	t.Helper()
	h.over(ev, r)
	for _, e := range effects {
		switch e := e.(type) {
		case Enqueue:
			h.item = e.Ticket
		case Dial:
			h.dial = e.Ticket
		case Transfer:
			h.dial = e.Ticket
		case LeaveQueue:
			h.item = 0
		case CancelDial:
			h.dial = 0
		}
	}
	if ticket := max(h.item, h.dial); ticket > 0 && (r.wait.item != ticket || r.wait.phase < queueing) {
		t.Errorf("ticket %d outlives its step: phase %d holds %d after %T", ticket, r.wait.phase, r.wait.item, ev)
	}
}

// over notes that the other side ended what a ticket stands for, if the run took the event. An owner that mixes up the kinds
// ends it as well.
func (h *held) over(ev Event, r *Run) {
	ticket := 0
	switch ev := ev.(type) {
	case QueueRefused:
		ticket = ev.Ticket
	case QueueTimeout:
		ticket = ev.Ticket
	case QueueEnded:
		ticket = ev.Ticket
	case DialEnded:
		ticket = ev.Ticket
	case TransferFailed:
		ticket = ev.Ticket
	}
	if ticket > 0 && r.wait.item != ticket {
		if h.item == ticket {
			h.item = 0
		}
		if h.dial == ticket {
			h.dial = 0
		}
	}
}

// FuzzStep feeds any sequence of events: no panic, the run ends in bounded time, nothing that it asked for outlives its step,
// and a Hangup is given unless the caller hung up or the call was handed over.
func FuzzStep(f *testing.F) {
	var texts []string
	for _, path := range []string{"../cmd/tandem/demo/flows/main.yaml", "../testdata/flows/shop.yaml", "../testdata/flows/identify.yaml"} {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	f.Add("main", []byte{0, 3, 5, 9, 10, 3})
	f.Add("shop", []byte{0, 4, 7, 3, 5, 6, 1, 1, 1, 14})
	f.Add("shop", []byte{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1})
	plan := prepare(f, Facts{}, texts...).plan
	f.Fuzz(func(t *testing.T, entry string, script []byte) {
		if entry != "shop" {
			entry = "main"
		}
		r := New(plan, entry, Facts{From: "0123"})
		now, hungUp, holds := noon, false, held{}
		step := func(ev Event) {
			effects := r.Step(ev, now)
			holds.check(t, r, ev, effects)
			if r.Ended() && hungUp && len(r.out) > 0 {
				t.Error("effects are left behind")
			}
			for _, e := range effects {
				if _, ok := e.(Hangup); ok {
					hungUp = true
				}
			}
		}
		step(Started{})
		for _, b := range script[:min(len(script), 5000)] {
			now = now.Add(time.Duration(b) * 50 * time.Millisecond)
			step(fuzzed(b, r.ticket))
		}
		for i := 0; !r.Ended(); i++ {
			deadline := r.Deadline()
			if deadline.IsZero() { // talking
				step(QueueEnded{r.wait.item})
				step(DialEnded{r.wait.item, ""})
				continue
			}
			if i > 2*MaxSteps {
				module, step := r.Where()
				t.Fatalf("does not end: %s.%s", module, step)
			}
			if deadline.After(now) {
				now = deadline
			}
			step(Clock{})
		}
		if !hungUp {
			t.Error("ended without Hangup")
		}
	})
}
