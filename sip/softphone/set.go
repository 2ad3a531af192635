package softphone

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"sync"

	base "github.com/emiago/sipgo/sip"

	"tandem/sip"
	"tandem/sip/transaction"
	"tandem/sip/transport"
)

// Set is all phones of a process. Its methods may be called from any goroutine.
type Set struct {
	cfg     Config
	layer   *transaction.Layer
	parser  *base.Parser
	metrics *metrics
	work    sync.WaitGroup // goroutines of phones

	mu     sync.Mutex
	phones map[netip.AddrPort]*Phone // by the remote address of their flow
	guests int                       // of them
	closed bool
	empty  chan struct{} // closed when the last phone has gone after Close
	serial uint64
}

// New makes an empty set. It panics when the configuration has no gateway.
func New(cfg Config) *Set {
	if cfg.Gateway == nil {
		panic("softphone: no gateway")
	}
	s := &Set{cfg: cfg.withDefaults(), parser: sip.NewParser(1 << 16), phones: map[netip.AddrPort]*Phone{}, empty: make(chan struct{})}
	s.metrics = newMetrics(cfg.Registry)
	s.layer = transaction.New(transaction.Config{Endpoint: wire{s}, Handler: door{s}, Log: s.cfg.Log})
	return s
}

// Open makes a phone and attaches it to the gateway. It does nothing until it is told to.
func (s *Set) Open(o Options) (*Phone, error) {
	if err := o.check(s.cfg.Domain); err != nil {
		return nil, err
	}
	s.mu.Lock()
	full, closed := s.fullLocked(o.Guest), s.closed
	s.serial++
	serial := s.serial
	s.mu.Unlock()
	switch {
	case closed:
		return nil, ErrClosed
	case full:
		s.metrics.refused.Inc()
		return nil, ErrPhones
	}
	p := newPhone(s, o, "p"+strconv.FormatUint(serial, 36)+".invalid")
	local, err := s.cfg.Gateway.AttachLocal(p, o.User)
	if err != nil {
		return nil, fmt.Errorf("phone %s: %w", o.User, err)
	}
	if err := s.admit(p, local); err != nil {
		return nil, err
	}
	return p, nil
}

// fullLocked tells whether there are as many guests, or as many others, as there may be.
func (s *Set) fullLocked(guest bool) bool {
	if guest {
		return s.guests >= s.cfg.MaxGuests
	}
	return len(s.phones)-s.guests >= s.cfg.MaxPhones
}

// admit puts a phone that has its flow into the table.
func (s *Set) admit(p *Phone, local *transport.Local) error {
	s.mu.Lock()
	p.mu.Lock()
	p.local, p.flow = local, transport.Flow{Transport: transport.LOCAL, Remote: local.Flow().Remote}
	var err error
	switch {
	case s.closed, p.broken != nil, p.over:
		err = ErrClosed
	case s.fullLocked(p.guest): // others came in meanwhile
		err = ErrPhones
	default:
		s.phones[p.flow.Remote] = p
		if p.guest {
			s.guests++
		}
		s.metrics.phones.Inc()
	}
	p.mu.Unlock()
	s.mu.Unlock()
	if err != nil {
		local.Close()
	}
	return err
}

// drop takes a phone out of the table.
func (s *Set) drop(p *Phone) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phones[p.flow.Remote] != p {
		return
	}
	delete(s.phones, p.flow.Remote)
	if p.guest {
		s.guests--
	}
	s.metrics.phones.Dec()
	if s.closed && len(s.phones) == 0 {
		close(s.empty)
	}
}

// phone finds the phone of a flow, or nil.
func (s *Set) phone(remote netip.AddrPort) *Phone {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.phones[remote]
}

// Len returns the number of open phones.
func (s *Set) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.phones)
}

// Close closes all phones as Phone.Close does, waits until they are gone or the context ends, and leaves nothing behind.
func (s *Set) Close(ctx context.Context) {
	s.mu.Lock()
	again := s.closed
	s.closed = true
	if !again && len(s.phones) == 0 {
		close(s.empty)
	}
	s.mu.Unlock()
	for _, p := range s.all() {
		p.Close()
	}
	select {
	case <-s.empty:
	case <-ctx.Done():
	}
	for _, p := range s.all() {
		p.fail(ErrClosed)
	}
	s.work.Wait()
	s.layer.Close()
}

func (s *Set) all() []*Phone {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*Phone, 0, len(s.phones))
	for _, p := range s.phones {
		list = append(list, p)
	}
	return list
}

// wire is the endpoint of the phones' side: what the layer sends is posted to the phone, which hands it to the gateway in its
// own goroutine, so that a flow keeps its order.
type wire struct{ s *Set }

// Serve implements transaction.Endpoint; the set calls the layer by itself.
func (w wire) Serve(ctx context.Context, _ transport.Receiver) error {
	<-ctx.Done()
	return nil
}

// Write implements transaction.Endpoint.
func (w wire) Write(flow transport.Flow, message []byte) error {
	p := w.s.phone(flow.Remote)
	if p == nil {
		return transport.ErrNoFlow
	}
	return p.mail(outgoing(message))
}

// Open implements transaction.Endpoint.
func (w wire) Open(flow transport.Flow, _ string) error {
	if w.s.phone(flow.Remote) == nil {
		return transport.ErrNoFlow
	}
	return nil
}

// Flow implements transaction.Endpoint.
func (w wire) Flow(name string, remote netip.AddrPort) transport.Flow {
	return transport.Flow{Transport: name, Remote: remote}
}

// SentBy implements transaction.Endpoint: a name that nobody can reach (RFC 7118 §5.2).
func (w wire) SentBy(string) (string, int) { return "page.invalid", 0 }

// Local implements transaction.Endpoint.
func (w wire) Local(name string) (netip.AddrPort, bool) {
	return netip.AddrPort{}, name == transport.LOCAL
}

// door gives what the layer tells to the phone it concerns.
type door struct{ s *Set }

// ServeRequest implements transaction.Handler. It runs in the goroutine of the phone, which gave the message to the layer.
func (d door) ServeRequest(tx *transaction.ServerTx) {
	if p := d.s.phone(tx.Flow().Remote); p != nil {
		p.serve(tx)
	}
}

// ServeCancel implements transaction.Handler, in the goroutine of the phone.
func (d door) ServeCancel(invite *transaction.ServerTx, cancel *sip.Request, _ bool) {
	if p := d.s.phone(invite.Flow().Remote); p != nil {
		p.canceled(invite, cancel)
	}
}

// ServeTxError implements transaction.Handler: a request that the phone left without an answer.
func (d door) ServeTxError(tx *transaction.ServerTx, err error) {
	d.s.cfg.Log.Debug("request lost", "method", tx.Request().Method, "err", err)
	if p := d.s.phone(tx.Flow().Remote); p != nil && tx.Request().Method == sip.INVITE {
		p.mail(inviteLost{tx})
	}
}

// ServeStray implements transaction.Handler: the layer ends what nobody waits for.
func (d door) ServeStray(*sip.Response, transport.Flow) bool { return false }
