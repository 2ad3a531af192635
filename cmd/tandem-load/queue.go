package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"tandem/cmd/tandem-load/audio"
	"tandem/cmd/tandem-load/figures"
	"tandem/cmd/tandem-load/gateway"
	"tandem/cmd/tandem-load/ua"
	"tandem/cmd/tandem/control"
)

// queuePlan is a load of waiting callers and of agents.
type queuePlan struct {
	Callers int           // that wait at once
	Window  time.Duration // that their music is counted
	Idle    int           // callers that meet an idle agent
	Handoff int           // callers that wait for the agent to become free
	Waiting int           // of them at once
}

// waiters are callers of the queue with their audio.
type waiters struct {
	*rig
	bank     *audio.Bank
	answered int
	lost     int // callers that were refused or hung up on
	gone     int // callers that have ended
}

func newWaiters(r *rig) (*waiters, error) {
	bank, err := audio.NewBank(r.loop, carrierHost)
	if err != nil {
		return nil, err
	}
	w := &waiters{rig: r, bank: bank}
	r.carrier.Audio, r.carrier.On = bank.Addr(), w.caller
	return w, nil
}

// caller follows one caller: with audio from answer to end.
func (w *waiters) caller(ev ua.Event) {
	switch ev.Kind {
	case ua.Answered:
		w.answered++
		ev.Call.Data = w.bank.Open(ev.Call.Remote.Audio, ev.Call.Remote.Event, true)
	case ua.Refused:
		w.lost++
		w.gone++
	case ua.HungUp, ua.Ended:
		if s, ok := ev.Call.Data.(*audio.Stream); ok {
			s.Close()
		}
		w.gone++
	}
}

// fill lets so many callers enter the queue, 100 a second.
func (w *waiters) fill(n int) ([]*ua.Call, error) {
	calls, want := make([]*ua.Call, 0, n), w.answered+n
	for i := range n {
		w.loop.After(time.Duration(i)*10*time.Millisecond, func() {
			calls = append(calls, w.carrier.Invite(w.gateway.Site.SIP(), number(i), gateway.QueueNumber, nil))
		})
	}
	if !w.loop.Run(func() bool { return w.answered >= want || w.lost > 0 }, time.Duration(n)*20*time.Millisecond+10*time.Second) || w.lost > 0 {
		return calls, fmt.Errorf("of %d callers %d were answered and %d refused", n, w.answered, w.lost)
	}
	return calls, nil
}

// runMusic lets callers wait and counts what they hear.
func runMusic(r *rig, plan queuePlan) (figures.Report, error) {
	w, err := newWaiters(r)
	if err != nil {
		return nil, err
	}
	calls, err := w.fill(plan.Callers)
	if err != nil {
		return nil, err
	}
	r.rest(2 * time.Second)
	before := r.gateway.Usage()
	w.bank.Window(plan.Window)
	r.rest(plan.Window)
	usage := r.gateway.Usage()
	r.rest(300 * time.Millisecond) // what the load itself has not read yet
	after, heard := w.bank.Tally(), w.bank.InWindow
	for _, c := range calls {
		c.Hangup()
	}
	r.loop.Run(func() bool { return w.gone == len(calls) }, 10*time.Second)
	cpu, took := usage.CPU-before.CPU, usage.At.Sub(before.At)
	expected := float64(plan.Callers) * plan.Window.Seconds() * 50
	run := fmt.Sprintf("queue %d callers", plan.Callers)
	return figures.Report{
		{Run: run, Name: "music heard", Value: 100 * float64(heard) / expected, Unit: "%", Sense: figures.AtLeast, Goal: 99.8,
			Beside: fmt.Sprintf("%d of %.0f packets; Asterisk 91, FreeSWITCH 66", heard, expected)},
		{Run: run, Name: "packets lost", Value: float64(after.Lost + after.Restarts), Sense: figures.AtMost, Beside: fmt.Sprintf("%d came twice, %d sequences restarted", after.Again, after.Restarts)},
		{Run: run, Name: "worst gap", Value: figures.Ms(after.WorstGap), Unit: "ms"},
		{Run: run, Name: "core", Value: 100 * float64(cpu) / float64(took), Unit: "%", Sense: figures.AtMost, Goal: 30, Beside: "callers send audio too; Asterisk 100, FreeSWITCH 100"},
		{Run: run, Name: "CPU per music packet", Value: figures.Us(cpu) / float64(max(1, heard)), Unit: "µs", Beside: "one packet received beside each; Asterisk 44, FreeSWITCH 60"},
	}, nil
}

// agentDesk is one agent who takes callers.
type agentDesk struct {
	*waiters
	talk    func() time.Duration
	release func(c *ua.Call, ended time.Time) // BYE was sent
	invited func(c *ua.Call, at time.Time)
	served  int
}

func (d *agentDesk) phone(ev ua.Event) {
	switch ev.Kind {
	case ua.Invited:
		d.invited(ev.Call, ev.At)
		ev.Call.Answer()
	case ua.Confirmed:
		d.loop.After(d.talk(), func() {
			ev.Call.Hangup()
			d.release(ev.Call, time.Now())
		})
	case ua.Ended, ua.HungUp:
		d.served++
	}
}

// signIn makes an agent available.
func (r *rig) signIn(agents int) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(10+agents/10)*time.Second)
	defer cancel()
	c := r.control()
	for i := range agents {
		a, err := c.SetAgent(ctx, gateway.PhoneName(i), control.AgentChange{State: "available"})
		if err != nil || a.State == "offline" {
			return fmt.Errorf("agent %s not signed in (%s): %w", gateway.PhoneName(i), a.State, err)
		}
	}
	return nil
}

