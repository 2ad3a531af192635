package acd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// recorder is a Connector that writes down what it is told.
type recorder struct {
	mu    sync.Mutex
	lines []string
	react func(Effect) // on the dispatcher's goroutine
}

func (r *recorder) note(e Effect) {
	r.mu.Lock()
	r.lines = append(r.lines, effectText(e))
	r.mu.Unlock()
	if r.react != nil {
		r.react(e)
	}
}

func (r *recorder) Offer(e Offer)               { r.note(e) }
func (r *recorder) Withdraw(e Withdraw)         { r.note(e) }
func (r *recorder) Connect(e Connect)           { r.note(e) }
func (r *recorder) Refused(e Refused)           { r.note(e) }
func (r *recorder) TimedOut(e TimedOut)         { r.note(e) }
func (r *recorder) Announce(e Announce)         { r.note(e) }
func (r *recorder) AgentChanged(e AgentChanged) { r.note(e) }
func (r *recorder) ItemEnded(e ItemEnded)       { r.note(e) }

func (r *recorder) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.lines
	r.lines = nil
	return out
}

func (r *recorder) has(part string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.lines, func(l string) bool { return strings.Contains(l, part) })
}

// journalFunc is a Journal made of a function.
type journalFunc func([]Entry, func(error))

func (f journalFunc) Append(entries []Entry, done func(error)) { f(entries, done) }

// instant is a journal in memory.
func instant(_ []Entry, done func(error)) { done(nil) }

// slow is a journal that takes a second for each batch, in order, on a goroutine of its own per batch.
func slow(_ []Entry, done func(error)) { time.AfterFunc(time.Second, func() { done(nil) }) }

func smallConfig() Config {
	return Config{
		Queues: []QueueConfig{{Name: "billing", Agents: []string{"anna", "bert"}, JoinWhen: JoinAlways}},
		Agents: []AgentConfig{{ID: "anna"}, {ID: "bert"}},
	}
}

// bench is a dispatcher under test in a synctest bubble.
type bench struct {
	t    *testing.T
	d    *Dispatcher
	rec  *recorder
	err  error
	stop context.CancelFunc
	over chan struct{}
}

func start(t *testing.T, o Options) *bench {
	t.Helper()
	b := &bench{t: t, rec: &recorder{}, over: make(chan struct{})}
	if o.Connector == nil {
		o.Connector = b.rec
	}
	if len(o.Config.Queues) == 0 {
		o.Config = smallConfig()
	}
	d, err := NewDispatcher(o)
	if err != nil {
		t.Fatal(err)
	}
	b.d = d
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	go func() {
		b.err = d.Run(ctx)
		close(b.over)
	}()
	return b
}

func (b *bench) end() error {
	b.stop()
	<-b.over
	return b.err
}

func (b *bench) post(evs ...Event) {
	b.t.Helper()
	for _, ev := range evs {
		if err := b.d.Post(ev); err != nil {
			b.t.Fatalf("%#v: %v", ev, err)
		}
	}
}

func ready(agent string) []Event {
	return []Event{DeviceUsable{agent, Phone, true}, SignIn{agent, true}}
}

func call(id string) Enqueue {
	return Enqueue{Item{ID: id, Queue: "billing", Media: Voice, Record: "r"}}
}

func TestDispatcherServesACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, Options{Journal: journalFunc(instant)})
		b.post(ready("anna")...)
		b.post(call("i1"))
		synctest.Wait()
		if !b.rec.has("Offer i1/1 to anna") {
			t.Fatalf("no offer: %q", b.rec.take())
		}
		b.post(Accept{OfferID{"i1", 1}, "anna"}, MediaUp{"i1", 1}, End{"i1", "customer"})
		synctest.Wait()
		if !b.rec.has("Connect i1/1 with anna") || !b.rec.has("Ended i1: done anna") {
			t.Errorf("got %q", b.rec.take())
		}
		if err := b.end(); err != nil {
			t.Error(err)
		}
		if err := b.d.Post(Tick{}); !errors.Is(err, ErrStopped) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestDispatcherKeepsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, Options{Journal: journalFunc(instant)})
		defer b.end()
		b.post(ready("anna")...)
		b.post(call("i1"))
		time.Sleep(20*time.Second - time.Millisecond)
		synctest.Wait()
		if b.rec.has("Withdraw") {
			t.Fatal("withdrawn early")
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if !b.rec.has("Withdraw i1/1 from anna: noanswer") || !b.rec.has("Agent anna: missed noanswer") {
			t.Errorf("got %q", b.rec.take())
		}
	})
}

func TestEffectsWaitForTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, Options{Journal: journalFunc(slow)})
		defer b.end()
		b.post(ready("anna")...)
		b.post(call("i1"))
		synctest.Wait()
		if got := b.rec.take(); len(got) != 0 {
			t.Fatalf("effects before durable: %q", got)
		}
		items, err := b.d.Items(t.Context(), "billing", 10)
		if err != nil || len(items) != 1 || items[0].State != ItemOffered {
			t.Fatalf("stepping stopped: %v, %v", items, err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		want := []string{"Agent anna: available", "Offer i1/1 to anna", "Agent anna: offered"}
		got := b.rec.take()
		for i := range want {
			if i >= len(got) || !strings.Contains(got[i], want[i]) {
				t.Fatalf("got %q, want %q", got, want)
			}
		}
	})
}

// TestEffectsKeepOrder has a journal that acknowledges the second batch before the first.
func TestEffectsKeepOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var acks []func(error)
		b := start(t, Options{Journal: journalFunc(func(_ []Entry, done func(error)) { acks = append(acks, done) })})
		defer b.end()
		b.post(ready("anna")...)
		synctest.Wait()
		b.post(call("i1"))
		synctest.Wait()
		if len(acks) != 2 {
			t.Fatalf("%d batches", len(acks))
		}
		acks[1](nil)
		synctest.Wait()
		if got := b.rec.take(); len(got) != 0 {
			t.Fatalf("overtaken: %q", got)
		}
		acks[0](nil)
		synctest.Wait()
		if got := b.rec.take(); len(got) != 3 || got[0] != "Agent anna: available" {
			t.Errorf("got %q", got)
		}
	})
}

// TestDecisionsShareABatch has 50 events wait before the dispatcher runs: one batch takes them all.
func TestDecisionsShareABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		d, err := NewDispatcher(Options{Config: smallConfig(), Connector: &recorder{},
			Journal: journalFunc(func(e []Entry, done func(error)) {
				sizes = append(sizes, len(e))
				done(nil)
			})})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 50 {
			if err := d.Post(Enqueue{Item{ID: "c" + string(rune('a'+i)), Queue: "billing", Media: Callback}}); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error)
		go func() { over <- d.Run(ctx) }()
		synctest.Wait()
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
		if len(sizes) != 1 || sizes[0] != 50 {
			t.Errorf("batches of %v", sizes)
		}
	})
}

func TestImageAndRestoreThroughDispatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept []Entry
		keep := func(e []Entry, done func(error)) { kept = append(kept, e...); done(nil) }
		b := start(t, Options{Journal: journalFunc(keep)})
		b.post(ready("anna")...)
		b.post(call("i1"), call("i2"))
		synctest.Wait()
		im, err := b.d.Image(t.Context())
		if err != nil || len(im.Items) != 2 {
			t.Fatalf("%v, %v", im, err)
		}
		b.post(Leave{"i2"})
		synctest.Wait()
		b.end()

		b = start(t, Options{Journal: journalFunc(instant)})
		defer b.end()
		b.post(Restore{Image: &im, Entries: kept, Alive: map[string]bool{"i1": true}}, DeviceUsable{"anna", Phone, true})
		synctest.Wait()
		if !b.rec.has("Offer i1/2 to anna") {
			t.Errorf("got %q", b.rec.take())
		}
		if _, ok, err := b.d.Item(t.Context(), "i2"); ok || err != nil {
			t.Errorf("i2 came back: %v", err)
		}
	})
}

func TestReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, Options{Journal: journalFunc(instant)})
		b.post(ready("anna")...)
		b.post(call("i1"), call("i2"))
		time.Sleep(3 * time.Second)
		ctx := t.Context()
		queues, err := b.d.Queues(ctx)
		if err != nil || len(queues) != 1 || queues[0].Waiting != 1 || queues[0].Offered != 1 || queues[0].Staffed != 1 ||
			queues[0].Members != 2 || queues[0].Oldest != 3*time.Second {
			t.Errorf("queues: %+v, %v", queues, err)
		}
		agents, err := b.d.Agents(ctx)
		if err != nil || len(agents) != 2 || agents[0].State != "offered" || agents[1].State != "offline" ||
			!slices.Equal(agents[0].Items, []string{"i1"}) {
			t.Errorf("agents: %+v, %v", agents, err)
		}
		item, ok, err := b.d.Item(ctx, "i2")
		if err != nil || !ok || item.Position != 1 || item.State != ItemQueued {
			t.Errorf("item: %+v, %v, %v", item, ok, err)
		}
		why, err := b.d.Why(ctx, "i2")
		if err != nil || why.Waiting == "" || len(why.Decisions) == 0 {
			t.Errorf("why: %+v, %v", why, err)
		}
		b.end()
		if _, err := b.d.Queues(context.Background()); !errors.Is(err, ErrStopped) {
			t.Errorf("after the end: %v", err)
		}
	})
}

func TestReaderGivesUp(t *testing.T) {
	d, err := NewDispatcher(Options{Config: smallConfig(), Journal: journalFunc(instant), Connector: &recorder{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := d.Agents(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestMissingOptions(t *testing.T) {
	cfg := smallConfig()
	cfg.Queues[0].Weight = -1
	_, err := NewDispatcher(Options{Config: cfg})
	for _, part := range []string{"journal", "connector", "queues.billing.weight"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s is not told: %v", part, err)
		}
	}
}

// TestQueuesAreCounted reads the figures by queue that a wallboard asks for.
func TestQueuesAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		reg := prometheus.NewRegistry()
		b := start(t, Options{Journal: journalFunc(instant), Registerer: reg})
		defer b.end()
		b.post(call("i1"), call("i2"), call("i2"), Enqueue{Item{ID: "i3", Queue: "nowhere", Media: Voice}}, Leave{"i1"})
		synctest.Wait()
		want := []string{"ended_items_total  refused 1", "ended_items_total billing refused 1", "ended_items_total billing short 1",
			"waiting_items billing 1"}
		if got := byQueue(t, reg); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		cfg := smallConfig()
		cfg.Queues[0].Name = "sales"
		b.post(Configure{cfg})
		synctest.Wait()
		if got := byQueue(t, reg); got[len(got)-1] != "waiting_items sales 0" || slices.Contains(got, "waiting_items billing 1") {
			t.Errorf("after billing was removed: %q", got)
		}
	})
}

// byQueue lists the metrics that have a queue, as "name queue outcome value".
func byQueue(t *testing.T, reg *prometheus.Registry) (lines []string) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if len(m.GetLabel()) == 0 {
				continue
			}
			words := []string{strings.TrimPrefix(f.GetName(), "tandem_acd_")}
			queue, outcome := "", []string(nil)
			for _, l := range m.GetLabel() {
				if l.GetName() == "queue" {
					queue = l.GetValue()
				} else {
					outcome = append(outcome, l.GetValue())
				}
			}
			words = append(append(words, queue), outcome...)
			lines = append(lines, strings.Join(append(words, fmt.Sprint(m.GetCounter().GetValue()+m.GetGauge().GetValue())), " "))
		}
	}
	slices.Sort(lines)
	return lines
}

func testLog(w *bytes.Buffer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// TestWhoAsksSeesWhatHePosted: a question does not overtake what was posted before it.
func TestWhoAsksSeesWhatHePosted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, Options{Journal: journalFunc(instant)})
		defer b.end()
		for n := range 100 {
			id := fmt.Sprintf("i%d", n)
			b.post(call(id))
			if _, ok, err := b.d.Item(context.Background(), id); !ok || err != nil {
				t.Fatalf("item %s was posted and is not seen: %v", id, err)
			}
		}
	})
}
