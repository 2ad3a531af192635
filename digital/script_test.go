package digital_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/digital"
	"tandem/digital/digitaltest"
	"tandem/store/journey"
)

// play is a script that a test writes: it notes what it hears and answers by a function.
type play struct {
	mu    sync.Mutex
	heard []string
	on    func(p *play, ev digital.ScriptEvent) []digital.Action
	until time.Time
}

func (p *play) Deadline() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}

// hears counts what it has heard so far.
func (p *play) hears() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.heard)
}

func (p *play) Step(ev digital.ScriptEvent, _ time.Time) []digital.Action {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard = append(p.heard, strings.TrimPrefix(fmt.Sprintf("%T", ev), "digital."))
	return p.on(p, ev)
}

// acting routes everybody to a script.
func acting(p *play) func(*rig) {
	return func(r *rig) {
		r.house.Route = func(digital.Situation) digital.Route { return digital.Route{Script: p, Flow: "main"} }
	}
}

// TestMenu: choices are buttons, keys and labels.
func TestMenu(t *testing.T) {
	var keys []string
	p := &play{on: func(_ *play, ev digital.ScriptEvent) []digital.Action {
		switch ev := ev.(type) {
		case digital.Started:
			return []digital.Action{digital.Say{ID: 1, Prompts: []string{"menu/which"}, Choices: []digital.Choice{{Key: "1", Label: "Sales"}, {Key: "2", Label: "Support"}}}}
		case digital.Wrote:
			keys = append(keys, ev.Key)
		}
		return nil
	}}
	virtually(t, acting(p), func(r *rig) {
		r.house.Spoken = func(prompts []string) string { return "text of " + strings.Join(prompts, "+") }
		id := r.open()
		r.receives(digital.Inbound{Conversation: id, External: "c1", Choice: "2"})
		r.writes(id, "c2", " sales ")
		r.writes(id, "c3", "1")
		r.writes(id, "c4", "what?")
		r.receives(digital.Inbound{Conversation: id, External: "c5", Choice: "9", Text: "forged"})
		if want := []string{"2", "1", "1", "", ""}; !slices.Equal(keys, want) {
			r.Fatalf("keys %q, want %q", keys, want)
		}
		r.said(id, "1 bot: text of menu/which", "2 customer: Support", "3 customer: sales", "4 customer: 1", "5 customer: what?", "6 customer: forged")
		if got := strings.Join(p.heard, " "); got != "Started Said Wrote Wrote Wrote Wrote Wrote" {
			r.Fatalf("heard %s", got)
		}
	})
}

// TestWishes: what a flow wants of other rooms is passed on, and it learns what became of it.
func TestWishes(t *testing.T) {
	var answers []error
	p := &play{on: func(_ *play, ev digital.ScriptEvent) []digital.Action {
		switch ev := ev.(type) {
		case digital.Started:
			return []digital.Action{
				digital.Enqueue{Queue: "sales"}, digital.RequestCallback{ID: 1, Number: "+49301234", Queue: "sales"},
				digital.SendLink{ID: 2, Channel: journey.SMS, To: "+49301234", Text: "go on"}, digital.RequestCall{ID: 3},
				digital.SetAttributes{Values: map[string]string{"reason": "parcel"}}, digital.Note{Kind: journey.FlowLeft, Data: map[string]string{"exit": "x"}},
			}
		case digital.WishAnswered:
			answers = append(answers, ev.Err)
		}
		return nil
	}}
	virtually(t, acting(p), func(r *rig) {
		r.open()
		w := r.house.Wishes()
		if len(w) != 3 || len(answers) != 3 || errors.Join(answers...) != nil {
			r.Fatalf("wishes %+v, answers %v", w, answers)
		}
		if c := w[0].(digital.CallbackWanted); c.Item != r.lastItem().ID || c.Record == "" || c.Number != "+49301234" {
			r.Fatalf("callback %+v", c)
		}
		if c := w[2].(digital.CallWanted); c.By != "customer" || c.Item == "" {
			r.Fatalf("call %+v", c)
		}
		if got := r.kinds(journey.AttributeSet); len(got) != 1 || got[0].Data[journey.DataValue] != "parcel" || got[0].Actor != "flow:main" {
			r.Fatalf("attributes %+v", got)
		}
	})
}

// TestWishDone: a wish that takes its time is answered later; booked, the item is not the conversation's any more.
func TestWishDone(t *testing.T) {
	var answers []digital.WishAnswered
	p := &play{on: func(_ *play, ev digital.ScriptEvent) []digital.Action {
		switch ev := ev.(type) {
		case digital.Started:
			return []digital.Action{digital.Enqueue{Queue: "sales"}, digital.RequestCallback{ID: 7, Number: "+49301234"}}
		case digital.WishAnswered:
			answers = append(answers, ev)
		}
		return nil
	}}
	virtually(t, acting(p), func(r *rig) {
		r.house.Later = true
		id := r.open()
		w := r.house.Wishes()
		if len(w) != 1 || len(answers) != 0 {
			r.Fatalf("wishes %+v, answers %v before their time", w, answers)
		}
		item := w[0].(digital.CallbackWanted).Item
		for _, m := range []digital.WishDone{{ID: 6, Item: "other-1"}, {ID: 7, Item: item, Err: digital.ErrFenced}} {
			if err := r.hub.Post(id, m); err != nil {
				r.Fatal(err)
			}
			synctest.Wait()
			r.inState(id, "waiting")
		}
		if err := r.hub.Post(id, digital.WishDone{ID: 7, Item: item, Text: "at nine"}); err != nil {
			r.Fatal(err)
		}
		synctest.Wait()
		r.inState(id, "flow")
		if v, _ := r.hub.View(id); v.Item != "" {
			r.Fatalf("the conversation still has %s", v.Item)
		}
		if len(answers) != 3 || answers[1].Err == nil || answers[2] != (digital.WishAnswered{ID: 7, Text: "at nine"}) {
			r.Fatalf("answers %+v", answers)
		}
	})
}

