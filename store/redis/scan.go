package redis

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"tandem/store/engine"
)

// page is how many pairs of a scan come with one round trip.
const page = 128

// pair is a key with its value.
type pair struct {
	key   string
	value []byte
}

// Scan implements engine.Tx.
func (t *tx) Scan(b engine.Bucket, r engine.Range, fn func(key, value []byte) bool) {
	next := t.pages(b, r)
	if t.touched(b, string(r.Prefix)) {
		next = t.overlay(b, r, next)
	}
	for {
		list, more := next()
		for _, p := range list {
			if t.err != nil || !fn([]byte(p.key), p.value) {
				return
			}
		}
		if !more || t.err != nil {
			return
		}
	}
}

func (t *tx) touched(b engine.Bucket, prefix string) bool {
	return slices.ContainsFunc(t.pending, func(w *write) bool { return w.bucket == b && strings.HasPrefix(w.key, prefix) })
}

// overlay reads the whole range and lays the transaction's own writes over it.
func (t *tx) overlay(b engine.Bucket, r engine.Range, next func() ([]pair, bool)) func() ([]pair, bool) {
	return func() ([]pair, bool) {
		all := map[string][]byte{}
		for {
			list, more := next()
			for _, p := range list {
				all[p.key] = p.value
			}
			if !more || t.err != nil {
				break
			}
		}
		for _, w := range t.pending {
			switch {
			case w.bucket != b || !strings.HasPrefix(w.key, string(r.Prefix)) || outside(w.key, r):
			case w.value == nil:
				delete(all, w.key)
			default:
				all[w.key] = w.value
			}
		}
		list := make([]pair, 0, len(all))
		for k, v := range all {
			list = append(list, pair{k, v})
		}
		slices.SortFunc(list, func(a, b pair) int { return strings.Compare(a.key, b.key) })
		if r.Reverse {
			slices.Reverse(list)
		}
		return list, false
	}
}

func outside(key string, r engine.Range) bool {
	return r.From != nil && (r.Reverse && key > string(r.From) || !r.Reverse && key < string(r.From))
}

// pages gives a range page by page.
func (t *tx) pages(b engine.Bucket, r engine.Range) func() ([]pair, bool) {
	if b.Shape() == engine.Journal {
		return t.journalPages(b, r)
	}
	low, high := bounds(r)
	return func() ([]pair, bool) {
		keys := t.keyPage(b, low, high, r.Reverse)
		if len(keys) == 0 {
			return nil, false
		}
		if last := "(" + keys[len(keys)-1]; r.Reverse {
			high = last
		} else {
			low = last
		}
		list := make([]pair, len(keys))
		refs := make([]engine.Ref, len(keys))
		for i, k := range keys {
			list[i] = pair{k, []byte{1}}
			refs[i] = engine.Ref{Bucket: b, Key: []byte(k)}
		}
		if b.Shape() == engine.Sorted {
			if t.Fetch(refs) != nil {
				return nil, false
			}
			for i, k := range keys {
				list[i].value = t.Get(b, []byte(k))
			}
			list = slices.DeleteFunc(list, func(p pair) bool { return p.value == nil }) // gone since
		}
		return list, len(keys) == page
	}
}

// bounds gives a range in the form of ZRANGE BYLEX.
func bounds(r engine.Range) (low, high string) {
	low, high = "-", "+"
	if len(r.Prefix) > 0 {
		low = "[" + string(r.Prefix)
		if end := after(r.Prefix); end != nil {
			high = "(" + string(end)
		}
	}
	switch {
	case r.From != nil && r.Reverse:
		high = "[" + string(r.From)
	case r.From != nil:
		low = "[" + string(r.From)
	}
	return low, high
}

func (t *tx) keyPage(b engine.Bucket, low, high string, reverse bool) []string {
	ctx, cancel := t.m.context()
	defer cancel()
	t.m.met.trips.Inc()
	name := t.m.hash(b)
	if b.Shape() == engine.Sorted {
		name += ":keys"
	}
	if reverse { // the server wants the end where it begins first
		low, high = high, low
	}
	keys, err := t.m.client.ZRangeArgs(ctx, redis.ZRangeArgs{Key: name, Start: low, Stop: high, ByLex: true, Rev: reverse, Count: page}).Result()
	if err != nil {
		t.fail(err)
	}
	return keys
}

// journalPages reads a stream; the range's prefix is the whole key but for the number.
func (t *tx) journalPages(b engine.Bucket, r engine.Range) func() ([]pair, bool) {
	stream, _ := t.m.stream(b, string(r.Prefix)+"12345678")
	low, high := "-", "+"
	if r.From != nil && r.Reverse {
		high = strconv.FormatUint(lastNumber(string(r.From)), 10)
	} else if r.From != nil {
		low = strconv.FormatUint(lastNumber(string(r.From)), 10)
	}
	return func() ([]pair, bool) {
		ctx, cancel := t.m.context()
		defer cancel()
		t.m.met.trips.Inc()
		var entries []redis.XMessage
		var err error
		if r.Reverse {
			entries, err = t.m.client.XRevRangeN(ctx, stream, high, low, page).Result()
		} else {
			entries, err = t.m.client.XRangeN(ctx, stream, low, high, page).Result()
		}
		if err != nil {
			t.fail(err)
			return nil, false
		}
		list := make([]pair, len(entries))
		for i, x := range entries {
			s, _ := x.Values["v"].(string)
			list[i] = pair{string(binary.BigEndian.AppendUint64(slices.Clone(r.Prefix), idNumber(x.ID))), []byte(s)}
			if r.Reverse {
				high = "(" + x.ID
			} else {
				low = "(" + x.ID
			}
		}
		return list, len(entries) == page
	}
}

// idNumber reads the number of an entry's id.
func idNumber(id string) uint64 {
	head, _, _ := strings.Cut(id, "-")
	n, _ := strconv.ParseUint(head, 10, 64)
	return n
}

// after is the first key beyond all keys with a prefix; nil if there is none.
func after(prefix []byte) []byte {
	end := slices.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
