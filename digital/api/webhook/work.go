package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"tandem/digital/access"
	"tandem/digital/api/feed"
)

// job is what a worker does for one subscription: deliver events in order, or dead ones, and save the position.
type job struct {
	sub     storedSub
	pos     position
	version uint64
	events  []feed.Event
	dead    []string
	reached string // the position when all of it is done
}

// outcome is what came of a job.
type outcome struct {
	id            string
	pos           position
	version       uint64
	done          int // of the events: taken or buried
	taken, buried uint64
	tries         []Delivery
	stale         bool // somebody else has written the position
}

// longestAnswer is how much of an answer is read before its connection is used again.
const longestAnswer = 16 << 10

// longestAfter is the most that a receiver's Retry-After may ask for.
const longestAfter = time.Hour

func (d *Deliverer) work(ctx context.Context, j job) outcome {
	d.m.busy.Inc()
	defer d.m.busy.Dec()
	out := outcome{id: j.sub.ID, pos: j.pos, version: j.version}
	if len(j.dead) > 0 {
		d.revive(ctx, j, &out)
		return out
	}
	began := time.Now()
	for _, e := range j.events {
		if !d.deliver(ctx, j, e, &out) || time.Since(began) > d.Timeout {
			break // failed, or others wait for a worker
		}
	}
	if out.done == len(j.events) && ctx.Err() == nil {
		out.pos.Cursor = j.reached
	}
	d.save(ctx, &out)
	return out
}

// deliver tries one event; true if the next one may follow.
func (d *Deliverer) deliver(ctx context.Context, j job, e feed.Event, out *outcome) bool {
	try, after := d.try(ctx, j.sub, e, out.pos.Attempts+1)
	switch {
	case ctx.Err() != nil: // we are stopped: it does not count
		return false
	case try.Result == resultDelivered:
		out.tries = append(out.tries, try)
		out.pos = position{Cursor: e.Cursor}
		out.done++
		out.taken++
		return true
	}
	out.pos.Attempts++
	out.pos.Failures++
	out.pos.Due = time.Now().UTC().Add(max(d.pause(out.pos.Failures), min(after, longestAfter)))
	if try.Status == http.StatusGone {
		d.end(ctx, j.sub.ID, "the receiver answered 410 Gone")
	} else if out.pos.Attempts >= d.Attempts && d.bury(ctx, j.sub.ID, e, out.pos.Attempts, try) {
		try.Result = resultDead
		out.pos.Cursor, out.pos.Attempts = e.Cursor, 0
		out.done++
		out.buried++
		d.m.dead.Inc()
	}
	out.tries = append(out.tries, try)
	return false
}

// pause is how long to wait after so many failures in a row: doubling, with a fifth of jitter to both sides.
func (d *Deliverer) pause(failures int) time.Duration {
	p := d.First
	for range failures - 1 {
		if p *= 2; p >= d.Longest {
			p = d.Longest
			break
		}
	}
	return time.Duration(float64(p) * (0.8 + 0.4*rand.Float64()))
}

const (
	resultDelivered = "delivered"
	resultRetry     = "retry"
	resultDead      = "dead"
)

// try sends an event once. after is what the receiver asked for by Retry-After.
func (d *Deliverer) try(ctx context.Context, s storedSub, e feed.Event, attempt int) (t Delivery, after time.Duration) {
	t = Delivery{Event: eventID(e), Type: e.Type, At: time.Now().UTC(), Attempt: attempt, Result: resultRetry}
	var err error
	t.Status, after, err = d.post(ctx, s, e, t.At)
	took := time.Since(t.At)
	t.Millis = took.Milliseconds()
	switch {
	case err != nil:
		t.Error = reason(err)
	case t.Status/100 == 2:
		t.Result = resultDelivered
	default:
		t.Error = "answered " + strconv.Itoa(t.Status)
	}
	d.m.seconds.Observe(took.Seconds())
	d.m.attempts.WithLabelValues(t.Result).Inc()
	return t, after
}

