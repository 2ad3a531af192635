package flow

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

func TestEveryFaultIsReportedWithItsPlace(t *testing.T) {
	files, err := filepath.Glob("testdata/faulty/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	world := World{Prompts: Known(append(says(), "demo/welcome", "demo/menu", "demo/goodbye", "music/hold")...), Queues: Known("support"), Endpoints: Known("echo")}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, faults := Load([]File{{filepath.Base(path), data}}, world)
			if !faults.Failed() {
				t.Fatal("no fault found")
			}
			golden(t, strings.TrimSuffix(path, ".yaml")+".golden", faults.String())
		})
	}
}
