package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/media/mediatest"
	"tandem/store/journey"
)

// told is how the timeline of the trial's call goes, in this order, other lines between.
var told = []journey.Kind{
	journey.InteractionStarted, journey.FlowEntered, journey.StepInput, journey.Enqueued, journey.Offered, journey.Accepted,
	journey.Connected, journey.InteractionEnded,
}

func (t *trial) checkRecord(ctx context.Context) (string, error) {
	var missing journey.Kind
	var events []control.Event
	err := poll(ctx, 3*time.Second, func() (bool, error) {
		r, err := t.gateway.Record(ctx, t.record)
		events = eventsOf(r, t.id)
		missing = missingOf(events)
		return missing == "", err
	})
	if err != nil {
		return "", fmt.Errorf("%s: no line %q in its place: %w", t.record, missing, err)
	}
	for _, e := range events {
		if by := e.Data[journey.DataBy]; e.Kind == string(journey.InteractionEnded) && by != "caller" {
			return "", fmt.Errorf("%s: ended by %q, but the caller hung up", t.record, by)
		}
	}
	return fmt.Sprintf("%s, %d lines", t.record, len(events)), nil
}

func eventsOf(r control.Record, call string) (list []control.Event) {
	for _, e := range r.Events {
		if e.Interaction == call {
			list = append(list, e)
		}
	}
	return list
}

// missingOf is the first kind that does not come in its order, empty if all do.
func missingOf(events []control.Event) journey.Kind {
	n := 0
	for _, e := range events {
		if n < len(told) && e.Kind == string(told[n]) {
			n++
		}
	}
	if n == len(told) {
		return ""
	}
	return told[n]
}

func (t *trial) checkRecording(ctx context.Context) (string, error) {
	if !t.cfg.Recordings.On {
		return "", fmt.Errorf("%w: recordings are off", errUnseen)
	}
	name := ""
	err := poll(ctx, 5*time.Second, func() (bool, error) {
		r, err := t.gateway.Record(ctx, t.record)
		stopped := false
		for _, e := range eventsOf(r, t.id) {
			if e.Kind == string(journey.RecordingStarted) {
				name = e.Data[journey.DataRecording]
			}
			stopped = stopped || e.Kind == string(journey.RecordingStopped)
		}
		return stopped, err
	})
	if err != nil {
		return "", fmt.Errorf("the recording %q is not closed: %w", name, err)
	}
	return t.judgeRecording(filepath.Join(t.cfg.Recordings.Path, filepath.Base(name)))
}

// judgeRecording looks for both tones in the last half second before the end.
func (t *trial) judgeRecording(path string) (string, error) {
	w, err := mediatest.ReadWAV(path)
	if errors.Is(err, fs.ErrNotExist) && !t.own {
		return "", fmt.Errorf("%w: the gateway keeps recordings elsewhere than %s", errUnseen, filepath.Dir(path))
	}
	if err != nil {
		return "", err
	}
	if len(w.Channels) != 2 || len(w.Channels[0]) < w.Rate/2 {
		return "", fmt.Errorf("%s: want half a second of stereo", filepath.Base(path))
	}
	loudest := [2]float64{-99, -99}
	for i, hz := range []float64{callerTone, agentTone} {
		samples := w.Channels[i]
		for from := 0; from+w.Rate/4 <= len(samples); from += w.Rate / 4 {
			loudest[i] = max(loudest[i], mediatest.Find(samples[from:from+w.Rate/4], hz))
		}
	}
	saw := fmt.Sprintf("%s, %.1f and %.1f dBm0", filepath.Base(path), loudest[0], loudest[1])
	if !near(loudest[0]) || !near(loudest[1]) {
		return "", fmt.Errorf("%s, but %.1f were sent", saw, trialLevel)
	}
	return saw, nil
}

func (t *trial) checkCDR(ctx context.Context) (string, error) {
	path := t.cfg.CDR.Path
	if path == "" {
		return "", fmt.Errorf("%w: none are written", errUnseen)
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && !t.own {
		return "", fmt.Errorf("%w: the gateway keeps them elsewhere than %s", errUnseen, path)
	}
	err := poll(ctx, 3*time.Second, func() (bool, error) { return mentions(path, t.id) })
	if err != nil {
		return "", fmt.Errorf("%s: no line of %s: %w", path, t.id, err)
	}
	return "", nil
}

// mentions tells whether a line of a file names the call.
func mentions(path, call string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if strings.Contains(lines.Text(), call) {
			return true, nil
		}
	}
	return false, lines.Err()
}
