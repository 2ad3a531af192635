package digital_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/digital"
	"tandem/digital/digitaltest"
	"tandem/store/journey"
)

// TestChat: a visitor opens, waits, talks to an agent who ends it.
func TestChat(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		id := r.open()
		r.inState(id, "waiting")
		w := r.lastItem()
		if w.Queue != "sales" || w.Medium != "chat" || w.Customer != "Eva" || w.Record == "" || w.Conversation != id {
			r.Fatalf("work item %+v", w)
		}
		r.post(id, digital.TellWaiting{Item: w.ID, Position: 2})
		r.writes(id, "c1", "Hello")
		m := r.connect(id)
		m.ID, m.Text = "a1", "Hi Eva"
		if got := r.agentSends(m); got.Err != nil || got.Seq != 5 {
			r.Fatalf("agent's receipt %+v", got)
		}
		r.writes(id, "c2", "bye")
		r.said(id, "1 bot: "+r.cfg.Notices.Waiting, "2 bot: You are number 2 in line.", "3 customer: Hello", "4 system: You are now talking to Anna.",
			"5 agent: Hi Eva", "6 customer: bye")
		err := errors.New("not answered")
		if e := r.hub.Act(digital.AgentOp{Do: digital.AgentClose, Conversation: id, Item: m.Item, Epoch: 1, Agent: "anna"}, func(e error) { err = e }); e != nil {
			r.Fatal(e)
		}
		synctest.Wait()
		if err != nil {
			r.Fatal(err)
		}
		r.inState(id, "closed")
		if v := r.view(id); v.By != "agent" || v.Why != "completed" || v.Ended.IsZero() {
			r.Fatalf("end %+v", v)
		}
		want := []any{digitaltest.Up{Item: w.ID, Epoch: 1}, digitaltest.AgentSpoke{Item: w.ID, Epoch: 1}, digitaltest.CustomerSpoke{Item: w.ID},
			digitaltest.Over{Item: w.ID, By: "agent"}}
		if got := r.house.Commands()[1:]; len(got) != len(want) || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
			r.Fatalf("dispatcher heard %+v, want %+v", got, want)
		}
		if len(r.kinds(journey.ConversationOpened)) != 1 || len(r.kinds(journey.ConversationClosed)) != 1 {
			r.Fatal("beginning and end must be written once each")
		}
		if got := r.writes(id, "c3", "too late"); !errors.Is(got.Err, digital.ErrClosed) {
			r.Fatalf("got %+v, want closed", got)
		}
		if got := r.writes(id, "c2", "bye"); got.Err != nil || !got.Duplicate || got.Seq != 6 {
			r.Fatalf("a repeat after the end: %+v", got)
		}
	})
}

// TestRepeat: a message is one message however often it comes, also while the first is being written.
func TestRepeat(t *testing.T) {
	virtually(t, nil, func(r *rig) {
		id := r.open()
		r.house.Hold()
		var receipts []digital.Receipt
		for range 3 {
			if err := r.hub.Receive(digital.Inbound{Channel: journey.Chat, Conversation: id, External: "c1", Text: "one"}, func(x digital.Receipt) { receipts = append(receipts, x) }); err != nil {
				r.Fatal(err)
			}
			synctest.Wait()
		}
		if len(receipts) != 0 {
			r.Fatal("acknowledged before it was durable")
		}
		r.house.Release()
		synctest.Wait()
		if len(receipts) != 3 || receipts[0].Seq != 1 || receipts[1].Seq != 1 || receipts[2].Seq != 1 {
			r.Fatalf("receipts %+v", receipts)
		}
		r.said(id, "1 customer: one")
	})
}

// TestNotStored: what the journal loses is refused and leaves no gap; what it hid is found again.
func TestNotStored(t *testing.T) {
	virtually(t, nil, func(r *rig) {
		id := r.open()
		r.writes(id, "c1", "one")
		r.house.Lose(1)
		if got := r.writes(id, "c2", "two"); !errors.Is(got.Err, digital.ErrNotStored) {
			r.Fatalf("got %+v, want not stored", got)
		}
		if got := r.writes(id, "c2", "two"); got.Err != nil || got.Seq != 2 {
			r.Fatalf("repeat: %+v", got)
		}
		r.house.Hide(1)
		if got := r.writes(id, "c3", "three"); !errors.Is(got.Err, digital.ErrNotStored) {
			r.Fatalf("got %+v, want not stored", got)
		}
		if got := r.writes(id, "c4", "four"); got.Err != nil || got.Seq != 4 {
			r.Fatalf("after a hidden success: %+v", got)
		}
		if got := r.writes(id, "c3", "three"); got.Err != nil || got.Seq != 3 || !got.Duplicate {
			r.Fatalf("repeat of the hidden one: %+v", got)
		}
		r.house.Refuse(1)
		if got := r.writes(id, "c5", "five"); !errors.Is(got.Err, digital.ErrNotStored) {
			r.Fatalf("got %+v, want not stored", got)
		}
		r.writes(id, "c5", "five")
		r.said(id, "1 customer: one", "2 customer: two", "3 customer: three", "4 customer: four", "5 customer: five")
	})
}

