package main

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/digest"
	"tandem/sip/transaction"
	"tandem/sip/trunk"
)

// trunkKeeper pings trunks, keeps our registrations with them alive, and knows the addresses behind their names. One goroutine
// and one timer serve all of them.
type trunkKeeper struct {
	set     *trunk.Set
	layer   *transaction.Layer
	contact sip.URI
	log     *slog.Logger
	results chan trunkResult
	pings   []*pingTask
	regs    []*registrationTask
	auth    map[*trunk.Trunk]*digest.Client

	mu    sync.RWMutex
	addrs map[string]netip.Addr // guarded by mu: by host name
}

type pingTask struct {
	trunk  *trunk.Trunk
	target trunk.Target
	pinger *trunk.Pinger
}

type registrationTask struct {
	trunk *trunk.Trunk
	reg   *trunk.Registration
	view  trunk.RegistrationStatus // guarded by trunkKeeper.mu
}

// trunkResult is the outcome of one request to a trunk.
type trunkResult struct {
	ping *pingTask
	reg  *registrationTask
	cseq uint32
	res  *sip.Response
	err  error
}

// Bounds of the keeper.
const (
	resolveEvery  = time.Minute
	resolveTime   = 5 * time.Second
	trunkResults  = 256
	keeperMaxWait = time.Minute
)

func newTrunkKeeper(set *trunk.Set, log *slog.Logger) *trunkKeeper {
	k := &trunkKeeper{set: set, log: log, results: make(chan trunkResult, trunkResults), auth: map[*trunk.Trunk]*digest.Client{}, addrs: map[string]netip.Addr{}}
	for _, t := range set.All() {
		if a := t.Config().Auth; a.User != "" {
			k.auth[t] = digest.NewClient([]digest.Account{{Realm: a.Realm, User: a.User, Password: a.Password}}, sip.NewTag)
		}
	}
	return k
}

// Open says through which layer requests leave, and how we are reached there. Before Run only.
func (k *trunkKeeper) Open(l *transaction.Layer, contact sip.URI) {
	k.layer, k.contact = l, contact
	now := time.Now()
	for _, t := range k.set.All() {
		cfg := t.Config()
		for _, target := range cfg.Targets {
			k.pings = append(k.pings, &pingTask{t, target, trunk.NewPinger(now, cfg.Ping, rand.Float64)})
		}
		if cfg.Register.On {
			rc := trunk.RegistrationConfig{Trunk: t, Contact: contact, CallID: sip.NewCallID(), Tag: sip.NewTag(), Jitter: rand.Float64}
			if c := k.auth[t]; c != nil {
				rc.Auth = c
			}
			k.regs = append(k.regs, &registrationTask{trunk: t, reg: trunk.NewRegistration(rc)})
		}
	}
}

// Addr implements b2bua.Hosts: an address, or what the name resolved to last.
func (k *trunkKeeper) Addr(t trunk.Target) (netip.AddrPort, bool) {
	port := uint16(t.Port)
	if port == 0 {
		port = 5060
	}
	if a, err := netip.ParseAddr(t.Host); err == nil {
		return netip.AddrPortFrom(a, port), true
	}
	k.mu.RLock()
	defer k.mu.RUnlock()
	a, ok := k.addrs[t.Host]
	return netip.AddrPortFrom(a, port), ok
}

// Auth implements b2bua.Hosts.
func (k *trunkKeeper) Auth(t *trunk.Trunk) dialog.Authorizer {
	if c := k.auth[t]; c != nil {
		return c
	}
	return nil
}

// Registration tells the state of a trunk's registration; ok is false for one that does not register.
func (k *trunkKeeper) Registration(t *trunk.Trunk) (trunk.RegistrationStatus, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	for _, r := range k.regs {
		if r.trunk == t {
			return r.view, true
		}
	}
	return trunk.RegistrationStatus{}, false
}

