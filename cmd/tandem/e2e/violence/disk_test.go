package violence

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tandem/cmd/tandem/e2e/rig"
	"tandem/store/journey"
)

// smallDisk moves what the gateway keeps to a file system of a few megabytes, of its own.
func (h *house) smallDisk() (dir string) {
	h.t.Helper()
	h.Stop(h.t)
	dir = filepath.Join(h.Data, "disk")
	if err := os.Mkdir(dir, 0o700); err != nil {
		h.t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=6m"); err != nil {
		h.t.Fatalf("a file system for the test: %v (it needs to run as root)", err)
	}
	h.t.Cleanup(func() {
		h.Stop(h.t)
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			h.t.Error(err)
		}
	})
	for _, name := range []string{"tandem.db", "cdr.jsonl", "recordings"} {
		old, now := filepath.Join(h.Data, name), filepath.Join(dir, name)
		if data, err := os.ReadFile(old); err == nil {
			err = errors.Join(sparse(now, data), os.Remove(old))
			if err != nil {
				h.t.Fatal(err)
			}
		} else if err := errors.Join(os.MkdirAll(now, 0o700), os.RemoveAll(old)); err != nil {
			h.t.Fatal(err)
		}
		if err := os.Symlink(now, old); err != nil {
			h.t.Fatal(err)
		}
	}
	h.Restart(h.t)
	return dir
}

// sparse writes a file without the space that its empty pages would take: a store's file is mostly empty at first.
func sparse(path string, data []byte) error {
	const page = 4096
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	faults := []error{f.Truncate(int64(len(data)))}
	empty := make([]byte, page)
	for at := 0; at < len(data); at += page {
		if part := data[at:min(at+page, len(data))]; !bytes.Equal(part, empty[:len(part)]) {
			_, err := f.WriteAt(part, int64(at))
			faults = append(faults, err)
		}
	}
	return errors.Join(append(faults, f.Close())...)
}

// fill takes all space that is left. It may be called again.
func fill(t *testing.T, dir string) (path string) {
	t.Helper()
	path = filepath.Join(dir, "filler")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	block := make([]byte, 4096)
	for {
		if _, err := f.Write(block); err != nil {
			if !errors.Is(err, unix.ENOSPC) {
				t.Fatal(err)
			}
			return path
		}
	}
}

// ready asks /readyz.
func (h *house) ready() (status int, text string) {
	h.t.Helper()
	res, err := http.Get("http://" + h.HTTP.String() + "/readyz")
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// TestFullDisk takes the disk's space from a gateway that works, and gives it back.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 3, "0s")
	disk := h.smallDisk()
	h.sign(2, "available")
	early := h.dialAll(0, 2)
	for i, c := range early {
		if !talks(c, 10*time.Second) {
			t.Fatalf("call %d hears no agent", i)
		}
	}
	before := h.events()

	filler := fill(t, disk)
	during := h.dialAll(10, 1)[0] // waits in the queue, which waits for the disk
	brief := 0                    // callers who only come and go: a store's file has room inside it, which somebody has to use up
	rig.Await(t, "/readyz says no", 20*time.Second, func() bool {
		fill(t, disk)
		if status, _ := h.ready(); status == http.StatusServiceUnavailable {
			return true
		}
		c := h.dialAll(30+brief, 1)[0]
		brief++
		if err := c.Hangup(h.within(5 * time.Second)); err != nil {
			t.Errorf("hanging up while the disk fills: %v", err)
		}
		return false
	})
	if _, text := h.ready(); !strings.Contains(text, "no space left") {
		t.Errorf("/readyz does not tell why: %q", text)
	}
	if log := h.Log(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "no space left") {
		t.Error("the log does not tell of the full disk")
	}
	late := h.dialAll(20, 2)
	for i, c := range append(early, during) {
		c.Audio().Forget()
		if !until(5*time.Second, func() bool { return c.Audio().Level() > -45 }) {
			t.Errorf("call %d has lost its sound", i)
		}
	}
	for i, c := range early {
		if !talks(c, 5*time.Second) {
			t.Errorf("call %d no longer hears its agent", i)
		}
	}
	if err := early[0].Hangup(h.within(5 * time.Second)); err != nil {
		t.Errorf("hanging up without a disk: %v", err)
	}

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	rig.Await(t, "/readyz says yes", 20*time.Second, func() bool { status, _ := h.ready(); return status == http.StatusOK })
	if err := early[1].Hangup(h.within(5 * time.Second)); err != nil {
		t.Error(err)
	}
	h.sign(3, "available") // as many as wait: whoever of them is served first
	for _, c := range append(late, during) {
		if !talks(c, 15*time.Second) {
			t.Errorf("a call of the bad time hears no agent afterwards: %+v", c.Audio().Counters())
		}
		if err := c.Hangup(h.within(5 * time.Second)); err != nil {
			t.Error(err)
		}
	}
	h.clean()
	rig.Await(t, "nothing acknowledged is lost and every call has its end", 10*time.Second, func() bool { return wholeCalls(h) == 5+brief })
	checkTold(t, before, h.events())
	rig.Await(t, "each call's detail record", 10*time.Second, func() bool { return len(h.Lines(t)) == 5+brief })
}

// wholeCalls is how many calls have a beginning and an end in the records.
func wholeCalls(h *house) int {
	whole := 0
	for _, list := range h.events() {
		started := map[string]bool{}
		for _, e := range list {
			switch e.Kind {
			case string(journey.InteractionStarted):
				started[e.Interaction] = true
			case string(journey.InteractionEnded):
				if started[e.Interaction] {
					whole++
				}
			}
		}
	}
	return whole
}
