package webchat

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"tandem/digital"
	"tandem/digital/outage"
)

// Parts are what a room works with. All are needed but Caller.
type Parts struct {
	Hub      *digital.Hub
	Sessions Sessions
	Files    Files
	Caller   Caller // nil: rtc.* and call.* are refused
	Metrics  *Metrics
	Log      *slog.Logger
}

// Room is the door of all visitors. Its methods may be called from any goroutine.
type Room struct {
	cfg Config
	Parts
	metrics  *Metrics
	log      *slog.Logger
	away     *outage.Log // pages turned away for a reason of ours
	unstored *outage.Log // attachments
	opens    *buckets    // by address
	messages *buckets    // by conversation
	uploads  *buckets    // by conversation
	wg       sync.WaitGroup

	mu        sync.Mutex // guards what stands below; held for one look-up
	sockets   map[uint64]*socket
	addresses map[netip.Addr]int
	visits    map[string][]*socket // by conversation
	next      uint64
	closed    bool
}

// New makes a room.
func New(cfg Config, p Parts) (*Room, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Room{
		cfg: cfg, Parts: p, metrics: p.Metrics, log: p.Log,
		away: outage.New(p.Log, "page turned away"), unstored: outage.New(p.Log, "attachment not stored"),
		opens: newBuckets(cfg.OpenRate, cfg.OpenBurst, cfg.Tracked), messages: newBuckets(cfg.MessageRate, cfg.MessageBurst, cfg.Sockets),
		uploads: newBuckets(1.0/60, max(cfg.Files, 1), cfg.Sockets),
		sockets: map[uint64]*socket{}, addresses: map[netip.Addr]int{}, visits: map[string][]*socket{},
	}, nil
}

// ServeHTTP serves sockets, streams and attachments, wherever it is mounted.
func (r *Room) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	switch {
	case strings.HasSuffix(req.URL.Path, "/attachment") && req.Method == http.MethodPost:
		r.upload(w, req)
	case strings.Contains(req.URL.Path, "/attachment/") && req.Method == http.MethodGet:
		r.download(w, req)
	case strings.HasSuffix(req.URL.Path, "/stream") && req.Method == http.MethodGet:
		r.stream(w, req)
	case strings.HasSuffix(req.URL.Path, "/session") && req.Method == http.MethodPost:
		r.openSession(w, req)
	case strings.HasSuffix(req.URL.Path, "/frame") && req.Method == http.MethodPost:
		r.frame(w, req)
	case req.Method == http.MethodGet:
		r.accept(w, req)
	default:
		http.Error(w, "not here", http.StatusMethodNotAllowed)
	}
}

// accept lets a page in, if there is room for it.
func (r *Room) accept(w http.ResponseWriter, req *http.Request) {
	s := &socket{room: r, address: r.cfg.Address(req)}
	if status, code := r.enter(s); status != 0 {
		r.metrics.refused.WithLabelValues(code).Inc()
		w.Header().Set("Retry-After", "10")
		http.Error(w, code, status)
		return
	}
	conn, err := websocket.Accept(w, req, &websocket.AcceptOptions{
		OriginPatterns: r.cfg.Origins, OnPongReceived: func(context.Context, []byte) { s.hear() },
	})
	if err != nil {
		r.metrics.refused.WithLabelValues("handshake").Inc()
		r.leave(s)
		r.wg.Done()
		return
	}
	conn.SetReadLimit(r.cfg.FrameBytes)
	s.open(conn)
	go s.read() // the handler's goroutine and all that it holds go: a quiet page costs its reader only
}

// enter takes a socket's place. status is zero if it has one; then wg waits for it.
func (r *Room) enter(s *socket) (status int, code string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return http.StatusServiceUnavailable, "stopping"
	case len(r.sockets) >= r.cfg.Sockets:
		return http.StatusServiceUnavailable, CodeFull
	case r.addresses[s.address] >= r.cfg.PerAddress:
		return http.StatusTooManyRequests, CodeRate
	}
	r.next++
	s.id = r.next
	r.sockets[s.id] = s
	r.addresses[s.address]++
	r.metrics.sockets.Inc()
	r.wg.Add(1)
	return 0, ""
}

// leave frees a socket's place; last tells that its conversation has no other.
func (r *Room) leave(s *socket) (last bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.sockets[s.id]; !ok {
		return false
	}
	delete(r.sockets, s.id)
	if r.addresses[s.address]--; r.addresses[s.address] <= 0 {
		delete(r.addresses, s.address)
	}
	r.metrics.sockets.Dec()
	return r.unvisitLocked(s)
}

func (r *Room) unvisitLocked(s *socket) (last bool) {
	if s.conversation == "" {
		return false
	}
	list := r.visits[s.conversation]
	for i, other := range list {
		if other == s {
			list = append(list[:i:i], list[i+1:]...)
			break
		}
	}
	if len(list) == 0 {
		delete(r.visits, s.conversation)
		return true
	}
	r.visits[s.conversation] = list
	return false
}

// visit notes which conversation a socket shows; first tells that it is the only one, left which one has no socket any more.
func (r *Room) visit(s *socket, conversation string) (first bool, left string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if old := s.conversation; r.unvisitLocked(s) && old != conversation {
		left = old
	}
	s.conversation = conversation
	r.visits[conversation] = append(r.visits[conversation], s)
	return len(r.visits[conversation]) == 1, left
}

// Tell sends a frame to a visitor's page (Visit.Socket), or with page 0 to all pages of a conversation, and returns how many there were. The frame
// becomes JSON; it should have a field t.
func (r *Room) Tell(conversation string, page uint64, frame any) int {
	r.mu.Lock()
	list := append([]*socket(nil), r.visits[conversation]...)
	r.mu.Unlock()
	n := 0
	for _, s := range list {
		if page == 0 || s.id == page {
			s.reply(frame)
			n++
		}
	}
	return n
}

// Sockets is how many pages are connected.
func (r *Room) Sockets() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.sockets)
}

// Serve asks quiet pages whether they live, until ctx ends; then it closes the room.
func (r *Room) Serve(ctx context.Context) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return r.Close()
		case now := <-tick.C:
			for _, s := range r.quiet(now.Add(-r.cfg.Silence)) {
				go s.ping()
			}
		}
	}
}

// quiet gives the sockets that were not heard since; wg waits for their pings.
func (r *Room) quiet(since time.Time) (list []*socket) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.sockets {
		if s.heard.Load() != 0 && s.heard.Load() < since.UnixNano() && s.pinging.CompareAndSwap(false, true) {
			r.wg.Add(1)
			list = append(list, s)
		}
	}
	return list
}

// closeWithin bounds how long Close waits for pages to go.
const closeWithin = 10 * time.Second

// Close sends all pages away; they come back elsewhere. It may be called more than once.
func (r *Room) Close() error {
	r.mu.Lock()
	r.closed = true
	list := make([]*socket, 0, len(r.sockets))
	for _, s := range r.sockets {
		list = append(list, s)
	}
	r.mu.Unlock()
	for _, s := range list {
		s.end(websocket.StatusGoingAway, "restarting")
	}
	gone := make(chan struct{})
	go func() {
		r.wg.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-time.After(closeWithin):
		return errors.New("webchat: pages did not go in time")
	}
}