// reason is why an attempt failed, without the URL: it may hold what is nobody's business.
func reason(err error) string {
	if errors.Is(err, ErrForbidden) {
		return ErrForbidden.Error()
	}
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "no answer in time"
	}
	var inner interface{ Unwrap() error }
	if errors.As(err, &inner) && inner.Unwrap() != nil {
		err = inner.Unwrap()
	}
	text := err.Error()
	return text[:min(len(text), 200)]
}

func eventID(e feed.Event) string {
	if e.ID != "" {
		return e.ID
	}
	return e.Cursor
}

func (d *Deliverer) post(ctx context.Context, s storedSub, e feed.Event, at time.Time) (status int, after time.Duration, err error) {
	body, err := feed.Marshal(d.Source, e)
	if err != nil {
		return 0, 0, err
	}
	signature, err := Sign(s.live(at), eventID(e), at, body)
	if err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, bytes.NewReader(body))
	if err != nil {
		return 0, 0, err
	}
	req.Header.Set("Content-Type", feed.ContentType)
	req.Header.Set("User-Agent", "tandem-webhook/1")
	req.Header.Set(HeaderID, eventID(e))
	req.Header.Set(HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(HeaderSignature, signature)
	resp, err := d.client.Do(req)
	if err != nil {
		return 0, 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, longestAnswer)) // so that the connection can be used again
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		after = time.Duration(min(seconds, int(longestAfter/time.Second))) * time.Second
	}
	return resp.StatusCode, after, nil
}

// save makes the position durable.
func (d *Deliverer) save(ctx context.Context, out *outcome) {
	version, err := d.put(context.WithoutCancel(ctx), access.Document{Key: posDocs + out.id, Version: out.version}, out.pos)
	switch {
	case errors.Is(err, access.ErrVersion):
		out.stale = true
	case err != nil:
		d.fault("position", out.id, err)
	default:
		out.version = version
	}
}

// bury puts an event on the list of the dead; the oldest go when there are too many.
func (d *Deliverer) bury(ctx context.Context, id string, e feed.Event, attempts int, try Delivery) bool {
	dead := storedDead{Body: e, Dead: Dead{ID: fmt.Sprintf("%016x", try.At.UnixNano()), Type: e.Type, Webhook: eventID(e), At: try.At,
		Attempts: attempts, Error: try.Error}}
	prefix := deadDocs + id + "/"
	if _, err := d.put(ctx, access.Document{Key: prefix + dead.ID}, dead); err != nil {
		d.fault("dead event", id, err)
		return false
	}
	all, err := d.Documents.List(ctx, prefix, "", d.MaxDead+1)
	if err == nil && len(all) > d.MaxDead {
		err = d.Documents.Delete(ctx, all[0].Key, 0)
	}
	if err != nil {
		d.fault("dead events", id, err)
	}
	d.Log.Warn("webhook: event given up", "webhook", id, "event", eventID(e), "err", try.Error)
	return true
}

// revive tries dead events again; what is taken leaves the list, and the first failure ends it.
func (d *Deliverer) revive(ctx context.Context, j job, out *outcome) {
	for _, id := range j.dead {
		key := deadDocs + j.sub.ID + "/" + id
		doc, err := d.Documents.Get(ctx, key)
		if errors.Is(err, access.ErrNotFound) {
			continue
		}
		var dead storedDead
		if err == nil {
			dead, err = decode[storedDead](doc)
		}
		if err != nil {
			d.fault("dead event", j.sub.ID, err)
			return
		}
		try, _ := d.try(ctx, j.sub, dead.Body, dead.Attempts+1)
		out.tries = append(out.tries, try)
		if try.Result != resultDelivered {
			return
		}
		out.taken++
		if err := d.Documents.Delete(ctx, key, 0); err != nil && !errors.Is(err, access.ErrNotFound) {
			d.fault("dead event", j.sub.ID, err)
			return
		}
	}
}

// end disables a subscription whose receiver wants no more.
func (d *Deliverer) end(ctx context.Context, id, why string) {
	_, err := d.change(ctx, id, 0, func(s *storedSub) error {
		s.Disabled, s.Why = true, why
		return nil
	})
	if err != nil {
		d.fault("disable", id, err)
	}
}
