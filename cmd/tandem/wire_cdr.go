package main

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"tandem/cmd/tandem/config"
	"tandem/store"
	"tandem/store/cdr"
	"tandem/store/journey"
)

// cdrWriter writes the call detail record of each call whose end is durable: a fold of the call's timeline.
type cdrWriter struct {
	store store.Store
	log   *slog.Logger
	queue chan journey.Event
	done  sync.WaitGroup

	mu   sync.Mutex
	file *cdr.File // guarded by mu; nil: none are written
}

// cdrQueue bounds the calls that wait for their line; above it a call's line is left out, loudly: the timeline has it.
const cdrQueue = 4096

func newCDRWriter(c config.CDR, st store.Store, log *slog.Logger) (*cdrWriter, error) {
	w := &cdrWriter{store: st, log: log, queue: make(chan journey.Event, cdrQueue)}
	if c.Path != "" {
		f, err := cdr.OpenFile(c.File())
		if err != nil {
			return nil, err
		}
		w.file = f
	}
	w.done.Go(w.run)
	return w, nil
}

// ended takes the event that ended a call, once it is durable.
func (w *cdrWriter) ended(ev journey.Event) {
	select {
	case w.queue <- ev:
	default:
		w.log.Error("CDR left out: too many wait", "call", ev.Interaction, "record", ev.Record)
	}
}

func (w *cdrWriter) run() {
	for ev := range w.queue {
		if err := w.write(ev); err != nil {
			w.log.Error("CDR not written", "call", ev.Interaction, "record", ev.Record, "err", err)
		}
	}
}

// timelinePage is how many events of a record are read at a time.
const timelinePage = 500

func (w *cdrWriter) write(ev journey.Event) error {
	w.mu.Lock()
	none := w.file == nil
	w.mu.Unlock()
	if none {
		return nil
	}
	var events []journey.Event
	for after := uint64(0); ; {
		page, err := w.store.Timeline(ev.Record, after, timelinePage)
		if err != nil {
			return err
		}
		for _, e := range page {
			if after = e.Seq; e.Interaction == ev.Interaction {
				events = append(events, e)
			}
		}
		if len(page) < timelinePage {
			break
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	var faults []error
	for _, line := range cdr.Fold(events) {
		faults = append(faults, w.file.Write(line, time.Now()))
	}
	return errors.Join(faults...)
}

// tick lets the file sync.
func (w *cdrWriter) tick(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file != nil {
		if err := w.file.Tick(now); err != nil {
			w.log.Error("CDR file not synced", "err", err)
		}
	}
}

// close writes what waits and closes the file. Nothing may call ended any more.
func (w *cdrWriter) close() {
	close(w.queue)
	w.done.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.file != nil {
		if err := w.file.Close(); err != nil {
			w.log.Error("CDR file not closed", "err", err)
		}
	}
}
