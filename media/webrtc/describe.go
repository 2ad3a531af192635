package webrtc

import (
	"tandem/media"
	"tandem/media/sdp"
)

// caps are what we can do with a browser.
func (g *Gate) caps() sdp.Caps {
	return sdp.Caps{Codecs: g.cfg.Codecs, Events: eventsPT, Ptime: ptime, PreferOurs: true}
}

// offer makes an offer of ours: on the link in force if there is one, with new credentials if that is lost, else for a new one.
func (g *Gate) offer(l *leg, want media.Direction) media.Described {
	g.dropOffer(l)
	p := &proposal{offered: offeredBy(g.cfg.Codecs, l.config), direction: want}
	b := body{setup: "actpass", mid: "0", hasMid: true, bundled: true}
	if in := l.link.Load(); in != nil && l.coming == nil {
		if in.state == lost {
			g.freshen(in)
		}
		far := in.far.Load()
		p.link, p.section = in, far.section
		b.sections, b.section, b.mid, b.hasMid, b.bundled = far.sections, far.section, far.mid, far.hasMid, far.bundled
	} else {
		p.link = g.newLink(l)
	}
	b.formats, b.events, b.direction = p.offered.Formats, p.offered.Events, want
	l.offer = p
	return media.Described{SDP: g.print(l, p.link, b)}
}

// accept takes the answer to our offer that is out.
func (g *Gate) accept(l *leg, c media.Accept) (media.Described, error) {
	p := l.offer
	if p == nil {
		return media.Described{}, errNoOffer
	}
	far, err := readRemote(c.Answer, sdp.Terms{Caps: g.caps(), Direction: p.direction, Section: p.section, Offered: &p.offered})
	switch {
	case err != nil:
		return media.Described{}, err
	case far.role == eitherRole:
		return media.Described{}, errSetup
	}
	switch was := p.link.far.Load(); {
	case p.link.state == over:
		return media.Described{}, errNoOffer
	case was == nil:
		g.expect(l, p.link, far)
	case was.sameLink(far):
		p.link.far.Store(far)
		g.happen(p.link, described, "")
	default: // by another page than the one that the link is of
		g.expect(l, g.heir(p.link), far)
	}
	l.offer = nil
	g.agree(l, far.config)
	return media.Described{}, nil
}

// answer takes an offer: of a connection that we know, which it changes, or of another one, which will replace it.
func (g *Gate) answer(l *leg, c media.Describe) (media.Described, error) {
	far, err := readRemote(c.Offer, sdp.Terms{Caps: g.caps(), Direction: c.Direction})
	if err != nil {
		return media.Described{}, err
	}
	g.dropOffer(l)
	in := l.known(far)
	switch {
	case in == nil:
		in = g.newLink(l)
		g.expect(l, in, far)
	case in.far.Load().ice != far.ice: // ICE restart, RFC 8839 §4.4.1.1.1
		g.freshen(in)
		fallthrough
	default:
		in.far.Store(far)
		g.happen(in, described, "")
	}
	g.agree(l, far.config)
	b := body{setup: "passive", mid: far.mid, hasMid: far.hasMid, bundled: far.bundled, section: far.section, sections: far.sections,
		formats: far.config.Accept, events: far.config.DTMFRecv, direction: far.config.Direction}
	if in.active {
		b.setup = "active"
	}
	return media.Described{SDP: g.print(l, in, b)}, nil
}

// heir makes a link that the credentials in force of another lead to from now on.
func (g *Gate) heir(of *link) *link {
	in := g.newLink(of.leg)
	c := of.ice[len(of.ice)-1]
	in.ice = append(in.ice, c)
	g.table.enter(c, in)
	return in
}

// known finds the link that a description is about, or nil.
func (l *leg) known(far *remote) *link {
	for _, in := range [...]*link{l.coming, l.link.Load()} {
		if in == nil {
			continue
		}
		if was := in.far.Load(); was != nil && was.sameLink(far) {
			return in
		}
	}
	return nil
}

// expect makes a link the one on its way, and begins its handshake. We are the DTLS server wherever we may.
func (g *Gate) expect(l *leg, in *link, far *remote) {
	in.active = far.role == passive
	in.far.Store(far)
	g.happen(l.coming, dropped, "")
	l.coming = in
	g.happen(in, described, "")
}

// agree puts what was negotiated in force.
func (g *Gate) agree(l *leg, c media.StreamConfig) {
	c.Remote, c.RemoteRTCP, c.Timeout = g.elbow.at, g.elbow.at, l.config.Timeout
	l.config, l.agreed = c, true
	g.configure(l)
}

// print completes and prints a description of ours.
func (g *Gate) print(l *leg, in *link, b body) string {
	b.ice, b.print, b.at = in.ice[len(in.ice)-1], g.fingerprint, g.at
	return l.local.print(b)
}
