package redis

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"tandem/store/engine"
)

// place is a pair of a bucket.
type place struct {
	bucket engine.Bucket
	key    string
}

// value is what stands at a place; nil for nothing.
type value []byte

type write struct {
	place
	value value
}

type logEntry struct {
	count int
	keep  uint64
	value []byte
}

// tx is one transaction: it reads through, remembers what it read, and keeps its writes until the commit.
type tx struct {
	m       *medium
	writes  bool
	fresh   bool // nothing is assumed
	seen    map[place]value
	pending []*write
	latest  map[place]*write
	logs    []logEntry
	err     error
}

func newTx(m *medium) *tx { return &tx{m: m, seen: map[place]value{}, latest: map[place]*write{}} }

var (
	_ engine.Tx      = (*tx)(nil)
	_ engine.Remote  = (*tx)(nil)
	_ engine.Watcher = (*medium)(nil)
)

// hash names the hash of a bucket, or the sorted set of one without values.
func (m *medium) hash(b engine.Bucket) string { return m.prefix + string(b) }

// stream names the stream of a journal's key, and the number of its entry.
func (m *medium) stream(b engine.Bucket, key string) (string, uint64) {
	if len(key) <= 8 {
		return m.prefix + string(b), lastNumber(key)
	}
	return m.prefix + string(b) + ":" + key[:len(key)-9], lastNumber(key)
}

func lastNumber(key string) uint64 {
	if len(key) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64([]byte(key[len(key)-8:]))
}

// checks lists what the commit compares: everything that was read and can change.
func (t *tx) checks() []place {
	list := make([]place, 0, len(t.seen))
	for p := range t.seen {
		if p.bucket.Shape() != engine.Journal {
			list = append(list, p)
		}
	}
	return list
}

// known gives a value that needs no round trip.
func (t *tx) known(p place) (value, bool) {
	if w := t.latest[p]; w != nil {
		return w.value, true
	}
	if v, ok := t.seen[p]; ok {
		return v, true
	}
	if !t.writes {
		return nil, false
	}
	v, ok := t.m.memory[p]
	if ok {
		t.seen[p] = v
	}
	return v, ok
}

// Get implements engine.Tx.
func (t *tx) Get(b engine.Bucket, key []byte) []byte {
	p := place{b, string(key)}
	if v, ok := t.known(p); ok {
		return v
	}
	if t.Fetch([]engine.Ref{{Bucket: b, Key: key}}) != nil {
		return nil
	}
	return t.seen[p]
}

// Put implements engine.Tx.
func (t *tx) Put(b engine.Bucket, key, v []byte) error {
	if v == nil {
		v = []byte{}
	}
	t.put(place{b, string(key)}, v)
	return nil
}

// Delete implements engine.Tx.
func (t *tx) Delete(b engine.Bucket, key []byte) error {
	t.put(place{b, string(key)}, nil)
	return nil
}

func (t *tx) put(p place, v value) {
	if w := t.latest[p]; w != nil {
		w.value = v
		return
	}
	w := &write{p, v}
	t.latest[p] = w
	t.pending = append(t.pending, w)
}

// Fetch implements engine.Remote.
func (t *tx) Fetch(list []engine.Ref) error {
	if t.err != nil {
		return t.err
	}
	var missing []place
	for _, r := range list {
		p := place{r.Bucket, string(r.Key)}
		if _, ok := t.known(p); ok {
			continue
		}
		t.seen[p] = nil
		if r.New && t.writes && !t.fresh {
			continue // the commit will tell
		}
		missing = append(missing, p)
	}
	if len(missing) == 0 {
		return nil
	}
	answers, err := t.ask(missing)
	if err != nil {
		t.fail(err)
		return err
	}
	for i, p := range missing {
		v, err := answers[i]()
		if err != nil && !errors.Is(err, redis.Nil) {
			t.fail(err)
			return err
		}
		t.seen[p] = v
	}
	return nil
}

