package softphone

import "fmt"

// row is one line of a table: in state from, on an event, go to state to and perform do; rfc says where that stands.
type row[S, E, D ~uint8] struct {
	from S
	on   E
	to   S
	do   D
	rfc  string
}

// cell is a compiled row; listed is false for a pair without one.
type cell[S, D ~uint8] struct {
	to     S
	do     D
	listed bool
}

// compile makes a table that is indexed by state and event. A pair listed twice is a bug and panics at start.
func compile[S, E, D ~uint8](rows []row[S, E, D], states, events int) [][]cell[S, D] {
	table := make([][]cell[S, D], states)
	for s := range table {
		table[s] = make([]cell[S, D], events)
	}
	for _, r := range rows {
		c := &table[r.from][r.on]
		if c.listed {
			panic(fmt.Sprintf("pair %d, %d listed twice", r.from, r.on))
		}
		*c = cell[S, D]{r.to, r.do, true}
	}
	return table
}

// step returns the next state and what to do; a pair that is not listed changes nothing.
func step[S, E, D ~uint8](table [][]cell[S, D], s S, on E) (S, D, bool) {
	c := table[s][on]
	if !c.listed {
		return s, 0, false
	}
	return c.to, c.do, true
}
