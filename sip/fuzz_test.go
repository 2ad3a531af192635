package sip

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzNameAddr(f *testing.F) {
	for _, s := range []string{`"a\"b" <sip:a@b;c=d?e=f>;tag=x;q="1;2"`, "sip:a@b;tag=1", "*", "<tel:+1>;x", `<sip:[::1]:5060>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseNameAddr(s)
		if err != nil {
			return
		}
		printed := a.String()
		b, err := ParseNameAddr(printed)
		if err != nil {
			t.Fatalf("%q printed as %q: %v", s, printed, err)
		}
		if b.String() != printed {
			t.Errorf("%q, then %q", printed, b.String())
		}
	})
}

// FuzzMessage: whatever the parser lets through, no view and no verdict panics, and no answer holds a line that the message
// did not have as a header.
func FuzzMessage(f *testing.F) {
	files, _ := filepath.Glob("../testdata/rfc4475/*.dat")
	for _, name := range files {
		if data, err := os.ReadFile(name); err == nil {
			f.Add(data)
		}
	}
	parser := NewParser(65535)
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parser.ParseSIP(data)
		if err != nil {
			return
		}
		look(m)
		req, ok := m.(*Request)
		if !ok {
			return
		}
		status, reason, headers := Validate(req)
		if status == 0 {
			status = 200
		}
		res := NewResponse(req, status, reason, "tag")
		for _, h := range headers {
			res.AppendHeader(h)
		}
		if strings.Contains(res.Reason, "\n") {
			t.Errorf("reason %q", res.Reason)
		}
		_ = res.String()
	})
}

func look(m Message) {
	Contacts(m)
	NameAddrs(m, "Route")
	NameAddrs(m, "Record-Route")
	Asserted(m)
	Diversions(m)
	Reasons(m)
	RetryAfterOf(m)
	SessionExpiresOf(m)
	MinSE(m)
	RSeq(m)
	RAckOf(m)
	ReplacesOf(m)
	Tokens(m, "Supported")
	IsAnonymous(m)
	SDP(m)
	Expires(m)
}
