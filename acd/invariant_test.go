package acd

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"tandem/acd/route"
	"tandem/store/journey"
)

// world is a random run: the state, what is known about it from outside, and the journal so far.
type world struct {
	t       *testing.T
	rnd     *rand.Rand
	cfg     Config
	state   *State
	now     time.Time
	journal []Entry // since the image
	image   *Image
	all     []Entry
	inputs  []input // since the last comparison
	base    *State  // twin that replays them

	next   int
	ended  map[string]ItemState
	t0     map[string]time.Time
	epochs map[string]uint64
	offers []OfferID
	counts map[string]int

	told     map[string]ItemChanged // by item: the last change that watchers were told of
	admitted int
	woken    map[string]bool // threads that may be beyond their agent's budget
}

type input struct {
	ev  Event
	now time.Time
}

func randomConfig(rnd *rand.Rand) Config {
	var cfg Config
	strategies := route.Strategies()
	for i := range 6 {
		q := QueueConfig{Name: fmt.Sprintf("q%d", i), Strategy: strategies[rnd.IntN(len(strategies))],
			Weight: float64(1 + rnd.IntN(3)), WrapUp: time.Duration(rnd.IntN(3)) * 10 * time.Second, MaxWaiting: 40 * rnd.IntN(3),
			MaxWait: time.Duration(rnd.IntN(2)) * 4 * time.Minute, AnnounceEvery: time.Duration(rnd.IntN(2)) * 20 * time.Second,
			WrapUpExtend: 10 * time.Second, Sticky: time.Duration(5+rnd.IntN(20)) * time.Second}
		if rnd.IntN(3) == 0 && i < 5 {
			q.Overflow = []Overflow{{After: 10 * time.Second, Offer: OfferCallback, Media: []Media{Voice}},
				{After: 30 * time.Second, To: fmt.Sprintf("q%d", i+1)}}
		}
		if rnd.IntN(2) == 0 {
			q.JoinWhen = JoinAlways
		}
		if rnd.IntN(2) == 0 {
			q.Relax = route.Steps{{Need: route.Need{"x": 50, "y": 20}}, {After: 15 * time.Second, Need: route.Need{"x": 30}},
				{After: 40 * time.Second}}
		}
		cfg.Queues = append(cfg.Queues, q)
	}
	for i := range 25 {
		a := AgentConfig{ID: fmt.Sprintf("a%02d", i), Skills: route.Skills{"x": rnd.IntN(101)}}
		if rnd.IntN(2) == 0 {
			a.Skills["y"] = rnd.IntN(101)
		}
		for j := range 6 {
			if rnd.IntN(3) == 0 {
				a.Queues = append(a.Queues, fmt.Sprintf("q%d", j))
			}
		}
		if rnd.IntN(4) == 0 {
			a.Caps = map[Media]int{Chat: rnd.IntN(3), Voice: rnd.IntN(2)}
		}
		if rnd.IntN(4) == 0 {
			a.Budget = 100 + 30*rnd.IntN(5)
		}
		cfg.Agents = append(cfg.Agents, a)
	}
	if rnd.IntN(2) == 0 {
		cfg.Media = map[Media]MediaRule{Voice: {Over: []Media{Voice, Chat, Message, Task, Email}},
			Chat:    {Over: []Media{Voice, Chat, Message, Email}, Parked: 10, ParkAfter: time.Minute, Reply: 40 * time.Second},
			Message: {Reply: time.Minute, ParkAfter: 20 * time.Second, Grace: 20 * time.Second}}
	}
	return cfg
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, rnd: rand.New(rand.NewPCG(seed, 17)), now: epoch0, ended: map[string]ItemState{},
		t0: map[string]time.Time{}, epochs: map[string]uint64{}, counts: map[string]int{}, woken: map[string]bool{},
		told: map[string]ItemChanged{}}
	w.cfg = randomConfig(w.rnd)
	w.state, w.base = w.fresh(), w.fresh()
	for _, a := range w.cfg.Agents {
		w.step(DeviceUsable{a.ID, Phone, true})
		w.step(SignIn{a.ID, true})
	}
	return w
}

func (w *world) fresh() *State {
	s, faults := NewState(w.cfg)
	if faults != nil {
		w.t.Fatal(faults)
	}
	return s
}

