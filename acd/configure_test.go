package acd

import (
	"testing"
	"time"
)

// serve lets an agent take an item and end it at once.
func serve(t *testing.T, s *State, item, agent string, now time.Time) {
	t.Helper()
	it := s.items[item]
	if it == nil || it.state != ItemOffered || it.agent.cfg.ID != agent {
		t.Fatalf("%s is not offered to %s", item, agent)
	}
	for _, ev := range []Event{Accept{it.offerID(), agent}, MediaUp{Item: item}, End{item, "customer"}} {
		s.Step(ev, now)
	}
}

func atWork(t *testing.T, cfg Config, agents ...string) *State {
	t.Helper()
	s, faults := NewState(cfg)
	if faults != nil {
		t.Fatal(faults)
	}
	for _, a := range agents {
		for _, ev := range ready(a) {
			s.Step(ev, epoch0)
		}
	}
	return s
}

// TestReconfigurationKeepsTheRound has bert idle for longer but offered to later: the round goes on with anna only if a new
// configuration does not make the queue forget.
func TestReconfigurationKeepsTheRound(t *testing.T) {
	cfg := smallConfig()
	cfg.Queues[0].Strategy = "round_robin"
	s := atWork(t, cfg, "anna", "bert")
	s.Step(call("i1"), epoch0)
	s.Step(call("i2"), epoch0)
	serve(t, s, "i2", "bert", epoch0.Add(time.Second))
	serve(t, s, "i1", "anna", epoch0.Add(2*time.Second))
	before := s.queues["billing"].ready
	cfg.Queues[0].MaxWait = time.Hour
	s.Step(Configure{cfg}, epoch0.Add(3*time.Minute))
	if after := s.queues["billing"].ready; after != before {
		t.Errorf("shares of %d became %d", before, after)
	}
	s.Step(call("i3"), epoch0.Add(4*time.Minute))
	serve(t, s, "i3", "anna", epoch0.Add(4*time.Minute))
}

// TestTransferCountsForTheQueueItLeaves: the time of a talk belongs to where it was had.
func TestTransferCountsForTheQueueItLeaves(t *testing.T) {
	cfg := smallConfig()
	cfg.Queues = append(cfg.Queues, QueueConfig{Name: "sales", Agents: []string{"bert"}, JoinWhen: JoinAlways})
	s := atWork(t, cfg, "anna")
	s.Step(call("i1"), epoch0)
	for _, ev := range []Event{Accept{OfferID{"i1", 1}, "anna"}, MediaUp{Item: "i1"}} {
		s.Step(ev, epoch0)
	}
	now := epoch0.Add(time.Minute)
	s.Step(Transfer{Item: "i1", Queue: "sales", Keep: true}, now)
	if from := s.queues["billing"].rates.sum(now); from.done != 1 || from.handle != time.Minute {
		t.Errorf("billing has %+v, want one item of a minute", from)
	}
	if to := s.queues["sales"].rates.sum(now); to.done != 0 {
		t.Errorf("sales has %+v, want nothing yet", to)
	}
	if n, _ := s.agents["anna"].shift.sum(now); n != 1 {
		t.Errorf("anna handled %d items, want 1", n)
	}
}

// TestLeaverIsNoLongerStaffAfterARestart has bert leave with a call when the process ends: nobody is at work then.
func TestLeaverIsNoLongerStaffAfterARestart(t *testing.T) {
	cfg := smallConfig()
	cfg.Queues[0].JoinWhen = JoinStaffed
	s := atWork(t, cfg, "bert")
	s.Step(call("i1"), epoch0)
	for _, ev := range []Event{Accept{OfferID{"i1", 1}, "bert"}, MediaUp{Item: "i1"}, SignOut{Agent: "bert"}} {
		s.Step(ev, epoch0)
	}
	im := s.Image()
	again, _ := NewState(cfg)
	again.Step(Restore{Image: &im}, epoch0.Add(time.Second))
	if a := again.agents["bert"]; a.state != AgentOffline {
		t.Errorf("bert is %s", a.state)
	}
	r := again.Step(call("i2"), epoch0.Add(2*time.Second))
	if len(r.Effects) != 1 || effectText(r.Effects[0]) != "Refused i2: no_staff" {
		t.Errorf("got %v, want i2 refused for want of staff", r.Effects)
	}
}

// TestAcceptOfAnothersOfferLeavesItAlone: the rightful agent's phone goes on ringing.
func TestAcceptOfAnothersOfferLeavesItAlone(t *testing.T) {
	s := atWork(t, smallConfig(), "anna")
	s.Step(call("i1"), epoch0)
	r := s.Step(Accept{OfferID{"i1", 1}, "bert"}, epoch0)
	if len(r.Effects) != 0 || len(r.Rejected) != 1 {
		t.Errorf("got %v, %v, want a rejection alone", r.Effects, r.Rejected)
	}
	serve(t, s, "i1", "anna", epoch0)
}
