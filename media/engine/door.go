package engine

import "tandem/media"

// Orders beside media.Command that reach a worker through its mailbox.
type (
	// attach gives a stream's tap to its worker.
	attach struct {
		stream media.StreamID
		tap    tap
	}
	// give hands a stream over to another worker.
	give struct {
		stream media.StreamID
		to     *worker
	}
	// take stops the mailbox until the stream given by another worker is here.
	take struct{ stream media.StreamID }
	// answer only gives an event.
	answer struct{ event media.Event }
)

// order is a media.Command or one of the above.
type order any

// Do implements media.Engine. It finds the worker, moves a stream to the worker of the one that it is bridged with, and
// leaves the rest to the worker. All orders are posted under one lock, so that every worker sees them in the same order:
// that is why workers that wait for each other's streams cannot block each other for good.
func (e *Engine) Do(c media.Command) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || e.stopping.Err() != nil {
		return media.ErrClosed
	}
	for _, w := range e.workers {
		if len(w.mailbox) > cap(w.mailbox)-spare {
			e.metrics.busy.Inc()
			return media.ErrBusy
		}
	}
	switch c := c.(type) {
	case media.Open:
		e.openLocked(c)
	case media.Connect:
		e.connectLocked(c)
	case media.Monitor:
		e.monitorLocked(c)
	case media.Record:
		e.recordLocked(c)
	case media.PauseRecording:
		if r := e.recordings[c.Recording]; r != nil {
			r.rec.Pause(c.Paused)
		}
	case media.StopRecording:
		e.stopRecordingLocked(c)
	case media.Close:
		e.routeLocked(c.Stream).post(c)
		delete(e.routes, c.Stream)
	default:
		e.routeLocked(streamOf(c)).post(c)
	}
	return nil
}

// spare is how many orders one command may need in one mailbox.
const spare = 3

// routeLocked finds the worker of a stream. Unknown streams go to the first, which answers for them.
func (e *Engine) routeLocked(id media.StreamID) *worker {
	if w, ok := e.routes[id]; ok {
		return w
	}
	return e.workers[0]
}

// openLocked gives a new stream to the worker with the fewest.
func (e *Engine) openLocked(c media.Open) {
	why := ""
	if _, used := e.routes[c.Stream]; used || c.Stream == 0 {
		why = "stream id in use"
	} else if c.Browser {
		why = errNoBrowser.Error()
	}
	if why != "" {
		e.routeLocked(c.Stream).post(answer{media.OpenFailed{Stream: c.Stream, Why: media.NoSocket, Err: why}})
		return
	}
	best := e.workers[0]
	for _, w := range e.workers {
		if w.load.Load() < best.load.Load() {
			best = w
		}
	}
	best.load.Add(1)
	e.routes[c.Stream] = best
	best.post(c)
}

// connectLocked brings both streams to one worker and bridges them there.
func (e *Engine) connectLocked(c media.Connect) {
	if a, ok := e.routes[c.A]; ok {
		e.moveLocked(c.B, a)
	}
	e.routeLocked(c.A).post(c)
}

// moveLocked brings a stream to a worker, if it is elsewhere.
func (e *Engine) moveLocked(id media.StreamID, to *worker) {
	from, ok := e.routes[id]
	if !ok || from == to {
		return
	}
	from.post(give{id, to})
	to.post(take{id})
	e.routes[id] = to
	to.load.Add(1)
	from.load.Add(-1)
}

// streamOf is the stream that a command names.
func streamOf(c media.Command) media.StreamID {
	switch c := c.(type) {
	case media.Configure:
		return c.Stream
	case media.Describe:
		return c.Stream
	case media.Accept:
		return c.Stream
	case media.Disconnect:
		return c.Stream
	case media.Play:
		return c.Stream
	case media.Stop:
		return c.Stream
	case media.SendDigits:
		return c.Stream
	case media.DetectInband:
		return c.Stream
	case media.Monitor:
		return c.Stream
	case media.QueryStats:
		return c.Stream
	case media.Close:
		return c.Stream
	}
	return 0
}
