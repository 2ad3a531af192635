package siptest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func init() {
	if flag.Lookup("update") == nil {
		flag.Bool("update", false, "write golden files instead of comparing with them")
	}
}

// Update reports whether the test was asked to write golden files.
func Update() bool {
	f := flag.Lookup("update")
	return f != nil && f.Value.String() == "true"
}

// Golden compares a text with a file under testdata of the package, or writes the file when -update was given.
func Golden(t testing.TB, path, got string) {
	t.Helper()
	path = filepath.Join("testdata", path)
	if Update() {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("golden file: %v; write it with -update", err)
	}
	if string(want) != got {
		t.Errorf("%s differs\ngot:\n%s\nwant:\n%s\nfirst difference: %s", path, got, want, difference(got, string(want)))
	}
}

func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "\n  got  " + g[i] + "\n  want " + w[i]
		}
	}
	return "length"
}
