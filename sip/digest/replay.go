package digest

import "time"

// window remembers which counts of one nonce were used: the highest, and a bit for each of the 64 up to it.
type window struct {
	issued time.Time
	high   uint32
	bits   uint64 // bit i: high-i was seen
}

// take marks nc as used and tells whether it was new. Counts more than 63 below the highest are taken for used.
func (w *window) take(nc uint32) bool {
	if nc > w.high {
		if shift := nc - w.high; shift < 64 {
			w.bits <<= shift
		} else {
			w.bits = 0
		}
		w.bits |= 1
		w.high = nc
		return true
	}
	back := w.high - nc
	if back >= 64 || w.bits&(1<<back) != 0 {
		return false
	}
	w.bits |= 1 << back
	return true
}

// replays is the bounded table of nonces in use. Only answers with a right password enter it. When it is full the nonce that
// entered first is forgotten, and all nonces issued up to that one that are not in the table count as stale from then on: nobody is
// refused, nothing can be replayed, and the price is one more round trip for the clients concerned.
type replays struct {
	max     int
	windows map[string]*window
	order   []string // nonces in the order of entry
	floor   time.Time
	evicted uint64 // since the metrics were last told
}

func newReplays(max int) *replays { return &replays{max: max, windows: make(map[string]*window)} }

// take marks one use of a nonce. fresh is false for a replay and for a nonce below the floor.
func (r *replays) take(nonce string, issued time.Time, nc uint32) (fresh bool) {
	if w := r.windows[nonce]; w != nil {
		return w.take(nc)
	}
	if !issued.After(r.floor) {
		return false
	}
	if len(r.order) >= r.max {
		r.evicted++
		r.forget(r.order[0])
	}
	w := &window{issued: issued}
	r.windows[nonce] = w
	r.order = append(r.order, nonce)
	return w.take(nc)
}

// forget drops the oldest entry, which must be nonce, and raises the floor.
func (r *replays) forget(nonce string) {
	if w := r.windows[nonce]; w != nil && w.issued.After(r.floor) {
		r.floor = w.issued
	}
	delete(r.windows, nonce)
	r.order = r.order[1:]
}

// expire drops entries issued before a time at which the nonce itself is refused, so that the floor need not rise.
func (r *replays) expire(before time.Time) {
	for len(r.order) > 0 {
		w := r.windows[r.order[0]]
		if w != nil && !w.issued.Before(before) {
			return
		}
		delete(r.windows, r.order[0])
		r.order = r.order[1:]
	}
}
