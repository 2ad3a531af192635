package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/health"
	"tandem/cmd/tandem/node"
	"tandem/sip/edge"
	"tandem/sip/transport"
	"tandem/sip/trunk"
	"tandem/store"
	storeengine "tandem/store/engine"
	"tandem/store/redis"
)

// shared is what a node keeps while it changes between owning the calls and passing them on to the node that does: the store, the
// sockets and every connection on them.
type shared struct {
	cfg       *config.Config
	log       *slog.Logger
	registry  *prometheus.Registry
	store     store.Store
	node      *node.Node
	endpoints []*transport.Endpoint
	http      net.Listener
	edge      *edge.Edge
	figures   http.Handler // health and metrics while the calls are elsewhere
	owns      prometheus.Gauge
	live      atomic.Int64 // HTTP requests and sockets
	full      prometheus.Counter
	door      atomic.Pointer[http.Handler]
	owner     atomic.Pointer[node.Place] // elsewhere; nil: here, or nobody knows
	tenure    *node.Tenure               // of the site that runs; set before it is made
	lost      <-chan error               // why the tenure ended
}

// openTime bounds how long a node waits for the store when it starts.
const openTime = 10 * time.Second

// serveNode runs a node among others until ctx ends: it owns the calls for as long as it is its turn, and passes on what comes to it
// for the rest.
func serveNode(ctx context.Context, o serveOptions, log *slog.Logger) error {
	s, err := openShared(o.Config, log)
	if err != nil {
		return err
	}
	defer s.close()
	failed := make(chan error, 1)
	for _, st := range s.stages() {
		defer st.start(failed)()
	}
	told := ctx
	ctx, cancel := context.WithCancelCause(told)
	defer cancel(nil)
	go func() {
		select {
		case err := <-failed:
			cancel(err)
		case <-ctx.Done():
		}
	}()
	for {
		s.tenure, err = s.await(ctx)
		if err == nil {
			err = s.own(ctx, o)
		}
		ended := err == nil || errors.Is(err, context.Canceled)
		switch {
		case errors.Is(err, node.ErrDeposed), errors.Is(err, errNotYet): // it passes on from now on
		case ended && told.Err() != nil:
			return nil
		case ended: // by a part of the node that has failed
			return context.Cause(ctx)
		default:
			return err
		}
	}
}

// errNotYet: the site could not be opened, for a reason that passes.
var errNotYet = errors.New("not taken over yet")

// own runs a site until ctx ends or another node owns the calls. The lease is kept from the beginning: a large site takes a while to open.
func (s *shared) own(ctx context.Context, o serveOptions) error {
	lapse := s.keepTenure()
	g, err := newSite(o.Config, o.Source.Prompts, s.log, s)
	if err == nil {
		s.owns.Set(1)
		err = g.Run(ctx, drainTime)
		s.owns.Set(0)
	} else {
		err = s.judge(err)
	}
	lapse()
	s.follow(node.Place{})
	if !errors.Is(err, node.ErrDeposed) {
		s.release()
	}
	return err
}

// judge tells whether a site that could not be opened may be opened later: the store has gone, or the calls were not ours any more.
func (s *shared) judge(err error) error {
	if errors.Is(err, store.ErrFenced) || errors.Is(err, store.ErrUnhealthy) || errors.Is(err, context.DeadlineExceeded) || s.store.Health() != nil {
		s.log.Warn("the calls could not be taken over; this node tries again", "err", err)
		return fmt.Errorf("%w: %w", errNotYet, err)
	}
	return err
}

// keepTenure renews the lease until lapse is called, which waits for the last time.
func (s *shared) keepTenure() (lapse func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var keeping sync.WaitGroup
	lost := make(chan error, 1)
	keeping.Go(func() {
		if err := s.tenure.Keep(ctx); err != nil {
			lost <- err
		}
	})
	s.lost = lost
	return func() {
		cancel()
		keeping.Wait()
	}
}

// untilLost waits for the end of the tenure.
func (s *shared) untilLost(ctx context.Context) error {
	select {
	case err := <-s.lost:
		return err
	case <-ctx.Done():
		return nil
	}
}

