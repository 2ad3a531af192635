package acd

import (
	"testing"
	"time"
)

// play steps events one second apart from a start.
func play(t *testing.T, s *State, start time.Time, events ...Event) time.Time {
	t.Helper()
	for _, ev := range events {
		start = start.Add(time.Second)
		for _, x := range s.Step(ev, start).Rejected {
			t.Fatalf("%T: %+v", ev, x)
		}
	}
	return start
}

func mustState(t *testing.T, cfg Config) *State {
	t.Helper()
	s, faults := NewState(cfg)
	if faults != nil {
		t.Fatal(faults)
	}
	return s
}

func oneAgent() Config {
	return Config{Queues: []QueueConfig{{Name: "q", JoinWhen: JoinAlways, Agents: []string{"a"}}}, Agents: []AgentConfig{{ID: "a"}}}
}

// TestParkedTimeIsNotHandlingTime has a thread parked for hours: the agent's handling time is what lies outside.
func TestParkedTimeIsNotHandlingTime(t *testing.T) {
	for _, end := range []string{"active", "parked"} {
		s := mustState(t, oneAgent())
		now := play(t, s, epoch0, SignIn{"a", true}, Enqueue{Item{ID: "m", Queue: "q", Media: Message}}, Accept{OfferID{"m", 1}, "a"},
			MediaUp{"m", 1}, Park{Item: "m"})
		now = play(t, s, now.Add(3*time.Hour), CustomerSpoke{"m"})
		want := 2 * time.Second // one before it was parked, one after
		if end == "parked" {
			now = play(t, s, now, Park{Item: "m"}).Add(2 * time.Hour)
		}
		play(t, s, now, End{"m", "agent"})
		if _, talk := s.agents["a"].shift.sum(s.now); talk != want {
			t.Errorf("ended while %s: handling time %v, want %v", end, talk, want)
		}
	}
}

// TestDormantItemsForeseeTheirPlace shows what a reader sees of a callback whose customer is to be reached first.
func TestDormantItemsForeseeTheirPlace(t *testing.T) {
	s := mustState(t, oneAgent())
	play(t, s, epoch0, Enqueue{Item{ID: "old", Queue: "q", Media: Voice}},
		Enqueue{Item{ID: "cb", Queue: "q", Media: Callback, Aside: true, Until: epoch0.Add(time.Hour)}},
		Enqueue{Item{ID: "new", Queue: "q", Media: Voice}})
	v, ok := s.Item("cb")
	if !ok || v.State != ItemDormant || v.Position != 2 || v.Free != 0 {
		t.Errorf("got %+v, want place 2 and nobody free", v)
	}
	play(t, s, epoch0.Add(time.Minute), Leave{"old"}, Leave{"new"}, SignIn{"a", true}, DeviceUsable{"a", Phone, true})
	if v, _ = s.Item("cb"); v.Position != 1 || v.Free != 1 {
		t.Errorf("got %+v, want place 1 and one free", v)
	}
	if q := s.Queues(s.now)[0]; q.Dormant != 1 || q.Waiting != 0 {
		t.Errorf("got %+v, want one dormant", q)
	}
	if why := s.Why("cb").Waiting; why != "dormant until its customer is reached" {
		t.Errorf("got %q", why)
	}
}

// TestParkedThreadsOfRemovedAgents has a thread whose agent is not configured any more.
func TestParkedThreadsOfRemovedAgents(t *testing.T) {
	cfg := oneAgent()
	s := mustState(t, cfg)
	var journal []Entry
	now := epoch0
	for _, ev := range []Event{SignIn{"a", true}, Enqueue{Item{ID: "m", Queue: "q", Media: Message}}, Accept{OfferID{"m", 1}, "a"},
		MediaUp{"m", 1}, Park{Item: "m"}} {
		journal = append(journal, s.Step(ev, now).Entries...)
	}
	gone := Config{Queues: []QueueConfig{{Name: "q", JoinWhen: JoinAlways}}}
	restored := mustState(t, gone)
	restored.Step(Restore{Entries: journal}, now)
	if v, _ := restored.Item("m"); v.State != ItemQueued {
		t.Errorf("after a restart without the agent: %s, want queued", v.State)
	}
	s.Step(Configure{gone}, now)
	if v, _ := s.Item("m"); v.State != ItemQueued {
		t.Errorf("agent removed: %s, want queued", v.State)
	}
	if len(s.agents) != 0 {
		t.Errorf("the agent is not forgotten: %+v", s.Agents())
	}
}

