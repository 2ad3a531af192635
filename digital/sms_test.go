package digital_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/digital"
	"tandem/digital/digitaltest"
	"tandem/store/journey"
)

var theirs = journey.Identity{Type: journey.Tel, Value: "+4915112345"}

// reach lets an agent write first.
func (r *rig) reach(id, text string) (got digital.Receipt) {
	r.Helper()
	err := r.hub.Start(digital.Outreach{Channel: journey.SMS, To: theirs, From: "+49221900", Record: "r_call", Agent: "anna", ID: id, Text: text},
		func(x digital.Receipt) { got = x })
	if err != nil {
		r.Fatal(err)
	}
	synctest.Wait()
	return got
}

// TestReply: an agent writes during a call; the answer reaches the same record, the same conversation and prefers the same agent.
func TestReply(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		sent := r.reach("a1", "Here is your link")
		if sent.Err != nil || sent.Seq != 1 {
			r.Fatalf("receipt %+v", sent)
		}
		got := r.texts("p1", "Thank you")
		if got.Conversation != sent.Conversation || got.Seq != 2 {
			r.Fatalf("answer %+v went elsewhere than %+v", got, sent)
		}
		if w := r.lastItem(); w.Record != "r_call" || w.Prefer != "anna" || w.Medium != "message" || w.Channel != journey.SMS {
			r.Fatalf("work item %+v", w)
		}
		if o := r.sms.sent[0]; o.To != theirs.Value || o.From != "+49221900" || o.Key == "" || o.Thread != "" || o.Retry {
			r.Fatalf("outgoing %+v", o)
		}
	})
}

// TestNoPlaceByText: who texts and waits for an agent gets no text for each place in the queue; a visitor of the chat sees his.
func TestNoPlaceByText(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		got := r.texts("p1", "Hello")
		before := len(r.sms.sent)
		for place := 5; place > 0; place-- {
			r.post(got.Conversation, digital.TellWaiting{Item: r.lastItem().ID, Position: place})
		}
		if n := len(r.sms.sent) - before; n != 0 {
			r.Errorf("%d texts about the place: %q", n, r.sms.texts()[before:])
		}
		if v := r.view(got.Conversation); v.Position != 1 {
			r.Errorf("the house knows place %d, want 1", v.Position)
		}
		chat := r.open()
		r.post(chat, digital.TellWaiting{Item: r.lastItem().ID, Position: 2})
		if said := r.transcript(chat); !strings.Contains(said, "number 2 in line") {
			r.Errorf("the visitor reads %q", said)
		}
	})
}

// TestAProgramWrites: what nobody in particular sends is the house's; the answer prefers no agent.
func TestAProgramWrites(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		var sent digital.Receipt
		o := digital.Outreach{Channel: journey.SMS, To: theirs, From: "+49221900", Record: "r_call", ID: "a1", Text: "Your parcel is here"}
		if err := r.hub.Start(o, func(x digital.Receipt) { sent = x }); err != nil {
			r.Fatal(err)
		}
		synctest.Wait()
		if sent.Err != nil || len(r.sms.sent) != 1 {
			r.Fatalf("receipt %+v, sent %+v", sent, r.sms.sent)
		}
		for _, e := range r.house.Events() {
			if e.Kind == journey.MessageOut && e.Actor != "system" {
				r.Errorf("written by %q", e.Actor)
			}
		}
		r.texts("p1", "Thank you")
		if w := r.lastItem(); w.Prefer != "" {
			r.Errorf("work item %+v", w)
		}
	})
}

// TestThread: one thread is one conversation while it is open, and another one afterwards.
func TestThread(t *testing.T) {
	virtually(t, nil, func(r *rig) {
		first, second := r.texts("p1", "one"), r.texts("p2", "two")
		if first.Conversation != second.Conversation || second.Seq != 2 {
			r.Fatalf("%+v and %+v", first, second)
		}
		r.post(first.Conversation, digital.EndConversation{By: "agent", Why: "done"})
		third := r.texts("p3", "three")
		if third.Err != nil || third.Conversation == first.Conversation || third.Seq != 1 {
			r.Fatalf("after the end %+v", third)
		}
		again := r.receives(digital.Inbound{Channel: journey.SMS, External: "p1", Conversation: first.Conversation, Text: "one"})
		if !again.Duplicate || again.Seq != 1 {
			r.Fatalf("a repeat after the end %+v", again)
		}
		if again = r.texts("p2", "two"); !again.Duplicate || again.Conversation != first.Conversation || again.Seq != 2 {
			r.Fatalf("a repeat into the next conversation %+v", again)
		}
	})
}

// TestForgotten: a thread that has left memory is gone on with, if the record names its conversation.
func TestForgotten(t *testing.T) {
	virtually(t, nil, func(r *rig) {
		first := r.texts("p1", "one")
		r.passes(r.cfg.Resident + time.Minute)
		if n := r.hub.Len(); n != 0 {
			r.Fatalf("%d conversations in memory", n)
		}
		opened := r.kinds(journey.ConversationOpened)[0]
		r.house.Remember(opened.Data["thread"], first.Conversation)
		second := r.texts("p2", "two")
		if second.Conversation != first.Conversation || second.Seq != 2 {
			r.Fatalf("got %+v after %+v", second, first)
		}
		if again := r.texts("p1", "one"); !again.Duplicate || again.Seq != 1 {
			r.Fatalf("a repeat %+v", again)
		}
		r.said(first.Conversation, "1 customer: one", "2 customer: two")
	})
}

