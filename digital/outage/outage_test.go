package outage_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/digital/outage"
)

// TestAnOutageIsTwoLines: its begin, and its end with how many failed.
func TestAnOutageIsTwoLines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := outage.New(slog.New(slog.NewTextHandler(&out, nil)), "page turned away")
		lines := func() []string { return strings.Split(strings.TrimSpace(out.String()), "\n") }
		l.Worked()
		if out.Len() != 0 {
			t.Fatalf("without a fault it says %s", out.String())
		}
		for range 100 {
			l.Failed(errors.New("the store is gone"), "request", "q_1")
			l.Worked() // one of many that go well
			time.Sleep(100 * time.Millisecond)
		}
		if got := lines(); len(got) != 1 || !strings.Contains(got[0], "level=ERROR") || !strings.Contains(got[0], "the store is gone") || !strings.Contains(got[0], "request=q_1") {
			t.Fatalf("an outage says %q", got)
		}
		time.Sleep(outage.Calm)
		l.Worked()
		l.Worked()
		if got := lines(); len(got) != 2 || !strings.Contains(got[1], "level=INFO") || !strings.Contains(got[1], "failed=100") || !strings.Contains(got[1], "dur_ms=9900") {
			t.Fatalf("its end says %q", got)
		}
		l.Failed(errors.New("again"))
		if got := lines(); len(got) != 3 {
			t.Fatalf("the next one says %q", got)
		}
	})
}
