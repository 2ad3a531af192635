package engine

import (
	"tandem/media"
	"tandem/media/record"
)

// tap is where a stream's received audio is written.
type tap = *record.Tap

// recording is a running one. Guarded by Engine.mu.
type recording struct {
	rec         *record.Recording
	left, right media.StreamID
}

// recordLocked starts a recording, or names the right side of one that runs.
func (e *Engine) recordLocked(c media.Record) {
	r := e.recordings[c.Recording]
	if r != nil {
		if r.right == 0 && c.Right != 0 {
			r.right = c.Right
			e.attachLocked(c.Right, r.rec.Right())
		}
		return
	}
	w, ok := e.routes[c.Left]
	if !ok {
		e.workers[0].post(answer{media.RecordingEnded{Stream: c.Left, Recording: c.Recording, Err: errUnknownStream.Error()}})
		return
	}
	rec, err := e.recorder.Begin(record.Spec{ID: uint64(c.Recording), Path: c.Path})
	if err != nil {
		w.post(answer{media.RecordingEnded{Stream: c.Left, Recording: c.Recording, Err: err.Error()}})
		return
	}
	e.recordings[c.Recording] = &recording{rec: rec, left: c.Left, right: c.Right}
	e.attachLocked(c.Left, rec.Left())
	if c.Right != 0 {
		e.attachLocked(c.Right, rec.Right())
	}
}

func (e *Engine) attachLocked(id media.StreamID, t tap) {
	e.routeLocked(id).post(attach{id, t})
}

func (e *Engine) stopRecordingLocked(c media.StopRecording) {
	if r := e.recordings[c.Recording]; r != nil {
		r.rec.End()
		return
	}
	e.workers[0].post(answer{media.RecordingEnded{Recording: c.Recording, Err: errUnknownRecording.Error()}})
}

// forwardReports makes events of the recorder's reports. It may wait for the reader of events; nothing waits for it but
// the recorder's own reports. Once the engine ends it waits no more.
func (e *Engine) forwardReports() {
	for report := range e.recorder.Reports() {
		ev := e.reported(report)
		if ev == nil {
			continue
		}
		select {
		case e.events <- ev:
			continue
		default:
		}
		select {
		case e.events <- ev:
		case <-e.stopping.Done():
		}
	}
}

// reported turns a report into its event, and forgets a recording that ended.
func (e *Engine) reported(report record.Report) media.Event {
	id := media.RecordingID(report.ID)
	e.mu.Lock()
	defer e.mu.Unlock()
	r := e.recordings[id]
	if r == nil {
		return nil
	}
	about := r.left
	if e.routes[r.left] == nil && e.routes[r.right] == nil {
		about = 0
	}
	if report.Began {
		return media.RecordingBegan{Stream: about, Recording: id}
	}
	delete(e.recordings, id)
	e.metrics.recordDropped.Add(float64(report.Dropped))
	ev := media.RecordingEnded{Stream: about, Recording: id, Length: report.Length, Dropped: report.Dropped}
	if report.Err != nil {
		ev.Err = report.Err.Error()
	}
	return ev
}
