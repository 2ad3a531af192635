package acd

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"tandem/acd/route"
)

// loaded is a state with so many agents, all busy with a call, and so many items waiting over 20 queues.
func loaded(b *testing.B, agents, waiting int) *State {
	var cfg Config
	for i := range 20 {
		q := QueueConfig{Name: "q" + strconv.Itoa(i), Weight: float64(1 + i%3), JoinWhen: JoinAlways}
		if i%2 == 0 {
			q.Relax = route.Steps{{Need: route.Need{"x": 50}}, {After: time.Hour}}
		}
		cfg.Queues = append(cfg.Queues, q)
	}
	for i := range agents {
		cfg.Agents = append(cfg.Agents, AgentConfig{ID: fmt.Sprintf("a%05d", i), Skills: route.Skills{"x": 50 + i%50},
			Queues: []string{"q" + strconv.Itoa(i%20), "q" + strconv.Itoa((i+7)%20), "q" + strconv.Itoa((i+13)%20)}})
	}
	s, faults := NewState(cfg)
	if faults != nil {
		b.Fatal(faults)
	}
	for _, a := range cfg.Agents {
		s.Step(DeviceUsable{a.ID, Phone, true}, epoch0)
		s.Step(SignIn{a.ID, true}, epoch0)
	}
	for i := range agents + waiting {
		s.Step(benchItem(i), epoch0.Add(time.Duration(i)*time.Microsecond))
	}
	return s
}

func benchItem(i int) Enqueue {
	return Enqueue{Item{ID: "i" + strconv.Itoa(i), Queue: "q" + strconv.Itoa(i%20), Media: Voice, Record: "r"}}
}

// BenchmarkServe is the whole life of an item under load: a new one joins, a freed agent is given the most urgent, accepts,
// is connected, ends. Five steps each; the time per event is a fifth.
func BenchmarkServe(b *testing.B) {
	for _, agents := range []int{100, 1000, 10_000} {
		for _, waiting := range []int{1000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("agents=%d/waiting=%d", agents, waiting), func(b *testing.B) {
				s := loaded(b, agents, waiting)
				now := epoch0.Add(time.Second)
				var held []OfferID
				for _, it := range s.items {
					if it.agent != nil {
						held = append(held, it.offerID())
					}
				}
				next, events := agents+waiting, 0
				b.ReportAllocs()
				for b.Loop() {
					now = now.Add(time.Microsecond)
					o := held[0]
					held = held[1:]
					it := s.items[o.Item]
					s.Step(Accept{o, it.agent.cfg.ID}, now)
					s.Step(MediaUp(o), now)
					r := s.Step(End{o.Item, "customer"}, now)
					s.Step(benchItem(next), now)
					next++
					events += 4
					for _, e := range r.Effects {
						if e, ok := e.(Offer); ok {
							held = append(held, e.ID)
						}
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
			})
		}
	}
}

// BenchmarkFreeAgents is an item that arrives while everybody is free, is offered at once, and leaves.
func BenchmarkFreeAgents(b *testing.B) {
	for _, agents := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			s := loaded(b, agents, -agents)
			now := epoch0.Add(time.Second)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				now = now.Add(time.Microsecond)
				s.Step(benchItem(i), now)
				s.Step(Leave{"i" + strconv.Itoa(i)}, now)
				i++
			}
		})
	}
}

// BenchmarkPosition is the place and time of an item among all that wait.
func BenchmarkPosition(b *testing.B) {
	s := loaded(b, 100, 100_000)
	it := s.queues["q3"].list[0].classes[0].items.at(2000).val
	b.ReportAllocs()
	for b.Loop() {
		it.queue.wait(s.now, s.ahead(it))
	}
}

// BenchmarkHandOff is the time from a freed agent's End to the next Offer, through the mailbox, a journal in memory and the
// connector, with 500 waiting.
func BenchmarkHandOff(b *testing.B) {
	offers := make(chan Offer, 1024)
	rec := offerChan(offers)
	d, err := NewDispatcher(Options{Config: smallConfig(), Journal: journalFunc(instant), Connector: rec})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { _ = d.Run(ctx); close(over) }()
	post := func(ev Event) {
		if err := d.Post(ev); err != nil {
			b.Fatal(err)
		}
	}
	for _, ev := range ready("anna") {
		post(ev)
	}
	for i := range 500 {
		post(call("w" + strconv.Itoa(i)))
	}
	o := <-offers
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		post(Accept{o.ID, "anna"})
		post(MediaUp(o.ID))
		post(call("i" + strconv.Itoa(i)))
		post(End{o.ID.Item, "customer"})
		o = <-offers
		i++
	}
	stop()
	<-over
}

