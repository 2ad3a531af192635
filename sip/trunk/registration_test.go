package trunk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/sip"
	"tandem/sip/digest"
)

// registrarScript drives one Registration against a scripted registrar.
type registrarScript struct {
	t      *testing.T
	r      *Registration
	now    time.Time
	jitter float64
	out    *sip.Request // the last REGISTER sent
	host   string       // where it went
	told   []string     // state changes
}

func newRegistrarScript(t *testing.T, change func(*Config)) *registrarScript {
	t.Helper()
	cfg := Config{
		Name: "carrier", Targets: []Target{{Host: "r1"}}, Auth: Auth{User: "acc", Password: "pw"},
		Register: Register{On: true, User: "4930", Domain: "carrier.example", Expires: time.Hour},
	}
	if change != nil {
		change(&cfg)
	}
	tr, err := New(cfg, NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	s := &registrarScript{t: t, now: start, jitter: 1}
	n := 0
	client := digest.NewClient([]digest.Account{{User: "acc", Password: "pw"}}, func() string { n++; return fmt.Sprint("cnonce", n) })
	s.r = NewRegistration(RegistrationConfig{
		Trunk: tr, Contact: sip.URI{Scheme: "sip", User: "4930", Host: "198.51.100.2", Port: 5060}, CallID: "fixed", Tag: "tag",
		Auth: client, Jitter: func() float64 { return s.jitter },
	})
	return s
}

// step feeds an event and keeps what comes out; sends tells how many REGISTERs are wanted.
func (s *registrarScript) step(e RegistrationEvent, sends int) {
	s.t.Helper()
	for _, effect := range s.r.Step(s.now, e) {
		switch effect := effect.(type) {
		case SendRegister:
			s.out, s.host = effect.Request, effect.Target.Host
			sends--
		case RegistrationChanged:
			s.told = append(s.told, effect.To.String())
		}
	}
	if sends != 0 {
		s.t.Fatalf("%T: %d more REGISTERs wanted", e, sends)
	}
}

// answer responds to the last REGISTER with further header lines.
func (s *registrarScript) answer(status, sends int, lines ...string) {
	s.t.Helper()
	s.step(RegisterAnswered{s.response(status, lines...)}, sends)
}

func (s *registrarScript) response(status int, lines ...string) *sip.Response {
	s.t.Helper()
	text := fmt.Sprintf("SIP/2.0 %d X\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bKa;received=203.0.113.5;rport=4444\r\n"+
		"From: <sip:a@b>;tag=tag\r\nTo: <sip:a@b>;tag=x\r\nCall-ID: fixed\r\nCSeq: %d REGISTER\r\n", status, s.out.CSeq().SeqNo)
	for _, l := range lines {
		text += l + "\r\n"
	}
	msg, err := sip.NewParser(65535).ParseSIP([]byte(text + "Content-Length: 0\r\n\r\n"))
	if err != nil {
		s.t.Fatal(err)
	}
	return msg.(*sip.Response)
}

// due checks the deadline and moves the clock there.
func (s *registrarScript) due(after time.Duration) {
	s.t.Helper()
	at, ok := s.r.Deadline()
	if !ok || at.Sub(s.now) != after {
		s.t.Fatalf("got deadline in %s, %v, want %s", at.Sub(s.now), ok, after)
	}
	s.now = at.Add(-1)
	s.step(Tick{}, 0)
	s.now = at
}

func (s *registrarScript) wantState(want RegistrationState, told string) {
	s.t.Helper()
	if got := s.r.Status().State; got != want || strings.Join(s.told, " ") != told {
		s.t.Errorf("got %s after %q, want %s after %q", got, s.told, want, told)
	}
}

func (s *registrarScript) expires() string {
	s.t.Helper()
	contacts, err := sip.Contacts(s.out)
	if err != nil || len(contacts) != 1 || !contacts[0].HasExpires || contacts[0].URI.String() != "sip:4930@198.51.100.2:5060" {
		s.t.Fatalf("got contacts %+v, %v", contacts, err)
	}
	return sip.HeaderText(s.out, "Expires")
}

const challenge = `WWW-Authenticate: Digest realm="r", nonce="n%d", qop="auth"%s`

func TestRegisterRefreshAndRemove(t *testing.T) {
	s := newRegistrarScript(t, nil)
	if _, ok := s.r.Deadline(); ok {
		t.Error("an idle registration has a deadline")
	}
	s.step(Start{}, 1)
	if got := s.out.StartLine(); got != "REGISTER sip:carrier.example SIP/2.0" || s.out.To().Address.String() != "sip:4930@carrier.example" || s.out.To().Params.Has("tag") {
		t.Errorf("got %s", s.out)
	}
	if s.expires() != "3600" || s.out.CallID().Value() != "fixed" || sip.FromTag(s.out) != "tag" || s.out.CSeq().SeqNo != 1 {
		t.Errorf("got %s", s.out)
	}
	s.answer(401, 1, fmt.Sprintf(challenge, 1, ""))
	creds, err := digest.ParseCredentials(sip.HeaderText(s.out, "Authorization"))
	if err != nil || creds.User != "acc" || creds.URI != "sip:carrier.example" || s.out.CSeq().SeqNo != 2 {
		t.Errorf("got %+v, %v, CSeq %d", creds, err, s.out.CSeq().SeqNo)
	}
	s.answer(100, 0)
	s.answer(200, 0, "Contact: <sip:other@h>;expires=10, <sip:4930@198.51.100.2>;expires=600", "Service-Route: <sip:sr;lr>")
	s.wantState(RegRegistered, "registering registered")
	status := s.r.Status()
	if len(status.ServiceRoute) != 1 || status.Observed != "203.0.113.5:4444" || !status.Until.Equal(s.now.Add(10*time.Minute)) || status.Status != 200 || status.Target.Host != "r1" {
		t.Errorf("got %+v", status)
	}
	s.due(300 * time.Second)
	s.step(Tick{}, 1)
	creds, err = digest.ParseCredentials(sip.HeaderText(s.out, "Authorization"))
	if err != nil || creds.NC != 2 || s.out.CSeq().SeqNo != 3 {
		t.Errorf("refresh does not offer the cached nonce: %+v, %v", creds, err)
	}
	s.answer(401, 1, fmt.Sprintf(challenge, 2, ", stale=true"))
	s.answer(200, 0, "Expires: 1200")
	s.due(600 * time.Second)
	s.wantState(RegRegistered, "registering registered")
	s.step(Stop{}, 1)
	if s.expires() != "0" {
		t.Errorf("got %s", s.out)
	}
	s.answer(401, 1, fmt.Sprintf(challenge, 3, ", stale=true"))
	if s.expires() != "0" {
		t.Errorf("got %s", s.out)
	}
	s.answer(200, 0)
	s.wantState(RegIdle, "registering registered idle")
	if _, ok := s.r.Deadline(); ok {
		t.Error("a stopped registration has a deadline")
	}
	s.step(Stop{}, 0)
	s.step(Start{}, 1)
}

func TestRefreshTime(t *testing.T) {
	for granted, want := range map[string]time.Duration{
		"3600": 30 * time.Minute, "60": 30 * time.Second, "50": 20 * time.Second, "36": 6 * time.Second, "30": 15 * time.Second, "4": 2 * time.Second,
		"99999999": 12 * time.Hour,
	} {
		s := newRegistrarScript(t, nil)
		s.step(Start{}, 1)
		s.answer(200, 0, "Contact: <sip:4930@198.51.100.2:5060>;expires="+granted)
		s.due(want)
	}
}

func TestGranted(t *testing.T) {
	tests := []struct {
		name  string
		lines []string
		state RegistrationState
		due   time.Duration
	}{
		{"nothing said: what was asked", nil, RegRegistered, 30 * time.Minute},
		{"header", []string{"Expires: 100"}, RegRegistered, 50 * time.Second},
		{"own contact without time", []string{"Contact: <sip:4930@198.51.100.2:5060>", "Expires: 200"}, RegRegistered, 100 * time.Second},
		{"only others", []string{"Contact: <sip:x@h>;expires=100"}, RegFailing, 30 * time.Second},
		{"our contact as the registrar saw it", []string{"Contact: <sip:4930@203.0.113.5:4444;nat=yes>;expires=100"}, RegRegistered, 50 * time.Second},
		{"our contact rewritten beside another's", []string{"Contact: <sip:4930@203.0.113.5:4444>;expires=100, <sip:4930@h>;expires=50"}, RegFailing, 30 * time.Second},
		{"no time", []string{"Contact: <sip:4930@198.51.100.2:5060>;expires=0"}, RegFailing, 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newRegistrarScript(t, nil)
			s.step(Start{}, 1)
			s.answer(200, 0, tt.lines...)
			s.wantState(tt.state, "registering "+tt.state.String())
			s.due(tt.due)
		})
	}
}