// TestRetries: a provider that refuses for now is asked again with growing pauses and gives up after its tries; order is kept.
func TestRetries(t *testing.T) {
	for _, c := range []struct {
		name  string
		fails int
		want  []string
		state digital.Delivery
	}{
		{"once", 1, []string{"one", "two"}, digital.Sent}, {"four times", 4, []string{"one", "two"}, digital.Sent}, {"for ever", 5, []string{"two"}, digital.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtually(t, nil, func(r *rig) {
				left := c.fails
				r.sms.treat = func(o digital.Outgoing, done func(digital.Result)) error {
					if o.Text == "one" && left > 0 {
						if left--; left%2 == 0 {
							return errors.New("not now")
						}
						done(digital.Result{State: digital.Failed, Reason: "throttled", Again: time.Second})
						return nil
					}
					r.sms.sent = append(r.sms.sent, o)
					done(digital.Result{State: digital.Sent})
					return nil
				}
				first := r.reach("a1", "one")
				r.reach("a2", "two")
				r.passes(time.Hour)
				if got := r.sms.texts(); !slices.Equal(got, c.want) {
					r.Fatalf("sent %q, want %q", got, c.want)
				}
				if got := r.deliveries()[first.Seq]; got != c.state {
					r.Fatalf("first is %s, want %s", got, c.state)
				}
			})
		})
	}
}

// deliveries gives the last told state of each message.
func (r *rig) deliveries() map[uint64]digital.Delivery {
	m := map[uint64]digital.Delivery{}
	for _, u := range r.house.Updates() {
		if u.Kind == digital.Progress {
			m[u.Seq] = u.Delivery
		}
	}
	return m
}

// TestSilentProvider: without an answer a message is uncertain and the next goes on; a late answer still counts.
func TestSilentProvider(t *testing.T) {
	virtually(t, nil, func(r *rig) {
		var late func(digital.Result)
		r.sms.treat = func(o digital.Outgoing, done func(digital.Result)) error {
			r.sms.sent = append(r.sms.sent, o)
			if o.Text == "one" {
				late = done
				return nil
			}
			done(digital.Result{State: digital.Sent})
			return nil
		}
		first, second := r.reach("a1", "one"), r.reach("a2", "two")
		r.passes(r.cfg.SendWait + time.Second)
		if got := r.deliveries(); got[first.Seq] != digital.Uncertain || got[second.Seq] != digital.Sent {
			r.Fatalf("states %v", got)
		}
		late(digital.Result{State: digital.Sent, External: "late"})
		synctest.Wait()
		if !r.hub.Report(digital.Report{Channel: journey.SMS, External: "late", State: digital.Delivered}) {
			r.Fatal("nobody knows the late one")
		}
		synctest.Wait()
		if got := r.deliveries()[first.Seq]; got != digital.Delivered {
			r.Fatalf("first is %s", got)
		}
		if got := r.sms.texts(); !slices.Equal(got, []string{"one", "two"}) {
			r.Fatalf("sent %q", got)
		}
		if r.hub.Report(digital.Report{Channel: journey.SMS, External: "stray", State: digital.Delivered}) {
			r.Fatal("a stray report found somebody")
		}
	})
}

// TestIdempotent: a provider that drops repeats is asked again under the same key.
func TestIdempotent(t *testing.T) {
	virtually(t, func(r *rig) { r.sms.idempotent = true }, func(r *rig) {
		tries := 0
		r.sms.treat = func(o digital.Outgoing, done func(digital.Result)) error {
			if tries++; tries == 1 {
				return nil
			}
			if !o.Retry {
				r.Error("a second try must say so")
			}
			r.sms.sent = append(r.sms.sent, o)
			done(digital.Result{State: digital.Sent})
			return nil
		}
		sent := r.reach("a1", "one")
		r.passes(time.Hour)
		if got := r.deliveries()[sent.Seq]; got != digital.Sent || tries != 2 {
			r.Fatalf("%s after %d tries", got, tries)
		}
	})
}

// TestCrashedSending: what was durable but not known to be sent is sent again where that is harmless, and uncertain where not.
func TestCrashedSending(t *testing.T) {
	for _, idempotent := range []bool{true, false} {
		t.Run(fmt.Sprintf("idempotent %t", idempotent), func(t *testing.T) {
			virtually(t, func(r *rig) { r.sms.idempotent = idempotent }, func(r *rig) {
				r.sms.treat = func(digital.Outgoing, func(digital.Result)) error { return nil }
				sent := r.reach("a1", "one")
				old := r.hub
				r.sms.treat = nil
				r.restart()
				if err := r.hub.Wake(sent.Conversation); err != nil {
					r.Fatal(err)
				}
				synctest.Wait()
				if got := len(r.sms.sent) == 1 && r.sms.sent[0].Retry && r.sms.sent[0].Key != ""; got != idempotent {
					r.Fatalf("sent again: %t", got)
				}
				want := map[bool]digital.Delivery{true: digital.Sent, false: digital.Uncertain}[idempotent]
				if got := r.deliveries()[sent.Seq]; got != want {
					r.Fatalf("state %s, want %s", got, want)
				}
				_ = old.Close(context.Background())
			})
		})
	}
}

