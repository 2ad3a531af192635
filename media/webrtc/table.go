package webrtc

import (
	"net/netip"
	"slices"
	"sync"
)

// maxAddrs is how many addresses of a browser lead to one link; the oldest makes room.
const maxAddrs = 16

// door is what a ufrag of ours opens.
type door struct {
	link *link
	pwd  string
}

// table finds the owner of a packet. The lock is held for a lookup or a change only.
type table struct {
	mu       sync.RWMutex // guards all below, and link.addrs
	byUfrag  map[string]door
	byAddr   map[netip.AddrPort]*link
	byEngine map[netip.AddrPort]*leg // by the inner engine's ports
}

func newTable() *table {
	return &table{byUfrag: map[string]door{}, byAddr: map[netip.AddrPort]*link{}, byEngine: map[netip.AddrPort]*leg{}}
}

// at finds the link of a browser's address, or nil.
func (t *table) at(from netip.AddrPort) *link {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byAddr[from]
}

// named finds what a ufrag opens. The link is nil where there is none.
func (t *table) named(ufrag []byte) door {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byUfrag[string(ufrag)]
}

// behind finds the leg of a port of the inner engine, or nil.
func (t *table) behind(engine netip.AddrPort) *leg {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.byEngine[engine]
}

// enter makes credentials known.
func (t *table) enter(c credentials, l *link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byUfrag[c.ufrag] = door{l, c.pwd}
}

// forget makes credentials unknown, unless they lead to another link by now.
func (t *table) forget(c credentials, l *link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byUfrag[c.ufrag].link == l {
		delete(t.byUfrag, c.ufrag)
	}
}

// learn binds an address to a link. An address that another leg's link is heard from stays with that one: a browser that
// knows its own credentials must not take another's packets away.
func (t *table) learn(from netip.AddrPort, l *link, inUse func(*link) bool) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	was := t.byAddr[from]
	if was == l {
		return true
	}
	if was != nil {
		if was.leg != l.leg && inUse(was) {
			return false
		}
		was.addrs = slices.DeleteFunc(was.addrs, func(a netip.AddrPort) bool { return a == from })
	}
	if len(l.addrs) == maxAddrs {
		delete(t.byAddr, l.addrs[0])
		l.addrs = slices.Delete(l.addrs, 0, 1)
	}
	l.addrs = append(l.addrs, from)
	t.byAddr[from] = l
	return true
}

// leave takes out all that leads to a link.
func (t *table) leave(l *link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, c := range l.ice {
		if t.byUfrag[c.ufrag].link == l {
			delete(t.byUfrag, c.ufrag)
		}
	}
	for _, a := range l.addrs {
		delete(t.byAddr, a)
	}
	l.addrs = nil
}

// bind makes the ports of a leg's inner stream known: RTP, and RTCP on the next.
func (t *table) bind(engine netip.AddrPort, l *leg) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byEngine[engine] = l
	t.byEngine[next(engine)] = l
}

// unbind undoes bind.
func (t *table) unbind(engine netip.AddrPort) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byEngine, engine)
	delete(t.byEngine, next(engine))
}

func next(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr(), a.Port()+1) }

// sizes counts what is in the table, to find leaks.
func (t *table) sizes() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.byUfrag) + len(t.byAddr) + len(t.byEngine)
}
