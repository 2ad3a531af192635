package digest

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"
)

// A window accepts each count once, whatever the order, and never one more than 63 below the highest.
func TestWindowAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w window
		seen := map[uint32]bool{}
		high := uint32(0)
		for _, nc := range rapid.SliceOfN(rapid.Uint32Range(1, 200), 1, 100).Draw(t, "counts") {
			want := !seen[nc] && (nc > high || high-nc < 64)
			if got := w.take(nc); got != want {
				t.Fatalf("nc %d at high %d: got %v, want %v", nc, high, got, want)
			}
			seen[nc], high = true, max(high, nc)
		}
	})
}

func TestWindowFarJump(t *testing.T) {
	var w window
	for _, step := range []struct {
		nc   uint32
		want bool
	}{{1, true}, {1 << 31, true}, {1, false}, {1<<31 - 63, true}, {1<<31 - 64, false}, {1 << 31, false}} {
		if got := w.take(step.nc); got != step.want {
			t.Errorf("nc %d: got %v, want %v", step.nc, got, step.want)
		}
	}
}

// When the table is full nothing can be replayed, and new nonces are served.
func TestFullReplayTable(t *testing.T) {
	r := newReplays(3)
	at := func(i int) time.Time { return start.Add(time.Duration(i) * time.Second) }
	for i := range 10 {
		if !r.take(fmt.Sprint(i), at(i), 1) {
			t.Fatalf("nonce %d is refused", i)
		}
	}
	for i := range 10 {
		if r.take(fmt.Sprint(i), at(i), 1) {
			t.Errorf("nonce %d is replayed", i)
		}
	}
	if !r.take("9", at(9), 2) || r.take("never seen", at(2), 1) {
		t.Error("the floor is wrong")
	}
	if len(r.windows) != 3 || len(r.order) != 3 || r.evicted != 7 {
		t.Errorf("got %d, %d entries, %d evicted", len(r.windows), len(r.order), r.evicted)
	}
	r.expire(at(100))
	if len(r.windows) != 0 || len(r.order) != 0 {
		t.Errorf("%d entries are left", len(r.windows))
	}
}

func TestFullFailureTable(t *testing.T) {
	f := newFailures(3, time.Minute)
	for i := range 5 {
		f.add(start, fmt.Sprint(i))
		f.add(start, fmt.Sprint(i))
	}
	if len(f.sources) != 3 || f.evicted != 2 || f.count(start, "0") != 0 || f.count(start, "4") != 2 {
		t.Errorf("got %d sources, %d evicted", len(f.sources), f.evicted)
	}
	if f.count(start.Add(time.Minute), "4") != 0 || len(f.order) != 0 {
		t.Error("failures do not expire")
	}
}

func TestEvictionsAreCounted(t *testing.T) {
	s := newTestServer(t, Config{MaxNonces: 1, MaxSources: 1})
	reg := prometheus.NewRegistry()
	s.metrics = NewMetrics(reg)
	for i := range 3 {
		req, c := request(t, "REGISTER", "sip:tandem"), newTestClient("bob", "pw")
		ask(t, s, c, start.Add(time.Duration(i)*time.Second), req)
		wantVerdict(t, s.Verify(start.Add(time.Duration(i)*time.Second), req, peer), OK, "bob")
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "tandem_digest_evicted_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			want := map[string]float64{"nonces": 2, "sources": 0}[m.GetLabel()[0].GetValue()]
			if got := m.GetCounter().GetValue(); got != want {
				t.Errorf("%s: got %v, want %v", m.GetLabel()[0].GetValue(), got, want)
			}
		}
		return
	}
	t.Error("evictions have no figure")
}
