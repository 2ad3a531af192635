package e2e

import (
	"crypto/md5"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"tandem/cmd/tandem/e2e/rig"
	"tandem/store/journey"
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
	input  string   // that the flow's step got
	judge  func(t *testing.T, caller, callee *rig.SIPp)

	noRecord bool // refused at the door: nothing is kept of it
}

var scripts = []script{
	{name: "early offer", caller: "call", callee: "answer", number: outside,
		want:   []string{"outcome=answered", "cause=16", "by=caller", "caller=" + caller, "called=" + outside},
		ladder: []string{"INVITE (1) [sdp]", "180", "200 OK (INVITE 1) [sdp]", "ACK (1)", "BYE (2)", "200 OK (BYE 2)"}, events: []string{"interaction-started", "dialled", "connected"}},
	{name: "late offer", caller: "late_offer", callee: "answer", number: outside,
		want: []string{"outcome=answered", "cause=16", "by=caller"}, ladder: []string{"200 OK (INVITE 1) [sdp]", "ACK (1) [sdp]"}},
	{name: "BYE from the callee", caller: "call_until_bye", callee: "answer_bye", number: outside,
		want: []string{"outcome=answered", "cause=16", "by=callee"}},
	{name: "hold and resume", caller: "hold_resume", callee: "answer", number: outside, judge: originKept,
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
	{name: "the same INVITE again", caller: "invite_repeated", callee: "answer_late", number: outside, judge: invitedOnce,
		want: []string{"outcome=answered", "cause=16", "by=caller"}},
	{name: "early media", caller: "early_media", callee: "answer_early", number: outside, judge: sameSDP,
		want: []string{"outcome=answered", "cause=16", "by=caller"}, ladder: []string{"183 Session Progress (INVITE 1) [sdp]", "200 OK (INVITE 1) [sdp]"}},
	{name: "two 2xx of a fork", caller: "call", callee: "answer_forked", number: outside,
		want: []string{"outcome=answered", "cause=16", "by=caller"}},
	{name: "302", caller: "call", callee: "answer_moved", number: outside, args: []string{"-m", "2"},
		want: []string{"outcome=answered", "cause=16", "by=caller"}, ladder: []string{"302", "200 OK (INVITE 1) [sdp]"}},
	{name: "407 from the carrier", caller: "call", callee: "answer_challenge", number: outside,
		plan: plan{carrier: `, auth: {user: tandem, password: "${env:TANDEM_E2E_PASSWORD}"}`},
		want: []string{"outcome=answered", "cause=16", "by=caller"}, ladder: []string{"407", "b1  INVITE", "200 OK (INVITE"}, judge: sameDialogAgain},
	{name: "busy", caller: "refused_busy", callee: "answer_busy", number: outside,
		want: []string{"outcome=busy", "cause=17", "status=486", "by=callee"}},
	{name: "temporarily unavailable", caller: "refused_no_answer", callee: "answer_unavailable", number: outside,
		want: []string{"outcome=no-answer", "status=480", "by=callee"}},
	{name: "unknown at the carrier", caller: "refused_unknown", callee: "answer_unknown", number: outside,
		want: []string{"outcome=failed", "cause=1", "status=404", "by=callee"}},
	{name: "unregistered extension", caller: "refused_no_answer", number: anna,
		want: []string{"outcome=failed", "status=480", "by=system"}},
	{name: "unknown number", caller: "refused_unknown", number: nobody,
		want: []string{"outcome=failed", "cause=1", "status=404", "by=system"}},
	{name: "no common codec", caller: "refused_codec", number: outside,
		want: []string{"outcome=failed", "cause=65", "status=488", "by=system"}},
	{name: "extension required", caller: "required", number: outside, noRecord: true},
	{name: "merged INVITE", caller: "merged", callee: "answer_late", number: outside, judge: invitedOnce, want: []string{"outcome=answered", "by=caller"}},
	{name: "100rel of the caller", caller: "reliable", callee: "answer_early", number: outside,
		want: []string{"outcome=answered", "by=caller"}, ladder: []string{"183", "PRACK", "200 OK (PRACK"}},
	{name: "100rel of the callee", caller: "early_media", callee: "answer_reliable", number: outside,
		want: []string{"outcome=answered", "by=caller"}, ladder: []string{"183", "PRACK", "200 OK (PRACK"}},
	{name: "the callee holds", caller: "call_slow", callee: "answer_holds", number: outside,
		want: []string{"outcome=answered", "by=caller"}, events: []string{"held", "resumed"}, judge: notTold},
	{name: "INFO keys", caller: "info_keys", number: menuLine,
		want: []string{"outcome=flow", "cause=16", "by=system"}, events: []string{"step-input"}, input: "427"},
}

func TestCalls(t *testing.T) {
	for _, s := range scripts {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, s.plan)
			var callee *rig.SIPp
			if s.callee != "" {
				callee = h.callee(t, s.callee, s.args...)
			}
			caller := h.call(t, s.caller, s.number)
			caller.Pass(t)
			if callee != nil {
				callee.Pass(t)
			}
			wellFormed(t, caller)
			if callee != nil {
				wellFormed(t, callee)
				hidden(t, callee, h.from.String(), line(caller.Messages(t)[0], "Call-ID:"))
			}
			if s.judge != nil && !t.Failed() {
				s.judge(t, caller, callee)
			}
			if s.noRecord {
				h.Idle(t)
				return
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
			if in := w.events("step-input"); s.input != "" && (len(in) != 1 || in[0].Data[journey.DataInput] != s.input) {
				t.Errorf("got inputs %+v, want %s", in, s.input)
			}
			if lines := h.Lines(t); len(lines) != 1 {
				t.Errorf("got %d call detail records, want 1", len(lines))
			}
		})
	}
}

