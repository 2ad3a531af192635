package redis

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"tandem/store"
	"tandem/store/engine"
)

// form is the version of the layout.
const form = "1"

// ErrForm is wrapped when the data was written by a version of Tandem with another layout.
var ErrForm = errors.New("redis data has another layout")

// ErrEvicts is wrapped when the server would throw data away to make room.
var ErrEvicts = errors.New("redis may evict keys: set maxmemory-policy noeviction")

// Config tells where the server is.
type Config struct {
	Address  string // host:port, or the path of a Unix socket
	Username string
	Password string
	DB       int
	Site     string        // begins every key; default "tandem"
	TLS      *tls.Config   // nil: plain
	Timeout  time.Duration // of one round trip; default 2 s
	Patience time.Duration // how long a group of writes tries to get through before it is refused; default 3 s
}

func (c Config) withDefaults() Config {
	if c.Site == "" {
		c.Site = "tandem"
	}
	if c.Timeout <= 0 {
		c.Timeout = 2 * time.Second
	}
	if c.Patience <= 0 {
		c.Patience = 3 * time.Second
	}
	return c
}

// quiet takes what the client library would print: every fault is logged where it is handled.
type quiet struct{}

func (quiet) Printf(context.Context, string, ...any) {}

var hush = sync.OnceFunc(func() { redis.SetLogger(quiet{}) })

// Open reaches the server and begins the writer.
func Open(c Config, o engine.Options) (store.Store, error) {
	hush()
	c = c.withDefaults()
	m := &medium{config: c, prefix: "{" + c.Site + "}:", writer: rand.Text(), log: o.Log, met: newMetrics(o.Registry), memory: map[place]value{}}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	m.client = c.client()
	if err := m.prepare(); err != nil {
		_ = m.client.Close()
		return nil, fmt.Errorf("redis %s: %w", c.Address, err)
	}
	e, err := engine.New(m, o)
	if err != nil {
		_ = m.client.Close()
		return nil, fmt.Errorf("redis %s: %w", c.Address, err)
	}
	return e, nil
}

// client speaks to the server.
func (c Config) client() *redis.Client {
	network := "tcp"
	if len(c.Address) > 0 && c.Address[0] == '/' {
		network = "unix"
	}
	return redis.NewClient(&redis.Options{Network: network, Addr: c.Address, Username: c.Username, Password: c.Password, DB: c.DB,
		TLSConfig: c.TLS, DialTimeout: c.Timeout, ReadTimeout: c.Timeout, WriteTimeout: c.Timeout, MaxRetries: 2, DialerRetries: 1, PoolSize: 16})
}

// Durable is what a server keeps over its own end.
type Durable int

// What a server keeps.
const (
	Untold      Durable = iota // it does not tell its settings
	Nothing                    // no append-only file
	ToTheSecond                // all but what came last
	All
)

// Look asks a server what it keeps; an error says why it cannot be used, ErrEvicts among others.
func Look(c Config) (Durable, error) {
	hush()
	c = c.withDefaults()
	client := c.client()
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), c.Timeout)
	defer cancel()
	d, err := look(ctx, client)
	if err != nil {
		return d, fmt.Errorf("redis %s: %w", c.Address, err)
	}
	return d, nil
}

func look(ctx context.Context, client *redis.Client) (Durable, error) {
	if err := client.Ping(ctx).Err(); err != nil {
		return Untold, err
	}
	set, err := client.ConfigGet(ctx, "*").Result()
	if err != nil {
		return Untold, nil // a server that forbids this is taken at its operator's word
	}
	if p := set["maxmemory-policy"]; p != "" && p != "noeviction" {
		return Untold, fmt.Errorf("%w: it is %s", ErrEvicts, p)
	}
	switch {
	case set["appendonly"] == "no":
		return Nothing, nil
	case set["appendfsync"] != "always":
		return ToTheSecond, nil
	}
	return All, nil
}

// medium is the server as the engine sees it.
type medium struct {
	config Config
	client *redis.Client
	prefix string
	writer string // of this process, at random
	log    *slog.Logger
	offset atomic.Int64 // nanoseconds that the server's clock is ahead
	asked  atomic.Int64 // when that was measured, Unix nanoseconds
	met    *metrics

	commits uint64          // owned by the writer, as all below
	memory  map[place]value // what the server held when it was last read or written; checked with every commit
}

