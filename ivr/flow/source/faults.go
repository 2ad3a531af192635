package source

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Pos is a place in a file. Line and Col count from 1, Col in bytes; Line 0 means the file as a whole.
type Pos struct {
	File string
	Line int
	Col  int
}

// String gives file:line:col.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Related is a second place that a fault is about, with a note such as "first given here".
type Related struct {
	Pos  Pos
	Note string
}

// Fault is one complaint about what was read.
type Fault struct {
	Pos     Pos
	Path    string // "steps.main.menu.prompt", empty for syntax
	Message string
	Hint    string // printed below: `did you mean "prompt"?`
	Related []Related
	Warning bool // does not make the run fail
	Width   int  // bytes to underline, at least 1
	Mask    bool // hide the source line behind Width: it may hold a secret
}

// MaxFaults is how many faults a run keeps; more are counted only.
const MaxFaults = 200

// Faults collects all complaints of a run, over all files. The zero value is ready.
type Faults struct {
	list    []Fault
	seen    map[string]bool
	lines   map[string][]string
	order   []string
	errors  int
	dropped int
	hidden  map[Pos]int // places that may hold a secret, with their width
}

// AddSource makes the text of a file known, for the excerpts.
func (f *Faults) AddSource(file string, data []byte) {
	if f.lines == nil {
		f.lines = map[string][]string{}
	}
	if _, known := f.lines[file]; !known {
		f.order = append(f.order, file)
	}
	f.lines[file] = strings.Split(string(data), "\n")
}

// Add records a fault. The same message at the same place counts once.
func (f *Faults) Add(fault Fault) {
	key := fault.Pos.String() + fault.Message
	if f.seen[key] {
		return
	}
	if f.seen == nil {
		f.seen = map[string]bool{}
	}
	if !fault.Warning {
		f.errors++
	}
	if len(f.list) >= MaxFaults {
		f.dropped++
		return
	}
	f.seen[key] = true
	f.list = append(f.list, fault)
}

// Failed says whether there is any fault beyond warnings.
func (f *Faults) Failed() bool { return f.errors > 0 }

// All returns the faults ordered by file (as first read), line and column.
func (f *Faults) All() []Fault {
	list := slices.Clone(f.list)
	slices.SortStableFunc(list, func(a, b Fault) int {
		return cmp.Or(cmp.Compare(slices.Index(f.order, a.Pos.File), slices.Index(f.order, b.Pos.File)),
			cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col))
	})
	return list
}

// Err returns an error that prints every fault, or nil when there are only warnings.
func (f *Faults) Err() error {
	if !f.Failed() {
		return nil
	}
	return errors.New(strings.TrimSuffix(f.String(), "\n"))
}

// String prints all faults, warnings too, each with its excerpt.
func (f *Faults) String() string {
	var b strings.Builder
	for _, fault := range f.All() {
		f.print(&b, fault)
	}
	if f.dropped > 0 {
		fmt.Fprintf(&b, "and %d more\n", f.dropped)
	}
	return b.String()
}

func (f *Faults) print(b *strings.Builder, fault Fault) {
	kind := ""
	if fault.Warning {
		kind = "warning: "
	}
	fmt.Fprintf(b, "%s: %s%s\n", fault.Pos, kind, fault.Message)
	f.excerpt(b, fault)
	if fault.Hint != "" {
		fmt.Fprintf(b, "       %s\n", fault.Hint)
	}
	for _, r := range fault.Related {
		fmt.Fprintf(b, "       %s: %s\n", r.Pos, r.Note)
	}
}

// excerpt prints the source line and, below it, the caret.
func (f *Faults) excerpt(b *strings.Builder, fault Fault) {
	lines := f.lines[fault.Pos.File]
	if fault.Pos.Line < 1 || fault.Pos.Line > len(lines) {
		return
	}
	line := strings.TrimRight(lines[fault.Pos.Line-1], "\r")
	start := min(max(fault.Pos.Col-1, 0), len(line))
	width := min(max(fault.Width, 0), len(line)-start)
	line = f.veil(fault.Pos, line)
	if end := start + width; fault.Mask && end < len(line) {
		line = line[:end] + " …"
	}
	line = window(line, &start)
	width = max(min(width, len(line)-start), 1)
	fmt.Fprintf(b, "%5d | %s\n      | %s%s\n", fault.Pos.Line, printable(line), blank(line[:start]), strings.Repeat("^", width))
}

// hide keeps width bytes at a place out of every excerpt, for they may be a secret.
func (f *Faults) hide(at Pos, width int) {
	if f.hidden == nil {
		f.hidden = map[Pos]int{}
	}
	f.hidden[at] = max(f.hidden[at], width)
}

// veil stars out what is hidden on the line.
func (f *Faults) veil(line Pos, text string) string {
	out := []byte(text)
	for at, width := range f.hidden {
		if at.File != line.File || at.Line != line.Line {
			continue
		}
		for i := max(at.Col-1, 0); i < min(at.Col-1+width, len(out)); i++ {
			out[i] = '*'
		}
	}
	return string(out)
}

// window cuts a long line down to what surrounds the caret.
func window(line string, start *int) string {
	const most = 160
	if len(line) > most && *start > most/2 {
		cut := *start - most/2
		line, *start = line[cut:], most/2
	}
	return line[:min(len(line), most)]
}

func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

// blank keeps tabs, so that the caret stands under its column.
func blank(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, strings.ToValidUTF8(s, "?"))
}
