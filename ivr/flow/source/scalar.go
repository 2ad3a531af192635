package source

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
)

// Enum is implemented by string types with a closed set of values; all of them are listed when another is read.
type Enum interface {
	Values() []string
}

var (
	typeDuration = reflect.TypeFor[time.Duration]()
	typeSecret   = reflect.TypeFor[Secret]()
	typeText     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func isSecret(t reflect.Type) bool { return t == typeSecret }

func isText(t reflect.Type) bool {
	return t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(typeText)
}

// isScalar says whether the type is decoded from one scalar.
func isScalar(t reflect.Type) bool {
	if t == typeSecret || isText(t) {
		return true
	}
	switch t.Kind() {
	case reflect.Pointer:
		return isScalar(t.Elem())
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Interface, reflect.Func, reflect.Chan, reflect.Array:
		return false
	}
	return true
}

// scalar decodes a scalar node, reporting what does not fit.
func (r *Reader) scalar(n *yaml.Node, v reflect.Value, at spot) {
	if n.Kind != yaml.ScalarNode {
		r.bad[at.path] = true
		r.reject(n, at, fmt.Sprintf("expected %s%s, got %s", want(v.Type()), within(at.path), what(n)), "")
		return
	}
	if isNull(n) {
		if v.Kind() != reflect.Pointer {
			r.bad[at.path] = true
			r.reject(n, at, fmt.Sprintf("expected %s%s, got nothing", want(v.Type()), within(at.path)), "")
		}
		return
	}
	err := setScalar(r.opts, v, n.Value)
	if err == nil {
		return
	}
	r.bad[at.path] = true
	m := r.marks[at.path]
	fault := Fault{Pos: m.value, Path: at.path, Width: m.width, Mask: m.secret, Message: at.path + ": " + err.Error(), Hint: hintOf(err)}
	if m.secret {
		fault.Width = 0
	}
	r.faults.Add(fault)
}

// setScalar parses text into v.
func setScalar(opts Options, v reflect.Value, text string) error {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch {
	case v.Type() == typeSecret:
		s, err := opts.resolve(text)
		v.Set(reflect.ValueOf(s))
		return err
	case v.Type() == typeDuration:
		d, err := ParseDuration(text)
		v.SetInt(int64(d))
		return err
	case isText(v.Type()):
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	}
	if enum, ok := v.Interface().(Enum); ok {
		if err := allowed(text, enum.Values()); err != nil {
			return err
		}
	}
	return setKind(v, text)
}

func setKind(v reflect.Value, text string) error {
	switch kind := v.Kind(); {
	case kind == reflect.String:
		v.SetString(text)
	case kind == reflect.Bool:
		return setBool(v, text)
	case v.CanInt():
		i, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return number(text, err)
		}
		v.SetInt(i)
	case v.CanUint():
		u, err := strconv.ParseUint(text, 10, v.Type().Bits())
		if err != nil {
			return number(text, err)
		}
		v.SetUint(u)
	case v.CanFloat():
		f, err := strconv.ParseFloat(text, v.Type().Bits())
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%q is not a number", text)
		}
		v.SetFloat(f)
	default:
		panic("source: cannot read a value into " + v.Type().String())
	}
	return nil
}

func setBool(v reflect.Value, text string) error {
	if text != "true" && text != "false" {
		return &hinted{fmt.Sprintf("%q is not a truth value", text), "allowed: true, false"}
	}
	v.SetBool(text == "true")
	return nil
}

func number(text string, err error) error {
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Errorf("%s is out of range", text)
	}
	return fmt.Errorf("%q is not a whole number", text)
}

// hinted is an error with a second line for the reader.
type hinted struct{ text, hint string }

func (h *hinted) Error() string { return h.text }

func hintOf(err error) string {
	var h *hinted
	if errors.As(err, &h) {
		return h.hint
	}
	return ""
}

func allowed(text string, values []string) error {
	for _, v := range values {
		if v == text {
			return nil
		}
	}
	hint := "allowed: " + strings.Join(values, ", ")
	if near := Nearest(text, values); near != "" {
		hint = fmt.Sprintf("did you mean %q? %s", near, hint)
	}
	return &hinted{fmt.Sprintf("%q is not allowed here", text), hint}
}

func want(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == typeSecret:
		return "a reference to a secret"
	case t == typeDuration:
		return "a duration"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Uint64:
		return "a whole number"
	}
	return "a single value"
}

var units = map[string]time.Duration{
	"ms": time.Millisecond, "millisecond": time.Millisecond, "milliseconds": time.Millisecond,
	"s": time.Second, "second": time.Second, "seconds": time.Second,
	"min": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
}

// ParseDuration reads "20s", "1m30s", "5 minutes", "2 hours 30 minutes", "7 days" or "0". A bare number has no unit and
// is refused, as is anything negative or above ten years.
func ParseDuration(text string) (time.Duration, error) {
	bad := &hinted{fmt.Sprintf("%q is not a duration", text), `write a number with a unit, such as "20s", "5 minutes" or "1h30m"`}
	if text == "0" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		words := strings.Fields(text)
		if len(words) == 1 { // 7d, 5min
			cut := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
			if cut <= 0 {
				return 0, bad
			}
			words = []string{text[:cut], text[cut:]}
		}
		if d, err = sumWords(words); err != nil {
			return 0, bad
		}
	}
	if d < 0 || d > 10*365*24*time.Hour {
		return 0, fmt.Errorf("duration %s is out of range", text)
	}
	return d, nil
}

func sumWords(words []string) (time.Duration, error) {
	var sum time.Duration
	if len(words) == 0 || len(words)%2 != 0 || len(words) > 8 {
		return 0, errors.New("not pairs of number and unit")
	}
	for i := 0; i < len(words); i += 2 {
		n, err := strconv.ParseUint(words[i], 10, 32)
		unit, ok := units[words[i+1]]
		if err != nil || !ok || n > uint64(10*365*24*time.Hour/unit) {
			return 0, errors.New("unknown number or unit")
		}
		sum += time.Duration(n) * unit
	}
	return sum, nil
}
