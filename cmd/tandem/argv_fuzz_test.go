package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// FuzzNormalise wants: no panic, a usage error or a line, and a line that is normalised already stays as it is.
func FuzzNormalise(f *testing.F) {
	for _, line := range []string{"call show c_1 --json", "record search -- --limit", "-o json agent set a b --reason=x", "--", "- -- -h"} {
		f.Add(line)
	}
	var out bytes.Buffer
	root := newApp(streams{Out: &out, Err: &out}, gateway{}).root()
	f.Fuzz(func(t *testing.T, line string) {
		once, err := normalise(root, strings.Split(line, " "))
		if err != nil {
			if codeOf(err) != exitUsage {
				t.Fatalf("got %v, want a usage error", err)
			}
			return
		}
		twice, err := normalise(root, once)
		if err != nil || !slices.Equal(once, twice) {
			t.Fatalf("%q: once %q, twice %q, %v", line, once, twice, err)
		}
	})
}
