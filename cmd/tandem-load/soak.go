package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"tandem/cmd/tandem-load/audio"
	"tandem/cmd/tandem-load/figures"
	"tandem/cmd/tandem-load/gateway"
	"tandem/cmd/tandem-load/ua"
)

// soakPlan is a load of callers who press keys, wait and talk, for a long time.
type soakPlan struct {
	Calls  int // at once
	Agents int
	For    time.Duration
}

// soakFlow asks for a key: 1 waits in the queue, 2 dials a phone.
const soakFlow = `flow: main
language: en
start: pick-up
time_limit: 30m
visits: 20
exits: {no_input: sorry, invalid: sorry}
steps:
  pick-up: {answer: 20ms, then: choose}
  choose:
    menu: {prompt: demo/menu, tries: 3, options: {1: Queue, 2: Phone}}
    exits: {1: wait, 2: phone}
  wait:
    queue: {name: ` + gateway.Queue + `, max_wait: 20m}
    exits: {ended: done, timeout: sorry, refused: sorry, closed: sorry}
  phone:
    dial: {target: p0, timeout: 20s}
    exits: {ended: done, failed: sorry}
  sorry: {hangup: 34}
  done: {hangup: 16}
`

// Bounds of what people do, each a range from which a caller or agent takes his own.
const (
	thinkMin, thinkMax = 500 * time.Millisecond, 4 * time.Second
	talkMin, talkMax   = 2 * time.Second, 12 * time.Second
)

func between(low, high time.Duration) time.Duration { return low + rand.N(high-low) }

// soak is a running soakPlan.
type soak struct {
	*rig
	plan       soakPlan
	callers    *audio.Bank
	agents     *audio.Bank
	stopped    bool
	live, next int
	done       int
	failed     map[string]int
	talks      map[string]bool // callers that were connected
	heard      audio.Tally
	talked     int
}

// soaker is what a caller's call carries.
type soaker struct {
	stream *audio.Stream
	key    string
}

func newSoak(s settings, plan soakPlan) (*soak, error) {
	r, err := newRig(s, func(_ *rig, site *gateway.Site) { site.Phones, site.Flow = plan.Agents+1, soakFlow })
	if err != nil {
		return nil, err
	}
	k := &soak{rig: r, plan: plan, failed: map[string]int{}, talks: map[string]bool{}}
	if k.callers, err = audio.NewBank(r.loop, carrierHost); err == nil {
		k.agents, err = audio.NewBank(r.loop, phoneHost)
	}
	if err == nil {
		err = r.register(plan.Agents + 1)
	}
	if err == nil {
		err = r.signIn(plan.Agents + 1)
	}
	if err != nil {
		r.close()
		return nil, err
	}
	r.carrier.Audio, r.phones.Audio = k.callers.Addr(), k.agents.Addr()
	r.carrier.On, r.phones.On = k.caller, k.phone
	return k, nil
}

// begin lets one more caller call.
func (k *soak) begin() {
	if k.stopped {
		return
	}
	k.next++
	k.live++
	key := "1"
	if k.next%2 == 0 {
		key = "2"
	}
	k.carrier.Invite(k.gateway.Site.SIP(), number(k.next), gateway.FlowNumber, &soaker{key: key})
}

func (k *soak) fail(why string) { k.failed[why]++ }

func (k *soak) caller(ev ua.Event) {
	x := ev.Call.Data.(*soaker)
	switch ev.Kind {
	case ua.Answered:
		x.stream = k.callers.Open(ev.Call.Remote.Audio, ev.Call.Remote.Event, true)
		k.loop.After(between(thinkMin, thinkMax), func() { x.stream.Press(x.key) })
	case ua.Refused:
		k.fail(fmt.Sprintf("caller refused with %d", ev.Status))
		k.over()
	case ua.Ended, ua.HungUp:
		k.heard.Add(x.stream.Close())
		switch {
		case ev.Kind == ua.Ended && ev.Status != 200:
			k.fail(fmt.Sprintf("caller's BYE answered with %d", ev.Status))
		case !k.talks[ev.Call.Caller] && !k.stopped:
			k.fail("caller ended without a talk, key " + x.key)
		default:
			k.done++
		}
		delete(k.talks, ev.Call.Caller)
		k.over()
	}
}

