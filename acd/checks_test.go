package acd

import (
	"slices"

	"tandem/acd/route"
)

// urgent is Q6: no item that the offered agent could have had was more urgent. Steps in which items came back to the list
// or something followed the offer are left out.
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
	if queued > 0 || it == nil || it.agent == nil || len(r.Entries) > 2 || r.Entries[len(r.Entries)-1].Item != offered {
		return
	}
	a := it.agent
	others := a.counts
	others[it.media]--
	u := w.classOf(it).Urgency(w.state.now.Sub(it.since()))
	for _, o := range w.state.items {
		if o.pool == nil || o == it || !w.suits(o, a) || !w.state.able(a, o.media) || !w.state.reaches(a, o.media) ||
			!w.state.fits(a, o.media, a.load-it.cost, &others) {
			continue
		}
		if v := w.classOf(o).Urgency(w.state.now.Sub(o.since())); v > u {
			w.t.Fatalf("Q6: %s (U %g) offered to %s before %s (U %g)", it.spec.ID, u, a.cfg.ID, o.spec.ID, v)
		}
	}
	w.counts["Q6 checked"]++
}

// changes is that every change of an item was told by exactly one ItemChanged, the last one by ItemEnded alone: what the journal
// holds is what watchers hear, each change beginning where the one before ended.
func (w *world) changes(r Result) {
	told := map[string][]ItemChanged{}
	for _, e := range r.Effects {
		if c, ok := e.(ItemChanged); ok && c.Asks == "" {
			told[c.Item] = append(told[c.Item], c)
		}
	}
	for i := range r.Entries {
		e := &r.Entries[i]
		state, ok := parseItemState(e.State)
		switch {
		case e.Item == "" || !ok || state == ItemRefused:
			continue
		case state.Terminal():
			delete(w.told, e.Item)
			continue
		case len(told[e.Item]) == 0:
			w.t.Fatalf("%s is %s, and nobody was told", e.Item, e.State)
		}
		c, before := told[e.Item][0], w.told[e.Item]
		told[e.Item] = told[e.Item][1:]
		left := before.Agent
		if left == c.Agent || e.Reason == ReasonRestart {
			left = ""
		}
		owned := state == ItemOffered || state.assigned()
		if c.State != state || c.Media != e.Media || c.Queue != e.Queue || c.Epoch != e.Epoch || c.Reason != e.Reason ||
			c.Was != before.State || c.Left != left || owned && c.Agent != e.Agent || !owned && c.Agent != "" {
			w.t.Fatalf("after %+v came %+v, told was %+v", before, *e, c)
		}
		w.told[e.Item] = c
		w.counts["told"]++
	}
	for id, more := range told {
		if len(more) > 0 {
			w.t.Fatalf("%s: told without a change: %+v", id, more)
		}
	}
}

