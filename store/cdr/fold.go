package cdr

import (
	"math"
	"strconv"
	"time"

	"tandem/store/journey"
)

// Fold makes one CDR for each voice interaction that its events tell of, in the order in which they started.
func Fold(events []journey.Event) []CDR {
	var list []*folding
	byCall := map[string]*folding{}
	for _, e := range events {
		if e.Interaction == "" {
			continue
		}
		f := byCall[e.Interaction]
		if f == nil && e.Kind == journey.InteractionStarted {
			f = &folding{cdr: CDR{Call: e.Interaction, Record: e.Record, Channel: string(e.Channel), Outcome: Running}}
			byCall[e.Interaction] = f
			list = append(list, f)
		}
		if f != nil {
			f.step(e)
		}
	}
	out := make([]CDR, len(list))
	for i, f := range list {
		out[i] = f.finish()
	}
	return out
}

// folding is a CDR on its way, with the spans that are open. A zero begin means that the span is not open.
type folding struct {
	cdr                    CDR
	wait, ring, talk, hold span
	abandoned              bool
}

type span struct {
	begin time.Time
	total time.Duration
}

func (s *span) open(at time.Time) {
	if s.begin.IsZero() {
		s.begin = at
	}
}

func (s *span) close(at time.Time) {
	if !s.begin.IsZero() && at.After(s.begin) {
		s.total += at.Sub(s.begin)
	}
	s.begin = time.Time{}
}

func (s *span) seconds() int { return int(math.Round(s.total.Seconds())) }

func (f *folding) step(e journey.Event) {
	switch e.Kind {
	case journey.InteractionStarted:
		f.started(e)
	case journey.FlowEntered:
		f.entered(e)
	case journey.StepInput:
		f.path(e.Data[journey.DataFlow], e.Data[journey.DataStep])
	case journey.Enqueued, journey.Requeued:
		f.enqueued(e)
	case journey.Offered, journey.Dialled:
		f.offered(e)
	case journey.OfferExpired:
		f.cdr.Missed++
		f.ring.close(e.At)
	case journey.OfferDeclined, journey.OfferFailed, journey.OfferWithdrawn:
		f.ring.close(e.At)
	case journey.Accepted:
		f.wait.close(e.At)
	case journey.Connected:
		f.connected(e)
	case journey.Held:
		f.talk.close(e.At)
		f.hold.open(e.At)
	case journey.Resumed:
		f.hold.close(e.At)
		f.talk.open(e.At)
	case journey.WrapUpStarted:
		f.talk.close(e.At)
		f.hold.close(e.At)
	case journey.Transferred:
		f.cdr.Transfers++
	case journey.RecordingStarted:
		set(&f.cdr.Recording, e.Data[journey.DataRecording])
	case journey.Abandoned:
		f.abandoned = true
		f.wait.close(e.At)
		f.ring.close(e.At)
	case journey.InteractionEnded:
		f.ended(e)
	}
}

func set(to *string, v string) {
	if v != "" {
		*to = v
	}
}

func (f *folding) started(e journey.Event) {
	d := e.Data
	f.cdr.Started = e.At
	f.cdr.Caller, f.cdr.CallerName, f.cdr.Called = d[journey.DataCaller], d[journey.DataCallerName], d[journey.DataCalled]
	f.cdr.Trunk, f.cdr.Direction, f.cdr.Endpoint = d[journey.DataTrunk], d[journey.DataDirection], d[journey.DataEndpoint]
}

func (f *folding) entered(e journey.Event) {
	if f.cdr.Answered.IsZero() {
		f.cdr.Answered = e.At
	}
	f.path(e.Data[journey.DataFlow], e.Data[journey.DataStep])
}

// maxPath bounds the path of one CDR; a caller who goes in circles is cut there.
const maxPath = 64

func (f *folding) path(flow, step string) {
	place := flow
	if step != "" {
		place += "/" + step
	}
	n := len(f.cdr.Path)
	if place != "" && n < maxPath && (n == 0 || f.cdr.Path[n-1] != place) {
		f.cdr.Path = append(f.cdr.Path, place)
	}
}

func (f *folding) enqueued(e journey.Event) {
	f.ring.close(e.At)
	f.talk.close(e.At)
	f.hold.close(e.At)
	f.wait.open(e.At)
	if f.cdr.Queued.IsZero() {
		f.cdr.Queued = e.At
	}
	set(&f.cdr.Queue, e.Data[journey.DataQueue])
}

func (f *folding) offered(e journey.Event) {
	f.cdr.Offers++
	f.ring.open(e.At)
	set(&f.cdr.Endpoint, e.Data[journey.DataEndpoint])
	if e.Kind == journey.Dialled {
		set(&f.cdr.Trunk, e.Data[journey.DataTrunk])
	}
}

func (f *folding) connected(e journey.Event) {
	f.wait.close(e.At)
	f.ring.close(e.At)
	f.talk.open(e.At)
	if f.cdr.Answered.IsZero() {
		f.cdr.Answered = e.At
	}
	if f.cdr.Connected.IsZero() {
		f.cdr.Connected = e.At
	}
	set(&f.cdr.Agent, e.Data[journey.DataAgent])
}

func (f *folding) ended(e journey.Event) {
	for _, s := range []*span{&f.wait, &f.ring, &f.talk, &f.hold} {
		s.close(e.At)
	}
	d := e.Data
	f.cdr.Ended, f.cdr.By, f.cdr.Codec = e.At, d[journey.DataBy], d[journey.DataCodec]
	f.cdr.Cause, _ = strconv.Atoi(d[journey.DataCause])
	if f.cdr.Status, _ = strconv.Atoi(d[journey.DataStatus]); f.cdr.Status != 0 {
		f.cdr.Answered = time.Time{} // a flow was entered that never answered
	}
	f.cdr.MOS, f.cdr.Loss, f.cdr.Jitter = figure(d[journey.DataMOS]), figure(d[journey.DataLoss]), figure(d[journey.DataJitter])
}

// figure reads a figure; what is no finite number counts as unknown, for JSON has no word for it.
func figure(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

func (f *folding) finish() CDR {
	c := f.cdr
	c.Wait, c.Ring, c.Talk, c.Hold = f.wait.seconds(), f.ring.seconds(), f.talk.seconds(), f.hold.seconds()
	if c.Ended.IsZero() {
		return c
	}
	c.Duration = wholeSeconds(c.Started, c.Ended)
	if !c.Answered.IsZero() {
		c.Billed = wholeSeconds(c.Answered, c.Ended)
	}
	c.Outcome = f.outcome()
	return c
}

func wholeSeconds(from, to time.Time) int { return max(0, int(math.Round(to.Sub(from).Seconds()))) }

// outcome reads the Q.850 cause where nobody answered: 17 busy, 18 and 19 no answer, 16 the caller gave up.
func (f *folding) outcome() Outcome {
	switch {
	case !f.cdr.Connected.IsZero():
		return Answered
	case f.abandoned:
		return Abandoned
	case !f.cdr.Answered.IsZero():
		return Flow
	}
	switch f.cdr.Cause {
	case 17:
		return Busy
	case 16, 18, 19:
		return NoAnswer
	}
	return Failed
}
