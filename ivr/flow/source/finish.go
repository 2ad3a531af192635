package source

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// defaults sets what the struct tags say, in v and in the structs it holds by value.
func (r *Reader) defaults(v reflect.Value) {
	if v.Kind() != reflect.Struct || isScalar(v.Type()) {
		return
	}
	for _, f := range fieldsOf(v.Type()) {
		child := v.FieldByIndex(f.index)
		if !f.hasPre {
			r.defaults(child)
			continue
		}
		parts := []string{f.preset}
		if child.Kind() == reflect.Slice {
			parts = strings.Split(f.preset, ",")
		}
		for _, part := range parts {
			preset(child, part)
		}
	}
}

func preset(v reflect.Value, text string) {
	into := v
	if v.Kind() == reflect.Slice {
		into = reflect.New(v.Type().Elem()).Elem()
	}
	if err := setScalar(Options{}, into, text); err != nil {
		panic("source: default " + text + ": " + err.Error())
	}
	if v.Kind() == reflect.Slice {
		v.Set(reflect.Append(v, into))
	}
}

// finish walks the value: children first, then required keys and the hook of the struct itself.
func (r *Reader) finish(v reflect.Value, at At) {
	switch {
	case isScalar(v.Type()):
	case v.Kind() == reflect.Pointer:
		if !v.IsNil() {
			r.finish(v.Elem(), at)
		}
	case v.Kind() == reflect.Struct:
		r.finishStruct(v, at)
	case v.Kind() == reflect.Slice:
		r.finishList(v, at)
	case v.Kind() == reflect.Map:
		r.finishMap(v, at)
	}
}

func (r *Reader) finishList(v reflect.Value, at At) {
	for i := range v.Len() {
		r.finish(v.Index(i), at.Index(i))
	}
}

func (r *Reader) finishMap(v reflect.Value, at At) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	for _, k := range keys {
		item := reflect.New(v.Type().Elem()).Elem()
		item.Set(v.MapIndex(k))
		r.finish(item, at.Key(fmt.Sprint(k)))
		v.SetMapIndex(k, item)
	}
}

func (r *Reader) finishStruct(v reflect.Value, at At) {
	for _, f := range fieldsOf(v.Type()) {
		child := at.Key(f.key)
		if f.required && !r.unread && !child.Given() {
			r.missing(at, f.key)
		}
		r.finish(v.FieldByIndex(f.index), child)
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.IsExported() && !f.Anonymous && strings.HasSuffix(f.Tag.Get("yaml"), ",inline") {
			r.hook(v.Field(i), at)
		}
	}
	r.hook(v, at)
}

// hook calls what the struct offers to check itself.
func (r *Reader) hook(v reflect.Value, at At) {
	switch hook := v.Addr().Interface().(type) {
	case Validator:
		hook.Validate(at)
	case interface{ Validate() error }:
		r.spread(hook.Validate(), at)
	}
}

func (r *Reader) missing(at At, key string) {
	m := at.mark()
	where := max(m.key.Line, 1)
	fault := Fault{Pos: m.key, Width: 1, Mask: true, Message: fmt.Sprintf("key %q is missing%s", key, within(at.path))}
	fault.Pos.Line = where
	if at.path == "" {
		fault.Pos, fault.Width = Pos{File: m.key.File}, 0
	}
	at.Report(fault)
}

// spread takes joined errors apart and reports each at the path its text begins with.
func (r *Reader) spread(err error, at At) {
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			r.spread(e, at)
		}
		return
	}
	text := err.Error()
	where := at
	path, rest, ok := strings.Cut(text, ": ")
	if below := (At{r, join(at.path, path)}); ok && !strings.ContainsAny(path, ` "`) && below.Given() {
		where, text = below, rest
	}
	if where != at && r.bad[where.path] {
		return // it could not be read, so the hook saw a zero value
	}
	if where.path != "" {
		text = where.path + ": " + text
	}
	where.Errorf("%s", text)
}