// Run serves until ctx ends, then takes our registrations back.
func (k *trunkKeeper) Run(ctx context.Context) error {
	k.resolve(ctx)
	for _, r := range k.regs {
		k.register(r, trunk.Start{})
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	resolved := time.Now()
	for {
		select {
		case <-ctx.Done():
			for _, r := range k.regs {
				k.register(r, trunk.Stop{})
			}
			return nil
		case res := <-k.results:
			k.result(res)
		case <-timer.C:
		}
		if time.Since(resolved) >= resolveEvery {
			k.resolve(ctx)
			resolved = time.Now()
		}
		timer.Reset(k.due())
	}
}

// due performs what is due now and tells how long nothing is.
func (k *trunkKeeper) due() time.Duration {
	now := time.Now()
	next := now.Add(keeperMaxWait)
	for _, p := range k.pings {
		if p.pinger.Step(now, trunk.PingTick) {
			k.ping(p)
		}
		if at, ok := p.pinger.Deadline(); ok && at.Before(next) {
			next = at
		}
	}
	for _, r := range k.regs {
		if at, ok := r.reg.Deadline(); ok && !at.After(now) {
			k.register(r, trunk.Tick{})
		}
		if at, ok := r.reg.Deadline(); ok && at.Before(next) {
			next = at
		}
	}
	return max(0, time.Until(next))
}

func (k *trunkKeeper) ping(p *pingTask) {
	err := k.send(p.target, trunk.Options(p.target, k.contact), func(ev transaction.ClientEvent) {
		if final(ev) {
			k.post(trunkResult{ping: p, res: ev.Response, err: ev.Err})
		}
	})
	if err != nil {
		k.result(trunkResult{ping: p, err: err})
	}
}

func (k *trunkKeeper) register(r *registrationTask, ev trunk.RegistrationEvent) {
	for _, e := range r.reg.Step(time.Now(), ev) {
		switch e := e.(type) {
		case trunk.SendRegister:
			cseq := e.Request.CSeq().SeqNo
			err := k.send(e.Target, e.Request, func(ev transaction.ClientEvent) {
				if final(ev) {
					k.post(trunkResult{reg: r, cseq: cseq, res: ev.Response, err: ev.Err})
				}
			})
			if err != nil {
				k.post(trunkResult{reg: r, cseq: cseq, err: err})
			}
		case trunk.RegistrationChanged:
			k.log.Info("trunk registration", "trunk", e.Trunk, "from", e.From, "to", e.To, "status", e.Status)
		}
	}
	k.mu.Lock()
	r.view = r.reg.Status()
	k.mu.Unlock()
}

// final tells the event that ends a transaction which is no INVITE.
func final(ev transaction.ClientEvent) bool {
	return ev.Err != nil || ev.Response != nil && ev.Response.StatusCode >= 200
}

// post never waits: a result that finds no room counts as lost, and the next ping repairs it.
func (k *trunkKeeper) post(r trunkResult) {
	select {
	case k.results <- r:
	default:
		k.log.Error("trunk result dropped")
	}
}

func (k *trunkKeeper) result(r trunkResult) {
	now := time.Now()
	switch {
	case r.ping != nil:
		for _, c := range r.ping.trunk.Report(now, r.ping.target, outcome(r), 0) {
			k.log.Info("trunk health", "trunk", c.Trunk, "target", c.Target.Host, "from", c.From, "to", c.To)
		}
		r.ping.pinger.Step(now, trunk.PingFinished)
	case r.res != nil:
		k.register(r.reg, trunk.RegisterAnswered{Response: r.res})
	default:
		k.register(r.reg, trunk.RegisterFailed{CSeq: r.cseq, Outcome: outcome(r)})
	}
}

func outcome(r trunkResult) trunk.Outcome {
	switch {
	case r.res != nil:
		return trunk.OutcomeOf(r.res.StatusCode)
	case errors.Is(r.err, transaction.ErrTimeout):
		return trunk.NoAnswer
	}
	return trunk.Unreachable
}

// errNoAddress says that a trunk's name did not resolve.
var errNoAddress = errors.New("the name has no address")

func (k *trunkKeeper) send(t trunk.Target, req *sip.Request, sink func(transaction.ClientEvent)) error {
	addr, ok := k.Addr(t)
	if !ok {
		return errNoAddress
	}
	_, err := k.layer.Send(req, transaction.Destination{Transport: strings.ToUpper(t.Transport), Addr: addr}, sink)
	return err
}

// Test pings every target of a trunk once and waits for the answers.
func (k *trunkKeeper) Test(ctx context.Context, t *trunk.Trunk) []trunkProbe {
	targets := t.Config().Targets
	probes := make([]trunkProbe, len(targets))
	var wg sync.WaitGroup
	for i, target := range targets {
		wg.Go(func() { probes[i] = k.probe(ctx, target) })
	}
	wg.Wait()
	return probes
}

// trunkProbe is the answer of one target to one OPTIONS.
type trunkProbe struct {
	target trunk.Target
	status int
	rtt    time.Duration
	err    error
}

func (k *trunkKeeper) probe(ctx context.Context, t trunk.Target) trunkProbe {
	answer := make(chan transaction.ClientEvent, 1)
	began := time.Now()
	err := k.send(t, trunk.Options(t, k.contact), func(ev transaction.ClientEvent) {
		if final(ev) {
			select {
			case answer <- ev:
			default:
			}
		}
	})
	if err != nil {
		return trunkProbe{target: t, err: err}
	}
	select {
	case <-ctx.Done():
		return trunkProbe{target: t, err: ctx.Err()}
	case ev := <-answer:
		p := trunkProbe{target: t, rtt: time.Since(began), err: ev.Err}
		if ev.Response != nil {
			p.status = ev.Response.StatusCode
		}
		return p
	}
}

// resolve looks all names up; an address that was known stays when the look-up fails.
func (k *trunkKeeper) resolve(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, resolveTime)
	defer cancel()
	for _, t := range k.set.All() {
		for _, target := range t.Config().Targets {
			if _, err := netip.ParseAddr(target.Host); err == nil {
				continue
			}
			list, err := net.DefaultResolver.LookupNetIP(ctx, "ip4", target.Host)
			if err != nil || len(list) == 0 {
				k.log.Warn("trunk name not resolved", "trunk", t.Name(), "target", target.Host, "err", err)
				continue
			}
			k.mu.Lock()
			k.addrs[target.Host] = list[0].Unmap()
			k.mu.Unlock()
		}
	}
}
