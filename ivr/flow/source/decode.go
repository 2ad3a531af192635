package source

import (
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v4"
)

// spot is where the decoder stands: the path, and the key that led there.
type spot struct {
	path string
	key  *yaml.Node
}

// value decodes one node into v, which can be set.
func (r *Reader) value(n *yaml.Node, v reflect.Value, at spot) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if v.Kind() == reflect.Pointer && !isScalar(v.Type()) {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
			r.defaults(v.Elem())
		}
		r.value(n, v.Elem(), at)
		return
	}
	before, again := r.marks[at.path]
	r.remember(n, v, at)
	if v.Kind() == reflect.Slice && !again {
		v.SetZero() // what is written replaces the default
	}
	if isSecret(v.Type()) && !isReference(n.Value) {
		r.conceal(n)
	}
	if isScalar(v.Type()) {
		if again && at.path != "" {
			r.twice(n, at, before)
			return
		}
		r.scalar(n, v, at)
		return
	}
	r.composite(n, v, at)
}

func (r *Reader) composite(n *yaml.Node, v reflect.Value, at spot) {
	switch v.Kind() {
	case reflect.Struct:
		if short, ok := shortOf(v.Type()); ok && n.Kind != yaml.MappingNode {
			if !isNull(n) {
				r.value(n, v.FieldByIndex(short.index), spot{join(at.path, short.key), at.key})
			}
			return
		}
		r.structure(n, v, at)
	case reflect.Map:
		r.table(n, v, at)
	case reflect.Slice:
		r.list(n, v, at)
	default:
		panic(fmt.Sprintf("source: cannot read YAML into %s at %q", v.Type(), at.path))
	}
}

func (r *Reader) structure(n *yaml.Node, v reflect.Value, at spot) {
	fields, seen := fieldsOf(v.Type()), map[string]*yaml.Node{}
	for key, value := range r.pairs(n, at, seen) {
		f, ok := find(fields, key.Value)
		switch {
		case ok:
			r.value(value, v.FieldByIndex(f.index), spot{join(at.path, f.key), key})
		case key.Value == "<<":
			r.reject(key, at, "merge keys (<<) are not supported", "")
		case at.path == "" && key.Value == "$schema":
		default:
			r.conceal(value)
			r.reject(key, at, fmt.Sprintf("unknown key %q%s", key.Value, within(at.path)), Suggest(key.Value, keysOf(v.Type())))
		}
	}
}

func find(fields []field, key string) (field, bool) {
	for _, f := range fields {
		if f.key == key && !f.name {
			return f, true
		}
	}
	return field{}, false
}

// pairs walks a mapping, reporting what is not one, keys that are not scalars, and keys given twice.
func (r *Reader) pairs(n *yaml.Node, at spot, seen map[string]*yaml.Node) func(func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			if !isNull(n) {
				r.reject(n, at, fmt.Sprintf("expected keys and values%s, got %s", within(at.path), what(n)), "")
			}
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, value := n.Content[i], n.Content[i+1]
			if key.Kind != yaml.ScalarNode {
				r.reject(key, at, "a key must be a plain word, not "+what(key), "")
				continue
			}
			if first := seen[key.Value]; first != nil {
				r.faults.Add(Fault{Pos: r.pos(key), Path: at.path, Width: len(key.Value), Mask: true,
					Message: fmt.Sprintf("key %q is given twice", key.Value), Related: []Related{{r.pos(first), "first given here"}}})
				continue
			}
			seen[key.Value] = key
			if !yield(key, value) {
				return
			}
		}
	}
}