// over replaces a caller that is gone.
func (k *soak) over() {
	k.live--
	k.loop.After(rand.N(200*time.Millisecond), k.begin)
}

func (k *soak) phone(ev ua.Event) {
	switch ev.Kind {
	case ua.Invited:
		ev.Call.Ring()
		k.loop.After(between(50*time.Millisecond, 500*time.Millisecond), ev.Call.Answer)
	case ua.Confirmed:
		ev.Call.Data = k.agents.Open(ev.Call.Remote.Audio, ev.Call.Remote.Event, true)
		k.talks[ev.Call.Caller] = true
		k.talked++
		k.loop.After(between(talkMin, talkMax), ev.Call.Hangup)
	case ua.Ended, ua.HungUp:
		if s, ok := ev.Call.Data.(*audio.Stream); ok {
			k.heard.Add(s.Close())
		}
		if ev.Kind == ua.Ended && ev.Status != 200 {
			k.fail(fmt.Sprintf("agent's BYE answered with %d", ev.Status))
		}
	}
}

// run lets callers come and go for the time of the plan, then lets the last of them end.
func (k *soak) run() {
	for i := range k.plan.Calls {
		k.loop.After(time.Duration(i)*20*time.Millisecond, k.begin)
	}
	for end := time.Now().Add(k.plan.For); time.Now().Before(end) && k.gateway.Alive(); {
		k.rest(min(10*time.Second, time.Until(end)))
		k.say("soak: %d calls at once, %d done, %d failed, %d packets, %d lost", k.live, k.done, k.failures(), k.heard.Received, k.heard.Lost)
	}
	k.stopped = true
	if !k.loop.Run(func() bool { return k.live == 0 }, 3*time.Minute) {
		k.failed["caller still there after the end"] += k.live
	}
}

func (k *soak) failures() (n int) {
	for _, count := range k.failed {
		n += count
	}
	return n
}

// runSoak runs and then looks for what was left behind.
func runSoak(s settings, plan soakPlan) (figures.Report, error) {
	k, err := newSoak(s, plan)
	if err != nil {
		return nil, err
	}
	defer k.close()
	goroutines := k.metric("go_goroutines")
	before := k.gateway.Usage()
	k.run()
	after := k.gateway.Usage()
	k.rest(settle)
	if !k.gateway.Alive() {
		return nil, fmt.Errorf("the gateway ended; it said:\n%s", k.gateway.Said())
	}
	report := k.report(before, after)
	return append(report, k.left(goroutines)...), nil
}

func (k *soak) report(before, after gateway.Usage) figures.Report {
	run, took := fmt.Sprintf("soak %d calls, %v", k.plan.Calls, k.plan.For), after.At.Sub(before.At)
	var why []string
	for text, n := range k.failed {
		why = append(why, fmt.Sprintf("%d× %s", n, text))
	}
	c := k.loop.Counts
	return figures.Report{
		{Run: run, Name: "calls done", Value: float64(k.done), Beside: fmt.Sprintf("%d talks", k.talked)},
		{Run: run, Name: "failures", Value: float64(k.failures()), Sense: figures.AtMost, Beside: strings.Join(why, ", ")},
		{Run: run, Name: "packets heard", Value: float64(k.heard.Received)},
		{Run: run, Name: "packets lost", Value: float64(k.heard.Lost), Sense: figures.AtMost, Beside: fmt.Sprintf("%d twice, %d restarts, worst gap %.0f ms", k.heard.Again, k.heard.Restarts, figures.Ms(k.heard.WorstGap))},
		{Run: run, Name: "retransmissions", Value: float64(c.Retransmitted + c.Repeated), Sense: figures.AtMost, Beside: fmt.Sprintf("ours %d, the gateway's %d", c.Retransmitted, c.Repeated)},
		{Run: run, Name: "stray messages", Value: float64(c.Stray + c.Bad), Sense: figures.AtMost},
		{Run: run, Name: "core", Value: 100 * float64(after.CPU-before.CPU) / float64(took), Unit: "%"},
		{Run: run, Name: "RSS", Value: float64(after.RSS) / (1 << 20), Unit: "MB"},
	}
}

