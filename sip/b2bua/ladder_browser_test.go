package b2bua

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/mediatest"
)

func (r *rig) is(got, want error) {
	r.t.Helper()
	if !errors.Is(got, want) {
		r.t.Errorf("error %v, want %v", got, want)
	}
}

// talkingPage is a call of the carrier to paula's page, bridged.
func (r *rig) talkingPage() (a, p *side) {
	r.t.Helper()
	carrier, paula := r.carrier(), r.paula()
	a = carrier.call("paula", carrier.sdp())
	p = paula.ring()
	if !strings.Contains(p.invite, "UDP/TLS/RTP/SAVPF") {
		r.t.Error("the page got no offer of a browser's kind")
	}
	p.answerWeb()
	a.establish()
	r.wait(time.Second)
	return a, p
}

func TestBrowser(t *testing.T) {
	scenario(t, "page_is_called", setup{}, func(r *rig) {
		a, p := r.talkingPage()
		if !strings.Contains(p.invite, "SAVPF 8 0 101") { // the carrier talks PCMA: no transcoding
			t.Error("the caller's codec does not stand first")
		}
		a.bye()
		p.hungUp()
	})
	scenario(t, "page_calls", setup{}, func(r *rig) { // proven by its socket: no digest
		bert := r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		p := r.paula().call("bert", web())
		b := bert.ring()
		r.header(b.invite, "From", "<sip:paula@")
		b.answer()
		if ok := p.establish(); !strings.Contains(ok, "UDP/TLS/RTP/SAVPF") {
			t.Error("no answer of a browser's kind")
		}
		r.wait(time.Second)
		if v := r.view(); v.Endpoint != "paula" {
			t.Errorf("endpoint %q", v.Endpoint)
		}
		p.bye()
		b.hungUp()
	})
	scenario(t, "page_calls_page", setup{}, func(r *rig) {
		olga := r.olga()
		p := r.paula().call("olga", web())
		o := olga.ring()
		o.reply(o.invite, "180 Ringing", "")
		p.expect("180")
		o.answerWeb()
		p.establish()
		r.wait(time.Second)
		o.bye()
		p.hungUp()
	})
	scenario(t, "page_reloads", setup{}, func(r *rig) { // the same stream, another connection
		a, p := r.talkingPage()
		p.reinvite(web("a=x-page:2"))
		r.engine.Inject(media.Linked{Stream: 2, Up: true})
		a.bye()
		p.hungUp()
	})
	scenario(t, "page_holds", setup{}, func(r *rig) {
		a, p := r.talkingPage()
		r.direction(p.reinvite(web("a=sendonly")), "recvonly")
		if _, plays := r.engine.Playing(1); !plays {
			t.Error("no music for the caller")
		}
		r.direction(p.reinvite(web("a=sendrecv")), "sendrecv")
		if _, plays := r.engine.Playing(1); plays {
			t.Error("music plays on")
		}
		a.bye()
		p.hungUp()
	})
	scenario(t, "page_reinvites_without_offer", setup{}, func(r *rig) {
		a, p := r.talkingPage()
		p.send("INVITE", "")
		p.expect("200")
		p.send("ACK", web())
		r.wait(time.Second)
		a.bye()
		p.hungUp()
	})
	scenario(t, "page_offers_late", setup{}, func(r *rig) {
		p := r.paula().call("echo", "")
		p.expect("200")
		p.send("ACK", web())
		r.wait(time.Second)
		p.bye()
	})
}

