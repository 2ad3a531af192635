package acd

import (
	"fmt"
	"math/bits"
	"strings"
)

// row is one line of a machine's table: in state from, on an event, do the flagged things and be in state to.
type row[S, E ~uint8, D ~uint32] struct {
	from S
	on   E
	to   S
	do   D
	ref  string // section of the specification
}

// cell is a compiled row.
type fsmCell[S ~uint8, D ~uint32] struct {
	to     S
	do     D
	listed bool
}

// compile makes a table two-dimensional. Two rows for one pair are a fault of the program.
func compile[S, E ~uint8, D ~uint32](rows []row[S, E, D], states, events int) [][]fsmCell[S, D] {
	table := make([][]fsmCell[S, D], states)
	for i := range table {
		table[i] = make([]fsmCell[S, D], events)
	}
	for _, r := range rows {
		c := &table[r.from][r.on]
		if c.listed {
			panic(fmt.Sprintf("state %d, event %d: listed twice", r.from, r.on))
		}
		*c = fsmCell[S, D]{to: r.to, do: r.do, listed: true}
	}
	return table
}

// flags writes the names of the set bits.
func flags[D ~uint32](d D, names []string) string {
	var out []string
	for rest := uint32(d); rest != 0; rest &= rest - 1 {
		out = append(out, names[bits.TrailingZeros32(rest)])
	}
	if len(out) == 0 {
		return "—"
	}
	return strings.Join(out, ", ")
}