func (r *Reader) table(n *yaml.Node, v reflect.Value, at spot) {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	elem := v.Type().Elem()
	for key, value := range r.pairs(n, at, map[string]*yaml.Node{}) {
		name := reflect.New(v.Type().Key()).Elem()
		path := join(at.path, key.Value)
		if key.Value == "" || key.Value == "<<" {
			r.reject(key, at, fmt.Sprintf("%q cannot be a name%s", key.Value, within(at.path)), "")
			continue
		}
		if first, again := r.marks[path]; again {
			r.twice(key, spot{path, key}, first)
			continue
		}
		if err := setScalar(r.opts, name, key.Value); err != nil {
			r.reject(key, at, err.Error(), hintOf(err))
			continue
		}
		item := reflect.New(elem).Elem()
		r.defaults(item)
		r.value(value, item, spot{path, key})
		setName(item, key.Value)
		v.SetMapIndex(name, item)
	}
}

// setName hands the map key to the field tagged name.
func setName(item reflect.Value, key string) {
	if item.Kind() == reflect.Pointer {
		item = item.Elem()
	}
	if item.Kind() != reflect.Struct || isScalar(item.Type()) {
		return
	}
	for _, f := range fieldsOf(item.Type()) {
		if f.name {
			item.FieldByIndex(f.index).SetString(key)
		}
	}
}

// list appends; a single scalar stands for a list of one.
func (r *Reader) list(n *yaml.Node, v reflect.Value, at spot) {
	if isNull(n) {
		return
	}
	items := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		items = n.Content
	} else if n.Kind == yaml.MappingNode && isScalar(v.Type().Elem()) {
		r.reject(n, at, fmt.Sprintf("expected a list%s, got %s", within(at.path), what(n)), "")
		return
	}
	for _, child := range items {
		item := reflect.New(v.Type().Elem()).Elem()
		r.defaults(item)
		r.value(child, item, spot{fmt.Sprintf("%s[%d]", at.path, v.Len()), nil})
		v.Set(reflect.Append(v, item))
	}
}

// remember keeps where a path stands; the first file wins.
func (r *Reader) remember(n *yaml.Node, v reflect.Value, at spot) {
	if _, known := r.marks[at.path]; known && at.path != "" {
		return
	}
	m := mark{value: r.pos(n), width: len(n.Value), plain: r.plain(n), secret: isSecret(v.Type()), scalar: n.Kind == yaml.ScalarNode}
	if n.Kind != yaml.ScalarNode {
		m.width = 1
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		m.offset = 1
		m.width += 2
	}
	m.key = m.value
	if at.key != nil {
		m.key = r.pos(at.key)
		if !m.scalar { // the name of a block says more than its first key
			m.value, m.width = m.key, len(at.key.Value)
		}
	}
	r.marks[at.path] = m
}

// plain says whether the scalar stands in the file letter by letter.
func (r *Reader) plain(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || n.Line < 1 || n.Line > len(r.lines) {
		return false
	}
	line, start := r.lines[n.Line-1], n.Column-1
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		start++
	}
	end := start + len(n.Value)
	return start >= 0 && end <= len(line) && line[start:end] == n.Value
}

func (r *Reader) twice(n *yaml.Node, at spot, first mark) {
	where := n
	if at.key != nil {
		where = at.key
	}
	r.faults.Add(Fault{Pos: r.pos(where), Path: at.path, Width: max(len(where.Value), 1), Mask: true,
		Message: fmt.Sprintf("%q is given twice", at.path), Related: []Related{{first.key, "first given here"}}})
}

// conceal keeps the scalars of a node out of excerpts: a misspelt key may stand before a secret.
func (r *Reader) conceal(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		r.faults.hide(r.pos(n), len(n.Value)+2)
	}
	for _, child := range n.Content {
		r.conceal(child)
	}
}

// reject reports a fault at a node; the rest of its line is hidden, for it may hold a secret under a misspelt key.
func (r *Reader) reject(n *yaml.Node, at spot, message, hint string) {
	width := max(len(n.Value), 1)
	if n.Kind != yaml.ScalarNode {
		width = 1
	}
	r.faults.Add(Fault{Pos: r.pos(n), Path: at.path, Message: message, Hint: hint, Width: width, Mask: true})
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Tag == "!!null"
}

func what(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if isNull(n) {
		return "nothing"
	}
	return "a single value"
}

func within(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}
