package desk

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"
)

// link is one page's socket: its reader runs in the HTTP handler, its writer beside it.
type link struct {
	s      *Server
	person Person
	conn   *websocket.Conn
	queue  chan out
	limit  *rate.Limiter
	shown  watch // guarded by the Server
	ended  chan struct{}
	once   sync.Once
	code   websocket.StatusCode // set before ended is closed
	reason string
}

func newLink(s *Server, p Person, conn *websocket.Conn) *link {
	return &link{s: s, person: p, conn: conn, queue: make(chan out, queueLength),
		limit: rate.NewLimiter(framesPerSecond, framesAtOnce), ended: make(chan struct{})}
}

// end closes the link, once; the first reason counts.
func (l *link) end(code websocket.StatusCode, reason string) {
	l.once.Do(func() {
		l.code, l.reason = code, reason
		close(l.ended)
	})
}

// send queues a frame; it never waits. A page that does not read is closed.
func (l *link) send(o out) {
	select {
	case l.queue <- o:
	default:
		l.s.cfg.Metrics.slow.Inc()
		l.end(statusTooSlow, "the page does not read")
	}
}

// serve runs the link until the page goes or is closed.
func (l *link) serve(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var writer sync.WaitGroup
	writer.Go(func() {
		defer cancel()
		l.write(ctx)
	})
	l.s.join(l)
	l.read(ctx)
	l.s.leave(l)
	l.end(websocket.StatusNormalClosure, "")
	writer.Wait()
	_ = l.conn.CloseNow()
}

func (l *link) write(ctx context.Context) {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.ended:
			_ = l.conn.Close(l.code, l.reason)
			return
		case o := <-l.queue:
			if l.put(ctx, o) != nil {
				return
			}
		case <-ping.C:
			wait, done := context.WithTimeout(ctx, writeTimeout)
			err := l.conn.Ping(wait)
			done()
			if err != nil {
				return
			}
		}
	}
}

func (l *link) put(ctx context.Context, o out) error {
	raw, err := json.Marshal(o)
	if err != nil {
		l.s.cfg.Log.Error("desk: frame not written", "t", o.T, "err", err)
		return nil
	}
	wait, done := context.WithTimeout(ctx, writeTimeout)
	defer done()
	l.s.cfg.Metrics.frames.WithLabelValues("out").Inc()
	return l.conn.Write(wait, websocket.MessageText, raw)
}

// read handles frames until the page goes.
func (l *link) read(ctx context.Context) {
	for {
		kind, raw, err := l.conn.Read(ctx)
		if err != nil {
			return
		}
		l.s.cfg.Metrics.frames.WithLabelValues("in").Inc()
		if l.limit.Tokens() < 1 {
			l.s.cfg.Metrics.paced.Inc()
		}
		if l.limit.Wait(ctx) != nil { // a page that asks too fast is read more slowly: nothing that it said is lost
			return
		}
		var f in
		if kind != websocket.MessageText || json.Unmarshal(raw, &f) != nil {
			l.fail("", ErrInvalid)
			continue
		}
		l.handle(f)
	}
}

func (l *link) handle(f in) {
	do, ok := frames[f.T]
	if !ok {
		l.fail(f.ID, errUnknown)
		return
	}
	if do.agents && l.person.Agent == "" || do.watchers && !l.person.watches() {
		l.fail(f.ID, ErrDenied)
		return
	}
	answer, err := do.do(l.s.cfg.Rooms, l.person, f)
	if f.T == "story" {
		l.s.shows(l, answer.Story)
	}
	if err != nil {
		l.fail(f.ID, err)
		return
	}
	if answer.T == "" {
		answer.T = "ack"
	}
	answer.Re = f.ID
	l.send(answer)
}

// codes are the words for errors that a page may act upon.
var codes = []struct {
	err  error
	code string
}{
	{ErrGone, "gone"}, {ErrRefused, "refused"}, {ErrDenied, "denied"}, {ErrInvalid, "invalid"}, {ErrBusy, "busy"}, {errUnknown, "unknown"},
}

// fail answers a request with an error: what the user may know, and no more.
func (l *link) fail(re string, err error) {
	code, text := "internal", "something went wrong; it was noted"
	for _, c := range codes {
		if errors.Is(err, c.err) {
			code, text = c.code, err.Error()
		}
	}
	if code == "internal" {
		l.s.cfg.Log.Error("desk request failed", "user", l.person.User, "err", err)
	}
	l.s.cfg.Metrics.faults.WithLabelValues(code).Inc()
	l.send(out{T: "error", Re: re, Code: code, Text: text})
}
