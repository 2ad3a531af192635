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
	"tandem/media/codec"
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
	r, err := t.gateway.Record(ctx, t.record)
	if err != nil {
		return "", err
	}
	name := ""
	for _, e := range eventsOf(r, t.id) {
		if e.Kind == string(journey.RecordingStarted) {
			name = e.Data[journey.DataRecording]
		}
	}
	if name == "" {
		return "", errors.New("the record names none")
	}
	var saw string
	var last error
	err = poll(ctx, 3*time.Second, func() (bool, error) { // its end is written after the call's
		saw, last = t.judgeRecording(filepath.Join(t.cfg.Recordings.Path, filepath.Base(name)))
		return last == nil || errors.Is(last, errUnseen), nil
	})
	if err != nil {
		return "", last
	}
	return saw, last
}

// judgeRecording looks for each tone on its side.
func (t *trial) judgeRecording(path string) (string, error) {
	w, err := mediatest.ReadWAV(path)
	if errors.Is(err, fs.ErrNotExist) && !t.own {
		return "", fmt.Errorf("%w: the gateway keeps recordings elsewhere than %s", errUnseen, filepath.Dir(path))
	}
	if err != nil {
		return "", err
	}
	if len(w.Channels) != 2 {
		return "", fmt.Errorf("%s: %d channels, want 2", filepath.Base(path), len(w.Channels))
	}
	left, right := loudest(w.Channels[0], w.Rate, callerTone), loudest(w.Channels[1], w.Rate, agentTone)
	saw := fmt.Sprintf("%s, %.1f and %.1f dBm0", filepath.Base(path), left, right)
	if !near(left) || !near(right) {
		return "", fmt.Errorf("%s, but %.1f were sent", saw, trialLevel)
	}
	return saw, nil
}

// loudest is the level of a tone in the tenth of a second that holds most of it.
func loudest(samples []int16, rate int, hz float64) float64 {
	most, n := codec.Floor, rate/10
	for from := 0; from+n <= len(samples); from += n {
		most = max(most, mediatest.Find(samples[from:from+n], hz))
	}
	return most
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