// TestRestart: conversations are what their records say: the item, the agent, who read what; and who has written and has nobody is routed.
func TestRestart(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		got := r.texts("p1", "hello")
		id := got.Conversation
		m := r.connect(id)
		m.ID, m.Text = "a1", "hi"
		r.agentSends(m)
		r.acd(id, m.Item, 1, "anna", journey.Connected, "active")
		r.restart()
		if err := r.hub.Wake(id); err != nil {
			r.Fatal(err)
		}
		synctest.Wait()
		if v := r.view(id); v.State != "agent" || v.Agent != "anna" || v.Epoch != 1 || v.Item != m.Item || v.Last != 3 {
			r.Fatalf("after a restart %+v", v)
		}
		m.ID, m.Text = "a2", "still here?"
		if got := r.agentSends(m); got.Err != nil || got.Seq != 4 {
			r.Fatalf("agent writes on: %+v", got)
		}
		if got := r.texts("p1", "hello"); !got.Duplicate || got.Conversation != id {
			r.Fatalf("a repeat over the restart: %+v", got)
		}
		r.post(id, digital.Requeued{Item: m.Item, Epoch: 2})
		r.acd(id, m.Item, 2, "", journey.ItemEnded, "cancelled")
		r.texts("p2", "anybody?")
		r.restart()
		if err := r.hub.Wake(id); err != nil {
			r.Fatal(err)
		}
		synctest.Wait()
		if w := r.lastItem(); w.ID == m.Item || w.Prefer != "anna" || w.Conversation != id {
			r.Fatalf("nobody has it, and it was not routed: %+v", w)
		}
		r.inState(id, "waiting")
	})
}

// acd writes an event of the dispatcher into the record.
func (r *rig) acd(conversation, item string, epoch uint64, agent string, kind journey.Kind, state string) {
	r.Helper()
	e := journey.Event{Record: r.view(conversation).Record, At: time.Now(), Kind: kind, Interaction: conversation, Item: item, Epoch: epoch, Actor: "system",
		Data: map[string]string{journey.DataState: state}}
	if agent != "" {
		e.Data[journey.DataAgent] = agent
	}
	if err := r.house.Append([]journey.Event{e}, func(error) {}); err != nil {
		r.Fatal(err)
	}
}

// TestVisitorsName: what the page said of its visitor outlives a restart.
func TestVisitorsName(t *testing.T) {
	virtually(t, nil, func(r *rig) {
		id := r.open()
		r.writes(id, "c1", "hello")
		r.restart()
		if err := r.hub.Wake(id); err != nil {
			r.Fatal(err)
		}
		synctest.Wait()
		if v := r.view(id); v.Name != "Eva" || v.Channel != string(journey.Chat) || v.Last != 1 {
			r.Fatalf("view %+v", v)
		}
	})
}

// TestAdopt: the dispatcher may also say itself what it still has.
func TestAdopt(t *testing.T) {
	for state, want := range map[string]string{"waiting": "waiting", "agent": "agent", "parked": "parked"} {
		t.Run(state, func(t *testing.T) {
			virtually(t, nil, func(r *rig) {
				id := r.texts("p1", "hello").Conversation
				r.restart()
				r.post(id, digital.Adopt{Item: id + "-7", Epoch: 4, Agent: "anna", State: state})
				r.inState(id, want)
				if v := r.view(id); v.Epoch != 4 {
					r.Fatalf("view %+v", v)
				}
			})
		})
	}
}

// TestPark: an idle thread sleeps, and its customer wakes it.
func TestPark(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		id := r.texts("p1", "hello").Conversation
		m := r.connect(id)
		var err error
		if e := r.hub.Act(digital.AgentOp{Do: digital.AgentPark, Conversation: id, Item: m.Item, Epoch: 1, Agent: "anna"}, func(e error) { err = e }); e != nil {
			r.Fatal(e)
		}
		synctest.Wait()
		if err != nil {
			r.Fatal(err)
		}
		r.post(id, digital.Parked{Item: m.Item})
		r.inState(id, "parked")
		r.texts("p2", "one more thing")
		cmds := r.house.Commands()
		if got, want := cmds[len(cmds)-1], (digitaltest.CustomerSpoke{Item: m.Item}); got != want {
			r.Fatalf("dispatcher heard %+v, want %+v", got, want)
		}
		r.post(id, digital.Woken{Item: m.Item, Epoch: 2})
		r.inState(id, "agent")
		m.ID, m.Text, m.Epoch = "a1", "yes?", 2
		if got := r.agentSends(m); got.Err != nil {
			r.Fatal(got.Err)
		}
	})
}
