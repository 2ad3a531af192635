package sip

import (
	"errors"
	"io"
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
		t.Error("look-ups ignore case now: Params.model need not lower names")
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
