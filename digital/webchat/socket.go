package webchat

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"

	"tandem/digital"
)

// maxReplies bounds what may wait for a page beside its feed; a page that takes nothing is closed.
const maxReplies = 64

// socket is one page. Its fields below the lock's belong to its reader, but for what is said beside them.
type socket struct {
	room    *Room
	id      uint64
	address netip.Addr
	conn    *websocket.Conn // set before heard; read after it, or after opened; nil with a stream
	stream  *stream         // instead of a conn
	opened  atomic.Bool
	heard   atomic.Int64 // nanoseconds; when something came last
	pinging atomic.Bool
	ending  atomic.Bool
	feed    atomic.Pointer[digital.Feed]

	conversation string // set under the room's lock, by the reader
	visitor      string
	frames       *rate.Limiter
	hellos       int

	mu      sync.Mutex // guards what stands below; held for a few instructions
	replies []any
	stirred bool // there is something to write
	writing bool // a writer runs
	next    *arrival

	shown uint64 // of the writer: sequence of the newest message that the page was given
}

// arrival is what the writer begins a conversation with: the welcome, and what the page has already.
type arrival struct {
	hello *welcome
	after uint64
}

func (s *socket) open(conn *websocket.Conn) {
	s.conn = conn
	s.frames = newLimit(s.room.cfg.FrameRate)
	s.hear()
	s.opened.Store(true)
	if s.ending.Load() { // the room closed meanwhile
		s.close(websocket.StatusGoingAway, "restarting")
	}
}

func (s *socket) hear() { s.heard.Store(time.Now().UnixNano()) }

// read is the page's reader: it ends when the connection does.
func (s *socket) read() {
	defer s.room.wg.Done()
	defer s.gone()
	deadline := time.AfterFunc(s.room.cfg.HelloWithin, func() {
		if s.feed.Load() == nil {
			s.end(websocket.StatusPolicyViolation, "no hello")
		}
	})
	defer deadline.Stop()
	for {
		kind, r, err := s.conn.Reader(context.Background())
		if err != nil {
			s.lost(err)
			return
		}
		data, err := io.ReadAll(r)
		if err != nil {
			s.lost(err)
			return
		}
		s.hear()
		s.room.metrics.frames.Inc()
		if kind != websocket.MessageText || !s.frames.Allow() {
			if s.ends(websocket.StatusPolicyViolation) {
				_ = s.conn.Close(websocket.StatusPolicyViolation, "too fast, or no text") // bounded by the library
			}
			return
		}
		s.take(data)
	}
}

func (s *socket) lost(err error) {
	if errors.Is(err, websocket.ErrMessageTooBig) {
		s.room.metrics.closed.WithLabelValues("too_big").Inc()
	}
}

// gone forgets the page.
func (s *socket) gone() {
	s.drop()
	if f := s.feed.Load(); f != nil {
		f.Close()
	}
	last := s.room.leave(s)
	if s.conversation == "" {
		return
	}
	if last {
		s.post(s.conversation, digital.CustomerPresent{})
	}
	if s.room.Caller != nil {
		s.room.Caller.Gone(s.visit())
	}
}

func (s *socket) visit() Visit {
	return Visit{Conversation: s.conversation, Visitor: s.visitor, Socket: s.id, Address: s.address.String()}
}

// end closes the page from our side, once. The page gets the reason, if it still listens.
func (s *socket) end(code websocket.StatusCode, reason string) {
	if s.ends(code) && s.opened.Load() {
		s.close(code, reason)
	}
}

// close closes the connection without waiting; the page's reader ends with it.
func (s *socket) close(code websocket.StatusCode, reason string) {
	if s.stream != nil {
		s.stream.stop()
		return
	}
	go func() { _ = s.conn.Close(code, reason) }() // bounded by the library
}

// drop ends the connection at once: nobody is there to be told.
func (s *socket) drop() {
	if s.stream != nil {
		s.stream.stop()
		return
	}
	_ = s.conn.CloseNow() // it is closed, or this closes it: nothing to learn from either
}

// ends is true for the first who closes the page.
func (s *socket) ends(code websocket.StatusCode) bool {
	if !s.ending.CompareAndSwap(false, true) {
		return false
	}
	s.room.metrics.closed.WithLabelValues(closeReason(code)).Inc()
	return true
}

