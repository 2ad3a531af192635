package sdp

import (
	"strconv"
	"strings"
	"time"

	"tandem/media"
)

// Payload is one format of an audio section, as its rtpmap says or as RFC 3551 §6 has it without one.
type Payload struct {
	PT       uint8
	Name     string // upper case; empty for a dynamic type without rtpmap
	Clock    int    // Hz, as written: G.722 says 8000
	Channels int    // 0: not said, which means one
	Fmtp     string
}

// static are the payload types that need no rtpmap.
var static = map[uint8]Payload{
	0: {Name: "PCMU", Clock: 8000}, 3: {Name: "GSM", Clock: 8000}, 4: {Name: "G723", Clock: 8000},
	8: {Name: "PCMA", Clock: 8000}, 9: {Name: "G722", Clock: 8000}, 13: {Name: "CN", Clock: 8000},
	15: {Name: "G728", Clock: 8000}, 18: {Name: "G729", Clock: 8000},
}

// Payloads reads the formats in the order of the m-line. What is not a payload type is left out.
func (m *Media) Payloads() []Payload {
	list := make([]Payload, 0, len(m.Formats))
	for _, f := range m.Formats {
		n, err := strconv.ParseUint(f, 10, 7)
		if err != nil {
			continue
		}
		p := static[uint8(n)]
		p.PT = uint8(n)
		if value, ok := m.mapped("rtpmap", p.PT); ok {
			p.Name, p.Clock, p.Channels = readRTPMap(value)
		}
		p.Fmtp, _ = m.mapped("fmtp", p.PT)
		list = append(list, p)
	}
	return list
}

// mapped gives what an "a=<name>:<pt> <value>" line says about pt.
func (m *Media) mapped(name string, pt uint8) (string, bool) {
	for _, a := range m.Attributes {
		if !strings.EqualFold(a.Name, name) {
			continue
		}
		number, value, _ := strings.Cut(a.Value, " ")
		if n, err := strconv.ParseUint(number, 10, 7); err == nil && uint8(n) == pt {
			return strings.TrimSpace(value), true
		}
	}
	return "", false
}

func readRTPMap(value string) (name string, clock, channels int) {
	name, rest, _ := strings.Cut(value, "/")
	rate, many, _ := strings.Cut(rest, "/")
	clock, err := strconv.Atoi(strings.TrimSpace(rate))
	if err != nil || clock <= 0 {
		clock = 8000
	}
	if many != "" {
		channels, _ = strconv.Atoi(strings.TrimSpace(many))
	}
	return strings.ToUpper(strings.TrimSpace(name)), clock, channels
}

// codec says which of ours a payload is.
func (p Payload) codec() media.Codec {
	switch {
	case p.Clock != 8000 || p.Channels > 1:
		return media.NoCodec
	case p.Name == "PCMU":
		return media.PCMU
	case p.Name == "PCMA":
		return media.PCMA
	}
	return media.NoCodec
}

func (p Payload) isEvent() bool { return p.Name == "TELEPHONE-EVENT" && p.Clock == 8000 }

// Ptime is the packet time the sender of this section asks for, in whole 10 ms from 10 to 60, and not above its maxptime;
// 0 where it does not say.
func (m *Media) Ptime() time.Duration { return ptime(m.Attributes) }

func ptime(list []Attribute) time.Duration {
	want, most := milliseconds(list, "ptime"), milliseconds(list, "maxptime")
	if want == 0 {
		if most == 0 || most >= 20 {
			return 0
		}
		want = most
	}
	if most > 0 {
		want = min(want, most)
	}
	return time.Duration(min(max(want/10*10, 10), 60)) * time.Millisecond
}

func milliseconds(list []Attribute, name string) int {
	value, ok := find(list, name)
	if !ok {
		return 0
	}
	whole, _, _ := strings.Cut(value, ".")
	n, err := strconv.ParseUint(strings.TrimSpace(whole), 10, 16)
	if err != nil {
		return 0
	}
	return int(n)
}
