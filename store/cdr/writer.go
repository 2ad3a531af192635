package cdr

import (
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/store"
	"tandem/store/journey"
)

// Timeline reads up to limit events of a record, in order, from the one behind seq after.
type Timeline func(record string, after uint64, limit int) ([]journey.Event, error)

// Writer writes the CDR of each call whose end is durable, one after the other. A call that timeline or file refuse is tried
// until they are well again, or until Close: a full disk delays a CDR and does not cost it. Safe for concurrent use.
type Writer struct {
	file     *File // owned by run
	timeline Timeline
	safe     func([]journey.Event)
	log      *slog.Logger
	queue    chan journey.Event
	written  []journey.Event // not told to safe yet; owned by run
	closing  chan struct{}
	done     sync.WaitGroup

	failed, leftOut prometheus.Counter
}

// WriterQueue bounds the calls that wait for their line; above it a call's line is left out, loudly: the timeline has it.
const WriterQueue = 1 << 16

// retryEvery is how long a Writer waits after a failure. tickEvery is how often a file may sync while no CDR comes.
const (
	retryEvery = time.Second
	tickEvery  = time.Second
	tellMost   = 256 // lines that are told of together, or more
)

// NewWriter starts a Writer, which owns the file from now on. safe hears of calls whose line needs nobody's care any more: it is written,
// and synced as configured, or can never be written.
func NewWriter(f *File, timeline Timeline, safe func([]journey.Event), log *slog.Logger, reg prometheus.Registerer) *Writer {
	w := &Writer{file: f, timeline: timeline, safe: safe, log: log, queue: make(chan journey.Event, WriterQueue), closing: make(chan struct{})}
	w.failed = prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_cdr_failed_total", Help: "Attempts to write a CDR that failed; they are repeated."})
	w.leftOut = prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_cdr_left_out_total", Help: "Calls without a CDR: too many waited, or none could be written until the end."})
	waiting := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tandem_cdr_waiting_calls", Help: "Ended calls that wait for their CDR."},
		func() float64 { return float64(len(w.queue)) })
	if reg != nil {
		reg.MustRegister(w.failed, w.leftOut, waiting)
	}
	w.done.Go(w.run)
	return w
}

// Ended takes the event that ended a call, once it is durable. It never blocks.
func (w *Writer) Ended(ev journey.Event) {
	select {
	case w.queue <- ev:
	default:
		w.leave(ev, errors.New("too many wait"))
	}
}

// Waiting is how many calls wait for their line.
func (w *Writer) Waiting() int { return len(w.queue) }

func (w *Writer) leave(ev journey.Event, why error) {
	w.leftOut.Inc()
	w.log.Error("CDR left out", "call", ev.Interaction, "record", ev.Record, "err", why)
}

func (w *Writer) run() {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	defer w.tell()
	for {
		select {
		case ev, more := <-w.queue:
			if !more {
				return
			}
			w.write(ev)
		case <-tick.C:
		}
		if err := w.file.Tick(time.Now()); err != nil {
			w.log.Error("CDR file not synced", "err", err)
		}
		w.tell()
	}
}

// tell tells of the lines that are safe, many at a time.
func (w *Writer) tell() {
	if len(w.written) > 0 && w.file.Safe() && (len(w.queue) == 0 || len(w.written) >= tellMost) {
		w.safe(w.written)
		w.written = nil
	}
}

// write tries until each line of the call stands in the file.
func (w *Writer) write(ev journey.Event) {
	lines, err := w.fold(ev)
	for tries := 1; ; tries++ {
		for err == nil && len(lines) > 0 {
			if err = w.file.Write(lines[0]); err == nil {
				lines = lines[1:]
			}
		}
		if err == nil {
			if tries > 1 {
				w.log.Info("CDRs are written again", "tries", tries)
			}
			w.written = append(w.written, ev)
			return
		}
		w.failed.Inc()
		if lines == nil && !errors.Is(err, store.ErrUnhealthy) && !errors.Is(err, store.ErrBusy) {
			w.leave(ev, err) // the timeline is not to be had, and later would be no better
			w.written = append(w.written, ev)
			return
		}
		if tries == 1 {
			w.log.Error("CDR not written, trying again", "call", ev.Interaction, "record", ev.Record, "err", err)
		}
		select {
		case <-time.After(retryEvery):
		case <-w.closing:
			w.leave(ev, err)
			return
		}
		if err = nil; lines == nil {
			lines, err = w.fold(ev)
		}
	}
}

// timelinePage is how many events of a record are read at a time.
const timelinePage = 500

// fold reads the call's events. Without an error it gives a list that is not nil.
func (w *Writer) fold(ev journey.Event) ([]CDR, error) {
	var events []journey.Event
	for after := uint64(0); ; {
		page, err := w.timeline(ev.Record, after, timelinePage)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if after = e.Seq; e.Interaction == ev.Interaction {
				events = append(events, e)
			}
		}
		if len(page) < timelinePage {
			return Fold(events), nil
		}
	}
}

// Close writes what waits, each call tried once more, and closes the file. Nothing may call Ended any more.
func (w *Writer) Close() error {
	close(w.closing)
	close(w.queue)
	w.done.Wait()
	err := w.file.Close()
	if err == nil {
		w.tell()
	}
	return err
}
