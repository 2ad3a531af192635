package registrar

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/sip"
)

var (
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	from  = Arrival{Source: netip.MustParseAddrPort("203.0.113.9:40123"), Transport: "udp"}
)

const bob = "bob@tandem.example"

// script sends REGISTER requests of one device to one registrar.
type script struct {
	t    *testing.T
	r    *Registrar
	cseq int
}

func newScript(t *testing.T, cfg Config) *script {
	t.Helper()
	if cfg.Domains == nil {
		cfg.Domains = []string{"tandem.example", "alias.example"}
	}
	return &script{t: t, r: New(cfg, NewMetrics(prometheus.NewRegistry()))}
}

func parse(t *testing.T, text string) *sip.Request {
	t.Helper()
	msg, err := sip.NewParser(65535).ParseSIP([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return msg.(*sip.Request)
}

// request builds a REGISTER with further header lines.
func (s *script) request(lines ...string) *sip.Request {
	s.t.Helper()
	s.cseq++
	text := fmt.Sprintf("REGISTER sip:tandem.example SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK%d\nFrom: <sip:bob@tandem.example>;tag=f\n"+
		"To: <sip:bob@tandem.example>\nCall-ID: call-1\nCSeq: %d REGISTER\nMax-Forwards: 70\n", s.cseq, s.cseq)
	for _, l := range lines {
		text = replaceLine(text, l)
	}
	return parse(s.t, text+"Content-Length: 0\n\n")
}

// replaceLine puts a header in place of the one with its name; Contact and others are added.
func replaceLine(text, line string) string {
	name, _, _ := strings.Cut(line, ":")
	if strings.HasPrefix(line, "REGISTER ") {
		_, rest, _ := strings.Cut(text, "\n")
		return line + "\n" + rest
	}
	for _, old := range strings.Split(text, "\n") {
		if strings.HasPrefix(old, name+":") && name != "Contact" && name != "Path" {
			return strings.Replace(text, old, line, 1)
		}
	}
	return text + line + "\n"
}

// send registers and checks the status.
func (s *script) send(at time.Duration, status int, lines ...string) (*sip.Response, []Event) {
	s.t.Helper()
	res, events := s.r.Register(start.Add(at), s.request(lines...), from)
	if res.StatusCode != status {
		s.t.Fatalf("got %d %s, want %d, for %q", res.StatusCode, res.Reason, status, lines)
	}
	if tag := sip.ToTag(res); tag == "" {
		s.t.Error("no To tag")
	}
	return res, events
}

func contacts(res *sip.Response) string {
	var out []string
	for _, h := range res.GetHeaders("Contact") {
		out = append(out, h.Value())
	}
	return strings.Join(out, ", ")
}

func kinds(events []Event) string {
	var out []string
	for _, e := range events {
		out = append(out, e.Kind.String()+" "+e.Binding.Contact)
	}
	return strings.Join(out, ", ")
}

func wantText(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

func TestRegisterRefreshRemove(t *testing.T) {
	s := newScript(t, Config{})
	res, events := s.send(0, 200, "Contact: <sip:bob@10.0.0.2:5060>;expires=600", "User-Agent: phone")
	wantText(t, "contacts", contacts(res), "<sip:bob@10.0.0.2:5060>;expires=600")
	wantText(t, "events", kinds(events), "registered sip:bob@10.0.0.2:5060")
	if b := events[0].Binding; b.AOR != bob || b.Received != from.Source || b.CallID != "call-1" || b.CSeq != 1 || b.UserAgent != "phone" {
		t.Errorf("got %+v", b)
	}
	if res.GetHeader("Date").Value() != "Sun, 01 Mar 2026 12:00:00 GMT" {
		t.Errorf("got date %s", res.GetHeader("Date"))
	}
	res, events = s.send(100500*time.Millisecond, 200)
	wantText(t, "query", contacts(res), "<sip:bob@10.0.0.2:5060>;expires=500")
	wantText(t, "query events", kinds(events), "")
	_, events = s.send(200*time.Second, 200, "Contact: <sip:bob@10.0.0.2:5060>", "Expires: 900")
	wantText(t, "events", kinds(events), "refreshed sip:bob@10.0.0.2:5060")
	if got := s.r.Lookup(bob, start)[0].Expires; !got.Equal(start.Add(1100 * time.Second)) {
		t.Errorf("got expiry %s", got)
	}
	res, events = s.send(300*time.Second, 200, "Contact: <sip:bob@10.0.0.2:5060>;expires=0")
	wantText(t, "contacts", contacts(res), "")
	wantText(t, "events", kinds(events), "removed sip:bob@10.0.0.2:5060")
	if _, ok := s.r.Deadline(); ok || len(s.r.Lookup(bob, start)) != 0 || len(s.r.aors) != 0 {
		t.Error("something is left")
	}
}

func TestExpires(t *testing.T) {
	tests := []struct {
		name    string
		lines   []string
		status  int
		seconds int
	}{
		{"default", []string{"Contact: <sip:a@h>"}, 200, 3600},
		{"header", []string{"Contact: <sip:a@h>", "Expires: 120"}, 200, 120},
		{"parameter first", []string{"Contact: <sip:a@h>;expires=180", "Expires: 120"}, 200, 180},
		{"name in capitals", []string{"Contact: <sip:a@h>;EXPIRES=180"}, 200, 180},
		{"cut", []string{"Contact: <sip:a@h>;expires=4294967295"}, 200, 7200},
		{"over 2^32", []string{"Contact: <sip:a@h>;expires=99999999999999999999"}, 200, 7200},
		{"not a number", []string{"Contact: <sip:a@h>;expires=soon"}, 200, 3600},
		{"least", []string{"Contact: <sip:a@h>;expires=60"}, 200, 60},
		{"too brief", []string{"Contact: <sip:a@h>;expires=59"}, 423, 0},
		{"one of two too brief", []string{"Contact: <sip:a@h>;expires=600, <sip:b@h>;expires=1"}, 423, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScript(t, Config{})
			res, _ := s.send(0, tt.status, tt.lines...)
			list := s.r.Lookup(bob, start)
			if tt.status == 423 {
				if len(list) != 0 || res.GetHeader("Min-Expires").Value() != "60" {
					t.Errorf("got %d bindings, %s", len(list), res)
				}
				return
			}
			if got := list[0].Expires.Sub(start); got != time.Duration(tt.seconds)*time.Second {
				t.Errorf("got %s, want %d s", got, tt.seconds)
			}
		})
	}
	s := newScript(t, Config{MinExpires: 2 * time.Hour, MaxExpires: 4 * time.Hour})
	s.send(0, 200, "Contact: <sip:a@h>;expires=3600") // an hour or more may not be refused
}

func TestManyContactsAreAtomic(t *testing.T) {
	s := newScript(t, Config{})
	_, events := s.send(0, 200, `Contact: "A, B" <sip:a@h>;q=0.5, <sip:b@h;transport=tcp>`, "Contact: <sip:c@h>;q=0.25")
	wantText(t, "events", kinds(events), "registered sip:a@h, registered sip:b@h;transport=tcp, registered sip:c@h")
	_, events = s.send(0, 200, "Contact: <sip:a@h>;expires=0, <sip:b@h;transport=TCP>;q=0.1, <sip:d@h>, <sip:never@h>;expires=0")
	wantText(t, "events", kinds(events), "removed sip:a@h, refreshed sip:b@h;transport=TCP, registered sip:d@h")
	s.cseq = 1 // sends CSeq 2 again: only c, from CSeq 1, may change, so nothing does
	s.send(0, 500, "Contact: <sip:c@h>;expires=0, <sip:d@h>;expires=0, <sip:e@h>")
	res, _ := s.send(0, 200)
	wantText(t, "newest first", contacts(res), "<sip:d@h>;expires=3600, <sip:b@h;transport=TCP>;expires=3600;q=0.1, <sip:c@h>;expires=3600;q=0.25")
}

func TestWildcard(t *testing.T) {
	s := newScript(t, Config{})
	s.send(0, 200, "Contact: <sip:a@h>, <sip:b@h>")
	for name, lines := range map[string][]string{
		"no expires": {"Contact: *"}, "not zero": {"Contact: *", "Expires: 1"}, "not alone": {"Contact: *, <sip:a@h>", "Expires: 0"},
		"not alone, two lines": {"Contact: <sip:a@h>", "Contact: *", "Expires: 0"}, "not a number": {"Contact: *", "Expires: x"},
	} {
		res, _ := s.send(0, 400, lines...)
		if len(s.r.Lookup(bob, start)) != 2 {
			t.Errorf("%s: something was removed: %s", name, res)
		}
	}
	s.cseq = 0
	s.send(0, 500, "Contact: *", "Expires: 0")
	_, events := s.send(0, 200, "Contact: *", "Expires: 0")
	wantText(t, "events", kinds(events), "removed sip:a@h, removed sip:b@h")
	s.send(0, 200, "Contact: *", "Expires: 0")
}

func TestOrder(t *testing.T) {
	s := newScript(t, Config{})
	s.send(0, 200, "Contact: <sip:a@h>", "CSeq: 10 REGISTER")
	s.send(0, 500, "Contact: <sip:a@h>", "CSeq: 10 REGISTER")
	s.send(0, 500, "Contact: <sip:a@h>;expires=0", "CSeq: 9 REGISTER")
	s.send(0, 200, "Contact: <sip:a@h>", "CSeq: 1 REGISTER", "Call-ID: rebooted")
	s.send(0, 200, "Contact: <sip:a@h>", "CSeq: 2 REGISTER", "Call-ID: rebooted")
}

func TestInstanceReplaces(t *testing.T) {
	s := newScript(t, Config{})
	const id = `+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"`
	s.send(0, 200, "Contact: <sip:bob@10.0.0.2:1024>;"+id)
	res, events := s.send(0, 200, "Contact: <sip:bob@10.0.0.2:2048>;"+id)
	wantText(t, "events", kinds(events), "refreshed sip:bob@10.0.0.2:2048")
	wantText(t, "contacts", contacts(res), "<sip:bob@10.0.0.2:2048>;expires=3600;"+id)
	res, _ = s.send(0, 200, "Contact: <sip:bob@10.0.0.2:1>;reg-id=1;"+id+", <sip:bob@10.0.0.2:2>;reg-id=2;"+id, "Supported: path, outbound")
	if got := len(res.GetHeaders("Contact")); got != 3 || res.GetHeader("Require").Value() != "outbound" {
		t.Errorf("got %s", res)
	}
	_, events = s.send(0, 200, "Contact: <sip:bob@10.0.0.9:1>;reg-id=2;"+id)
	wantText(t, "events", kinds(events), "refreshed sip:bob@10.0.0.9:1")
}

// Two wishes of one request that meet in one entry: the last holds, and the table stays whole.
func TestTwoWishesForOneEntry(t *testing.T) {
	s := newScript(t, Config{})
	s.send(0, 200, `Contact: <sip:a@h>;+sip.instance="<urn:x>"`)
	_, events := s.send(0, 200, `Contact: <sip:b@h>;+sip.instance="<urn:x>";expires=0, <sip:a@h>;expires=300`)
	wantText(t, "events", kinds(events), "refreshed sip:a@h")
	_, events = s.send(0, 200, `Contact: <sip:a@h>;expires=300, <sip:a@h>;expires=0`)
	wantText(t, "events", kinds(events), "removed sip:a@h")
	s.send(0, 200, `Contact: <sip:n@h>, <sip:n@h>;q=0.3`)
	if got := s.r.Lookup(bob, start); len(got) != 1 || got[0].Q != 300 {
		t.Errorf("got %+v", got)
	}
}

func TestAdmission(t *testing.T) {
	tests := []struct {
		name   string
		lines  []string
		user   string
		status int
	}{
		{"foreign domain", []string{"REGISTER sip:other.example SIP/2.0"}, "", 404},
		{"foreign AOR", []string{"To: <sip:bob@other.example>"}, "", 404},
		{"no user", []string{"To: <sip:tandem.example>"}, "", 404},
		{"tel AOR", []string{"To: <tel:+123>"}, "", 404},
		{"unknown AOR", []string{"To: <sip:eve@tandem.example>"}, "", 404},
		{"extension", []string{"Require: path, gruu, x-y"}, "", 420},
		{"known extensions", []string{"Require: Path, outbound"}, "", 200},
		{"own name", nil, "bob", 200},
		{"own name with domain", nil, bob, 200},
		{"someone else", nil, "eve", 403},
		{"alias", []string{"REGISTER sip:ALIAS.example SIP/2.0", "To: <sip:bob@Alias.Example:5060;user=phone>"}, "bob", 200},
		{"escaped", []string{"To: <sip:%62ob@tandem.example>"}, "bob", 200},
		{"other method", []string{"CSeq: x"}, "", 400},
		{"bad contact", []string{"Contact: <sip:a@h"}, "", 400},
		{"contact with angle", []string{"Contact: <sip:a>b@h>"}, "", 400},
		{"long contact", []string{"Contact: <sip:" + strings.Repeat("a", maxContactLength) + "@h>"}, "", 400},
		{"no scheme", []string{"Contact: <:0>"}, "", 400},
		{"other scheme", []string{"Contact: <mailto:a@h>"}, "", 400},
		{"no host", []string{"Contact: <sip:>"}, "", 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScript(t, Config{Known: func(aor string) bool { return aor == bob }})
			lines := append([]string{"Contact: <sip:x@h>"}, tt.lines...)
			a := from
			a.User = tt.user
			res, events := s.r.Register(start, s.request(lines...), a)
			if res.StatusCode != tt.status || (tt.status == 200) != (len(events) == 1) {
				t.Fatalf("got %d, %v, want %d", res.StatusCode, events, tt.status)
			}
			if tt.status == 420 {
				wantText(t, "unsupported", res.GetHeader("Unsupported").Value(), "gruu, x-y")
			}
			if tt.status == 200 && (events[0].Binding.AOR != bob || len(s.r.Lookup(bob, start)) != 1) {
				t.Errorf("got %+v", events[0].Binding)
			}
		})
	}
}

func TestPath(t *testing.T) {
	s := newScript(t, Config{})
	res, events := s.send(0, 200, "Contact: <sip:a@h>", "Path: <sip:edge1;lr>", "Path: <sip:edge2;lr>")
	wantText(t, "path", strings.Join(events[0].Binding.Path, "|"), "<sip:edge1;lr>|<sip:edge2;lr>")
	if got := len(res.GetHeaders("Path")); got != 2 {
		t.Errorf("got %d Path headers, want 2", got)
	}
	got := s.r.Lookup(bob, start)
	got[0].Path[0] = "changed"
	wantText(t, "a copy is returned", s.r.Lookup(bob, start)[0].Path[0], "<sip:edge1;lr>")
}
