package b2bua

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/media"
	"tandem/sip"
	"tandem/sip/transaction"
)

func TestAdmissionBucket(t *testing.T) {
	cfg := Defaults()
	cfg.MaxCalls, cfg.CallRate, cfg.CallBurst = 3, 2, 2
	a, now := newAdmission(cfg), time.Unix(1000, 0)
	take := func(want bool) {
		t.Helper()
		if retry, ok := a.take(now); ok != want || !ok && retry.After != busyRetry {
			t.Errorf("admitted %t, retry after %v", ok, retry.After)
		}
	}
	take(true)
	take(true)
	take(false) // the burst is used up
	now = now.Add(500 * time.Millisecond)
	take(true)
	now = now.Add(time.Hour)
	take(false) // three live
	a.release("")
	take(true)
	a.release("")
	a.release("")
	take(true) // an hour brought no more than the burst
	now = now.Add(-time.Minute)
	take(false) // a clock that steps back neither
}

func TestAdmissionPhone(t *testing.T) {
	a, anna := newAdmission(Defaults()), Phone{Name: "anna", Most: 2}
	for i, want := range []bool{true, true, false} {
		if got := a.takePhone(anna); got != want {
			t.Errorf("call %d: admitted %t", i, got)
		}
	}
	if !a.takePhone(Phone{Name: "ben"}) {
		t.Error("a phone without limit was refused")
	}
	a.release("anna")
	if !a.takePhone(anna) {
		t.Error("refused though a call has ended")
	}
	a.release("anna")
	a.release("anna")
	a.release("ben")
	if len(a.phones) != 0 {
		t.Errorf("left: %v", a.phones)
	}
}

// TestAdmissionBehind: a stall with few calls behind it refuses nobody; one with many refuses until the owners have caught up, or
// nothing was seen for a while.
func TestAdmissionBehind(t *testing.T) {
	a, now := newAdmission(Defaults()), time.Unix(1000, 0)
	for i := range maxBehind + 2 {
		if _, ok := a.take(now); !ok {
			t.Fatalf("call %d refused", i)
		}
	}
	a.began(now, maxWait)
	if _, ok := a.take(now); !ok {
		t.Error("refused though the wait is short")
	}
	a.began(now, maxWait+1)
	if _, ok := a.take(now); ok {
		t.Error("admitted behind a long wait")
	}
	if _, ok := a.take(now.Add(waitTrust)); !ok {
		t.Error("refused by what was seen long ago")
	}
	a.turnedAway()
	a.turnedAway()
	a.began(now, maxWait+1)
	if _, ok := a.take(now); !ok {
		t.Error("refused though few are behind")
	}
}

func TestIndex(t *testing.T) {
	x := newIndex[string, int]()
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			key := strings.Repeat("k", i+1)
			x.put(key, i)
			if v, ok := x.get(key); !ok || v != i {
				t.Errorf("%s: %d %t", key, v, ok)
			}
			if i%2 == 0 {
				x.remove(key)
			}
		})
	}
	wg.Wait()
	if n := x.len(); n != 50 || len(x.each()) != 50 {
		t.Errorf("%d left", n)
	}
	if _, ok := x.get("k"); ok {
		t.Error("a removed key is there")
	}
}

func TestConfig(t *testing.T) {
	c := Defaults()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	err := (&Config{TraceCalls: -1, MediaTimeout: -1}).Validate()
	for _, want := range []string{"domain", "max_calls", "calls_per_second", "call_burst", "trace_calls", "media_timeout"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s not reported: %v", want, err)
		}
	}
	if _, err := New(Config{}, Parts{}); err == nil {
		t.Error("a switch without configuration")
	}
}

func TestRouteDestination(t *testing.T) {
	seen := transaction.Destination{Transport: "UDP", Addr: netip.MustParseAddrPort("10.0.0.5:5070")}
	for _, c := range []struct {
		name, uri, record, want string
		nat                     bool
		transport               string
	}{
		{"contact", "sip:a@10.0.0.6:5080", "", "10.0.0.6:5080", false, "UDP"},
		{"contact without port", "sip:a@10.0.0.6", "", "10.0.0.6:5060", false, "UDP"},
		{"route before contact", "sip:a@10.0.0.6", "<sip:10.0.0.7:5090;lr>", "10.0.0.7:5090", false, "UDP"},
		{"a name is not looked up", "sip:a@phone.example", "", "10.0.0.5:5070", false, "UDP"},
		{"behind a NAT", "sip:a@192.168.1.2", "", "10.0.0.5:5070", true, "UDP"},
		{"route before NAT", "sip:a@192.168.1.2", "<sip:10.0.0.7;lr>", "10.0.0.7:5060", true, "UDP"},
		{"on a connection", "sip:a@10.0.0.6:5080", "", "10.0.0.5:5070", false, "TCP"},
		{"IPv6", "sip:a@[2001:db8::1]:5062", "", "[2001:db8::1]:5062", false, "UDP"},
	} {
		raw := "BYE " + c.uri + " SIP/2.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\n"
		if c.record != "" {
			raw += "Route: " + c.record + "\r\n"
		}
		req := parse[*sip.Request](t, raw+"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 BYE\r\nContent-Length: 0\r\n\r\n")
		to := seen
		to.Transport = c.transport
		if got := (route{to: to, nat: c.nat}).destination(req); got.Addr.String() != c.want {
			t.Errorf("%s: %s, want %s", c.name, got.Addr, c.want)
		}
	}
}

