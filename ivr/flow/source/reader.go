package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Bounds of one file. An alias counts all nodes that it stands for, each time it is used.
const (
	MaxBytes = 1 << 20
	MaxNodes = 100_000
	MaxDepth = 48
)

// Options says how references to secrets are resolved. With a nil function the kind of reference is only checked.
type Options struct {
	Env      func(name string) (string, bool)  // usually os.LookupEnv
	ReadFile func(path string) ([]byte, error) // usually os.ReadFile
}

// Reader fills one struct from one or more files and remembers where each part of it stood.
type Reader struct {
	opts   Options
	faults *Faults
	marks  map[string]mark
	file   string
	lines  []string
	nodes  int
	begun  map[any]bool
	bad    map[string]bool // paths of scalars that could not be read
	unread bool            // a file had no readable YAML: what is missing may be there
}

// mark is what is remembered of a path.
type mark struct {
	key, value Pos
	width      int
	offset     int
	plain      bool
	secret     bool
	scalar     bool
}

// NewReader returns a Reader that reports into faults; nil makes a new collection.
func NewReader(opts Options, faults *Faults) *Reader {
	if faults == nil {
		faults = &Faults{}
	}
	return &Reader{opts: opts, faults: faults, marks: map[string]mark{}, begun: map[any]bool{}, bad: map[string]bool{}}
}

// Decode reads one file into the struct that into points to, checks it, and returns every fault as one error.
func Decode(file string, data []byte, into any) error {
	r := NewReader(Options{}, nil)
	r.Read(file, data, into)
	r.Finish(into)
	return r.faults.Err()
}

// Faults returns what was collected so far.
func (r *Reader) Faults() *Faults { return r.faults }

// At returns a path in what was read, "" being the whole.
func (r *Reader) At(path string) At { return At{r, path} }

// Read decodes one file into the struct that into points to. Further files add to it: maps and lists grow, a scalar given
// twice is a fault that names both places.
func (r *Reader) Read(file string, data []byte, into any) {
	v := target(into)
	r.file, r.nodes = file, 0
	r.faults.AddSource(file, data)
	if _, known := r.marks[""]; !known {
		at := Pos{File: file, Line: 1, Col: 1}
		r.marks[""] = mark{key: at, value: at, width: 1}
	}
	if !r.begun[into] {
		r.begun[into] = true
		r.defaults(v)
	}
	if len(data) > MaxBytes {
		r.unread = true
		r.faults.Add(Fault{Pos: Pos{File: file}, Message: fmt.Sprintf("file has %d bytes, the limit is %d", len(data), MaxBytes)})
		return
	}
	r.lines = strings.Split(string(data), "\n")
	node := r.parse(data)
	if node == nil || len(node.Content) == 0 {
		return
	}
	root := node.Content[0]
	if !r.bounded(root, 0) {
		r.unread = true
	} else if root.Tag != "!!null" {
		r.value(root, v, spot{})
	}
}

// Finish checks required keys and calls the Validate hooks, children before parents.
func (r *Reader) Finish(into any) { r.finish(target(into), r.At("")) }

func target(into any) reflect.Value {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("source: cannot read into %T: not a pointer to a struct", into))
	}
	return v.Elem()
}

// parse returns the document node, or nil after reporting why there is none.
func (r *Reader) parse(data []byte) *yaml.Node {
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		panic("source: " + err.Error()) // only wrong options fail
	}
	doc := &yaml.Node{}
	if err := loader.Load(doc); err != nil {
		if !errors.Is(err, io.EOF) {
			r.syntax(err)
		}
		return nil
	}
	switch second := (&yaml.Node{}); {
	case loader.Load(second) == nil:
		r.faults.Add(Fault{Pos: r.pos(second), Message: "a second document begins here: use one file for each"})
	case len(doc.Content) == 1:
		return doc
	}
	return nil
}

// delicate matches lines that may hold a secret, where nothing better is known of them.
var delicate = regexp.MustCompile(`(?i)pass|secret|token|key|pin`)

func (r *Reader) syntax(err error) {
	r.unread = true
	fault := Fault{Pos: Pos{File: r.file}, Message: "not valid YAML: " + err.Error()}
	var at *yaml.LoadError
	if errors.As(err, &at) {
		fault.Pos = Pos{File: r.file, Line: at.Mark.Line, Col: at.Mark.Column}
		fault.Message = "not valid YAML: " + at.Message
		if at.Mark.Line > 0 && at.Mark.Line <= len(r.lines) {
			line := r.lines[at.Mark.Line-1]
			fault.Mask, fault.Hint = delicate.MatchString(line), cure(at.Message, line)
		}
	}
	r.faults.Add(fault)
}

// cure tells what is behind a parser's words that say nothing to somebody new to YAML.
func cure(message, line string) string {
	switch {
	case strings.HasPrefix(strings.TrimLeft(line, " "), "\t"):
		return "YAML is indented by blanks: there is a tab in this line"
	case strings.Contains(message, "unknown anchor"), strings.Contains(message, "alphabetic or numeric"):
		return `a value that begins with * or & needs quotes: "*11"`
	case strings.Contains(message, "mapping values are not allowed"):
		return "a value that holds a colon and a blank needs quotes, and keys of one block stand in one column"
	}
	return ""
}

// bounded counts nodes as a decoder will meet them, so that aliases cannot blow up or loop.
func (r *Reader) bounded(n *yaml.Node, depth int) bool {
	r.nodes++
	switch {
	case depth > MaxDepth:
		r.faults.Add(Fault{Pos: r.pos(n), Message: fmt.Sprintf("nested deeper than %d levels", MaxDepth)})
		return false
	case r.nodes > MaxNodes:
		r.faults.Add(Fault{Pos: r.pos(n), Message: fmt.Sprintf("more than %d values, counting aliases", MaxNodes)})
		return false
	case n.Kind == yaml.AliasNode:
		return r.bounded(n.Alias, depth+1)
	}
	for _, child := range n.Content {
		if !r.bounded(child, depth+1) {
			return false
		}
	}
	return true
}

func (r *Reader) pos(n *yaml.Node) Pos { return Pos{File: r.file, Line: n.Line, Col: n.Column} }
