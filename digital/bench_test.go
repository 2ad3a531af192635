package digital_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"strconv"
	"testing"

	"tandem/digital"
	"tandem/store/journey"
)

// instant is what a hub needs, answered at once.
type instant struct{}

func (i *instant) Identify(_ digital.Arrival, done func(digital.Identity)) error {
	done(digital.Identity{Record: "r_1"})
	return nil
}

func (i *instant) Load(_ string, done func(digital.History)) error {
	done(digital.History{Err: digital.ErrNotFound})
	return nil
}

func (i *instant) Append(_ []journey.Event, done func(error)) error {
	done(nil)
	return nil
}
func (i *instant) Route(digital.Situation) digital.Route         { return digital.Route{} }
func (i *instant) Text([]string, string) string                  { return "" }
func (i *instant) Enqueue(digital.WorkItem) error                { return nil }
func (i *instant) Leave(string) error                            { return nil }
func (i *instant) Decline(digital.OfferAgent, string) error      { return nil }
func (i *instant) MediaUp(string, uint64) error                  { return nil }
func (i *instant) End(string, string) error                      { return nil }
func (i *instant) Park(string, uint64) error                     { return nil }
func (i *instant) Transfer(string, uint64, string, string) error { return nil }
func (i *instant) CustomerSpoke(string) error                    { return nil }
func (i *instant) AgentSpoke(string, uint64) error               { return nil }
func (i *instant) CallWanted(digital.CallWanted) error           { return nil }
func (i *instant) CallbackWanted(digital.CallbackWanted) error   { return nil }
func (i *instant) LinkWanted(digital.LinkWanted) error           { return nil }

func quickHub(b *testing.B, messages int) *digital.Hub {
	b.Helper()
	i := &instant{}
	cfg := digital.Defaults()
	cfg.Conversations, cfg.Messages = 200_000, messages
	hub, err := digital.New(cfg, digital.Parts{
		Records: i, Journal: i, Queues: i, Router: i, Texts: i, Wishes: i, Metrics: digital.NewMetrics(nil), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = hub.Close(context.Background()) })
	return hub
}

func begin(b *testing.B, hub *digital.Hub) string {
	b.Helper()
	got := make(chan digital.Opened, 1)
	if err := hub.Open(digital.Opening{Channel: journey.Chat}, func(o digital.Opened) { got <- o }); err != nil {
		b.Fatal(err)
	}
	return (<-got).Conversation
}

// BenchmarkMessage is one message of a customer through the hub until its receipt: what a conversation costs without store and socket.
func BenchmarkMessage(b *testing.B) {
	hub := quickHub(b, 100_000)
	ids := make([]string, 1000)
	for i := range ids {
		ids[i] = begin(b, hub)
	}
	got := make(chan digital.Receipt, 1)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		n++
		err := hub.Receive(digital.Inbound{Conversation: ids[n%len(ids)], External: strconv.Itoa(n), Text: "Where is my parcel?"}, func(r digital.Receipt) { got <- r })
		if err != nil {
			b.Fatal(err)
		}
		if r := <-got; r.Err != nil {
			b.Fatal(r.Err)
		}
	}
}

// BenchmarkParked is what a conversation costs in which nothing happens: memory, and no goroutine.
func BenchmarkParked(b *testing.B) {
	const n = 10_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		routines := runtime.NumGoroutine()
		hub := quickHub(b, 100)
		for i := range n {
			id := begin(b, hub)
			got := make(chan digital.Receipt, 1)
			if err := hub.Receive(digital.Inbound{Conversation: id, External: fmt.Sprint(i), Text: "Where is my parcel?"}, func(r digital.Receipt) { got <- r }); err != nil {
				b.Fatal(err)
			}
			<-got
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc+after.StackInuse-before.HeapAlloc-before.StackInuse)/n, "bytes/conversation")
		b.ReportMetric(float64(runtime.NumGoroutine()-routines)/n, "goroutines/conversation")
		runtime.KeepAlive(hub)
	}
}