func TestTooBrief(t *testing.T) {
	s := newRegistrarScript(t, nil)
	s.step(Start{}, 1)
	s.answer(423, 1, "Min-Expires: 7200")
	if s.expires() != "7200" {
		t.Errorf("got %s", s.expires())
	}
	s.answer(200, 0)
	s.due(time.Hour)
	s.step(Tick{}, 1)
	if s.expires() != "7200" {
		t.Error("the lesson is forgotten")
	}
	for name, line := range map[string]string{"none": "X: y", "not more": "Min-Expires: 3600", "absurd": "Min-Expires: 4294967295"} {
		s := newRegistrarScript(t, nil)
		s.step(Start{}, 1)
		s.answer(423, 0, line)
		if s.r.Status().State != RegFailing {
			t.Errorf("%s: got %s", name, s.r.Status().State)
		}
	}
	loop := newRegistrarScript(t, nil)
	loop.step(Start{}, 1)
	loop.answer(423, 1, "Min-Expires: 4000")
	loop.answer(423, 1, "Min-Expires: 5000")
	loop.answer(423, 0, "Min-Expires: 6000")
	loop.wantState(RegFailing, "registering failing")
}

func TestWrongPasswordEnds(t *testing.T) {
	s := newRegistrarScript(t, nil)
	s.step(Start{}, 1)
	s.answer(401, 1, fmt.Sprintf(challenge, 1, ""))
	s.answer(401, 0, fmt.Sprintf(challenge, 2, ""))
	s.wantState(RegFailing, "registering failing")
	if got := s.r.Status().Status; got != 401 {
		t.Errorf("got %d", got)
	}
	s.due(30 * time.Second)
	s.step(Tick{}, 1)
}

