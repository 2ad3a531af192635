package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
	"tandem/store/memory"
)

func note(record string) store.Batch {
	return store.Batch{Events: []journey.Event{{Record: record, At: time.Now(), Kind: journey.Note, Key: record}}}
}

// figure gives the sum over the labels of a counter or gauge.
func figure(t *testing.T, reg *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func TestEndedBindingsAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, reg := memory.NewDisk(), prometheus.NewRegistry()
		s, err := memory.Open(disk, engine.Options{Registry: reg})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		now := time.Now()
		if _, err := store.AppendWait(context.Background(), s, store.Batch{Bindings: []store.Binding{
			{Key: "short", Expires: now.Add(30 * time.Second), Body: []byte("x")},
			{Key: "long", Expires: now.Add(time.Hour), Body: []byte("x")},
		}}); err != nil {
			t.Fatal(err)
		}
		<-time.After(61 * time.Second) // virtual
		synctest.Wait()
		if list, err := s.Bindings(now); err != nil || len(list) != 1 || list[0].Key != "long" {
			t.Fatalf("got %+v, %v: even asked for the past, the ended binding is gone", list, err)
		}
		if got := figure(t, reg, "tandem_store_bindings_swept_total"); got != 1 {
			t.Fatalf("got %v swept, want 1", got)
		}
	})
}

// TestProbeWaitsItsTime wants recovery by the probe alone, not sooner than configured, and the figures of all of it.
func TestProbeWaitsItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk, reg := memory.NewDisk(), prometheus.NewRegistry()
		s, err := memory.Open(disk, engine.Options{Probe: 10 * time.Second, Registry: reg})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		disk.Break(errors.New("full"))
		if _, err := store.AppendWait(context.Background(), s, note("r_1")); !errors.Is(err, store.ErrUnhealthy) {
			t.Fatalf("got %v", err)
		}
		<-time.After(11 * time.Second) // one probe that fails
		disk.Break(nil)
		if err := s.Append(note("r_1"), nil); !errors.Is(err, store.ErrUnhealthy) {
			t.Fatalf("got %v, want a refusal until the next probe", err)
		}
		<-time.After(10 * time.Second)
		synctest.Wait()
		if err := s.Health(); err != nil {
			t.Fatalf("got %v after the probe", err)
		}
		if r, err := store.AppendWait(context.Background(), s, note("r_1")); err != nil || r.Seqs[0] != 1 {
			t.Fatalf("got %+v, %v, want seq 1 and no trace of the duplicate key that failed", r, err)
		}
		for name, want := range map[string]float64{"tandem_store_commit_failures_total": 2, "tandem_store_events_total": 1,
			"tandem_store_healthy": 1, "tandem_store_refused_total": 1, "tandem_store_queue_depth": 0} {
			if got := figure(t, reg, name); got != want {
				t.Errorf("%s: got %v, want %v", name, got, want)
			}
		}
	})
}

func TestQueueIsBoundedByBytes(t *testing.T) {
	s, err := memory.Open(memory.NewDisk(), engine.Options{QueueBytes: 100 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	hold, held := make(chan struct{}), make(chan struct{})
	if err := s.Append(note("r_1"), func(store.Receipt) { close(held); <-hold }); err != nil {
		t.Fatal(err)
	}
	<-held
	big := store.Batch{Work: []store.WorkEntry{{Domain: "d", Body: make([]byte, 60<<10)}}}
	if err := s.Append(big, nil); err != nil {
		t.Fatalf("got %v, want the first one taken", err)
	}
	if err := s.Append(big, nil); !errors.Is(err, store.ErrBusy) {
		t.Fatalf("got %v, want ErrBusy above 100 KiB", err)
	}
	close(hold)
}

// TestMetricsManual keeps the list of metrics in testdata/metrics.txt.
func TestMetricsManual(t *testing.T) {
	reg := prometheus.NewRegistry()
	s, err := memory.Open(memory.NewDisk(), engine.Options{Registry: reg})
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	_ = s.Append(note("r_1"), nil) // refused, so that the labelled counter shows
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, f := range families {
		fmt.Fprintf(&got, "%s %s: %s\n", f.GetName(), strings.ToLower(f.GetType().String()), f.GetHelp())
	}
	want, err := os.ReadFile("testdata/metrics.txt")
	if err != nil || got.String() != string(want) {
		t.Fatalf("%v\ngot:\n%s\nwant:\n%s", err, got.String(), want)
	}
}
