package sim

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/ivr"
	"tandem/ivr/flow"
)

var update = flag.Bool("update", false, "rewrite golden files")

const root = "../../testdata/flows/"

func load(t testing.TB) *flow.Dialplan {
	t.Helper()
	var files []flow.File
	for _, path := range append(glob(t, root+"*.yaml"), "../../cmd/tandem/demo/flows/main.yaml") {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, flow.File{Name: path, Data: data})
	}
	plan, faults := flow.Load(files, flow.World{Queues: flow.Known("support", "gold"), Endpoints: flow.Known("echo", "operator", "head-office")})
	if text := faults.String(); text != "" {
		t.Fatal(text)
	}
	return plan
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	list, err := filepath.Glob(pattern)
	if err != nil || len(list) == 0 {
		t.Fatalf("%s: %v, %v", pattern, list, err)
	}
	return list
}

var rescue = ivr.Emergency{Prompts: []string{"demo/error"}, Queue: "support"}

func TestScriptsHoldAndCoverTheDemo(t *testing.T) {
	plan := load(t)
	coverage := NewCoverage(plan)
	for _, path := range glob(t, root+"*.txt") {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			script, err := Parse(filepath.Base(path), string(text))
			if err != nil {
				t.Fatal(err)
			}
			result, err := Run(plan, rescue, filepath.Base(path), script)
			if err != nil {
				t.Fatal(err)
			}
			coverage.Add(result.Path)
		})
	}
	for name, least := range map[string]float64{"main": 0.8, "shop": 0.7, "identify": 0.9} {
		text, steps, exits := coverage.Report(plan.Modules[name])
		t.Log(text)
		if steps < least || exits < least {
			t.Errorf("%s: %.0f %% of steps, %.0f %% of exits covered, want %.0f", name, 100*steps, 100*exits, 100*least)
		}
	}
}
