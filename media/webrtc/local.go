package webrtc

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"tandem/media"
	"tandem/media/sdp"
)

// eventsPT is the payload type of telephone-event in our offers.
const eventsPT = 101

// local is our side of a leg's descriptions. Owned by the leg's owner.
type local struct {
	id      uint64 // session ID of o=
	version uint64
	said    string // the last text without its version
}

// body is what a description of ours says.
type body struct {
	ice       credentials
	print     string // "sha-256 AB:…"
	setup     string
	at        netip.AddrPort // our candidate
	mid       string
	hasMid    bool
	bundled   bool
	section   int
	sections  []sdp.Media // of the far end; nil: audio alone
	formats   []media.Format
	events    uint8
	direction media.Direction
}

// offeredBy is what an offer lists: all that we can, with the payload types that were agreed before where there are some.
func offeredBy(codecs []media.Codec, was media.StreamConfig) sdp.Offered {
	o := sdp.Offered{Events: eventsPT}
	if was.DTMFRecv != 0 {
		o.Events = was.DTMFRecv
	}
	for _, c := range codecs {
		f := media.Format{Codec: c, SendPT: staticPT[c], RecvPT: staticPT[c]}
		if i := slices.IndexFunc(was.Accept, func(a media.Format) bool { return a.Codec == c }); i >= 0 {
			f = was.Accept[i]
		}
		o.Formats = append(o.Formats, f)
	}
	for slices.ContainsFunc(o.Formats, func(f media.Format) bool { return f.RecvPT == o.Events }) {
		o.Events = max(96, (o.Events+1)%128)
	}
	return o
}

var staticPT = map[media.Codec]uint8{media.PCMU: 0, media.PCMA: 8}

// print makes the text, with a version one above the last where anything changed (RFC 3264 §8).
func (l *local) print(b body) string {
	family := "IP4"
	if b.at.Addr().Is6() {
		family = "IP6"
	}
	host := b.at.Addr().String()
	s := sdp.Session{
		Origin:      sdp.Origin{SessionID: strconv.FormatUint(l.id, 10), AddrType: family, Host: host},
		Connections: []sdp.Connection{{AddrType: family, Host: host}}, // for refused sections too: some browsers want it there
		Attributes:  []sdp.Attribute{{Name: "ice-lite"}, {Name: "msid-semantic", Value: "WMS *"}},
	}
	if b.bundled {
		s.Attributes = append(s.Attributes, sdp.Attribute{Name: "group", Value: "BUNDLE " + b.mid})
	}
	s.Media = refusals(b.sections)
	s.Media[b.section] = b.audio()
	if text := string(s.Append(nil)); text != l.said {
		l.said = text
		l.version++
	}
	s.Origin.Version = strconv.FormatUint(l.version, 10)
	return string(s.Append(nil))
}

// refusals mirrors the far end's sections, all refused (RFC 3264 §6). Of an RTP section the format is 0, whose meaning needs no
// rtpmap: there are parsers that look for one.
func refusals(theirs []sdp.Media) []sdp.Media {
	if len(theirs) == 0 {
		return make([]sdp.Media, 1)
	}
	list := make([]sdp.Media, len(theirs))
	for i, m := range theirs {
		list[i] = sdp.Media{Kind: m.Kind, Proto: m.Proto, Formats: m.Formats}
		if strings.Contains(m.Proto, "RTP") {
			list[i].Formats = []string{"0"}
		}
		if mid, ok := value(m.Attributes, "mid"); ok {
			list[i].Attributes = []sdp.Attribute{{Name: "mid", Value: mid}}
		}
	}
	return list
}

// audio prints the section that is not refused. Its port is real, though ICE alone decides (RFC 8839 §4.1.1).
func (b *body) audio() sdp.Media {
	m := sdp.Media{Kind: "audio", Port: int(b.at.Port()), Proto: "UDP/TLS/RTP/SAVPF"}
	if len(b.sections) > 0 {
		m.Proto = b.sections[b.section].Proto
	}
	add := func(name, format string, args ...any) {
		m.Attributes = append(m.Attributes, sdp.Attribute{Name: name, Value: fmt.Sprintf(format, args...)})
	}
	if b.hasMid {
		add("mid", "%s", b.mid)
	}
	add("rtcp-mux", "")
	add(directions[b.direction], "")
	for _, f := range b.formats {
		m.Formats = append(m.Formats, strconv.Itoa(int(f.RecvPT)))
		add("rtpmap", "%d %v/8000", f.RecvPT, f.Codec)
	}
	if b.events != 0 {
		m.Formats = append(m.Formats, strconv.Itoa(int(b.events)))
		add("rtpmap", "%d telephone-event/8000", b.events)
		add("fmtp", "%d 0-15", b.events)
	}
	add("ptime", "%d", ptime.Milliseconds())
	if b.direction == media.SendRecv || b.direction == media.SendOnly {
		add("msid", "tandem audio")
	}
	add("ice-ufrag", "%s", b.ice.ufrag)
	add("ice-pwd", "%s", b.ice.pwd)
	add("fingerprint", "%s", b.print)
	add("setup", "%s", b.setup)
	add("candidate", "1 1 udp 2130706431 %s %d typ host", b.at.Addr(), b.at.Port())
	add("end-of-candidates", "")
	return m
}

var directions = [...]string{media.SendRecv: "sendrecv", media.SendOnly: "sendonly", media.RecvOnly: "recvonly", media.Inactive: "inactive"}

// printOf is the fingerprint of a certificate, in DER, as SDP has it (RFC 8122 §5).
func printOf(der []byte) string {
	pairs := make([]string, 0, 32)
	for _, b := range hashes["sha-256"](der) {
		pairs = append(pairs, fmt.Sprintf("%02X", b))
	}
	return "sha-256 " + strings.Join(pairs, ":")
}
