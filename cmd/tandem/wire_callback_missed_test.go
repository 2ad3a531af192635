package main

import (
	"strings"
	"testing"

	"tandem/digital/callback"
	"tandem/sip/b2bua"
)

// TestAgentHearsThatNobodyAnswered: who was rung first for a callback is told what became of it; one who did not answer himself is not.
func TestAgentHearsThatNobodyAnswered(t *testing.T) {
	for _, c := range []struct {
		last bool
		side int
		kind b2bua.Kind
		want string
	}{
		{false, 2, b2bua.NoAnswer, "anna: +491 did not answer. We call again later."},
		{true, 2, b2bua.Busy, "anna: +491 is busy. We do not call again."},
		{false, 2, b2bua.Unreachable, "anna: +491 could not be reached. We call again later."},
		{false, 1, b2bua.NoAnswer, ""},
	} {
		var told []string
		d := &callbackDoor{notice: func(agent, text string) { told = append(told, agent+": "+text) }, log: discard,
			live:  map[string]string{"b_1": "c_1"},
			tries: map[string]callback.Attempt{"b_1": {Item: "b_1", Agent: "anna", Number: "+491", Last: c.last}}}
		d.owner = callback.NewOwner(callback.Options{Queue: d, Dialer: d, Journal: d, Log: discard})
		d.Originated(b2bua.Originated{Ref: "b_1/1", Call: "c_1", Item: "b_1", Stage: b2bua.Failed, Side: c.side, Kind: c.kind})
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("told %q, want %q", got, c.want)
		}
	}
}
