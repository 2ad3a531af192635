package webrtc

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/media"
	"tandem/media/sdp"
)

// Config is all that a Gate needs. Zero values mean the defaults.
type Config struct {
	Listen    netip.AddrPort // of the one UDP port for all browsers; port 0: any
	Advertise netip.Addr     // where browsers reach it; default: Listen's address, which must then be a certain one
	Inner     media.Engine   // moves the audio; it must be able to bind loopback

	MaxStreams       int           // browser streams at once; default 1000
	HandshakeTimeout time.Duration // from the SDP to the keys; default 20 s
	LostAfter        time.Duration // a link not heard for so long is lost; default 10 s, above the 6 s of RFC 7675
	Codecs           []media.Codec // in our order of preference; default that of sdp.DefaultCaps
	Mailbox          int           // commands waiting; default 1024
	Events           int           // events waiting; default 4096

	Log      *slog.Logger
	Registry prometheus.Registerer
}

// Validate reports all faults.
func (c Config) Validate() error {
	var faults []error
	fault := func(bad bool, format string, args ...any) {
		if bad {
			faults = append(faults, fmt.Errorf("webrtc: "+format, args...))
		}
	}
	d := c.withDefaults()
	fault(d.Inner == nil, "no inner engine")
	fault(!d.Listen.IsValid(), "no listen address")
	fault(d.Listen.IsValid() && (!d.Advertise.IsValid() || d.Advertise.IsUnspecified()), "advertise: needed where listen is %v", d.Listen)
	fault(d.MaxStreams < 1, "max_streams %d: below 1", d.MaxStreams)
	fault(d.HandshakeTimeout < time.Millisecond, "handshake_timeout %v: below 1ms", d.HandshakeTimeout)
	fault(d.LostAfter < time.Millisecond, "lost_after %v: below 1ms", d.LostAfter)
	fault(d.Mailbox < 1, "mailbox %d: below 1", d.Mailbox)
	fault(d.Events < 1, "events %d: below 1", d.Events)
	for _, k := range d.Codecs {
		fault(k != media.PCMU && k != media.PCMA, "codec %v: not one for browsers", k)
	}
	return errors.Join(faults...)
}

func (c Config) withDefaults() Config {
	if !c.Advertise.IsValid() && c.Listen.IsValid() {
		c.Advertise = c.Listen.Addr()
	}
	c.Advertise = c.Advertise.Unmap().WithZone("")
	for _, n := range []struct {
		v   *int
		def int
	}{{&c.MaxStreams, 1000}, {&c.Mailbox, 1024}, {&c.Events, 4096}} {
		if *n.v == 0 {
			*n.v = n.def
		}
	}
	if c.HandshakeTimeout == 0 {
		c.HandshakeTimeout = 20 * time.Second
	}
	if c.LostAfter == 0 {
		c.LostAfter = 10 * time.Second
	}
	if c.Codecs == nil {
		c.Codecs = sdp.DefaultCaps().Codecs
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Registry == nil {
		c.Registry = prometheus.NewRegistry()
	}
	return c
}
