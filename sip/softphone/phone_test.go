package softphone

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/sip"
	"tandem/sip/transport"
)

func TestRegistration(t *testing.T) {
	bubble(t, Config{Expires: 10 * time.Minute}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		bound := func() int { return len(h.reg.Lookup("anna@tandem.test", time.Now())) }
		if bound() != 1 {
			t.Fatal("no binding")
		}
		b := h.reg.Lookup("anna@tandem.test", time.Now())[0]
		if b.Transport != "local" || b.RegID != 1 || b.Instance == "" || b.Flow == "" {
			t.Errorf("%+v", b)
		}
		time.Sleep(2 * time.Hour)
		if bound() != 1 {
			t.Error("not refreshed")
		}
		silent(t, p)
		must(t, p.Unregister())
		if ev := want[Registered](t, p); ev.OK || ev.Status != 200 {
			t.Errorf("%+v", ev)
		}
		if bound() != 0 {
			t.Error("still bound")
		}
		must(t, p.Unregister())
		time.Sleep(time.Hour)
		silent(t, p)
	})
}

func TestRegistrationRefused(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		h.status = sip.StatusServiceUnavailable
		p, err := s.Open(Options{User: "anna"})
		must(t, err)
		must(t, p.Register())
		for range 3 {
			if ev := want[Registered](t, p); ev.OK || ev.Status != 503 {
				t.Errorf("%+v", ev)
			}
			time.Sleep(mostRetry)
		}
		h.mu.Lock()
		h.status = 0
		h.mu.Unlock()
		time.Sleep(mostRetry)
		for ev := want[Registered](t, p); !ev.OK; ev = want[Registered](t, p) {
			if ev.Status != 503 {
				t.Errorf("%+v", ev)
			}
		}
	})
}

func TestRegistrationTooBrief(t *testing.T) {
	bubble(t, Config{Expires: time.Minute}, func(h *hub, s *Set) {
		h.status = sip.StatusIntervalTooBrief
		p, err := s.Open(Options{User: "anna"})
		must(t, err)
		must(t, p.Register())
		if ev := want[Registered](t, p); ev.OK || ev.Status != 423 || p.reg.asked != 2*time.Hour {
			t.Errorf("%+v, asked %s", ev, p.reg.asked) // it asked again, and was refused again for the same
		}
	})
}

func TestRegistrationUnanswered(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		h.mute = true
		p, err := s.Open(Options{User: "anna"})
		must(t, err)
		must(t, p.Register())
		time.Sleep(33 * time.Second)
		if ev := want[Registered](t, p); ev.OK || ev.Status != sip.StatusRequestTimeout {
			t.Errorf("%+v", ev)
		}
		must(t, p.Close())
		time.Sleep(time.Minute) // nobody answers the last REGISTER either
		if ev := want[Closed](t, p); ev.Err != nil {
			t.Errorf("%+v", ev)
		}
	})
}

func TestClose(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		ca, cb := talk(t, h, a, b)
		must(t, a.Close())
		if ev := want[Ended](t, a); ev.Call != ca || ev.By != "local" {
			t.Errorf("%+v", ev)
		}
		if ev := want[Registered](t, a); ev.OK {
			t.Errorf("%+v", ev)
		}
		if ev := want[Closed](t, a); ev.Err != nil {
			t.Errorf("%+v", ev)
		}
		if _, more := <-a.Events(); more {
			t.Error("events after Closed")
		}
		if ev := want[Ended](t, b); ev.Call != cb || ev.By != "remote" {
			t.Errorf("%+v", ev)
		}
		if err := a.Register(); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		if _, err := a.Dial(Dialling{To: "bert", SDP: sdpA}); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
		synctest.Wait()
		if len(h.ended) != 1 || h.ended[0].User != "anna" || s.Len() != 1 {
			t.Errorf("ended %v, %d phones", h.ended, s.Len())
		}
		_, err := b.Dial(Dialling{To: "anna", SDP: sdpB}) // nobody there any more
		must(t, err)
		if ev := want[Ended](t, b); ev.Status != sip.StatusNotFound {
			t.Errorf("%+v", ev)
		}
	})
}