func TestPresentable(t *testing.T) {
	for in, want := range map[string]string{
		"Anna": "Anna", " Anna\r\nX: y ": "Anna  X: y", "A\x00\xffB": "A B", strings.Repeat("ä", 100): strings.Repeat("ä", 64), "": "",
	} {
		if got := presentable(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestCodecsOf(t *testing.T) {
	got := codecsOf([]string{"pcma", "G729", "PCMU"})
	if len(got) != 2 || got[0] != media.PCMA || got[1] != media.PCMU {
		t.Errorf("%v", got)
	}
}

// TestLadderIsBounded: the first and the last messages stay.
func TestLadderIsBounded(t *testing.T) {
	c := &Call{id: "c_1"}
	for i := range 200 {
		c.ladder.add(rung{at: time.Duration(i) * time.Second, leg: uint16(i % 3), method: sip.INFO, cseq: uint32(i), sdp: i == 0})
	}
	tr := c.ladder.render("c_1", time.Time{})
	if n := len(tr.Rungs); n != ladderSize+1 || tr.Rungs[0].Text != "INFO (0) [sdp]" || tr.Rungs[n-1].Text != "INFO (199)" {
		t.Errorf("%d rungs, %v to %v", n, tr.Rungs[0], tr.Rungs[n-1])
	}
	if gap := tr.Rungs[ladderSize/2].String(); !strings.Contains(gap, "136 messages left out") {
		t.Errorf("gap: %s", gap)
	}
	if got := tr.Rungs[1].String(); got != "    1.000 b1  --> tandem  INFO (1)" {
		t.Errorf("rung: %q", got)
	}
}

// TestTracesAreBounded: the oldest call is forgotten.
func TestTracesAreBounded(t *testing.T) {
	x := newTraces(2)
	for _, id := range []string{"a", "b", "c"} {
		x.keep(ended{view: CallView{ID: id}})
	}
	if _, ok := x.find("a"); ok {
		t.Error("the oldest is still there")
	}
	if e, ok := x.find("c"); !ok || e.view.ID != "c" {
		t.Error("the newest is not there")
	}
	newTraces(0).keep(ended{})
}

func TestTraceAndView(t *testing.T) {
	scenario(t, "trace", setup{keep: true}, func(r *rig) {
		a, b := r.connected()
		id := r.id()
		live, ok := r.sw.Trace(id)
		if !ok || len(live.Rungs) != 6 {
			t.Errorf("%d rungs: %v", len(live.Rungs), live.Rungs)
		}
		a.bye()
		b.hungUp()
		r.wait(time.Minute)
		end, ok := r.sw.Trace(id)
		if !ok || len(end.Rungs) != 10 {
			t.Errorf("%d rungs after the end: %v", len(end.Rungs), end.Rungs)
		}
		v, ok := r.sw.View(id)
		if !ok || v.State != "ended" || v.Cause != "normal" || v.By != "caller" || v.Ended.IsZero() || len(v.Legs) != 2 || v.Trunk != "carrier" {
			t.Errorf("view after the end: %+v", v)
		}
		if _, ok := r.sw.View("c_none"); ok {
			t.Error("a call that never was has a view")
		}
	})
}

// TestLiveFigures: a reader sees what the streams have carried so far, and does not wait long for a busy engine.
func TestLiveFigures(t *testing.T) {
	scenario(t, "live_figures", setup{keep: true}, func(r *rig) {
		a, b := r.connected()
		id := r.id()
		began := time.Now()
		if v, ok := r.sw.View(id); !ok || time.Since(began) != 0 || len(v.Legs) != 2 {
			t.Errorf("view after %v: %+v", time.Since(began), v)
		}
		r.engine.Inject(media.StreamStats{Stream: 1, Stats: media.Stats{Received: 50, MOS: 4.2}})
		if v := r.view(); v.Legs[0].Received != 50 || v.Legs[0].MOS != 4.2 {
			t.Errorf("figures %+v", v.Legs[0])
		}
		r.engine.FailDo(media.ErrBusy)
		if _, ok := r.sw.View(id); !ok || time.Since(began) > figureWait {
			t.Errorf("a busy engine kept the reader for %v", time.Since(began))
		}
		r.engine.FailDo(nil)
		a.bye()
		b.hungUp()
	})
}

func TestAdvertisedMedia(t *testing.T) {
	scenario(t, "media_advertised", setup{keep: true, cfg: func(c *Config) { c.MediaAdvertise = netip.MustParseAddr("203.0.113.9") }}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		if ok := a.establish(); !strings.Contains(ok, "c=IN IP4 203.0.113.9") || !strings.Contains(ok, "m=audio 20000 ") {
			t.Errorf("SDP:\n%s", ok)
		}
		a.bye()
	})
}
