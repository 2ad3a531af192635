package flow

import (
	"regexp"

	"tandem/ivr/flow/source"
)

// Dialplan is all modules of a generation. It is immutable once loaded.
type Dialplan struct {
	Modules map[string]*Module
	numbers map[string]*Module // "+4930123" or "+4930*"
}

// Route finds the module that answers a called number: an exact pattern, else the longest prefix.
func (d *Dialplan) Route(number string) (*Module, bool) {
	if m := d.numbers[number]; m != nil {
		return m, true
	}
	for n := min(len(number), maxNumber); n >= 0; n-- {
		if m := d.numbers[number[:n]+"*"]; m != nil {
			return m, true
		}
	}
	return nil, false
}

const maxNumber = 64

var numberPattern = regexp.MustCompile(`^\+?[0-9A-Za-z._-]{0,63}\*?$`)

// addNumbers enters the patterns of a module; equal ones in two modules are a fault that shows both.
func (d *Dialplan) addNumbers(m *Module, first map[string]source.At) {
	for i, pattern := range m.Numbers {
		at := m.at.Key("numbers").Index(i)
		if pattern == "" || !numberPattern.MatchString(pattern) {
			at.Errorf("%q is not a number, a name, or either with * at its end", pattern)
			continue
		}
		if other, taken := first[pattern]; taken {
			at.Conflict(other, "first given here", "number %s is given twice", pattern)
			continue
		}
		first[pattern] = at
		d.numbers[pattern] = m
	}
}
