package acd

import (
	"testing"
	"time"
)

// TestOffersMissedTogether has all offers of an agent time out at one instant: the agent is missed once, nothing is rejected, and
// the offers that are left over from before a break are missed without a word too.
func TestOffersMissedTogether(t *testing.T) {
	cfg := oneAgent()
	cfg.Agents[0].Caps = map[Media]int{Message: 5}
	s := mustState(t, cfg)
	offered := func(now time.Time, ids ...string) time.Time {
		for _, id := range ids {
			s.Step(Enqueue{Item{ID: id, Queue: "q", Media: Message}}, now)
			if v, _ := s.Item(id); v.State != ItemOffered {
				t.Fatalf("%s is %s, want it offered", id, v.State)
			}
		}
		return now.Add(2 * time.Minute)
	}
	s.Step(SignIn{"a", true}, epoch0)
	due := offered(epoch0, "m1", "m2", "m3", "m4", "m5")
	r := s.Step(Tick{}, due)
	missed := 0
	for _, e := range r.Entries {
		if e.Agent == "a" && e.State == AgentMissed.String() {
			missed++
		}
	}
	if len(r.Rejected) != 0 || missed != 1 || s.agents["a"].state != AgentMissed || s.queues["q"].count[ItemQueued] != 5 {
		t.Fatalf("missed %d times, %d wait, rejected %+v", missed, s.queues["q"].count[ItemQueued], r.Rejected)
	}
	for _, id := range []string{"m1", "m2", "m3", "m4", "m5"} {
		s.Step(Cancel{Item: id}, due)
	}
	s.Step(SetState{Agent: "a", Ready: true}, due)
	offered(due, "n1", "n2")
	due = offered(due.Add(time.Second), "n3")
	s.Step(SetState{Agent: "a", Reason: "break"}, due.Add(-time.Second)) // n1 and n2 have just been missed, n3 is open
	if it := s.items["n3"]; it.state != ItemOffered || s.agents["a"].state != AgentAway {
		t.Fatalf("n3 is %s, agent is %s", it.state, s.agents["a"].state)
	}
	if r = s.Step(Tick{}, due); len(r.Rejected) != 0 || s.agents["a"].state != AgentAway {
		t.Errorf("agent is %s, want away; rejected %+v", s.agents["a"].state, r.Rejected)
	}
}
