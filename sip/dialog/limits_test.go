package dialog

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/sip"
)

// script plays lines and returns what was written since the last of them.
func (p *player) script(lines ...string) string {
	for _, l := range lines {
		p.out.Reset()
		p.play(l)
	}
	return p.out.String()
}

// TestTooManyForks: early dialogs are limited; the 2xx of one that was left out is still acknowledged and ended.
func TestTooManyForks(t *testing.T) {
	p := newPlayer(t)
	p.script("new uac", "invite sdp=o")
	for i := range 3 * maxForks {
		p.script(fmt.Sprintf("response 1 180 tag=t%d", i))
	}
	if n := len(p.u.calling.forks); n != maxForks {
		t.Errorf("forks: got %d, want %d", n, maxForks)
	}
	if got := p.script("response 1 200 tag=t47 sdp=a"); !strings.Contains(got, "Answered 200 OK tag=t47") {
		t.Errorf("2xx of a dialog that was left out: got %s", got)
	}
	for i := range 100 {
		got := p.script(fmt.Sprintf("response 1 200 tag=x%d sdp=a", i))
		if !strings.Contains(got, fmt.Sprintf("ACK sip:bob@198.51.100.7:5060 cseq=1 to-tag=x%d", i)) {
			t.Fatalf("2xx %d: no ACK: %s", i, got)
		}
	}
	if len(p.u.calling.forks) > maxForks || len(p.u.clients) > 2*maxForks {
		t.Errorf("got %d forks and %d transactions", len(p.u.calling.forks), len(p.u.clients))
	}
}

// TestTooManyRequests: requests that wait for Reply, and for their response, are limited.
func TestTooManyRequests(t *testing.T) {
	p := newPlayer(t)
	p.script("new uas sdp=o", "accept sdp=a", "request ACK")
	var got string
	for range maxPending + 1 {
		got = p.script("request INFO body=1 type=application/dtmf")
	}
	if !strings.Contains(got, "503 Service Unavailable") || !strings.Contains(got, "Retry-After: 5") {
		t.Errorf("request %d: got %s", maxPending+1, got)
	}
	for range maxPending + 1 {
		got = p.script("send INFO text=1")
	}
	if !strings.Contains(got, "Replied 503") {
		t.Errorf("send %d: got %s", maxPending+1, got)
	}
}

// TestTooManyReliable: without our PRACKs being answered the peer's reliable responses are left to be sent again.
func TestTooManyReliable(t *testing.T) {
	p := newPlayer(t)
	p.script("new uac", "invite sdp=o")
	for i := range 100 {
		p.script(fmt.Sprintf("response 1 180 | Require: 100rel | RSeq: %d", i+1))
	}
	if len(p.u.clients) > maxPending {
		t.Errorf("got %d open transactions", len(p.u.clients))
	}
}

// TestProgressQueue: provisional responses that wait for a PRACK are limited.
func TestProgressQueue(t *testing.T) {
	p := newPlayer(t)
	p.script("new uas sdp=o | Require: 100rel", "progress 183")
	for range 20 {
		p.script("progress 180")
	}
	if n := len(p.u.rel.queue); n != maxQueued {
		t.Errorf("got %d, want %d", n, maxQueued)
	}
}

