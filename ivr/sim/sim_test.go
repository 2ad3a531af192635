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

func script(t *testing.T, text string) []Line {
	t.Helper()
	lines, err := Parse("script", text)
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestTraceReadsLikeALadder(t *testing.T) {
	text, err := os.ReadFile(root + "demo_support_answered.txt")
	if err != nil {
		t.Fatal(err)
	}
	result, err := Run(load(t), rescue, "script", script(t, string(text)))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(result.Trace, "\n") + "\n"
	const golden = "testdata/support_answered.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got != string(want) {
		t.Errorf("got\n%s\nwant\n%s\n%v", got, want, err)
	}
}

func TestScriptsCanFail(t *testing.T) {
	plan := load(t)
	for text, want := range map[string]string{
		"to 1000\nexpect prompt demo/never":                                                  "script:2: expect prompt demo/never: it did not happen; the flow stands at main.done",
		"to 1000\ncaller presses 1\nexpect journal step-input step=main-menu input=2":        "it did not happen",
		"to +999\nexpect answer":                                                             "no flow answers +999: list it",
		"flow mian\nexpect answer":                                                           `did you mean "main"?`,
		"to 1000\nexpect answer\nto 2":                                                       "must stand before the call begins",
		"to 1000\nexpect attribute topic = x":                                                `it is ""`,
		"to 1000\nexpect silence on demo/welcome\nexpect prompt demo/menu\nexpect hangup 17": "it did not happen",
		"to 1000\nposition x wait 1m 2m":                                                     "want: position N wait",
		"to 1000\nposition 1 wait 1m":                                                        "want both estimates",
		"at 2026-13-01 17:30 UTC\nto 1000":                                                   "month out of range",
		"at 2026-12-01 17:30 Nowhere/At-All\nto 1000":                                        "Nowhere",
	} {
		if _, err := Run(plan, rescue, "script", script(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func TestParseNamesTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"to 1\n\ncaller preses 1":            `script:3: "caller preses 1" is not a line of a script, or lacks words; did you mean "caller presses"?`,
		"caller presses":                     "lacks words",
		strings.Repeat("to 1\n", MaxLines+1): "more than 1000 lines",
	} {
		if _, err := Parse("script", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: got %v, want %s", text, err, want)
		}
	}
}
