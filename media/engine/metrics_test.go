package engine

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

var update = flag.Bool("update", false, "rewrite golden files")

// TestMetricsGolden: the list of metrics is the manual.
func TestMetricsGolden(t *testing.T) {
	cfg, registry := testConfig(), prometheus.NewRegistry()
	cfg.Registry = registry
	newRig(t, cfg)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	got.WriteString("| metric | type | meaning |\n|---|---|---|\n")
	for _, f := range families {
		fmt.Fprintf(&got, "| `%s` | %s | %s |\n", f.GetName(), strings.ToLower(f.GetType().String()), f.GetHelp())
	}
	const path = "testdata/metrics.md"
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}
