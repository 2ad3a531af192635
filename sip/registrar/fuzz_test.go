package registrar

import (
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/sip"
)

// Whatever the Contact headers hold: one final answer, the limits hold, what is returned can be read again, and the stored
// table survives a restart.
func FuzzRegister(f *testing.F) {
	f.Add("<sip:a@h>;expires=60;q=0.5", "3600")
	f.Add(`"x" <sip:a@h;transport=tcp>;+sip.instance="<urn:uuid:1>";reg-id=1, <sips:b@[2001:db8::1]:5061?a=b>`, "")
	f.Add("*", "0")
	f.Add("tel:+123;expires=9", "x")
	f.Add(`<sip:a@h>;+sip.instance="<a\"b>"`, "99999999999")
	f.Fuzz(func(t *testing.T, contact, expires string) {
		s := newScript(t, Config{MaxBindings: 3, MaxTotal: 5})
		req := s.request()
		req.AppendHeader(sip.NewHeader("Contact", contact))
		req.AppendHeader(sip.NewHeader("Expires", expires))
		res, events := s.r.Register(start, req, from)
		list := s.r.Lookup(bob, start)
		if res.StatusCode != 200 && (len(events) > 0 || len(list) > 0) {
			t.Fatalf("%d changes the table: %+v", res.StatusCode, events)
		}
		if len(list) > 3 || len(list) != len(res.GetHeaders("Contact")) {
			t.Fatalf("%d bindings, answer %s", len(list), res)
		}
		for _, h := range res.Headers() {
			if strings.ContainsAny(h.Value(), "\r\n\x00") {
				t.Fatalf("injected: %q", h)
			}
		}
		if got, err := sip.Contacts(res); err != nil || len(got) != len(list) {
			t.Fatalf("our answer is not readable: %v, %s", err, res)
		}
		again := newScript(t, Config{})
		if n := again.r.Restore(start, s.r.Snapshot(start)); n != len(list) {
			t.Fatalf("%d of %d bindings survive: %+v", n, len(list), list)
		}
	})
}

// Many devices at once: the race detector watches, and no binding is lost.
func TestConcurrentUse(t *testing.T) {
	s := newScript(t, Config{})
	var wg sync.WaitGroup
	for i := range 8 {
		req := s.request("To: <sip:u" + string(rune('0'+i)) + "@tandem.example>")
		req.AppendHeader(sip.NewHeader("Contact", "<sip:a@h>"))
		wg.Go(func() {
			for range 50 {
				s.r.Register(start, req, from)
				s.r.Lookup(bob, start)
				s.r.Snapshot(start)
				s.r.Deadline()
				s.r.Expire(start.Add(time.Second))
			}
		})
	}
	wg.Wait()
	if got := len(s.r.Snapshot(start)); got != 8 {
		t.Errorf("got %d bindings, want 8", got)
	}
}

func TestAOR(t *testing.T) {
	strict := New(Config{Domains: []string{"Main.example", "alias.example"}}, nil)
	open := New(Config{}, nil)
	tests := []struct {
		r        *Registrar
		uri, aor string
	}{
		{strict, "sip:Bob@main.EXAMPLE", "Bob@main.example"},
		{strict, "sip:bob@alias.example.", "bob@main.example"},
		{strict, "sips:%2b49@alias.example:5061;user=phone", "+49@main.example"},
		{strict, "sip:bob@other.example", ""},
		{strict, "sip:main.example", ""},
		{strict, "tel:+49", ""},
		{open, "sip:bob@anything", "bob@anything"},
		{open, "sip:bob@[2001:db8::1]", "bob@[2001:db8::1]"},
		{open, "tel:+49", ""},
	}
	for _, tt := range tests {
		u, err := sip.ParseURI(tt.uri)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := tt.r.AOR(&u); got != tt.aor || ok != (tt.aor != "") {
			t.Errorf("%s: got %q, %v, want %q", tt.uri, got, ok, tt.aor)
		}
	}
}

func TestConfigDefaults(t *testing.T) {
	tests := []struct {
		name string
		in   Config
		want [3]time.Duration // min, default, max
	}{
		{"none", Config{}, [3]time.Duration{time.Minute, time.Hour, 2 * time.Hour}},
		{"default above max", Config{DefaultExpires: 9 * time.Hour}, [3]time.Duration{time.Minute, 2 * time.Hour, 2 * time.Hour}},
		{"default below min", Config{DefaultExpires: time.Second}, [3]time.Duration{time.Minute, time.Minute, 2 * time.Hour}},
		{"max below min", Config{MinExpires: 3 * time.Hour}, [3]time.Duration{3 * time.Hour, 3 * time.Hour, 3 * time.Hour}},
	}
	for _, tt := range tests {
		c := tt.in.withDefaults()
		if got := [3]time.Duration{c.MinExpires, c.DefaultExpires, c.MaxExpires}; got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
		if c.MaxBindings != 10 || c.MaxTotal != 100000 {
			t.Errorf("%s: got %+v", tt.name, c)
		}
	}
}
