package callback

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const mailbox = 1024

// Options are what an owner is made of. Queue, Dialer and Journal are required.
type Options struct {
	Config     Config
	Rules      Rules
	Queue      Queue
	Dialer     Dialer
	Journal    Journal
	Log        *slog.Logger          // nil: silent
	Registerer prometheus.Registerer // nil: metrics are kept but not registered
}

// Owner owns Plans: one goroutine, one bounded mailbox, one timer.
type Owner struct {
	plans   *Plans // owned by Run
	queue   Queue
	dialer  Dialer
	journal Journal
	log     *slog.Logger
	metrics *metrics
	mail    chan Event
	stopped chan struct{}
	again   []Event // owned by Run: what orders that were not taken lead to
}

// NewOwner makes an owner.
func NewOwner(o Options) *Owner {
	if o.Queue == nil || o.Dialer == nil || o.Journal == nil {
		panic("callback: queue, dialer and journal are required")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Owner{plans: NewPlans(o.Config, o.Rules), queue: o.Queue, dialer: o.Dialer, journal: o.Journal, log: o.Log,
		metrics: newMetrics(o.Registerer), mail: make(chan Event, mailbox), stopped: make(chan struct{})}
}

// Post gives the planner an event. It never waits: ErrBusy when the mailbox is full, ErrStopped when Run has ended.
func (o *Owner) Post(ev Event) error {
	select {
	case <-o.stopped:
		return ErrStopped
	default:
	}
	select {
	case o.mail <- ev:
		return nil
	default:
		o.metrics.busy.Inc()
		return ErrBusy
	}
}

// asking is a request whose asker waits for the answer.
type asking struct {
	Ask
	answer chan Answer // of one
}

// Request asks for a callback and waits for what is decided at once: when its window begins, or a RefusedError. That the queue
// takes it is known later; a refusal there is a line of the record.
func (o *Owner) Request(ctx context.Context, r Request) (from time.Time, err error) {
	ev := asking{Ask{r}, make(chan Answer, 1)}
	if err := o.Post(ev); err != nil {
		return time.Time{}, err
	}
	select {
	case a := <-ev.answer:
		if a.Refused != "" {
			return time.Time{}, RefusedError{a.Refused}
		}
		return a.From, nil
	case <-o.stopped:
		return time.Time{}, ErrStopped
	case <-ctx.Done():
		return time.Time{}, ctx.Err()
	}
}

// Run steps until ctx ends.
func (o *Owner) Run(ctx context.Context) {
	defer close(o.stopped)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		wait := time.Hour
		if at, ok := o.plans.Next(); ok {
			wait = max(time.Until(at), 0)
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case ev := <-o.mail:
			o.step(ev)
		case <-timer.C:
			o.step(Tick{})
		}
	}
}

// step applies an event and performs what follows; orders that are not taken are events themselves.
func (o *Owner) step(ev Event) {
	o.again = append(o.again, ev)
	for len(o.again) > 0 {
		next := o.again[0]
		o.again = o.again[1:]
		ask, _ := next.(asking)
		for _, e := range o.plans.Step(next, time.Now()) {
			if a, ok := e.(Answer); ok && ask.answer != nil {
				ask.answer <- a
			}
			e.perform(o)
		}
	}
	o.metrics.live.Set(float64(o.plans.Live()))
	o.metrics.strays.Set(float64(o.plans.Strays))
}

// failed counts an order that was not taken.
func (o *Owner) failed(what, item string, err error) bool {
	if err == nil {
		return false
	}
	o.metrics.failed.Inc()
	o.log.Warn("callback: "+what+" not taken", "item", item, "err", err)
	return true
}

func (e Book) perform(o *Owner) {
	if o.failed("booking", e.Booking.Item, o.queue.Book(e.Booking)) {
		o.again = append(o.again, Ended{Item: e.Booking.Item, Outcome: "refused", Reason: RefusedQueue})
	}
}

func (e Answer) perform(o *Owner) {
	result := or(e.Refused, "booked")
	o.metrics.requests.WithLabelValues(result).Inc()
	o.log.Info("callback requested", "item", e.ID, "reason", result)
}

func (e dial) perform(o *Owner) {
	if o.failed("dial", e.attempt.Item, o.dialer.Dial(e.attempt)) {
		o.again = append(o.again, Result{Attempt: e.attempt.ID, Outcome: Failed})
	}
}

func (e hangup) perform(o *Owner) { o.dialer.Hangup(e.attempt) }

func (e unreached) perform(o *Owner) {
	o.failed("unreached", e.item, o.queue.Unreached(e.item, e.epoch, e.reason))
}

func (e postpone) perform(o *Owner) {
	o.failed("postponement", e.item, o.queue.Postpone(e.item, e.from, e.reason))
}

func (e join) perform(o *Owner) {
	o.failed("join", e.booking.Item, o.queue.Join(e.booking, e.call))
}

func (e counted) perform(o *Owner) { o.metrics.outcomes.WithLabelValues(string(e.outcome)).Inc() }

func (e drop) perform(o *Owner) { o.failed("cancellation", e.item, o.queue.Cancel(e.item, e.reason)) }

func (e foresee) perform(o *Owner) { o.failed("forecast", e.item, o.queue.Foresee(e.item)) }

func (e Line) perform(o *Owner) { o.journal.Append(e.Event) }
