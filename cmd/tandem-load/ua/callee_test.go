package ua

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem-load/wire"
)

// request sends a request to a side.
func (s *scripted) request(to netip.AddrPort, method, branch string, cseq uint32, toTag string) {
	r := wire.Request{
		Method: method, URI: "sip:2000@" + to.String(), SentBy: s.sock.Addr(), Branch: "z9hG4bK" + branch, From: "<sip:1@far>;tag=far", To: "<sip:2000@near>",
		CallID: "far-call", CSeq: cseq, Contact: "sip:1@" + s.sock.Addr().String(),
	}
	if toTag != "" {
		r.To += ";tag=" + toTag
	}
	if method == "INVITE" {
		r.Body = wire.Session{Audio: netip.MustParseAddrPort("127.0.0.1:4000"), Event: 96}.SDP()
	}
	s.sock.Send(r.Append(nil), to)
}

func TestCalleeRepeatsUntilAcknowledged(t *testing.T) {
	l := newTestLoop(t)
	b, far := newDiary(t, l), newScripted(t, l)
	b.do = func(ev Event) {
		if ev.Kind == Invited {
			ev.Call.Answer()
		}
	}
	far.request(b.Addr, "INVITE", "1", 1, "")
	ok := far.next(t, 1)
	if ok.Status != 200 || !strings.Contains(ok.Body, "a=rtpmap:96 telephone-event/8000") {
		t.Errorf("answer: %+v", ok)
	}
	far.request(b.Addr, "INVITE", "1", 1, "")
	if far.next(t, 2); far.raw[0] != far.raw[1] || l.Counts.Repeated != 1 {
		t.Error("a repeated INVITE is not answered with the same")
	}
	if far.next(t, 3); far.raw[2] != far.raw[0] || l.Counts.Retransmitted != 1 {
		t.Error("a 2xx without its ACK is not repeated")
	}
	tag := wire.Tag(ok.To)
	far.request(b.Addr, "ACK", "2", 1, tag)
	wait(t, l, "the ACK", b.has("confirmed"))
	l.Run(func() bool { return false }, 2*t1+100*time.Millisecond)
	if len(far.got) != 3 {
		t.Errorf("%d messages after the ACK", len(far.got)-3)
	}
	far.request(b.Addr, "INVITE", "3", 2, tag) // in the dialog
	if again := far.next(t, 4); again.Status != 200 || again.CSeq != 2 || again.Body == "" {
		t.Errorf("re-INVITE: %+v", again)
	}
	far.request(b.Addr, "ACK", "4", 2, tag)
	far.request(b.Addr, "UPDATE", "5", 3, tag)
	if update := far.next(t, 5); update.Status != 200 || update.CSeqMethod != "UPDATE" || update.Body != "" {
		t.Errorf("UPDATE: %+v", update)
	}
	far.request(b.Addr, "BYE", "6", 4, tag)
	far.request(b.Addr, "BYE", "6", 4, tag)
	if far.next(t, 7).Status != 200 {
		t.Error("a repeated BYE is not answered")
	}
	b.wants(t, "invited, confirmed, hung up")
}

func TestCancel(t *testing.T) {
	l := newTestLoop(t)
	b, far := newDiary(t, l), newScripted(t, l)
	far.request(b.Addr, "INVITE", "1", 1, "")
	wait(t, l, "the call", b.has("invited"))
	far.request(b.Addr, "CANCEL", "1", 1, "")
	cancel, invite := far.next(t, 1), far.next(t, 2)
	if cancel.Status != 200 || cancel.CSeqMethod != "CANCEL" || invite.Status != 487 || invite.CSeqMethod != "INVITE" {
		t.Errorf("got %d %s and %d %s", cancel.Status, cancel.CSeqMethod, invite.Status, invite.CSeqMethod)
	}
	far.request(b.Addr, "ACK", "1", 1, wire.Tag(invite.To))
	l.Run(func() bool { return false }, t1+100*time.Millisecond)
	if len(far.got) != 2 {
		t.Error("the 487 is repeated after its ACK")
	}
	b.wants(t, "invited, hung up")
}

func TestOutsideOfCalls(t *testing.T) {
	l := newTestLoop(t)
	b, far := newDiary(t, l), newScripted(t, l)
	for i, c := range []struct {
		method string
		status int
	}{{"OPTIONS", 200}, {"BYE", 481}, {"NOTIFY", 200}} {
		far.request(b.Addr, c.method, "x", 1, "gone")
		if got := far.next(t, i+1); got.Status != c.status {
			t.Errorf("%s: got %d, want %d", c.method, got.Status, c.status)
		}
	}
	far.sock.Send([]byte("\r\n\r\n"), b.Addr)
	far.sock.Send([]byte("rubbish"), b.Addr)
	wait(t, l, "the rubbish", func() bool { return l.Counts.Bad == 1 })
	if l.Counts.Stray != 1 || len(b.lines) != 0 {
		t.Errorf("counts %+v, told %q", l.Counts, b.lines)
	}
}

func TestRegister(t *testing.T) {
	for _, c := range []struct {
		name      string
		challenge string
		second    int
		want      int
		proof     bool
	}{
		{"proven", `WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=MD5`, 200, 200, true},
		{"refused", `WWW-Authenticate: Digest realm="r", nonce="n", algorithm=MD5`, 401, 401, true},
		{"nothing we know", `WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-256`, 0, 401, false},
	} {
		l := newTestLoop(t)
		b, far := newDiary(t, l), newScripted(t, l)
		status := 0
		b.Register(Account{User: "p0", Password: "x", Domain: "d", Registrar: far.sock.Addr(), Expires: time.Minute}, func(s int) { status = s })
		first := far.next(t, 1)
		if first.Method != "REGISTER" || first.URI != "sip:d" || wire.URI(first.Contact) != "sip:p0@"+b.Addr.String() || !strings.Contains(far.raw[0], "Expires: 60\r\n") {
			t.Errorf("%s: %s", c.name, far.raw[0])
		}
		far.answer(first, wire.Reply{Status: 401, Reason: "Unauthorized", Tag: "r", Headers: []string{c.challenge}})
		if c.proof {
			second := far.next(t, 2)
			if second.CSeq != 2 || second.CallID != first.CallID || !strings.Contains(far.raw[1], "\r\nAuthorization: Digest username=\"p0\"") {
				t.Errorf("%s: %s", c.name, far.raw[1])
			}
			far.answer(second, wire.Reply{Status: c.second, Reason: "x", Tag: "r", Headers: []string{c.challenge}})
		}
		wait(t, l, "the end of REGISTER", func() bool { return status != 0 })
		if status != c.want {
			t.Errorf("%s: got %d, want %d", c.name, status, c.want)
		}
	}
}

func TestAlarms(t *testing.T) {
	l := newTestLoop(t)
	var order []int
	l.After(20*time.Millisecond, func() { order = append(order, 2) })
	stopped := l.After(10*time.Millisecond, func() { order = append(order, 1) })
	l.After(30*time.Millisecond, func() { order = append(order, 3) })
	stopped.Stop()
	done := make(chan struct{})
	go func() {
		l.Post(func() { order = append(order, 0) })
		close(done)
	}()
	<-done
	wait(t, l, "the last alarm", func() bool { return len(order) == 3 })
	if order[0] != 0 || order[1] != 2 || order[2] != 3 {
		t.Errorf("got %v", order)
	}
	if l.Run(func() bool { return false }, 10*time.Millisecond) {
		t.Error("a condition that never holds held")
	}
}
