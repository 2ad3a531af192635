package flow

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/ivr/flow/source"
)

// Type is the type of a variable. Values are held as bool, int, string and time.Duration.
type Type string

// The types. digits keeps leading zeros; tel is an optional + and up to 20 digits; assigning a lang
// switches the language of the call; a secret is kept out of expressions and of the journal.
const (
	TypeBool     Type = "bool"
	TypeInt      Type = "int"
	TypeString   Type = "string"
	TypeDigits   Type = "digits"
	TypeTel      Type = "tel"
	TypeDuration Type = "duration"
	TypeLang     Type = "lang"
	TypeEnum     Type = "enum"
	TypeSecret   Type = "secret"
)

// Values lists all types.
func (Type) Values() []string {
	return []string{"bool", "int", "string", "digits", "tel", "duration", "lang", "enum", "secret"}
}

// Variable is a declared variable of a module.
type Variable struct {
	Name   string   `yaml:",name"`
	Type   Type     `yaml:"type,short,required"`
	Value  *string  `yaml:"value"`  // at the start; without it the variable must be assigned before use
	Values []string `yaml:"values"` // of an enum
}

var (
	identifier = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
	patterns   = map[Type]*regexp.Regexp{
		TypeDigits: regexp.MustCompile(`^[0-9*#]{0,64}$`),
		TypeTel:    regexp.MustCompile(`^\+?[0-9]{1,20}$`),
		TypeLang:   regexp.MustCompile(`^[a-z]{2}(-[A-Z]{2})?$`),
	}
	reserved = []string{"call", "ctx", "true", "false", "nil", "in", "not", "and", "or", "let", "matches", "contains", "if", "else"}
)

// Validate checks the declaration itself.
func (v *Variable) Validate(at source.At) {
	if !identifier.MatchString(v.Name) || slices.Contains(reserved, v.Name) {
		at.Errorf("%q cannot be the name of a variable: use lower-case letters, digits and _", v.Name)
	}
	if (v.Type == TypeEnum) != (len(v.Values) > 0) {
		at.Errorf("%s: values belong to an enum, and an enum needs them", v.Name)
	}
	if v.Value == nil {
		return
	}
	if v.Type == TypeSecret {
		at.Key("value").Errorf("%s: a secret cannot start with a value", v.Name)
	} else if _, err := v.Parse(*v.Value); err != nil {
		at.Key("value").Errorf("%s: %v", v.Name, err)
	}
}

// Parse reads a value of the variable's type from text, such as collected digits.
func (v *Variable) Parse(text string) (any, error) {
	var value any = text
	var err error
	switch v.Type {
	case TypeBool:
		value, err = strconv.ParseBool(text)
	case TypeInt:
		value, err = strconv.Atoi(text)
	case TypeDuration:
		value, err = source.ParseDuration(text)
	}
	if err != nil {
		return nil, fmt.Errorf("%.40q is not a value of type %s", text, v.Type)
	}
	return value, v.Fits(value)
}

// Fits says whether a computed value may be assigned.
func (v *Variable) Fits(value any) error {
	ok := false
	switch x := value.(type) {
	case bool:
		ok = v.Type == TypeBool
	case int:
		ok = v.Type == TypeInt
	case time.Duration:
		ok = v.Type == TypeDuration
	case string:
		ok = len(x) <= maxText && v.fitsText(x)
	}
	if !ok {
		return fmt.Errorf("%.40q is not a value of type %s", fmt.Sprint(value), v.Type)
	}
	return nil
}

// maxText bounds every text value, in bytes: what a journal event may hold.
const maxText = 1024

func (v *Variable) fitsText(x string) bool {
	switch v.Type {
	case TypeString:
		return true
	case TypeSecret:
		return strings.Trim(x, "0123456789*#") == ""
	case TypeEnum:
		return slices.Contains(v.Values, x)
	}
	pattern := patterns[v.Type]
	return pattern != nil && pattern.MatchString(x)
}

// sample is a value of the Go type that expressions see.
func (v *Variable) sample() any {
	switch v.Type {
	case TypeBool:
		return false
	case TypeInt:
		return 0
	case TypeDuration:
		return time.Duration(0)
	}
	return ""
}
