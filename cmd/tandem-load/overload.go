package main

import (
	"fmt"
	"time"

	"tandem/cmd/tandem-load/figures"
	"tandem/cmd/tandem-load/gateway"
)

// overloadPlan offers more calls than are served.
type overloadPlan struct {
	Rate  float64 // offered, calls a second
	Limit float64 // that the gateway is configured to admit; 0: none, it is limited by its processor alone
	For   time.Duration
}

// What "at once" and "late" mean, in time from the INVITE.
const (
	atOnce = 50 * time.Millisecond
	late   = 500 * time.Millisecond // T1: the caller repeats its INVITE
)

func runOverload(s settings, plan overloadPlan) (figures.Report, error) {
	r, err := newRig(s, func(_ *rig, site *gateway.Site) {
		if plan.Limit > 0 {
			site.Rate, site.Burst = plan.Limit, max(1, int(plan.Limit/10))
		}
	})
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.register(1); err != nil {
		return nil, err
	}
	runCalls(r, callsPlan{Rate: 200, For: 2 * time.Second, Hold: 200 * time.Millisecond, Limit: 10 * time.Second})
	r.rest(time.Second)
	c := runCalls(r, callsPlan{Rate: plan.Rate, For: plan.For, Hold: 500 * time.Millisecond, Limit: 40 * time.Second})
	return plan.report(c), nil
}

func (p overloadPlan) report(c callsResult) figures.Report {
	run := fmt.Sprintf("overload %g/s, no limit", p.Rate)
	if p.Limit > 0 {
		run = fmt.Sprintf("overload %g/s of %g/s", p.Rate, p.Limit)
	}
	setup, busy := c.setup.Spread(), c.busy.Spread()
	report := figures.Report{
		{Run: run, Name: "served", Value: float64(c.ok) / p.For.Seconds(), Unit: "calls/s"},
		{Run: run, Name: "503", Value: float64(c.refused[503]) / p.For.Seconds(), Unit: "calls/s", Beside: fmt.Sprintf("%d without Retry-After", c.counts.RetryWithoutHdr)},
		{Run: run, Name: "failed", Value: float64(c.failed()), Sense: figures.AtMost, Beside: c.said()},
		{Run: run, Name: "503 after p50", Value: figures.Ms(busy.P50), Unit: "ms"},
		{Run: run, Name: "503 after p99", Value: figures.Ms(busy.P99), Unit: "ms", Sense: figures.AtMost, Goal: figures.Ms(atOnce)},
		{Run: run, Name: "set-up p50", Value: figures.Ms(setup.P50), Unit: "ms", Beside: "Asterisk 1421 at 400/s"},
		{Run: run, Name: "set-up p99", Value: figures.Ms(setup.P99), Unit: "ms", Beside: "Asterisk over 5000 at 400/s"},
		{Run: run, Name: "served late", Value: float64(c.setup.Over(late)), Sense: figures.AtMost, Beside: "after more than 500 ms"},
		{Run: run, Name: "retransmissions", Value: float64(c.counts.Retransmitted + c.counts.Repeated), Beside: fmt.Sprintf("ours %d, the gateway's %d", c.counts.Retransmitted, c.counts.Repeated)},
		{Run: run, Name: "core", Value: 100 * c.core, Unit: "%", Beside: fmt.Sprintf("load's own core %.0f %%", 100*c.self)},
	}
	if p.Limit > 0 {
		report = append(report, figures.Figure{Run: run, Name: "share of the limit served", Value: 100 * float64(c.ok) / p.For.Seconds() / p.Limit, Unit: "%", Sense: figures.AtLeast, Goal: 98})
	}
	return report
}
