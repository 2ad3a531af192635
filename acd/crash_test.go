package acd

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestCrashAnywhere restores from the journal as it was after any entry, with some legs gone: whatever was decided last, nothing
// is lost, nothing is left with an agent but parked threads, and a second restart at once changes no state.
func TestCrashAnywhere(t *testing.T) {
	for seed := range uint64(6) {
		w := newWorld(t, 100+seed)
		for range 1500 {
			w.happen()
		}
		for range 150 {
			cut := 1 + w.rnd.IntN(len(w.all))
			w.crash(w.all[:cut])
		}
	}
}

// crash restores a state from a journal and looks at it.
func (w *world) crash(journal []Entry) {
	before, err := Fold(nil, journal)
	if err != nil {
		w.t.Fatal(err)
	}
	alive := map[string]bool{}
	for _, x := range before.Items {
		alive[x.Item.ID] = w.rnd.IntN(2) == 0
	}
	s := w.fresh()
	now := journal[len(journal)-1].At.Add(time.Second)
	r := s.Step(Restore{Entries: journal, Alive: alive}, now)
	if len(r.Rejected) > 0 {
		w.t.Fatalf("restore: %+v", r.Rejected)
	}
	after := s.Image()
	for _, x := range before.Items {
		at, live := slices.BinarySearchFunc(after.Items, x.Item.ID, func(i ItemImage, id string) int { return strings.Compare(i.Item.ID, id) })
		ended := slices.ContainsFunc(r.Effects, func(e Effect) bool { end, ok := e.(ItemEnded); return ok && end.Item == x.Item.ID })
		if live == ended {
			w.t.Fatalf("%s was %s: live %t, ended %t", x.Item.ID, x.State, live, ended)
		}
		if live && !after.Items[at].Item.T0.Equal(x.Item.T0) {
			w.t.Fatalf("%s: first arrival %v, was %v", x.Item.ID, after.Items[at].Item.T0, x.Item.T0)
		}
		if live && (after.Items[at].State == ItemParked) != (x.State == ItemParked) && after.Items[at].Agent == x.Agent {
			w.t.Fatalf("%s was %s, is %s", x.Item.ID, x.State, after.Items[at].State)
		}
	}
	whole := append(slices.Clone(journal), r.Entries...)
	if folded, err := Fold(nil, whole); err != nil || folded.Hash() != after.Hash() {
		w.t.Fatalf("fold after the restart differs: %v", err)
	}
	twin := &world{t: w.t, rnd: w.rnd, cfg: w.cfg, state: s, now: now, counts: map[string]int{}, woken: map[string]bool{},
		told: map[string]ItemChanged{}, admitted: len(after.Items)}
	for _, e := range r.Effects {
		if c, ok := e.(ItemChanged); ok {
			twin.told[c.Item] = c
		}
	}
	twin.deep()
}

// TestEveryEventInEveryState brings an item into each state and lets each event happen to it: the golden file shows what follows.
func TestEveryEventInEveryState(t *testing.T) {
	var out bytes.Buffer
	for _, from := range []ItemState{ItemDormant, ItemQueued, ItemOffered, ItemConnecting, ItemActive, ItemParked, ItemWaking,
		ItemWrapUp} {
		fmt.Fprintf(&out, "%s\n", from)
		for _, ev := range itemEvents() {
			s, now := stateWith(t, from)
			r := s.Step(ev, now)
			fmt.Fprintf(&out, "  %-16s %s\n", strings.TrimPrefix(fmt.Sprintf("%T", ev), "acd."), followed(s, r))
		}
	}
	golden(t, "matrix.txt", out.Bytes())
}

// itemEvents are the events about the item "i" of stateWith.
func itemEvents() []Event {
	later := epoch0.Add(time.Hour)
	return []Event{Enqueue{Item{ID: "i", Queue: "q", Media: Message}}, Leave{"i"}, Accept{OfferID{"i", 1}, "anna"},
		Decline{OfferID{"i", 1}, "anna", ReasonReject}, MediaUp{"i", 1}, End{"i", "agent"}, Transfer{Item: "i", Queue: "p", Keep: true},
		Convert{Item: "i", Media: Callback, From: later}, Unreached{Item: "i", Reason: "busy"}, Postpone{"i", later, "hours"},
		Park{Item: "i"}, CustomerSpoke{"i"}, AgentSpoke{"i"}, Switch{Item: "i", Media: Task}, AgentLost{Item: "i"}, Cancel{Item: "i"},
		WrapUpDone{Item: "i", Disposition: "ok"}, WrapUpExtend{"i", "anna"}, SignOut{"anna", "home"}, SetState{"anna", false, "break"},
		Lease{"anna", false}, DeviceUsable{"anna", Desk, false}, SetQueue{"q", QueuePaused}, Configure{matrixConfig("q", "p")},
		Configure{matrixConfig("p")}}
}

func matrixConfig(queues ...string) Config {
	cfg := Config{Agents: []AgentConfig{{ID: "anna"}, {ID: "bert"}}}
	for _, name := range queues {
		cfg.Queues = append(cfg.Queues, QueueConfig{Name: name, JoinWhen: JoinAlways, WrapUp: time.Minute, WrapUpExtend: time.Minute,
			Agents: []string{"anna"}})
	}
	return cfg
}

