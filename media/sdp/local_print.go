package sdp

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tandem/media"
)

const maxVersion = 1<<63 - 1 // some peers keep it in a signed number

func tens(d time.Duration) media10 { return media10(d / (10 * time.Millisecond)) }

// mirror takes over count and order of the m-lines of an offer; all but the chosen one are refused (RFC 3264 §6). It returns
// how many of those had a port.
func (l *Local) mirror(remote *Session, audio int) (refused int) {
	l.sections = make([]Media, len(remote.Media))
	l.audio = audio
	for i := range remote.Media {
		m := &remote.Media[i]
		if i == audio {
			l.proto = m.Proto
			l.mid, _ = find(m.Attributes, "mid")
			continue
		}
		if m.Port != 0 {
			refused++
		}
		l.sections[i] = Media{Kind: m.Kind, Proto: m.Proto, Formats: slices.Clone(m.Formats)}
		if mid, ok := find(m.Attributes, "mid"); ok {
			l.sections[i].Attributes = []Attribute{{"mid", mid}}
		}
	}
	return refused
}

// body makes our description, without a version.
func (l *Local) body(o Offered, d media.Direction, ptime media10) *Session {
	family := "IP4"
	if l.addr.Addr().Is6() {
		family = "IP6"
	}
	host := l.addr.Addr().String()
	s := &Session{
		Origin:      Origin{User: l.caps.Name, SessionID: strconv.FormatUint(l.id, 10), AddrType: family, Host: host},
		Name:        l.caps.Name,
		Connections: []Connection{{AddrType: family, Host: host}},
		Media:       slices.Clone(l.sections),
	}
	if len(s.Media) == 0 {
		s.Media = make([]Media, 1)
	}
	s.Media[l.audio] = l.section(o, d, ptime)
	return s
}

func (l *Local) section(o Offered, d media.Direction, ptime media10) Media {
	m := Media{Kind: "audio", Port: int(l.addr.Port()), Proto: l.proto}
	add := func(pt uint8, name string) {
		m.Formats = append(m.Formats, strconv.Itoa(int(pt)))
		m.Attributes = append(m.Attributes, Attribute{"rtpmap", fmt.Sprintf("%d %s/8000", pt, name)})
	}
	for _, f := range o.Formats {
		add(f.RecvPT, codecName(f.Codec))
	}
	if o.Events != 0 {
		add(o.Events, "telephone-event")
		m.Attributes = append(m.Attributes, Attribute{"fmtp", fmt.Sprintf("%d 0-15", o.Events)})
	}
	for _, c := range o.Crypto {
		m.Attributes = append(m.Attributes, Attribute{"crypto", c.line()})
	}
	m.Attributes = append(m.Attributes, Attribute{"ptime", strconv.Itoa(10 * int(ptime))}, Attribute{directionNames[d], ""})
	if l.mid != "" {
		m.Attributes = append(m.Attributes, Attribute{"mid", l.mid})
	}
	return m
}

// print gives the body its version: one more than before if anything else in it changed (RFC 3264 §8).
func (l *Local) print(s *Session) []byte {
	s.Origin.Version = ""
	if plain := s.Append(nil); !bytes.Equal(plain, l.said) {
		l.said = plain
		l.version = l.version%maxVersion + 1
	}
	s.Origin.Version = strconv.FormatUint(l.version, 10)
	return s.Append(nil)
}