// received gives the messages that a scenario received whose start line begins so.
func received(t *testing.T, s *rig.SIPp, start string) (list []rig.Message) {
	t.Helper()
	for _, m := range s.Messages(t) {
		if m.Received && strings.HasPrefix(m.First(), start) {
			list = append(list, m)
		}
	}
	return list
}

// line gives the first line of a message that begins so, without that beginning.
func line(m rig.Message, start string) string {
	for l := range strings.Lines(m.Text) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(l), start); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// sameDialogAgain wants the INVITE with credentials to be the first one again: RFC 3261 §22.2.
func sameDialogAgain(t *testing.T, _, callee *rig.SIPp) {
	list := received(t, callee, "INVITE")
	if len(list) != 2 {
		t.Fatalf("got %d INVITEs, want 2", len(list))
	}
	for _, h := range []string{"Call-ID:", "From:", "To:"} {
		if a, b := line(list[0], h), line(list[1], h); a != b || a == "" {
			t.Errorf("%s got %q again, want %q", h, b, a)
		}
	}
	if a, b := sequence(list[0]), sequence(list[1]); b != a+1 {
		t.Errorf("got CSeq %d after %d, want the next", b, a)
	}
	uri := strings.Fields(list[1].First())[1]
	p := digestParams(line(list[1], "Proxy-Authorization:"))
	ha1, ha2 := md5hex("tandem:carrier.test:"+rig.Password), md5hex("INVITE:"+uri)
	want := md5hex(strings.Join([]string{ha1, p["nonce"], p["nc"], p["cnonce"], p["qop"], ha2}, ":"))
	if p["response"] != want || p["uri"] != uri || p["qop"] != "auth" {
		t.Errorf("got credentials %v, want response %s for %s", p, want, uri)
	}
}

// digestParams reads credentials: RFC 7616 §3.4.
func digestParams(text string) map[string]string {
	p := map[string]string{}
	for part := range strings.SplitSeq(strings.TrimPrefix(text, "Digest "), ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		p[k] = strings.Trim(v, `"`)
	}
	return p
}

func md5hex(s string) string { return fmt.Sprintf("%x", md5.Sum([]byte(s))) }

func sequence(m rig.Message) int {
	n, _, _ := strings.Cut(line(m, "CSeq:"), " ")
	v, _ := strconv.Atoi(n) // 0 is wrong, and is seen
	return v
}

// originKept wants one session in all our SDP, with a version that grows by one where the body changed: RFC 3264 §8.
func originKept(t *testing.T, caller, _ *rig.SIPp) {
	var id, version, body string
	for _, m := range received(t, caller, "SIP/2.0 200") {
		_, sdp, _ := strings.Cut(m.Text, "v=0")
		o := strings.Fields(line(m, "o="))
		if len(o) < 3 {
			continue
		}
		before, _ := strconv.Atoi(version)
		now, _ := strconv.Atoi(o[2])
		_, rest, _ := strings.Cut(sdp, "s=")
		switch {
		case id == "":
		case o[1] != id:
			t.Errorf("got session %s after %s", o[1], id)
		case rest == body && now != before, rest != body && now != before+1:
			t.Errorf("got version %d after %d; the SDP:\n%s\nbefore:\n%s", now, before, rest, body)
		}
		id, version, body = o[1], o[2], rest
	}
	if id == "" {
		t.Error("no SDP came")
	}
}