// stateWith is a state whose message "i" is in the state, with anna where somebody has it.
func stateWith(t *testing.T, want ItemState) (*State, time.Time) {
	t.Helper()
	s := mustState(t, matrixConfig("q", "p"))
	it := Item{ID: "i", Queue: "q", Media: Message, Record: "r"}
	if want == ItemDormant {
		it.From = epoch0.Add(time.Minute)
	}
	events := []Event{Enqueue{it}}
	if want != ItemQueued && want != ItemDormant {
		events = append(events, SignIn{"anna", true})
	}
	switch want {
	case ItemConnecting:
		events = append(events, Accept{OfferID{"i", 1}, "anna"})
	case ItemActive, ItemParked, ItemWaking, ItemWrapUp:
		events = append(events, Accept{OfferID{"i", 1}, "anna"}, MediaUp{"i", 1})
	}
	switch want {
	case ItemParked:
		events = append(events, Park{Item: "i"})
	case ItemWaking:
		events = append(events, Park{Item: "i"}, SetState{"anna", false, "lunch"}, CustomerSpoke{"i"})
	case ItemWrapUp:
		events = append(events, End{"i", "customer"})
	}
	now := play(t, s, epoch0, events...)
	if v, ok := s.Item("i"); !ok || v.State != want {
		t.Fatalf("got %+v, want %s", v, want)
	}
	return s, now.Add(time.Second)
}

// followed says in a line what a step has done.
func followed(s *State, r Result) string {
	var parts []string
	for _, x := range r.Rejected {
		parts = append(parts, "REJECT "+x.Reason)
	}
	for _, e := range r.Entries {
		parts = append(parts, string(e.Kind)+":"+e.State)
	}
	for _, e := range r.Effects {
		switch e.(type) {
		case AgentChanged, Announce:
		default:
			parts = append(parts, strings.TrimPrefix(fmt.Sprintf("%T", e), "acd."))
		}
	}
	if v, ok := s.Item("i"); ok {
		parts = append(parts, "→ "+v.State.String()+" "+v.Agent)
	} else {
		parts = append(parts, "→ gone")
	}
	return strings.TrimSpace(strings.Join(parts, ", "))
}

// TestTooManyLists has more different sticky lists than a queue may have needs: the rest wait like everybody.
func TestTooManyLists(t *testing.T) {
	cfg := Config{Queues: []QueueConfig{{Name: "q", JoinWhen: JoinAlways}}, Limits: Limits{Needs: 1}}
	for i := range 20 {
		cfg.Agents = append(cfg.Agents, AgentConfig{ID: fmt.Sprintf("a%02d", i)})
	}
	s := mustState(t, cfg)
	for _, a := range cfg.Agents {
		s.Step(SignIn{a.ID, true}, epoch0)
		s.Step(DeviceUsable{a.ID, Phone, true}, epoch0)
		s.Step(Elsewhere{a.ID, Voice, 1}, epoch0) // busy, but wanted
	}
	named := 0
	for i := range 19 {
		id := fmt.Sprintf("i%02d", i)
		s.Step(Enqueue{Item{ID: id, Queue: "q", Media: Voice, Sticky: []Sticky{{Agent: fmt.Sprintf("a%02d", i)}, {Agent: "a19"}}}}, epoch0)
		if v, _ := s.Item(id); v.Named != nil {
			named++
		}
	}
	if named != mediaCount {
		t.Errorf("%d lists are kept, want %d", named, mediaCount)
	}
	s.Step(Enqueue{Item{ID: "one", Queue: "q", Media: Voice, Sticky: []Sticky{{Agent: "a05"}}}}, epoch0)
	if v, _ := s.Item("one"); v.Named == nil {
		t.Error("a list of one is always kept")
	}
	s.Step(Tick{}, epoch0.Add(time.Minute))
	if q := s.queues["q"]; q.named != 0 || len(q.list) != 1 {
		t.Errorf("%d named pools of %d are left", q.named, len(q.list))
	}
}

// watchingRecorder is a recorder that is told of changes and rejections too.
type watchingRecorder struct{ recorder }

func (r *watchingRecorder) ItemChanged(e ItemChanged) { r.note(e) }
func (r *watchingRecorder) Rejected(e Rejection)      { r.note(e) }

func TestDispatcherTellsWatchers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec := &watchingRecorder{}
		b := start(t, Options{Journal: journalFunc(slow), Connector: rec})
		defer b.end()
		b.post(ready("anna")...)
		b.post(Enqueue{Item{ID: "m", Queue: "billing", Media: Message}})
		time.Sleep(3 * time.Second)
		b.post(Accept{OfferID{"m", 1}, "anna"}, MediaUp{"m", 1}, Park{Item: "m"}, Park{Item: "m"})
		synctest.Wait()
		if rec.has("parked") {
			t.Error("told before it was durable")
		}
		time.Sleep(3 * time.Second)
		if !rec.has("Changed m/1: parked message anna") || !rec.has("item is parked") {
			t.Errorf("got %q", rec.take())
		}
	})
}
