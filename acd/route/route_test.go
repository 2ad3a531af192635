package route

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestUrgency(t *testing.T) {
	plain, urgent := NewClass(1, 20*time.Second, 0), NewClass(2, 20*time.Second, 5*time.Second)
	if got := plain.Urgency(20 * time.Second); got != 1 {
		t.Errorf("at its target: %g", got)
	}
	if got := urgent.Urgency(5 * time.Second); got != 1 {
		t.Errorf("with credit: %g", got)
	}
	for _, age := range []time.Duration{0, time.Second, time.Hour} {
		if got := urgent.AgeAt(urgent.Urgency(age)); (got - age).Abs() > time.Microsecond {
			t.Errorf("AgeAt(Urgency(%v)) = %v", age, got)
		}
	}
	if NewClass(0, 0, -1) != NewClass(1, 20*time.Second, 0) {
		t.Error("defaults differ")
	}
}

func TestNeeds(t *testing.T) {
	have := Skills{"german": 50, "tax": 20}
	tests := []struct {
		name string
		need Need
		want bool
		sig  string
	}{
		{"anybody", nil, true, ""},
		{"met", Need{"tax": 20, "german": 50}, true, "german>=50 tax>=20"},
		{"level too high", Need{"tax": 21}, false, "tax>=21"},
		{"skill missing", Need{"polish": 0}, false, "polish>=0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := have.Covers(tt.need); got != tt.want {
				t.Errorf("covers: got %t", got)
			}
			if got := tt.need.Signature(); got != tt.sig {
				t.Errorf("signature: got %q", got)
			}
		})
	}
	if got := have.Sum(Need{"german": 1, "polish": 1}); got != 50 {
		t.Errorf("sum: %d", got)
	}
}

func TestSteps(t *testing.T) {
	s := Steps{{Need: Need{"x": 50}}, {After: 10 * time.Second, Need: Need{"x": 20}}, {After: time.Minute}}
	tests := []struct {
		age, next time.Duration
		index     int
	}{{0, 10 * time.Second, 0}, {9 * time.Second, 10 * time.Second, 0}, {10 * time.Second, time.Minute, 1},
		{time.Minute, 0, 2}, {time.Hour, 0, 2}}
	for _, tt := range tests {
		if i, next := s.At(tt.age); i != tt.index || next != tt.next {
			t.Errorf("at %v: got %d, %v", tt.age, i, next)
		}
	}
	if i, next := Steps(nil).At(time.Hour); i != 0 || next != 0 || Steps(nil).Need(0) != nil {
		t.Error("no steps: not anybody")
	}
	if faults := s.Check(); faults != nil {
		t.Errorf("faults: %v", faults)
	}
	bad := Steps{{After: 1, Need: Need{"x": 101}}, {After: 1, Need: Need{"y": -1}}}
	if faults := bad.Check(); len(faults) != 5 {
		t.Errorf("got %d faults: %v", len(faults), faults)
	}
}

func TestFits(t *testing.T) {
	const voice, chat = 0, 1
	voiceSlot := Slot{Weight: 100, Max: 1, Over: 1 << voice}
	chatSlot := Slot{Weight: 30, Max: 3, Over: 1 << chat}
	tests := []struct {
		name   string
		load   Load
		medium int
		slot   Slot
		want   bool
	}{
		{"free", Load{Count: []int{0, 0}, Weight: 0}, voice, voiceSlot, true},
		{"one call", Load{Count: []int{1, 0}, Weight: 100}, voice, voiceSlot, false},
		{"chat beside chats", Load{Count: []int{0, 2}, Weight: 60}, chat, chatSlot, true},
		{"as many chats as may be", Load{Count: []int{0, 3}, Weight: 0}, chat, chatSlot, false},
		{"over the budget", Load{Count: []int{0, 2}, Weight: 71}, chat, chatSlot, false},
		{"exactly the budget", Load{Count: []int{0, 2}, Weight: 70}, chat, chatSlot, true},
		{"chat beside a call laid aside", Load{Count: []int{1, 0}, Idle: []int{1, 0}, Weight: 10}, chat, chatSlot, true},
		{"one of two calls laid aside", Load{Count: []int{2, 0}, Idle: []int{1, 0}, Weight: 10}, chat, chatSlot, false},
		{"parked ones count for the most", Load{Count: []int{0, 3}, Idle: []int{0, 3}, Weight: 15}, chat, chatSlot, false},
		{"chat may not interrupt a call", Load{Count: []int{1, 0}, Weight: 10}, chat, chatSlot, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.load.Fits(tt.medium, tt.slot, 100); got != tt.want {
				t.Errorf("got %t, want %t", got, tt.want)
			}
		})
	}
}

