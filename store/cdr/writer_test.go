package cdr_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/store"
	"tandem/store/cdr"
	"tandem/store/journey"
)

// bench is a Writer on a file of its own, and a timeline of one call for each record that fails while it is told to.
type bench struct {
	t    *testing.T
	w    *cdr.Writer
	path string
	reg  *prometheus.Registry
	ill  chan error // holds what the timeline says, when it is ill

	mu   sync.Mutex
	safe []string // calls whose line is, in order; guarded by mu
}

func (b *bench) told(list []journey.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ev := range list {
		b.safe = append(b.safe, ev.Interaction)
	}
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, path: filepath.Join(t.TempDir(), "calls.jsonl"), reg: prometheus.NewRegistry(), ill: make(chan error, 1)}
	f, err := cdr.OpenFile(cdr.Config{Path: b.path})
	if err != nil {
		t.Fatal(err)
	}
	b.w = cdr.NewWriter(f, b.timeline, b.told, slog.New(slog.DiscardHandler), b.reg)
	return b
}

func (b *bench) timeline(record string, after uint64, _ int) ([]journey.Event, error) {
	select {
	case err := <-b.ill:
		b.ill <- err
		return nil, err
	default:
	}
	if after > 0 {
		return nil, nil
	}
	call := "c_" + strings.TrimPrefix(record, "r_")
	return []journey.Event{
		{Record: record, Seq: 1, At: start, Kind: journey.InteractionStarted, Interaction: call, Channel: journey.Voice},
		{Record: record, Seq: 2, At: start.Add(time.Second), Kind: journey.InteractionEnded, Interaction: call},
	}, nil
}

func (b *bench) ended(n string) {
	b.w.Ended(journey.Event{Record: "r_" + n, Seq: 2, Kind: journey.InteractionEnded, Interaction: "c_" + n})
}

// calls are the calls that have a line, in the file's order.
func (b *bench) calls() (list string) {
	b.t.Helper()
	raw, err := os.ReadFile(b.path)
	if err != nil {
		b.t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		_, rest, _ := strings.Cut(line, `"call":"`)
		call, _, _ := strings.Cut(rest, `"`)
		list += call + " "
	}
	return strings.TrimSpace(list)
}

func (b *bench) leftOut(want float64) {
	b.t.Helper()
	families, err := b.reg.Gather()
	if err != nil {
		b.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "tandem_cdr_left_out_total" {
			if got := f.GetMetric()[0].GetCounter().GetValue(); got != want {
				b.t.Errorf("%v calls left out, want %v", got, want)
			}
			return
		}
	}
	b.t.Error("no figure tells of calls that are left out")
}

func TestWriterOutlastsAnIllStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.ended("1")
		synctest.Wait()
		b.ill <- store.ErrUnhealthy
		b.ended("2")
		b.ended("3")
		time.Sleep(time.Hour)
		if got := b.calls(); got != "c_1" {
			t.Errorf("written while the store is ill: %q, want the call before", got)
		}
		<-b.ill
		time.Sleep(2 * time.Second)
		if got := b.calls(); got != "c_1 c_2 c_3" {
			t.Errorf("written: %q, want each call once, in order", got)
		}
		if err := b.w.Close(); err != nil {
			t.Error(err)
		}
		b.leftOut(0)
	})
}

// TestWriterTellsWhatIsSafe: a call needs no care once its line is synced, or once it can have none; not before.
func TestWriterTellsWhatIsSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		told := func() string {
			synctest.Wait()
			b.mu.Lock()
			defer b.mu.Unlock()
			return strings.Join(b.safe, " ")
		}
		b.ended("1") // the first line is synced at once
		if got := told(); got != "c_1" {
			t.Errorf("safe: %q, want c_1", got)
		}
		b.ended("2")
		b.ended("3")
		if got := told(); got != "c_1" {
			t.Errorf("safe: %q before they are synced", got)
		}
		time.Sleep(2 * time.Second)
		if got := told(); got != "c_1 c_2 c_3" {
			t.Errorf("safe: %q, want each call once", got)
		}
		b.ill <- errors.New("the record was erased")
		b.ended("4")
		synctest.Wait()
		<-b.ill
		b.ended("5")
		if err := b.w.Close(); err != nil {
			t.Error(err)
		}
		if got := told(); got != "c_1 c_2 c_3 c_4 c_5" {
			t.Errorf("safe: %q, want all calls", got)
		}
		f, err := cdr.OpenFile(cdr.Config{Path: b.path})
		if err != nil {
			t.Fatal(err)
		}
		found, err := f.Find([]string{"c_1", "c_4", "c_5"})
		if err != nil || !found["c_1"] || found["c_4"] || !found["c_5"] {
			t.Errorf("found %v, %v; want all but c_4, which has no line", found, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestWriterPassesOverWhatCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.ill <- errors.New("the record was erased")
		b.ended("1")
		synctest.Wait()
		<-b.ill
		b.ended("2")
		synctest.Wait()
		if got := b.calls(); got != "c_2" {
			t.Errorf("written: %q, want the call behind", got)
		}
		if err := b.w.Close(); err != nil {
			t.Error(err)
		}
		b.leftOut(1)
	})
}

func TestWriterEndsWithAnIllStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.ill <- store.ErrUnhealthy
		b.ended("1")
		b.ended("2")
		synctest.Wait()
		if err := b.w.Close(); err != nil {
			t.Error(err)
		}
		b.leftOut(2)
	})
}
