package sdp

import (
	"net/netip"
	"slices"

	"tandem/media"
)

// Change says what an exchange changed.
type Change uint8

// The changes, as bits.
const (
	AddressChanged   Change = 1 << iota // where to send RTP or RTCP
	CodecChanged                        // the chosen codec, the accepted set, or a payload type
	DirectionChanged                    // hold, resume
	EventsChanged                       // telephone-event payload types
	PtimeChanged
	HoldChanged // Held is another than before
	KeysChanged // of SRTP, or whether there is any
)

// Result tells what came of an exchange. Changed is 0 for a refresh that repeats what is in force: nothing is to be done.
type Result struct {
	Changed Change
	Held    bool   // the peer has us on hold: it does not want to hear us
	Host    string // c= names a host: resolve it, and set Config.Remote to it with Port
	Port    uint16 // the peer's RTP port
	Fax     bool   // the peer asked for T.38 in this description; the section was refused
	Refused int    // m-lines with a port that we answered with port 0
}

// Local is our side of one leg: what we said last, what is in force, and whose turn it is. Owned by the leg's owner.
type Local struct {
	addr    netip.AddrPort
	id      uint64
	caps    Caps
	want    media.Direction
	dirty   bool // addr, want or the order of codecs changed since our last description
	state   State
	version uint64
	said    []byte // last body that we sent, without its version

	sections []Media // the m-lines in force, in order: ours at audio, refused ones elsewhere
	audio    int
	mid      string
	proto    string
	formats  []media.Format // with the payload types that we use
	prefer   bool           // Prefer was called since our last description
	events   uint8
	ptime    media10
	crypto   []Crypto // ours: what we offer before anything is agreed, then the line in force

	pending proposal // the offer that is out
	current proposal // our description in force
	inForce Agreement
	agreed  bool
}

// proposal is a description of ours, and what it promised.
type proposal struct {
	session   *Session
	offered   Offered
	direction media.Direction
}

// media10 is a packet time in units of 10 ms.
type media10 int

// NewLocal makes our side with the address that the peer shall send to, and a session ID, which is cut to 63 bits.
func NewLocal(addr netip.AddrPort, sessID uint64, caps Caps) *Local {
	caps = caps.clean()
	l := &Local{
		addr: netip.AddrPortFrom(addr.Addr().Unmap().WithZone(""), addr.Port()), id: sessID & (1<<63 - 1),
		caps: caps, proto: "RTP/AVP", events: caps.Events, ptime: tens(caps.Ptime),
	}
	if caps.SRTP == SRTPRequired {
		l.proto = "RTP/SAVP"
	}
	for _, c := range caps.Codecs {
		l.formats = append(l.formats, media.Format{Codec: c, SendPT: staticPT(c), RecvPT: staticPT(c)})
	}
	return l
}

// State is whose turn it is.
func (l *Local) State() State { return l.state }

// Config is what is in force; ok is false before the first exchange.
func (l *Local) Config() (media.StreamConfig, bool) { return l.inForce.Config, l.agreed }

// SetDirection is what we want from the next Offer or Answer on: SendOnly or Inactive hold the peer, SendRecv resumes.
func (l *Local) SetDirection(d media.Direction) {
	l.dirty = l.dirty || d != l.want
	l.want = d
}

// SetAddr changes where the peer shall send to, from the next Offer or Answer on.
func (l *Local) SetAddr(addr netip.AddrPort) {
	addr = netip.AddrPortFrom(addr.Addr().Unmap().WithZone(""), addr.Port())
	l.dirty = l.dirty || addr != l.addr
	l.addr = addr
}

// Prefer puts a codec first in offers and in answers by our order, e.g. the one of the leg at the other side of the bridge.
// One that we cannot do is ignored. Without it, later offers begin with the codec in force.
func (l *Local) Prefer(c media.Codec) {
	i := slices.Index(l.caps.Codecs, c)
	if i < 0 {
		return
	}
	l.caps.Codecs = slices.Insert(slices.Delete(l.caps.Codecs, i, i+1), 0, c)
	l.prefer = true
	l.dirty = l.dirty || i > 0 || l.agreed && l.inForce.Config.Format.Codec != c
}

