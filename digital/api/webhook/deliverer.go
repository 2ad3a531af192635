package webhook

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/digital/access"
	"tandem/digital/api/feed"
)

// Options are what a Deliverer is made of. Documents and Feed are required; zero fields take the default in brackets.
type Options struct {
	Documents access.Documents
	Feed      feed.Feed
	Source    string         // of the envelopes ["/tandem"]
	Allow     []netip.Prefix // addresses that may be called beside public ones
	HTTP      bool           // plain http too

	Most     int           // subscriptions [100]
	Workers  int           // deliveries at once [8]
	Timeout  time.Duration // of one delivery [10s]
	Attempts int           // until an event is given up [10]
	First    time.Duration // pause after the first failure; it doubles with each [5s]
	Longest  time.Duration // pause [15min]
	MaxDead  int           // given-up events kept for each subscription, newest win, at most 900 [500]
	Gap      time.Duration // between looks at the feed [20ms]

	Log        *slog.Logger
	Registerer prometheus.Registerer
}

func (o Options) withDefaults() Options {
	num := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	num(&o.Most, 100)
	num(&o.Workers, 8)
	num(&o.Attempts, 10)
	num(&o.MaxDead, 500)
	o.MaxDead = min(o.MaxDead, access.MaxList-100)
	o.Most = min(o.Most, access.MaxList)
	def(&o.Timeout, 10*time.Second)
	def(&o.First, 5*time.Second)
	def(&o.Longest, 15*time.Minute)
	def(&o.Gap, 20*time.Millisecond)
	if o.Source == "" {
		o.Source = "/tandem"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Deliverer delivers events to subscriptions. See the package comment for what belongs to whom.
type Deliverer struct {
	Options
	client *http.Client
	m      *metrics
	wake   chan struct{} // something of the fields below changed

	mu     sync.Mutex
	dirty  map[string]bool     // subscriptions to be read again
	resets map[string]string   // positions to be set
	again  map[string][]string // dead events to be tried again, by subscription
	views  map[string]view     // what readers see
}

// view is a subscription's progress as readers see it.
type view struct {
	status Status
	recent []Delivery // newest last; never changed, only replaced
}

// New makes a deliverer; Run makes it work.
func New(o Options) (*Deliverer, error) {
	if o.Documents == nil || o.Feed == nil {
		return nil, errors.New("webhook: documents and a feed are required")
	}
	o = o.withDefaults()
	o.Documents = access.Checked(o.Documents)
	guard := Guard{o.Allow, o.HTTP}
	dialer := &net.Dialer{Timeout: o.Timeout, Control: guard.control}
	return &Deliverer{Options: o, m: newMetrics(o.Registerer), wake: make(chan struct{}, 1),
		dirty: map[string]bool{}, resets: map[string]string{}, again: map[string][]string{}, views: map[string]view{},
		client: &http.Client{
			Timeout:       o.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			Transport: &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: o.Timeout, ResponseHeaderTimeout: o.Timeout,
				MaxResponseHeaderBytes: 16 << 10, MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true},
		}}, nil
}

// poke wakes Run.
func (d *Deliverer) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}
