package webchat

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/time/rate"
)

// Where a proxy breaks WebSocket, a page takes our frames as server-sent events and posts its own:
//
//	POST <path>/session  a hello frame; answered by {token, conversation}
//	GET  <path>/stream   Authorization: Bearer <token>, ?after=<sequence>; each event's data is a frame
//	POST <path>/frame    Authorization: Bearer <token>; any other frame; what answers it comes by the stream

// stream is the writing side of such a page. Its handler's goroutine is its only writer.
type stream struct {
	w    http.ResponseWriter
	out  *http.ResponseController
	poke chan struct{} // holds one word while there is something to write
	stop context.CancelFunc
}

// write sends one event.
func (s *stream) write(data []byte, within time.Duration) error {
	if err := s.out.SetWriteDeadline(time.Now().Add(within)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	for _, part := range [][]byte{[]byte("data: "), data, []byte("\n\n")} {
		if _, err := s.w.Write(part); err != nil {
			return err
		}
	}
	return s.out.Flush()
}

// openSession begins a conversation for a page that has no socket.
func (r *Room) openSession(w http.ResponseWriter, req *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, req.Body, r.cfg.FrameBytes))
	f, ok := parse(data)
	if err != nil || !ok || f.T != "hello" || f.tooMuch() {
		r.deny(w, http.StatusBadRequest, CodeBadFrame)
		return
	}
	ctx, cancel := context.WithTimeout(req.Context(), openWait)
	defer cancel()
	s := &socket{room: r, address: r.cfg.Address(req)}
	v, err := s.session(ctx, f)
	if err == nil && (v.session.Conversation == "" || f.Fresh) {
		err = s.begin(ctx, &v, f)
	}
	switch {
	case errors.Is(err, errRate):
		r.deny(w, http.StatusTooManyRequests, CodeRate)
	case errors.Is(err, ErrNoSession):
		r.deny(w, http.StatusUnauthorized, CodeSession)
	case err != nil:
		r.turnAway(w, err)
	default:
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]string{"token": v.token, "conversation": v.session.Conversation}) // a page that is gone asks again
	}
}

// stream serves the frames of a conversation until the page goes or the room closes.
func (r *Room) stream(w http.ResponseWriter, req *http.Request) {
	session, err := r.bearer(req)
	if err != nil {
		r.unproven(w, err)
		return
	}
	ctx, stop := context.WithCancel(req.Context())
	defer stop()
	s := &socket{room: r, address: r.cfg.Address(req)}
	s.stream = &stream{w: w, out: http.NewResponseController(w), poke: make(chan struct{}, 1), stop: stop}
	if status, code := r.enter(s); status != 0 {
		w.Header().Set("Retry-After", "10")
		r.deny(w, status, code)
		return
	}
	defer r.wg.Done()
	defer s.gone()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy must not hold events back
	after, _ := strconv.ParseUint(req.URL.Query().Get("after"), 10, 64)
	s.open(nil)
	s.enter(visiting{session: session, resumed: true}, after)
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.stream.poke:
			s.drain()
		}
	}
}

// frame takes one frame of a page that has a stream.
func (r *Room) frame(w http.ResponseWriter, req *http.Request) {
	session, err := r.bearer(req)
	if err != nil {
		r.unproven(w, err)
		return
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, req.Body, r.cfg.FrameBytes))
	f, ok := parse(data)
	if err != nil || !ok || f.T == "hello" {
		r.deny(w, http.StatusBadRequest, CodeBadFrame)
		return
	}
	s := r.streaming(session.Conversation)
	if s == nil {
		r.deny(w, http.StatusConflict, CodeHello)
		return
	}
	if !s.frames.Allow() {
		r.deny(w, http.StatusTooManyRequests, CodeRate)
		return
	}
	s.hear()
	r.metrics.frames.Inc()
	s.take(data)
	w.WriteHeader(http.StatusAccepted)
}

// streaming gives a page of a conversation that has a stream; nil if there is none.
func (r *Room) streaming(conversation string) *socket {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.visits[conversation] {
		if s.stream != nil && s.opened.Load() {
			return s
		}
	}
	return nil
}

// newLimit is the limit of frames of one page.
func newLimit(perSecond float64) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), int(3*perSecond)+1)
}
