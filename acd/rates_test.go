package acd

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"tandem/acd/route"
)

func TestWindowForgets(t *testing.T) {
	var w window
	for i := range 10 {
		w.handled(epoch0.Add(time.Duration(i)*time.Minute), time.Minute)
	}
	w.waited(epoch0, 20*time.Second, true)
	if s := w.sum(epoch0.Add(9 * time.Minute)); s.done != 10 || s.handle != 10*time.Minute || s.abandoned != 1 || s.wait != 20*time.Second {
		t.Errorf("got %+v", s)
	}
	if s := w.sum(epoch0.Add(34 * time.Minute)); s.done != 5 || s.abandoned != 0 {
		t.Errorf("after 34 min: %+v", s)
	}
	if s := w.sum(epoch0.Add(2 * time.Hour)); s.done != 0 {
		t.Errorf("after 2 h: %+v", s)
	}
}

func TestWindowClipsOutliers(t *testing.T) {
	var w window
	for range 5 {
		w.handled(epoch0, time.Minute)
	}
	w.handled(epoch0, 10*time.Hour)
	if s := w.sum(epoch0); s.handle != 9*time.Minute {
		t.Errorf("got %v, want 5 and 4 minutes", s.handle)
	}
}

func TestShiftForgets(t *testing.T) {
	var w shift
	w.add(epoch0, time.Minute)
	w.add(epoch0.Add(7*time.Hour), time.Minute)
	if n, talk := w.sum(epoch0.Add(7 * time.Hour)); n != 2 || talk != 2*time.Minute {
		t.Errorf("got %d, %v", n, talk)
	}
	if n, _ := w.sum(epoch0.Add(8 * time.Hour)); n != 1 {
		t.Errorf("after 8 h: %d", n)
	}
	w.add(epoch0.Add(8*time.Hour), time.Minute)
	if n, _ := w.sum(epoch0.Add(8 * time.Hour)); n != 2 {
		t.Errorf("bin taken over: %d", n)
	}
}

// TestAnnouncementsNeverGrow overtakes a waiting item with urgent ones: it hears nothing worse than before.
func TestAnnouncementsNeverGrow(t *testing.T) {
	cfg := smallConfig()
	cfg.Queues[0].AnnounceEvery = 10 * time.Second
	s, _ := NewState(cfg)
	now := epoch0
	last := map[string]int{}
	told := 0
	hear := func(r Result) {
		for _, e := range r.Effects {
			if a, ok := e.(Announce); ok {
				if was := last[a.Item]; was > 0 && a.Position > was {
					t.Fatalf("%s hears %d after %d", a.Item, a.Position, was)
				}
				last[a.Item] = a.Position
				told++
			}
		}
	}
	for i := range 200 {
		now = now.Add(time.Second)
		hear(s.Step(Enqueue{Item{ID: fmt.Sprint("i", i), Queue: "billing", Media: Voice, Weight: float64(1 + i%4)}}, now))
		if i%5 == 4 {
			hear(s.Step(Leave{fmt.Sprint("i", i-4)}, now))
		}
	}
	if told < 300 {
		t.Errorf("%d announcements", told)
	}
}

// TestPositionAgainstSort compares every item's place with a plain sort by urgency.
func TestPositionAgainstSort(t *testing.T) {
	s, _ := NewState(smallConfig())
	now := epoch0
	for i := range 300 {
		now = now.Add(time.Duration(i%7) * 300 * time.Millisecond)
		media := []Media{Voice, Callback, Chat}[i%3]
		s.Step(Enqueue{Item{ID: fmt.Sprint("i", i), Queue: "billing", Media: media, Weight: float64(1 + i%4),
			Credit: time.Duration(i%2) * 5 * time.Second}}, now)
	}
	for _, it := range s.items {
		u := it.class.Urgency(s.now.Sub(it.t0))
		least, most := 0, 0
		for _, o := range s.items {
			v := o.class.Urgency(s.now.Sub(o.t0))
			if v > u*(1+1e-9) {
				least++
			}
			if v >= u*(1-1e-9) {
				most++
			}
		}
		if got := s.ahead(it); got < least || got > most {
			t.Fatalf("%s: %d ahead, want %d to %d", it.spec.ID, got, least, most)
		}
	}
}

