package access

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/digital/outage"
)

// Parts are what a Keeper works with.
type Parts struct {
	Documents  Documents             // required
	Log        *slog.Logger          // nil: silent
	Registerer prometheus.Registerer // nil: figures are kept but not registered
}

// Keeper is the door: users, tokens, sessions and limits. Its methods may be called from any goroutine.
type Keeper struct {
	cfg     Config
	areas   []Area // longest prefix first
	docs    Documents
	log     *slog.Logger
	away    *outage.Log // requests turned away because the store cannot answer
	m       *metrics
	hash    *hasher
	rates   *rates
	lockout *lockout
	lasts   *lasts
	wanted  wanted
}

// New makes a keeper, or returns every fault of its configuration.
func New(cfg Config, p Parts) (*Keeper, error) {
	if p.Documents == nil {
		return nil, errors.New("access: no documents to keep users in")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	cfg = cfg.withDefaults()
	areas := slices.Clone(cfg.Areas)
	slices.SortStableFunc(areas, func(a, b Area) int { return cmp.Compare(len(b.Prefix), len(a.Prefix)) })
	m := newMetrics(p.Registerer)
	return &Keeper{
		cfg: cfg, areas: areas, docs: Checked(p.Documents), log: p.Log, m: m, away: outage.New(p.Log, "door"),
		hash:    newHasher(cfg.Hashes, cfg.HashQueue, m),
		rates:   newRates(cfg),
		lockout: newLockout(cfg),
		lasts:   newLasts(cfg.Tracked),
	}, nil
}

// area gives the rules for a path.
func (k *Keeper) area(path string) Area {
	for _, a := range k.areas {
		if a.covers(path) {
			return a
		}
	}
	return Area{}
}

func (a Area) covers(path string) bool {
	if a.Alone {
		return path == a.Prefix
	}
	rest, ok := strings.CutPrefix(path, a.Prefix)
	return ok && (rest == "" || strings.HasSuffix(a.Prefix, "/") || rest[0] == '/')
}

// Server gives an http.Server with the limits that a door to the outside needs. Addr, TLSConfig and serving are the caller's.
func (k *Keeper) Server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           k.Wrap(h),
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(k.log.Handler(), slog.LevelDebug),
	}
}
