package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

var advised = regexp.MustCompile("`?tandem ((?:[a-z]+ ?){1,2})")

// TestAdviceCanBeFollowed: every command that an error, a page or the README tells people to run is there.
func TestAdviceCanBeFollowed(t *testing.T) {
	nouns := map[string][]string{}
	app := newApp(streams{}, gateway{}).root()
	for _, c := range app.Commands {
		nouns[c.Name] = names(c.Subcommands)
	}
	seen := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || d.Name() == ".git") {
			return fs.SkipDir
		}
		ext := filepath.Ext(path)
		if ext != ".go" && ext != ".md" && ext != ".js" && ext != ".html" && ext != ".yaml" || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range advised.FindAllStringSubmatch(string(raw), -1) {
			words := strings.Fields(m[1])
			below, known := nouns[words[0]]
			if !known {
				continue // tandem is a word of prose too
			}
			seen++
			if len(words) > 1 && len(below) > 0 && !slices.Contains(below, words[1]) {
				t.Errorf("%s tells to run %q, which is no command", path, strings.TrimSpace(m[0]))
			}
		}
		return nil
	})
	if err != nil || seen < 30 {
		t.Errorf("%d commands seen, %v", seen, err)
	}
}

func names(list []*cli.Command) (names []string) {
	for _, c := range list {
		names = append(names, c.Name)
	}
	return names
}
