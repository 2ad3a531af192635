package main

import (
	"bytes"
	"io"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem-load/gateway"
	"tandem/cmd/tandem-load/ua"
)

// directRig has no gateway: what the carrier calls are the phones themselves.
func directRig(t *testing.T) *rig {
	t.Helper()
	loop, err := ua.NewLoop()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{loop: loop, narrate: io.Discard}
	t.Cleanup(r.close)
	for _, s := range []**ua.Side{&r.carrier, &r.phones, &r.outside} {
		if *s, err = loop.Side(netip.MustParseAddrPort("127.0.0.1:0"), func(ua.Event) {}); err != nil {
			t.Fatal(err)
		}
	}
	r.gateway = &gateway.Process{PID: os.Getpid(), Site: gateway.Site{Host: r.phones.Addr.Addr(), SIPPort: r.phones.Addr.Port()}}
	return r
}

func TestCallsAreCounted(t *testing.T) {
	r := directRig(t)
	c := runCalls(r, callsPlan{Rate: 400, For: 250 * time.Millisecond, Hold: 50 * time.Millisecond, Ring: true, Limit: 5 * time.Second})
	if c.offered != 100 || c.ok != 100 || c.failed() != 0 || c.reached != 100 || c.setup.Len() != 100 || c.said() != "" {
		t.Errorf("offered %d, ok %d, failed %d, reached %d, set up %d: %s", c.offered, c.ok, c.failed(), c.reached, c.setup.Len(), c.said())
	}
	if c.counts.Retransmitted+c.counts.Repeated+c.counts.Stray+c.counts.Bad != 0 {
		t.Errorf("counts: %+v", c.counts)
	}
	if s := c.setup.Spread(); s.Max <= 0 || s.Max > time.Second || c.cpu <= 0 || c.rss == 0 {
		t.Errorf("set-up %+v, CPU %v, RSS %d", s, c.cpu, c.rss)
	}
}

func TestRefusalsAreNoFailures(t *testing.T) {
	c := callsResult{plan: callsPlan{Rate: 10}, ok: 5, reached: 5, refused: map[int]int{503: 3, 486: 2}, broken: 1, open: 1}
	if got := c.failed(); got != 4 {
		t.Errorf("failed: got %d, want 4", got)
	}
	if got, want := c.said(), "2×486, 3×503, 1 broken, 1 open"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	missed := c.report().Missed()
	if len(missed) != 2 || missed[0].Name != "failed" || missed[1].Name != "503" {
		t.Errorf("missed: %+v", missed)
	}
}

func TestHoldAndLetGo(t *testing.T) {
	r := directRig(t)
	list, err := r.hold(20, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range list {
		if h.callee == nil || h.callee.Caller != h.caller.Caller {
			t.Errorf("%s is connected with %+v", h.caller.Caller, h.callee)
		}
	}
	if err := r.letGo(list); err != nil {
		t.Error(err)
	}
}

func TestOverloadReport(t *testing.T) {
	c := callsResult{ok: 500, reached: 500, refused: map[int]int{503: 500}}
	for range 500 {
		c.setup.Add(time.Millisecond)
		c.busy.Add(time.Millisecond)
	}
	p := overloadPlan{Rate: 1000, Limit: 500, For: time.Second}
	if missed := p.report(c).Missed(); len(missed) != 0 {
		t.Errorf("missed: %+v", missed)
	}
	c.setup.Add(time.Second)
	for range 10 {
		c.busy.Add(time.Second)
	}
	c.ok = 400
	var names []string
	for _, f := range p.report(c).Missed() {
		names = append(names, f.Name)
	}
	if got, want := strings.Join(names, ", "), "503 after p99, served late, share of the limit served"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCommandLine(t *testing.T) {
	app := newApp()
	var out bytes.Buffer
	app.Writer, app.ErrWriter = &out, &out
	for _, c := range app.Commands {
		if c.Usage == "" || c.Action == nil {
			t.Errorf("%s: no usage or action", c.Name)
		}
	}
	if err := app.Run([]string{"tandem-load", "--gateway", "/nonexistent/tandem", "calls"}); err == nil || !strings.Contains(err.Error(), "nonexistent") {
		t.Errorf("a binary that is not there: %v", err)
	}
}
