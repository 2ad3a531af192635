package smpp

import "fmt"

// row is one line of a machine's table.
type row[S, E, D ~uint8] struct {
	from S
	on   E
	to   S
	do   D
	rfc  string
}

// cell is a compiled row.
type cell[S, D ~uint8] struct {
	to     S
	do     D
	listed bool
}

// compile turns a table into an array indexed by state and event. A pair listed twice panics at start.
func compile[S, E, D ~uint8](rows []row[S, E, D], states, events int) [][]cell[S, D] {
	out := make([][]cell[S, D], states)
	for i := range out {
		out[i] = make([]cell[S, D], events)
	}
	for _, r := range rows {
		c := &out[r.from][r.on]
		if c.listed {
			panic(fmt.Sprintf("smpp: pair (%d, %d) listed twice", r.from, r.on))
		}
		*c = cell[S, D]{to: r.to, do: r.do, listed: true}
	}
	return out
}

// step looks a pair up. A pair that is not listed changes nothing.
func step[S, E, D ~uint8](table [][]cell[S, D], s S, on E) (to S, do D, listed bool) {
	c := table[s][on]
	if !c.listed {
		return s, 0, false
	}
	return c.to, c.do, true
}
