package b2bua

import (
	"errors"
	"net/netip"
	"time"

	"tandem/media"
)

// Config sets limits and manners of the switch.
type Config struct {
	Domain    string // of our addresses of record, e.g. "tandem.local"
	UserAgent string

	MaxCalls  int     // at once; above it 503 with Retry-After
	CallRate  float64 // new calls a second; above it 503 with Retry-After
	CallBurst int     // calls that may come at once above the rate

	SessionExpires time.Duration // RFC 4028: asked for on outgoing legs; 0 asks for none
	MediaTimeout   time.Duration // a leg that may send and does not for so long ends its call; 0: never
	MediaAdvertise netip.Addr    // stands in SDP instead of the address that the engine binds; the zero value: that address
	PreferOurs     bool          // answer in our order of codecs
	Codecs         []media.Codec // for endpoints, in order of preference
	RingBack       []media.Item  // what an answered caller hears while a target rings
	HoldMusic      []media.Item  // what a leg hears while the other side holds it

	Recordings string // directory; empty: nothing is ever recorded
	RecordAll  bool   // record every bridged call, not only on command
	TraceCalls int    // ended calls whose trace is kept
}

// Defaults returns the configuration of a small site.
func Defaults() Config {
	return Config{
		Domain: "tandem.local", UserAgent: "Tandem", MaxCalls: 2000, CallRate: 500, CallBurst: 500, MediaTimeout: 60 * time.Second,
		Codecs:    []media.Codec{media.PCMU, media.PCMA},
		RingBack:  []media.Item{{Tone: media.Tone{Hz1: 425, Level: -16, For: time.Second}}, {Silence: 4 * time.Second}},
		HoldMusic: []media.Item{{Prompt: "music/default"}}, TraceCalls: 500,
	}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var faults []error
	bad := func(wrong bool, what string) {
		if wrong {
			faults = append(faults, errors.New(what))
		}
	}
	bad(c.Domain == "", "domain: missing")
	bad(c.MaxCalls < 1, "max_calls: must be at least 1")
	bad(c.CallRate <= 0, "calls_per_second: must be above 0")
	bad(c.CallBurst < 1, "call_burst: must be at least 1")
	bad(c.TraceCalls < 0, "trace_calls: must not be negative")
	bad(c.MediaTimeout < 0, "media_timeout: must not be negative")
	return errors.Join(faults...)
}
