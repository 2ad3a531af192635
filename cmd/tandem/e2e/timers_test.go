package e2e

import (
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
)

// apart wants times to lie so many seconds apart, within a tolerance for a busy machine.
func apart(t *testing.T, what string, at []time.Time, want ...float64) {
	t.Helper()
	var got []float64
	for i := 1; i < len(at); i++ {
		got = append(got, at[i].Sub(at[i-1]).Seconds())
	}
	near := func(a, b float64) bool { return a > b-0.1 && a < b+0.4 }
	if !slices.EqualFunc(got, want, near) {
		t.Errorf("%s: got gaps of %.2f s, want %.2f", what, got, want)
	}
}

// RFC 3261 §13.3.1.4: the 2xx is repeated at T1, doubling up to T2, for 64·T1.
func TestLostACK(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	callee := rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario("answer"), Host: h.carrier.Addr(), Port: h.carrier.Port(), Limit: time.Minute})
	c := rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario("no_ack"), Host: h.from, Remote: h.Gateway.SIP, Service: outside, Limit: time.Minute,
		Args: []string{"-key", "caller", caller}})
	c.Pass(t)
	callee.Pass(t)
	var at []time.Time
	for _, m := range received(t, c, "SIP/2.0 200") {
		at = append(at, m.At)
	}
	apart(t, "200 without ACK", at, 0.5, 1, 2, 4, 4, 4, 4, 4, 4, 4)
	if bye := received(t, c, "BYE"); len(bye) == 0 || len(at) == 0 {
		t.Error("no BYE or no 200 came")
	} else {
		apart(t, "BYE after the first 200", []time.Time{at[0], bye[0].At}, 32)
	}
	w := h.tell(t, 0)
	w.check(t, "outcome=answered", "cause=102", "by=system")
}

// RFC 3261 §17.1.1.2: the INVITE is repeated at T1, doubling, until Timer B at 64·T1; the caller gets 408.
func TestDeadCarrier(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{})
	heard := listen(t, h.carrier.String())
	c := rig.StartSIPp(t, rig.SIPpRun{Scenario: scenario("refused_timeout"), Host: h.from, Remote: h.Gateway.SIP, Service: outside, Limit: time.Minute,
		Args: []string{"-key", "caller", caller}})
	c.Pass(t)
	var at []time.Time
	for _, m := range heard() {
		if strings.HasPrefix(m.text, "INVITE ") {
			at = append(at, m.at)
		}
	}
	apart(t, "INVITE without answer", at, 0.5, 1, 2, 4, 8, 16)
	h.tell(t, 0).check(t, "outcome=failed", "cause=102", "status=408", "by=system")
}

// datagram is what a silent peer heard.
type datagram struct {
	at   time.Time
	text string
}

// listen hears datagrams and says nothing.
func listen(t *testing.T, at string) func() []datagram {
	t.Helper()
	c, err := net.ListenPacket("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var list []datagram
	var done sync.WaitGroup
	done.Go(func() {
		b := make([]byte, 65536)
		for {
			n, _, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			mu.Lock()
			list = append(list, datagram{time.Now(), string(b[:n])})
			mu.Unlock()
		}
	})
	t.Cleanup(func() {
		_ = c.Close()
		done.Wait()
	})
	return func() []datagram {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(list)
	}
}