func TestBrowserAnomaly(t *testing.T) {
	scenario(t, "page_offer_refused", setup{engine: mediatest.Options{RefuseSDP: "no fingerprint"}}, func(r *rig) {
		p := r.paula().call("echo", web())
		p.expect("488")
		p.send("ACK", "")
	})
	scenario(t, "page_offer_not_made", setup{engine: mediatest.Options{RefuseSDP: "no certificate"}}, func(r *rig) {
		r.paula()
		c := r.carrier()
		a := c.call("paula", c.sdp())
		a.expect("503")
		a.send("ACK", "")
	})
	scenario(t, "page_is_gone", setup{}, func(r *rig) { // its socket closed, its binding is still there
		r.paula()
		r.flows["paula"].Close()
		r.wait(time.Second)
		c := r.carrier()
		a := c.call("paula", c.sdp())
		a.expect("480")
		a.send("ACK", "")
	})
	scenario(t, "page_link_lost_and_back", setup{}, func(r *rig) {
		a, p := r.talkingPage()
		r.engine.Inject(media.Linked{Stream: 2, Why: "ice: failed"})
		r.wait(5 * time.Second)
		if _, plays := r.engine.Playing(1); !plays {
			t.Error("no music while the page is away")
		}
		r.engine.Inject(media.Linked{Stream: 2, Up: true})
		r.wait(time.Minute)
		a.bye()
		p.hungUp()
	})
	scenario(t, "page_link_lost_for_good", setup{}, func(r *rig) {
		a, p := r.talkingPage()
		r.engine.Inject(media.Linked{Stream: 2, Why: "ice: failed"})
		r.wait(19 * time.Second)
		p.hungUp()
		a.hungUp()
	})
	scenario(t, "page_without_proof", setup{}, func(r *rig) { // digest, as any phone; and a trunk's address does not help it
		p := r.stranger("paula", "10.0.0.9:6000").call("echo", web())
		p.expect("401")
		p.send("ACK", "")
	})
	scenario(t, "page_takes_its_offer_back", setup{keep: true}, func(r *rig) {
		a, p := r.talkingPage()
		p.send("INVITE", web())
		p.bye()
		r.wait(time.Second)
		a.hungUp()
	})
}

func TestProvenFlow(t *testing.T) {
	scenario(t, "proven_user_is_no_phone", setup{}, func(r *rig) { // that a page has proven a name does not make it a phone of ours
		u := r.ua("ghost", paulaAddr)
		u.to, u.via = paulaDoor, "LOCAL"
		s := socket{r.net.ListenPacket(paulaDoor), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(paulaAddr))}
		flow, err := r.endpoint.AttachLocal(s, "ghost")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(flow.Close)
		p := u.call("echo", web())
		if err := flow.Send([]byte(p.invite)); err != nil {
			t.Fatal(err)
		}
		p.expect("403")
		flow.Close()
	})
	scenario(t, "binding_goes_with_its_flow", setup{}, func(r *rig) {
		r.endpoint.OnFlowClosed(r.sw.FlowClosed)
		r.paula()
		r.flows["paula"].Close()
		c := r.carrier()
		a := c.call("paula", c.sdp())
		a.expect("480")
		a.send("ACK", "")
		if n := len(r.registrar.Lookup("paula@"+domain, time.Now())); n != 0 {
			t.Errorf("%d bindings", n)
		}
	})
}

func TestToken(t *testing.T) {
	for name, c := range map[string]struct {
		user, token, want string
	}{
		"proven":   {"paula", "abc-123", "abc-123"},
		"unproven": {"", "abc-123", ""},
		"too_long": {"paula", strings.Repeat("x", 129), ""},
		"bad":      {"paula", "a b", ""},
	} {
		scenario(t, "token_"+name, setup{keep: true}, func(r *rig) {
			r.flow("100", ivr)
			var p *side
			if c.user != "" {
				p = r.paula().call("100", web(), "X-Tandem-Token: "+c.token)
			} else {
				p = r.stranger("anna", paulaAddr).call("100", web(), "X-Tandem-Token: "+c.token)
				p.prove("X-Tandem-Token: " + c.token)
			}
			p.establish()
			if got := r.router.last.Token; got != c.want {
				t.Errorf("token %q, want %q", got, c.want)
			}
			p.bye()
		})
	}
}
