package e2e

import (
	"testing"
)

// A script is a call as two scenarios play it, and what the gateway must tell of it.
type script struct {
	name   string
	caller string   // scenario
	callee string   // scenario; empty: nobody
	args   []string // of the callee
	number string
	plan   plan
	want   []string // of the call detail record
	ladder []string // in the trace
	events []string // kinds that the record must hold
}

var scripts = []script{
	{name: "early offer", caller: "call", callee: "answer", number: outside,
		want:   []string{"outcome=answered", "cause=16", "by=caller", "trunk=caller", "caller=" + caller, "called=" + outside},
		ladder: []string{"INVITE (1) [sdp]", "180", "200 OK (INVITE 1) [sdp]", "ACK (1)", "BYE (2)", "200 OK (BYE 2)"}, events: []string{"interaction-started", "connected"}},
	{name: "late offer", caller: "late_offer", callee: "answer", number: outside,
		want: []string{"outcome=answered", "cause=16", "by=caller", "codec=PCMA"}, ladder: []string{"200 OK (INVITE 1) [sdp]", "ACK (1) [sdp]"}},
	{name: "BYE from the callee", caller: "call_until_bye", callee: "answer_bye", number: outside,
		want: []string{"outcome=answered", "cause=16", "by=callee"}},
	{name: "hold and resume", caller: "hold_resume", callee: "answer", number: outside,
		want: []string{"outcome=answered", "cause=16", "by=caller"}, events: []string{"held", "resumed"}},
	{name: "re-INVITE without offer", caller: "reinvite_without_offer", callee: "answer", number: outside,
		want: []string{"outcome=answered", "by=caller"}, ladder: []string{"INVITE (2)", "200 OK (INVITE 2) [sdp]", "ACK (2) [sdp]"}},
	{name: "UPDATE", caller: "update", callee: "answer", number: outside,
		want: []string{"outcome=answered", "by=caller"}, ladder: []string{"UPDATE (2) [sdp]", "200 OK (UPDATE 2) [sdp]", "200 OK (UPDATE 4)"}, events: []string{"held", "resumed"}},
	{name: "CANCEL while ringing", caller: "cancel_ringing", callee: "answer_cancel", number: outside,
		want: []string{"outcome=no-answer", "cause=16", "status=487", "by=caller"}, ladder: []string{"180", "487"}},
	{name: "CANCEL crosses the callee's 200", caller: "cancel_ringing", callee: "answer_crosses", number: outside,
		want: []string{"outcome=no-answer", "cause=16", "status=487", "by=caller"}},
	{name: "CANCEL crosses our 200", caller: "cancel_answered", callee: "answer", number: outside,
		want: []string{"outcome=answered", "cause=16", "by=caller"}},
	{name: "the same INVITE again", caller: "invite_repeated", callee: "answer", number: outside,
		want: []string{"outcome=answered", "cause=16", "by=caller"}},
	{name: "early media", caller: "early_media", callee: "answer_early", number: outside,
		want: []string{"outcome=answered", "cause=16", "by=caller"}, ladder: []string{"183 Session Progress (INVITE 1) [sdp]", "200 OK (INVITE 1) [sdp]"}},
	{name: "two 2xx of a fork", caller: "call", callee: "answer_forked", number: outside,
		want: []string{"outcome=answered", "cause=16", "by=caller"}},
	{name: "302", caller: "call", callee: "answer_moved", number: outside, args: []string{"-m", "2"},
		want: []string{"outcome=answered", "cause=16", "by=caller"}, ladder: []string{"302", "200 OK (INVITE 1) [sdp]"}},
	{name: "407 from the carrier", caller: "call", callee: "answer_challenge", number: outside,
		plan: plan{carrier: `, auth: {user: tandem, password: "${env:TANDEM_E2E_PASSWORD}"}`},
		want: []string{"outcome=answered", "cause=16", "by=caller"}, ladder: []string{"407", "INVITE (2) [sdp]", "200 OK (INVITE 2) [sdp]"}},
	{name: "busy", caller: "refused_busy", callee: "answer_refused", args: []string{"-key", "status", "486 Busy Here"}, number: outside,
		want: []string{"outcome=busy", "cause=17", "status=486", "by=callee"}},
	{name: "temporarily unavailable", caller: "refused_no_answer", callee: "answer_refused", args: []string{"-key", "status", "480 Temporarily Unavailable"}, number: outside,
		want: []string{"outcome=no-answer", "status=480", "by=callee"}},
	{name: "unknown at the carrier", caller: "refused_unknown", callee: "answer_refused", args: []string{"-key", "status", "404 Not Found"}, number: outside,
		want: []string{"outcome=failed", "cause=1", "status=404", "by=callee"}},
	{name: "unregistered extension", caller: "refused_no_answer", number: anna,
		want: []string{"outcome=failed", "status=480", "by=system"}},
	{name: "unknown number", caller: "refused_unknown", number: nobody,
		want: []string{"outcome=failed", "cause=1", "status=404", "by=system"}},
	{name: "no common codec", caller: "refused_codec", number: outside,
		want: []string{"outcome=failed", "cause=65", "status=488", "by=system"}},
	{name: "INFO keys", caller: "info_keys", number: menuLine,
		want: []string{"outcome=flow", "cause=16", "by=flow"}, events: []string{"step-input"}},
}

func TestCalls(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, s.plan)
			var callee interface{ Pass(testing.TB) }
			if s.callee != "" {
				callee = h.callee(t, s.callee, s.args...)
			}
			h.call(t, s.caller, s.number).Pass(t)
			if callee != nil {
				callee.Pass(t)
			}
			w := h.tell(t, 0)
			w.check(t, s.want...)
			w.ladder(t, s.ladder...)
			w.ended(t)
			for _, kind := range s.events {
				if len(w.events(kind)) == 0 {
					t.Errorf("the record lacks %q: %+v", kind, w.record.Events)
				}
			}
			if lines := h.Lines(t); len(lines) != 1 {
				t.Errorf("got %d call detail records, want 1", len(lines))
			}
		})
	}
}
