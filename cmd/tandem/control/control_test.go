package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/control/controltest"
)

func serve(t *testing.T, b control.Backend) (string, *control.Client) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run", "control.sock")
	s, err := control.Listen(path, b, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve() }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v, want the socket file gone", err)
		}
	})
	return path, control.NewClient(path)
}

// TestEverythingCrosses asks everything on both sides of the socket and compares.
func TestEverythingCrosses(t *testing.T) {
	fake := &controltest.Fake{}
	_, client := serve(t, fake)
	ctx := context.Background()
	for name, ask := range map[string]func(control.Backend) (any, error){
		"status": func(b control.Backend) (any, error) { return b.Status(ctx) },
		"calls":  func(b control.Backend) (any, error) { return b.Calls(ctx) },
		"call":   func(b control.Backend) (any, error) { return b.Call(ctx, "c_1") },
		"trace":  func(b control.Backend) (any, error) { return b.Trace(ctx, "c_1") },
		"queues": func(b control.Backend) (any, error) { return b.Queues(ctx) },
		"queue":  func(b control.Backend) (any, error) { return b.Queue(ctx, "support") },
		"agents": func(b control.Backend) (any, error) { return b.Agents(ctx) },
		"set agent": func(b control.Backend) (any, error) {
			return b.SetAgent(ctx, "ben", control.AgentChange{State: "away"})
		},
		"endpoints": func(b control.Backend) (any, error) { return b.Endpoints(ctx) },
		"nodes":     func(b control.Backend) (any, error) { return b.Nodes(ctx) },
		"trunks":    func(b control.Backend) (any, error) { return b.Trunks(ctx) },
		"trunk":     func(b control.Backend) (any, error) { return b.TestTrunk(ctx, "carrier") },
		"record":    func(b control.Backend) (any, error) { return b.Record(ctx, "r_1") },
		"why":       func(b control.Backend) (any, error) { return b.Why(ctx, "c_1") },
		"recording": func(b control.Backend) (any, error) {
			return nil, b.RecordCall(ctx, "c_1", control.RecordPause)
		},
		"search": func(b control.Backend) (any, error) {
			return b.SearchRecords(ctx, control.RecordQuery{Text: "anna", State: "open", Limit: 7, Since: controltest.Start})
		},
	} {
		want, err := ask(fake)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ask(client)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		if string(a) != string(b) {
			t.Errorf("%s: got %s, want %s", name, a, b)
		}
	}
	if err := client.Hangup(ctx, "c_1"); err != nil || fake.Done()[len(fake.Done())-1] != "hangup c_1" {
		t.Fatalf("got %v, done %v", err, fake.Done())
	}
}

func TestErrorsKeepTheirKind(t *testing.T) {
	fake := &controltest.Fake{}
	_, client := serve(t, fake)
	ctx := context.Background()
	if err := client.Hangup(ctx, "c/2 ?"); !errors.Is(err, control.ErrNotFound) || !strings.Contains(err.Error(), `"c/2 ?"`) {
		t.Errorf("got %v, want ErrNotFound with the name as it was given", err)
	}
	if _, err := client.SetAgent(ctx, "anna", control.AgentChange{State: "away"}); !errors.Is(err, control.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	if err := client.RecordCall(ctx, "c_1", control.RecordResume); !errors.Is(err, control.ErrConflict) {
		t.Errorf("got %v, want ErrConflict", err)
	}
	if _, err := client.Why(ctx, "c_7"); !errors.Is(err, control.ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
	if _, err := client.SearchRecords(ctx, control.RecordQuery{Limit: 5000}); !errors.Is(err, control.ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
	fake.Err = errors.New("disk on fire")
	if _, err := client.Calls(ctx); err == nil || err.Error() != "disk on fire" {
		t.Errorf("got %v, want the gateway's own words", err)
	}
	if _, err := control.NewClient(filepath.Join(t.TempDir(), "none")).Calls(ctx); !errors.Is(err, control.ErrUnreachable) {
		t.Errorf("got %v, want ErrUnreachable", err)
	}
}

func TestSocketIsPrivateAndSingle(t *testing.T) {
	path, _ := serve(t, &controltest.Fake{})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got %v, %v, want mode 0600", info.Mode(), err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("got %v, %v, want mode 0700", info.Mode(), err)
	}
	if _, err := control.Listen(path, &controltest.Fake{}, slog.New(slog.DiscardHandler)); !errors.Is(err, control.ErrInUse) {
		t.Fatalf("got %v, want ErrInUse", err)
	}
}

func TestStaleSocketIsReplacedAndFileIsNot(t *testing.T) {
	dir := t.TempDir()
	stale := filepath.Join(dir, "stale.sock")
	ln, err := net.Listen("unix", stale)
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = ln.Close()
	s, err := control.Listen(stale, &controltest.Fake{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Listen(file, &controltest.Fake{}, slog.New(slog.DiscardHandler)); err == nil {
		t.Fatal("got nil, want a file that is no socket left alone")
	}
	if raw, _ := os.ReadFile(file); string(raw) != "precious" {
		t.Fatalf("got %q", raw)
	}
}

func TestFolderOfOthersIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	_, err := control.Listen(filepath.Join(dir, "c.sock"), &controltest.Fake{}, slog.New(slog.DiscardHandler))
	if !errors.Is(err, control.ErrShared) {
		t.Fatalf("got %v, want ErrShared", err)
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	path, _ := serve(t, &controltest.Fake{})
	c := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", path)
	}}}
	for name, body := range map[string]string{"not json": "{", "unknown field": `{"state":"away","x":1}`, "too large": `{"state":"` + strings.Repeat("x", 100_000) + `"}`} {
		resp, err := c.Post("http://x/agents/ben", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		raw, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusBadRequest || !strings.Contains(string(raw), "error") {
			t.Errorf("%s: got %d %s", name, resp.StatusCode, raw)
		}
	}
	if resp, err := c.Get("http://x/secrets"); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("got %v, %v", resp, err)
	}
}
