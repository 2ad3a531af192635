package cdr_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tandem/store/cdr"
	"tandem/store/journey"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// script reads events: seconds, kind, call, then key=value; "_" stands for a space.
func script(t *testing.T, text string) (list []journey.Event) {
	t.Helper()
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] == "#" {
			continue
		}
		after, err := time.ParseDuration(f[0])
		if err != nil {
			t.Fatal(err)
		}
		e := journey.Event{Record: "r_1", Seq: uint64(len(list) + 1), At: start.Add(after), Kind: journey.Kind(f[1]),
			Channel: journey.Voice, Interaction: f[2], Data: map[string]string{}}
		for _, kv := range f[3:] {
			k, v, _ := strings.Cut(kv, "=")
			e.Data[k] = strings.ReplaceAll(v, "_", " ")
		}
		if err := e.Validate(); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		list = append(list, e)
	}
	return list
}

// TestGolden folds testdata/*.events and compares all formats with testdata/*.golden.
func TestGolden(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.events")
	if err != nil || len(inputs) < 6 {
		t.Fatalf("got %d inputs, %v", len(inputs), err)
	}
	for _, in := range inputs {
		t.Run(strings.TrimSuffix(filepath.Base(in), ".events"), func(t *testing.T) {
			text, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			list := cdr.Fold(script(t, string(text)))
			for _, f := range cdr.Formats() {
				fmt.Fprintf(&got, "== %s\n%s", f, f.Header())
				for _, c := range list {
					line, err := f.Line(c)
					if err != nil {
						t.Fatal(err)
					}
					got.Write(line)
				}
			}
			golden := strings.TrimSuffix(in, ".events") + ".golden"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || got.String() != string(want) {
				t.Fatalf("%v\ngot:\n%s\nwant:\n%s", err, got.String(), want)
			}
		})
	}
}

func TestFoldFigures(t *testing.T) {
	list := cdr.Fold(script(t, `
0s   interaction-started c_1 caller=+4930 called=1000 trunk=carrier direction=in
1s   flow-entered c_1 flow=main
5s   enqueued c_1 queue=support
10s  offered c_1 agent=anna endpoint=201
30s  no-answer c_1 agent=anna
30s  offered c_1 agent=ben
34s  accepted c_1 agent=ben
35s  connected c_1 agent=ben
50s  held c_1
60s  resumed c_1
95s  interaction-ended c_1 cause=16 by=caller mos=4.2 loss-pct=0.5 jitter-ms=NaN`))
	if len(list) != 1 {
		t.Fatalf("got %d", len(list))
	}
	c := list[0]
	if c.Wait != 29 || c.Ring != 25 || c.Talk != 50 || c.Hold != 10 || c.Duration != 95 || c.Billed != 94 {
		t.Fatalf("got wait %d ring %d talk %d hold %d duration %d billed %d", c.Wait, c.Ring, c.Talk, c.Hold, c.Duration, c.Billed)
	}
	if c.Agent != "ben" || c.Missed != 1 || c.Offers != 2 || c.Outcome != cdr.Answered || c.By != "caller" || c.MOS != 4.2 || c.Jitter != 0 {
		t.Fatalf("got %+v", c)
	}
}

func TestAsteriskHas18Columns(t *testing.T) {
	line, err := cdr.Asterisk.Line(cdr.CDR{Caller: "a\"b\nc", CallerName: `Q, "x"`, Call: "c_1"})
	if err != nil {
		t.Fatal(err)
	}
	row, err := csv.NewReader(bytes.NewReader(line)).Read()
	if err != nil || len(row) != 18 {
		t.Fatalf("got %d columns, %v: %s", len(row), err, line)
	}
	if row[16] != "c_1" || row[1] != `a"b c` {
		t.Fatalf("got %q", row)
	}
}

func TestSpreadsheetFormulasAreInert(t *testing.T) {
	line, _ := cdr.CSV.Line(cdr.CDR{Caller: "+4930", CallerName: "=HYPERLINK(1)", Called: "@x"})
	if s := string(line); !strings.Contains(s, ",+4930,'=HYPERLINK(1),'@x,") {
		t.Fatalf("got %s", s)
	}
}

func TestRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "calls.csv")
	f, err := cdr.OpenFile(cdr.Config{Path: path, Format: cdr.CSV, MaxSize: 900, Keep: 2, Sync: cdr.Always})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		if err := f.Write(cdr.CDR{Call: fmt.Sprintf("c_%02d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	names, _ := filepath.Glob(path + "*")
	if len(names) != 3 {
		t.Fatalf("got %v, want the file and two old ones", names)
	}
	for _, n := range names {
		raw, err := os.ReadFile(n)
		if err != nil || len(raw) > 900 || !bytes.HasPrefix(raw, []byte("call,record,")) {
			t.Fatalf("%s: %d bytes, %v", n, len(raw), err)
		}
	}
	if raw, _ := os.ReadFile(path); !strings.Contains(string(raw), "c_59") {
		t.Fatalf("got %s, want the newest call in the file itself", raw)
	}
}

func TestCutLineIsEnded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "calls.jsonl")
	if err := os.WriteFile(path, []byte(`{"call":"c_0`), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := cdr.OpenFile(cdr.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Write(cdr.CDR{Call: "c_1"}); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	raw, _ := os.ReadFile(path)
	if lines := strings.Split(string(raw), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[1], `{"call":"c_1"`) {
		t.Fatalf("got %q", raw)
	}
}

func TestConfigTellsEveryFault(t *testing.T) {
	err := cdr.Config{Format: "xml", Sync: "daily", MaxSize: -1, Keep: -1}.Validate()
	if err == nil || strings.Count(err.Error(), "\n") != 4 {
		t.Fatalf("got %v, want five faults", err)
	}
	if _, err := cdr.Format("xml").Line(cdr.CDR{}); err == nil {
		t.Fatal("got nil, want an error for an unknown format")
	}
}
