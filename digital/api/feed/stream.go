package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// ErrFull says that there are as many streams as there may be.
var ErrFull = errors.New("too many event streams")

// Oldest as a place to begin means the oldest event that is kept.
const Oldest = "oldest"

// Options are how streams behave. Zero fields take the default in brackets.
type Options struct {
	Source     string        // of the envelopes ["/tandem"]
	Most       int           // streams at once [256]
	Batch      int           // events read at once: all that is kept for a reader [100]
	Heartbeat  time.Duration // of silence until a comment is sent [15s]
	Patience   time.Duration // with a reader who does not read [10s]
	Life       time.Duration // of a stream: who resumes is proven anew [1h]
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Streams serves a feed to many readers.
type Streams struct {
	Options
	feed Feed
	open atomic.Int64
	m    *metrics
}

// NewStreams makes the streams of a feed.
func NewStreams(f Feed, o Options) *Streams {
	if o.Source == "" {
		o.Source = "/tandem"
	}
	if o.Most == 0 {
		o.Most = 256
	}
	if o.Batch == 0 {
		o.Batch = 100
	}
	if o.Heartbeat == 0 {
		o.Heartbeat = 15 * time.Second
	}
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	if o.Life == 0 {
		o.Life = time.Hour
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Streams{Options: o, feed: f, m: newMetrics(o.Registerer)}
}

// Stream is one reader's connection. It belongs to the goroutine of its request.
type Stream struct {
	s      *Streams
	filter Filter
	cursor string // of the last event that was read
	told   string // of the last one that the reader knows
}

// Open makes a stream that begins behind from (empty: with what happens from now on; Oldest), or tells why not: ErrFull, ErrGone, ErrCursor.
// Close must follow.
func (s *Streams) Open(filter Filter, from string) (*Stream, error) {
	var err error
	switch from {
	case "":
		from, err = s.feed.Last()
	case Oldest:
		from = ""
		_, err = s.feed.After("", 1)
	default:
		_, err = s.feed.After(from, 1)
	}
	if err != nil {
		return nil, err
	}
	if s.open.Add(1) > int64(s.Most) {
		s.open.Add(-1)
		s.m.full.Inc()
		return nil, ErrFull
	}
	s.m.streams.Inc()
	return &Stream{s: s, filter: filter, cursor: from, told: from}, nil
}

// Close frees the stream's place.
func (c *Stream) Close() {
	if c.s == nil {
		return
	}
	c.s.m.streams.Dec()
	c.s.open.Add(-1)
	c.s = nil
}

// Serve sends events until the reader goes, does not read for Patience, or the feed fails. The reader resumes with the last id it saw.
func (c *Stream) Serve(ctx context.Context, w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	rc := http.NewResponseController(w)
	if err := c.write(w, rc, []byte("retry: 2000\n\n")); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, c.s.Life)
	defer cancel()
	if err := c.run(ctx, w, rc); err != nil && ctx.Err() == nil {
		c.s.m.ended.Inc()
		c.s.Log.Info("event stream ended", "err", err)
	}
}

func (c *Stream) run(ctx context.Context, w http.ResponseWriter, rc *http.ResponseController) error {
	beat := time.NewTimer(c.s.Heartbeat)
	defer beat.Stop()
	for {
		changed := c.s.feed.Changed() // before After: what comes between wakes us
		more, err := c.batch(w, rc)
		if err != nil {
			return err
		}
		if more {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			continue
		}
		beat.Reset(c.s.Heartbeat)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-beat.C:
			if err := c.write(w, rc, c.beat()); err != nil {
				return err
			}
		}
	}
}

// beat is a sign of life. It carries the place of events that the filter kept from the reader, so that the reader resumes behind them.
func (c *Stream) beat() []byte {
	if c.told == c.cursor {
		return []byte(": still here\n\n")
	}
	c.told = c.cursor
	return []byte("id: " + oneLine(c.cursor) + "\n: still here\n\n")
}

// batch sends the next events; more tells that there were some.
func (c *Stream) batch(w http.ResponseWriter, rc *http.ResponseController) (more bool, err error) {
	events, err := c.s.feed.After(c.cursor, c.s.Batch)
	if err != nil {
		return false, err
	}
	if len(events) == 0 {
		return false, nil
	}
	var buf bytes.Buffer
	for _, e := range events {
		if !c.filter.Match(e) {
			continue
		}
		body, err := Marshal(c.s.Source, e)
		if err != nil {
			return false, err
		}
		fmt.Fprintf(&buf, "id: %s\nevent: %s\ndata: %s\n\n", oneLine(e.Cursor), oneLine(e.Type), body)
		c.told = e.Cursor
		c.s.m.sent.Inc()
	}
	c.cursor = events[len(events)-1].Cursor
	if buf.Len() == 0 {
		return true, nil
	}
	return true, c.write(w, rc, buf.Bytes())
}

// oneLine keeps a value from ending its field.
func oneLine(text string) string {
	out := []byte(text)
	for i, b := range out {
		if b < 0x20 || b == 0x7f {
			out[i] = '_'
		}
	}
	return string(out)
}

// write sends bytes, and gives up on a reader who takes none for too long.
func (c *Stream) write(w http.ResponseWriter, rc *http.ResponseController, b []byte) error {
	if err := rc.SetWriteDeadline(time.Now().Add(c.s.Patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := w.Write(b); err != nil {
		return err
	}
	if err := rc.Flush(); err != nil {
		return err
	}
	if err := rc.SetWriteDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) { // HTTP/2 would end a silent stream
		return err
	}
	return nil
}