// leftovers are figures of the gateway that must be 0 when nobody calls, by the beginning of their names.
var leftovers = []string{
	"tandem_b2bua_calls", "tandem_transaction_active", "tandem_media_streams_open", "tandem_media_port_pairs_used",
	"tandem_media_playbacks_running", "tandem_media_mailbox_commands", "tandem_acd_items_live", "tandem_acd_mailbox_depth_events",
	"tandem_acd_journal_pending_batches", "tandem_store_queue_depth", "tandem_trunk_calls", "tandem_b2bua_panics_total",
	"tandem_b2bua_mailbox_full_total", "tandem_b2bua_journal_lost_total", "tandem_b2bua_floods_total", "tandem_b2bua_no_stream_total",
	"tandem_b2bua_media_busy_total", "tandem_b2bua_requests_lost_total", "tandem_acd_mailbox_full_total", "tandem_acd_journal_failed_total",
	"tandem_media_events_dropped_total", "tandem_media_send_errors_total", "tandem_media_no_ports_total", "tandem_store_commit_failures_total",
	"tandem_store_refused_total", "tandem_transport_dropped_messages_total", "tandem_transport_socket_errors_total",
}

// left looks for what was left behind.
func (k *soak) left(goroutines float64) figures.Report {
	run := "left behind"
	all, err := k.gateway.Metrics()
	if err != nil {
		return figures.Report{{Run: run, Name: "figures unreadable", Value: 1, Sense: figures.AtMost, Beside: err.Error()}}
	}
	report, looked := figures.Report{}, 0
	for _, want := range leftovers {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if base, _, _ := strings.Cut(name, "{"); base != want {
				continue
			}
			if looked++; all[name] != 0 {
				report = append(report, figures.Figure{Run: run, Name: name, Value: all[name], Sense: figures.AtMost})
			}
		}
	}
	report = append(report, figures.Figure{Run: run, Name: "figures that are not 0", Value: float64(len(report)), Sense: figures.AtMost, Beside: fmt.Sprintf("of %d that should be", looked)})
	if now, known := all["go_goroutines"]; known {
		report = append(report, figures.Figure{Run: run, Name: "goroutines more than before", Value: max(0, now-goroutines), Sense: figures.AtMost, Goal: 5})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	c := k.control()
	calls, err1 := c.Calls(ctx)
	queue, err2 := c.Queue(ctx, gateway.Queue)
	if err1 != nil || err2 != nil {
		return append(report, figures.Figure{Run: run, Name: "control socket unreadable", Value: 1, Sense: figures.AtMost, Beside: fmt.Sprint(err1, err2)})
	}
	warnings := strings.Count(string(k.gateway.Said()), "\n")
	return append(report,
		figures.Figure{Run: run, Name: "calls", Value: float64(len(calls)), Sense: figures.AtMost},
		figures.Figure{Run: run, Name: "queue items", Value: float64(len(queue.Items)), Sense: figures.AtMost},
		figures.Figure{Run: run, Name: "agents busy", Value: float64(queue.AgentsBusy), Sense: figures.AtMost},
		figures.Figure{Run: run, Name: "lines in the log", Value: float64(warnings), Sense: figures.AtMost, Beside: firstLine(k.gateway.Said())})
}

func (k *soak) metric(name string) float64 {
	all, err := k.gateway.Metrics()
	if err != nil {
		return 0
	}
	return all[name]
}

func firstLine(b []byte) string {
	line, _, _ := strings.Cut(string(b), "\n")
	return line[:min(len(line), 160)]
}
