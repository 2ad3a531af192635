package flow

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

func TestGraphsAreStable(t *testing.T) {
	d := demo(t)
	golden(t, "testdata/graph/main.mermaid", d.Mermaid(d.Modules["main"]))
	golden(t, "testdata/graph/main.dot", d.DOT(d.Modules["main"]))
}

func TestFormatKeepsCommentsAndMeaning(t *testing.T) {
	data, err := os.ReadFile("../../cmd/tandem/demo/flows/main.yaml")
	if err != nil {
		t.Fatal(err)
	}
	once, err := Format("main.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := Format("main.yaml", once)
	if err != nil || !bytes.Equal(once, twice) {
		t.Errorf("formatting twice differs: %v\n%s", err, twice)
	}
	for _, want := range []string{"# 2: dial an extension.", `"*": Back to the menu`, "# long enough"} {
		if !strings.Contains(string(once), want) {
			t.Errorf("%q is gone", want)
		}
	}
	before := demo(t)
	after, faults := Load([]File{{"main.yaml", once}}, World{})
	if faults.Failed() || after.Mermaid(after.Modules["main"]) == "" {
		t.Fatal(faults.String())
	}
	for name, s := range before.Modules["main"].Steps {
		if got := after.Modules["main"].Steps[name]; got == nil || got.Kind() != s.Kind() || got.Then != s.Then || len(got.Exits) != len(s.Exits) {
			t.Errorf("step %s: got %+v, want %+v", name, got, s)
		}
	}
}

func TestFormatOrdersKeys(t *testing.T) {
	got, err := Format("x.yaml", []byte("steps: {a: {then: b, play: x}, b: {exits: {}, hangup: }}\nstart: a # first\nflow: x\nnumbers: [0123]\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := "flow: x\nstart: a # first\nnumbers: [0123]\nsteps: {a: {play: x, then: b}, b: {hangup: null, exits: {}}}\n"
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if _, err := Format("x.yaml", []byte("flow: [")); err == nil {
		t.Error("a broken file was formatted")
	}
}