// offerChan is a Connector that hands offers on.
type offerChan chan<- Offer

func (c offerChan) Offer(o Offer)             { c <- o }
func (c offerChan) Withdraw(Withdraw)         {}
func (c offerChan) Connect(Connect)           {}
func (c offerChan) Refused(Refused)           {}
func (c offerChan) TimedOut(TimedOut)         {}
func (c offerChan) Announce(Announce)         {}
func (c offerChan) AgentChanged(AgentChanged) {}
func (c offerChan) ItemEnded(ItemEnded)       {}

// BenchmarkConfigure applies a configuration while 10,000 items wait.
func BenchmarkConfigure(b *testing.B) {
	s := loaded(b, 1000, 10_000)
	cfg := s.cfg
	for b.Loop() {
		if r := s.Step(Configure{cfg}, s.now); len(r.Rejected) > 0 {
			b.Fatal(r.Rejected)
		}
	}
}

// BenchmarkThreads is the life of a thread under load, over all that waits: parked, woken, answered, parked, and a sticky item of
// the same agent that comes and goes. Five steps each.
func BenchmarkThreads(b *testing.B) {
	const agents = 10_000
	for _, waiting := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("agents=%d/waiting=%d", agents, waiting), func(b *testing.B) {
			s := loaded(b, agents, waiting)
			now := epoch0.Add(time.Second)
			// Every hundredth agent ends the call and has a thread instead; the queue's other items wait for phones that are gone.
			var held []string
			for i := 0; i < agents; i += 100 {
				a := s.agents[fmt.Sprintf("a%05d", i)]
				o := a.items[0].offerID()
				s.Step(DeviceUsable{a.cfg.ID, Phone, false}, now)
				s.Step(End{o.Item, "agent"}, now)
				id := "m" + strconv.Itoa(i)
				s.Step(Enqueue{Item{ID: id, Queue: a.cfg.Queues[0], Media: Message, Sticky: []Sticky{{Agent: a.cfg.ID}}}}, now)
				if it := s.items[id]; it.agent != nil {
					s.Step(Accept{it.offerID(), it.agent.cfg.ID}, now)
					s.Step(MediaUp{id, 0}, now)
					held = append(held, id)
				}
			}
			if len(held) < agents/200 {
				b.Fatalf("%d threads", len(held))
			}
			i, events := 0, 0
			b.ReportAllocs()
			for b.Loop() {
				now = now.Add(time.Microsecond)
				id := held[i%len(held)]
				agent := s.items[id].agent.cfg.ID
				s.Step(Park{Item: id}, now)
				s.Step(CustomerSpoke{id}, now)
				s.Step(AgentSpoke{id}, now)
				sticky := "s" + strconv.Itoa(i)
				r := s.Step(Enqueue{Item{ID: sticky, Queue: s.items[id].spec.Queue, Media: Chat, Sticky: []Sticky{{Agent: agent}}}}, now)
				if len(r.Effects) == 0 {
					b.Fatalf("%s was not offered", sticky)
				}
				s.Step(Leave{sticky}, now)
				events += 5
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events), "ns/event")
		})
	}
}

// BenchmarkCallbacks is a callback that is booked for later, put off, begins, and is cancelled, among as many dormant ones.
func BenchmarkCallbacks(b *testing.B) {
	for _, dormant := range []int{1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("dormant=%d", dormant), func(b *testing.B) {
			s := loaded(b, 1000, 1000)
			now := epoch0.Add(time.Second)
			book := func(id string) {
				s.Step(Enqueue{Item{ID: id, Queue: "q3", Media: Callback, Key: id, From: now.Add(time.Hour), Until: now.Add(2 * time.Hour)}},
					now)
			}
			for i := range dormant {
				book("d" + strconv.Itoa(i))
			}
			i := 0
			b.ReportAllocs()
			for b.Loop() {
				id := "c" + strconv.Itoa(i)
				now = now.Add(time.Microsecond)
				book(id)
				s.Step(Postpone{id, now.Add(time.Minute), "wish"}, now)
				s.Step(Convert{Item: id, Media: Voice}, now)
				s.Step(Cancel{Item: id}, now)
				i++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(4*b.N), "ns/event")
		})
	}
}
