package desk

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Limits of a site's pages.
const (
	DefaultLinks     = 5000      // pages at once; above it 503
	linksEach        = 4         // pages of one agent; the oldest gives way
	queueLength      = 256       // frames that wait for a page that does not read; above it the page is closed
	frameLimit       = 128 << 10 // bytes of a frame from a page: an SDP is the largest
	framesPerSecond  = 50        // of one page, in the mean
	framesAtOnce     = 200
	writeTimeout     = 10 * time.Second
	pingEvery        = 20 * time.Second
	boardEvery       = time.Second
	maxInHand        = 200 // offers, items or calls of one agent
	statusTooSlow    = websocket.StatusCode(4008)
	statusSuperseded = websocket.StatusCode(4009)
)

// Config is what a Server needs.
type Config struct {
	Rooms   Rooms
	Person  func(*http.Request) (Person, bool) // who asks; false: 401
	Origins []string                           // pages that may connect beside our own, as patterns of path.Match: "https://*.shop.example", or a host alone
	Links   int                                // pages at once [DefaultLinks]
	Metrics *Metrics
	Log     *slog.Logger
}

// Server keeps what every agent has in hand and tells it to his pages.
type Server struct {
	cfg Config

	presence sync.Mutex // one page comes or goes at a time, so that Rooms hear of it in that order; taken before mu

	mu     sync.Mutex // guards all below; nothing waits while it is held
	seats  map[string]*seat
	links  map[*link]struct{}
	queues []Queue
	agents []Agent

	storyHead uint64 // up to which event of the site the watched stories were looked at; 0: not since one was opened
}

// seat is what one agent has in hand.
type seat struct {
	offers []Offer
	items  []Item
	calls  []Call
	links  []*link
}

// New makes a server.
func New(cfg Config) (*Server, error) {
	if cfg.Rooms == nil || cfg.Person == nil {
		return nil, errors.New("desk: Rooms and Person are needed")
	}
	if cfg.Links <= 0 {
		cfg.Links = DefaultLinks
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(nil)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Server{cfg: cfg, seats: map[string]*seat{}, links: map[*link]struct{}{}}, nil
}

// ServeHTTP connects a page.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p, ok := s.cfg.Person(r)
	if !ok {
		http.Error(w, "sign in first", http.StatusUnauthorized)
		return
	}
	if s.full() {
		w.Header().Set("Retry-After", "30")
		http.Error(w, "too many pages are connected", http.StatusServiceUnavailable)
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{OriginPatterns: s.cfg.Origins, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(frameLimit)
	newLink(s, p, conn).serve(r.Context())
}

func (s *Server) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.links) >= s.cfg.Links
}

// Serve tells the pages the figures of queues and agents, and whose story goes on, until ctx ends. Then it closes all pages.
func (s *Server) Serve(ctx context.Context) error {
	tick := time.NewTicker(boardEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			s.closeAll()
			return nil
		case <-tick.C:
			s.pushBoard()
			s.pushStories()
		}
	}
}

func (s *Server) closeAll() {
	s.mu.Lock()
	links := make([]*link, 0, len(s.links))
	for l := range s.links {
		links = append(links, l)
	}
	s.mu.Unlock()
	for _, l := range links {
		l.end(websocket.StatusGoingAway, "the gateway ends")
	}
}

// pushBoard asks for the figures once and tells all pages.
func (s *Server) pushBoard() {
	if s.idle() {
		return
	}
	queues, agents, err := s.cfg.Rooms.Board()
	if err != nil {
		s.cfg.Log.Debug("desk: no figures", "err", err)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queues, s.agents = queues, agents
	for l := range s.links {
		l.send(s.board(l.person))
	}
}

func (s *Server) idle() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.links) == 0
}

// board is what a person may see of the figures: everybody the queues and who works, only supervisors what the others do.
func (s *Server) board(p Person) out {
	o := out{T: "board", Queues: s.queues}
	for _, a := range s.agents {
		if a.Agent == p.Agent {
			a.Listeners = nil
			o.Me = &a
		}
	}
	if p.watches() {
		o.Agents = s.agents
	}
	return o
}

// seatLocked is the seat of an agent, made when it is first needed.
func (s *Server) seatLocked(agent string) *seat {
	st := s.seats[agent]
	if st == nil {
		st = &seat{}
		s.seats[agent] = st
	}
	return st
}

// join adds a page and gives it the snapshot; the agent's oldest page gives way to a fifth.
func (s *Server) join(l *link) {
	s.presence.Lock()
	defer s.presence.Unlock()
	var hears *Hearing
	if l.person.watches() {
		if h, ok := s.cfg.Rooms.Listening(l.person); ok { // one that ends meanwhile cannot be taken up again: the page hears so
			hears = &h
		}
	}
	s.mu.Lock()
	s.links[l] = struct{}{}
	s.cfg.Metrics.links.Set(float64(len(s.links)))
	first, old := false, (*link)(nil)
	st := &seat{}
	if l.person.Agent != "" {
		st = s.seatLocked(l.person.Agent)
		first = len(st.links) == 0
		if len(st.links) == linksEach {
			old, st.links = st.links[0], st.links[1:]
		}
		st.links = append(st.links, l)
	}
	snap := s.board(l.person)
	snap.T, snap.Role, snap.Hears = "snapshot", l.person.Role, hears
	snap.Offers, snap.Items, snap.Calls = slices.Clone(st.offers), slices.Clone(st.items), slices.Clone(st.calls)
	l.send(snap)
	s.mu.Unlock()
	if old != nil {
		old.end(statusSuperseded, "opened on another page")
	}
	if first {
		s.cfg.Rooms.Here(l.person.Agent, true)
	}
}

// leave removes a page; the agent's last one tells the house.
func (s *Server) leave(l *link) {
	s.presence.Lock()
	defer s.presence.Unlock()
	s.mu.Lock()
	delete(s.links, l)
	s.cfg.Metrics.links.Set(float64(len(s.links)))
	last := false
	if st := s.seats[l.person.Agent]; st != nil {
		had := len(st.links)
		st.links = slices.DeleteFunc(st.links, func(x *link) bool { return x == l })
		last = had > 0 && len(st.links) == 0
	}
	s.mu.Unlock()
	if last {
		s.cfg.Rooms.Here(l.person.Agent, false)
	}
}

// tellUser sends a frame to all pages of a user, whether he works as an agent or not.
func (s *Server) tellUser(user string, frame out) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := range s.links {
		if l.person.User == user {
			l.send(frame)
		}
	}
}

// tell changes a seat and sends a frame to the agent's pages, in one step, so that a snapshot is never between.
func (s *Server) tell(agent string, change func(*seat), frame out) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.seatLocked(agent)
	if change != nil {
		change(st)
	}
	for _, l := range st.links {
		l.send(frame)
	}
}
