package route

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Skills are levels by skill name, 0 to 100. As a Need they are the least levels that an agent must have.
type Skills map[string]int

// Need is what an item asks of its agent: every named skill at its level or above. The empty need takes anybody.
type Need = Skills

// Covers tells whether an agent with skills s meets the need.
func (s Skills) Covers(n Need) bool {
	for name, level := range n {
		if have, ok := s[name]; !ok || have < level {
			return false
		}
	}
	return true
}

// Sum is the total level that an agent with skills s has in the skills that n names.
func (s Skills) Sum(n Need) int {
	total := 0
	for name := range n {
		total += s[name]
	}
	return total
}

// Signature is the canonical text of a need, equal for equal needs: "billing>=30 german>=50". The empty need gives "".
func (s Skills) Signature() string {
	if len(s) == 0 {
		return ""
	}
	names := make([]string, 0, len(s))
	for name := range s {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(name)
		b.WriteString(">=")
		b.WriteString(strconv.Itoa(s[name]))
	}
	return b.String()
}

// Step is a need that holds from an age on.
type Step struct {
	After time.Duration `json:"after" yaml:"after"` // age of the item, counted from its first arrival
	Need  Need          `json:"need" yaml:"need"`
}

// Steps is the relaxation of an item: sorted by After, the first at zero.
type Steps []Step

// At returns the index of the step in force at an age, and the age at which the next begins (0: there is none).
func (s Steps) At(age time.Duration) (index int, next time.Duration) {
	for i := range s {
		if s[i].After > age {
			return max(i-1, 0), s[i].After
		}
		index = i
	}
	return index, 0
}

// Need returns the need of step i; without steps anybody will do.
func (s Steps) Need(i int) Need {
	if i >= len(s) {
		return nil
	}
	return s[i].Need
}

// Check returns the faults of a list of steps, none when it may be used. That a later step asks for more than the one
// before it is a fault too: waiting would make it harder to be served.
func (s Steps) Check() []error {
	var faults []error
	for i, step := range s {
		switch {
		case i == 0 && step.After != 0:
			faults = append(faults, fmt.Errorf("steps[0].after: %v: the first step begins at 0s", step.After))
		case i > 0 && step.After <= s[i-1].After:
			faults = append(faults, fmt.Errorf("steps[%d].after: %v: not after the step before it", i, step.After))
		}
		for name, level := range step.Need {
			if level < 0 || level > 100 {
				faults = append(faults, fmt.Errorf("steps[%d].need.%s: %d: levels are 0 to 100", i, name, level))
			}
		}
		if i > 0 && !s[i-1].Need.Covers(step.Need) {
			faults = append(faults, fmt.Errorf("steps[%d].need: asks for more than the step before it", i))
		}
	}
	return faults
}
