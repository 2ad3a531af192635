package acd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	defaultMailbox = 4096
	defaultPending = 256
	drainAtOnce    = 64 // events stepped before their entries are given to the journal together
	queries        = 16 // readers waiting to be answered
)

// Options are what a dispatcher is made of. Config, Journal and Connector are required.
type Options struct {
	Config     Config
	Journal    Journal
	Connector  Connector
	Log        *slog.Logger          // nil: silent
	Registerer prometheus.Registerer // nil: metrics are kept but not registered
	Mailbox    int                   // events that may wait [4096]
	Pending    int                   // batches that may wait for the journal before the dispatcher stops stepping [256]
}

// Dispatcher owns a State: one goroutine, one bounded mailbox, one timer. Entries go to the journal first; the effects that
// follow from them are performed in order when they are durable, while stepping goes on.
type Dispatcher struct {
	state     *State // owned by Run
	journal   Journal
	connector Connector
	log       *slog.Logger
	metrics   *metrics
	mailbox   chan Event
	reads     chan func(*State)
	acked     chan struct{}
	stopped   chan struct{}
	most      int

	batch   *batch   // owned by Run: not yet given to the journal
	pending []*batch // owned by Run: given, in order

	mu   sync.Mutex
	done []*batch // acknowledged, not yet seen by Run
}

// batch is entries that are made durable together, and the effects that wait for them.
type batch struct {
	entries []Entry
	effects []Effect
	at      time.Time
	durable bool
	err     error
}

// NewDispatcher makes a dispatcher, or returns all faults of its options joined.
func NewDispatcher(o Options) (*Dispatcher, error) {
	state, faults := NewState(o.Config)
	if o.Journal == nil {
		faults = append(faults, Fault{Path: "journal", Message: "is missing"})
	}
	if o.Connector == nil {
		faults = append(faults, Fault{Path: "connector", Message: "is missing"})
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Dispatcher{
		state: state, journal: o.Journal, connector: o.Connector, log: o.Log, metrics: newMetrics(o.Registerer),
		mailbox: make(chan Event, orInt(o.Mailbox, defaultMailbox)), reads: make(chan func(*State), queries),
		acked: make(chan struct{}, 1), stopped: make(chan struct{}), most: orInt(o.Pending, defaultPending),
		batch: &batch{},
	}, nil
}

// Post gives the dispatcher an event. It never waits: ErrBusy when the mailbox is full, ErrStopped when Run has ended.
func (d *Dispatcher) Post(ev Event) error {
	select {
	case <-d.stopped:
		return ErrStopped
	default:
	}
	select {
	case d.mailbox <- ev:
		return nil
	default:
		d.metrics.busy.Inc()
		return ErrBusy
	}
}

// Run steps until ctx ends (nil) or the journal fails (ErrJournal). On ctx's end what is pending is not waited for: its
// effects are lost with the process, its entries are the journal's.
func (d *Dispatcher) Run(ctx context.Context) error {
	defer close(d.stopped)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		d.metrics.queues(d.state)
		d.arm(timer)
		d.next(ctx, timer.C)
		if ctx.Err() != nil {
			return nil
		}
		d.flush()
		if err := d.settle(); err != nil {
			return err
		}
	}
}

// next waits for something to do and does it. With too many batches pending only acknowledgements are taken.
func (d *Dispatcher) next(ctx context.Context, due <-chan time.Time) {
	mailbox, reads := d.mailbox, d.reads
	if len(d.pending) >= d.most {
		mailbox, due = nil, nil
	}
	select {
	case <-ctx.Done():
	case <-d.acked:
	case <-due:
		d.step(Tick{})
	case read := <-reads:
		if mailbox != nil {
			d.drain() // who asks sees what was posted before, so also what a restart has left
		}
		read(d.state)
	case ev := <-mailbox:
		d.step(ev)
		d.drain()
	}
}

// drain steps what waits in the mailbox, so that it shares a journal batch.
func (d *Dispatcher) drain() {
	for range drainAtOnce - 1 {
		select {
		case ev := <-d.mailbox:
			d.step(ev)
		default:
			return
		}
	}
}

func (d *Dispatcher) step(ev Event) {
	start := time.Now()
	r := d.state.Step(ev, start)
	d.batch.entries = append(d.batch.entries, r.Entries...)
	d.batch.effects = append(d.batch.effects, r.Effects...)
	for _, x := range r.Rejected {
		d.metrics.rejected.Inc()
		d.batch.effects = append(d.batch.effects, x)
		d.log.Warn("event rejected", "method", x.Event, "item", x.Item, "agent", x.Agent, "reason", x.Reason)
	}
	d.metrics.step(time.Since(start), d.state, len(d.mailbox))
}

// arm sets the one timer to the earliest deadline.
func (d *Dispatcher) arm(timer *time.Timer) {
	wait := time.Hour
	if at, ok := d.state.Next(); ok {
		wait = max(time.Until(at), 0)
	}
	timer.Reset(wait)
}

// flush gives the open batch to the journal. Effects without entries follow what is pending.
func (d *Dispatcher) flush() {
	b := d.batch
	if len(b.entries) == 0 && len(b.effects) == 0 {
		return
	}
	d.batch = &batch{}
	b.at = time.Now()
	d.pending = append(d.pending, b)
	d.metrics.pending.Set(float64(len(d.pending)))
	if len(b.entries) == 0 {
		b.durable = true
		return
	}
	d.metrics.entries.Add(float64(len(b.entries)))
	d.journal.Append(b.entries, func(err error) { d.ack(b, err) })
}

// ack may come from any goroutine, also from within Append.
func (d *Dispatcher) ack(b *batch, err error) {
	d.mu.Lock()
	b.err = err
	d.done = append(d.done, b)
	d.mu.Unlock()
	select {
	case d.acked <- struct{}{}:
	default:
	}
}

// settle performs the effects of all batches that are durable and have none before them that is not. A batch that failed
// ends the dispatcher: its effects and all later ones are withheld.
func (d *Dispatcher) settle() error {
	d.mu.Lock()
	done := d.done
	d.done = nil
	d.mu.Unlock()
	for _, b := range done {
		b.durable = true
	}
	for len(d.pending) > 0 && d.pending[0].durable {
		b := d.pending[0]
		if b.err != nil {
			return d.fail(b)
		}
		d.pending[0] = nil
		d.pending = d.pending[1:]
		d.metrics.durable(time.Since(b.at), len(d.pending))
		for _, e := range b.effects {
			d.metrics.effect(e)
			e.perform(d.connector)
		}
	}
	return nil
}

func (d *Dispatcher) fail(b *batch) error {
	withheld := 0
	for _, p := range d.pending {
		withheld += len(p.effects)
	}
	d.metrics.failed.Inc()
	d.log.Error("journal failed: dispatcher stops, effects withheld", "err", b.err, "entries", len(b.entries),
		"effects", withheld)
	return fmt.Errorf("%w: entries %d to %d: %w", ErrJournal, b.entries[0].Seq, b.entries[len(b.entries)-1].Seq, b.err)
}