func closeReason(code websocket.StatusCode) string {
	switch code {
	case websocket.StatusGoingAway:
		return "stopping"
	case websocket.StatusTryAgainLater:
		return "slow"
	}
	return "policy"
}

// ping asks a quiet page whether it lives.
func (s *socket) ping() {
	defer s.room.wg.Done()
	defer s.pinging.Store(false)
	if s.stream != nil { // its writer learns of a page that is gone
		s.hear()
		s.reply(plain{T: "ping"})
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.room.cfg.Silence)
	defer cancel()
	if s.conn.Ping(ctx) != nil {
		s.room.metrics.closed.WithLabelValues("silent").Inc()
		s.drop()
	}
}

// reply sends a frame to the page. It never waits.
func (s *socket) reply(frame any) {
	s.mu.Lock()
	full := len(s.replies) >= maxReplies
	if !full {
		s.replies = append(s.replies, frame)
	}
	s.mu.Unlock()
	if full {
		s.end(websocket.StatusTryAgainLater, "too slow")
		return
	}
	s.stir()
}

// stir starts the writer, or tells the one that runs that there is more.
func (s *socket) stir() {
	s.mu.Lock()
	start := !s.writing && s.stream == nil
	s.stirred, s.writing = true, true
	s.mu.Unlock()
	if s.stream != nil {
		select {
		case s.stream.poke <- struct{}{}:
		default:
		}
		return
	}
	if start {
		go s.write()
	}
}

// write is the page's writer: it lives while there is something to write.
func (s *socket) write() {
	for {
		s.mu.Lock()
		if !s.stirred {
			s.writing = false
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		s.drain()
	}
}

// drain writes what is there now. Only the page's writer calls it.
func (s *socket) drain() {
	s.mu.Lock()
	s.stirred = false
	replies := s.replies
	s.replies = nil
	s.mu.Unlock()
	for _, f := range replies {
		s.put(f)
	}
	if feed := s.feed.Load(); feed != nil {
		for _, u := range feed.Take() {
			s.show(feed, &u)
		}
	}
}

// put writes one frame. A page that does not take it in time is closed by the library.
func (s *socket) put(frame any) {
	data, err := json.Marshal(frame)
	if err != nil {
		s.room.log.Error("frame not written", "err", err)
		return
	}
	if s.stream != nil {
		if s.stream.write(data, s.room.cfg.WriteWithin) != nil {
			s.stream.stop()
		}
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), s.room.cfg.WriteWithin)
	defer cancel()
	_ = s.conn.Write(ctx, websocket.MessageText, data) // the reader learns of a connection that is gone
}

// show gives the page an update of its conversation: each message once, in order.
func (s *socket) show(feed *digital.Feed, u *digital.Update) {
	switch u.Kind {
	case digital.Caught:
		s.caught(feed, u)
	case digital.Lagging:
		s.follow(feed, u.Conversation)
	case digital.Missing:
		s.turnAway(u.Err)
	case digital.NewMessage:
		if u.Message.Seq <= s.shown {
			return
		}
		s.shown = u.Message.Seq
		s.put(frameOf(u))
	default:
		if f := frameOf(u); f != nil {
			s.put(f)
		}
	}
}

// caught welcomes the page, or brings it up to date after it was too slow.
func (s *socket) caught(feed *digital.Feed, u *digital.Update) {
	s.mu.Lock()
	next := s.next
	if next != nil && next.hello.Conversation == u.Conversation {
		s.next, s.shown = nil, next.after
	} else {
		next = nil
	}
	s.mu.Unlock()
	if next != nil {
		next.hello.Last, next.hello.status = u.View.Last, statusOf(u.View)
		s.put(next.hello)
	} else if !u.More {
		s.put(stateFrame{"state", statusOf(u.View)})
	}
	for i := range u.Messages {
		if m := &u.Messages[i]; m.Seq > s.shown {
			s.shown = m.Seq
			s.put(messageFrame(m))
		}
	}
	if u.More {
		s.follow(feed, u.Conversation)
	}
}

func (s *socket) follow(feed *digital.Feed, conversation string) {
	if err := feed.Follow(conversation, s.shown); err != nil {
		s.end(websocket.StatusTryAgainLater, "busy")
	}
}

func (s *socket) post(conversation string, m digital.Command) {
	if err := s.room.Hub.Post(conversation, m); err != nil {
		s.room.metrics.refused.WithLabelValues(CodeBusy).Inc()
	}
}