// TestTransferOutOfRemovedQueue has an active item whose queue is gone: it can go to another, not back.
func TestTransferOutOfRemovedQueue(t *testing.T) {
	cfg := oneAgent()
	cfg.Agents = append(cfg.Agents, AgentConfig{ID: "b"})
	s := mustState(t, cfg)
	now := play(t, s, epoch0, SignIn{"a", true}, Enqueue{Item{ID: "m", Queue: "q", Media: Message}}, Accept{OfferID{"m", 1}, "a"},
		MediaUp{"m", 1}, SignIn{"b", true})
	cfg.Queues[0].Name = "other"
	s.Step(Configure{cfg}, now)
	if r := s.Step(Transfer{Item: "m", Agent: "b"}, now); len(r.Rejected) != 1 || r.Rejected[0].Reason != "no such queue" {
		t.Errorf("into the removed queue: %+v", r)
	}
	play(t, s, now, Transfer{Item: "m", Queue: "other", Agent: "b", Keep: true}, Accept{OfferID{"m", 2}, "b"})
}

// TestRestoreIntoRemovedQueue has parked and dormant items whose queue is gone: they end, nobody carries them.
func TestRestoreIntoRemovedQueue(t *testing.T) {
	s := mustState(t, oneAgent())
	var journal []Entry
	for _, ev := range []Event{SignIn{"a", true}, Enqueue{Item{ID: "m", Queue: "q", Media: Message}}, Accept{OfferID{"m", 1}, "a"},
		MediaUp{"m", 1}, Park{Item: "m"}, Enqueue{Item{ID: "cb", Queue: "q", Media: Callback, Aside: true}}} {
		journal = append(journal, s.Step(ev, epoch0).Entries...)
	}
	cfg := oneAgent()
	cfg.Queues[0].Name = "other"
	restored := mustState(t, cfg)
	restored.Step(Restore{Entries: journal}, epoch0)
	if n := len(restored.items); n != 0 {
		t.Errorf("%d items live on", n)
	}
	if a := restored.agents["a"]; a.load != 0 || a.threads != 0 || a.idle[Message.index()] != 0 {
		t.Errorf("agent carries %d, %d threads", a.load, a.threads)
	}
}

// watching is a Connector that is told of changes and rejections too.
type watching struct {
	offerChan
	changed  []ItemChanged
	rejected []Rejection
}

func (w *watching) ItemChanged(e ItemChanged) { w.changed = append(w.changed, e) }
func (w *watching) Rejected(r Rejection)      { w.rejected = append(w.rejected, r) }

func TestWatcherIsTold(t *testing.T) {
	w := &watching{}
	ItemChanged{Item: "m", State: ItemParked}.perform(w)
	Rejection{Event: "park"}.perform(w)
	if len(w.changed) != 1 || len(w.rejected) != 1 {
		t.Errorf("got %+v", w)
	}
	ItemChanged{}.perform(offerChan(nil)) // no watcher: told nothing
	Rejection{}.perform(offerChan(nil))
}

// TestConvertAddsData has a converted item keep what it carried, and entries that have left unchanged.
func TestConvertAddsData(t *testing.T) {
	s := mustState(t, oneAgent())
	before := s.Step(Enqueue{Item{ID: "i", Queue: "q", Media: Voice, Data: map[string]string{"topic": "bill", "x": "1"}}}, epoch0).Entries[0]
	s.Step(Convert{Item: "i", Media: Callback, Data: map[string]string{"x": "2", "y": "3"}}, epoch0)
	v, _ := s.Item("i")
	if d := v.Item.Data; d["topic"] != "bill" || d["x"] != "2" || d["y"] != "3" {
		t.Errorf("got %v", d)
	}
	if d := before.Spec.Data; len(d) != 2 || d["x"] != "1" {
		t.Errorf("the entry before has changed: %v", d)
	}
	if list := s.OfMedia(Callback); len(list) != 1 || list[0].Item.ID != "i" || len(s.OfMedia(Voice)) != 0 {
		t.Errorf("callbacks: %+v", list)
	}
}