// TestEstimateIsHonest serves a queue with one agent at a minute each: unknown first, then about a minute per place.
func TestEstimateIsHonest(t *testing.T) {
	s, _ := NewState(smallConfig())
	now := epoch0
	s.Step(DeviceUsable{"anna", Phone, true}, now)
	s.Step(SignIn{"anna", true}, now)
	for i := range 10 {
		s.Step(call(fmt.Sprint("i", i)), now)
	}
	for i := range 6 {
		id := fmt.Sprint("i", i)
		if v, _ := s.Item("i9"); v.Estimate.Known != (i >= 5) {
			t.Fatalf("after %d: %+v", i, v.Estimate)
		}
		s.Step(Accept{OfferID{id, 1}, "anna"}, now)
		s.Step(MediaUp{id, 1}, now)
		now = now.Add(time.Minute)
		s.Step(End{id, "customer"}, now)
	}
	v, _ := s.Item("i9")
	if v.Position != 3 {
		t.Fatalf("place %d", v.Position)
	}
	if e := v.Estimate; e.P50 < 2*time.Minute || e.P50 > 3*time.Minute || e.P80 < 4*time.Minute || e.P80 > 5*time.Minute {
		t.Errorf("got %v to %v for three places of a minute", e.P50, e.P80)
	}
}

// TestStrategies has three free agents and tells whom each strategy offers the first three items.
func TestStrategies(t *testing.T) {
	want := map[route.Strategy]string{
		route.LongestIdle: "a b c", route.RoundRobin: "a b c", route.Fewest: "a b c", route.LeastTalk: "a b c",
		route.LeastLoaded: "a b c", route.BestSkill: "c b a", route.Tiered: "b a c", route.Linear: "c a b",
	}
	for strategy, order := range want {
		if got := offered(t, strategy); got != order {
			t.Errorf("%s: got %s, want %s", strategy, got, order)
		}
	}
	if got := offered(t, route.Random); got != offered(t, route.Random) {
		t.Errorf("random is not repeatable: %s", got)
	}
}

func offered(t *testing.T, strategy route.Strategy) string {
	t.Helper()
	cfg := Config{Queues: []QueueConfig{{Name: "q", Strategy: strategy, Agents: []string{"c", "a", "b"}, Need: route.Need{"x": 1},
		Tiers: map[string]int{"a": 2, "b": 1, "c": 3}}}}
	for i, id := range []string{"a", "b", "c"} {
		cfg.Agents = append(cfg.Agents, AgentConfig{ID: id, Skills: route.Skills{"x": 10 * (i + 1)}})
	}
	s, faults := NewState(cfg)
	if faults != nil {
		t.Fatal(faults)
	}
	now := epoch0
	for _, id := range []string{"a", "b", "c"} {
		s.Step(DeviceUsable{id, Phone, true}, now)
		s.Step(SignIn{id, true}, now)
		now = now.Add(time.Second)
	}
	order := ""
	for i := range 3 {
		for _, e := range s.Step(Enqueue{Item{ID: fmt.Sprint("i", i), Queue: "q", Media: Voice}}, now).Effects {
			if o, ok := e.(Offer); ok {
				order += " " + o.Agent
			}
		}
	}
	return order[1:]
}

// TestItemsAgainstSort compares the reader, which looks at heads only, with a plain sort of everything.
func TestItemsAgainstSort(t *testing.T) {
	cfg := smallConfig()
	cfg.Queues = append(cfg.Queues, QueueConfig{Name: "sales", Agents: []string{"bert"}, JoinWhen: JoinAlways})
	s := atWork(t, cfg, "anna", "bert")
	now := epoch0
	for i := range 200 {
		now = now.Add(time.Duration(i%3) * 700 * time.Millisecond)
		it := Item{ID: fmt.Sprintf("i%03d", (i*37)%200), Queue: []string{"billing", "sales"}[i%2], Media: []Media{Voice, Callback}[i%2],
			Weight: float64(1 + i%4)}
		s.Step(Enqueue{it}, now)
	}
	for _, queue := range []string{"", "billing", "sales", "none"} {
		var want []*item
		for _, it := range s.items {
			if queue == "" || it.queue.cfg.Name == queue {
				want = append(want, it)
			}
		}
		slices.SortFunc(want, func(a, b *item) int { return cmp.Or(a.t0.Compare(b.t0), cmp.Compare(a.spec.ID, b.spec.ID)) })
		for _, limit := range []int{-1, 0, 7, 1000} {
			got := s.Items(queue, limit)
			if n := min(len(want), max(limit, 0)); len(got) != n {
				t.Fatalf("%q, at most %d: got %d items, want %d", queue, limit, len(got), n)
			}
			for i, v := range got {
				if v.Item.ID != want[i].spec.ID {
					t.Fatalf("%q, at most %d: place %d is %s, want %s", queue, limit, i, v.Item.ID, want[i].spec.ID)
				}
			}
		}
	}
	for _, v := range s.Queues(now) {
		longest := time.Duration(0)
		for _, it := range s.items {
			if it.pool != nil && it.queue.cfg.Name == v.Name {
				longest = max(longest, now.Sub(it.t0))
			}
		}
		if v.Oldest != longest {
			t.Errorf("%s: oldest %v, want %v", v.Name, v.Oldest, longest)
		}
	}
}
