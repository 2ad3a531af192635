package acd

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"tandem/acd/route"
)

// world is a random run: the state, what is known about it from outside, and the journal so far.
type world struct {
	t       *testing.T
	rnd     *rand.Rand
	cfg     Config
	state   *State
	now     time.Time
	journal []Entry
	inputs  []input // since the last restart
	base    *State  // twin that replays them

	next   int
	ended  map[string]ItemState
	t0     map[string]time.Time
	epochs map[string]uint64
	offers []OfferID
	counts map[string]int
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
			WrapUpExtend: 10 * time.Second}
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
		cfg.Agents = append(cfg.Agents, a)
	}
	return cfg
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{t: t, rnd: rand.New(rand.NewPCG(seed, 17)), now: epoch0, ended: map[string]ItemState{},
		t0: map[string]time.Time{}, epochs: map[string]uint64{}, counts: map[string]int{}}
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
	w.urgent(r)
	return r
}

// restart loses the state and some legs, and goes on from the journal.
func (w *world) restart() {
	w.folded()
	alive := map[string]bool{}
	for _, id := range sortedKeys(w.state.items) {
		alive[id] = w.rnd.IntN(3) > 0
	}
	w.state, w.base = w.fresh(), w.fresh()
	w.step(Restore{Entries: w.journal, Alive: alive})
	for _, it := range w.state.items {
		if it.agent != nil || it.state != ItemQueued {
			if it.state != ItemOffered || w.epochs[it.spec.ID] != it.epoch {
				w.t.Fatalf("restart leaves %s %s", it.spec.ID, it.state)
			}
		}
	}
	for _, a := range w.cfg.Agents {
		w.step(DeviceUsable{a.ID, Phone, true})
	}
}

func (w *world) reconfigure() {
	cfg := w.cfg
	cfg.Queues = append([]QueueConfig(nil), cfg.Queues...)
	q := &cfg.Queues[w.rnd.IntN(len(cfg.Queues))]
	q.Weight, q.MaxWait = float64(1+w.rnd.IntN(4)), time.Duration(1+w.rnd.IntN(5))*time.Minute
	w.cfg = cfg
	w.step(Configure{cfg})
}

func (w *world) pick() string {
	return "i" + strconv.Itoa(max(w.next-w.rnd.IntN(120), 0))
}

// held is an item that some agent has, or the given one.
func (w *world) held(id string) string {
	for range 10 {
		if a := w.state.agents[w.agent()]; len(a.items) > 0 {
			return a.items[w.rnd.IntN(len(a.items))].spec.ID
		}
	}
	return id
}

func (w *world) agent() string { return w.cfg.Agents[w.rnd.IntN(len(w.cfg.Agents))].ID }

// happen lets one random thing happen.
func (w *world) happen() {
	w.now = w.now.Add(time.Duration(w.rnd.IntN(900)) * time.Millisecond)
	id := w.pick()
	if w.rnd.IntN(3) > 0 {
		id = w.held(id)
	}
	it := w.state.items[id]
	switch n := w.rnd.IntN(100); {
	case n < 16:
		w.enqueue()
	case n < 40:
		w.answer()
	case n < 58:
		w.step(MediaUp{id, 0})
	case n < 68:
		w.step(End{id, []string{"customer", "agent"}[w.rnd.IntN(2)]})
	case n < 76 && it != nil && it.agent != nil:
		w.step(WrapUpDone{Item: id, Agent: it.agent.cfg.ID, Disposition: "ok"})
	case n < 78:
		w.step(Leave{id})
	case n < 81:
		w.transfer(it, id)
	case n < 82:
		w.step(Convert{w.pick(), Callback, "+49"})
	case n < 93:
		w.step(SetState{w.agent(), true, ""})
	case n < 95:
		w.step(SetState{w.agent(), false, "break"})
	case n < 96:
		w.step(SignOut{w.agent(), "home"})
	case n < 98:
		w.step(SignIn{w.agent(), w.rnd.IntN(2) == 0})
	case n < 99:
		w.step(DeviceUsable{w.agent(), Phone, w.rnd.IntN(3) > 0})
	default:
		w.rare(id)
	}
}

