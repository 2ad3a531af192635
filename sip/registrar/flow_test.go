package registrar

import (
	"testing"
	"time"
)

const page = `Contact: <sip:bob@p1.invalid;transport=ws>;+sip.instance="<urn:uuid:1>";reg-id=1`

func wsFrom(flow string) Arrival {
	return Arrival{Source: from.Source, Transport: "wss", Flow: flow}
}

// register sends a REGISTER over a WebSocket connection.
func (s *script) register(at time.Duration, flow string, lines ...string) []Event {
	s.t.Helper()
	res, events := s.r.Register(start.Add(at), s.request(lines...), wsFrom(flow))
	if res.StatusCode != 200 {
		s.t.Fatalf("got %d", res.StatusCode)
	}
	return events
}

func TestLoseFlow(t *testing.T) {
	s := newScript(t, Config{})
	s.register(0, "flow-1", page)
	lost := start.Add(time.Minute)
	wantText(t, "no name", kinds(s.r.LoseFlow("", lost)), "")
	events := s.r.LoseFlow("flow-1", lost)
	wantText(t, "lost", kinds(events), "suspended sip:bob@p1.invalid;transport=ws")
	if b := events[0].Binding; !b.Suspended() || !b.Lost.Equal(lost) || b.Flow != "" {
		t.Errorf("%+v", b)
	}
	wantText(t, "again", kinds(s.r.LoseFlow("flow-1", lost)), "")
	if got := s.r.Lookup(bob, lost); len(got) != 0 {
		t.Errorf("Lookup returns what cannot be reached: %+v", got)
	}
	if got := s.r.Snapshot(lost); len(got) != 1 || !got[0].Suspended() {
		t.Errorf("Snapshot %+v", got)
	}
	at, ok := s.r.Deadline()
	if !ok || !at.Equal(lost.Add(30*time.Second)) {
		t.Errorf("due %s", at)
	}
	wantText(t, "too early", kinds(s.r.Expire(at.Add(-1))), "")
	wantText(t, "over", kinds(s.r.Expire(at)), "removed sip:bob@p1.invalid;transport=ws")
	if _, ok := s.r.Deadline(); ok {
		t.Error("something is left")
	}
}

// TestPhoneThatCanBeDialledStays: the end of its TCP connection says nothing about whether a phone can be called.
func TestPhoneThatCanBeDialledStays(t *testing.T) {
	s := newScript(t, Config{})
	tcp := Arrival{Source: from.Source, Transport: "tcp", Flow: "flow-1"}
	s.r.Register(start, s.request("Contact: <sip:bob@192.0.2.7;transport=tcp>"), tcp)
	s.r.Register(start, s.request(`Contact: <sip:bob@192.0.2.8;transport=tcp>;+sip.instance="<urn:uuid:8>";reg-id=1`), tcp)
	wantText(t, "lost", kinds(s.r.LoseFlow("flow-1", start)), "suspended sip:bob@192.0.2.8;transport=tcp")
	if got := s.r.Lookup(bob, start); len(got) != 1 || got[0].Contact != "sip:bob@192.0.2.7;transport=tcp" {
		t.Errorf("%+v", got)
	}
	wantText(t, "dropped", kinds(s.r.DropFlow("flow-1", start)), "removed sip:bob@192.0.2.7;transport=tcp")
}

func TestDeviceComesBack(t *testing.T) {
	s := newScript(t, Config{FlowGrace: 10 * time.Second})
	s.register(0, "flow-1", page)
	s.r.LoseFlow("flow-1", start.Add(time.Second))
	moved := `Contact: <sip:bob@p2.invalid;transport=ws>;+sip.instance="<urn:uuid:1>";reg-id=1`
	wantText(t, "back", kinds(s.register(5*time.Second, "flow-2", moved)), "refreshed sip:bob@p2.invalid;transport=ws")
	if got := s.r.Lookup(bob, start.Add(6*time.Second)); len(got) != 1 || got[0].Suspended() || got[0].Flow != "flow-2" {
		t.Errorf("%+v", got)
	}
	wantText(t, "the grace is over", kinds(s.r.Expire(start.Add(time.Minute))), "")
	wantText(t, "the old flow", kinds(s.r.LoseFlow("flow-1", start)), "")
	wantText(t, "the new flow", kinds(s.r.LoseFlow("flow-2", start.Add(time.Minute))), "suspended sip:bob@p2.invalid;transport=ws")
}

