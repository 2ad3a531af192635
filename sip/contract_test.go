package sip

import (
	"errors"
	"io"
	"strings"
	"testing"

	base "github.com/emiago/sipgo/sip"
)

// The facts of the message model that this house is built on. A new version of it that changes one of them fails here first.

func TestContractIncompleteBodyComesWithItsMessage(t *testing.T) {
	m, err := NewParser(65535).ParseSIP([]byte("OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 9\r\n\r\nxy"))
	if m == nil || !errors.Is(err, base.ErrParseReadBodyIncomplete) {
		t.Errorf("got %v, %v", m, err)
	}
}

func TestContractStreamAsksForMore(t *testing.T) {
	par := NewParser(65535).NewSIPStream()
	text := "OPTIONS sip:a@b SIP/2.0\r\nContent-Length: 2\r\n\r\nxy"
	for i := range len(text) {
		par.Write([]byte{text[i]})
		m, _, err := par.ParseNext()
		if last := i == len(text)-1; last && (err != nil || string(m.Body()) != "xy") || !last && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("after %d bytes: %v, %v", i+1, m, err)
		}
	}
}

func TestContractParamsCompareExactly(t *testing.T) {
	hp := base.HeaderParams{{K: "Tag", V: "1"}}
	if _, ok := hp.Get("tag"); ok {
		t.Error("look-ups ignore case now: modelParams need not lower names")
	}
}

func TestContractClonesShareScalars(t *testing.T) {
	id := base.CallIDHeader("1")
	if base.HeaderClone(&id) != Header(&id) {
		t.Error("clones are copies now: NewResponse and derive need not copy Call-ID by hand")
	}
}

func TestContractLastContactWins(t *testing.T) {
	m := message(t, "Contact: <sip:a@1>", "Contact: <sip:b@2>")
	if m.Contact().Address.User != "b" {
		t.Error("the accessor returns the first contact now")
	}
}

