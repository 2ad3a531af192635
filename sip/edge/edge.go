package edge

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/sip"
	"tandem/sip/transport"
)

// Endpoint is what an Edge needs of the transport room; *transport.Endpoint has it.
type Endpoint interface {
	Write(flow transport.Flow, message []byte) error
	Open(flow transport.Flow, serverName string) error
	Flow(transport string, remote netip.AddrPort) transport.Flow
	SentBy(transport string) (host string, port int)
	Local(transport string) (netip.AddrPort, bool)
}

// Config describes an Edge. Zero values mean the defaults named beside them.
type Config struct {
	Endpoints []Endpoint     // at least one, 256 at most, one of them with TCP
	Self      netip.AddrPort // by which other nodes reach this one, over TCP
	Key       []byte         // of the site, at least 32 bytes
	Log       *slog.Logger   // silent when nil
	Metrics   *Metrics       // unregistered when nil
}

// leastKey is how short a key may be, in bytes.
const leastKey = 32

// Edge is the signalling door of a node. Its methods may be called from any goroutine.
type Edge struct {
	cfg  Config
	tcp  int // the endpoint that speaks to other nodes
	role atomic.Pointer[role]
}

// role is what the node is at the moment.
type role struct {
	lead  []transport.Receiver // by endpoint; nil: the calls are elsewhere
	owner netip.AddrPort       // where; invalid: nobody knows
}

// New makes an Edge that knows no owner yet.
func New(cfg Config) (*Edge, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Metrics == nil {
		cfg.Metrics = NewMetrics(nil)
	}
	if !cfg.Self.IsValid() {
		return nil, errors.New("edge: no address by which other nodes reach this one")
	}
	if len(cfg.Key) < leastKey {
		return nil, fmt.Errorf("edge: a key of %d bytes, at least %d are needed", len(cfg.Key), leastKey)
	}
	e := &Edge{cfg: cfg, tcp: -1}
	for i, ep := range cfg.Endpoints {
		if _, ok := ep.Local(transport.TCP); ok && e.tcp < 0 {
			e.tcp = i
		}
	}
	if e.tcp < 0 || len(cfg.Endpoints) > 256 {
		return nil, errors.New("edge: one endpoint, of 256 at most, has to listen for TCP: nodes reach each other by it")
	}
	e.role.Store(&role{})
	return e, nil
}

// Follow sends all requests to the node that owns the calls; an invalid address: they are answered 503 until one is known.
func (e *Edge) Follow(owner netip.AddrPort) {
	if r := e.role.Load(); r.lead == nil && r.owner == owner {
		return
	}
	e.role.Store(&role{owner: owner})
}

// Lead gives everything to this node's own layers, one for each endpoint.
func (e *Edge) Lead(layers []transport.Receiver) { e.role.Store(&role{lead: layers}) }

// Owner is the node that requests are sent to; invalid while none is known or the calls are here.
func (e *Edge) Owner() netip.AddrPort { return e.role.Load().owner }

// KeepAlive sends a blank line to the owner (RFC 5626 §3.5.1): a connection that nobody uses would be closed as idle.
func (e *Edge) KeepAlive() {
	if owner := e.Owner(); owner.IsValid() {
		_ = e.toOwner(owner, []byte("\r\n\r\n")) // what fails is dialled anew by the next request
	}
}

// Receiver is who an endpoint is served with.
func (e *Edge) Receiver(endpoint int) transport.Receiver { return &port{e, endpoint} }

// port is the Edge as one of its endpoints sees it.
type port struct {
	e *Edge
	n int
}

// Receive implements transport.Receiver.
func (p *port) Receive(msg sip.Message, flow transport.Flow) {
	r := p.e.role.Load()
	if r.lead != nil && !p.e.inTransit(msg) {
		r.lead[p.n].Receive(msg, flow)
		return
	}
	switch m := msg.(type) {
	case *sip.Request:
		p.e.request(arrival{p.n, flow, m}, r.owner)
	case *sip.Response:
		p.e.response(m)
	}
}

// inTransit tells whether a message only passes through the owner too: one of the calls of the owner before, which has gone on to a
// phone of this node, or the answer to it.
func (e *Edge) inTransit(msg sip.Message) bool {
	token := ""
	switch m := msg.(type) {
	case *sip.Request:
		if m.Route() == nil {
			return false
		}
		if routes, err := sip.NameAddrs(m, "Route"); err == nil && e.ours(routes[0].URI) {
			token = routes[0].URI.User
		}
	case *sip.Response:
		if via := m.Via(); via != nil {
			token, _ = via.Params.Get(backParam)
		}
	}
	_, _, ok := e.flowOf(token)
	return ok
}

// Malformed implements transport.Receiver. Without the calls there is nobody to whom a broken message could matter.
func (p *port) Malformed(msg sip.Message, flow transport.Flow, err error) {
	if r := p.e.role.Load(); r.lead != nil {
		r.lead[p.n].Malformed(msg, flow, err)
		return
	}
	p.e.cfg.Metrics.dropped.WithLabelValues("malformed").Inc()
}

// FlowClosed implements transport.Receiver.
func (p *port) FlowClosed(flow transport.Flow, err error) {
	if r := p.e.role.Load(); r.lead != nil {
		r.lead[p.n].FlowClosed(flow, err)
	}
}

// toOwner sends bytes to the node that owns the calls, over a connection that is made where there is none.
func (e *Edge) toOwner(owner netip.AddrPort, message []byte) error {
	ep := e.cfg.Endpoints[e.tcp]
	flow := ep.Flow(transport.TCP, owner)
	if err := ep.Open(flow, ""); err != nil {
		return err
	}
	return ep.Write(flow, message)
}

// busyRetry is what a sender is told to wait while no owner is known.
const busyRetry = 2 * time.Second

// Metrics are the figures of this room.
type Metrics struct {
	forwarded *prometheus.CounterVec
	refused   *prometheus.CounterVec
	dropped   *prometheus.CounterVec
}

// NewMetrics declares the metrics on a registry; nil leaves them unregistered.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		forwarded: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_edge_forwarded_total", Help: "Messages passed on, by where to: owner, phone or back."}, []string{"to"}),
		refused:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_edge_refused_total", Help: "Requests answered here, by status: 503 where no owner is known or reached, 430 where the phone's connection is gone."}, []string{"status"}),
		dropped:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_edge_dropped_total", Help: "Messages that could not be passed on, by reason."}, []string{"reason"}),
	}
	if reg != nil {
		reg.MustRegister(m.forwarded, m.refused, m.dropped)
	}
	return m
}
