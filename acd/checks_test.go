package acd

import "tandem/acd/route"

// urgent is Q6: no item that the offered agent could have had was more urgent. Steps in which items came back to the list
// are left out: they may have come after the offer.
func (w *world) urgent(r Result) {
	queued, offered := 0, ""
	for _, e := range r.Entries {
		switch e.State {
		case "queued":
			queued++
		case "offered":
			offered = e.Item
		}
	}
	it := w.state.items[offered]
	if queued > 0 || it == nil || it.agent == nil || len(r.Entries) > 2 {
		return
	}
	u := w.classOf(it).Urgency(w.now.Sub(it.t0))
	for _, o := range w.state.items {
		if o.pool == nil || o.media != it.media || !w.suits(o, it.agent) {
			continue
		}
		if v := w.classOf(o).Urgency(w.now.Sub(o.t0)); v > u {
			w.t.Fatalf("Q6: %s (U %g) offered to %s before %s (U %g)", it.spec.ID, u, it.agent.cfg.ID, o.spec.ID, v)
		}
	}
	w.counts["Q6 checked"]++
}

// classOf computes an item's class from the configuration, not from where it is listed.
func (w *world) classOf(it *item) route.Class {
	weight := it.spec.Weight
	if weight == 0 {
		weight = 1
	}
	return route.NewClass(it.queue.cfg.Weight*weight, it.queue.cfg.Target, it.spec.Credit)
}

// suits tells from the configuration whether an agent may have an item as far as queue, need and cool-offs go.
func (w *world) suits(it *item, a *agent) bool {
	member := false
	for _, name := range a.cfg.Queues {
		member = member || name == it.queue.cfg.Name
	}
	step, _ := it.steps().At(w.now.Sub(it.t0))
	return member && !it.queue.removed && it.queue.mode != QueuePaused && a.cfg.Skills.Covers(it.steps().Need(step)) &&
		!it.excluded(a)
}

// deep checks the whole state by brute force.
func (w *world) deep() {
	s := w.state
	w.loads()
	counts := map[*queue][itemStates]int{}
	for _, it := range s.items {
		c := counts[it.queue]
		c[it.state]++
		counts[it.queue] = c
		if (it.pool != nil) != (it.state == ItemQueued) {
			w.t.Fatalf("%s is %s, listed %t", it.spec.ID, it.state, it.pool != nil)
		}
		if held := it.state == ItemOffered || it.state.assigned(); held != (it.agent != nil) {
			w.t.Fatalf("Q4: %s is %s with agent %v", it.spec.ID, it.state, it.agent)
		}
		if (it.state == ItemOffered || it.state == ItemConnecting || it.state == ItemWrapUp) && it.work.place == 0 {
			w.t.Fatalf("Q8: %s is %s without a deadline", it.spec.ID, it.state)
		}
		if it.pool == nil {
			continue
		}
		for _, a := range s.agents {
			if w.suits(it, a) && s.takes(a, it.media) {
				w.t.Fatalf("Q5: %s waits while %s is free", it.spec.ID, a.cfg.ID)
			}
		}
		if want, ok := w.t0[it.spec.ID]; ok && !want.Equal(it.t0) {
			w.t.Fatalf("Q7: %s: t0 moved from %v to %v", it.spec.ID, want, it.t0)
		}
	}
	for _, q := range s.queues {
		if q.count != counts[q] {
			w.t.Fatalf("Q9: %s counts %v, has %v", q.cfg.Name, q.count, counts[q])
		}
	}
	for i, t := range s.timers.heap {
		if t.place != i+1 || s.items[t.item.spec.ID] != t.item {
			w.t.Fatalf("Q8: a deadline of %s outlives it", t.item.spec.ID)
		}
	}
}

// loads is Q2, Q3 and Q4: what agents carry is what their items cost, within their budgets.
func (w *world) loads() {
	for _, a := range w.state.agents {
		load, counts := 0, [mediaCount]int{}
		for _, it := range a.items {
			load += it.cost
			counts[it.media]++
			if it.agent != a || w.state.items[it.spec.ID] != it {
				w.t.Fatalf("Q4: %s holds %s, which is not with it", a.cfg.ID, it.spec.ID)
			}
		}
		if load != a.load || counts != a.counts || a.load > a.cfg.Budget {
			w.t.Fatalf("Q3: %s: load %d counts %v, items make %d %v", a.cfg.ID, a.load, a.counts, load, counts)
		}
		for _, st := range a.seats {
			if st.in != w.state.takes(a, st.pool.media) {
				w.t.Fatalf("%s: seat in %q is %t", a.cfg.ID, st.pool.sig, st.in)
			}
		}
	}
}

// folded is Q10: the fold of the journal is the state, and a twin that steps the same inputs gets there too.
func (w *world) folded() {
	want := w.state.Image()
	got, err := Fold(nil, w.journal)
	if err != nil || got.Hash() != want.Hash() {
		w.t.Fatalf("Q10: fold of %d entries: %v\n got %+v\nwant %+v", len(w.journal), err, got, want)
	}
	for _, in := range w.inputs {
		w.base.Step(in.ev, in.now)
	}
	w.inputs = w.inputs[:0]
	if w.base.Image().Hash() != want.Hash() {
		w.t.Fatal("Q10: replay differs")
	}
}
