package sms

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"tandem/digital"
)

// mailboxSize bounds what may wait for the owner: above it sends are put off and arrivals are refused for now.
const mailboxSize = 1024

// openMost bounds the arrivals whose fate is not known yet: above it more are refused for now.
const openMost = 2000

// sentWait is how long a text may wait in a Carrier; the hub calls a message uncertain after 30 s.
const sentWait = 20 * time.Second

// Answered at the door.
var (
	ErrFull    = errors.New("too many messages wait")
	ErrStopped = errors.New("adapter does not run")
)

// Adapter is the SMS channel. Owned by Run's goroutine, but for the fields that say otherwise.
type Adapter struct {
	config  Config
	log     *slog.Logger
	metrics *metrics
	carrier Carrier
	optouts OptOuts
	quiet   Quiet
	mail    chan any
	news    news        // any goroutine
	running atomic.Bool // any goroutine

	door     Door
	lines    map[string]*line
	waiting  int             // in lines
	changing map[string]bool // wishes that are not durable yet: true is out
	seen     seen
	written  map[string]time.Time // numbers that we wrote to: their answers are attested
}

// job is a text on its way. done is nil for replies to keywords.
type job struct {
	text  Text
	out   digital.Outgoing
	done  func(digital.Result)
	last  bool // the reply to STOP, which goes to somebody who opted out
	since time.Time
}

// What is mailed to the owner.
type (
	send    struct{ job *job }
	arrived struct {
		arrival Arrival
		done    func(error)
	}
	settled struct {
		external string
		err      error
	}
	changed struct {
		change Change
		err    error
	}
)

// New makes an adapter; the error tells all faults of the configuration.
func New(c Config, d Deps) (*Adapter, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	a := &Adapter{
		config: c, log: d.Log, metrics: newMetrics(d.Registry), carrier: d.Carrier, optouts: d.OptOuts, quiet: d.Quiet,
		mail: make(chan any, mailboxSize), lines: map[string]*line{}, changing: map[string]bool{},
		seen: seen{ids: map[string]*arrival{}}, written: map[string]time.Time{},
	}
	a.news.ready = make(chan struct{}, 1)
	return a, nil
}

// Idempotent tells whether a message of ours whose fate is unknown is sent again.
func (a *Adapter) Idempotent(sender string) bool { return a.carrier.Idempotent(sender) }

// Send hands a message over. It never waits.
func (a *Adapter) Send(o digital.Outgoing, done func(digital.Result)) error {
	if !a.running.Load() {
		return ErrStopped
	}
	text := a.textOf(o)
	return a.post(send{&job{text: Text{Key: o.Key, From: o.From, To: a.Normal(o.To), Text: text}, out: o, done: done}})
}

// Arrived takes a customer's message from the Carrier. It never waits.
func (a *Adapter) Arrived(m Arrival, done func(error)) {
	if !a.running.Load() {
		done(ErrStopped)
		return
	}
	if err := a.post(arrived{m, done}); err != nil {
		done(err)
	}
}

// Fared passes news of a message on.
func (a *Adapter) Fared(r digital.Report) {
	if !a.running.Load() {
		return
	}
	a.metrics.report(r.State)
	a.door.Report(r)
}

// post never waits.
func (a *Adapter) post(m any) error {
	select {
	case a.mail <- m:
		return nil
	default:
		a.metrics.refuse()
		return ErrFull
	}
}

// news holds the outcomes of arrivals that were taken: at most openMost, so that telling never waits.
type news struct {
	mu    sync.Mutex // guards list
	list  []any
	ready chan struct{} // holds one word while there is something
}

func (n *news) tell(m any) {
	n.mu.Lock()
	n.list = append(n.list, m)
	n.mu.Unlock()
	select {
	case n.ready <- struct{}{}:
	default:
	}
}

func (n *news) take() []any {
	n.mu.Lock()
	defer n.mu.Unlock()
	list := n.list
	n.list = nil
	return list
}

// Run works until ctx ends, together with the Carrier. What waits then is told as not sent.
func (a *Adapter) Run(ctx context.Context, door Door) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.door = door
	a.running.Store(true)
	result := make(chan error, 1)
	go func() { result <- a.carrier.Run(ctx, a) }()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	var err error
	for over := false; !over; { // until the Carrier has ended: what it took before is still told
		timer.Reset(a.wait(ctx, time.Now()))
		select {
		case err = <-result:
			over = true
		case m := <-a.mail:
			a.handle(m)
		case <-a.news.ready:
			for _, m := range a.news.take() {
				a.handle(m)
			}
		case <-timer.C:
		}
		if ctx.Err() == nil {
			a.pump(time.Now())
		}
	}
	a.running.Store(false)
	a.finish()
	return err
}

// finish puts off what waits.
func (a *Adapter) finish() {
	for _, l := range a.lines {
		for _, j := range l.jobs {
			j.settle(digital.Result{State: digital.Failed, Reason: "stopped", Again: time.Second})
		}
		l.jobs = nil
	}
	for {
		select {
		case m := <-a.mail:
			switch m := m.(type) {
			case send:
				m.job.settle(digital.Result{State: digital.Failed, Reason: "stopped", Again: time.Second})
			case arrived:
				m.done(ErrStopped)
			}
		default:
			return
		}
	}
}

func (j *job) settle(r digital.Result) {
	if j.done != nil {
		j.done(r)
	}
}

func (a *Adapter) handle(m any) {
	switch m := m.(type) {
	case send:
		a.accept(m.job, time.Now())
	case arrived:
		a.take(m)
	case settled:
		a.seen.settle(m.external, m.err)
	case changed:
		a.changed(m)
	}
}

// wait returns how long until a sender has its turn.
func (a *Adapter) wait(ctx context.Context, now time.Time) time.Duration {
	wait := time.Hour
	if ctx.Err() != nil {
		return wait
	}
	for _, l := range a.lines {
		if len(l.jobs) > 0 {
			wait = min(wait, max(0, l.next.Sub(now)))
		}
	}
	return wait
}
