package main

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/demo"
)

const quietConfig = `
sip: {listen: [udp 127.0.0.1:0]}
http: {listen: "127.0.0.1:0"}
media: {browsers: "127.0.0.1:0"}
queues: {support: {agents: [anna]}}
agents: {anna: {}}
`

// description reads a prometheus.Desc: name, help, labels.
var description = regexp.MustCompile(`fqName: "([^"]*)", help: "((?:[^"\\]|\\.)*)", unit: "[^"]*", constLabels: {[^}]*}, variableLabels: {([^}]*)}`)

// metricName is the house's form: tandem, room, thing.
var metricName = regexp.MustCompile(`^tandem_[a-z0-9]+(_[a-z0-9]+)+$`)

// TestMetricsManual builds the whole gateway and writes down every metric that it has: the manual of metrics.
func TestMetricsManual(t *testing.T) {
	src := config.Source{Files: []config.File{{Name: "quiet.yaml", Data: []byte(quietConfig)}}, Dir: t.TempDir(), Prompts: demo.Prompts()}
	cfg, faults, err := config.Load(src)
	if err != nil {
		t.Fatal(faults)
	}
	g, err := newSite(cfg, demo.Prompts(), slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := manual(t, g.registry)
	g.close()
	got := strings.Join(lines, "\n") + "\n"
	golden := filepath.Join("testdata", "metrics.txt")
	if *updateGolden {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(golden, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || got != string(want) {
		t.Errorf("%v: the metrics are not those of %s; -update writes it anew\ngot:\n%s", err, golden, got)
	}
}

// manual lists the house's metrics as "name{labels} help", by name.
func manual(t *testing.T, registry *prometheus.Registry) (lines []string) {
	t.Helper()
	descs := make(chan *prometheus.Desc)
	go func() {
		registry.Describe(descs)
		close(descs)
	}()
	for d := range descs {
		m := description.FindStringSubmatch(d.String())
		if m == nil {
			t.Errorf("cannot read %s", d)
			continue
		}
		switch {
		case strings.HasPrefix(m[1], "go_"), strings.HasPrefix(m[1], "process_"):
			continue
		case !metricName.MatchString(m[1]):
			t.Errorf("%s: want tandem_<room>_<thing>", m[1])
		case m[2] == "":
			t.Errorf("%s has no help", m[1])
		}
		lines = append(lines, m[1]+"{"+m[3]+"} "+m[2])
	}
	slices.Sort(lines)
	return lines
}
