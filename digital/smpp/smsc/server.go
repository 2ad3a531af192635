package smsc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tandem/digital/smpp/gsm"
	"tandem/digital/smpp/pdu"
)

// mailboxSize bounds what may wait for the owner; senders wait for room.
const mailboxSize = 256

// Server is the message centre. Owned by Serve's goroutine, but for the fields that say otherwise.
type Server struct {
	config  Config
	log     *slog.Logger
	taken   func(Taken)
	metrics *metrics
	mail    chan any
	done    chan struct{} // closed when Serve has ended
	serial  atomic.Uint64 // any goroutine: ids of messages
	waiting atomic.Int64  // any goroutine: messages of handsets that no ESME has acknowledged
	wg      sync.WaitGroup

	sessions map[*session]struct{}
	backlog  []*outgoing // in order; what goes again stands in front
	due      agenda
	faults   Faults
	counts   struct{ submit, deliver, mo int }
	known    map[fingerprint]string // Faults.Dedupe
}

// outgoing is a deliver_sm that waits for an acknowledgement.
type outgoing struct {
	id      string
	message *pdu.Message
	system  string
	handset bool // not a receipt
}

// What is mailed to the owner.
type (
	attached struct{ conn net.Conn }
	arrived  struct {
		from  *session
		pdu   pdu.PDU
		fault *pdu.Fault
	}
	gone    struct{ from *session }
	deliver struct{ out []*outgoing }
	misdo   struct{ faults Faults }
	cut     struct{}
	census  struct{ reply chan map[string]int }
)

// New makes a server; the error tells all faults of the configuration.
func New(c Config, d Deps) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Server{
		config: c.withDefaults(), log: d.Log, taken: d.Taken, metrics: newMetrics(d.Registry),
		mail: make(chan any, mailboxSize), done: make(chan struct{}),
		sessions: map[*session]struct{}{}, known: map[fingerprint]string{},
	}
	if s.taken == nil {
		s.taken = func(Taken) {}
	}
	return s, nil
}

// Serve runs the server until ctx ends; listener may be nil where connections come by Attach. It closes the listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if listener != nil {
		s.wg.Go(func() { s.accept(ctx, listener, cancel) })
		stop := context.AfterFunc(ctx, func() { listener.Close() })
		defer stop()
	}
	s.own(ctx)
	close(s.done)
	for x := range s.sessions {
		s.end(x, "server ends")
	}
	if listener != nil {
		listener.Close()
	}
	s.wg.Wait()
	for {
		select {
		case m := <-s.mail:
			if late, ok := m.(attached); ok {
				late.conn.Close()
			}
		default:
			return nil
		}
	}
}

func (s *Server) accept(ctx context.Context, l net.Listener, failed func()) {
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
				s.log.Error("message centre cannot accept", "err", err)
			}
			failed()
			return
		}
		s.Attach(conn)
	}
}

// Attach hands a connection over. It is closed if the server has ended.
func (s *Server) Attach(conn net.Conn) {
	if !s.post(attached{conn}) {
		conn.Close()
	}
}

// Deliver sends a handset's message to the ESME, in as many parts as it takes, and returns its id.
func (s *Server) Deliver(mo MO) (string, error) {
	id := s.nextID()
	out, err := mo.parts(id, uint16(s.serial.Load()))
	if err != nil {
		return "", err
	}
	return id, s.enter(out)
}

// DeliverRaw sends a deliver_sm as it is, which must not be changed any more, and returns its id.
func (s *Server) DeliverRaw(m *pdu.Message) (string, error) {
	if _, err := pdu.Append(nil, pdu.PDU{Command: pdu.DeliverSM, Body: m}); err != nil {
		return "", fmt.Errorf("%w: %w", ErrText, err)
	}
	id := s.nextID()
	return id, s.enter([]*outgoing{{id: id, message: m, handset: true}})
}

// enter mails what handsets send, if there is room.
func (s *Server) enter(out []*outgoing) error {
	if s.waiting.Add(int64(len(out))) > int64(s.config.Backlog) {
		s.waiting.Add(-int64(len(out)))
		s.metrics.refuse()
		return ErrFull
	}
	if !s.post(deliver{out}) {
		return ErrClosed
	}
	return nil
}

// Waiting returns how many parts of handsets' messages no ESME has acknowledged yet.
func (s *Server) Waiting() int { return int(s.waiting.Load()) }

// Misbehave replaces the faults; it holds for what is read afterwards.
func (s *Server) Misbehave(f Faults) { s.post(misdo{f}) }

// Cut ends all connections; answers that were given before still go out.
func (s *Server) Cut() { s.post(cut{}) }

// Bound returns how many sessions of each system_id are bound.
func (s *Server) Bound() map[string]int {
	reply := make(chan map[string]int, 1)
	if !s.post(census{reply}) {
		return nil
	}
	select {
	case m := <-reply:
		return m
	case <-s.done:
		return nil
	}
}

// post waits for room in the mailbox; false: the server has ended.
func (s *Server) post(m any) bool {
	select {
	case <-s.done:
		return false
	default:
	}
	select {
	case s.mail <- m:
		return true
	case <-s.done:
		return false
	}
}

func (s *Server) nextID() string { return fmt.Sprintf("%08X", s.serial.Add(1)) }

// parts cuts a handset's message.
func (m MO) parts(id string, ref uint16) ([]*outgoing, error) {
	from, to := pdu.AddressOf(m.From), pdu.AddressOf(m.To)
	if m.Source != 0 {
		from.TON = m.Source
	}
	if m.Text == "" || from.Number == "" || to.Number == "" || len(from.Number) > 20 || len(to.Number) > 20 ||
		strings.ContainsRune(from.Number+to.Number, 0) {
		return nil, fmt.Errorf("from %q to %q: %w", m.From, m.To, ErrText)
	}
	parts, err := gsm.Split(m.Text, ref, gsm.Reference8)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrText, err)
	}
	out := make([]*outgoing, len(parts))
	for i, p := range parts {
		message := &pdu.Message{Source: from, Destination: to}
		message.Carry(p)
		out[i] = &outgoing{id: id, message: message, system: m.System, handset: true}
	}
	return out, nil
}

// own is the owner's loop.
func (s *Server) own(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(s.due.wait(time.Now()))
		select {
		case <-ctx.Done():
			return
		case m := <-s.mail:
			s.handle(ctx, m)
		case <-timer.C:
			for _, d := range s.due.pop(time.Now()) {
				s.fall(d)
			}
		}
		s.pump()
	}
}

func (s *Server) handle(ctx context.Context, m any) {
	switch m := m.(type) {
	case attached:
		s.begin(ctx, m.conn)
	case arrived:
		if !m.from.ended {
			s.receive(m)
		}
	case gone:
		s.end(m.from, "connection lost")
	case deliver:
		s.enqueue(m.out)
	case misdo:
		s.faults = m.faults
	case cut:
		for x := range s.sessions {
			s.end(x, "cut")
		}
	case census:
		bound := map[string]int{}
		for x := range s.sessions {
			if x.mode != 0 {
				bound[x.system]++
			}
		}
		m.reply <- bound
	}
}

func (s *Server) enqueue(out []*outgoing) {
	s.backlog = append(s.backlog, out...)
	s.counts.mo++
	if strikes(s.counts.mo, s.faults.Double) {
		s.waiting.Add(int64(len(out)))
		for _, o := range out {
			twin := *o
			s.backlog = append(s.backlog, &twin)
		}
	}
}

// strikes says whether the n-th time is one of each every.
func strikes(n, every int) bool { return every > 0 && n%every == 0 }
