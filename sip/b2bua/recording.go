package b2bua

import (
	"path/filepath"
	"slices"

	"tandem/media"
	"tandem/store/journey"
)

// recording is the call's recording: the caller on the left channel, whom he talks to on the right.
type recording struct {
	id     media.RecordingID // 0: none
	paused bool
	file   string // name below Config.Recordings
}

// startRecording begins to record a bridged call where the configuration wants it.
func (c *Call) startRecording() {
	if c.sw.cfg.Recordings != "" && c.sw.cfg.RecordAll {
		c.recordCommand(RecordStart)
	}
}

// recordCommand performs one order about the recording.
func (c *Call) recordCommand(do RecordDo) {
	switch {
	case do == RecordStart && c.rec.id == 0 && c.state == callConnected && c.peer != nil && c.sw.cfg.Recordings != "":
		c.rec = recording{id: c.sw.newRecording(), file: c.recordingName()}
		path := filepath.Join(c.sw.cfg.Recordings, c.rec.file)
		c.sw.recordings.put(c.rec.id, c)
		c.media(media.Record{Recording: c.rec.id, Left: c.caller.stream, Right: c.peer.stream, Path: path})
	case do == RecordStop:
		c.stopRecording()
	case do == RecordPause && c.rec.id != 0 && !c.rec.paused, do == RecordResume && c.rec.id != 0 && c.rec.paused:
		c.rec.paused = !c.rec.paused
		c.media(media.PauseRecording{Recording: c.rec.id, Paused: c.rec.paused})
		kind := journey.RecordingResumed
		if c.rec.paused {
			kind = journey.RecordingPaused
		}
		c.journal(kind, "system", nil)
	}
}

// recordingName is unique: a call may be recorded more than once.
func (c *Call) recordingName() string {
	return c.now.UTC().Format("2006-01-02T150405.000") + "_" + c.id + ".wav"
}

func (c *Call) stopRecording() {
	if c.rec.id == 0 {
		return
	}
	c.media(media.StopRecording{Recording: c.rec.id})
	c.finishing, c.rec = append(c.finishing, c.rec), recording{} // its last word is still to come
}

// fileOf is the name of a recording of this call.
func (c *Call) fileOf(id media.RecordingID) string {
	if c.rec.id == id {
		return c.rec.file
	}
	for _, r := range c.finishing {
		if r.id == id {
			return r.file
		}
	}
	return ""
}

// onRecording journals what the engine says about a recording.
func (c *Call) onRecording(e media.Event) {
	switch e := e.(type) {
	case media.RecordingBegan:
		c.journal(journey.RecordingStarted, "system", map[string]string{journey.DataRecording: c.fileOf(e.Recording)})
	case media.RecordingEnded:
		data := map[string]string{journey.DataRecording: c.fileOf(e.Recording), "length": e.Length.String()}
		if e.Err != "" {
			data["err"] = e.Err
			c.log.Error("recording ended early", "err", e.Err)
		}
		c.journal(journey.RecordingStopped, "system", data)
		c.recordingGone(e.Recording)
	}
}

func (c *Call) recordingGone(id media.RecordingID) {
	c.sw.recordings.remove(id)
	if id == c.rec.id {
		c.rec = recording{}
	}
	c.finishing = slices.DeleteFunc(c.finishing, func(r recording) bool { return r.id == id })
}
