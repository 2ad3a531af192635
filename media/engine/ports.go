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
}

// portPool gives out bound port pairs. A pair that came back rests for the drain time, so that late packets of its last
// call never reach the next, and stays bound. Each local address has the whole range to itself.
type portPool struct {
	lo, hi int
	drain  time.Duration

	mu    sync.Mutex // guards all below; held over bind, which does not wait
	pools map[netip.Addr]*addressPool
	inUse int
}

// addressPool is the range of one local address. A port is fresh, resting, foreign or in use.
type addressPool struct {
	fresh   int // next port that was never bound
	resting []restingPair
}

// restingPair waits until a time. Without sockets it is a port of somebody else. The list is in order of time but for
// foreign ones, which are looked at in turn.
type restingPair struct {
	pair  pair
	bound bool
	until time.Time
}

func newPortPool(lo, hi int, drain time.Duration) *portPool {
	return &portPool{lo: (lo + 1) &^ 1, hi: hi, drain: drain, pools: map[netip.Addr]*addressPool{}}
}

// take gives a pair that nobody uses. The error is errNoPorts when the range is used up.
func (p *portPool) take(local netip.Addr, now time.Time) (pair, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.pools[local]
	if a == nil {
		if len(p.pools) >= maxAddresses {
			return pair{}, errAddresses
		}
		a = &addressPool{fresh: p.lo}
		p.pools[local] = a
	}
	got, err := p.freshLocked(a, local, now)
	if err == errNoPorts {
		got, err = p.restedLocked(a, now)
	}
	if err == nil {
		p.inUse++
	}
	return got, err
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
		a.resting = append(a.resting, restingPair{pair: pair{local: at}, until: now.Add(foreignRest)})
	}
	return pair{}, errNoPorts
}

// restedLocked gives the pair that has rested longest, if it has rested enough.
func (p *portPool) restedLocked(a *addressPool, now time.Time) (pair, error) {
	for i := 0; i < len(a.resting); i++ {
		r := a.resting[i]
		if r.until.After(now) {
			continue
		}
		if i == 0 {
			a.resting = a.resting[1:] // the usual case, without moving thousands
		} else {
			a.resting = append(a.resting[:i], a.resting[i+1:]...)
		}
		if r.bound {
			discard(r.pair.rtp)
			discard(r.pair.rtcp)
			return r.pair, nil
		}
		got, err := bindPair(r.pair.local)
		if err == nil {
			return got, nil
		}
		a.resting = append(a.resting, restingPair{pair: r.pair, until: now.Add(foreignRest)})
		if !isInUse(err) {
			return pair{}, err
		}
		i--
	}
	return pair{}, errNoPorts
}

// put takes a pair back.
func (p *portPool) put(back pair, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inUse--
	a := p.pools[back.local.Addr()]
	a.resting = append(a.resting, restingPair{pair: back, bound: true, until: now.Add(p.drain)})
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
		for _, r := range a.resting {
			if r.bound {
				closePair(r.pair)
			}
		}
		a.resting = nil
	}
}
