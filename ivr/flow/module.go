package flow

import (
	"cmp"
	"slices"
	"time"

	"tandem/ivr/flow/source"
)

// Module is one flow file.
type Module struct {
	Name      string               `yaml:"flow,required"`
	Language  string               `yaml:"language" default:"en"`
	Start     string               `yaml:"start,required"`
	Numbers   []string             `yaml:"numbers"` // "+4930123", or a prefix: "+4930*"
	TimeLimit time.Duration        `yaml:"time_limit" default:"30m"`
	Visits    int                  `yaml:"visits" default:"5"` // of one step in one call
	Results   []string             `yaml:"results"`            // a sub-flow ends with one of them
	OnError   string               `yaml:"on_error"`           // a step
	OnHangup  string               `yaml:"on_hangup"`          // a step; what follows may not wait
	Vars      map[string]*Variable `yaml:"vars"`
	Hours     map[string]*Calendar `yaml:"hours"`
	Exits     map[string]string    `yaml:"exits"` // exit → step, for steps that do not say
	Steps     map[string]*Step     `yaml:"steps,required"`

	at source.At
}

// Step is one step of a module. Exactly one of the kinds is set.
type Step struct {
	Name     string            `yaml:",name"`
	Answer   *Answer           `yaml:"answer"`
	Play     *Play             `yaml:"play"`
	Menu     *Menu             `yaml:"menu"`
	Collect  *Collect          `yaml:"collect"`
	Say      *Say              `yaml:"say"`
	Set      map[string]*Expr  `yaml:"set"` // all values are computed before any is assigned
	If       *Expr             `yaml:"if"`
	Switch   *Expr             `yaml:"switch"`
	Hours    string            `yaml:"hours"`
	Queue    *Queue            `yaml:"queue"`
	Dial     *Dial             `yaml:"dial"`
	Transfer *Transfer         `yaml:"transfer"`
	SendLink *SendLink         `yaml:"send_link"`
	Call     *Call             `yaml:"call"`
	Goto     string            `yaml:"goto"`
	Hangup   *Hangup           `yaml:"hangup"`
	End      string            `yaml:"end"`  // of a sub-flow, with a result
	Then     string            `yaml:"then"` // where the ordinary exit leads
	Exits    map[string]string `yaml:"exits"`

	kind Kind
}

// Kind says what the step does.
func (s *Step) Kind() Kind { return s.kind }

// Waits says whether the step can wait for somebody outside.
func (s *Step) Waits() bool {
	return slices.Contains([]Kind{KindMenu, KindCollect, KindQueue, KindDial, KindTransfer}, s.kind)
}

// Position is the place of the step in its file.
func (m *Module) Position(step string) source.Pos { return m.at.Key("steps").Key(step).KeyPos() }

// Ordered lists the steps as they stand in the file.
func (m *Module) Ordered() []*Step {
	var list []*Step
	for _, s := range m.Steps {
		if s != nil {
			list = append(list, s)
		}
	}
	slices.SortFunc(list, func(a, b *Step) int {
		pa, pb := m.Position(a.Name), m.Position(b.Name)
		return cmp.Or(cmp.Compare(pa.Line, pb.Line), cmp.Compare(pa.Col, pb.Col), cmp.Compare(a.Name, b.Name))
	})
	return list
}

func (m *Module) stepAt(s *Step) source.At { return m.at.Key("steps").Key(s.Name) }
func (m *Module) kindAt(s *Step) source.At { return m.stepAt(s).Key(string(s.kind)) }
