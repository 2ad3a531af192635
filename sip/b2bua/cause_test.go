package b2bua

import (
	"fmt"
	"strings"
	"testing"

	"tandem/sip/dialog"
	"tandem/sip/siptest"
)

// TestCauses renders the table in both directions.
func TestCauses(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Kinds, as we say them\n\n| kind | status | Q.850 | refuses with |\n|---|---|---|---|\n")
	for i, r := range causes {
		if r.kind != Kind(i) {
			t.Errorf("row %d is of %s", i, r.kind)
		}
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", r.kind, r.kind.Status(), r.kind.Q850(), refusal(r.kind))
	}
	b.WriteString("\n# Statuses, as others say them\n\n| status | kind |\n|---|---|\n")
	for status := 300; status < 700; status++ {
		k := KindOfStatus(status)
		listed := false
		for _, r := range causes {
			for _, s := range r.statuses {
				listed = listed || s == status
			}
		}
		if listed || status%100 == 0 {
			fmt.Fprintf(&b, "| %d | %s |\n", status, k)
		}
	}
	b.WriteString("\n# Q.850 causes, as others say them\n\n| cause | kind |\n|---|---|\n")
	for cause := range 128 {
		if k, ok := KindOfQ850(cause); ok {
			fmt.Fprintf(&b, "| %d | %s |\n", cause, k)
		}
	}
	siptest.Golden(t, "causes.md", b.String())
}

// TestCausesOnce: no status and no cause stands in two rows, and what we say for a kind means the same to us, where it can.
func TestCausesOnce(t *testing.T) {
	seen := map[string]Kind{}
	for _, r := range causes {
		for _, s := range r.statuses {
			once(t, seen, fmt.Sprint("status ", s), r.kind)
		}
		for _, q := range r.q850s {
			once(t, seen, fmt.Sprint("cause ", q), r.kind)
		}
	}
	for _, k := range []Kind{Busy, NoAnswer, Rejected, NotFound, Timeout, Canceled, Overload, Unsupported, Malformed} {
		if got := KindOfStatus(k.Status()); got != k {
			t.Errorf("%s says %d, which means %s", k, k.Status(), got)
		}
	}
}

func once(t *testing.T, seen map[string]Kind, what string, k Kind) {
	t.Helper()
	if other, twice := seen[what]; twice {
		t.Errorf("%s stands for %s and %s", what, other, k)
	}
	seen[what] = k
}

func TestKindOfEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		ev   dialog.Event
		want Kind
	}{
		{"bye", dialog.Event{How: dialog.HowBye, Cause: 17}, Normal},
		{"cancel", dialog.Event{How: dialog.HowCancel}, Canceled},
		{"busy", dialog.Event{How: dialog.HowReject, Status: 486}, Busy},
		{"cause beats status", dialog.Event{How: dialog.HowReject, Status: 503, Cause: 1}, NotFound},
		{"a normal cause says nothing of a refusal", dialog.Event{How: dialog.HowReject, Status: 486, Cause: 16}, Busy},
		{"an unknown cause neither", dialog.Event{How: dialog.HowReject, Status: 486, Cause: 126}, Busy},
		{"redirect that nobody followed", dialog.Event{How: dialog.HowReject, Status: 302}, Unreachable},
		{"nobody answered", dialog.Event{How: dialog.HowTimeout, Status: 408}, Timeout},
		{"connection gone", dialog.Event{How: dialog.HowTimeout, Status: 503}, Unreachable},
		{"no ACK", dialog.Event{How: dialog.HowAckTimeout}, Timeout},
		{"no refresh", dialog.Event{How: dialog.HowSessionExpired}, Timeout},
		{"no answer to an offer", dialog.Event{How: dialog.HowProtocol, Status: 488}, Malformed},
		{"never had a stream", dialog.Event{}, Overload},
	} {
		if got := kindOfEnd(c.ev); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
