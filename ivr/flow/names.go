package flow

import (
	"maps"
	"slices"
	"strings"
)

// Localise puts a language into the name of a clip, in place of {lang}.
func Localise(name, lang string) string { return strings.ReplaceAll(name, "{lang}", lang) }

// Attribute returns the name of the record attribute that a set step assigns by "ctx.name", or "".
func Attribute(name string) string { return attribute(name) }

func attribute(name string) string {
	rest, ok := strings.CutPrefix(name, "ctx.")
	if !ok || !identifier.MatchString(rest) {
		return ""
	}
	return rest
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func contains(list []string, s string) bool { return slices.Contains(list, s) }