// A registrar that challenges for ever, always anew, is left after three.
func TestChallengesAreBounded(t *testing.T) {
	s := newRegistrarScript(t, nil)
	s.r.cfg.Auth = obedient{}
	s.step(Start{}, 1)
	for range maxChallenges {
		s.answer(407, 1)
	}
	s.answer(407, 0)
	s.wantState(RegFailing, "registering failing")
	none := newRegistrarScript(t, nil)
	none.r.cfg.Auth = nil
	none.step(Start{}, 1)
	none.answer(401, 0, fmt.Sprintf(challenge, 1, ""))
	none.wantState(RegFailing, "registering failing")
}

type obedient struct{}

func (obedient) Authorize(*sip.Request, *sip.Response) bool { return true }
func (obedient) Prepare(*sip.Request)                       {}

func TestBothChallengesAreKept(t *testing.T) {
	s := newRegistrarScript(t, nil)
	s.step(Start{}, 1)
	s.answer(407, 1, `Proxy-Authenticate: Digest realm="p", nonce="1", qop="auth"`)
	s.answer(401, 1, fmt.Sprintf(challenge, 1, ""))
	if sip.HeaderText(s.out, "Authorization") == "" || sip.HeaderText(s.out, "Proxy-Authorization") == "" {
		t.Errorf("got %s", s.out)
	}
}

func TestBackOff(t *testing.T) {
	s := newRegistrarScript(t, nil)
	s.step(Start{}, 1)
	for _, want := range []time.Duration{30, 60, 120, 240, 480, 960, 1800, 1800} {
		s.step(RegisterFailed{CSeq: s.out.CSeq().SeqNo, Outcome: NoAnswer}, 0)
		s.due(want * time.Second)
		s.step(Tick{}, 1)
	}
	s.jitter = 0
	s.answer(500, 0)
	s.due(900 * time.Second)
	s.step(Tick{}, 1)
	s.answer(200, 0)
	s.due(30 * time.Minute)
	s.step(Tick{}, 1)
	s.answer(503, 0, "Retry-After: 100")
	s.due(100 * time.Second)
	s.step(Tick{}, 1)
	s.answer(503, 0, "Retry-After: 999999")
	s.due(backOffMax)
}

func TestNextTarget(t *testing.T) {
	s := newRegistrarScript(t, func(c *Config) { c.Targets = []Target{{Host: "r1"}, {Host: "r2"}, {Host: "r3"}} })
	s.step(Start{}, 1)
	for i, want := range []struct {
		host string
		wait time.Duration
	}{{"r1", time.Second}, {"r2", time.Second}, {"r3", 30 * time.Second}, {"r1", time.Second}, {"r2", time.Second}, {"r3", time.Minute}} {
		if s.host != want.host {
			t.Fatalf("try %d went to %s, want %s", i, s.host, want.host)
		}
		s.step(RegisterFailed{CSeq: s.out.CSeq().SeqNo, Outcome: Unreachable}, 0)
		s.due(want.wait)
		s.step(Tick{}, 1)
	}
	s.answer(200, 0)
	if got := s.r.Status().Target.Host; got != "r1" {
		t.Errorf("got %s", got)
	}
}