// Offer prints our offer. As long as nothing of ours changed it repeats the description in force, version included, on hold
// too: this is what a refresh sends. An offer that is out may be repeated.
func (l *Local) Offer() []byte {
	l.state, _, _ = Step(l.state, LocalOffer)
	switch {
	case l.dirty || l.pending.session == nil && l.current.session == nil:
		l.pending = l.propose()
	case l.pending.session == nil:
		l.pending = l.current
	}
	l.dirty, l.prefer = false, false
	return l.print(l.pending.session)
}

// propose makes a new offer of all that we can do.
func (l *Local) propose() proposal {
	p := proposal{direction: l.want}
	for _, c := range l.caps.Codecs {
		f := media.Format{Codec: c, RecvPT: l.recvPT(c)}
		if l.agreed && !l.prefer && c == l.inForce.Config.Format.Codec {
			p.offered.Formats = slices.Insert(p.offered.Formats, 0, f)
			continue
		}
		p.offered.Formats = append(p.offered.Formats, f)
	}
	p.offered.Events = l.eventsPT(p.offered.Formats)
	if l.crypto == nil && !l.agreed && (l.caps.SRTP == SRTPOffered || l.caps.SRTP == SRTPRequired) {
		l.crypto = newCryptos()
	}
	p.offered.Crypto, p.offered.Secure = l.crypto, secure(l.proto)
	p.session = l.body(p.offered, p.direction, l.ptime)
	return p
}

// eventsPT is the payload type for telephone-event: the one of before, else ours, but none that a codec has.
func (l *Local) eventsPT(formats []media.Format) uint8 {
	if l.caps.Events == 0 {
		return 0
	}
	pt := l.caps.Events
	if l.events != 0 {
		pt = l.events
	}
	for slices.ContainsFunc(formats, func(f media.Format) bool { return f.RecvPT == pt }) {
		if pt++; pt > 127 {
			pt = 96
		}
	}
	return pt
}

// recvPT keeps the payload type that a codec has had on this leg (RFC 3264 §8.3.2).
func (l *Local) recvPT(c media.Codec) uint8 {
	for _, f := range l.formats {
		if f.Codec == c {
			return f.RecvPT
		}
	}
	return staticPT(c)
}

// AcceptAnswer takes the answer to our offer. It may be called again with the answer of another response or fork.
func (l *Local) AcceptAnswer(body []byte) (media.StreamConfig, Result, error) {
	next, _, ok := Step(l.state, RemoteAnswer)
	if !ok {
		return media.StreamConfig{}, Result{}, ErrTurn
	}
	remote, err := Parse(body)
	if err != nil {
		return media.StreamConfig{}, Result{}, err
	}
	ours := l.pending
	if ours.session == nil {
		ours = l.current // a repeated answer, or one of another fork
	}
	terms := l.terms(&ours.offered)
	terms.Direction = ours.direction
	a, err := Negotiate(remote, terms)
	if err != nil {
		return media.StreamConfig{}, Result{Fax: a.Fax}, err
	}
	if !sends(ours.direction) {
		a.Held = l.inForce.Held // the answer could not say otherwise
	}
	l.state, l.current, l.pending = next, ours, proposal{}
	l.events = ours.offered.Events
	l.remember(ours.offered.Formats)
	l.keep(a)
	return a.Config, l.apply(a, 0), nil
}

// Reject tells that our offer was refused or timed out: what was in force goes on.
func (l *Local) Reject() error {
	next, _, ok := Step(l.state, OfferFailed)
	if !ok {
		return ErrTurn
	}
	l.dirty = l.dirty || l.pending.session != l.current.session // a refused refresh changes nothing
	l.state, l.pending = next, proposal{}
	return nil
}

