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
	fresh   int           // next port that was never bound
	resting []restingPair // bound, in order of time
	foreign []restingPair // not bound: somebody else has it; in order of time
}

// restingPair waits until a time.
type restingPair struct {
	pair  pair
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
	got, err := a.rested(now)
	if err == errNoPorts {
		got, err = p.freshLocked(a, local, now)
	}
	if err == errNoPorts {
		got, err = a.freed(now)
	}
	if err == nil {
		p.inUse++
	}
	return got, err
}

// rested gives the pair that has rested longest, if it has rested enough: what is bound already costs no new descriptor.
func (a *addressPool) rested(now time.Time) (pair, error) {
	if len(a.resting) == 0 || a.resting[0].until.After(now) {
		return pair{}, errNoPorts
	}
	got := a.resting[0].pair
	a.resting = a.resting[1:]
	discard(got.rtp)
	discard(got.rtcp)
	return got, nil
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
	a.resting = append(a.resting, restingPair{pair: back, until: now.Add(p.drain)})
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
			closePair(r.pair)
		}
		a.resting = nil
	}
}
