package digital

import "fmt"

// machineSize bounds states and events of the machines of this room.
const machineSize = 16

// step is one cell of a compiled machine.
type step[S, D ~uint8] struct {
	to S
	do D
	ok bool
}

// compile turns rows into a table that is indexed by state and event. It panics on a pair that stands twice.
func compile[R any, S, E, D ~uint8](rows []R, cell func(R) (S, E, step[S, D])) (t [machineSize][machineSize]step[S, D]) {
	for _, r := range rows {
		s, e, c := cell(r)
		if t[s][e].ok {
			panic(fmt.Sprintf("state machine: state %d, event %d stands twice", s, e))
		}
		t[s][e] = c
	}
	return t
}