// runIdle measures how soon an idle agent is rung: one caller after the other, the agent free each time.
func runIdle(r *rig, plan queuePlan) (figures.Report, error) {
	w, err := newWaiters(r)
	if err != nil {
		return nil, err
	}
	var fromEntry, fromInvite figures.Sample
	var entered, rung time.Time
	var call *ua.Call
	desk := &agentDesk{waiters: w, talk: func() time.Duration { return 20 * time.Millisecond }, release: func(*ua.Call, time.Time) {}}
	desk.invited = func(_ *ua.Call, at time.Time) { rung = at }
	r.phones.On = desk.phone
	r.carrier.On = func(ev ua.Event) {
		if ev.Kind == ua.Answered {
			entered = ev.At
		}
		w.caller(ev)
	}
	for i := range plan.Idle {
		entered, rung = time.Time{}, time.Time{}
		gone, served := w.gone, desk.served
		call = r.carrier.Invite(r.gateway.Site.SIP(), number(i), gateway.QueueNumber, nil)
		if !r.loop.Run(func() bool { return w.gone > gone && desk.served > served }, 5*time.Second) {
			return nil, fmt.Errorf("caller %d of %d was not served within 5 s", i+1, plan.Idle)
		}
		fromEntry.Add(max(0, rung.Sub(entered)))
		fromInvite.Add(rung.Sub(call.Began))
		r.rest(10 * time.Millisecond)
	}
	e, f, run := fromEntry.Spread(), fromInvite.Spread(), "queue, idle agent"
	return figures.Report{
		{Run: run, Name: "answered → agent's INVITE p50", Value: figures.Ms(e.P50), Unit: "ms", Beside: "Asterisk 1.2, FreeSWITCH 632"},
		{Run: run, Name: "answered → agent's INVITE p99", Value: figures.Ms(e.P99), Unit: "ms", Sense: figures.AtMost, Goal: 3, Beside: fmt.Sprintf("of %d; Asterisk 7.9, FreeSWITCH 706", e.N)},
		{Run: run, Name: "answered → agent's INVITE max", Value: figures.Ms(e.Max), Unit: "ms"},
		{Run: run, Name: "caller's → agent's INVITE p50", Value: figures.Ms(f.P50), Unit: "ms", Beside: "Asterisk 5.4, FreeSWITCH 656"},
		{Run: run, Name: "caller's → agent's INVITE p99", Value: figures.Ms(f.P99), Unit: "ms", Beside: "Asterisk 17, FreeSWITCH 730"},
	}, nil
}

// runHandoff measures how soon a freed agent is rung again while callers wait.
func runHandoff(r *rig, plan queuePlan) (figures.Report, error) {
	w, err := newWaiters(r)
	if err != nil {
		return nil, err
	}
	var delay figures.Sample
	var freed time.Time
	entered, most := 0, plan.Handoff+plan.Waiting
	enter := func() {
		if entered < most {
			entered++
			r.carrier.Invite(r.gateway.Site.SIP(), number(entered), gateway.QueueNumber, nil)
		}
	}
	desk := &agentDesk{waiters: w, talk: func() time.Duration { return 50*time.Millisecond + rand.N(200*time.Millisecond) }}
	desk.invited = func(_ *ua.Call, at time.Time) {
		if !freed.IsZero() && delay.Len() < plan.Handoff {
			delay.Add(at.Sub(freed))
		}
	}
	desk.release = func(_ *ua.Call, at time.Time) {
		freed = at
		r.loop.After(20*time.Millisecond, enter)
	}
	r.phones.On = desk.phone
	for range plan.Waiting {
		enter()
	}
	limit := time.Duration(most)*time.Second + 10*time.Second
	if !r.loop.Run(func() bool { return w.gone == most }, limit) {
		return nil, fmt.Errorf("of %d callers %d were served", most, w.gone)
	}
	s, run := delay.Spread(), fmt.Sprintf("queue, hand-off, %d wait", plan.Waiting)
	return figures.Report{
		{Run: run, Name: "agent's BYE → next INVITE p50", Value: figures.Ms(s.P50), Unit: "ms", Beside: "Asterisk 522, FreeSWITCH 681"},
		{Run: run, Name: "agent's BYE → next INVITE p99", Value: figures.Ms(s.P99), Unit: "ms", Sense: figures.AtMost, Goal: 5, Beside: fmt.Sprintf("of %d; Asterisk 803 (p90), FreeSWITCH 1054", s.N)},
		{Run: run, Name: "agent's BYE → next INVITE max", Value: figures.Ms(s.Max), Unit: "ms", Beside: "Asterisk 1002, FreeSWITCH 1126"},
	}, nil
}

// runQueue runs the three, in an order in which no agent is signed in before the music is counted.
func runQueue(s settings, plan queuePlan) (report figures.Report, err error) {
	r, err := newRig(s, nil)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.register(1); err != nil {
		return nil, err
	}
	part, err := runMusic(r, plan)
	if report = part; err != nil {
		return report, err
	}
	r.rest(time.Second)
	if err := r.signIn(1); err != nil {
		return report, err
	}
	for _, run := range []func(*rig, queuePlan) (figures.Report, error){runIdle, runHandoff} {
		part, err := run(r, plan)
		report = append(report, part...)
		if err != nil {
			return report, err
		}
		r.rest(time.Second)
	}
	return report, nil
}
