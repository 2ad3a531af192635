package redis

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tandem/store/engine"
)

// short is up to which length a value is compared itself; of longer ones the SHA-1 is.
const short = 40

// chunk is how many pairs one command of the script takes: Lua's stack holds no more than some thousands.
const chunk = 1000

// script applies a commit, once: KEYS[1] holds the number of this process' last commit. ARGV: number, how many groups of checks;
// for each: index of its key, kind, n, n fields, n expected values ("" for none); then groups of writes: kind, index of the key, n, n
// arguments of the command. It gives 1 if the commit is applied, 0 if something is not as it was read, or if the process has
// committed since: what was lost on its way and refused cannot turn up later.
var script = redis.NewScript(`
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
if last == tonumber(ARGV[1]) then return 1 end
if last > tonumber(ARGV[1]) then return 0 end
local i = 3
for _ = 1, tonumber(ARGV[2]) do
  local key, n = KEYS[tonumber(ARGV[i])], tonumber(ARGV[i+2])
  local first = i + 3
  local found = redis.call(ARGV[i+1], key, unpack(ARGV, first, first + n - 1))
  for j = 1, n do
    local got = found[j] or ''
    if #got > ` + strconv.Itoa(short) + ` then got = redis.sha1hex(got) end
    if got ~= ARGV[first+n+j-1] then return 0 end
  end
  i = first + 2 * n
end
redis.call('SET', KEYS[1], ARGV[1], 'EX', 3600)
local top = #ARGV
while i < top do
  local kind, key, n = ARGV[i], KEYS[tonumber(ARGV[i+1])], tonumber(ARGV[i+2])
  if kind == 'LOG' then
    local count, keep = tonumber(ARGV[i+3]), tonumber(ARGV[i+4])
    local newest = redis.call('INCRBY', key .. ':head', count)
    redis.call('XADD', key, string.format('%.0f-0', newest - count + 1), 'v', ARGV[i+5])
    if newest > keep then redis.call('XTRIM', key, 'MINID', string.format('%.0f', newest - keep + 1)) end
  else
    redis.call(kind, key, unpack(ARGV, i + 3, i + 2 + n))
  end
  i = i + 3 + n
end
return 1
`)

// order is a commit in the script's form.
type order struct {
	keys  []string
	index map[string]int
	args  []any
}

func (o *order) key(name string) int {
	if i, ok := o.index[name]; ok {
		return i
	}
	o.keys = append(o.keys, name)
	o.index[name] = len(o.keys)
	return len(o.keys)
}

// command names what a group of arguments goes to.
type command struct{ kind, key string }

// groups collects arguments by command, in the order in which the commands first came.
type groups struct {
	order []command
	args  map[command][]any
}

func (g *groups) add(kind, key string, args ...any) {
	c := command{kind, key}
	if _, ok := g.args[c]; !ok {
		g.order = append(g.order, c)
	}
	g.args[c] = append(g.args[c], args...)
}

// commit sends a transaction until it is known to be applied or not, at most for Config.Patience.
func (m *medium) commit(t *tx) (done bool, err error) {
	checks := t.checks()
	if len(t.pending) == 0 && len(t.logs) == 0 && len(checks) == 0 {
		return true, nil // else what was answered without writing must hold, too
	}
	m.commits++
	o := &order{index: map[string]int{}}
	o.key(m.prefix + "commit:" + m.writer)
	o.args = append(o.args, m.commits)
	o.checks(m, t, checks)
	o.writes(m, t)
	give := time.Now().Add(m.config.Patience)
	for {
		done, err = m.send(o)
		if err == nil || !passing(err) || time.Now().After(give) {
			return done, err
		}
		m.met.again.Inc()
		<-time.After(20 * time.Millisecond)
	}
}

func (o *order) checks(m *medium, t *tx, list []place) {
	g := groups{args: map[command][]any{}}
	for _, p := range list {
		switch v := t.seen[p]; {
		case p.bucket.Shape() != engine.Set:
			g.add("HMGET", m.hash(p.bucket), p.key, digest(v))
		case v == nil:
			g.add("ZMSCORE", m.hash(p.bucket), p.key, "")
		default:
			g.add("ZMSCORE", m.hash(p.bucket), p.key, "0")
		}
	}
	at, n := len(o.args), 0
	o.args = append(o.args, 0)
	for _, c := range g.order {
		for part := range slices.Chunk(g.args[c], 2*chunk) {
			n++
			o.args = append(o.args, o.key(c.key), c.kind, len(part)/2)
			for i := 0; i < len(part); i += 2 {
				o.args = append(o.args, part[i])
			}
			for i := 1; i < len(part); i += 2 {
				o.args = append(o.args, part[i])
			}
		}
	}
	o.args[at] = n
}

// writes adds what the transaction writes: each place is written once, so only entries of streams have an order.
func (o *order) writes(m *medium, t *tx) {
	g := groups{args: map[command][]any{}}
	for _, w := range t.pending {
		if w.bucket.Shape() == engine.Journal && w.value != nil {
			stream, n := m.stream(w.bucket, w.key)
			o.args = append(o.args, "XADD", o.key(stream), 3, entryID(n), "v", []byte(w.value))
			continue
		}
		g.write(m, w)
	}
	for _, c := range g.order {
		for part := range slices.Chunk(g.args[c], 2*chunk) {
			o.args = append(append(o.args, c.kind, o.key(c.key), len(part)), part...)
		}
	}
	for _, l := range t.logs {
		feed := m.prefix + "feed"
		o.key(feed + ":head")
		o.args = append(o.args, "LOG", o.key(feed), 3, l.count, l.keep, l.value)
	}
}

func (g *groups) write(m *medium, w *write) {
	hash, shape := m.hash(w.bucket), w.bucket.Shape()
	keys := hash
	if shape == engine.Sorted {
		keys += ":keys"
	}
	switch {
	case shape == engine.Journal:
		stream, n := m.stream(w.bucket, w.key)
		g.add("XDEL", stream, entryID(n))
		return
	case shape != engine.Set && w.value == nil:
		g.add("HDEL", hash, w.key)
	case shape != engine.Set:
		g.add("HSET", hash, w.key, []byte(w.value))
	}
	switch {
	case shape == engine.Table:
	case w.value == nil:
		g.add("ZREM", keys, w.key)
	default:
		g.add("ZADD", keys, 0, w.key)
	}
}

func digest(v value) any {
	if len(v) <= short {
		return []byte(v)
	}
	sum := sha1.Sum(v)
	return hex.EncodeToString(sum[:])
}

func (m *medium) send(o *order) (bool, error) {
	ctx, cancel := m.context()
	defer cancel()
	m.met.trips.Inc()
	n, err := script.EvalSha(ctx, m.client, o.keys, o.args...).Int()
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		n, err = script.Eval(ctx, m.client, o.keys, o.args...).Int()
	}
	return n == 1, err
}

// passing tells whether a fault may go away by itself in a moment: the connection is gone, or the server is starting.
func passing(err error) bool {
	var network net.Error
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &network) ||
		redis.HasErrorPrefix(err, "LOADING") || strings.Contains(err.Error(), "connection re") || errors.Is(err, redis.ErrPoolTimeout)
}
