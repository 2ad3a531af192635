package b2bua

import (
	"strings"
	"testing"
	"time"

	"tandem/sip"
	"tandem/sip/trunk"
)

// bertRings is a call of the carrier to bert's only phone, which has the INVITE.
func (r *rig) bertRings(body string) (a, b *side) {
	r.t.Helper()
	carrier, bert := r.carrier(), r.ua("bert", bertAddr)
	r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
	a = carrier.call("bert", body)
	return a, bert.ring()
}

func TestDial(t *testing.T) {
	scenario(t, "phone_to_phone", setup{}, func(r *rig) {
		anna, bert := r.ua("anna", annaAddr), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := anna.call("bert", anna.sdp())
		a.local = "<sip:+4917012345@" + domain + ">;tag=anna1" // what a phone says of itself is not believed
		a.prove()
		b := bert.ring()
		r.header(b.invite, "From", "sip:anna@tandem.local")
		b.reply(b.invite, "180 Ringing", "")
		a.expect("180")
		r.wait(2 * time.Second)
		b.answer()
		a.establish()
		r.wait(10 * time.Second)
		b.bye()
		r.header(a.hungUp(), "Reason", "cause=16")
	})
	scenario(t, "phone_to_trunk", setup{}, func(r *rig) {
		anna, carrier := r.ua("anna", annaAddr), r.carrier()
		a := anna.call("+4940123", anna.sdp())
		a.prove()
		b := carrier.ring()
		r.header(b.invite, "From", "<sip:+493010020@10.0.0.9>")
		if got := parse[*sip.Request](t, b.invite).Recipient.String(); got != "sip:+4940123@10.0.0.9:5060" {
			t.Errorf("Request-URI %s", got)
		}
		b.reply(b.invite, "183 Session Progress", carrier.sdp())
		a.expect("183")
		r.wait(2 * time.Second)
		b.answer()
		a.establish()
		r.wait(10 * time.Second)
		a.bye()
		b.hungUp()
	})
	scenario(t, "early_answer_differs", setup{}, func(r *rig) { // 183 with SDP, 180 without, 200 with another address
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.reply(b.invite, "183 Session Progress", sdpAt("10.0.0.30", 4000, "0 101"))
		a.expect("183")
		b.reply(b.invite, "180 Ringing", "")
		r.wait(time.Second)
		b.reply(b.invite, "200 OK", sdpAt("10.0.0.30", 5000, "8 101"))
		b.expect("ACK")
		a.establish()
		a.bye()
		b.hungUp()
	})
	scenario(t, "busy", setup{}, func(r *rig) {
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.reply(b.invite, "486 Busy Here", "")
		b.expect("ACK")
		r.header(a.expect("486"), "Reason", "cause=17")
		a.send("ACK", "")
	})
	scenario(t, "rejected", setup{}, func(r *rig) {
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.reply(b.invite, "603 Decline", "", "Reason: Q.850;cause=16")
		b.expect("ACK")
		r.header(a.expect("603"), "Reason", "cause=21")
		a.send("ACK", "")
	})
	scenario(t, "reason_beats_status", setup{}, func(r *rig) { // a gateway that answers 500 and means "number changed"
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.reply(b.invite, "500 Server Internal Error", "", "Reason: Q.850;cause=22")
		b.expect("ACK")
		a.expect("404")
		a.send("ACK", "")
	})
	scenario(t, "no_answer", setup{}, func(r *rig) {
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.reply(b.invite, "180 Ringing", "")
		a.expect("180")
		cancel := b.Expect("CANCEL")
		b.reply(cancel, "200 OK", "")
		b.reply(b.invite, "487 Request Terminated", "")
		b.expect("ACK")
		r.header(a.expect("480"), "Reason", "cause=19")
		a.send("ACK", "")
	})
	scenario(t, "unregistered", setup{}, func(r *rig) {
		c := r.carrier()
		a := c.call("bert", c.sdp())
		r.header(a.expect("480"), "Reason", "cause=27")
		a.send("ACK", "")
	})
	scenario(t, "no_such_number", setup{}, func(r *rig) {
		c := r.carrier()
		a := c.call("777", c.sdp())
		a.expect("404")
		a.send("ACK", "")
	})
	scenario(t, "timer_b_dead_phone", setup{}, func(r *rig) {
		r.router.scripts["bert"] = func() Script { return NewDirect("bert", time.Minute) }
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		c := r.carrier()
		a := c.call("bert", c.sdp())
		a.expect("100")
		a.expect("408")
		a.send("ACK", "")
	})
	scenario(t, "answer_without_common_codec", setup{}, func(r *rig) {
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.reply(b.invite, "200 OK", sdpAt("10.0.0.30", 4000, "18"))
		b.expect("ACK")
		b.hungUp()
		a.expect("488")
		a.send("ACK", "")
	})
	scenario(t, "talk_limit", setup{}, func(r *rig) {
		r.flow("100", func(ev ScriptEvent) []Action {
			switch ev := ev.(type) {
			case Started:
				return []Action{Dial{Target: "bert", Timeout: 20 * time.Second, MaxTime: 5 * time.Second}}
			case PeerEnded:
				return []Action{HangUp{Kind: ev.Kind}}
			}
			return nil
		})
		carrier, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := carrier.call("100", carrier.sdp())
		b := bert.ring()
		b.answer()
		a.establish()
		b.hungUp()
		a.hungUp()
	})
	scenario(t, "dial_given_up_for_another", setup{}, func(r *rig) { // the end of the first is not taken for that of the second
		r.flow("100", func(ev ScriptEvent) []Action {
			switch ev.(type) {
			case Started:
				return []Action{Answer{}, Dial{Target: "bert"}}
			case DigitPressed:
				return []Action{Part{}, Dial{Target: "anna"}}
			}
			return nil
		})
		carrier, bert, anna := r.carrier(), r.ua("bert", bertAddr), r.ua("anna", annaAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		r.bind("anna", annaAddr, "sip:anna@"+annaAddr)
		a := carrier.call("100", carrier.sdp())
		a.establish()
		b := bert.ring()
		b.reply(b.invite, "180 Ringing", "")
		r.wait(time.Second)
		r.engine.Press(1, '1')
		b.canceled()
		b2 := anna.ring()
		b2.answer()
		r.wait(time.Second)
		r.post(EndCall{Kind: Normal, By: "system"})
		a.hungUp()
		b2.hungUp()
	})
	scenario(t, "ring_back_to_answered_caller", setup{}, func(r *rig) {
		r.flow("100", func(ev ScriptEvent) []Action {
			switch ev.(type) {
			case Started:
				return []Action{Answer{}}
			case Answered:
				return []Action{Dial{Target: "bert", Timeout: 5 * time.Second}}
			case PeerEnded:
				return []Action{Play{ID: 1, Items: welcome}}
			}
			return nil
		})
		carrier, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := carrier.call("100", carrier.sdp())
		a.establish()
		b := bert.ring()
		b.reply(b.invite, "180 Ringing", "")
		r.wait(time.Second)
		b.reply(b.invite, "180 Ringing", "")
		cancel := b.Expect("CANCEL")
		b.reply(cancel, "200 OK", "")
		b.reply(b.invite, "487 Request Terminated", "")
		b.expect("ACK")
		r.wait(time.Second)
		a.bye()
	})
	scenario(t, "echo", setup{}, func(r *rig) {
		c := r.carrier()
		a := c.call("echo", c.sdp())
		a.establish()
		if v := r.view(); v.State != "connected" || v.Peer != "echo" {
			t.Errorf("view %+v", v)
		}
		a.bye()
	})
}

// sdpOf is a session description of a phone at an address.
func (r *rig) sdpOf(ip string) string { return sdpAt(ip, 4000, "8 0 101") }

func TestCallerLeaves(t *testing.T) {
	scenario(t, "cancel_while_ringing", setup{}, func(r *rig) {
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.reply(b.invite, "180 Ringing", "")
		a.expect("180")
		r.wait(time.Second)
		a.remote, a.target = "<sip:bert@"+domain+">", "sip:bert@10.0.0.1"
		a.send("CANCEL", "")
		a.expect("200")
		a.expect("487")
		a.send("ACK", "")
		cancel := b.Expect("CANCEL")
		b.reply(cancel, "200 OK", "")
		b.reply(b.invite, "487 Request Terminated", "")
		b.expect("ACK")
	})
	scenario(t, "cancel_before_180", setup{}, func(r *rig) { // CANCEL to the target waits for its first answer
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		a.send("CANCEL", "")
		a.expect("200")
		a.expect("487")
		a.send("ACK", "")
		r.wait(100 * time.Millisecond)
		b.reply(b.invite, "180 Ringing", "")
		cancel := b.Expect("CANCEL")
		b.reply(cancel, "200 OK", "")
		b.reply(b.invite, "487 Request Terminated", "")
		b.expect("ACK")
	})
	scenario(t, "cancel_crosses_200", setup{}, func(r *rig) {
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.reply(b.invite, "180 Ringing", "")
		a.expect("180")
		a.remote, a.target = "<sip:bert@"+domain+">", "sip:bert@10.0.0.1"
		a.send("CANCEL", "")
		time.Sleep(4 * time.Millisecond)
		b.reply(b.invite, "200 OK", b.sdp()) // our CANCEL is under way
		a.expect("200")
		a.expect("487")
		a.send("ACK", "")
		b.reply(b.Expect("CANCEL"), "200 OK", "")
		b.expect("ACK")
		b.hungUp()
	})
	scenario(t, "cancel_with_the_invite", setup{keep: true}, func(r *rig) { // the CANCEL is read before the call's owner has run
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		c := r.carrier()
		a := c.call("bert", c.sdp())
		a.send("CANCEL", "")
		a.expect("200")
		a.expect("487")
		a.send("ACK", "")
	})
	scenario(t, "refused_target_never_ends", setup{}, func(r *rig) { // no final answer to our CANCEL: given up after 64*T1
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.reply(b.invite, "180 Ringing", "")
		a.expect("180")
		a.remote, a.target = "<sip:bert@"+domain+">", "sip:bert@10.0.0.1"
		a.send("CANCEL", "")
		a.expect("200")
		a.expect("487")
		a.send("ACK", "")
		b.Expect("CANCEL")
	})
}

// TestTrunkCodecs: what a trunk's entry leaves out is not spoken with it, whoever calls.
func TestTrunkCodecs(t *testing.T) {
	alaw := setup{trunk: func(c *trunk.Config) { c.Codecs = []string{"PCMA"} }}
	scenario(t, "trunk_codecs_in", alaw, func(r *rig) {
		a, b := r.bertRings(sdpAt("10.0.0.9", 4000, "0 8 101"))
		b.answer()
		if ok := a.establish(); !strings.Contains(ok, "RTP/AVP 8 101\r\n") {
			t.Errorf("answered\n%s", ok)
		}
		a.bye()
		b.hungUp()
	})
	scenario(t, "trunk_codecs_none", alaw, func(r *rig) {
		a := r.carrier().call("bert", sdpAt("10.0.0.9", 4000, "0 101"))
		a.expect("488")
		a.send("ACK", "")
	})
	scenario(t, "trunk_codecs_out", alaw, func(r *rig) {
		anna, carrier := r.ua("anna", annaAddr), r.carrier()
		a := anna.call("+4940123", anna.sdp())
		a.prove()
		b := carrier.ring()
		if !strings.Contains(b.invite, "RTP/AVP 8 101\r\n") {
			t.Errorf("offered\n%s", b.invite)
		}
		b.answer()
		a.establish()
		a.bye()
		b.hungUp()
	})
}
