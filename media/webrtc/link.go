package webrtc

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"tandem/media"
	"tandem/media/sdp"
	"tandem/media/srtp"
)

// leg is a browser stream. Owned by the owner, but for the atomics.
type leg struct {
	id     media.StreamID
	engine atomic.Pointer[netip.AddrPort] // RTP port of the inner stream; nil before it is open
	link   atomic.Pointer[link]           // in force: its packets cross

	coming *link     // described, its handshake not done; nil: none
	offer  *proposal // of ours that is out; nil: none
	local  local
	config media.StreamConfig
	agreed bool // config holds
	dirty  bool // the inner engine has yet to take config
	closed bool
}

// proposal is an offer of ours that waits for its answer.
type proposal struct {
	link      *link
	offered   sdp.Offered
	direction media.Direction
	section   int
}

// link is one browser connection. Its owner's fields change in the goroutine of Serve only.
type link struct {
	leg    *leg
	remote atomic.Pointer[netip.AddrPort] // where the browser is; nil: not known
	heard  atomic.Int64                   // when a genuine packet came last, in ns since the Gate began
	keys   atomic.Pointer[srtp.Guard]
	mute   atomic.Bool // lost: nothing is sent
	wire   *wire
	far    atomic.Pointer[remote] // what the browser says; nil until its answer

	reachable chan struct{} // closed when remote is known
	once      sync.Once

	addrs []netip.AddrPort // guarded by table.mu

	// The owner's.
	ice    []credentials // the last are the ones in force
	active bool          // we are the DTLS client
	cancel context.CancelFunc
	state  state
}

// reach notes where the browser is.
func (l *link) reach(at netip.AddrPort) {
	if was := l.remote.Load(); was == nil || *was != at {
		l.remote.Store(&at)
	}
	l.once.Do(func() { close(l.reachable) })
}

// hear notes that the browser is there.
func (l *link) hear(now time.Duration) { l.heard.Store(int64(now)) }

// quiet is for how long it was not heard.
func (l *link) quiet(now time.Duration) time.Duration { return now - time.Duration(l.heard.Load()) }
