package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"time"
)

// Admission is what the access list says about a source.
type Admission uint8

// Answers of the access list.
const (
	Limit Admission = iota // accept within the rate limit
	Trust                  // accept without limit: a configured trunk
	Drop                   // neither read nor answered
)

// Config describes one endpoint. Zero values mean the defaults named beside them.
type Config struct {
	Name      string // for logs and metrics
	UDP       string // listen address "ip:port", "" for none
	TCP       string
	TLS       string
	TLSConfig *tls.Config // required with TLS: certificates to show, roots to trust; with ClientCAs and ClientAuth peers must show theirs
	Advertise string      // "host" or "host:port" for Via and Contact; the listen address when empty

	Admit func(netip.Addr) Admission // runs in the reader; nil admits everybody within the limit
	Rate  Rate

	MaxMessage     int           // bytes, 65535
	MaxConns       int           // connections with others, 10000; local ones are bounded by who attaches them
	MaxPerSource   int           // connections accepted from one address (of IPv6: one /64 network), 64
	IdleTimeout    time.Duration // without a byte on a TCP or TLS connection, 15 min; a WebSocket is pinged
	MessageTimeout time.Duration // for the rest of a message once it began, 10 s
	WriteTimeout   time.Duration // 5 s
	DialTimeout    time.Duration // 5 s
	ReadBuffer     int           // bytes of the kernel's receive buffer for UDP, 1 MiB; more only queues what will be late

	Dial    func(ctx context.Context, network, addr string) (net.Conn, error) // net.Dialer when nil
	Log     *slog.Logger                                                      // silent when nil
	Metrics *Metrics                                                          // unregistered when nil
}

// Rate is the token bucket for every source address that the access list neither trusts nor drops.
type Rate struct {
	PerSecond float64 // messages, 0 for no limit
	Burst     float64 // messages, 2×PerSecond when 0
	Sources   int     // addresses (of IPv6: /64 networks) remembered, 16384 when 0; the least recent is forgotten first
}

// Sockets are the sockets of an endpoint that somebody else opened: a network in memory, or systemd.
type Sockets struct {
	UDP      net.PacketConn
	TCP, TLS net.Listener
}

func (c Config) withDefaults() Config {
	c.MaxMessage = cmp.Or(c.MaxMessage, 65535)
	c.MaxConns = cmp.Or(c.MaxConns, 10000)
	c.MaxPerSource = cmp.Or(c.MaxPerSource, 64)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, 15*time.Minute)
	c.MessageTimeout = cmp.Or(c.MessageTimeout, 10*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 5*time.Second)
	c.DialTimeout = cmp.Or(c.DialTimeout, 5*time.Second)
	c.ReadBuffer = cmp.Or(c.ReadBuffer, 1<<20)
	c.Rate.Sources = cmp.Or(c.Rate.Sources, 16384)
	c.Rate.Burst = cmp.Or(c.Rate.Burst, 2*c.Rate.PerSecond)
	if c.Dial == nil {
		c.Dial = (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics(nil)
	}
	return c
}
