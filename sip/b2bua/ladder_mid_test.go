package b2bua

import (
	"strings"
	"testing"
	"time"

	"tandem/sip/siptest"
)

// reinvite changes the session of an established side, and acknowledges.
func (s *side) reinvite(body string) string {
	s.r.t.Helper()
	s.send("INVITE", body)
	ok := s.expect("200")
	s.send("ACK", "")
	s.r.wait(100 * time.Millisecond)
	return ok
}

func direction(m string) string {
	for _, d := range []string{"sendonly", "recvonly", "inactive"} {
		if strings.Contains(m, "a="+d) {
			return d
		}
	}
	return "sendrecv"
}

func (r *rig) direction(m, want string) {
	r.t.Helper()
	if got := direction(m); got != want {
		r.t.Errorf("direction %s, want %s", got, want)
	}
}

func TestHold(t *testing.T) {
	scenario(t, "hold_by_caller", setup{}, func(r *rig) {
		a, b := r.connected()
		r.direction(a.reinvite(a.sdp("a=sendonly")), "recvonly")
		if !r.view().Hold {
			t.Error("no hold in the view")
		}
		r.direction(a.reinvite(a.sdp()), "sendrecv")
		a.bye()
		b.hungUp()
	})
	scenario(t, "hold_by_callee", setup{}, func(r *rig) {
		a, b := r.connected()
		r.direction(b.reinvite(b.sdp("a=inactive")), "inactive")
		r.direction(b.reinvite(b.sdp()), "sendrecv")
		a.bye()
		b.hungUp()
	})
	scenario(t, "hold_by_both", setup{}, func(r *rig) {
		a, b := r.connected()
		a.reinvite(a.sdp("a=sendonly"))
		b.reinvite(sdpAt("0.0.0.0", 4000, "8 0 101"))
		a.reinvite(a.sdp())
		b.reinvite(b.sdp())
		a.bye()
		b.hungUp()
	})
	scenario(t, "holder_hangs_up", setup{}, func(r *rig) { // the script goes on: no music may stay
		r.flow("100", func(ev ScriptEvent) []Action {
			switch ev.(type) {
			case Started:
				return []Action{Dial{Target: "bert"}}
			case PeerEnded:
				return []Action{DetectInband{On: true}}
			}
			return nil
		})
		carrier, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := carrier.call("100", carrier.sdp())
		b := bert.ring()
		b.answer()
		a.establish()
		b.reinvite(b.sdp("a=sendonly"))
		b.bye()
		r.wait(time.Second)
		if _, plays := r.engine.Playing(1); plays {
			t.Error("music plays on")
		}
		a.bye()
	})
	scenario(t, "hold_in_script_then_bridge", setup{}, func(r *rig) { // held while nobody talks: music begins with the talk
		r.flow("100", func(ev ScriptEvent) []Action {
			switch ev.(type) {
			case Started:
				return []Action{Answer{}}
			case DigitPressed:
				return []Action{Dial{Target: "bert"}}
			}
			return nil
		})
		carrier, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := carrier.call("100", carrier.sdp())
		a.establish()
		a.reinvite(a.sdp("a=sendonly"))
		r.engine.Press(1, '1')
		b := bert.ring()
		b.answer()
		r.wait(time.Second)
		if _, plays := r.engine.Playing(2); !plays {
			t.Error("no music for the target of a caller who holds")
		}
		a.reinvite(a.sdp())
		a.bye()
		b.hungUp()
	})
}

