package b2bua

import (
	"testing"
	"time"

	"tandem/sip/siptest"
	"tandem/sip/trunk"
)

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
	scenario(t, "trunk_that_only_tries_is_waited_for", setup{}, func(r *rig) {
		anna, carrier := r.ua("anna", annaAddr), r.carrier()
		a := anna.call("+4940123", anna.sdp())
		a.prove()
		b := carrier.ring()
		b.reply(b.invite, "100 Trying", "")
		a.expect("100")
		r.wait(10 * time.Second)
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
		c.Auth, c.Register.On = trunk.Auth{User: "acct", Password: "pw"}, true
	}}, func(r *rig) {
		anna, carrier := r.ua("anna", annaAddr), r.carrier()
		a := anna.call("+4940123", anna.sdp())
		a.prove()
		b := carrier.ring()
		b.reply(b.invite, "407 Proxy Authentication Required", "", `Proxy-Authenticate: Digest realm="c", nonce="n1", qop="auth", algorithm=MD5`)
		b.expect("ACK")
		b2 := carrier.ring()
		r.header(b2.invite, "Proxy-Authorization", `username="acct"`)
		r.header(b2.invite, "Contact", "<sip:acct@10.0.0.1:5060>")
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
