package figures

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	var s Sample
	if s.Spread() != (Spread{}) {
		t.Error("an empty sample has a spread")
	}
	for _, i := range rand.Perm(1000) {
		s.Add(time.Duration(i+1) * time.Millisecond)
	}
	want := Spread{N: 1000, P50: 500 * time.Millisecond, P90: 900 * time.Millisecond, P99: 990 * time.Millisecond, Max: time.Second}
	if got := s.Spread(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := s.Over(900 * time.Millisecond); got != 100 {
		t.Errorf("over 900 ms: got %d, want 100", got)
	}
	one := Sample{}
	one.Add(7)
	if got := one.Spread(); got != (Spread{1, 7, 7, 7, 7}) {
		t.Errorf("one value: got %+v", got)
	}
	few := Sample{}
	for i := range 40 {
		few.Add(time.Duration(i))
	}
	if got := few.Spread().P99; got != 39 {
		t.Errorf("p99 of 40 is the worst: got %d", got)
	}
}

func TestReport(t *testing.T) {
	r := Report{
		{Run: "a", Name: "held", Value: 1.5, Unit: "ms", Sense: AtMost, Goal: 2},
		{Run: "a", Name: "missed", Value: 3, Sense: AtMost, Goal: 2, Beside: "others 9"},
		{Run: "a", Name: "none at all", Value: 1, Sense: AtMost},
		{Run: "b", Name: "enough", Value: 99.5, Sense: AtLeast, Goal: 99},
		{Run: "b", Name: "plain", Value: 12345.6},
	}
	if missed := r.Missed(); len(missed) != 2 || missed[0].Name != "missed" || missed[1].Name != "none at all" {
		t.Errorf("missed: %+v", missed)
	}
	var out bytes.Buffer
	if err := r.Table(&out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	for i, want := range []string{"RUN", "≤ 2", "MISSED", "≤ 0", "≥ 99", "12346"} {
		if !strings.Contains(lines[i], want) {
			t.Errorf("line %d %q lacks %q", i, lines[i], want)
		}
	}
	if strings.HasPrefix(lines[2], "a") || !strings.HasPrefix(lines[4], "b") {
		t.Errorf("the run is named once only:\n%s", out.String())
	}
	out.Reset()
	if err := r.JSON(&out); err != nil {
		t.Fatal(err)
	}
	var f struct {
		Name  string
		Goal  float64
		Holds bool
	}
	if err := json.NewDecoder(&out).Decode(&f); err != nil || f.Name != "held" || f.Goal != 2 || !f.Holds {
		t.Errorf("got %+v, %v", f, err)
	}
}
