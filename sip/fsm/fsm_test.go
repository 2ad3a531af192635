package fsm

import "testing"

type (
	lamp   uint8
	press  uint8
	effect uint16
)

func lamps() Rows[lamp, press, effect] {
	return Rows[lamp, press, effect]{{0, 0, 1, 1 << 8, ""}, {1, 0, 0, 0, ""}, {1, 15, 15, 1, ""}}
}

func TestStep(t *testing.T) {
	m := Compile(lamps())
	for _, tt := range []struct {
		name   string
		from   lamp
		on     press
		to     lamp
		do     effect
		listed bool
	}{
		{"listed", 0, 0, 1, 1 << 8, true},
		{"listed without effect", 1, 0, 0, 0, true},
		{"the last of both", 1, 15, 15, 1, true},
		{"not listed", 15, 15, 15, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if to, do, listed := m.Step(tt.from, tt.on); to != tt.to || do != tt.do || listed != tt.listed {
				t.Errorf("got %d, %b, %t, want %d, %b, %t", to, do, listed, tt.to, tt.do, tt.listed)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	for name, r := range map[string]Rows[lamp, press, effect]{
		"pair listed twice":   {{1, 2, 1, 0, ""}, {1, 2, 3, 0, ""}},
		"state out of bounds": {{16, 0, 0, 0, ""}},
		"event out of bounds": {{0, 16, 0, 0, ""}},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("compiled")
				}
			}()
			Compile(r)
		})
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	m := Compile(lamps())
	if n := testing.AllocsPerRun(100, func() { m.Step(0, 0) }); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}

func BenchmarkStep(b *testing.B) {
	m, s := Compile(lamps()), lamp(0)
	for b.Loop() {
		s, _, _ = m.Step(s, 0)
	}
}
