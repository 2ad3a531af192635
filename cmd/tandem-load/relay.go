package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"tandem/cmd/tandem-load/figures"
	"tandem/cmd/tandem-load/gateway"
	"tandem/cmd/tandem-load/ua"
	"tandem/media/mediatest/load"
)

// relayPlan is a load of bridged calls with audio both ways.
type relayPlan struct {
	Calls  int
	Warmup time.Duration
	Window time.Duration
}

// relayed is what one relay did.
type relayed struct {
	load.Result
	cpu time.Duration
}

// perPacket is processor time for one packet in and out.
func (r relayed) perPacket() time.Duration { return r.cpu / time.Duration(max(1, r.Received)) }

func (r relayed) loss() float64 { return 100 * float64(r.Sent-r.Received) / float64(max(1, r.Sent)) }

// runRelay measures the floor, where there is one, and the gateway at the same load.
func runRelay(s settings, plan relayPlan) (figures.Report, error) {
	var floor relayed
	if s.Floor != "" {
		var err error
		if floor, err = runFloor(s.Floor, plan); err != nil {
			return nil, fmt.Errorf("floor: %w", err)
		}
	}
	got, err := relayThroughGateway(s, plan)
	if err != nil {
		return nil, err
	}
	run := fmt.Sprintf("relay %d calls", plan.Calls)
	beside := map[int]string{100: "Asterisk 34, FreeSWITCH 59, rtpengine 18", 300: "Asterisk 28, FreeSWITCH full, rtpengine 14", 600: "Asterisk full, rtpengine 11"}
	report := figures.Report{
		{Run: run, Name: "packets sent", Value: float64(got.Sent)},
		{Run: run, Name: "loss", Value: got.loss(), Unit: "%", Sense: figures.AtMost, Goal: 0.01},
		{Run: run, Name: "CPU per packet", Value: figures.Us(got.perPacket()), Unit: "µs", Beside: beside[plan.Calls]},
		{Run: run, Name: "added delay p50", Value: figures.Us(got.Delay.P50), Unit: "µs", Beside: besideFloor(s, floor.Delay.P50)},
		{Run: run, Name: "added delay p99", Value: figures.Us(got.Delay.P99), Unit: "µs", Beside: besideFloor(s, floor.Delay.P99)},
		{Run: run, Name: "core", Value: 100 * float64(got.cpu) / float64(plan.Window), Unit: "%"},
	}
	if s.Floor != "" {
		report = append(report, figures.Figure{
			Run: run, Name: "CPU over the C floor", Value: float64(got.perPacket()) / float64(floor.perPacket()), Unit: "×", Sense: figures.AtMost, Goal: 1.2,
			Beside: fmt.Sprintf("floor %.1f µs, loss %.2g %%", figures.Us(floor.perPacket()), floor.loss()),
		})
	}
	return report, nil
}

func besideFloor(s settings, d time.Duration) string {
	if s.Floor == "" {
		return ""
	}
	return fmt.Sprintf("floor %.0f", figures.Us(d))
}

func (p relayPlan) load() load.Plan { return load.Plan{Send: true, Warmup: p.Warmup, Window: p.Window} }

// runFloor measures the C relay.
func runFloor(binary string, plan relayPlan) (relayed, error) {
	g := load.New()
	defer g.Close()
	a, b := strconv.Itoa(int(g.Addr(0).Port())), strconv.Itoa(int(g.Addr(1).Port()))
	p, err := load.Start(exec.Command(binary, strconv.Itoa(plan.Calls), a, b), 2*plan.Calls)
	if err != nil {
		return relayed{}, err
	}
	defer p.Stop()
	result, cpu := g.Measure(p, plan.load())
	return relayed{result, cpu}, nil
}

// relayThroughGateway bridges the calls and lets the generator send through them.
func relayThroughGateway(s settings, plan relayPlan) (got relayed, err error) {
	g := load.New()
	defer g.Close()
	r, err := newRig(s, func(_ *rig, site *gateway.Site) { site.Media = g.Addr(0).Addr() })
	if err != nil {
		return got, err
	}
	defer r.close()
	if err := r.register(1); err != nil {
		return got, err
	}
	r.carrier.Audio, r.phones.Audio = g.Addr(0), g.Addr(1)
	held, err := r.hold(plan.Calls, 100)
	if err != nil {
		return got, err
	}
	p := plan.load()
	for _, h := range held {
		p.Ports = append(p.Ports, int(h.caller.Remote.Audio.Port()), int(h.callee.Remote.Audio.Port()))
	}
	var before gateway.Usage
	p.Mark = func(open bool) {
		if now := r.gateway.Usage(); open {
			before = now
		} else {
			got.cpu = now.CPU - before.CPU
		}
	}
	got.Result = g.Run(p)
	return got, errors.Join(gateway.PinSelf(), r.letGo(held))
}

// held is a bridged call with both its ends.
type held struct{ caller, callee *ua.Call }

// hold bridges so many calls to the first phone and keeps them.
func (r *rig) hold(n, rate int) ([]*held, error) {
	byNumber, list := map[string]*held{}, []*held{}
	up, lost := 0, 0
	r.phones.On = func(ev ua.Event) {
		if h := byNumber[ev.Call.Caller]; ev.Kind == ua.Invited && h != nil {
			h.callee = ev.Call
			ev.Call.Answer()
		}
	}
	r.carrier.On = func(ev ua.Event) {
		switch ev.Kind {
		case ua.Answered:
			up++
		case ua.Refused, ua.HungUp, ua.Ended:
			lost++
		}
	}
	began := r.loop.Now()
	for i := range n {
		h := &held{}
		byNumber[number(i)], list = h, append(list, h)
		r.loop.At(began.Add(time.Duration(i)*time.Second/time.Duration(rate)), func() {
			h.caller = r.carrier.Invite(r.gateway.Site.SIP(), number(i), gateway.PhoneNumber(0), nil)
		})
	}
	if !r.loop.Run(func() bool { return up == n || lost > 0 }, time.Duration(n/rate+10)*time.Second) || lost > 0 {
		return nil, fmt.Errorf("of %d calls %d are up, %d failed", n, up, lost)
	}
	for _, h := range list {
		if h.callee == nil {
			return nil, fmt.Errorf("the caller %s is connected with nobody that was invited", h.caller.Caller)
		}
	}
	return list, nil
}

// letGo ends held calls.
func (r *rig) letGo(list []*held) error {
	gone, wrong := 0, 0
	r.carrier.On = func(ev ua.Event) {
		if gone++; ev.Kind != ua.Ended || ev.Status != 200 {
			wrong++
		}
	}
	for i, h := range list {
		r.loop.After(time.Duration(i)*2*time.Millisecond, h.caller.Hangup)
	}
	if !r.loop.Run(func() bool { return gone == len(list) }, 40*time.Second) || wrong > 0 {
		return fmt.Errorf("of %d held calls %d were ended, %d of them wrong", len(list), gone, wrong)
	}
	return nil
}