// invitedOnce wants the callee to be called once, however often the caller said it.
func invitedOnce(t *testing.T, caller, callee *rig.SIPp) {
	if got := len(received(t, callee, "INVITE")); got != 1 {
		t.Errorf("got %d INVITEs, want 1", got)
	}
	if got := received(t, caller, "SIP/2.0 100"); len(got) > 3 {
		t.Errorf("got %d 100s for 3 INVITEs", len(got))
	}
}

// notTold wants the caller to hear no word of what the callee does to its own leg.
func notTold(t *testing.T, caller, _ *rig.SIPp) {
	for _, method := range []string{"INVITE", "UPDATE"} {
		if got := received(t, caller, method); len(got) > 0 {
			t.Errorf("the caller got %d %s", len(got), method)
		}
	}
}

// sameSDP wants the 2xx to repeat what the 183 said: RFC 3261 §13.2.1.
func sameSDP(t *testing.T, caller, _ *rig.SIPp) {
	early, final := received(t, caller, "SIP/2.0 183"), received(t, caller, "SIP/2.0 200")
	if len(early) == 0 || len(final) == 0 {
		t.Fatal("no 183 or no 200")
	}
	_, a, _ := strings.Cut(early[0].Text, "v=0")
	_, b, _ := strings.Cut(final[0].Text, "v=0")
	if a != b {
		t.Errorf("got SDP in the 200\n%s\nwant that of the 183\n%s", b, a)
	}
	if got := received(t, caller, "SIP/2.0 180"); len(got) > 0 && got[0].At.Before(early[0].At) {
		t.Error("180 came before the 183 with SDP: the caller's phone plays a ring-back of its own over it")
	}
}

// wellFormed judges every message that we sent to a scenario: RFC 3261 §8.1.1, §8.2.6, §12.1.1; one To tag in all answers of
// a transaction.
func wellFormed(t *testing.T, s *rig.SIPp) {
	t.Helper()
	tags := map[string]string{} // by transaction
	for _, m := range s.Messages(t) {
		if !m.Received {
			continue
		}
		for _, h := range []string{"Via:", "From:", "To:", "Call-ID:", "CSeq:", "Content-Length:"} {
			if line(m, h) == "" {
				t.Errorf("%s lacks %s", m.First(), h)
			}
		}
		response, invite := strings.HasPrefix(m.First(), "SIP/2.0 "), strings.HasSuffix(line(m, "CSeq:"), " INVITE")
		trying, success := strings.HasPrefix(m.First(), "SIP/2.0 100"), strings.HasPrefix(m.First(), "SIP/2.0 2")
		_, tag, tagged := strings.Cut(line(m, "To:"), ";tag=")
		switch {
		case !response && line(m, "Max-Forwards:") == "":
			t.Errorf("%s lacks Max-Forwards", m.First())
		case response && !tagged && !trying:
			t.Errorf("%s lacks a To tag", m.First())
		case (success || !response) && invite && line(m, "Contact:") == "":
			t.Errorf("%s lacks a Contact", m.First())
		}
		via := line(m, "Via:")
		if before := tags[via]; response && invite && tagged && before != "" && before != tag {
			t.Errorf("got To tag %s in %s, want %s as before", tag, m.First(), before)
		}
		if tagged {
			tags[via] = tag
		}
	}
}

// hidden wants nothing of the caller's leg in what the callee got.
func hidden(t *testing.T, callee *rig.SIPp, secrets ...string) {
	t.Helper()
	for _, m := range callee.Messages(t) {
		for _, secret := range secrets {
			whole := regexp.MustCompile(regexp.QuoteMeta(secret) + `([^0-9]|$)`) // an address may begin as another does
			if m.Received && (secret == "" || whole.MatchString(m.Text)) {
				t.Errorf("the callee got %q:\n%s", secret, m.Text)
			}
		}
	}
}