// prepare checks the server's settings and the layout of the data.
func (m *medium) prepare() error {
	ctx, cancel := m.context()
	defer cancel()
	durable, err := look(ctx, m.client)
	if err != nil {
		return err
	}
	switch durable {
	case Nothing:
		m.log.Warn("redis keeps no append-only file: what was acknowledged does not survive its restart")
	case ToTheSecond:
		m.log.Info("redis syncs once a second: a power cut may take the last second")
	}
	meta := m.prefix + "meta"
	if err := m.client.HSetNX(ctx, meta, "form", form).Err(); err != nil {
		return err
	}
	got, err := m.client.HGet(ctx, meta, "form").Result()
	if err == nil && got != form {
		return fmt.Errorf("%w: %s, this program reads %s", ErrForm, got, form)
	}
	return err
}

func (m *medium) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), m.config.Timeout)
}

// tries is how often a group is decided anew because another process was faster.
const tries = 64

// Update implements engine.Medium.
func (m *medium) Update(fn func(engine.Tx) error) error {
	for try := range tries {
		t := newTx(m)
		t.writes, t.fresh = true, try > 0
		if err := fn(t); err != nil {
			return errors.Join(err, t.err)
		}
		if t.err != nil {
			return t.err
		}
		done, err := m.commit(t)
		if err != nil {
			return err
		}
		if done {
			m.learn(t)
			return nil
		}
		m.met.conflicts.Inc()
		clear(m.memory)
	}
	return fmt.Errorf("others were faster %d times", tries)
}

// View implements engine.Medium.
func (m *medium) View(fn func(engine.Tx) error) error {
	t := newTx(m)
	err := fn(t)
	if t.err != nil {
		return errors.Join(t.err, err)
	}
	return err
}

// Reopen implements engine.Medium: connections are opened anew by the client, and nothing remembered is trusted.
func (m *medium) Reopen() error {
	clear(m.memory)
	return nil
}

// Close implements engine.Medium.
func (m *medium) Close() error { return m.client.Close() }

// maxMemory bounds what is remembered, in values; larger values than maxRemembered bytes never are.
const (
	maxMemory     = 1 << 15
	maxRemembered = 1 << 10
)

// learn remembers what a commit proved.
func (m *medium) learn(t *tx) {
	if len(m.memory) > maxMemory {
		clear(m.memory)
	}
	for p, v := range t.seen {
		m.keep(p, v)
	}
	destroyed := false
	for _, w := range t.pending {
		m.keep(w.place, w.value)
		destroyed = destroyed || w.bucket.Vault() && w.value == nil
	}
	if !destroyed {
		return
	}
	ctx, cancel := m.context()
	defer cancel()
	if err := m.client.BgRewriteAOF(ctx).Err(); err != nil {
		m.log.Warn("redis does not rewrite its append-only file: destroyed keys stay in its history", "err", err)
	}
}

func (m *medium) keep(p place, v value) {
	switch {
	case p.bucket.Shape() == engine.Journal:
	case v == nil || len(v) > maxRemembered:
		delete(m.memory, p)
	default:
		m.memory[p] = v
	}
}

// clockAge is how long the difference between the clocks is trusted.
const clockAge = 10 * time.Second

// now is the server's clock.
func (m *medium) now() (time.Time, error) {
	if at := m.asked.Load(); at != 0 && time.Since(time.Unix(0, at)) < clockAge {
		return time.Now().Add(time.Duration(m.offset.Load())), nil
	}
	ctx, cancel := m.context()
	defer cancel()
	m.met.trips.Inc()
	began := time.Now()
	server, err := m.client.Time(ctx).Result()
	if err != nil {
		return time.Time{}, err
	}
	here := began.Add(time.Since(began) / 2)
	m.offset.Store(int64(server.Sub(here)))
	m.asked.Store(time.Now().UnixNano())
	return time.Now().Add(server.Sub(here)), nil
}

// Watch implements engine.Watcher.
func (m *medium) Watch(ctx context.Context, changed func(error)) {
	const patience = 200 * time.Millisecond
	last := ""
	for ctx.Err() == nil {
		var err error
		if last == "" {
			last, err = m.newest(ctx)
		} else {
			var got []redis.XStream
			got, err = m.client.XRead(ctx, &redis.XReadArgs{Streams: []string{m.prefix + "feed", last}, Block: patience, Count: 1000}).Result()
			for _, s := range got {
				last = s.Messages[len(s.Messages)-1].ID
			}
			if errors.Is(err, redis.Nil) {
				continue
			}
		}
		if ctx.Err() != nil {
			return
		}
		changed(err)
		if err == nil {
			continue
		}
		last = ""
		pause := time.NewTimer(patience)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
}

// newest gives the id of the last entry of the feed.
func (m *medium) newest(ctx context.Context) (string, error) {
	list, err := m.client.XRevRangeN(ctx, m.prefix+"feed", "+", "-", 1).Result()
	if err != nil {
		return "", err
	}
	if len(list) == 0 {
		return "0-0", nil
	}
	return list[0].ID, nil
}

func entryID(n uint64) string { return strconv.FormatUint(n, 10) + "-0" }