// TestNoRecord: without a record nothing begins, and nothing is acknowledged.
func TestNoRecord(t *testing.T) {
	virtually(t, nil, func(r *rig) {
		r.house.Mute(true)
		if got := r.texts("p1", "hello"); !errors.Is(got.Err, digital.ErrNotStored) {
			r.Fatalf("got %+v, want not stored", got)
		}
		synctest.Wait()
		if n := r.hub.Len(); n != 0 {
			r.Fatalf("%d conversations left", n)
		}
		r.house.Mute(false)
		if got := r.texts("p1", "hello"); got.Err != nil || got.Seq != 1 {
			r.Fatalf("got %+v", got)
		}
	})
}

// TestFence: only the owner of the present epoch writes and acts.
func TestFence(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		id := r.open()
		m := r.connect(id)
		m.ID, m.Text = "a1", "mine"
		r.agentSends(m)
		for name, change := range map[string]func(*digital.AgentMessage){
			"epoch": func(m *digital.AgentMessage) { m.Epoch = 2 }, "agent": func(m *digital.AgentMessage) { m.Agent = "bob" },
			"item": func(m *digital.AgentMessage) { m.Item = "other-1" },
		} {
			bad := m
			bad.ID = "bad-" + name
			change(&bad)
			if got := r.agentSends(bad); !errors.Is(got.Err, digital.ErrFenced) {
				t.Errorf("%s: got %+v, want fenced", name, got)
			}
		}
		r.post(id, digital.Requeued{Item: m.Item, Epoch: 2, Why: "agent_gone"})
		r.inState(id, "waiting")
		late := m
		late.ID = "a2"
		if got := r.agentSends(late); !errors.Is(got.Err, digital.ErrFenced) {
			t.Errorf("late: got %+v, want fenced", got)
		}
		if got := r.agentSends(m); got.Err != nil || !got.Duplicate {
			t.Errorf("a repeat of what was taken: %+v", got)
		}
		r.post(id, digital.ConnectOffer{Item: m.Item, Epoch: 3, Agent: "bob"})
		var err error
		if e := r.hub.Act(digital.AgentOp{Do: digital.AgentClose, Conversation: id, Item: m.Item, Epoch: 1, Agent: "anna"}, func(e error) { err = e }); e != nil {
			t.Fatal(e)
		}
		synctest.Wait()
		if !errors.Is(err, digital.ErrFenced) {
			t.Errorf("close of an old owner: %v", err)
		}
		r.inState(id, "agent")
	})
}

// TestRefusedQueue: the customer learns why nobody comes; what is written then waits for an agent without its customer.
func TestRefusedQueue(t *testing.T) {
	for _, c := range []struct{ outcome, want, state, medium string }{
		{"closed", digital.Defaults().Notices.Closed, "flow", "message"}, {"no_staff", digital.Defaults().Notices.Closed, "flow", "message"},
		{"full", digital.Defaults().Notices.Full, "open", "chat"}, {"timed_out", digital.Defaults().Notices.TimedOut, "flow", "message"},
	} {
		t.Run(c.outcome, func(t *testing.T) {
			virtually(t, toQueue, func(r *rig) {
				id := r.open()
				r.post(id, digital.LeftQueue{Item: r.lastItem().ID, Outcome: c.outcome})
				r.inState(id, c.state)
				if got := r.transcript(id); !strings.Contains(got, c.want) {
					r.Fatalf("got %q, want %q in it", got, c.want)
				}
				first := r.lastItem().ID
				r.writes(id, "c1", "anybody?")
				r.inState(id, "waiting")
				if w := r.lastItem(); w.ID == first || w.Medium != c.medium {
					r.Fatalf("item %+v after %s", w, first)
				}
				r.post(id, digital.CustomerPresent{})
				r.passes(r.cfg.ChatAway + 10*time.Second)
				r.inState(id, map[string]string{"message": "waiting", "chat": "closed"}[c.medium])
			})
		})
	}
}

