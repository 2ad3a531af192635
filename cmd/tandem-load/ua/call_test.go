package ua

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem-load/wire"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

func newTestLoop(t *testing.T) *Loop {
	t.Helper()
	l, err := NewLoop()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// diary is a side that notes what becomes of its calls.
type diary struct {
	*Side
	calls []*Call
	lines []string
	do    func(Event)
}

func newDiary(t *testing.T, l *Loop) *diary {
	t.Helper()
	d := &diary{do: func(Event) {}}
	s, err := l.Side(loopback, func(ev Event) {
		if ev.Kind == Invited {
			d.calls = append(d.calls, ev.Call)
		}
		line := [...]string{"invited", "progress", "answered", "refused", "confirmed", "hung up", "ended"}[ev.Kind]
		if ev.Status != 0 {
			line += fmt.Sprintf(" %d", ev.Status)
		}
		d.lines = append(d.lines, line)
		d.do(ev)
	})
	if err != nil {
		t.Fatal(err)
	}
	d.Side = s
	return d
}

func (d *diary) has(line string) func() bool {
	return func() bool {
		for _, x := range d.lines {
			if x == line {
				return true
			}
		}
		return false
	}
}

func (d *diary) wants(t *testing.T, want string) {
	t.Helper()
	if got := strings.Join(d.lines, ", "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func wait(t *testing.T, l *Loop, what string, until func() bool) {
	t.Helper()
	if !l.Run(until, 5*time.Second) {
		t.Fatalf("%s did not happen", what)
	}
}

func TestCallWithOurselves(t *testing.T) {
	l := newTestLoop(t)
	a, b := newDiary(t, l), newDiary(t, l)
	b.do = func(ev Event) {
		if ev.Kind == Invited {
			ev.Call.Ring()
			ev.Call.Answer()
		}
	}
	a.do = func(ev Event) {
		if ev.Kind == Answered {
			l.After(20*time.Millisecond, ev.Call.Hangup)
		}
	}
	a.Audio = netip.MustParseAddrPort("127.0.0.1:4000")
	c := a.Invite(b.Addr, "+4930", "2000", nil)
	wait(t, l, "the end", func() bool { return a.has("ended 200")() && b.has("hung up")() })
	a.wants(t, "progress 180, answered 200, ended 200")
	b.wants(t, "invited, confirmed, hung up")
	if got := b.calls[0]; got.Caller != "+4930" || got.Called != "2000" || got.Remote.Audio != a.Audio || got.Remote.Event != wire.Offered {
		t.Errorf("the callee saw %+v", got)
	}
	if c.Remote.Audio != b.Addr {
		t.Errorf("the caller saw audio at %v", c.Remote.Audio)
	}
	if n := l.Counts; n.Retransmitted+n.Repeated+n.Stray+n.Bad != 0 || n.Sent != 6 {
		t.Errorf("counts: %+v", n)
	}
}

func TestCalleeHangsUp(t *testing.T) {
	l := newTestLoop(t)
	a, b := newDiary(t, l), newDiary(t, l)
	b.do = func(ev Event) {
		switch ev.Kind {
		case Invited:
			ev.Call.Answer()
		case Confirmed:
			ev.Call.Hangup()
		}
	}
	a.Invite(b.Addr, "1", "2", nil)
	wait(t, l, "the end", func() bool { return a.has("hung up")() && b.has("ended 200")() })
	a.wants(t, "answered 200, hung up")
	b.wants(t, "invited, confirmed, ended 200")
}

func TestRefusal(t *testing.T) {
	l := newTestLoop(t)
	a, b := newDiary(t, l), newDiary(t, l)
	b.do = func(ev Event) { ev.Call.Reject(503, "Service Unavailable") }
	a.Invite(b.Addr, "1", "2", nil)
	wait(t, l, "the refusal", a.has("refused 503"))
	l.Run(func() bool { return false }, t1+100*time.Millisecond)
	if l.Counts.RetryWithoutHdr != 1 || l.Counts.Retransmitted != 0 || l.Counts.Repeated != 0 {
		t.Errorf("a refusal that was acknowledged is repeated: %+v", l.Counts)
	}
}

// scripted is the far end of a test, which answers nothing by itself.
type scripted struct {
	loop *Loop
	sock interface {
		Send([]byte, netip.AddrPort)
		Addr() netip.AddrPort
	}
	got  []*wire.Message
	raw  []string
	peer netip.AddrPort
}

func newScripted(t *testing.T, l *Loop) *scripted {
	t.Helper()
	s := &scripted{loop: l}
	sock, err := l.Open(loopback, func(b []byte, from netip.AddrPort, _ time.Time) {
		m, err := wire.Parse(b)
		if err != nil {
			t.Errorf("unreadable: %v\n%s", err, b)
			return
		}
		s.got, s.raw, s.peer = append(s.got, m), append(s.raw, string(b)), from
	})
	if err != nil {
		t.Fatal(err)
	}
	s.sock = sock
	return s
}

// next waits for the n-th message, counted from 1.
func (s *scripted) next(t *testing.T, n int) *wire.Message {
	t.Helper()
	wait(t, s.loop, fmt.Sprintf("message %d", n), func() bool { return len(s.got) >= n })
	return s.got[n-1]
}

func (s *scripted) answer(to *wire.Message, r wire.Reply) { s.sock.Send(r.Append(nil, to), s.peer) }

func TestCallerRepeatsAndFollowsTheRoute(t *testing.T) {
	l := newTestLoop(t)
	a, far, proxy := newDiary(t, l), newScripted(t, l), newScripted(t, l)
	c := a.Invite(far.sock.Addr(), "1", "2", nil)
	first, again := far.next(t, 1), far.next(t, 2)
	if far.raw[0] != far.raw[1] || first.Branch() != again.Branch() {
		t.Error("the repeated INVITE is another one")
	}
	if l.Counts.Retransmitted != 1 {
		t.Errorf("counts: %+v", l.Counts)
	}
	first.RecordRoute = []string{"<sip:192.0.2.9;lr>", "<sip:" + proxy.sock.Addr().String() + ";lr>"}
	ok := wire.Reply{Status: 200, Reason: "OK", Tag: "far", Contact: "sip:x@192.0.2.7:5070", Body: wire.Session{Audio: netip.MustParseAddrPort("127.0.0.1:4000")}.SDP()}
	far.answer(first, ok)
	ack := proxy.next(t, 1)
	if ack.Method != "ACK" || ack.URI != "sip:x@192.0.2.7:5070" || ack.CSeq != 1 || wire.Tag(ack.To) != "far" || ack.Branch() == first.Branch() {
		t.Errorf("ACK: %+v", ack)
	}
	if want := "Route: <sip:" + proxy.sock.Addr().String() + ";lr>\r\nRoute: <sip:192.0.2.9;lr>\r\n"; !strings.Contains(proxy.raw[0], want) {
		t.Errorf("%s lacks %s", proxy.raw[0], want)
	}
	far.answer(first, ok)
	if proxy.next(t, 2); proxy.raw[0] != proxy.raw[1] {
		t.Error("the 2xx that came again got another ACK")
	}
	a.wants(t, "answered 200")
	c.Hangup()
	bye := proxy.next(t, 3)
	if bye.Method != "BYE" || bye.CSeq != 2 || wire.Tag(bye.From) == "" || l.Counts.Repeated != 1 {
		t.Errorf("BYE: %+v, counts %+v", bye, l.Counts)
	}
	proxy.answer(bye, wire.Reply{Status: 200, Reason: "OK"})
	wait(t, l, "the end", a.has("ended 200"))
}

func TestRefusalIsAcknowledgedInItsTransaction(t *testing.T) {
	l := newTestLoop(t)
	a, far := newDiary(t, l), newScripted(t, l)
	a.Invite(far.sock.Addr(), "1", "2", nil)
	invite := far.next(t, 1)
	for n := 2; n <= 3; n++ {
		far.answer(invite, wire.Reply{Status: 486, Reason: "Busy Here", Tag: "far"})
		ack := far.next(t, n)
		if ack.Method != "ACK" || ack.Branch() != invite.Branch() || ack.CSeq != invite.CSeq || wire.Tag(ack.To) != "far" || ack.URI != invite.URI {
			t.Errorf("ACK %d: %+v", n-1, ack)
		}
	}
	a.wants(t, "refused 486")
}
