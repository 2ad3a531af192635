package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/demo"
)

func demoOptions(t *testing.T) serveOptions {
	t.Helper()
	src := config.Source{Files: []config.File{{Name: "demo/tandem.yaml", Data: demo.Config()}}, Dir: t.TempDir(),
		Flows: demo.Flows(), Prompts: demo.Prompts(), Env: func(string) (string, bool) { return "", false }}
	cfg, faults, err := config.Load(src)
	if err != nil {
		t.Fatalf("%v\n%s", err, faults)
	}
	return serveOptions{Config: cfg, Source: src, Demo: true}
}

// TestSelftest makes the whole call on loopback, through a gateway that the self-test starts for itself.
func TestSelftest(t *testing.T) {
	var out, told bytes.Buffer
	err := selftest(context.Background(), demoOptions(t), streams{Out: &out, Err: &told})
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), told.String())
	}
	if n := strings.Count(out.String(), "✓"); n != 13 || strings.Contains(out.String(), "✗") {
		t.Fatalf("%d steps passed, want 13:\n%s", n, out.String())
	}
}

// TestSelftestFails has nobody to play the agent: the step says so, and so does the exit code.
func TestSelftestFails(t *testing.T) {
	o := demoOptions(t)
	o.Config.Agents = map[string]*config.Agent{}
	var out, told bytes.Buffer
	err := selftest(context.Background(), o, streams{Out: &out, Err: &told})
	if codeOf(err) != exitFailed || !strings.Contains(out.String(), "✗ the gateway answers: no agent is free") {
		t.Fatalf("%v, code %d\n%s", err, codeOf(err), out.String())
	}
}

// TestSelftestUnreachable starts nothing where a configuration was named: its trunks are somebody's.
func TestSelftestUnreachable(t *testing.T) {
	o := demoOptions(t)
	o.Demo = false
	if err := selftest(context.Background(), o, streams{Out: &bytes.Buffer{}, Err: &bytes.Buffer{}}); codeOf(err) != exitUnreachable {
		t.Fatalf("got %v, want %v", err, control.ErrUnreachable)
	}
}
