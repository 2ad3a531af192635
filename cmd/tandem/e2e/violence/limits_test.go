package violence

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
	"tandem/cmd/tandem/phone"
)

// TestPortsUsedUp gives the gateway ports for four legs only.
func TestPortsUsedUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1, "0s")
	h.Stop(t)
	text, err := os.ReadFile(h.Config())
	if err != nil {
		t.Fatal(err)
	}
	few := strings.Replace(string(text), "ports: 10000-14999", "ports: 10000-10007\n  drain: 0s", 1)
	if err := os.WriteFile(h.Config(), []byte(few), 0o600); err != nil {
		t.Fatal(err)
	}
	h.Restart(t)
	calls := h.dialAll(0, 4)
	for range 3 {
		_, err := h.dial(9)
		var refused *phone.StatusError
		if !errors.As(err, &refused) || refused.Status != 503 || refused.RetryAfter == "" {
			t.Errorf("a call without ports: %v, %+v; want 503 with Retry-After", err, refused)
		}
	}
	if n := h.Metric(t, "tandem_media_no_ports_total"); n != 3 {
		t.Errorf("tandem_media_no_ports_total is %v, want 3", n)
	}
	for _, c := range calls {
		if err := c.Hangup(h.within(5 * time.Second)); err != nil {
			t.Error(err)
		}
	}
	h.clean()
	var again *phone.Call
	rig.Await(t, "the ports have rested and calls are taken", 15*time.Second, func() bool {
		again, err = h.dial(20)
		return err == nil
	})
	if err := again.Hangup(h.within(5 * time.Second)); err != nil {
		t.Error(err)
	}
	h.clean()
}

// TestDrain tells the gateway to end while two people talk.
func TestDrain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 1, "0s")
	h.sign(1, "available")
	c := h.dialAll(0, 1)[0]
	if !talks(c, 10*time.Second) {
		t.Fatal("no agent is heard")
	}
	if err := syscall.Kill(h.PID(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	rig.Await(t, "it drains", 5*time.Second, func() bool { return strings.Contains(h.Log(), "draining") })
	_, err := h.dial(1)
	var refused *phone.StatusError
	if !errors.As(err, &refused) || refused.Status != 503 || refused.RetryAfter == "" {
		t.Errorf("a call while draining: %v, %+v; want 503 with Retry-After", err, refused)
	}
	if status, text := h.ready(); status != 503 || !strings.Contains(text, "draining") {
		t.Errorf("/readyz while draining: %d %q", status, text)
	}
	c.Audio().Forget()
	if !talks(c, 3*time.Second) {
		t.Error("the call in progress has lost its sound")
	}
	lost := c.Audio().Counters().Lost
	if err := c.Hangup(h.within(5 * time.Second)); err != nil {
		t.Error(err)
	}
	if lost != 0 {
		t.Errorf("%d packets lost", lost)
	}
	if code := h.Wait(5 * time.Second); code != 0 {
		t.Errorf("exit code %d, want 0 within 5 s", code)
	}
	h.Restart(t)
	if n := wholeCalls(h); n != 1 {
		t.Errorf("%d calls with an end in the records, want 1", n)
	}
	if lines := h.Lines(t); len(lines) != 1 || lines[0]["by"] != "caller" {
		t.Errorf("call detail records: %v", lines)
	}
}
