package source

import (
	"reflect"
	"strings"
	"sync"
	"unicode"
)

// field is one struct field as the tags describe it.
type field struct {
	index    []int
	key      string
	preset   string
	hasPre   bool
	required bool
	name     bool
	short    bool
}

var cache sync.Map // reflect.Type → []field

// fieldsOf lists the readable fields of a struct type, inlined ones included.
func fieldsOf(t reflect.Type) []field {
	if known, ok := cache.Load(t); ok {
		return known.([]field)
	}
	var list []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, given := f.Tag.Lookup("yaml")
		if !f.IsExported() || tag == "-" || !given && f.Anonymous && f.Type.Kind() != reflect.Struct {
			continue
		}
		one, inline := parseTag(f, tag)
		if !inline {
			list = append(list, one)
			continue
		}
		for _, sub := range fieldsOf(f.Type) {
			sub.index = append([]int{i}, sub.index...)
			list = append(list, sub)
		}
	}
	cache.Store(t, list)
	return list
}

func parseTag(f reflect.StructField, tag string) (field, bool) {
	parts := strings.Split(tag, ",")
	one := field{index: f.Index, key: parts[0]}
	if one.key == "" {
		one.key = snake(f.Name)
	}
	one.preset, one.hasPre = f.Tag.Lookup("default")
	inline := false
	for _, option := range parts[1:] {
		switch option {
		case "required":
			one.required = true
		case "name":
			one.name = true
		case "short":
			one.short = true
		case "inline":
			inline = true
		default:
			panic("source: field " + f.Name + ": unknown tag option " + option)
		}
	}
	return one, inline
}

// snake turns MaxWait into max_wait and RTPPorts into rtp_ports.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		next := i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || unicode.IsDigit(runes[i-1]) || next) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func keysOf(t reflect.Type) []string {
	var keys []string
	for _, f := range fieldsOf(t) {
		if !f.name {
			keys = append(keys, f.key)
		}
	}
	return keys
}

// shortOf returns the field that a scalar or list stands for.
func shortOf(t reflect.Type) (field, bool) {
	for _, f := range fieldsOf(t) {
		if f.short {
			return f, true
		}
	}
	return field{}, false
}