// TestNewFlowBeforeTheOldIsLost: a page loaded again registers before its old connection is known to be dead.
func TestNewFlowBeforeTheOldIsLost(t *testing.T) {
	s := newScript(t, Config{})
	s.register(0, "flow-1", page)
	s.register(time.Second, "flow-2", page)
	wantText(t, "the old flow", kinds(s.r.LoseFlow("flow-1", start.Add(2*time.Second))), "")
	if got := s.r.Lookup(bob, start.Add(2*time.Second)); len(got) != 1 {
		t.Errorf("%+v", got)
	}
}

func TestSuspendedExpires(t *testing.T) {
	s := newScript(t, Config{MinExpires: time.Second})
	s.register(0, "flow-1", page+";expires=60")
	s.r.LoseFlow("flow-1", start.Add(50*time.Second))
	at, _ := s.r.Deadline()
	if !at.Equal(start.Add(time.Minute)) {
		t.Errorf("due %s: the grace outlives the binding", at)
	}
	wantText(t, "over", kinds(s.r.Expire(at)), "removed sip:bob@p1.invalid;transport=ws")
}

// TestSuspendedMakeRoom: reconnecting under new names does not shut a user out.
func TestSuspendedMakeRoom(t *testing.T) {
	s := newScript(t, Config{MaxBindings: 2})
	s.register(0, "flow-1", "Contact: <sip:bob@a.invalid;transport=ws>")
	s.register(0, "flow-2", "Contact: <sip:bob@b.invalid;transport=ws>")
	s.r.LoseFlow("flow-1", start)
	wantText(t, "third", kinds(s.register(time.Second, "flow-3", "Contact: <sip:bob@c.invalid;transport=ws>")),
		"removed sip:bob@a.invalid;transport=ws, registered sip:bob@c.invalid;transport=ws")
	res, _ := s.r.Register(start.Add(2*time.Second), s.request("Contact: <sip:bob@d.invalid;transport=ws>"), wsFrom("flow-4"))
	if res.StatusCode != 403 {
		t.Errorf("got %d", res.StatusCode)
	}
}

func TestAnswerLeavesOutTheSuspended(t *testing.T) {
	s := newScript(t, Config{})
	s.register(0, "flow-1", "Contact: <sip:bob@a.invalid;transport=ws>")
	s.r.LoseFlow("flow-1", start)
	res, _ := s.r.Register(start, s.request("Contact: <sip:bob@b.invalid;transport=ws>"), wsFrom("flow-2"))
	if got := contacts(res); got != "<sip:bob@b.invalid;transport=ws>;expires=3600" {
		t.Errorf("got %s", got)
	}
}

// TestRestoreLeavesOutWhatNobodyCanDial: a WebSocket does not survive a restart, and nobody can open it from here.
func TestRestoreLeavesOutWhatNobodyCanDial(t *testing.T) {
	s := newScript(t, Config{})
	s.register(0, "flow-1", page)
	s.send(0, 200, "Contact: <sip:bob@192.0.2.7>")
	local := wsFrom("flow-2")
	local.Transport = "local"
	s.r.Register(start, s.request("Contact: <sip:bob@p9.invalid;transport=local>"), local)
	kept := s.r.Snapshot(start)
	if len(kept) != 3 {
		t.Fatalf("%+v", kept)
	}
	again := New(Config{}, nil)
	if n := again.Restore(start, kept); n != 1 {
		t.Errorf("%d restored", n)
	}
	if got := again.Lookup(bob, start); len(got) != 1 || got[0].Contact != "sip:bob@192.0.2.7" {
		t.Errorf("%+v", got)
	}
}

// TestThePageBeforeSaysGoodBye: its last REGISTER comes when the page loaded after it has registered as the same device.
func TestThePageBeforeSaysGoodBye(t *testing.T) {
	s := newScript(t, Config{})
	s.register(0, "flow-1", page)
	s.register(time.Second, "flow-2", page, "Call-ID: second")
	wantText(t, "good-bye", kinds(s.register(2*time.Second, "flow-1", page+";expires=0")), "")
	if got := s.r.Lookup(bob, start.Add(3*time.Second)); len(got) != 1 || got[0].Flow != "flow-2" {
		t.Errorf("%+v", got)
	}
	wantText(t, "its own", kinds(s.register(4*time.Second, "flow-2", page+";expires=0", "Call-ID: second")), "removed sip:bob@p1.invalid;transport=ws")
}