func TestGatewayDropsThePhone(t *testing.T) {
	reg := prometheus.NewRegistry()
	bubble(t, Config{Registry: reg}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		talk(t, h, a, b)
		h.e.CloseFlow(a.local.Flow())
		if ev := want[Ended](t, a); ev.By != "network" {
			t.Errorf("%+v", ev)
		}
		if ev := want[Closed](t, a); !errors.Is(ev.Err, ErrFlow) {
			t.Errorf("%+v", ev)
		}
		if n := figure(t, reg, "tandem_softphone_lost_total"); n != 1 {
			t.Errorf("%v phones lost", n)
		}
		if n := figure(t, reg, "tandem_softphone_calls"); n != 1 {
			t.Errorf("%v calls", n)
		}
		if err := h.e.Write(a.local.Flow(), []byte("x")); !errors.Is(err, transport.ErrNoFlow) {
			t.Error(err)
		}
		silent(t, b)
	})
}

func TestOwnerDoesNotRead(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		_, cb := talk(t, h, a, b)
		for range 2 * eventsLen {
			if err := a.ReferReplaces("c1", "c9"); err != nil { // each brings an event
				break
			}
			synctest.Wait()
		}
		if ev := want[Ended](t, b); ev.Call != cb { // it hangs up properly
			t.Errorf("%+v", ev)
		}
		n := 0
		for range a.Events() { // and the channel ends
			n++
		}
		if n != eventsLen {
			t.Errorf("%d events", n)
		}
		if s.Len() != 1 {
			t.Errorf("%d phones", s.Len())
		}
	})
}

func TestMailboxIsBounded(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		hold := make(chan struct{})
		a.mail(pause{hold})
		b.mail(pause{hold})
		synctest.Wait()
		var err error
		for range 2 * boxLen {
			if _, err = a.Dial(Dialling{To: "bert", SDP: sdpA}); err != nil {
				break
			}
		}
		if !errors.Is(err, ErrBusy) {
			t.Errorf("got %v", err)
		}
		for range boxLen + 1 { // what comes from the gateway cannot be refused
			err = h.e.Write(b.local.Flow(), []byte("\r\n"))
		}
		if !errors.Is(err, ErrOverflow) {
			t.Errorf("got %v", err)
		}
		close(hold)
		if ev := want[Closed](t, b); !errors.Is(ev.Err, ErrOverflow) {
			t.Errorf("%+v", ev)
		}
		synctest.Wait()
		for range a.Events() { // its calls end at the limit, or find nobody; too many events end the phone
		}
	})
}

func TestLimits(t *testing.T) {
	bubble(t, Config{MaxPhones: 2, MaxCalls: 1}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		if _, err := s.Open(Options{User: "carl"}); !errors.Is(err, ErrPhones) {
			t.Error(err)
		}
		talk(t, h, a, b)
		_, err := a.Dial(Dialling{To: "gw", SDP: sdpA})
		must(t, err)
		if ev := want[Ended](t, a); ev.Status != sip.StatusBusyHere || ev.By != "local" {
			t.Errorf("%+v", ev)
		}
	})
	bubble(t, Config{MaxPhones: 1, MaxGuests: 2}, func(h *hub, s *Set) { // guests keep nobody out, nor are they kept out
		var first *Phone
		for i, o := range []Options{{User: "g1", Guest: true}, {User: "g2", Guest: true}, {User: "g3", Guest: true}, {User: "anna"}, {User: "bert"}} {
			p, err := s.Open(o)
			if i == 0 {
				first = p
			}
			if full := i == 2 || i == 4; full != errors.Is(err, ErrPhones) || !full && err != nil {
				t.Errorf("%+v: %v", o, err)
			}
		}
		must(t, first.Close())
		synctest.Wait()
		if _, err := s.Open(Options{User: "g3", Guest: true}); err != nil {
			t.Errorf("a guest in place of one who left: %v", err)
		}
	})
	bubble(t, Config{MaxCalls: 1}, func(h *hub, s *Set) {
		a, b, c := h.open(s, "anna"), h.open(s, "bert"), h.open(s, "carl")
		talk(t, h, a, b)
		_, err := c.Dial(Dialling{To: "bert", SDP: sdpA})
		must(t, err)
		if ev := want[Ended](t, c); ev.Status != sip.StatusBusyHere || ev.By != "remote" {
			t.Errorf("%+v", ev)
		}
		silent(t, b)
	})
}