func TestFlowLost(t *testing.T) {
	s := newRegistrarScript(t, nil)
	s.step(FlowLost{}, 0)
	s.step(Start{}, 1)
	s.answer(200, 0)
	s.now = s.now.Add(2 * time.Minute)
	s.step(FlowLost{}, 1)
	s.wantState(RegRegistering, "registering registered registering")
	s.step(FlowLost{}, 0)
	s.wantState(RegFailing, "registering registered registering failing")
	s.step(Stop{}, 0)
	s.wantState(RegIdle, "registering registered registering failing idle")
}

// TestRegistrarThatHangsUp: a registrar that closes the connection after each 200 is not asked again at once, however often it does so.
func TestRegistrarThatHangsUp(t *testing.T) {
	s := newRegistrarScript(t, nil)
	s.step(Start{}, 1)
	for range 5 {
		s.answer(200, 0)
		s.now = s.now.Add(119 * time.Second)
		s.step(FlowLost{}, 0)
		s.due(30 * time.Second)
		s.step(Tick{}, 1)
	}
	s.answer(200, 0)
	s.now = s.now.Add(15 * time.Minute) // half an hour later it is refreshed: the flow is proven, whatever the refresh
	s.step(FlowLost{}, 1)
}

func TestLateAnswersAreIgnored(t *testing.T) {
	s := newRegistrarScript(t, nil)
	s.step(RegisterAnswered{nil}, 0)
	s.step(Start{}, 1)
	old := s.response(200)
	s.answer(401, 1, fmt.Sprintf(challenge, 1, ""))
	s.step(RegisterAnswered{old}, 0)
	s.step(RegisterFailed{CSeq: 1, Outcome: NoAnswer}, 0)
	s.wantState(RegRegistering, "registering")
	s.answer(200, 0)
	s.answer(200, 0)
	s.wantState(RegRegistered, "registering registered")
	empty := NewRegistration(RegistrationConfig{Trunk: mustNew(t, Config{Name: "x", InboundUser: "u"})})
	if got := empty.Step(start, Start{}); got != nil || empty.Status().State != RegIdle {
		t.Errorf("a trunk without targets registers: %v", got)
	}
}

// Whatever comes in which order: never two REGISTERs in one step, CSeq always rises, and Stop always ends in idle.
func FuzzRegistration(f *testing.F) {
	f.Add([]byte{0, 3, 4, 2, 7, 1})
	f.Add([]byte{0, 6, 2, 4, 5, 5, 5, 1, 3, 0})
	f.Fuzz(func(t *testing.T, script []byte) {
		s := newRegistrarScript(t, func(c *Config) { c.Targets = append(c.Targets, Target{Host: "r2"}) })
		s.step(Start{}, 1)
		last := s.out.CSeq().SeqNo
		for i, b := range append(script, 1) {
			events := []RegistrationEvent{
				Start{}, Stop{}, Tick{}, RegisterAnswered{s.response(200)}, RegisterAnswered{s.response(401, fmt.Sprintf(challenge, i, ", stale=true"))},
				RegisterAnswered{s.response(423, fmt.Sprint("Min-Expires: ", 3600+i))}, RegisterFailed{CSeq: s.out.CSeq().SeqNo}, FlowLost{},
				RegisterAnswered{s.response(503, "Retry-After: 5")},
			}
			if at, ok := s.r.Deadline(); ok && b >= 128 {
				s.now = at
			}
			sends := 0
			for _, effect := range s.r.Step(s.now, events[int(b&127)%len(events)]) {
				if send, ok := effect.(SendRegister); ok {
					sends++
					s.out = send.Request
				}
			}
			if sends > 1 || sends == 1 && s.out.CSeq().SeqNo <= last || s.out.CSeq().SeqNo < last {
				t.Fatalf("%d REGISTERs, CSeq %d after %d", sends, s.out.CSeq().SeqNo, last)
			}
			last = s.out.CSeq().SeqNo
		}
		s.r.Step(s.now, Stop{})
		if got := s.r.Status().State; got != RegIdle {
			t.Fatalf("got %s after Stop", got)
		}
	})
}