func TestContractModelLosesRouteParameters(t *testing.T) {
	m, err := base.ParseMessage([]byte("OPTIONS sip:a@b SIP/2.0\r\nRoute: <sip:p;lr>;x=1\r\nVia: SIP/2.0/UDP h\r\n\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got := m.GetHeaders("Route")[0].Value(); got != "<sip:p;lr>" {
		t.Errorf("the model keeps %q now: Route may be typed", got)
	}
	if got := HeaderText(message(t, "Route: <sip:p;lr>;x=1"), "Route"); got != "<sip:p;lr>;x=1" {
		t.Errorf("ours keeps %q", got)
	}
}

func TestContractInjectionIsOurs(t *testing.T) {
	req := NewRequest(OPTIONS, URI{Scheme: "sip", Host: "x"})
	req.AppendHeader(&base.FromHeader{DisplayName: Escape("a\"\r\nX-Evil: 1"), Address: URI{Scheme: "sip", Host: "y"}})
	if got := HeaderText(req, "From"); got != `"a\"  X-Evil: 1" <sip:y>` {
		t.Errorf("From %q", got)
	}
}

// lines parses an OPTIONS with these header lines, line ends as given.
func lines(text string) (Message, error) {
	return NewParser(65535).ParseSIP([]byte("OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n" + text + "\r\n"))
}

func TestContractHeaderLines(t *testing.T) {
	tests := []struct{ name, text, header, want string }{
		{"folding", "Subject: one\r\n two\r\n\t three\r\n", "Subject", "one two three"},
		{"folding of a typed header", "To: <sip:x@y>\r\n ;tag=t\r\n", "To", "<sip:x@y>;tag=t"},
		{"blanks around the colon", "Subject \t:   x  \r\n", "Subject", "x"},
		{"case of a known name", "sUPPORTED: timer\r\n", "Supported", "timer"},
		{"compact name", "K: timer\r\n", "Supported", "timer"},
		{"compact name of a typed header", "T: <sip:x@y>\r\n", "To", "<sip:x@y>"},
		{"empty value", "Subject:\r\n", "Subject", ""},
		{"not UTF-8", "Subject: \xff\xfe\r\n", "Subject", "\xff\xfe"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := lines(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := HeaderText(m, tt.header); got != tt.want || count(m, tt.header) != 1 {
				t.Errorf("got %q, %d times, want %q", got, count(m, tt.header), tt.want)
			}
		})
	}
	for name, text := range map[string]string{"no colon": "Subject\r\n", "bare LF": "Subject: x\nTo: <sip:x@y>\n"} {
		if m, err := lines(text); err == nil && HeaderText(m, "To") != "" {
			t.Errorf("%s: understood now: transport need not mend it", name)
		}
	}
}

func TestContractListsStandInOrder(t *testing.T) {
	m, err := lines("v: SIP/2.0/TCP p1;branch=z9hG4bK2, SIP/2.0/UDP p2;branch=z9hG4bK3\r\nVia: SIP/2.0/TLS p3;branch=z9hG4bK4\r\n" +
		"Record-Route: <sip:r1;lr>, <sip:r2;lr>\r\nRecord-Route: <sip:r3;lr>\r\nm: \"a, b\" <sip:c1@h>, <sip:c2@h>\r\n")
	if err != nil {
		t.Fatal(err)
	}
	var vias []string
	for h := range Fields(m, "Via") {
		vias = append(vias, h.(*base.ViaHeader).Host)
	}
	if got := strings.Join(vias, " "); got != "h p1 p2 p3" {
		t.Errorf("Via %s", got)
	}
	for name, want := range map[string]string{"Record-Route": "r1 r2 r3", "Contact": "h h"} {
		as, err := NameAddrs(m, name)
		var hosts []string
		for _, a := range as {
			hosts = append(hosts, a.URI.Host)
		}
		if got := strings.Join(hosts, " "); got != want || err != nil {
			t.Errorf("%s: %s, %v, want %s", name, got, err, want)
		}
	}
}

// TestContractMessageIsACopy: the reader's buffer is used again for the next datagram.
func TestContractMessageIsACopy(t *testing.T) {
	data := []byte("MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\nFrom: \"A\" <sip:a@b>;tag=1\r\nX-Own: keep\r\nContent-Length: 4\r\n\r\nbody")
	m, err := NewParser(65535).ParseSIP(data)
	if err != nil {
		t.Fatal(err)
	}
	before := m.String()
	for i := range data {
		data[i] = '#'
	}
	if m.String() != before {
		t.Errorf("the message points into the buffer: %q", m.String())
	}
}

func TestContractBodyLength(t *testing.T) {
	const head = "MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
	tests := []struct{ name, text, body string }{
		{"no length: to the end of the datagram", head + "\r\nbody", "body"},
		{"shorter than the datagram", head + "Content-Length: 2\r\n\r\nbody", "bo"},
		{"compact", head + "l: 4\r\n\r\nbody", "body"},
		{"zero", head + "Content-Length: 0\r\n\r\nbody", ""},
		{"leading zeros", head + "Content-Length: 0004\r\n\r\nbody", "body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, err := NewParser(65535).ParseSIP([]byte(tt.text))
			if err != nil || string(m.Body()) != tt.body {
				t.Errorf("got %v, %v, want %q", m, err, tt.body)
			}
		})
	}
	for _, length := range []string{"-1", "9223372036854775808", "4294967296", "x", "1e3"} {
		if m, err := NewParser(65535).ParseSIP([]byte(head + "Content-Length: " + length + "\r\n\r\nbody")); err == nil {
			if status, _, _ := Validate(m.(*Request)); status == 0 {
				t.Errorf("length %s passes with body %q", length, m.Body())
			}
		}
	}
}

func TestContractSizes(t *testing.T) {
	const head = "MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
	p := NewParser(1000)
	for _, text := range []string{
		head + "Content-Length: 2000\r\n\r\n" + strings.Repeat("x", 2000),
		head + "Content-Length: 4000000000\r\n\r\n",
	} {
		if _, err := p.ParseSIP([]byte(text)); err == nil {
			t.Errorf("a message of %d bytes passes a limit of 1000", len(text))
		}
	}
	stream := p.NewSIPStream()
	defer stream.Close()
	stream.Write([]byte(head + "Content-Length: 4000000000\r\n\r\n"))
	_, _, err := stream.ParseNext()
	for range 10 {
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return
		}
		stream.Write(make([]byte, 500))
		_, _, err = stream.ParseNext()
	}
	t.Errorf("a stream takes more than its limit: %v", err)
}

// TestContractPipelining: what follows a message on a stream is the next one.
func TestContractPipelining(t *testing.T) {
	one := "MESSAGE sip:a@b SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nContent-Length: 2\r\n\r\nxy"
	stream := NewParser(65535).NewSIPStream()
	defer stream.Close()
	stream.Write([]byte(one + one + one[:20]))
	for range 2 {
		if m, _, err := stream.ParseNext(); err != nil || string(m.Body()) != "xy" {
			t.Fatalf("got %v, %v", m, err)
		}
	}
	if _, _, err := stream.ParseNext(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want to be asked for more", err)
	}
}