// TestBusyDispatcher: a dispatcher that takes nothing is a full queue.
func TestBusyDispatcher(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		r.house.Busy(true)
		id := r.open()
		r.inState(id, "open")
		if got := r.transcript(id); !strings.Contains(got, r.cfg.Notices.Full) {
			r.Fatalf("got %q", got)
		}
	})
}

// TestLeaves: a visitor who goes leaves the queue; one who only loses the line does so after a while.
func TestLeaves(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		id := r.open()
		first := r.lastItem().ID
		r.post(id, digital.CustomerLeft{})
		r.inState(id, "closed")
		other := r.open()
		second := r.lastItem().ID
		r.post(other, digital.CustomerPresent{})
		r.passes(r.cfg.ChatAway - time.Second)
		r.inState(other, "waiting")
		r.passes(2 * time.Second)
		r.inState(other, "closed")
		var left []string
		for _, c := range r.house.Commands() {
			if l, ok := c.(digitaltest.Left); ok {
				left = append(left, l.Item)
			}
		}
		if len(left) != 2 || left[0] != first || left[1] != second {
			r.Fatalf("left %q, want %q and %q", left, first, second)
		}
		if v := r.view(other); v.Why != "away" {
			r.Fatalf("why %q", v.Why)
		}
	})
}

// TestEmptyChatKeepsNobody: who has gone without a word leaves his agent soon, also after a restart; one who said something, or wants
// a call, does not. In the queue all have the same time (TestLeaves): a telephone may have gone dark.
func TestEmptyChatKeepsNobody(t *testing.T) {
	for _, c := range []struct {
		name  string
		after func(r *rig, id string) // of an agent's chat
		want  string
	}{
		{"silent", func(*rig, string) {}, "closed"},
		{"after a restart", func(r *rig, id string) {
			item := r.lastItem().ID
			r.stop()
			r.restart()
			r.post(id, digital.Adopt{Item: item, Epoch: 1, Agent: "anna", State: "agent"})
			r.inState(id, "agent")
		}, "closed"},
		{"has written", func(r *rig, id string) { r.writes(id, "c1", "hello") }, "agent"},
		{"has written before a restart", func(r *rig, id string) {
			r.writes(id, "c1", "hello")
			item := r.lastItem().ID
			r.agentSends(digital.AgentMessage{Conversation: id, Item: item, Epoch: 1, Agent: "anna", ID: "a1", Text: "good morning"})
			r.stop()
			r.restart()
			r.post(id, digital.Adopt{Item: item, Epoch: 1, Agent: "anna", State: "agent"})
		}, "agent"},
		{"wants a call", func(r *rig, id string) { r.post(id, digital.CustomerCalls{}) }, "agent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			virtually(t, toQueue, func(r *rig) {
				id := r.open()
				r.connect(id)
				c.after(r, id)
				r.post(id, digital.CustomerPresent{})
				r.passes(r.cfg.ChatEmpty - time.Second)
				r.inState(id, "agent")
				r.passes(2 * time.Second)
				r.inState(id, c.want)
				if v := r.view(id); c.want == "closed" && v.Why != "away" {
					r.Fatalf("why %q", v.Why)
				}
				r.passes(time.Hour)
				if ends := r.kinds(journey.ConversationClosed); len(ends) == 0 != (c.want == "agent") {
					r.Fatalf("ended: %v", ends)
				}
			})
		})
	}
}

// TestMemory: what is over leaves memory, and is read back from the record.
func TestMemory(t *testing.T) {
	virtually(t, func(r *rig) { r.cfg.Kept = 4 }, func(r *rig) {
		id := r.open()
		for i := range 20 {
			r.writes(id, string(rune('a'+i)), "line")
		}
		if got := strings.Count(r.transcript(id), "line"); got != 20 {
			r.Fatalf("%d lines of 20", got)
		}
		r.post(id, digital.CustomerLeft{})
		r.passes(time.Hour)
		if n := r.hub.Len(); n != 0 {
			r.Fatalf("%d conversations in memory", n)
		}
		if got := strings.Count(r.transcript(id), "line"); got != 20 {
			r.Fatalf("%d lines of 20 from the record", got)
		}
		r.passes(time.Hour)
		if n := r.hub.Len(); n != 0 {
			r.Fatalf("%d conversations stay after reading", n)
		}
		if err := r.hub.Transcript("v_unknown", 0, 0, func(_ []digital.Message, err error) {
			if !errors.Is(err, digital.ErrNotFound) {
				r.Errorf("got %v, want not found", err)
			}
		}); err != nil {
			r.Fatal(err)
		}
		synctest.Wait()
	})
}