func (w *world) rare(id string) {
	switch w.rnd.IntN(20) {
	case 0:
		w.step(SetQueue{w.cfg.Queues[w.rnd.IntN(6)].Name, QueuePaused})
	case 1:
		w.step(SetQueue{w.cfg.Queues[w.rnd.IntN(6)].Name, QueueDraining})
	case 2:
		w.reconfigure()
	case 3:
		w.restart()
	case 4, 5, 6:
		w.step(Cancel{Item: id})
	default:
		w.step(SetQueue{w.cfg.Queues[w.rnd.IntN(6)].Name, QueueOpen})
	}
}

func (w *world) enqueue() {
	w.next++
	media := []Media{Voice, Voice, Callback, Chat, Chat, Message, Task}[w.rnd.IntN(7)]
	it := Item{ID: "i" + strconv.Itoa(w.next), Queue: w.cfg.Queues[w.rnd.IntN(6)].Name, Media: media, Record: "r"}
	if w.rnd.IntN(5) == 0 {
		it.Weight = float64(1 + w.rnd.IntN(4))
	}
	if w.rnd.IntN(9) == 0 {
		it.Prefer = w.agent()
	}
	w.step(Enqueue{it})
	w.t0[it.ID] = w.now
}

// answer lets a recent offer be answered: accepted, declined or missed, or an old one by mistake.
func (w *world) answer() {
	if len(w.offers) == 0 {
		return
	}
	o := w.offers[max(len(w.offers)-1-w.rnd.IntN(30), 0)]
	if it := w.state.items[w.held(o.Item)]; it != nil && w.rnd.IntN(4) > 0 {
		o = it.offerID()
	}
	it := w.state.items[o.Item]
	agent := "a00"
	if it != nil && it.agent != nil {
		agent = it.agent.cfg.ID
	}
	if w.rnd.IntN(5) == 0 {
		reason := []string{ReasonReject, ReasonBusy, ReasonFail, ReasonNoAnswer}[w.rnd.IntN(4)]
		w.step(Decline{o, agent, reason})
		return
	}
	w.step(Accept{o, agent})
}

func (w *world) transfer(it *item, id string) {
	keep := w.rnd.IntN(2) == 0
	to := w.cfg.Queues[w.rnd.IntN(6)].Name
	w.step(Transfer{id, to, keep})
	if it != nil && !keep && it.te.Equal(w.now.UTC()) && it.queue.cfg.Name == to {
		w.t0[id] = it.t0
	}
}

// end cancels everything: no deadline, load or item may be left.
func (w *world) end() {
	for _, id := range sortedKeys(w.state.items) {
		w.step(Cancel{Item: id})
	}
	w.deep()
	if n := len(w.state.timers.heap); n != 0 {
		w.t.Fatalf("Q8: %d deadlines are left", n)
	}
	for _, a := range w.state.agents {
		if a.load != 0 || len(a.items) != 0 {
			w.t.Fatalf("Q4: %s still carries %d", a.cfg.ID, a.load)
		}
	}
}

// TestInvariants runs 10⁵ random events, or as many as TANDEM_ACD_EVENTS says, and checks Q1 to Q10.
func TestInvariants(t *testing.T) {
	total := 100_000
	if text := os.Getenv("TANDEM_ACD_EVENTS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		total = n
	}
	const worlds = 10
	counts := map[string]int{}
	for seed := range uint64(worlds) {
		w := newWorld(t, seed)
		for i := range total / worlds {
			w.happen()
			if i%20 == 0 {
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
	for _, k := range []string{"done", "abandoned", "short", "timed-out", "cancelled", "refused", "failed", "offers", "Q6 checked"} {
		if counts[k] == 0 && total >= 100_000 {
			t.Errorf("%s never happened: the run proves too little", k)
		}
	}
}
