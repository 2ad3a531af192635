package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tandem/store"
)

// Engine is a store.Store over a Medium. Safe for use by many goroutines.
type Engine struct {
	medium Medium
	opts   Options
	met    *metrics
	fault  atomic.Pointer[fault]
	wake   chan struct{} // capacity 1: there is something in the queue, or Close was called
	ended  chan struct{} // closed when the writer has ended

	mu     sync.Mutex
	queue  []op // guarded by mu, as all below
	bytes  int
	hurry  bool // somebody waits for something in the queue
	closed bool

	deciding sync.Mutex            // held for a resolution; never while writing
	onTheWay map[string]*resolveOp // guarded by deciding: by identity, decided and not yet written

	heads     map[string]*head // owned by the writer
	dirty     []*head          // heads that the group changed
	domains   map[string]*domainHead
	fed       []fedEvent // events that the group wrote; owned by the writer
	bindings  int        // how many are kept; owned by the writer
	documents int        // how many are kept; owned by the writer
	counted   [2]int     // bindings and documents after the last commit
	shared    bool       // the medium has other writers: nothing is remembered from one group to the next
	newest    uint64     // of the feed, with oldest; 0: not known. Owned by the writer
	oldest    uint64
	doubts    []doubt          // groups that were refused and may be written; owned by the writer
	settled   map[print]uint64 // what is written of groups that were refused, with its number; owned by the writer
	settledAt time.Time
	siteKey   []byte // of the codes that stand for identities; never changes
	stop      context.CancelFunc
	watched   chan struct{} // closed when nobody watches the medium any more

	feedMu   sync.Mutex
	feedMore chan struct{} // guarded by feedMu: closed with the next commit that tells something

	closeOnce  sync.Once
	closeFault error
}

type fault struct{ err error }

var _ store.Store = (*Engine)(nil)

// New begins the writer on a medium whose buckets exist.
func New(m Medium, o Options) (*Engine, error) {
	o = o.withDefaults()
	e := &Engine{medium: m, opts: o, met: newMetrics(o.Registry), wake: make(chan struct{}, 1), ended: make(chan struct{}),
		onTheWay: map[string]*resolveOp{}, feedMore: make(chan struct{}), watched: make(chan struct{})}
	if err := e.forget(); err != nil {
		return nil, err
	}
	if err := e.readSiteKey(); err != nil {
		return nil, err
	}
	e.run()
	return e, nil
}

// run begins the writer, and the watcher of a shared medium; Close ends both and waits.
func (e *Engine) run() {
	var ctx context.Context
	ctx, e.stop = context.WithCancel(context.Background())
	go e.write()
	w, ok := e.medium.(Watcher)
	if !ok {
		close(e.watched)
		return
	}
	go func() {
		defer close(e.watched)
		w.Watch(ctx, e.heard)
	}()
}

// heard is told by the watcher of a shared medium.
func (e *Engine) heard(err error) {
	if err == nil {
		e.tellFeed()
		return
	}
	if e.Health() == nil {
		e.sick(err)
		e.signal()
	}
}

// readSiteKey reads the site's own data key, or makes it.
func (e *Engine) readSiteKey() error {
	slot, made := numbered(nil, 0), false
	read := func(tx Tx) error {
		_, e.shared = tx.(Remote)
		made = tx.Get(meta, siteMark) != nil
		e.siteKey = append([]byte(nil), tx.Get(vault, slot)...)
		return nil
	}
	err := e.medium.View(read)
	switch {
	case err != nil || len(e.siteKey) == keySize:
		return err
	case made:
		return ErrKeys
	}
	return e.medium.Update(func(tx Tx) error {
		if err := read(tx); err != nil || len(e.siteKey) == keySize {
			return err
		}
		e.siteKey = make([]byte, keySize)
		_, _ = rand.Read(e.siteKey) // never fails (crypto/rand)
		if err := tx.Put(meta, siteMark, []byte{1}); err != nil {
			return err
		}
		return tx.Put(vault, slot, e.siteKey)
	})
}

// siteMark in meta says that the site's own data key was made.
var siteMark = []byte("site")

// ErrKeys is wrapped when there is data and its data keys are gone.
var ErrKeys = errors.New("the data keys of this store are missing: restore them together with the data")

// Append implements store.Store.
func (e *Engine) Append(b store.Batch, done func(store.Receipt)) error {
	if err := b.Validate(); err != nil {
		e.met.refused.WithLabelValues("invalid").Inc()
		return err
	}
	a, err := newAppendOp(b, done)
	if err != nil {
		e.met.refused.WithLabelValues("invalid").Inc()
		return err
	}
	return e.post(a)
}

// post puts an op into the queue or says why not. It never waits.
func (e *Engine) post(o op) error { return e.enqueue(o, false) }

// postAlways is post for what finds room in a full queue: leases, and what goes on with something already done.
func (e *Engine) postAlways(o op) error { return e.enqueue(o, true) }

func (e *Engine) enqueue(o op, always bool) error {
	if err := e.Health(); err != nil && !errors.Is(err, store.ErrClosed) {
		e.met.refused.WithLabelValues("unhealthy").Inc()
		return err
	}
	size := o.size()
	e.mu.Lock()
	var err error
	switch {
	case e.closed:
		err = store.ErrClosed
	case always:
		e.accept(o, size)
	case len(e.queue) >= e.opts.Queue || e.bytes+size > e.opts.QueueBytes && e.bytes > 0:
		err = store.ErrBusy
	default:
		e.accept(o, size)
	}
	e.mu.Unlock()
	switch err {
	case nil:
		e.signal()
	case store.ErrClosed:
		e.met.refused.WithLabelValues("closed").Inc()
	default:
		e.met.refused.WithLabelValues("busy").Inc()
	}
	return err
}

// accept is called with mu held.
func (e *Engine) accept(o op, size int) {
	e.queue = append(e.queue, o)
	e.bytes += size
	e.hurry = e.hurry || o.urgent()
}

func (e *Engine) signal() {
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// Health implements store.Store.
func (e *Engine) Health() error {
	if f := e.fault.Load(); f != nil {
		return fmt.Errorf("%w: %w", store.ErrUnhealthy, f.err)
	}
	return nil
}

// Close implements store.Store.
func (e *Engine) Close() error {
	e.closeOnce.Do(func() {
		e.mu.Lock()
		e.closed = true
		e.mu.Unlock()
		e.signal()
		<-e.ended
		e.stop()
		<-e.watched
		e.closeFault = e.medium.Close()
	})
	return e.closeFault
}

// take moves at most a group of ops out of the queue.
func (e *Engine) take(into []op) (group []op, more, closed bool) {
	e.mu.Lock()
	n := min(len(e.queue), e.opts.Group)
	group = append(into[:0], e.queue[:n]...)
	rest := copy(e.queue, e.queue[n:])
	clear(e.queue[rest:])
	e.queue = e.queue[:rest]
	for _, o := range group {
		e.bytes -= o.size()
	}
	closed, more, e.hurry = e.closed, rest > 0, rest > 0
	e.met.depth.Set(float64(rest))
	e.met.bytes.Set(float64(e.bytes))
	e.mu.Unlock()
	return group, more, closed
}

// closedNow tells whether Close was called, for reads.
func (e *Engine) closedNow() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

func sinceSeconds(t time.Time) float64 { return time.Since(t).Seconds() }