func TestRanks(t *testing.T) {
	early := Candidate{IdleSince: time.Unix(1, 0), LastOffer: 9, Handled: 9, Talk: 9, Load: 9, Level: 1, Tier: 9, Place: 9}
	late := Candidate{IdleSince: time.Unix(2, 0), LastOffer: 1, Handled: 1, Talk: 1, Load: 1, Level: 9, Tier: 1, Place: 1}
	for _, s := range Strategies() {
		a, b := s.Of(early), s.Of(late)
		switch s {
		case LongestIdle:
			if a.A >= b.A {
				t.Errorf("%s: the longer idle is not first", s)
			}
		case Random:
			if a != b {
				t.Errorf("%s has an order", s)
			}
		default:
			if a.A <= b.A {
				t.Errorf("%s: the better is not first", s)
			}
		}
	}
	if Strategy("fastest").Known() || !Linear.Known() {
		t.Error("known strategies")
	}
}

func TestDrawIsEvenAndRepeatable(t *testing.T) {
	var hits [7]int
	for epoch := range uint64(7000) {
		i := Draw("item", epoch, 7)
		if i != Draw("item", epoch, 7) {
			t.Fatal("not repeatable")
		}
		hits[i]++
	}
	for i, n := range hits {
		if n < 850 || n > 1150 {
			t.Errorf("%d drawn %d times of 7000", i, n)
		}
	}
}

func TestUnknownWaits(t *testing.T) {
	known := Rates{Completions: 5, Handle: time.Minute, Agents: 2}
	if !known.Wait(0).Known {
		t.Error("five completions are enough")
	}
	for name, r := range map[string]Rates{"few": {4, time.Minute, 2, 0}, "no agents": {9, time.Minute, 0, 0}, "no handle": {9, 0, 2, 0}} {
		if got := r.Wait(3); got != (Estimate{}) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestWaitAgainstSimulation compares the quantiles with 20,000 drawn waits: sums of exponential stages.
func TestWaitAgainstSimulation(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	for _, tt := range []struct {
		ahead   int
		abandon float64
	}{{0, 0}, {1, 0}, {4, 0}, {20, 0}, {4, 0.01}, {100, 0.002}} {
		r := Rates{Completions: 50, Handle: 3 * time.Minute, Agents: 6, Abandon: tt.abandon}
		waits := make([]float64, 20_000)
		for i := range waits {
			for j := range tt.ahead + 1 {
				waits[i] += rnd.ExpFloat64() / (6.0/180 + float64(j)*tt.abandon)
			}
		}
		slices.Sort(waits)
		got := r.Wait(tt.ahead)
		for name, pair := range map[string][2]float64{"P50": {got.P50.Seconds(), waits[10_000]}, "P80": {got.P80.Seconds(), waits[16_000]}} {
			if math.Abs(pair[0]/pair[1]-1) > 0.04 {
				t.Errorf("%d ahead, θ %g: %s: got %.1f, drawn %.1f", tt.ahead, tt.abandon, name, pair[0], pair[1])
			}
		}
	}
}

// TestLongQueuesAreSummedByIntegral compares the shortcut with the plain sum.
func TestLongQueuesAreSummedByIntegral(t *testing.T) {
	for _, theta := range []float64{0, 1e-12, 0.001, 0.1} {
		mean, variance := stages(0.5, theta, 50_000)
		var m, v float64
		for j := range 50_001 {
			x := 1 / (0.5 + float64(j)*theta)
			m += x
			v += x * x
		}
		if math.Abs(mean/m-1) > 1e-4 || math.Abs(variance/v-1) > 1e-4 {
			t.Errorf("θ %g: got %g, %g, want %g, %g", theta, mean, variance, m, v)
		}
	}
}
