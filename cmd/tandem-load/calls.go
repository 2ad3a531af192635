package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tandem/cmd/tandem-load/figures"
	"tandem/cmd/tandem-load/gateway"
	"tandem/cmd/tandem-load/ua"
)

// callsPlan is a load of bridged calls.
type callsPlan struct {
	Rate  float64       // calls a second
	For   time.Duration // that calls are begun
	Hold  time.Duration // from answer to BYE
	Ring  bool          // the callee sends 180 first
	Out   bool          // the callee is a carrier, not a registered phone
	Limit time.Duration // to wait for the last call
}

// callsResult is what became of them.
type callsResult struct {
	plan    callsPlan
	offered int
	ok      int // answered, held, and ended by both sides
	refused map[int]int
	broken  int // answered, but the gateway hung up first, or its answer to BYE failed
	open    int // not ended within the limit
	reached int // calls that ended right at the callee
	setup   figures.Sample
	busy    figures.Sample // time to a 503
	late    time.Duration  // worst delay of a begin behind the plan
	counts  ua.Counts
	cpu     time.Duration
	window  time.Duration // that calls were begun
	core    float64       // share of its processor while calls were begun
	self    float64       // share of ours
	waited  float64       // share of the time in which its threads waited for their processor
	rss     int64
	took    time.Duration
}

// callsRun is a running callsPlan.
type callsRun struct {
	*rig
	callsResult
	began time.Time
	live  int
	next  int
	dial  string
}

// runCalls drives one rate.
func runCalls(r *rig, plan callsPlan) callsResult {
	c := &callsRun{rig: r, callsResult: callsResult{plan: plan, refused: map[int]int{}}, dial: gateway.PhoneNumber(0)}
	if plan.Out {
		c.dial = gateway.OutsideStart + "123"
	}
	r.carrier.On, r.phones.On, r.outside.On = c.caller, c.callee, c.callee
	before, counts, self := r.gateway.Usage(), r.loop.Counts, ownCPU()
	c.began = time.Now()
	r.loop.At(c.began, c.begin)
	done := func() bool { return c.next == c.total() }
	r.loop.Run(done, plan.For+5*time.Second)
	offered := r.gateway.Usage()
	c.window = offered.At.Sub(before.At)
	c.core = float64(offered.CPU-before.CPU) / float64(c.window)
	c.waited = float64(offered.Waited-before.Waited) / float64(c.window)
	c.self = float64(ownCPU()-self) / float64(c.window)
	r.loop.Run(func() bool { return c.live == 0 && c.reached >= c.ok }, plan.Hold+plan.Limit)
	after := r.gateway.Usage()
	c.offered, c.open, c.cpu, c.rss, c.took = c.next, c.live, after.CPU-before.CPU, after.RSS, after.At.Sub(before.At)
	c.counts = difference(r.loop.Counts, counts)
	return c.callsResult
}

func (c *callsRun) total() int { return int(c.plan.Rate * c.plan.For.Seconds()) }

// begin begins what is due; one call at a time, so that answers are read between two of them.
func (c *callsRun) begin() {
	due := c.began.Add(time.Duration(float64(c.next) / c.plan.Rate * float64(time.Second)))
	if now := time.Now(); now.Before(due) {
		c.loop.At(due, c.begin)
		return
	} else if late := now.Sub(due); late > c.late {
		c.late = late
	}
	c.carrier.Invite(c.gateway.Site.SIP(), number(c.next), c.dial, nil)
	c.next++
	c.live++
	if c.next < c.total() {
		c.loop.At(c.began.Add(time.Duration(float64(c.next)/c.plan.Rate*float64(time.Second))), c.begin)
	}
}

func (c *callsRun) caller(ev ua.Event) {
	switch ev.Kind {
	case ua.Answered:
		c.setup.Add(ev.At.Sub(ev.Call.Began))
		c.loop.After(c.plan.Hold, ev.Call.Hangup)
	case ua.Refused:
		c.live--
		c.refused[ev.Status]++
		if ev.Status == 503 {
			c.busy.Add(ev.At.Sub(ev.Call.Began))
		}
	case ua.HungUp:
		c.live--
		c.broken++
	case ua.Ended:
		c.live--
		if ev.Status == 200 {
			c.ok++
		} else {
			c.broken++
		}
	}
}

