package main

import (
	"fmt"
	"time"

	"tandem/cmd/tandem-load/figures"
	"tandem/cmd/tandem-load/gateway"
)

// benchPlan is every run that carries a figure, in the order of the table.
type benchPlan struct {
	Rates   []float64
	Window  time.Duration // of each rate, relay and music
	Held    int
	Relays  []int
	Queue   queuePlan
	Surplus []overloadPlan
}

// fullBench takes about five minutes; quickBench less than one, and says less.
var (
	fullBench = benchPlan{
		Rates: []float64{300, 1000, 1500, 2000}, Window: 8 * time.Second, Held: 2000, Relays: []int{100, 300, 600},
		Queue:   queuePlan{Callers: 500, Window: 10 * time.Second, Idle: 300, Handoff: 200, Waiting: 5},
		Surplus: []overloadPlan{{Rate: 2000, Limit: 1000, For: 5 * time.Second}, {Rate: 3000, For: 5 * time.Second}},
	}
	quickBench = benchPlan{
		Rates: []float64{300, 1000}, Window: 3 * time.Second, Relays: []int{300},
		Queue:   queuePlan{Callers: 200, Window: 3 * time.Second, Idle: 50, Handoff: 30, Waiting: 5},
		Surplus: []overloadPlan{{Rate: 1000, Limit: 300, For: 3 * time.Second}},
	}
)

// runBench runs everything. A run that fails is a missed figure; the others go on.
func runBench(s settings, plan benchPlan) figures.Report {
	var report figures.Report
	step := func(name string, run func() (figures.Report, error)) {
		fmt.Fprintln(s.Narrate, "bench:", name)
		part, err := run()
		if report = append(report, part...); err != nil {
			report = append(report, figures.Figure{Run: name, Name: "not finished", Value: 1, Sense: figures.AtMost, Beside: err.Error()})
		}
	}
	step("calls", func() (figures.Report, error) {
		return runRates(s, callsPlan{For: plan.Window, Hold: time.Second, Limit: 40 * time.Second}, plan.Rates)
	})
	for _, o := range plan.Surplus {
		step("overload", func() (figures.Report, error) { return runOverload(s, o) })
	}
	if plan.Held > 0 {
		step("held", func() (figures.Report, error) { return runHeld(s, plan.Held) })
	}
	for _, n := range plan.Relays {
		step("relay", func() (figures.Report, error) {
			return runRelay(s, relayPlan{Calls: n, Warmup: 2 * time.Second, Window: plan.Window})
		})
	}
	step("queue", func() (figures.Report, error) { return runQueue(s, plan.Queue) })
	return report
}

// runRates drives one rate after the other through one gateway, after a while in which its ports are bound and its heap grows.
func runRates(s settings, plan callsPlan, rates []float64) (figures.Report, error) {
	r, err := newRig(s, func(r *rig, site *gateway.Site) {
		if plan.Out {
			site.Out = r.outside.Addr
		}
	})
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.register(1); err != nil {
		return nil, err
	}
	runCalls(r, callsPlan{Rate: 200, For: 3 * time.Second, Hold: plan.Hold, Limit: 10 * time.Second})
	var report figures.Report
	for _, rate := range rates {
		plan.Rate = rate
		r.rest(2 * time.Second)
		res := runCalls(r, plan)
		report = append(report, res.report()...)
	}
	return report, nil
}