// openShared opens the store and the sockets.
func openShared(cfg *config.Config, log *slog.Logger) (s *shared, err error) {
	s = &shared{cfg: cfg, log: log, registry: prometheus.NewRegistry()}
	s.owns = prometheus.NewGauge(prometheus.GaugeOpts{Name: "tandem_node_owner", Help: "1 while this node owns the calls of its site."})
	s.full = prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_node_requests_refused_total", Help: "HTTP requests refused because the node had as many as it takes."})
	live := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tandem_node_requests_live", Help: "HTTP requests and sockets at the node, passed on or not."}, func() float64 { return float64(s.live.Load()) })
	s.registry.MustRegister(s.owns, s.full, live, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	r := cfg.Store.Redis
	s.store, err = redis.Open(redis.Config{Address: r.Address, Username: r.Username, Password: r.Password.Reveal(), DB: r.DB, Site: r.Site},
		storeengine.Options{Log: log, Registry: s.registry})
	if err != nil {
		return s, err
	}
	wait, cancel := context.WithTimeout(context.Background(), openTime)
	defer cancel()
	s.node, err = node.New(wait, node.Place{Name: nodeName(cfg), SIP: cfg.NodeSIP(), HTTP: cfg.NodeHTTP()}, s.store, log)
	if err != nil {
		return s, err
	}
	trunks, err := trunksOf(cfg, trunk.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		return s, err
	}
	show, err := openCertificate(cfg, log)
	if err != nil {
		return s, err
	}
	if cfg.HTTP.TLS {
		s.node.Secure(show.client())
	}
	if s.endpoints, s.http, err = openSockets(cfg, show, admission(cfg, trunks, s.node.Knows), s.registry, log); err != nil {
		return s, err
	}
	list := make([]edge.Endpoint, len(s.endpoints))
	for i, e := range s.endpoints {
		list[i] = e
	}
	s.edge, err = edge.New(edge.Config{Endpoints: list, Self: cfg.NodeSIP(), Key: s.node.Key(), Log: log, Metrics: edge.NewMetrics(s.registry)})
	s.figures = health.Handler(s.registry, health.Check{Name: "store", Ask: s.store.Health}, health.Check{Name: "owner of the calls", Ask: s.ownerKnown})
	s.follow(node.Place{})
	return s, err
}

// nodeName is the configured name of this node, else the host's.
func nodeName(cfg *config.Config) string {
	name := cfg.Node.Name
	if name == "" {
		name, _ = os.Hostname()
	}
	if name == "" {
		name = cfg.NodeSIP().String()
	}
	return name
}

// ownerKnown tells why this node is of no use now, or nil.
func (s *shared) ownerKnown() error {
	if s.owner.Load() == nil {
		return errors.New("nobody is known who owns the calls")
	}
	return nil
}

// stages are what a node does whoever owns the calls.
func (s *shared) stages() []stage {
	var list []stage
	for i, e := range s.endpoints {
		list = append(list, stage{"sip", func(ctx context.Context) error { return e.Serve(ctx, s.edge.Receiver(i)) }})
	}
	return append(list, stage{"list of nodes", s.node.Tell}, stage{"connection to the owner", s.keepAlive}, stage{"http", s.serveHTTP})
}

// aliveEvery is how often a quiet connection to the owner is used.
const aliveEvery = 30 * time.Second

func (s *shared) keepAlive(ctx context.Context) error {
	t := time.NewTicker(aliveEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			s.edge.KeepAlive()
		}
	}
}

// await passes on until it is this node's turn. The command line is passed on too.
func (s *shared) await(ctx context.Context) (*node.Tenure, error) {
	var cli sync.WaitGroup
	defer cli.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var once sync.Once
	return s.node.Await(ctx, func(p node.Place) {
		s.follow(p)
		once.Do(func() {
			s.log.Info("ready", "sip", fmt.Sprint(s.cfg.SIP.Listen), "http", s.http.Addr().String(), "owner", p.Name)
			cli.Go(func() { s.serveControl(ctx) })
		})
	})
}

// follow passes on to a node; an empty place: nobody is known.
func (s *shared) follow(p node.Place) {
	s.edge.Follow(p.SIP)
	s.openDoor(p)
}

// release gives the calls to whoever comes next.
func (s *shared) release() {
	ctx, cancel := context.WithTimeout(context.Background(), openTime)
	defer cancel()
	if err := s.tenure.Release(ctx); err != nil {
		s.log.Warn("the lease on the calls runs out by itself", "err", err)
	}
}

func (s *shared) close() {
	if s.http != nil {
		_ = s.http.Close()
	}
	if s.store != nil {
		if err := s.store.Close(); err != nil {
			s.log.Error("store not closed", "err", err)
		}
	}
}

// ownSIP gives the sockets to this node's own layers until ctx ends.
func (g *site) ownSIP(ctx context.Context) error {
	list := make([]transport.Receiver, len(g.layers))
	for i, l := range g.layers {
		list[i] = l
	}
	g.shared.edge.Lead(list)
	<-ctx.Done()
	g.shared.edge.Follow(netip.AddrPort{})
	for _, l := range g.layers {
		l.Close()
	}
	return nil
}

// fenced is the store of an owner: what it writes is refused once another node owns the calls.
type fenced struct {
	store.Store
	tenure *node.Tenure
}

// Append implements store.Store.
func (f fenced) Append(b store.Batch, done func(store.Receipt)) error {
	if b.Fence == nil {
		b.Fence = f.tenure.Fence()
	}
	return f.Store.Append(b, done)
}
