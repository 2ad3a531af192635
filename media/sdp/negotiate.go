package sdp

import (
	"cmp"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"tandem/media"
)

// Terms are our part of a negotiation.
type Terms struct {
	Caps      Caps
	Direction media.Direction // what we want
	IPv6      bool            // our address family, to choose among several c= lines
	Section   int             // preferred m-line; the only one if Offered
	Offered   *Offered        // what we offered, if the other side answers; nil if it offers
}

// Offered is what we listed in our offer: the payload types that we accept.
type Offered struct {
	Formats []media.Format // SendPT is not used
	Events  uint8          // telephone-event payload type; 0: not offered
	Crypto  []Crypto       // our keys; none: plain RTP
	Secure  bool           // nothing but SRTP was offered
}

// Agreement is what came out.
type Agreement struct {
	Section int // index of the audio m-line
	Config  media.StreamConfig
	Host    string // name in c= that is still to be resolved; Config.Remote is then zero, and Port holds
	Port    uint16
	Held    bool   // the peer does not want to hear us
	Tag     string // of the a=crypto line; Config.SRTP holds the keys, ours is still to be made where they offer
	Fax     bool   // there was an image section with a port: T.38 was asked for
}

// Negotiate matches a remote description with ours (RFC 3264 §6 where they offer, §7 where they answer).
func Negotiate(remote *Session, t Terms) (Agreement, error) {
	a := Agreement{}
	for _, m := range remote.Media {
		a.Fax = a.Fax || m.Kind == "image" && m.Port != 0
	}
	section, err := choose(remote, t)
	if err != nil {
		return a, err
	}
	m := &remote.Media[section]
	a.Section = section
	formats, events, sendEvents := match(m, t)
	if len(formats) == 0 {
		return a, ErrNoCommonCodec
	}
	a.Config = media.StreamConfig{
		Format: formats[0], Accept: formats, DTMFSend: sendEvents, DTMFRecv: events,
		Ptime:     cmp.Or(m.Ptime(), ptime(remote.Attributes), t.Caps.Ptime), // some phones say it above the m-lines
		Symmetric: t.Caps.Symmetric, Timeout: t.Caps.Timeout,
	}
	a.Config.SRTP, a.Tag, _ = t.protect(m) // choose has seen that it can be
	a.address(remote, m, t)
	return a, nil
}

// choose finds the audio section: the preferred one if it can be used, else the first that can.
func choose(remote *Session, t Terms) (int, error) {
	err := ErrNoAudio
	if t.Section >= 0 && t.Section < len(remote.Media) {
		if err = t.usable(&remote.Media[t.Section]); err == nil && (t.Offered != nil || len(first(match(&remote.Media[t.Section], t))) > 0) {
			return t.Section, nil
		}
	}
	if t.Offered != nil {
		return 0, err
	}
	err = ErrNoAudio
	for i := range remote.Media {
		switch why := t.usable(&remote.Media[i]); {
		case why == nil && len(first(match(&remote.Media[i], t))) > 0:
			return i, nil
		case why == nil:
			err = ErrNoCommonCodec
		case err == ErrNoAudio:
			err = why
		}
	}
	return 0, err
}

func first(formats []media.Format, _, _ uint8) []media.Format { return formats }

// usable says why a section cannot be, nil if it can.
func (t *Terms) usable(m *Media) error {
	plain := strings.EqualFold(m.Proto, "RTP/AVP") || strings.EqualFold(m.Proto, "RTP/AVPF")
	if m.Kind != "audio" || m.Port == 0 || !plain && !secure(m.Proto) {
		return ErrNoAudio
	}
	if _, _, ok := t.protect(m); !ok {
		return ErrNoKeys
	}
	return nil
}

// match gives the common codecs, the preferred first, and the telephone-event types that we accept and send.
func match(m *Media, t Terms) (formats []media.Format, recvEvents, sendEvents uint8) {
	for _, p := range m.Payloads() {
		if p.isEvent() && sendEvents == 0 && t.Caps.Events != 0 {
			recvEvents, sendEvents = p.PT, p.PT
			continue
		}
		c := p.codec()
		if c == media.NoCodec || !slices.Contains(t.Caps.Codecs, c) || has(formats, c) {
			continue
		}
		f := media.Format{Codec: c, SendPT: p.PT, RecvPT: p.PT}
		if t.Offered != nil {
			i := slices.IndexFunc(t.Offered.Formats, func(o media.Format) bool { return o.Codec == c })
			if i < 0 {
				continue
			}
			f.RecvPT = t.Offered.Formats[i].RecvPT
		}
		formats = append(formats, f)
	}
	if t.Offered != nil {
		recvEvents = t.Offered.Events
		if recvEvents == 0 || sendEvents == 0 {
			recvEvents, sendEvents = 0, 0
		}
	} else if t.Caps.PreferOurs {
		slices.SortStableFunc(formats, func(a, b media.Format) int {
			return slices.Index(t.Caps.Codecs, a.Codec) - slices.Index(t.Caps.Codecs, b.Codec)
		})
	}
	return formats, recvEvents, sendEvents
}

func has(formats []media.Format, c media.Codec) bool {
	return slices.ContainsFunc(formats, func(f media.Format) bool { return f.Codec == c })
}

// address reads where to send, and with it the direction.
func (a *Agreement) address(remote *Session, m *Media, t Terms) {
	a.Port = uint16(m.Port)
	c, known := remote.connection(m, t.IPv6)
	addr, literal := c.Addr()
	unspecified := known && literal && addr.IsUnspecified()
	switch {
	case !known:
		a.Config.Symmetric = true
	case !literal:
		a.Host = c.Host
	case !unspecified:
		a.Config.Remote = netip.AddrPortFrom(addr, a.Port)
		a.Config.RemoteRTCP = rtcp(m, addr)
	}
	theirs := remote.direction(m, unspecified)
	a.Config.Direction = meet(t.Direction, theirs)
	a.Held = !receives(theirs)
}

// rtcp reads "a=rtcp:53020 IN IP4 192.0.2.1" (RFC 3605). Zero: the port after.
func rtcp(m *Media, addr netip.Addr) netip.AddrPort {
	value, ok := find(m.Attributes, "rtcp")
	if !ok {
		return netip.AddrPort{}
	}
	f := strings.Fields(value)
	if len(f) == 0 {
		return netip.AddrPort{}
	}
	port, err := strconv.ParseUint(f[0], 10, 16)
	if err != nil || port == 0 {
		return netip.AddrPort{}
	}
	if len(f) >= 4 {
		if other, err := netip.ParseAddr(f[3]); err == nil && !other.IsUnspecified() {
			addr = other.Unmap().WithZone("")
		}
	}
	return netip.AddrPortFrom(addr, uint16(port))
}
