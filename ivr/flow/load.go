package flow

import (
	"maps"
	"slices"

	"tandem/ivr/flow/source"
)

// File is one flow file: its name for messages, and its text.
type File struct {
	Name string
	Data []byte
}

// Lookup is a closed set of names outside the dialplan. Has may accept more than Names lists; Names is for suggestions.
type Lookup struct {
	Has   func(name string) bool
	Names []string
}

// Known makes a Lookup of exactly these names.
func Known(names ...string) *Lookup {
	return &Lookup{Has: func(name string) bool { return slices.Contains(names, name) }, Names: names}
}

// World is what flows refer to outside. A nil Lookup means that these names are not checked.
type World struct {
	Prompts   *Lookup
	Queues    *Lookup
	Endpoints *Lookup
}

// Load reads and checks all modules of a generation. The faults hold everything that is wrong; the Dialplan may be run
// only if they have not Failed.
func Load(files []File, world World) (*Dialplan, *source.Faults) {
	faults := &source.Faults{}
	d := &Dialplan{Modules: map[string]*Module{}, numbers: map[string]*Module{}}
	numbers := map[string]source.At{}
	for _, f := range files {
		m := read(f, faults)
		if other := d.Modules[m.Name]; other != nil {
			m.at.Key("flow").Conflict(other.at.Key("flow"), "first given here", "flow %q is given twice", m.Name)
			continue
		}
		d.Modules[m.Name] = m
		d.addNumbers(m, numbers)
	}
	for _, name := range slices.Sorted(maps.Keys(d.Modules)) {
		c := &checker{plan: d, m: d.Modules[name], world: world}
		c.check()
	}
	checkCalls(d)
	return d, faults
}

// read decodes one file and finds out what each step is.
func read(f File, faults *source.Faults) *Module {
	m := &Module{}
	r := source.NewReader(source.Options{}, faults)
	r.Read(f.Name, f.Data, m)
	r.Finish(m)
	m.at = r.At("")
	for name, s := range m.Steps {
		if s == nil {
			s = &Step{Name: name}
			m.Steps[name] = s
		}
		s.Name = name
		if kinds := s.kinds(); len(kinds) > 0 {
			s.kind = kinds[0]
		}
	}
	return m
}
