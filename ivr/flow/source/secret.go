package source

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// Secret is a value that never stands in a file and is never printed: YAML holds a reference, ${env:NAME} or file:PATH,
// which the Reader resolves through Options. All ways of formatting it give "***".
type Secret struct {
	ref   string
	value *string // a pointer, so that printing a struct that hides a Secret in an unexported field shows an address
}

// Reveal gives the value. Its result must not reach a log, an error or an event.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// Ref is the reference as written, such as "${env:TRUNK_PASSWORD}": safe to print.
func (s Secret) Ref() string { return s.ref }

// Empty says that no secret was given.
func (s Secret) Empty() bool { return s.Reveal() == "" }

// Format writes "***", whatever the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "***") }

// String gives "***".
func (s Secret) String() string { return "***" }

// LogValue gives "***".
func (s Secret) LogValue() slog.Value { return slog.StringValue("***") }

// MarshalText gives the reference, or "***" where there is none.
func (s Secret) MarshalText() ([]byte, error) {
	if s.ref == "" {
		return []byte("***"), nil
	}
	return []byte(s.ref), nil
}

var (
	errSecretForm  = errors.New("a secret must be ${env:NAME} or file:PATH, never the value itself")
	errSecretEmpty = errors.New("the secret is empty")
)

// isReference says whether the text points to a secret, and so is none itself.
func isReference(text string) bool {
	_, err := Options{}.resolve(text)
	return err == nil
}

// resolve turns a reference into a Secret. Without a resolver in opts the value stays empty.
func (o Options) resolve(text string) (Secret, error) {
	s := Secret{ref: text}
	switch name, isEnv := strings.CutPrefix(text, "${env:"); {
	case isEnv && strings.HasSuffix(name, "}") && len(name) > 1:
		return o.fromEnv(s, strings.TrimSuffix(name, "}"))
	case strings.HasPrefix(text, "file:") && len(text) > len("file:"):
		return o.fromFile(s, strings.TrimPrefix(text, "file:"))
	}
	return Secret{}, errSecretForm
}

func (o Options) fromEnv(s Secret, name string) (Secret, error) {
	if o.Env == nil {
		return s, nil
	}
	value, ok := o.Env(name)
	if !ok {
		return s, fmt.Errorf("environment variable %s is not set", name)
	}
	return s.with(value)
}

func (o Options) fromFile(s Secret, path string) (Secret, error) {
	if o.ReadFile == nil {
		return s, nil
	}
	data, err := o.ReadFile(path)
	if err != nil {
		return s, err
	}
	return s.with(strings.TrimRight(string(data), "\r\n"))
}

func (s Secret) with(value string) (Secret, error) {
	if value == "" {
		return s, errSecretEmpty
	}
	s.value = &value
	return s, nil
}
