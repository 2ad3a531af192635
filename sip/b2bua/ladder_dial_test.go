package b2bua

import (
	"testing"
	"time"

	"tandem/sip"
	"tandem/sip/siptest"
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

func TestForks(t *testing.T) {
	scenario(t, "two_bindings_one_answers", setup{}, func(r *rig) {
		carrier, bert, bert2 := r.carrier(), r.ua("bert", bertAddr), r.ua("bert", bert2Addr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		r.bind("bert", bert2Addr, "sip:bert@"+bert2Addr)
		a := carrier.call("bert", carrier.sdp())
		b, b2 := bert.ring(), bert2.ring()
		b.reply(b.invite, "180 Ringing", "")
		b2.reply(b2.invite, "180 Ringing", "")
		a.expect("180")
		r.wait(time.Second)
		b2.answer()
		a.establish()
		cancel := b.Expect("CANCEL")
		r.header(cancel, "Reason", "Call completed elsewhere")
		b.reply(cancel, "200 OK", "")
		b.reply(b.invite, "487 Request Terminated", "")
		b.expect("ACK")
		r.wait(time.Second)
		a.bye()
		b2.hungUp()
	})
	scenario(t, "two_bindings_both_answer", setup{}, func(r *rig) {
		carrier, bert, bert2 := r.carrier(), r.ua("bert", bertAddr), r.ua("bert", bert2Addr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		r.bind("bert", bert2Addr, "sip:bert@"+bert2Addr)
		a := carrier.call("bert", carrier.sdp())
		b, b2 := bert.ring(), bert2.ring()
		b.reply(b.invite, "200 OK", b.sdp())
		time.Sleep(time.Millisecond)
		b2.reply(b2.invite, "200 OK", b2.sdp())
		b.expect("ACK")
		b2.expect("ACK")
		b2.hungUp()
		a.establish()
		a.bye()
		b.hungUp()
	})
	scenario(t, "two_bindings_one_busy", setup{}, func(r *rig) {
		carrier, bert, bert2 := r.carrier(), r.ua("bert", bertAddr), r.ua("bert", bert2Addr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		r.bind("bert", bert2Addr, "sip:bert@"+bert2Addr)
		a := carrier.call("bert", carrier.sdp())
		b, b2 := bert.ring(), bert2.ring()
		b.reply(b.invite, "486 Busy Here", "")
		b.expect("ACK")
		b2.answer()
		a.establish()
		a.bye()
		b2.hungUp()
	})
	scenario(t, "forked_200", setup{}, func(r *rig) { // a proxy behind the target lets two phones answer
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.reply(b.invite, "200 OK", b.sdp())
		b.expect("ACK")
		b.replyAs("fork2", b.invite, "200 OK", b.sdp())
		b.expect("ACK")
		bye := b.Expect("BYE")
		if tag := siptest.TagIn(siptest.Field(bye, "To")); tag != "fork2" {
			t.Errorf("BYE to %s", tag)
		}
		b.reply(bye, "200 OK", "")
		a.establish()
		a.bye()
		b.hungUp()
	})
	scenario(t, "forked_early_media", setup{}, func(r *rig) { // 183 of one fork, 200 of another
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.replyAs("fork1", b.invite, "183 Session Progress", sdpAt("10.0.0.30", 4000, "0 101"))
		a.expect("183")
		b.replyAs("fork2", b.invite, "200 OK", sdpAt("10.0.0.30", 5000, "8 101"))
		b.expect("ACK")
		a.establish()
		a.bye()
		bye := b.Expect("BYE")
		r.header(bye, "To", "fork2")
		b.reply(bye, "200 OK", "")
	})
}

func TestRedirect(t *testing.T) {
	scenario(t, "302_followed", setup{}, func(r *rig) {
		r.bind("anna", annaAddr, "sip:anna@"+annaAddr)
		anna := r.ua("anna", annaAddr)
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.Send(tandemAddr, replaceContact(b.Reply(b.invite, "302 Moved Temporarily", "x1"), "<sip:anna@tandem.local>"))
		b.expect("ACK")
		b2 := anna.ring()
		b2.answer()
		a.establish()
		a.bye()
		b2.hungUp()
	})
	scenario(t, "302_to_elsewhere", setup{}, func(r *rig) {
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.Send(tandemAddr, replaceContact(b.Reply(b.invite, "302 Moved Temporarily", "x1"), "<sip:thief@203.0.113.5>"))
		b.expect("ACK")
		a.expect("480")
		a.send("ACK", "")
	})
	scenario(t, "302_loop", setup{}, func(r *rig) {
		r.bind("anna", annaAddr, "sip:x7@"+annaAddr)
		anna := r.ua("anna", annaAddr)
		a, b := r.bertRings(r.sdpOf("10.0.0.9"))
		b.Send(tandemAddr, replaceContact(b.Reply(b.invite, "302 Moved Temporarily", "x1"), "<sip:anna@tandem.local>"))
		b.expect("ACK")
		b2 := anna.ring()
		b2.Send(tandemAddr, replaceContact(b2.Reply(b2.invite, "302 Moved Temporarily", "x2"), "<sip:bert@tandem.local>"))
		b2.expect("ACK")
		a.expect("480")
		a.send("ACK", "")
	})
	scenario(t, "302_then_busy", setup{}, func(r *rig) { // the callee's own word: no further place is tried
		anna, carrier := r.ua("anna", annaAddr), r.carrier()
		a := anna.call("+4940123", anna.sdp())
		a.prove()
		b := carrier.ring()
		b.Send(tandemAddr, replaceContact(b.Reply(b.invite, "302 Moved Temporarily", "x1"), "<sip:+4940124@10.0.0.9>"))
		b.expect("ACK")
		b2 := carrier.ring()
		b2.reply(b2.invite, "486 Busy Here", "")
		b2.expect("ACK")
		a.expect("486")
		a.send("ACK", "")
	})
}

func TestTrunks(t *testing.T) {
	scenario(t, "failover_503", setup{}, func(r *rig) {
		anna, carrier, backup := r.ua("anna", annaAddr), r.carrier(), r.ua("backup", backupAddr)
		a := anna.call("+4940123", anna.sdp())
		a.prove()
		b := carrier.ring()
		b.reply(b.invite, "503 Service Unavailable", "", "Retry-After: 30")
		b.expect("ACK")
		b2 := backup.ring()
		b2.answer()
		a.establish()
		a.bye()
		b2.hungUp()
		if h := r.trunks["carrier"].Health(time.Now())[0]; h != trunk.Down {
			t.Errorf("health of the trunk that is overloaded: %v", h)
		}
	})
	scenario(t, "failover_timeout", setup{}, func(r *rig) {
		r.router.scripts["+4940123"] = func() Script { return NewDirect("+4940123", 2*time.Minute) }
		anna, backup := r.ua("anna", annaAddr), r.ua("backup", backupAddr)
		a := anna.call("+4940123", anna.sdp())
		a.prove()
		a.expect("100")
		b := backup.ring()
		b.answer()
		a.establish()
		a.bye()
		b.hungUp()
	})
	scenario(t, "all_trunks_full", setup{trunk: func(c *trunk.Config) { c.MaxCalls = 1 }}, func(r *rig) {
		r.router.targets["+49111"] = Destination{Number: "+49111", Trunks: []*trunk.Trunk{r.trunks["carrier"]}}
		if err := r.trunks["carrier"].Acquire(); err != nil {
			t.Fatal(err)
		}
		anna := r.ua("anna", annaAddr)
		a := anna.call("+49111", anna.sdp())
		a.prove()
		r.header(a.expect("503"), "Retry-After", "5")
		a.send("ACK", "")
		r.trunks["carrier"].Release()
	})
	scenario(t, "trunk_full_for_caller", setup{trunk: func(c *trunk.Config) { c.MaxCalls = 1 }}, func(r *rig) {
		r.flow("100", ivr)
		carrier := r.carrier()
		a := carrier.call("100", carrier.sdp())
		a.establish()
		b := carrier.call("100", carrier.sdp())
		r.header(b.expect("503"), "Retry-After", "5")
		b.send("ACK", "")
		a.bye()
	})
	scenario(t, "trunk_credentials_407", setup{trunk: func(c *trunk.Config) {
		c.Auth = trunk.Auth{User: "acct", Password: "pw"}
	}}, func(r *rig) {
		anna, carrier := r.ua("anna", annaAddr), r.carrier()
		a := anna.call("+4940123", anna.sdp())
		a.prove()
		b := carrier.ring()
		b.reply(b.invite, "407 Proxy Authentication Required", "", `Proxy-Authenticate: Digest realm="c", nonce="n1", qop="auth", algorithm=MD5`)
		b.expect("ACK")
		b2 := carrier.ring()
		r.header(b2.invite, "Proxy-Authorization", `username="acct"`)
		if first, second := siptest.Field(b.invite, "Call-ID"), siptest.Field(b2.invite, "Call-ID"); first != second {
			t.Errorf("Call-ID %s, then %s", first, second)
		}
		b2.answer()
		a.establish()
		b2.cseq = 500
		b2.bye()
		a.hungUp()
	})
	scenario(t, "trunk_wrong_credentials", setup{trunk: func(c *trunk.Config) {
		c.Auth = trunk.Auth{User: "acct", Password: "pw"}
	}}, func(r *rig) {
		anna, carrier := r.ua("anna", annaAddr), r.carrier()
		a := anna.call("+4940123", anna.sdp())
		a.prove()
		for range 2 {
			b := carrier.ring()
			b.reply(b.invite, "407 Proxy Authentication Required", "", `Proxy-Authenticate: Digest realm="c", nonce="n1", qop="auth", algorithm=MD5`)
			b.expect("ACK")
		}
		a.expect("603")
		a.send("ACK", "")
	})
}