// heard is that what was told last of each item is what it is.
func (w *world) heard(it *item) {
	c, agent := w.told[it.spec.ID], ""
	if it.agent != nil {
		agent = it.agent.cfg.ID
	}
	if c.State != it.state || c.Media != it.spec.Media || c.Agent != agent || c.Epoch != it.epoch || c.Queue != it.queue.cfg.Name {
		w.t.Fatalf("%s is %s %s at %q in %s, told was %+v", it.spec.ID, it.state, it.spec.Media, agent, it.queue.cfg.Name, c)
	}
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
	if it.pool.named {
		return slices.Contains(it.named.Agents, a.cfg.ID) && it.queue.mode != QueuePaused && !it.excluded(a)
	}
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
		w.placed(it)
		w.heard(it)
		w.timed(it)
		if it.pool != nil {
			w.conserved(it)
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
	if w.admitted != len(w.ended)+len(s.items) {
		w.t.Fatalf("Q9: %d were admitted, %d have ended, %d are live", w.admitted, len(w.ended), len(s.items))
	}
	for i, t := range s.timers.heap {
		switch {
		case t.place != i+1:
			w.t.Fatalf("Q8: a deadline is misplaced")
		case t.kind == timerLease:
		case s.items[t.item.spec.ID] != t.item:
			w.t.Fatalf("Q8: a deadline of %s outlives it", t.item.spec.ID)
		}
	}
	w.pools()
}

// placed is Q2 and Q4 of an item: it is where its state says.
func (w *world) placed(it *item) {
	if (it.later == it.queue) != (it.state == ItemDormant) {
		w.t.Fatalf("%s is %s, in the list of dormant ones: %t", it.spec.ID, it.state, it.later != nil)
	}
	if (it.pool != nil) != (it.state == ItemQueued) {
		w.t.Fatalf("%s is %s, listed %t", it.spec.ID, it.state, it.pool != nil)
	}
	if held := it.state == ItemOffered || it.state.assigned(); held != (it.agent != nil) {
		w.t.Fatalf("Q4: %s is %s with agent %v", it.spec.ID, it.state, it.agent)
	}
	if it.recovered && it.state != ItemQueued && it.state != ItemOffered && it.state != ItemConnecting {
		w.t.Fatalf("%s is %s and recovered", it.spec.ID, it.state)
	}
	if it.recovered {
		w.counts["recovered"]++
	}
}

// timed is Q8: the deadlines of an item are those that its state asks for.
func (w *world) timed(it *item) {
	rule := w.state.rules[it.media]
	queued, dormant, active := it.state == ItemQueued, it.state == ItemDormant, it.state == ItemActive
	for _, x := range []struct {
		name        string
		t           *timer
		must, never bool
	}{
		{"work", &it.work, it.state == ItemOffered || it.state == ItemConnecting || it.state == ItemWaking ||
			it.state == ItemWrapUp, queued || dormant || active || it.state == ItemParked},
		{"until", &it.until, (queued || dormant) && !it.spec.Until.IsZero(), !queued && !dormant},
		{"from", &it.begin, dormant && !it.spec.Aside, !dormant || it.spec.Aside},
		{"alone", &it.alone, queued && it.pool.named, !queued || !it.pool.named},
		{"reply", &it.reply, active && it.owes == theAgent && rule.Reply > 0, !active},
		{"grace", &it.grace, active && rule.Device == Desk && !it.agent.desk, !it.state.works()},
		{"relax", &it.relax, false, !queued || it.pool.named},
		{"wait", &it.wait, false, !queued},
	} {
		if armed := x.t.place != 0; x.must && !armed || x.never && armed {
			w.t.Fatalf("Q8: %s is %s, deadline %s armed %t", it.spec.ID, it.state, x.name, armed)
		}
	}
}

// conserved is Q5: no agent could take an item that waits.
func (w *world) conserved(it *item) {
	for _, a := range w.state.agents {
		if w.suits(it, a) && w.state.takes(a, it.media) {
			w.t.Fatalf("Q5: %s waits in %q while %s is free", it.spec.ID, it.pool.sig, a.cfg.ID)
		}
	}
}

// pools checks what the pools count, and that named ones are worth waiting in and forgotten when empty.
func (w *world) pools() {
	for _, q := range w.state.queues {
		named := 0
		for i, p := range q.list {
			waiting := 0
			for _, c := range p.classes {
				waiting += c.items.len()
			}
			if p.at != i || p.waiting != waiting || q.pools[poolKey{p.media, p.sig}] != p || p.dead {
				w.t.Fatalf("pool %q of %s: place %d of %d, %d waiting of %d", p.sig, q.cfg.Name, p.at, i, p.waiting, waiting)
			}
			if !p.named {
				continue
			}
			named++
			able := 0
			for a := range p.agents(w.state) {
				if w.state.able(a, p.media) {
					able++
				}
			}
			if able != p.able || able == 0 || waiting == 0 {
				w.t.Fatalf("pool %q: %d able, counted %d, %d waiting", p.sig, able, p.able, waiting)
			}
			w.counts["named"]++
		}
		if q.later.len() != q.count[ItemDormant] {
			w.t.Fatalf("%s: %d dormant, %d listed", q.cfg.Name, q.count[ItemDormant], q.later.len())
		}
		if named != q.named {
			w.t.Fatalf("%s: %d named pools, counted %d", q.cfg.Name, named, q.named)
		}
	}
}

// loads is Q2, Q3 and Q4: what agents carry is what their items cost, within their budgets but for threads that woke.
func (w *world) loads() {
	owner := map[string]string{}
	for _, a := range w.state.agents {
		load, excess, threads, counts, idle := 0, 0, 0, [mediaCount]int{}, [mediaCount]int{}
		for _, it := range a.items {
			if owner[it.spec.ID] != "" {
				w.t.Fatalf("Q2: %s and %s hold %s", owner[it.spec.ID], a.cfg.ID, it.spec.ID)
			}
			owner[it.spec.ID] = a.cfg.ID
			load += it.cost
			counts[it.media]++
			if it.state.aside() {
				idle[it.media]++
				threads++
			}
			if w.woken[it.spec.ID] {
				excess += max(it.cost-w.state.rules[it.media].Parked, 0)
			}
			if it.agent != a || w.state.items[it.spec.ID] != it {
				w.t.Fatalf("Q4: %s holds %s, which is not with it", a.cfg.ID, it.spec.ID)
			}
		}
		if load != a.load || counts != a.counts || idle != a.idle || threads != a.threads || load-excess > a.cfg.Budget {
			w.t.Fatalf("Q3: %s: load %d counts %v idle %v, items make %d %v %v, %d of it woken", a.cfg.ID, a.load, a.counts, a.idle,
				load, counts, idle, excess)
		}
		if load > a.cfg.Budget {
			w.counts["over budget"]++
		}
		for _, st := range a.seats {
			if st.in != w.state.takes(a, st.pool.media) || st.pool.dead {
				w.t.Fatalf("%s: seat in %q is %t", a.cfg.ID, st.pool.sig, st.in)
			}
		}
	}
}

// folded is Q10: the fold of the journal is the state, and a twin that steps the same inputs gets there too.
func (w *world) folded() {
	want := w.state.Image()
	got, err := Fold(w.image, w.journal)
	if err != nil || got.Hash() != want.Hash() {
		w.t.Fatalf("Q10: fold of %d entries: %v\n got %+v\nwant %+v", len(w.journal), err, got, want)
	}
	w.image, w.journal = &got, nil
	for _, in := range w.inputs {
		w.base.Step(in.ev, in.now)
	}
	w.inputs = w.inputs[:0]
	if w.base.Image().Hash() != want.Hash() {
		w.t.Fatal("Q10: replay differs")
	}
}