func TestReinvite(t *testing.T) {
	scenario(t, "codec_change", setup{}, func(r *rig) { // of one leg: the other does not hear of it
		a, b := r.connected()
		a.reinvite(sdpAt("10.0.0.9", 6000, "0 101"))
		b.Quiet(time.Second)
		a.bye()
		b.hungUp()
	})
	scenario(t, "reinvite_without_common_codec", setup{}, func(r *rig) {
		a, b := r.connected()
		a.send("INVITE", sdpAt("10.0.0.9", 6000, "18"))
		a.expect("488")
		a.send("ACK", "")
		r.wait(time.Second)
		a.bye()
		b.hungUp()
	})
	scenario(t, "reinvite_t38", setup{}, func(r *rig) {
		a, b := r.connected()
		a.send("INVITE", "v=0\r\no=- 1 2 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=image 6000 udptl t38\r\n")
		a.expect("488")
		a.send("ACK", "")
		r.wait(time.Second)
		a.bye()
		b.hungUp()
	})
	scenario(t, "reinvite_offerless", setup{}, func(r *rig) {
		a, b := r.connected()
		a.send("INVITE", "")
		a.expect("200")
		a.send("ACK", sdpAt("10.0.0.9", 7000, "8 101"))
		r.wait(time.Second)
		a.bye()
		b.hungUp()
	})
	scenario(t, "reinvite_offerless_bad_answer", setup{}, func(r *rig) { // what was agreed stays in force
		a, b := r.connected()
		a.send("INVITE", "")
		a.expect("200")
		a.send("ACK", sdpAt("10.0.0.9", 7000, "18"))
		r.wait(time.Second)
		a.reinvite(a.sdp("a=sendonly"))
		a.bye()
		b.hungUp()
	})
	scenario(t, "reinvite_offerless_no_answer", setup{}, func(r *rig) {
		a, b := r.connected()
		a.send("INVITE", "")
		a.expect("200")
		a.send("ACK", "")
		r.wait(time.Second)
		a.reinvite(a.sdp("a=sendonly"))
		a.bye()
		b.hungUp()
	})
	scenario(t, "update", setup{}, func(r *rig) {
		a, b := r.connected()
		b.send("UPDATE", b.sdp("a=sendonly"))
		r.direction(b.expect("200"), "recvonly")
		b.send("UPDATE", "")
		b.expect("200")
		b.send("UPDATE", b.sdp())
		r.direction(b.expect("200"), "sendrecv")
		a.bye()
		b.hungUp()
	})
	scenario(t, "second_reinvite_before_ack", setup{}, func(r *rig) {
		a, b := r.connected()
		a.send("INVITE", a.sdp("a=sendonly"))
		a.expect("200")
		first := a.branch
		a.send("INVITE", a.sdp())
		if m := a.expect("491"); siptest.Field(m, "Retry-After") != "" {
			t.Error("491 with Retry-After")
		}
		a.send("ACK", "")
		a.cseq--
		a.branch, a.failed = first, false
		a.send("ACK", "")
		a.cseq++
		r.wait(time.Second)
		a.bye()
		b.hungUp()
	})
	scenario(t, "many_reinvites", setup{keep: true}, func(r *rig) { // what they leave behind does not grow
		a, b := r.connected()
		for range 50 {
			a.reinvite(a.sdp())
		}
		c, _ := r.sw.calls.get(r.id())
		if n := len(c.caller.servers); n > 1 {
			t.Errorf("%d server transactions kept", n)
		}
		a.bye()
		b.hungUp()
	})
}

func TestRefresh(t *testing.T) {
	refreshing := setup{cfg: func(c *Config) { c.SessionExpires = 90 * time.Second }}
	accept := func(b *side) {
		b.reply(b.invite, "200 OK", b.sdp(), "Session-Expires: 90;refresher=uac", "Require: timer", "Supported: timer")
		b.expect("ACK")
	}
	scenario(t, "session_refresh", refreshing, func(r *rig) {
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		accept(b)
		a.establish()
		for range 3 {
			r.wait(20 * time.Second)
			m := b.Expect("INVITE")
			if b.invite = m; strings.Contains(m, "\no=- ") && siptest.Field(m, "Session-Expires") == "" {
				t.Error("no refresh:", m)
			}
			accept(b)
		}
		a.bye()
		b.hungUp()
	})
	scenario(t, "session_refresh_moves_audio", refreshing, func(r *rig) {
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		accept(b)
		a.establish()
		r.wait(20 * time.Second)
		m := b.Expect("INVITE")
		b.reply(m, "200 OK", sdpAt("10.0.0.30", 9000, "8 101"), "Session-Expires: 90;refresher=uac", "Require: timer", "Supported: timer")
		b.expect("ACK")
		r.wait(20 * time.Second)
		m = b.Expect("INVITE") // refused, but the peer lives
		b.reply(m, "488 Not Acceptable Here", "")
		b.expect("ACK")
		b.reinvite(sdpAt("10.0.0.30", 9000, "8 101", "a=sendonly"))
		a.bye()
		b.hungUp()
	})
	scenario(t, "refresh_glare", refreshing, func(r *rig) { // both offer at once: 491, and the refresh comes again later
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		accept(b)
		a.establish()
		r.wait(20 * time.Second)
		m := b.Expect("INVITE")
		b.send("INVITE", b.sdp("a=sendonly"))
		time.Sleep(time.Millisecond)
		b.reply(m, "491 Request Pending", "")
		b.Expect("491")
		b.failed = true
		b.send("ACK", "")
		b.Expect("ACK")
		b.invite = b.Expect("INVITE")
		accept(b)
		a.bye()
		b.hungUp()
	})
	scenario(t, "peer_gone_at_refresh", refreshing, func(r *rig) {
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		accept(b)
		a.establish()
		r.wait(20 * time.Second)
		m := b.Expect("INVITE")
		b.reply(m, "481 Call/Transaction Does Not Exist", "")
		b.expect("ACK")
		b.hungUp()
		a.hungUp()
	})
}