// ask reads places in one pipeline; places of one hash in one command.
func (t *tx) ask(list []place) ([]func() (value, error), error) {
	ctx, cancel := t.m.context()
	defer cancel()
	t.m.met.trips.Inc()
	answers := make([]func() (value, error), len(list))
	fields := map[engine.Bucket][]int{}
	pipe := t.m.client.Pipeline()
	for i, p := range list {
		switch p.bucket.Shape() {
		case engine.Journal:
			stream, n := t.m.stream(p.bucket, p.key)
			cmd := pipe.XRange(ctx, stream, entryID(n), entryID(n))
			answers[i] = func() (value, error) { return entryValue(cmd) }
		case engine.Set:
			cmd := pipe.ZScore(ctx, t.m.hash(p.bucket), p.key)
			answers[i] = func() (value, error) { return scoreValue(cmd) }
		default:
			fields[p.bucket] = append(fields[p.bucket], i)
		}
	}
	for b, places := range fields {
		names := make([]string, len(places))
		for j, i := range places {
			names[j] = list[i].key
		}
		cmd := pipe.HMGet(ctx, t.m.hash(b), names...)
		for j, i := range places {
			answers[i] = func() (value, error) { return fieldValue(cmd, j) }
		}
	}
	_, err := pipe.Exec(ctx)
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	return answers, err
}

func entryValue(cmd *redis.XMessageSliceCmd) (value, error) {
	list, err := cmd.Result()
	if err != nil || len(list) == 0 {
		return nil, err
	}
	s, _ := list[0].Values["v"].(string)
	return value(s), nil
}

func scoreValue(cmd *redis.FloatCmd) (value, error) {
	if err := cmd.Err(); err != nil {
		return nil, err
	}
	return value{1}, nil
}

func fieldValue(cmd *redis.SliceCmd, i int) (value, error) {
	list, err := cmd.Result()
	if err != nil || i >= len(list) || list[i] == nil {
		return nil, err
	}
	s, _ := list[i].(string)
	return value(s), nil
}

func (t *tx) fail(err error) {
	if t.err == nil {
		t.err = err
	}
}

// Err implements engine.Remote.
func (t *tx) Err() error { return t.err }

// Log implements engine.Remote.
func (t *tx) Log(count int, v []byte, keep uint64) {
	t.logs = append(t.logs, logEntry{count, keep, v})
}

// Bounds implements engine.Remote.
func (t *tx) Bounds() (newest, oldest uint64, err error) {
	ctx, cancel := t.m.context()
	defer cancel()
	t.m.met.trips.Inc()
	pipe := t.m.client.Pipeline()
	head := pipe.Get(ctx, t.m.prefix+"feed:head")
	first := pipe.XRangeN(ctx, t.m.prefix+"feed", "-", "+", 1)
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		t.fail(err)
		return 0, 0, err
	}
	newest, _ = strconv.ParseUint(head.Val(), 10, 64)
	oldest = newest + 1
	if list := first.Val(); len(list) > 0 {
		oldest = idNumber(list[0].ID)
	}
	return newest, oldest, nil
}

// Slot implements engine.Remote.
func (t *tx) Slot() uint64 {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails (crypto/rand)
	return binary.BigEndian.Uint64(raw[:]) | 1
}

// Count implements engine.Remote.
func (t *tx) Count(b engine.Bucket) (int, error) {
	ctx, cancel := t.m.context()
	defer cancel()
	t.m.met.trips.Inc()
	n, err := t.m.client.HLen(ctx, t.m.hash(b)).Result()
	if b.Shape() == engine.Set {
		n, err = t.m.client.ZCard(ctx, t.m.hash(b)).Result()
	}
	if err != nil {
		t.fail(err)
	}
	return int(n), err
}

// Now implements engine.Remote.
func (t *tx) Now() (time.Time, error) {
	now, err := t.m.now()
	if err != nil {
		t.fail(err)
	}
	return now, err
}