// Answer takes an offer and prints our answer. After an error nothing has changed, and the offer is to be refused.
func (l *Local) Answer(offer []byte) ([]byte, media.StreamConfig, Result, error) {
	next, _, ok := Step(l.state, RemoteOffer)
	if !ok {
		return nil, media.StreamConfig{}, Result{}, ErrTurn
	}
	remote, err := Parse(offer)
	if err != nil {
		return nil, media.StreamConfig{}, Result{}, err
	}
	a, err := Negotiate(remote, l.terms(nil))
	if err != nil {
		return nil, media.StreamConfig{}, Result{Fax: a.Fax}, err
	}
	if !a.Config.SRTP.Plain() {
		a.Config.SRTP.Send = l.keyFor(a.Config.SRTP.Recv)
	}
	l.keep(a)
	refused := l.mirror(remote, a.Section)
	l.events, l.ptime = a.Config.DTMFRecv, tens(a.Config.Ptime)
	l.remember(a.Config.Accept)
	p := proposal{offered: Offered{slices.Clone(a.Config.Accept), l.events, l.crypto, secure(l.proto)}, direction: a.Config.Direction}
	p.session = l.body(p.offered, p.direction, l.ptime)
	l.state, l.current, l.pending = next, p, proposal{}
	l.dirty, l.prefer = false, false
	return l.print(p.session), a.Config, l.apply(a, refused), nil
}

func (l *Local) terms(o *Offered) Terms {
	return Terms{Caps: l.caps, Direction: l.want, IPv6: l.addr.Addr().Is6(), Section: l.audio, Offered: o}
}

// remember keeps the payload types that codecs were given, for later offers.
func (l *Local) remember(formats []media.Format) {
	for _, f := range formats {
		i := slices.IndexFunc(l.formats, func(o media.Format) bool { return o.Codec == f.Codec })
		if i >= 0 {
			l.formats[i] = f
		}
	}
}

// keyFor gives our key beside one of theirs: that of before as long as theirs is, else a new one, so that both begin to count anew.
func (l *Local) keyFor(theirs media.Key) media.Key {
	if was := l.inForce.Config.SRTP; was.Recv == theirs {
		return was.Send
	}
	return newKey(theirs.Suite)
}

// keep remembers our line of an agreement, for later offers.
func (l *Local) keep(a Agreement) {
	l.crypto = nil
	if keys := a.Config.SRTP; !keys.Plain() {
		l.crypto = []Crypto{{a.Tag, keys.Send}}
	}
}

// apply brings an agreement into force and tells what it changed.
func (l *Local) apply(a Agreement, refused int) Result {
	r := Result{Held: a.Held, Host: a.Host, Port: a.Port, Fax: a.Fax, Refused: refused}
	r.Changed = changes(&l.inForce, &a)
	if !l.agreed {
		r.Changed = AddressChanged | CodecChanged | DirectionChanged | EventsChanged | PtimeChanged
		if a.Held {
			r.Changed |= HoldChanged
		}
	}
	l.agreed = true
	l.inForce = a
	l.inForce.Config.Accept = slices.Clone(a.Config.Accept)
	return r
}

func changes(was, is *Agreement) (c Change) {
	w, i := &was.Config, &is.Config
	set := func(differs bool, bit Change) {
		if differs {
			c |= bit
		}
	}
	set(w.Remote != i.Remote || w.RemoteRTCP != i.RemoteRTCP || was.Host != is.Host || was.Port != is.Port, AddressChanged)
	set(w.Format != i.Format || !slices.Equal(w.Accept, i.Accept), CodecChanged)
	set(w.Direction != i.Direction, DirectionChanged)
	set(w.DTMFSend != i.DTMFSend || w.DTMFRecv != i.DTMFRecv, EventsChanged)
	set(w.Ptime != i.Ptime, PtimeChanged)
	set(was.Held != is.Held, HoldChanged)
	set(w.SRTP != i.SRTP, KeysChanged)
	return c
}
