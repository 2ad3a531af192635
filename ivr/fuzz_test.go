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

// FuzzStep feeds any sequence of events: no panic, the run ends in bounded time, and a Hangup is given unless the caller
// hung up or the call was handed over.
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
		now, hungUp := noon, false
		check := func(effects []Effect) {
			if r.Ended() && hungUp && len(r.out) > 0 {
				t.Error("effects are left behind")
			}
			for _, e := range effects {
				if _, ok := e.(Hangup); ok {
					hungUp = true
				}
			}
		}
		check(r.Step(Started{}, now))
		for _, b := range script[:min(len(script), 5000)] {
			now = now.Add(time.Duration(b) * 50 * time.Millisecond)
			check(r.Step(fuzzed(b, r.ticket), now))
		}
		for i := 0; !r.Ended(); i++ {
			deadline := r.Deadline()
			if deadline.IsZero() { // talking
				check(r.Step(QueueEnded{r.wait.item}, now))
				check(r.Step(DialEnded{r.wait.item, ""}, now))
				continue
			}
			if i > 2*MaxSteps {
				module, step := r.Where()
				t.Fatalf("does not end: %s.%s", module, step)
			}
			if deadline.After(now) {
				now = deadline
			}
			check(r.Step(Clock{}, now))
		}
		if !hungUp {
			t.Error("ended without Hangup")
		}
	})
}