func (c *callsRun) callee(ev ua.Event) {
	switch ev.Kind {
	case ua.Invited:
		if c.plan.Ring {
			ev.Call.Ring()
		}
		ev.Call.Answer()
	case ua.HungUp:
		c.reached++
	}
}

// failed are the calls that came to nothing but were not refused for overload.
func (c *callsResult) failed() int {
	n := c.broken + c.open
	for status, count := range c.refused {
		if status != 503 {
			n += count
		}
	}
	return n
}

// perCall is the gateway's processor time for a call that succeeded.
func (c *callsResult) perCall() time.Duration { return c.cpu / time.Duration(max(1, c.ok)) }

// said lists how calls failed.
func (c *callsResult) said() string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(c.refused)) {
		parts = append(parts, fmt.Sprintf("%d×%d", c.refused[status], status))
	}
	if c.broken > 0 {
		parts = append(parts, fmt.Sprintf("%d broken", c.broken))
	}
	if c.open > 0 {
		parts = append(parts, fmt.Sprintf("%d open", c.open))
	}
	if c.reached != c.ok {
		parts = append(parts, fmt.Sprintf("%d ended at the callee", c.reached))
	}
	return strings.Join(parts, ", ")
}

func difference(a, b ua.Counts) ua.Counts {
	return ua.Counts{
		Sent: a.Sent - b.Sent, Received: a.Received - b.Received, Retransmitted: a.Retransmitted - b.Retransmitted,
		Repeated: a.Repeated - b.Repeated, Stray: a.Stray - b.Stray, Bad: a.Bad - b.Bad, TimedOut: a.TimedOut - b.TimedOut,
		RetryWithoutHdr: a.RetryWithoutHdr - b.RetryWithoutHdr,
	}
}

// report writes the figures of a rate that should be served.
func (c *callsResult) report() figures.Report {
	run, s := fmt.Sprintf("calls %g/s", c.plan.Rate), c.setup.Spread()
	return figures.Report{
		{Run: run, Name: "offered", Value: float64(c.offered), Beside: fmt.Sprintf("begun at most %.1f ms late", figures.Ms(c.late))},
		{Run: run, Name: "ok", Value: float64(c.ok)},
		{Run: run, Name: "failed", Value: float64(c.failed()), Sense: figures.AtMost, Beside: c.said()},
		{Run: run, Name: "503", Value: float64(c.refused[503]), Sense: figures.AtMost},
		{Run: run, Name: "retransmissions", Value: float64(c.counts.Retransmitted + c.counts.Repeated), Sense: figures.AtMost,
			Beside: fmt.Sprintf("ours %d, the gateway's %d, stray %d, unreadable %d", c.counts.Retransmitted, c.counts.Repeated, c.counts.Stray, c.counts.Bad)},
		{Run: run, Name: "set-up p50", Value: figures.Ms(s.P50), Unit: "ms", Beside: "Asterisk 1.8 at 150/s, FreeSWITCH 34 at 80/s"},
		{Run: run, Name: "set-up p99", Value: figures.Ms(s.P99), Unit: "ms", Sense: figures.AtMost, Goal: 20, Beside: "Asterisk 197 at 300/s"},
		{Run: run, Name: "set-up max", Value: figures.Ms(s.Max), Unit: "ms"},
		{Run: run, Name: "CPU per call", Value: figures.Ms(c.perCall()), Unit: "ms", Sense: figures.AtMost, Goal: 0.4, Beside: "Asterisk 3.1, FreeSWITCH 13, Kamailio (proxy) 0.6"},
		{Run: run, Name: "core", Value: 100 * c.core, Unit: "%", Beside: fmt.Sprintf("its threads waited %.0f %% for it; load's own core %.0f %%", 100*c.waited, 100*c.self)},
		{Run: run, Name: "RSS", Value: float64(c.rss) / (1 << 20), Unit: "MB"},
	}
}
