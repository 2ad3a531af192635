package webrtc

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// socketBuffer is what we ask the kernel for, in bytes: a burst of all browsers must fit while the reader waits for a core.
const socketBuffer = 4 << 20

// maxPacket is the largest packet that is read; larger ones are cut and then refused.
const maxPacket = 2048

// port is the one UDP socket of all browsers, and the road of what they send:
//
//  1. read into the one buffer; the first byte tells STUN, DTLS and SRTP apart (RFC 7983)
//  2. STUN: the ufrag names the link, the password proves it; the address is learned; answer
//  3. DTLS: by address to the link's handshake
//  4. SRTP, SRTCP: by address; replay, authentication and decryption in place; by the elbow to the inner stream
type port struct {
	conn   *net.UDPConn
	elbow  *elbow
	table  *table
	counts *counts
	now    func() time.Duration
	busy   time.Duration // an address heard within it stays with its link
	check  checker
}

func listenUDP(at netip.AddrPort) (*net.UDPConn, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
	if err != nil {
		return nil, err
	}
	// The kernel gives what it allows; less is no fault.
	_ = conn.SetReadBuffer(socketBuffer)
	_ = conn.SetWriteBuffer(socketBuffer)
	return conn, nil
}

// maxFaults is how many failed reads in a row end a reader.
const maxFaults = 100

// readAll reads a socket until it is closed. The error says why it ended otherwise.
func readAll(conn *net.UDPConn, take func(b []byte, from netip.AddrPort)) error {
	buf := make([]byte, maxPacket)
	for faults := 0; ; {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		switch {
		case err == nil:
			faults = 0
			take(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		case errors.Is(err, net.ErrClosed):
			return nil
		default: // what ICMP says about others' packets
			if faults++; faults == maxFaults {
				return err
			}
		}
	}
}

// serve reads until the socket is closed.
func (p *port) serve() error { return readAll(p.conn, p.take) }

// take handles one packet of a browser, or of anybody.
func (p *port) take(b []byte, from netip.AddrPort) {
	if len(b) == 0 || len(b) == maxPacket {
		p.counts.strays.Add(1)
		return
	}
	if b[0] < 4 {
		p.takeCheck(b, from)
		return
	}
	l := p.table.at(from)
	switch {
	case l == nil:
		p.counts.strays.Add(1)
	case b[0] >= 20 && b[0] < 64:
		if l.far.Load() != nil && !l.wire.push(b) {
			p.counts.refused.Add(1)
		}
	case b[0] >= 128 && b[0] < 192:
		p.takeMedia(l, b)
	default:
		p.counts.refused.Add(1)
	}
}

// takeCheck answers a connectivity check.
func (p *port) takeCheck(b []byte, from netip.AddrPort) {
	ufrag, ok := p.check.read(b)
	if !ok {
		p.counts.strays.Add(1)
		return
	}
	d := p.table.named(ufrag)
	if d.link == nil || !p.check.genuine(d.pwd) {
		p.counts.strays.Add(1)
		return
	}
	if !p.table.learn(from, d.link, p.inUse) {
		p.counts.refused.Add(1)
		return
	}
	reply, accepted := p.check.answer(from, d.pwd)
	if accepted {
		d.link.hear(p.now())
		if p.check.nominates() || d.link.remote.Load() == nil {
			d.link.reach(from)
		}
	}
	p.send(reply, from)
}

func (p *port) inUse(l *link) bool { return l.quiet(p.now()) < p.busy }

// takeMedia opens a packet and hands it to the inner stream.
func (p *port) takeMedia(l *link, b []byte) {
	k := l.keys.Load()
	if k == nil || l.leg.link.Load() != l {
		p.counts.refused.Add(1)
		return
	}
	plain, ok := k.Open(b)
	if !ok {
		p.counts.refused.Add(1)
		return
	}
	p.counts.received.Add(1)
	l.hear(p.now())
	if to := l.leg.engine.Load(); to != nil {
		p.elbow.send(plain, *to)
	}
}

// send writes a packet to a browser. Anybody may call it.
func (p *port) send(b []byte, to netip.AddrPort) {
	if _, err := p.conn.WriteToUDPAddrPort(b, to); err != nil {
		p.counts.sendErrors.Add(1)
	}
}

// elbow is the loopback socket towards the inner engine, and the road of what that sends:
//
//  1. read into the one buffer; the engine's port names the leg
//  2. seal for the link in force; nothing goes to one that is lost
//  3. by the port to where the browser is
type elbow struct {
	conn   *net.UDPConn
	at     netip.AddrPort
	port   *port
	table  *table
	counts *counts
	out    []byte
}

// serve reads until the socket is closed.
func (e *elbow) serve() error { return readAll(e.conn, e.take) }

// take handles one packet of the inner engine.
func (e *elbow) take(b []byte, from netip.AddrPort) {
	g := e.table.behind(from)
	if g == nil {
		e.counts.strays.Add(1)
		return
	}
	l := g.link.Load()
	if l == nil || l.mute.Load() {
		return
	}
	k, to := l.keys.Load(), l.remote.Load()
	if k == nil || to == nil {
		return
	}
	sealed, err := k.Seal(e.out[:0], b)
	if err != nil {
		e.counts.refused.Add(1)
		return
	}
	e.counts.sent.Add(1)
	e.port.send(sealed, *to)
}

// send writes a packet to the inner engine.
func (e *elbow) send(b []byte, to netip.AddrPort) {
	if _, err := e.conn.WriteToUDPAddrPort(b, to); err != nil {
		e.counts.sendErrors.Add(1)
	}
}
