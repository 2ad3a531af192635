package engine

import (
	"net/netip"
	"time"

	"tandem/media/rtp"
)

// latchAfter is how many consecutive good packets make a source the one that is heard.
const latchAfter = 3

// yieldAfter is how long the incumbent must be silent before anybody else is counted while the latch is open: whoever talks
// cannot be shouted down, however many packets a stranger sends (RTP bleed).
const yieldAfter = 100 * time.Millisecond

// claimFor is how long after a configuration the address of the SDP may still claim the stream.
const claimFor = 3 * time.Second

// latch decides whose packets a stream hears. It is a value without clock or socket.
//
// The incumbent is the source that is heard; before anybody was learned, the address and port of the SDP. The latch is open
// (learning) after each configuration and after a long silence. While it is open, an eligible source takes over with its
// third consecutive good packet, once the incumbent is silent; three in a row from the incumbent close it. For claimFor
// after it opened, three packets from the address and port of the SDP win whatever else was learned or talks in between: the
// signalling named it.
//
//	            eligible while open                   where we send
//	strict      the SDP's IP address, any port        the SDP's address and port
//	symmetric   everybody                             the source that was learned
type latch struct {
	sdp       netip.AddrPort
	last      netip.AddrPort // last valid sdp
	symmetric bool
	relatch   time.Duration // silence after which it opens again

	heard   netip.AddrPort // the source that is heard; invalid: none yet
	open    bool
	heardAt time.Duration // last packet heard

	openedAt time.Duration
	named    int // good packets from the SDP's address and port since it opened
	streak   int // consecutive good packets of the candidate
	cand     netip.AddrPort
	ssrc     uint32 // of the candidate
	seq      uint16 // last of the candidate
}

// configure sets what the SDP says, and opens the latch. Who was heard stays heard while he remains eligible.
func (l *latch) configure(sdp netip.AddrPort, symmetric bool, now time.Duration) {
	sdp = netip.AddrPortFrom(sdp.Addr().Unmap(), sdp.Port())
	moved := sdp.IsValid() && sdp != l.last
	if sdp.IsValid() {
		l.last = sdp // c=0.0.0.0 is a hold (RFC 2543), after which the same peer comes back
	}
	l.sdp, l.symmetric = sdp, symmetric
	l.learn(now)
	if !l.heard.IsValid() || !l.eligible(l.heard) || moved {
		l.heard, l.heardAt = netip.AddrPort{}, now-yieldAfter
	}
}

// eligible tells whether a source may be learned at all.
func (l *latch) eligible(from netip.AddrPort) bool {
	return l.symmetric || (l.sdp.IsValid() && from.Addr() == l.sdp.Addr())
}

// hears decides about a good packet (its shape and payload type are right) from a source, and learns from it.
func (l *latch) hears(from netip.AddrPort, p rtp.Packet, now time.Duration) bool {
	if !l.open && from != l.heard && now-l.heardAt > l.relatch {
		l.learn(now)
	}
	if from == l.sdp && from != l.heard && now-l.openedAt < claimFor {
		if l.named++; l.named >= latchAfter {
			l.heard, l.open = from, false
		}
	}
	incumbent := from == l.heard || (!l.heard.IsValid() && from == l.sdp)
	if !incumbent && (!l.open || now-l.heardAt < yieldAfter || !l.eligible(from)) {
		return false
	}
	if l.open && l.counts(from, p) >= latchAfter {
		l.heard, l.open, incumbent = from, false, true
	}
	if incumbent {
		l.heardAt = now
	}
	return incumbent
}

// learn opens the latch.
func (l *latch) learn(now time.Duration) { l.open, l.openedAt, l.streak, l.named = true, now, 0, 0 }

// counts counts consecutive packets of one source: the SSRC stable, the sequence going on by few.
func (l *latch) counts(from netip.AddrPort, p rtp.Packet) int {
	seq, ssrc := p.Sequence(), p.SSRC()
	if step := seq - l.seq; l.streak > 0 && from == l.cand && ssrc == l.ssrc && step > 0 && step < 50 {
		l.streak++
	} else {
		l.streak, l.cand, l.ssrc = 1, from, ssrc
	}
	l.seq = seq
	return l.streak
}

// sendTo is where RTP goes; invalid: nowhere yet.
func (l *latch) sendTo() netip.AddrPort {
	if l.symmetric && l.heard.IsValid() {
		return l.heard
	}
	return l.sdp
}

// knows tells whether RTCP from an address may be believed.
func (l *latch) knows(addr netip.Addr) bool {
	return (l.sdp.IsValid() && addr == l.sdp.Addr()) || (l.heard.IsValid() && addr == l.heard.Addr())
}
