package source

import (
	"fmt"
	"strconv"
	"strings"
)

// At is a path in what a Reader read, and reports faults at its place. The zero At reports nothing.
type At struct {
	reader *Reader
	path   string
}

// Validator is implemented by structs that check themselves after everything was read. A struct of a room that must not
// know this package implements Validate() error instead: each error of an errors.Join whose text begins with the path
// of a field ("wrap_up: …", "queues.support.wrap_up: …"), relative to the struct, is reported at that field's place.
type Validator interface {
	Validate(at At)
}

// Key goes to a field or map entry below.
func (a At) Key(name string) At { return At{a.reader, join(a.path, name)} }

// Index goes to a list element below.
func (a At) Index(i int) At { return At{a.reader, a.path + "[" + strconv.Itoa(i) + "]"} }

// Path is the full path, such as "queues.support.skills[0]".
func (a At) Path() string { return a.path }

// Given says whether the path stands in a file, and not only in a default.
func (a At) Given() bool {
	if a.reader == nil {
		return false
	}
	_, ok := a.reader.marks[a.path]
	return ok
}

// Pos is the place of the value, or of the nearest parent that stands in a file.
func (a At) Pos() Pos { return a.mark().value }

// KeyPos is the place of the key in front of the value.
func (a At) KeyPos() Pos { return a.mark().key }

// Plain says whether the value was written as one line without quotes or escapes, so that byte n of its text stands n
// columns right of Pos. offset is what to add for the quote.
func (a At) Plain() (offset int, ok bool) {
	m := a.mark()
	return m.offset, m.plain
}

func (a At) mark() mark {
	if a.reader == nil {
		return mark{}
	}
	for path := a.path; path != ""; path = parent(path) {
		if m, ok := a.reader.marks[path]; ok {
			return m
		}
	}
	return a.reader.marks[""]
}

// Errorf reports an error at the value.
func (a At) Errorf(format string, args ...any) {
	a.Report(Fault{Message: fmt.Sprintf(format, args...)})
}

// Warnf reports a warning at the value.
func (a At) Warnf(format string, args ...any) {
	a.Report(Fault{Message: fmt.Sprintf(format, args...), Warning: true})
}

// Report adds a fault; place, path, width and mask are filled in unless Pos is set.
func (a At) Report(fault Fault) {
	if a.reader == nil {
		return
	}
	if fault.Pos == (Pos{}) {
		m := a.mark()
		fault.Pos, fault.Width, fault.Mask = m.value, m.width, m.secret
	}
	fault.Path = a.path
	a.reader.faults.Add(fault)
}

// Unknown reports a name that refers to nothing: `unknown queue "suport"`, with the nearest known name.
func (a At) Unknown(what, name string, known []string) {
	hint := Suggest(name, known)
	if len(known) == 0 {
		hint = "there is none yet"
	}
	a.Report(Fault{Message: fmt.Sprintf("unknown %s %q", what, name), Hint: hint})
}

// Conflict reports a fault at a and shows where the other value stands.
func (a At) Conflict(other At, note, format string, args ...any) {
	a.Report(Fault{Message: fmt.Sprintf(format, args...), Related: []Related{{other.Pos(), note}}})
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func parent(path string) string {
	if i := strings.LastIndexAny(path, ".["); i > 0 {
		return path[:i]
	}
	return ""
}