// TestGlareBands: RFC 3261 §14.1, at both ends of the random numbers.
func TestGlareBands(t *testing.T) {
	for _, tc := range []struct {
		name   string
		uac    bool
		random float64
		want   time.Duration
	}{
		{"owner, shortest", true, 0, 2100 * time.Millisecond},
		{"owner, longest", true, 1, 4 * time.Second},
		{"other, shortest", false, 0, 0},
		{"other, longest", false, 1, 2 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			u := &Usage{uac: tc.uac, cfg: Config{Rand: func() float64 { return tc.random }}}
			if got, ok := u.retryIn(sip.StatusRequestPending, nil); !ok || got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// TestGlareGivesUp: an offer that meets 491 each time is refused in the end.
func TestGlareGivesUp(t *testing.T) {
	p := newPlayer(t)
	p.script("new uac", "invite sdp=o", "response 1 200 sdp=a", "offer sdp=x")
	var got string
	tries := 0
	for tx := 2; tx < 50 && !strings.Contains(got, "OfferRefused"); tx++ {
		got = p.script(fmt.Sprintf("response %d 491", tx))
		tries++
		p.script("wait 5")
	}
	if tries != maxOfferTries+1 || !strings.Contains(got, "OfferRefused 491") {
		t.Errorf("got %d tries, last %s", tries, got)
	}
}

// TestHostileConfig: whatever stands in names and URIs, the message that goes out has its own headers only.
func TestHostileConfig(t *testing.T) {
	evil := "x>\r\nVia: SIP/2.0/UDP evil\r\n\r\n\"<\\"
	cfg := testConfig()
	cfg.CallID, cfg.LocalTag, cfg.UserAgent = "c"+evil, "t"+evil, evil
	cfg.Local.Display, cfg.Remote.Display = evil, evil
	cfg.Local.URI.User, cfg.Remote.URI.User, cfg.Target.User, cfg.Contact.User = evil, evil, evil, evil
	cfg.Target.Host = "peer.example" + evil
	cfg.Route = []sip.URI{{Scheme: "sip", User: evil, Host: "out.example"}}
	cfg.Headers = []sip.Header{sip.NewHeader(evil, "a"), sip.NewHeader("X-Note", evil), nil}
	p := newPlayer(t)
	p.u = NewUAC(cfg)
	p.show(p.u.Invite(p.now, SDP([]byte("v=0"))))
	req := p.parse(p.sent[1].String()).(*sip.Request)
	if n := len(req.GetHeaders("Via")); n != 1 {
		t.Errorf("got %d Via\n%s", n, req)
	}
	if string(req.Body()) != "v=0" || req.CSeq().SeqNo != 1 {
		t.Errorf("message broken:\n%s", req)
	}
	for _, h := range cfg.Headers[1:2] {
		p.show(p.u.Hangup(p.now, h))
	}
}

func TestConfigValidate(t *testing.T) {
	var empty Config
	empty.MinSE, empty.SessionExpires = -1, time.Second
	err := empty.Validate(true)
	for _, want := range []string{"contact", "local tag", "call id", "target", "local address", "remote address", "negative", "below min_se"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("fault %q is missing in %v", want, err)
		}
	}
	good := testConfig()
	if err := good.Validate(true); err != nil {
		t.Errorf("got %v", err)
	}
	defer func() {
		if recover() == nil {
			t.Error("NewUAC took a Config without a target")
		}
	}()
	NewUAC(Config{})
}

func TestRefused(t *testing.T) {
	p := newPlayer(t)
	invite := p.request("INVITE", parseWords("new | Require: bogus"))
	_, err := NewUAS(testConfig(), invite, 1)
	var refused *RefusedError
	if !errors.As(err, &refused) || refused.Response.StatusCode != 420 || err.Error() != "invite refused: 420 Bad Extension" {
		t.Errorf("got %v", err)
	}
	bare := sip.NewRequest(sip.INVITE, mustURI("sip:x@example.com"))
	if _, err := NewUAS(testConfig(), bare, 1); !errors.As(err, &refused) || refused.Response.StatusCode != 400 {
		t.Errorf("INVITE without headers: got %v", err)
	}
}

// TestBareMessages: messages without the headers that every message has do no harm.
func TestBareMessages(t *testing.T) {
	for _, m := range []sip.Method{sip.INVITE, sip.BYE, sip.ACK, sip.PRACK, sip.UPDATE, "X"} {
		p := newPlayer(t)
		p.script("new uas sdp=o", "progress 180")
		p.u.OnRequest(p.now, 9, sip.NewRequest(m, mustURI("sip:x@example.com")))
		p.script("accept sdp=a")
		p.u.OnRequest(p.now, 10, sip.NewRequest(m, mustURI("sip:x@example.com")))
	}
	p := newPlayer(t)
	p.script("new uac", "invite sdp=o")
	p.u.OnResponse(p.now, 1, sip.NewResponse(sip.NewRequest(sip.INVITE, mustURI("sip:x@example.com")), 200, "", "t"))
	if p.u.State() != StateTrying {
		t.Errorf("a response without CSeq counted: %s", p.u.State())
	}
}

func TestAccessors(t *testing.T) {
	p := newPlayer(t)
	p.script("new uac")
	if _, ok := p.u.RemoteTarget(); ok || p.u.RemoteTag() != "" {
		t.Error("a dialog before any response")
	}
	p.script("invite sdp=o", "response 1 180 tag=b1")
	if p.u.CallID() != "call-1" || p.u.LocalTag() != "us" || p.u.RemoteTag() != "b1" {
		t.Errorf("got %s %s %s", p.u.CallID(), p.u.LocalTag(), p.u.RemoteTag())
	}
}

func TestChallenge(t *testing.T) {
	for _, tc := range []struct {
		in, realm string
		stale     bool
	}{
		{`Digest realm="a", nonce="n"`, "a", false},
		{`Digest nonce="n,realm=x",realm="b;c, d", stale=TRUE`, "b;c, d", true},
		{`Digest realm="q\"uote", stale="true"`, `q"uote`, true},
		{`Digest`, "", false},
		{``, "", false},
	} {
		if realm, stale := challenge(tc.in); realm != tc.realm || stale != tc.stale {
			t.Errorf("%s: got %q %v, want %q %v", tc.in, realm, stale, tc.realm, tc.stale)
		}
	}
}