// TestLimits: more than the limit is refused with a name, and a place that is freed is given again.
func TestLimits(t *testing.T) {
	virtually(t, func(r *rig) { r.cfg.Conversations, r.cfg.Messages = 2, 3 }, func(r *rig) {
		first, _ := r.open(), r.open()
		if err := r.hub.Open(digital.Opening{Channel: journey.Chat}, func(digital.Opened) {}); !errors.Is(err, digital.ErrFull) {
			r.Fatalf("got %v, want full", err)
		}
		for i, id := range []string{"c1", "c2", "c3"} {
			if got := r.writes(first, id, "x"); got.Err != nil || got.Seq != uint64(i+1) {
				r.Fatalf("got %+v", got)
			}
		}
		if got := r.writes(first, "c4", "x"); !errors.Is(got.Err, digital.ErrClosed) {
			r.Fatalf("got %+v, want closed", got)
		}
		r.inState(first, "closed")
		r.passes(time.Hour)
		r.open()
	})
}

// TestInputs: what is wrong is refused by its kind, and what is strange is kept as text.
func TestInputs(t *testing.T) {
	virtually(t, nil, func(r *rig) {
		id := r.open()
		for name, c := range map[string]struct {
			in   digital.Inbound
			want error
		}{
			"empty":      {digital.Inbound{Conversation: id, External: "e"}, digital.ErrInvalid},
			"no id":      {digital.Inbound{Conversation: id, Text: "x"}, digital.ErrInvalid},
			"long":       {digital.Inbound{Conversation: id, External: "l", Text: strings.Repeat("ä", 4001)}, digital.ErrTooLong},
			"long id":    {digital.Inbound{Conversation: id, External: strings.Repeat("i", 65), Text: "x"}, digital.ErrInvalid},
			"only space": {digital.Inbound{Conversation: id, External: "s", Text: " \n\t\x00"}, digital.ErrInvalid},
			"nobody":     {digital.Inbound{Channel: journey.SMS, External: "n", Text: "x"}, digital.ErrInvalid},
			"unknown":    {digital.Inbound{Conversation: "v_nobody", External: "u", Text: "x"}, digital.ErrNotFound},
			"long name":  {digital.Inbound{Conversation: strings.Repeat("v", 300), External: "u", Text: "x"}, digital.ErrNotFound},
		} {
			if got := r.receives(c.in); !errors.Is(got.Err, c.want) {
				t.Errorf("%s: got %v, want %v", name, got.Err, c.want)
			}
		}
		r.writes(id, "c1", "<script>alert('x')</script>\r\n\x00\x1b[31m\xff\u202etxt")
		r.writes(id, "c2", strings.Repeat("🙂", 4000))
		r.said(id, "1 customer: <script>alert('x')</script>\n[31m\uFFFDtxt", "2 customer: "+strings.Repeat("🙂", 4000))
	})
}

// TestPanic: a script that panics loses its conversation and no other.
func TestPanic(t *testing.T) {
	virtually(t, func(r *rig) {
		r.house.Route = func(digital.Situation) digital.Route { return digital.Route{Script: broken{}} }
	}, func(r *rig) {
		id := r.open()
		r.inState(id, "closed")
		if v := r.view(id); v.Why != "internal" {
			r.Fatalf("why %q", v.Why)
		}
	})
}

type broken struct{}

func (broken) Step(digital.ScriptEvent, time.Time) []digital.Action { panic("broken") }
func (broken) Deadline() time.Time                                  { return time.Time{} }

// TestCircles: a script that says forever without waiting is stopped.
func TestCircles(t *testing.T) {
	virtually(t, func(r *rig) {
		r.house.Route = func(digital.Situation) digital.Route { return digital.Route{Script: circling{}} }
	}, func(r *rig) {
		id := r.open()
		r.inState(id, "closed")
	})
}

type circling struct{}

func (circling) Step(digital.ScriptEvent, time.Time) []digital.Action {
	return []digital.Action{digital.Say{}}
}
func (circling) Deadline() time.Time { return time.Time{} }
