package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"tandem/media"
	"tandem/media/prompt"
	"tandem/media/record"
)

var _ media.Engine = (*Engine)(nil)

// Engine implements media.Engine. It may be used by everybody at once.
type Engine struct {
	cfg      Config
	began    time.Time // zero of all durations
	cname    []byte    // of our RTCP packets, the same for all streams
	prompts  atomic.Pointer[prompt.Library]
	ports    *portPool
	recorder *record.Recorder
	workers  []*worker
	events   chan media.Event
	metrics  *metrics

	stop     context.CancelFunc
	stopping context.Context
	served   atomic.Bool
	ended    chan struct{}

	mu         sync.Mutex // guards all below; never held across anything that waits
	closed     bool
	routes     map[media.StreamID]*worker
	recordings map[media.RecordingID]*recording
}

// New makes an engine. Serve runs it.
func New(cfg Config) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	recorder, err := record.New(cfg.Record)
	if err != nil {
		return nil, err
	}
	var name [6]byte
	rand.Read(name[:])
	e := &Engine{cfg: cfg, began: time.Now(), cname: []byte(hex.EncodeToString(name[:])), recorder: recorder,
		ports:  newPortPool(int(cfg.PortMin), int(cfg.PortMax), cfg.Drain),
		events: make(chan media.Event, cfg.Events), ended: make(chan struct{}),
		routes: map[media.StreamID]*worker{}, recordings: map[media.RecordingID]*recording{}}
	e.prompts.Store(cfg.Prompts)
	e.stopping, e.stop = context.WithCancel(context.Background())
	for range cfg.Workers {
		w, err := newWorker(e)
		if err != nil {
			e.release()
			return nil, fmt.Errorf("media engine: worker: %w", err)
		}
		e.workers = append(e.workers, w)
	}
	if e.metrics, err = newMetrics(e); err != nil {
		e.release()
		return nil, err
	}
	return e, nil
}

// SetPrompts replaces the prompt library. Playbacks that run keep what they have.
func (e *Engine) SetPrompts(l *prompt.Library) { e.prompts.Store(l) }

// Events implements media.Engine.
func (e *Engine) Events() <-chan media.Event { return e.events }

// Serve runs the engine until ctx ends, Close is called, or a worker fails, which is the error. It can be called once.
func (e *Engine) Serve(ctx context.Context) error {
	if !e.served.CompareAndSwap(false, true) {
		if e.stopping.Err() != nil {
			return nil // closed before it began
		}
		return errors.New("media engine: served twice")
	}
	defer close(e.ended)
	defer context.AfterFunc(ctx, e.stop)()
	recording, endRecording := context.WithCancel(context.Background())
	var workers, records sync.WaitGroup
	records.Go(func() { e.recorder.Serve(recording) })
	records.Go(e.forwardReports)
	failed := make([]error, len(e.workers))
	for i, w := range e.workers {
		workers.Go(func() {
			if failed[i] = w.serve(); failed[i] != nil {
				e.stop() // half an engine would lose calls in silence
			}
		})
	}
	<-e.stopping.Done()
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	for _, w := range e.workers {
		w.wake()
	}
	workers.Wait()
	endRecording()
	records.Wait()
	e.release()
	close(e.events)
	return errors.Join(failed...)
}

// Close ends everything and waits for it. Streams that are open are ended without events.
func (e *Engine) Close() error {
	e.stop()
	if e.served.CompareAndSwap(false, true) {
		e.release()
		close(e.events)
		close(e.ended)
	}
	<-e.ended
	return nil
}

// release closes all file descriptors.
func (e *Engine) release() {
	e.stop()
	e.mu.Lock()
	e.closed = true
	e.mu.Unlock()
	for _, w := range e.workers {
		w.close()
	}
	e.ports.close()
	if e.metrics != nil {
		e.metrics.unregister()
	}
}

// forget removes a stream that never came to be.
func (e *Engine) forget(id media.StreamID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.routes, id)
}
