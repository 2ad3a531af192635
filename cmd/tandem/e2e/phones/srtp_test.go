package phones

import (
	"fmt"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
	"tandem/media/mediatest"
)

// show is a call with its legs.
func (h *house) show(call string) (c control.Call) {
	h.t.Helper()
	h.JSON(h.t, &c, "call", "show", call)
	return c
}

// TestSRTP: phones that want protected audio, offer it beside plain audio, or know none, call each other in every pair; who wants it and
// who has none get together by the gateway only. Each call is held and resumed.
func TestSRTP(t *testing.T) {
	t.Parallel()
	rig.Need(t, "baresip")
	g := rig.Start(t, rig.Site{TLS: true, Body: fmt.Sprintf(`
endpoints:
  anna: {extension: 201, password: %[1]s, srtp: require}
  ben: {extension: 202, password: %[1]s}
  carl: {extension: 203, password: %[1]s, srtp: offer}
  dora: {extension: 204, password: %[1]s, srtp: require}
`, rig.PasswordRef)})
	phone := func(name, transport string, at fmt.Stringer, hz float64, more string) *rig.Phone {
		return rig.StartPhone(t, rig.PhoneSetup{Name: name, Host: rig.Host(t), Hz: hz, Account: fmt.Sprintf(
			`<sip:%[1]s@%[2]s;transport=%[4]s>;auth_user=%[1]s;auth_pass=%[3]s;outbound="sip:%[5]s;transport=%[4]s";regint=60;answermode=auto;audio_codecs=pcmu%[6]s`,
			name, rig.Domain, rig.Password, transport, at, more)})
	}
	phones := []struct {
		*rig.Phone
		extension string
		hz        float64
	}{
		{phone("anna", "tls", g.TLS, 500, ";mediaenc=srtp-mand"), "201", 500},
		{phone("ben", "udp", g.SIP, 700, ""), "202", 700},
		{phone("carl", "udp", g.SIP, 900, ";mediaenc=srtp"), "203", 900},
	}
	plain := phone("dora", "udp", g.SIP, 1100, "")
	rig.Await(t, "all are registered", 15*time.Second, func() bool {
		var list []control.Endpoint
		g.JSON(t, &list, "endpoint", "list")
		n := 0
		for _, e := range list {
			if e.Registered {
				n++
			}
		}
		return n == 4
	})
	for _, a := range phones {
		for _, b := range phones {
			if a == b {
				continue
			}
			a.Do("dial", fmt.Sprintf("sip:%s@%s", b.extension, rig.Domain))
			a.Saw("CALL_ESTABLISHED", 10*time.Second)
			hears := func(p *rig.Phone, hz float64, when string) {
				ear := p.Ear()
				rig.Await(t, fmt.Sprintf("%s to %s, %s: %.0f Hz is heard", a.extension, b.extension, when, hz), 15*time.Second, func() bool {
					last := ear.Last(mediatest.Rate / 10)
					return last != nil && mediatest.Find(last, hz) > level-3
				})
			}
			hears(a.Phone, b.hz, "at first")
			hears(b.Phone, a.hz, "at first")
			h := &house{Gateway: g, t: t}
			call := g.Calls(t)[0].ID
			for i, leg := range h.show(call).Legs {
				want := []string{"AES_CM_128_HMAC_SHA1_80", "AEAD_AES_128_GCM"}[i] // the first of what is offered: by the phone, by us
				if []string{a.extension, b.extension}[i] == "202" {
					want = ""
				}
				if leg.SRTP != want {
					t.Errorf("leg %d is protected by %q, want %q", i, leg.SRTP, want)
				}
			}
			a.Do("hold", "")
			h.await(call, "held")
			a.Do("resume", "")
			h.await(call, "resumed")
			hears(b.Phone, a.hz, "after hold") // who has held writes down no more, with keys or without
			a.Do("hangup", "")
			g.Idle(t)
		}
	}
	const bare = 3 // reports and signs of life of a call that this phone sends without its keys
	if got, calls := g.Metric(t, "tandem_media_srtp_refused_packets_total"), len(phones)*(len(phones)-1); got > float64(bare*calls) {
		t.Errorf("%v packets of %d calls could not be opened", got, calls)
	}
	plain.Do("dial", "sip:202@"+rig.Domain) // dora's audio must be protected, and her phone has no keys
	plain.Saw("CALL_CLOSED", 10*time.Second)
	g.Idle(t)
}
