package trunk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/sip"
)

func TestOptions(t *testing.T) {
	contact := sip.URI{Scheme: "sip", User: "gw", Host: "198.51.100.2", Port: 5062}
	a, b := Options(Target{Host: "carrier.example", Port: 5070}, contact), Options(Target{Host: "carrier.example"}, contact)
	if a.Recipient.String() != "sip:carrier.example:5070" || b.Recipient.String() != "sip:carrier.example" {
		t.Errorf("asks %s and %s", a.Recipient.String(), b.Recipient.String())
	}
	if a.CallID().Value() == b.CallID().Value() || sip.FromTag(a) == sip.FromTag(b) || sip.FromTag(a) == "" || sip.ToTag(a) != "" {
		t.Errorf("not requests of their own: %s, %s", a, b)
	}
	a.PrependHeader(sip.NewHeader("Via", "SIP/2.0/UDP 198.51.100.2:5062;branch=z9hG4bK1"))
	m, err := sip.NewParser(65535).ParseSIP([]byte(a.String()))
	if err != nil {
		t.Fatal(err)
	}
	if status, reason, _ := sip.Validate(m.(*sip.Request)); status != 0 {
		t.Errorf("refused by ourselves: %d %s: %s", status, reason, a)
	}
}

// TestFailover: a carrier with two borders and a last resort over an hour: one border is pulled, comes back half dead, asks for a pause;
// each line is what happened, and where calls go from then on.
func TestFailover(t *testing.T) {
	tr, targets := trunkOf(t, Target{Host: "a"}, Target{Host: "b", Priority: 1}, Target{Host: "c", Priority: 2})
	steps := []struct {
		at      time.Duration
		host    int
		outcome Outcome
		pause   time.Duration
		calls   string
	}{
		{0, 0, Answered, 0, "a b c"},
		{1 * time.Minute, 0, NoAnswer, 0, "a b c"},         // one lost OPTIONS does not move calls: nobody else is in its priority
		{2 * time.Minute, 0, NoAnswer, 0, "b c"},           // pulled
		{3 * time.Minute, 1, Overloaded, 90e9, "c"},        // the second one drowns in its calls
		{4 * time.Minute, 0, Answered, 0, "a c"},           // half dead: tried again, but not trusted
		{4 * time.Minute, 0, Unreachable, 0, "a c"},        // once
		{4 * time.Minute, 0, Unreachable, 0, "c"},          // twice
		{5 * time.Minute, 2, Answered, 0, "b c"},           // the pause of b is over
		{6 * time.Minute, 0, Answered, 0, "a b c"},         //
		{7 * time.Minute, 0, Answered, 0, "a b c"},         //
		{8 * time.Minute, 1, Unreachable, 0, "a b c"},      //
		{9 * time.Minute, 1, Unreachable, 0, "a c"},        //
		{10 * time.Minute, 2, Overloaded, 60e9, "a"},       //
		{10 * time.Minute, 0, Overloaded, 24 * 3600e9, ""}, // no target at all: 503
		{11 * time.Minute, 1, Answered, 0, "b c"},          //
		{20 * time.Minute, 2, Answered, 0, "a b c"},        // a's pause was cut to ten minutes
	}
	for i, s := range steps {
		tr.Report(start.Add(s.at), targets[s.host], s.outcome, s.pause)
		list, _ := tr.Choose(start.Add(s.at), first)
		if got := hosts(list); got != s.calls {
			t.Errorf("step %d: calls go to %q, want %q", i, got, s.calls)
		}
	}
}

// TestRegistrationJourney: an hour with a carrier of two registrars, written as a ladder: event, then what we send where, and the state.
func TestRegistrationJourney(t *testing.T) {
	s := newRegistrarScript(t, func(c *Config) { c.Targets = append(c.Targets, Target{Host: "r2"}) })
	var story []string
	tell := func(what string, f func()) {
		f()
		at, _ := s.r.Deadline()
		next := "-"
		if !at.IsZero() {
			next = at.Sub(s.now).String()
		}
		story = append(story, fmt.Sprintf("%s: cseq %d to %s, %s, next %s", what, s.out.CSeq().SeqNo, s.host, s.r.Status().State, next))
	}
	wait := func() { at, _ := s.r.Deadline(); s.now = at }
	tell("start", func() { s.step(Start{}, 1) })
	tell("challenged", func() { s.answer(401, 1, fmt.Sprintf(challenge, 1, "")) })
	tell("too brief", func() { s.answer(423, 1, "Min-Expires: 7200") })
	tell("registered", func() { s.answer(200, 0, "Contact: <sip:4930@198.51.100.2:5060>;expires=7200") })
	wait()
	tell("refresh", func() { s.step(Tick{}, 1) })
	tell("stale nonce", func() { s.answer(401, 1, fmt.Sprintf(challenge, 2, ", stale=true")) })
	tell("no answer", func() { s.step(RegisterFailed{CSeq: s.out.CSeq().SeqNo, Outcome: NoAnswer}, 0) })
	wait()
	tell("other registrar", func() { s.step(Tick{}, 1) })
	tell("full", func() { s.answer(503, 0, "Retry-After: 120") })
	wait()
	tell("first again", func() { s.step(Tick{}, 1) })
	tell("registered", func() { s.answer(200, 0) })
	tell("stop", func() { s.step(Stop{}, 1) })
	tell("challenged", func() { s.answer(401, 1, fmt.Sprintf(challenge, 3, "")) })
	tell("gone", func() { s.answer(200, 0) })
	want := `start: cseq 1 to r1, registering, next -
challenged: cseq 2 to r1, registering, next -
too brief: cseq 3 to r1, registering, next -
registered: cseq 3 to r1, registered, next 1h0m0s
refresh: cseq 4 to r1, registered, next -
stale nonce: cseq 5 to r1, registered, next -
no answer: cseq 5 to r1, failing, next 1s
other registrar: cseq 6 to r2, registering, next -
full: cseq 6 to r2, failing, next 2m0s
first again: cseq 7 to r1, registering, next -
registered: cseq 7 to r1, registered, next 1h0m0s
stop: cseq 8 to r1, idle, next -
challenged: cseq 9 to r1, idle, next -
gone: cseq 9 to r1, idle, next -`
	if got := strings.Join(story, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
