package acd

import (
	"testing"
	"time"
)

// TestServedGoesFirstAfterARestart has a chat whose agent does not come back: once he is not awaited any more it goes before one that
// waits for longer, to whoever is there.
func TestServedGoesFirstAfterARestart(t *testing.T) {
	cfg := oneAgent()
	cfg.Agents[0].Caps = map[Media]int{Chat: 1}
	cfg.Agents = append(cfg.Agents, AgentConfig{ID: "b", Queues: []string{"q"}, Caps: map[Media]int{Chat: 1}})
	s := mustState(t, cfg)
	var journal []Entry
	for _, ev := range []Event{SignIn{"a", true}, Enqueue{Item{ID: "served", Queue: "q", Media: Chat}}, Accept{OfferID{"served", 1}, "a"},
		MediaUp{"served", 1}, Enqueue{Item{ID: "old", Queue: "q", Media: Chat, T0: epoch0.Add(-time.Minute)}}, SignIn{"b", false}} {
		journal = append(journal, s.Step(ev, epoch0).Entries...)
	}
	restored := mustState(t, cfg)
	restored.Step(Restore{Entries: journal}, epoch0)
	if v, _ := restored.Item("served"); v.State != ItemQueued || v.Named == nil || !v.Recovered {
		t.Fatalf("got %+v, want it to wait for its agent alone", v)
	}
	now := epoch0.Add(defaultLease)
	restored.Step(Tick{}, now)
	restored.Step(Lease{"b", true}, now)
	restored.Step(SetState{Agent: "b", Ready: true}, now)
	if v, _ := restored.Item("served"); v.State != ItemOffered || v.Agent != "b" {
		t.Errorf("served is %s at %q, want it offered to b", v.State, v.Agent)
	}
	if v, _ := restored.Item("old"); v.State != ItemQueued {
		t.Errorf("old is %s", v.State)
	}
}

// TestDesksAfterARestart are there when they are told of: of agents restored, of those who sign in later, and of new ones; without a
// restart they are there.
func TestDesksAfterARestart(t *testing.T) {
	for _, after := range []bool{false, true} {
		s := mustState(t, oneAgent())
		if after {
			s.Step(Restore{}, epoch0)
		}
		cfg := oneAgent()
		cfg.Agents = append(cfg.Agents, AgentConfig{ID: "b", Queues: []string{"q"}})
		play(t, s, epoch0, Configure{cfg}, SignIn{"a", true}, SignIn{"b", true})
		for _, id := range []string{"a", "b"} {
			if desk := s.agents[id].desk; desk == after {
				t.Errorf("restart %t: the desk of %s is there: %t", after, id, desk)
			}
		}
		play(t, s, epoch0.Add(time.Minute), Lease{"a", true}, Lease{"b", true}, Enqueue{Item{ID: "c", Queue: "q", Media: Chat}})
		if v, _ := s.Item("c"); v.State != ItemOffered {
			t.Errorf("restart %t: with the pages there it is %s", after, v.State)
		}
	}
}
