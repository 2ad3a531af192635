package config

import (
	"encoding"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"

	"go.yaml.in/yaml/v4"

	"tandem/ivr/flow/source"
)

// Show gives the configuration in force as YAML: every default filled in, secrets as their references.
func (c *Config) Show() ([]byte, error) { return yaml.Marshal(c.node()) }

// Values gives the same as plain values, for JSON.
func (c *Config) Values() (map[string]any, error) {
	out := map[string]any{}
	return out, c.node().Decode(&out)
}

func (c *Config) node() *yaml.Node {
	filled := *c
	filled.Queues = map[string]*Queue{}
	for _, q := range c.ACD().Effective().Queues {
		filled.Queues[q.Name] = c.Queues[q.Name].shown(q)
	}
	return node(reflect.ValueOf(filled))
}

// node turns a value into YAML, fields in the order of the struct and maps in the order of their keys.
func node(v reflect.Value) *yaml.Node {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return scalar("", "!!null")
		}
		return node(v.Elem())
	}
	if n := leaf(v); n != nil {
		return n
	}
	n := &yaml.Node{Kind: yaml.MappingNode}
	switch v.Kind() {
	case reflect.Struct:
		fields(v, n)
	case reflect.Map:
		keys := v.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
		for _, k := range keys {
			n.Content = append(n.Content, text(k.String()), node(v.MapIndex(k)))
		}
	case reflect.Slice:
		n.Kind = yaml.SequenceNode
		for i := range v.Len() {
			n.Content = append(n.Content, node(v.Index(i)))
		}
	}
	if len(n.Content) == 0 {
		n.Style = yaml.FlowStyle
	}
	return n
}

// leaf gives a scalar, or nil for what is none.
func leaf(v reflect.Value) *yaml.Node {
	if d, ok := v.Interface().(time.Duration); ok {
		return text(d.String())
	}
	if m, ok := v.Interface().(encoding.TextMarshaler); ok {
		raw, err := m.MarshalText()
		if err != nil {
			raw = nil
		}
		return text(string(raw))
	}
	if s, ok := v.Interface().(fmt.Stringer); ok {
		return text(s.String())
	}
	switch {
	case v.Kind() == reflect.String:
		return text(v.String())
	case v.Kind() == reflect.Bool:
		return scalar(strconv.FormatBool(v.Bool()), "!!bool")
	case v.CanInt():
		return scalar(strconv.FormatInt(v.Int(), 10), "!!int")
	case v.CanUint():
		return scalar(strconv.FormatUint(v.Uint(), 10), "!!int")
	case v.CanFloat():
		return scalar(strconv.FormatFloat(v.Float(), 'f', -1, 64), "!!float")
	}
	return nil
}

func scalar(value, tag string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: value}
}

// text quotes what another reader might take for a number.
func text(s string) *yaml.Node {
	n := scalar(s, "!!str")
	if s == "" || strings.Trim(s, "+-.0123456789") == "" {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func fields(v reflect.Value, n *yaml.Node) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, opts, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		switch {
		case !f.IsExported() || name == "-" || opts == "name":
		case unsetSecret(v.Field(i)):
		case strings.Contains(opts, "inline"):
			fields(v.Field(i), n)
		default:
			if name == "" {
				name = snake(f.Name)
			}
			n.Content = append(n.Content, text(name), node(v.Field(i)))
		}
	}
}

// unsetSecret tells whether a secret was never given: there is no text that would say so in YAML.
func unsetSecret(v reflect.Value) bool {
	s, ok := v.Interface().(source.Secret)
	return ok && s.Ref() == "" && s.Empty()
}

func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
