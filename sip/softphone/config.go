package softphone

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/sip"
	"tandem/sip/transport"
)

// Limits of a phone.
const (
	boxLen     = 256              // letters that wait; commands above it are refused, the gateway above it loses the phone
	eventsLen  = 64               // events that wait for the owner
	maxHeaders = 16               // X- headers of a message
	maxText    = 1024             // bytes of a header's value, or of a reason
	maxAddress = 256              // bytes of what is dialled
	OfferTime  = 20 * time.Second // for the owner to answer Offered
	referTime  = 3 * time.Minute  // for a transfer to say how it ended
	closeGrace = 5 * time.Second  // for BYE and the end of the binding to be answered
)

// Gateway is the endpoint that phones hang on; *transport.Endpoint has it.
type Gateway interface {
	AttachLocal(peer transport.LocalPeer, user string) (*transport.Local, error)
}

// Config describes a set of phones. Zero values mean the defaults named beside them.
type Config struct {
	Gateway   Gateway       // required; it is served while phones are open
	Domain    string        // required: host of the addresses of record, and of what is dialled
	MaxPhones int           // 10000, guests not among them
	MaxGuests int           // phones of guests, 10000
	MaxCalls  int           // of one phone, 8
	Expires   time.Duration // of a binding, 1 h
	UserAgent string        // "tandem page"

	Rand     func() float64        // numbers in [0,1) for back-offs; math/rand/v2 when nil
	Log      *slog.Logger          // silent when nil
	Registry prometheus.Registerer // nil leaves the metrics unregistered
}

func (c Config) withDefaults() Config {
	c.MaxPhones = cmp.Or(c.MaxPhones, 10000)
	c.MaxGuests = cmp.Or(c.MaxGuests, 10000)
	c.MaxCalls = cmp.Or(c.MaxCalls, 8)
	c.Expires = cmp.Or(c.Expires, time.Hour)
	c.UserAgent = cmp.Or(c.UserAgent, "tandem page")
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Options describe one phone.
type Options struct {
	User     string // required: endpoint name, user part of its address of record; the flow bears it as proven
	Display  string // shown to those who are called
	Guest    bool   // counted apart: anybody may come, and keeps nobody out who works here
	Instance string // URN that tells this device from others of the user (RFC 5626 §4.1); "" makes each phone a new one
}

func (o Options) check(domain string) error {
	if o.User == "" || len(o.User) > maxAddress || strings.IndexFunc(o.User, unfitUser) >= 0 {
		return fmt.Errorf("phone %.40q: user: %w", o.User, ErrConfig)
	}
	if domain == "" || strings.ContainsAny(domain, "<>@\"; \r\n\t") {
		return fmt.Errorf("phone %s: domain: %w", o.User, ErrConfig)
	}
	if len(o.Instance) > maxAddress || strings.ContainsAny(o.Instance, "<>\"") || sip.Clean(o.Instance) != o.Instance {
		return fmt.Errorf("phone %s: instance: %w", o.User, ErrConfig)
	}
	return nil
}

// unfitUser reports what a user part cannot hold unescaped (RFC 3261 §25.1, unreserved).
func unfitUser(r rune) bool {
	return !(r >= '0' && r <= '9' || r|0x20 >= 'a' && r|0x20 <= 'z' || strings.ContainsRune("-_.!~*'()+", r))
}
