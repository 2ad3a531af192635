package figures

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"text/tabwriter"
)

// Sense says on which side of its goal a figure should lie.
type Sense string

// The senses of a goal.
const (
	None    Sense = ""
	AtMost  Sense = "≤"
	AtLeast Sense = "≥"
)

// Figure is one number that was measured.
type Figure struct {
	Run    string  `json:"run"`  // "calls 1500/s"
	Name   string  `json:"name"` // "CPU per call"
	Value  float64 `json:"value"`
	Unit   string  `json:"unit,omitempty"`
	Sense  Sense   `json:"sense,omitempty"`
	Goal   float64 `json:"goal,omitempty"`
	Beside string  `json:"beside,omitempty"` // a floor of the same run, what others needed
}

// Holds tells whether the goal was reached; a figure without one holds.
func (f Figure) Holds() bool {
	switch f.Sense {
	case AtMost:
		return f.Value <= f.Goal
	case AtLeast:
		return f.Value >= f.Goal
	}
	return true
}

func (f Figure) verdict() string {
	switch {
	case f.Sense == None:
		return ""
	case f.Holds():
		return "holds"
	}
	return "MISSED"
}

func (f Figure) goal() string {
	if f.Sense == None {
		return ""
	}
	return fmt.Sprintf("%s %s", f.Sense, number(f.Goal))
}

// number prints three significant digits, and counts whole.
func number(v float64) string {
	if v == float64(int64(v)) {
		return strconv.FormatInt(int64(v), 10)
	}
	if v >= 1000 || v <= -1000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// Report is what a run found.
type Report []Figure

// Missed are the figures that did not reach their goal.
func (r Report) Missed() (out Report) {
	for _, f := range r {
		if !f.Holds() {
			out = append(out, f)
		}
	}
	return out
}

// Table prints aligned columns.
func (r Report) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RUN\tFIGURE\tVALUE\tUNIT\tGOAL\t\tBESIDE")
	last := ""
	for _, f := range r {
		run := f.Run
		if run == last {
			run = ""
		}
		last = f.Run
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", run, f.Name, number(f.Value), f.Unit, f.goal(), f.verdict(), f.Beside)
	}
	return t.Flush()
}

// JSON prints one object for each line.
func (r Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	for _, f := range r {
		if err := e.Encode(struct {
			Figure
			Holds bool `json:"holds"`
		}{f, f.Holds()}); err != nil {
			return err
		}
	}
	return nil
}
