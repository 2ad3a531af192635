package engine

import (
	"net/netip"
	"sync"
	"time"
)

// maxAddresses is how many local addresses one engine may bind.
const maxAddresses = 64

// foreignRest is how long a port pair that something else on the machine holds is left alone.
const foreignRest = time.Minute

// pair is an even RTP port with RTCP on the next, both bound.
type pair struct {
	rtp, rtcp int // file descriptors, non-blocking
	local     netip.AddrPort
	home      *worker // that watches it, also while it rests; nil: nobody yet
}

// portPool gives out bound port pairs. A pair that came back rests for the drain time, so that late packets of its last
// call never reach the next; it stays bound, and its worker goes on to watch it and throws away what comes. Each local
// address has the whole range to itself.
type portPool struct {
	lo, hi int
	drain  time.Duration

	mu    sync.Mutex // guards all below; held over bind, which does not wait
	pools map[netip.Addr]*addressPool
	inUse int
}

// addressPool is the range of one local address. A port is fresh, resting, foreign or in use.
type addressPool struct {
	fresh   int                       // next port that was never bound
	resting map[*worker][]restingPair // bound, by who watches, in order of time
	foreign []restingPair             // not bound: somebody else has it; in order of time
}

// restingPair waits until a time.
type restingPair struct {
	pair  pair
	until time.Time
}

func newPortPool(lo, hi int, drain time.Duration) *portPool {
	return &portPool{lo: (lo + 1) &^ 1, hi: hi, drain: drain, pools: map[netip.Addr]*addressPool{}}
}

// take gives a worker a pair that nobody uses: one that it watches, a fresh one, or as the last resort another worker's. The
// error is errNoPorts when the range is used up.
func (p *portPool) take(w *worker, local netip.Addr, now time.Time) (pair, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.pools[local]
	if a == nil {
		if len(p.pools) >= maxAddresses {
			return pair{}, errAddresses
		}
		a = &addressPool{fresh: p.lo, resting: map[*worker][]restingPair{}}
		p.pools[local] = a
	}
	got, err := a.rested(w, now)
	if err == errNoPorts {
		got, err = p.freshLocked(a, local, now)
	}
	if err == errNoPorts {
		got, err = a.strayed(now)
	}
	if err == errNoPorts {
		got, err = a.freed(now)
	}
	if err == nil {
		p.inUse++
	}
	return got, err
}

// rested gives the worker's pair that has rested longest, if it has rested enough: what is bound and watched already costs
// nothing.
func (a *addressPool) rested(w *worker, now time.Time) (pair, error) {
	resting := a.resting[w]
	if len(resting) == 0 || resting[0].until.After(now) {
		return pair{}, errNoPorts
	}
	a.resting[w] = resting[1:]
	return resting[0].pair, nil
}

// strayed gives any worker's pair that has rested enough.
func (a *addressPool) strayed(now time.Time) (pair, error) {
	for w := range a.resting {
		if got, err := a.rested(w, now); err == nil {
			return got, nil
		}
	}
	return pair{}, errNoPorts
}

// freshLocked binds the next pair of the range that was never bound.
func (p *portPool) freshLocked(a *addressPool, local netip.Addr, now time.Time) (pair, error) {
	for a.fresh+1 <= p.hi {
		at := netip.AddrPortFrom(local, uint16(a.fresh))
		got, err := bindPair(at)
		if err == nil {
			a.fresh += 2
			return got, nil
		}
		if !isInUse(err) {
			return pair{}, err
		}
		a.fresh += 2
		a.foreign = append(a.foreign, restingPair{pair: pair{local: at}, until: now.Add(foreignRest)})
	}
	return pair{}, errNoPorts
}

// freed tries the ports that somebody else had, each at most once in foreignRest.
func (a *addressPool) freed(now time.Time) (pair, error) {
	for len(a.foreign) > 0 && !a.foreign[0].until.After(now) {
		at := a.foreign[0].pair
		a.foreign = a.foreign[1:]
		got, err := bindPair(at.local)
		if err == nil {
			return got, nil
		}
		a.foreign = append(a.foreign, restingPair{pair: at, until: now.Add(foreignRest)})
		if !isInUse(err) {
			return pair{}, err
		}
	}
	return pair{}, errNoPorts
}

// put takes a pair back.
func (p *portPool) put(back pair, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inUse--
	a := p.pools[back.local.Addr()]
	a.resting[back.home] = append(a.resting[back.home], restingPair{pair: back, until: now.Add(p.drain)})
}

// used is the number of pairs in use.
func (p *portPool) used() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inUse
}

// close closes the sockets that rest.
func (p *portPool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.pools {
		for _, resting := range a.resting {
			for _, r := range resting {
				closePair(r.pair)
			}
		}
		clear(a.resting)
	}
}