// TestSurvey: when the agent is gone the flow goes on; what ends then was ended by the agent.
func TestSurvey(t *testing.T) {
	p := &play{on: func(_ *play, ev digital.ScriptEvent) []digital.Action {
		switch ev.(type) {
		case digital.Started:
			return []digital.Action{digital.Enqueue{Queue: "sales"}}
		case digital.PeerEnded:
			return []digital.Action{digital.Say{Text: "How was it?"}}
		case digital.Wrote:
			return []digital.Action{digital.Say{Text: "Thanks"}, digital.HangUp{Why: "survey"}}
		}
		return nil
	}}
	virtually(t, acting(p), func(r *rig) {
		id := r.open()
		m := r.connect(id)
		if err := r.hub.Act(digital.AgentOp{Do: digital.AgentClose, Conversation: id, Item: m.Item, Epoch: 1, Agent: "anna"}, nil); err != nil {
			r.Fatal(err)
		}
		synctest.Wait()
		r.inState(id, "flow")
		r.writes(id, "c1", "good")
		r.inState(id, "closed")
		if got := r.transcript(id); !strings.HasSuffix(got, "bot: How was it?\n4 customer: good\n5 bot: Thanks") {
			r.Fatalf("got\n%s", got)
		}
		over := 0
		for _, c := range r.house.Commands() {
			if _, ok := c.(digitaltest.Over); ok {
				over++
			}
		}
		if over != 1 {
			r.Fatalf("the item ended %d times", over)
		}
	})
}

// TestClock: a script's deadline comes, without a goroutine waiting for it; one that never moves fills no core.
func TestClock(t *testing.T) {
	p := &play{}
	p.on = func(p *play, ev digital.ScriptEvent) []digital.Action {
		switch ev.(type) {
		case digital.Started:
			p.until = time.Now().Add(time.Minute)
		case digital.Expired:
			if len(p.heard) > 20 {
				p.until = time.Time{}
			}
		}
		return nil
	}
	virtually(t, acting(p), func(r *rig) {
		r.open()
		r.passes(time.Minute - time.Second)
		if n := p.hears(); n != 1 {
			r.Fatalf("heard %d events too early", n)
		}
		r.passes(2 * time.Second)
		if n := p.hears(); n != 21 {
			r.Fatalf("heard %d events", n)
		}
	})
}

// TestLongSay: a text longer than a message is several.
func TestLongSay(t *testing.T) {
	p := &play{on: func(_ *play, ev digital.ScriptEvent) []digital.Action {
		if _, ok := ev.(digital.Started); ok {
			return []digital.Action{digital.Say{Text: strings.Repeat("ä", 9000), Choices: []digital.Choice{{Key: "1", Label: "ok"}}}}
		}
		return nil
	}}
	virtually(t, acting(p), func(r *rig) {
		id := r.open()
		if got := strings.Count(r.transcript(id), "ä"); got != 9000 {
			r.Fatalf("%d of 9000 characters", got)
		}
		if v := r.view(id); v.Last != 3 {
			r.Fatalf("%d messages, want 3", v.Last)
		}
	})
}

// TestSecret: a secret reaches the script and nobody else: no record, reader or observer.
func TestSecret(t *testing.T) {
	var got []string
	p := &play{on: func(_ *play, ev digital.ScriptEvent) []digital.Action {
		switch ev := ev.(type) {
		case digital.Started:
			return []digital.Action{digital.Say{Text: "Your PIN?", Secret: true}}
		case digital.Wrote:
			got = append(got, ev.Message.Text)
		}
		return nil
	}}
	virtually(t, acting(p), func(r *rig) {
		id := r.open()
		r.writes(id, "c1", "482913")
		r.writes(id, "c2", "thanks")
		if !slices.Equal(got, []string{"482913", "thanks"}) {
			r.Fatalf("script got %q", got)
		}
		r.said(id, "1 bot: Your PIN?", "2 customer: ••••••", "3 customer: thanks")
		if all := fmt.Sprintf("%+v %+v", r.house.Events(), r.house.Updates()); strings.Contains(all, "482913") {
			r.Fatal("the secret stands in the record or in an update")
		}
	})
}

// TestPoison: an event that no record takes is left out; what is behind it is not held up.
func TestPoison(t *testing.T) {
	p := &play{on: func(_ *play, ev digital.ScriptEvent) []digital.Action {
		if _, ok := ev.(digital.Started); ok {
			return []digital.Action{
				digital.Note{Kind: "no such kind"}, digital.Note{Kind: journey.Note, Data: map[string]string{"x": strings.Repeat("y", 5000)}},
				digital.SetAttributes{Values: map[string]string{strings.Repeat("n", 500): "v"}}, digital.Say{Text: "fine"},
			}
		}
		return nil
	}}
	virtually(t, acting(p), func(r *rig) {
		id := r.open()
		r.said(id, "1 bot: fine")
		bad := digital.Outreach{Channel: journey.SMS, To: theirs, Agent: strings.Repeat("a", 300), ID: "x", Text: "x"}
		var got digital.Receipt
		if err := r.hub.Start(bad, func(x digital.Receipt) { got = x }); err != nil {
			r.Fatal(err)
		}
		synctest.Wait()
		if !errors.Is(got.Err, digital.ErrInvalid) {
			r.Fatalf("got %+v, want invalid", got)
		}
	})
}
