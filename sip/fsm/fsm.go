package fsm

import "fmt"

// size bounds the states and the events of a machine.
const size = 16

// Rows is the table of a machine with states S, events E and effect bits D: in state From, On an event, go To a state and Do
// effects; RFC says where that stands.
type Rows[S, E ~uint8, D ~uint8 | ~uint16] []struct {
	From S
	On   E
	To   S
	Do   D
	RFC  string
}

// Machine is a compiled table.
type Machine[S, E ~uint8, D ~uint8 | ~uint16] struct {
	rows  Rows[S, E, D]
	cells [size][size]cell[S, D]
}

// cell is a compiled row; listed is false for a pair without one.
type cell[S ~uint8, D ~uint8 | ~uint16] struct {
	to     S
	do     D
	listed bool
}

// Compile indexes rows by state and event. A pair that is listed twice is a bug and panics at start.
func Compile[S, E ~uint8, D ~uint8 | ~uint16](rows Rows[S, E, D]) *Machine[S, E, D] {
	m := &Machine[S, E, D]{rows: rows}
	for _, r := range rows {
		c := &m.cells[r.From][r.On]
		if c.listed {
			panic(fmt.Sprintf("%T %d on %T %d listed twice", r.From, r.From, r.On, r.On))
		}
		*c = cell[S, D]{to: r.To, do: r.Do, listed: true}
	}
	return m
}

// Step returns the next state, the effects, and whether the pair is listed: one that is not changes nothing. Pure.
func (m *Machine[S, E, D]) Step(from S, on E) (to S, do D, listed bool) {
	c := &m.cells[from][on]
	if !c.listed {
		return from, 0, false
	}
	return c.to, c.do, true
}

// Rows returns the table as it was compiled, for tests; it is read-only.
func (m *Machine[S, E, D]) Rows() Rows[S, E, D] { return m.rows }