// step applies an event and checks what can be seen in its result.
func (w *world) step(ev Event) Result {
	w.inputs = append(w.inputs, input{ev, w.now})
	r := w.state.Step(ev, w.now)
	w.journal = append(w.journal, r.Entries...)
	w.all = append(w.all, r.Entries...)
	w.entries(r.Entries)
	w.changes(r)
	for _, e := range r.Effects {
		switch e := e.(type) {
		case ItemEnded:
			if was, twice := w.ended[e.Item]; twice {
				w.t.Fatalf("Q1: %s ended as %s and as %s", e.Item, was, e.Outcome)
			}
			if !e.Outcome.Terminal() || e.Outcome == ItemRefused {
				w.t.Fatalf("Q1: %s ended as %s", e.Item, e.Outcome)
			}
			w.ended[e.Item] = e.Outcome
			w.counts[e.Outcome.String()]++
		case Refused:
			w.counts["refused"]++
		case Offer:
			if e.ID.Epoch <= w.epochs[e.ID.Item] {
				w.t.Fatalf("Q2: %v offered after epoch %d", e.ID, w.epochs[e.ID.Item])
			}
			w.epochs[e.ID.Item] = e.ID.Epoch
			w.offers = append(w.offers, e.ID)
			w.counts["offers"]++
		}
	}
	switch ev.(type) {
	case DeviceUsable, Lease, Elsewhere: // what a deadline offered before it, in the same step, was right then
	default:
		w.urgent(r)
	}
	return r
}

// entries notes what the journal tells.
func (w *world) entries(list []Entry) {
	for i := range list {
		e := &list[i]
		switch {
		case e.Item == "":
		case e.Kind == journey.Enqueued:
			w.admitted++
		case e.Kind == journey.Woken && e.State == ItemActive.String():
			w.woken[e.Item] = true
		case e.State != ItemActive.String() && e.State != ItemWrapUp.String() || e.Kind == journey.Escalated:
			delete(w.woken, e.Item)
		}
		if e.Item != "" {
			w.counts["to "+e.State]++
		}
	}
}

// restart loses the state and some legs, and goes on from the journal.
func (w *world) restart() {
	w.folded()
	alive := map[string]bool{}
	for _, id := range sortedKeys(w.state.items) {
		alive[id] = w.rnd.IntN(3) > 0
	}
	w.state, w.base = w.fresh(), w.fresh()
	if w.rnd.IntN(4) == 0 {
		w.step(Restore{Entries: w.all, Alive: alive})
	} else {
		w.step(Restore{Image: w.image, Entries: w.journal, Alive: alive})
	}
	for id, it := range w.state.items {
		switch {
		case it.state == ItemQueued || it.state == ItemDormant || it.state == ItemParked:
		case it.state != ItemOffered || w.epochs[id] != it.epoch:
			w.t.Fatalf("restart leaves %s %s", id, it.state)
		}
	}
	for _, a := range w.cfg.Agents {
		w.step(DeviceUsable{a.ID, Phone, true})
		if w.rnd.IntN(8) > 0 { // a page comes back at once, later or never
			w.now = w.now.Add(time.Duration(w.rnd.IntN(w.rnd.IntN(2500)+1)) * time.Millisecond)
			w.step(Lease{a.ID, true})
		}
	}
}

// end cancels everything: no deadline, load or item may be left.
func (w *world) end() {
	for _, id := range sortedKeys(w.state.items) {
		w.step(Cancel{Item: id})
	}
	w.deep()
	for _, t := range w.state.timers.heap {
		if t.kind != timerLease {
			w.t.Fatalf("Q8: a deadline is left: %+v", t)
		}
	}
	whole, err := Fold(nil, w.all)
	if err != nil || whole.Hash() != w.state.Image().Hash() {
		w.t.Fatalf("Q10: fold of all %d entries differs: %v", len(w.all), err)
	}
	for _, a := range w.state.agents {
		if a.load != 0 || len(a.items) != 0 || a.threads != 0 {
			w.t.Fatalf("Q4: %s still carries %d", a.cfg.ID, a.load)
		}
	}
}

var long = flag.Bool("long", false, "ten times as many random events")

// TestInvariants runs 10⁶ random events over all media (10⁷ with -long), or as many as TANDEM_ACD_EVENTS says, and checks Q1 to
// Q10, and that each change is told once.
func TestInvariants(t *testing.T) {
	total := 1_000_000
	if *long {
		total *= 10
	}
	if text := os.Getenv("TANDEM_ACD_EVENTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		total = n
	}
	if testing.Short() {
		total = min(total, 100_000)
	}
	const worlds = 20
	counts := map[string]int{}
	for seed := range uint64(worlds) {
		w := newWorld(t, seed)
		for i := range total / worlds {
			w.happen()
			if i%50 == 0 {
				w.deep()
			}
			if i%2500 == 2499 {
				w.folded()
			}
			if t.Failed() {
				t.Fatalf("seed %d, event %d", seed, i)
			}
		}
		w.end()
		for k, n := range w.counts {
			counts[k] += n
		}
	}
	t.Log(counts)
	for _, k := range []string{"done", "abandoned", "short", "timed-out", "cancelled", "refused", "failed", "expired", "offers",
		"Q6 checked", "to dormant", "to parked", "to waking", "over budget", "named", "recovered", "told"} {
		if counts[k] == 0 && total >= 100_000 {
			t.Errorf("%s never happened: the run proves too little", k)
		}
	}
}
