package b2bua

import (
	"strings"
	"testing"
	"time"

	"tandem/sip/trunk"
)

// protected makes a description one of SRTP with a key for the line with this tag.
func protected(sdp, tag string) string {
	return strings.Replace(sdp, "RTP/AVP", "RTP/SAVP", 1) + "a=crypto:" + tag + " AES_CM_128_HMAC_SHA1_80 inline:" + strings.Repeat("A", 40) + "\r\n"
}

// TestProtectedTrunk: what a trunk must have is offered to it, and not done without, whoever calls.
func TestProtectedTrunk(t *testing.T) {
	require := setup{trunk: func(c *trunk.Config) { c.SRTP = "require" }}
	toTrunk := func(r *rig) (a, b *side) {
		anna, carrier := r.ua("anna", annaAddr), r.carrier()
		a = anna.call("+4940123", anna.sdp())
		a.prove()
		b = carrier.ring()
		if body := b.invite; !strings.Contains(body, "m=audio 20002 RTP/SAVP 8 0 101") || strings.Count(body, "a=crypto:") != 4 {
			r.t.Errorf("offered\n%s", body)
		}
		return a, b
	}
	scenario(t, "srtp_to_trunk", require, func(r *rig) {
		a, b := toTrunk(r)
		b.reply(b.invite, "200 OK", protected(r.sdpOf("10.0.0.9"), "3"))
		b.expect("ACK")
		a.establish()
		r.wait(10 * time.Second)
		a.bye()
		b.hungUp()
	})
	scenario(t, "srtp_trunk_answers_plain", require, func(r *rig) {
		a, b := toTrunk(r)
		b.reply(b.invite, "200 OK", r.sdpOf("10.0.0.9"))
		b.expect("ACK")
		b.hungUp()
		a.expect("488")
		a.send("ACK", "")
	})
	scenario(t, "srtp_trunk_calls_plain", require, func(r *rig) {
		a := r.carrier().call("bert", r.sdpOf("10.0.0.9"))
		a.expect("488")
		a.send("ACK", "")
	})
	scenario(t, "srtp_from_trunk", require, func(r *rig) {
		bert := r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := r.carrier().call("bert", protected(r.sdpOf("10.0.0.9"), "7"))
		b := bert.ring()
		if strings.Contains(b.invite, "crypto") {
			t.Errorf("a key went to who has none:\n%s", b.invite)
		}
		b.answer()
		if ok := a.establish(); !strings.Contains(ok, "RTP/SAVP") || !strings.Contains(ok, "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:") {
			t.Errorf("answered\n%s", ok)
		}
		r.wait(10 * time.Second)
		a.bye()
		b.hungUp()
	})
}
