package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
)

// asking bounds one question to the gateway.
const asking = 20 * time.Second

// Said is what a command line gave back.
type Said struct {
	Out, Err string
	Code     int
}

// CLI runs the binary with the arguments against this gateway.
func (g *Gateway) CLI(t testing.TB, args ...string) Said {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), asking)
	defer cancel()
	cmd := exec.CommandContext(ctx, g.binary, args...)
	cmd.Env = append(os.Environ(), "TANDEM_SOCKET="+g.Socket, "NO_COLOR=1")
	var out, fault bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &fault
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("tandem %s: %v", strings.Join(args, " "), err)
	}
	return Said{out.String(), fault.String(), cmd.ProcessState.ExitCode()}
}

// JSON runs a reading command with -o json and fills v. The test fails where the command does.
func (g *Gateway) JSON(t testing.TB, v any, args ...string) {
	t.Helper()
	said := g.CLI(t, append([]string{"-o", "json"}, args...)...)
	if said.Code != 0 {
		t.Fatalf("tandem %s: exit code %d\n%s", strings.Join(args, " "), said.Code, said.Err)
	}
	if err := json.Unmarshal([]byte(said.Out), v); err != nil {
		t.Fatalf("tandem %s: %v in\n%s", strings.Join(args, " "), err, said.Out)
	}
}

// Calls lists the calls in progress.
func (g *Gateway) Calls(t testing.TB) (list []control.Call) {
	t.Helper()
	g.JSON(t, &list, "call", "list")
	return list
}

// Trace is the ladder of a call, live or ended, a line each: "carrier → tandem INVITE sip:…".
func (g *Gateway) Trace(t testing.TB, call string) string {
	t.Helper()
	return g.CLI(t, "call", "trace", call).Out
}

// Record is a record with its timeline.
func (g *Gateway) Record(t testing.TB, id string) (r control.Record) {
	t.Helper()
	g.JSON(t, &r, "record", "show", id)
	return r
}

// Records lists all records, the timelines left out.
func (g *Gateway) Records(t testing.TB) (list []control.Record) {
	t.Helper()
	g.JSON(t, &list, "record", "search", "--limit", "1000")
	return list
}

// Lines are the call detail records written so far, by their JSON names.
func (g *Gateway) Lines(t testing.TB) (list []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(g.Data, "cdr.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("CDR %q: %v", line, err)
		}
		list = append(list, m)
	}
	return list
}

// Metrics is what the gateway measures, as a scrape reads it.
func (g *Gateway) Metrics(t testing.TB) string {
	t.Helper()
	res, err := http.Get("http://" + g.HTTP.String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Metric sums the samples of a metric over its labels; part, where given, must stand in the sample's name and labels.
func (g *Gateway) Metric(t testing.TB, name string, part ...string) (sum float64) {
	t.Helper()
	for line := range strings.Lines(g.Metrics(t)) {
		sample, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		base, _, _ := strings.Cut(sample, "{")
		if !ok || base != name || !containsAll(sample, part) {
			continue
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatalf("metric %q: %v", line, err)
		}
		sum += v
	}
	return sum
}

func containsAll(text string, parts []string) bool {
	for _, p := range parts {
		if !strings.Contains(text, p) {
			return false
		}
	}
	return true
}

// Idle waits until no call is left.
func (g *Gateway) Idle(t testing.TB) {
	t.Helper()
	Await(t, "no call is left", asking, func() bool { return len(g.Calls(t)) == 0 })
}
