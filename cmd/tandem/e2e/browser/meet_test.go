package browser

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os/exec"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
)

// place bounds how long a scenario may take from one place to the next.
const place = 30 * time.Second

// walk is a scenario that goes in step with its test (meet.mjs).
type walk struct {
	t     *testing.T
	name  string
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string // what it tells; closed when it has ended
	err   error       // of its end
	said  bytes.Buffer
}

// begin starts a scenario.
func begin(t *testing.T, g *rig.Gateway, name string, env ...string) *walk {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), scenarioTime)
	t.Cleanup(cancel)
	w := &walk{t: t, name: name, cmd: scenario(ctx, t, g, name), lines: make(chan string, 64)}
	w.cmd.Env = append(w.cmd.Env, env...)
	w.cmd.Stderr = &w.said
	in, err := w.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	w.in = in
	if err := w.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go w.read(out)
	t.Cleanup(func() {
		cancel()
		for range w.lines {
			continue
		}
	})
	return w
}

func (w *walk) read(out io.Reader) {
	defer close(w.lines)
	for in := bufio.NewScanner(out); in.Scan(); {
		w.lines <- in.Text()
	}
	w.err = w.cmd.Wait()
}

// at waits until the scenario is at a place. It stays there until the next goOn.
func (w *walk) at(want string) {
	w.t.Helper()
	over := time.NewTimer(place)
	defer over.Stop()
	select {
	case <-over.C:
		w.t.Fatalf("%s is not at %q after %v", w.name, want, place)
	case text, ok := <-w.lines:
		if !ok {
			w.t.Fatalf("%s ended before %q: %v\n%s", w.name, want, w.err, w.said.String())
		}
		var told struct{ At string }
		if err := json.Unmarshal([]byte(text), &told); err != nil || told.At != want {
			w.t.Fatalf("%s told %q (%v), want it at %q", w.name, text, err, want)
		}
	}
}

// goOn lets the scenario go on.
func (w *walk) goOn() {
	w.t.Helper()
	if _, err := io.WriteString(w.in, "\n"); err != nil {
		w.t.Fatalf("%s: %v", w.name, err)
	}
}

// end waits until the scenario has ended well.
func (w *walk) end() {
	w.t.Helper()
	_ = w.in.Close() // nothing more is said to it
	over := time.NewTimer(place)
	defer over.Stop()
	select {
	case <-over.C:
		w.t.Fatalf("%s does not end after %v", w.name, place)
	case text, ok := <-w.lines:
		if ok {
			w.t.Fatalf("%s told %q, want its end", w.name, text)
		}
	}
	if w.err != nil {
		w.t.Fatalf("%s: %v\n%s", w.name, w.err, w.said.String())
	}
}
