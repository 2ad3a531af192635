package main

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/cmd/tandem/config"
	"tandem/sip/transport"
	"tandem/sip/trunk"
)

// This file is what a site opens before anything else, and what nodes share: carriers, sockets, the access list.

func trunksOf(cfg *config.Config, metrics *trunk.Metrics) (*trunk.Set, error) {
	var list []*trunk.Trunk
	var faults []error
	for _, c := range cfg.TrunkConfigs() {
		t, err := trunk.New(c, metrics)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		list = append(list, t)
	}
	set, err := trunk.NewSet(list)
	return set, errors.Join(append(faults, err)...)
}

// openSockets listens: one endpoint for each address, with the transports configured for it, and the HTTP door. TLS has a port of its own, and
// belongs to the first endpoint of its host.
func openSockets(cfg *config.Config, show *certificate, admit func(netip.Addr) transport.Admission, reg prometheus.Registerer, log *slog.Logger) (list []*transport.Endpoint, door net.Listener, err error) {
	metrics := transport.NewMetrics(reg)
	byAddr := map[netip.AddrPort]*transport.Config{}
	var order []*transport.Config
	listens := slices.Clone(cfg.SIP.Listen)
	slices.SortStableFunc(listens, func(a, b config.Listen) int { return cmp.Compare(secure[a.Transport], secure[b.Transport]) })
	for _, l := range listens {
		c := byAddr[l.Addr]
		if i := slices.IndexFunc(order, func(c *transport.Config) bool { return hostOf(c.Name) == l.Addr.Addr() && c.TLS == "" }); l.Transport == "tls" && i >= 0 {
			c = order[i]
		}
		if c == nil {
			c = &transport.Config{
				Name: l.Addr.String(), Advertise: cfg.SIP.Advertise, Admit: admit, Log: log, Metrics: metrics,
				Rate: transport.Rate{PerSecond: cfg.SIP.Rate.PerSecond, Burst: cfg.SIP.Rate.Burst},
			}
			byAddr[l.Addr], order = c, append(order, c)
		}
		switch l.Transport {
		case "tcp":
			c.TCP = l.Addr.String()
		case "tls":
			c.TLS, c.TLSConfig = l.Addr.String(), show.server("sip")
		default:
			c.UDP = l.Addr.String()
		}
	}
	for _, c := range order {
		e, err := transport.Listen(*c)
		if err != nil {
			return nil, nil, fmt.Errorf("sip: %w", err)
		}
		list = append(list, e)
	}
	if door, err = net.Listen("tcp", cfg.HTTP.Listen.String()); err != nil {
		return nil, nil, fmt.Errorf("http: %w", err)
	}
	if cfg.HTTP.TLS {
		door = tls.NewListener(door, show.server("http/1.1")) // for WebSockets
	}
	return list, door, nil
}

// secure is the order in which endpoints get their transports.
var secure = map[string]int{"tls": 1}

// hostOf is the address of an endpoint by its name.
func hostOf(name string) netip.Addr {
	at, _ := netip.ParseAddrPort(name)
	return at.Addr()
}

// admission is the access list: denied networks are not read, trunks and other nodes are not limited. knows may be nil.
func admission(cfg *config.Config, trunks *trunk.Set, knows func(netip.Addr) bool) func(netip.Addr) transport.Admission {
	return func(from netip.Addr) transport.Admission {
		for _, n := range cfg.SIP.Deny {
			if n.Contains(from) {
				return transport.Drop
			}
		}
		if _, ok := trunks.BySource(from); ok || knows != nil && knows(from) {
			return transport.Trust
		}
		return transport.Limit
	}
}