func TestOptionsAreChecked(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		for _, o := range []Options{{}, {User: "a b"}, {User: "a@b"}, {User: strings.Repeat("a", 300)}, {User: "a", Instance: "<x>"}, {User: "a", Instance: "x\r\ny"}} {
			if _, err := s.Open(o); !errors.Is(err, ErrConfig) {
				t.Errorf("%+v: %v", o, err)
			}
		}
		p, err := s.Open(Options{User: "anna", Display: "A\"nna\r\nX-Evil: 1", Instance: "urn:uuid:1"})
		must(t, err)
		must(t, p.Register())
		if ev := want[Registered](t, p); !ev.OK {
			t.Errorf("%+v", ev)
		}
		if b := h.reg.Lookup("anna@tandem.test", time.Now()); len(b) != 1 || b[0].Instance != "urn:uuid:1" {
			t.Errorf("%+v", b)
		}
		_, err = p.Dial(Dialling{To: "gw", SDP: sdpA, Headers: map[string]string{"X-Name": "a\r\nEvil: 1"}})
		must(t, err)
		inv, _ := h.expect(sip.INVITE)
		if sip.HeaderText(inv, "Evil") != "" || sip.HeaderText(inv, "X-Evil") != "" || sip.HeaderText(inv, "X-Name") != "a  Evil: 1" {
			t.Errorf("%s", inv)
		}
	})
}

func TestUnknownCallsAreIgnored(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		p := h.open(s, "anna")
		must(t, p.Answer("c7", sdpA))
		must(t, p.Hangup(""))
		must(t, p.Refuse("c1", 488))
		id, _, _ := dialGW(t, h, p)
		must(t, p.Ring(id))        // it is ours
		must(t, p.Reject(id, 486)) // and stands
		must(t, p.Answer(id, sdpA))
		silent(t, p)
	})
}

func TestSetCloseForcesTheEnd(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a := h.open(s, "anna")
		h.mu.Lock()
		h.mute = true
		h.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		s.Close(ctx)
		if ev := want[Closed](t, a); ev.Err != nil {
			t.Errorf("%+v", ev)
		}
		if _, err := s.Open(Options{User: "anna"}); !errors.Is(err, ErrClosed) {
			t.Error(err)
		}
	})
}

func TestPanicCostsOnePhone(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		a, b := h.open(s, "anna"), h.open(s, "bert")
		a.mail(bomb{})
		if ev := want[Closed](t, a); ev.Err == nil {
			t.Errorf("%+v", ev)
		}
		dialGW(t, h, b)
	})
}

type bomb struct{}

func (bomb) open(*Phone) { panic("boom") }

func TestManyPhones(t *testing.T) {
	bubble(t, Config{}, func(h *hub, s *Set) {
		var phones []*Phone
		for i := range 50 {
			phones = append(phones, h.open(s, "u"+strconv.Itoa(i)))
		}
		for i := 0; i < len(phones); i += 2 {
			talk(t, h, phones[i], phones[i+1])
		}
		for i := 0; i < len(phones); i += 2 {
			must(t, phones[i].Hangup("c1"))
		}
		for _, p := range phones {
			want[Ended](t, p)
		}
	})
}

// figure is the sum of a metric over its labels.
func figure(t *testing.T, reg *prometheus.Registry, name string) (sum float64) {
	t.Helper()
	families, err := reg.Gather()
	must(t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return sum
}
