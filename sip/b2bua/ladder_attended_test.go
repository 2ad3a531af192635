package b2bua

import (
	"strings"
	"testing"
	"time"

	"tandem/sip/siptest"
)

// consulting is a caller who talks to paula's page while paula asks bert.
func (r *rig) consulting() (a, p, q, b *side) {
	r.t.Helper()
	a, p = r.talkingPage()
	p.reinvite(web("a=sendonly"))
	bert := r.ua("bert", bertAddr)
	r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
	q = p.ua.call("bert", web())
	b = bert.ring()
	b.answer()
	q.establish()
	r.wait(time.Second)
	return a, p, q, b
}

// ofCaller gives each caller a record of his own.
type ofCaller struct{}

// Identify implements Records.
func (ofCaller) Identify(a Arrival, done func(Identity)) error {
	done(Identity{Record: "r_" + a.Caller})
	return nil
}

func TestAttendedTransfer(t *testing.T) {
	scenario(t, "attended", setup{}, func(r *rig) {
		a, p, q, b := r.consulting()
		p.refer(q.replaces("bert"), "202 notify:100 notify:200")
		p.drainEnds(q)
		r.wait(time.Second)
		v := r.view()
		if v.Peer != "bert" || v.State != "connected" || v.Caller != "+4930555" {
			t.Errorf("%s talks to %q, %s", v.Caller, v.Peer, v.State)
		}
		if _, plays := r.engine.Playing(1); plays {
			t.Error("music plays on")
		}
		b.reinvite(b.sdp("a=sendonly")) // what comes for the leg comes to its new owner
		b.reinvite(b.sdp())
		b.bye()
		a.hungUp()
	})
	scenario(t, "attended_caller_leaves", setup{}, func(r *rig) {
		a, p, q, b := r.consulting()
		p.refer(q.replaces("bert"), "202 notify:100 notify:200")
		p.drainEnds(q)
		r.wait(time.Second)
		a.bye()
		b.hungUp()
	})
	scenario(t, "attended_by_caller_of_both", setup{}, func(r *rig) { // a page called both
		olga := r.olga()
		p := r.paula().call("olga", web())
		o := olga.ring()
		o.answerWeb()
		p.establish()
		bert := r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		q := p.ua.call("bert", web())
		b := bert.ring()
		b.answer()
		q.establish()
		r.wait(time.Second)
		p.refer(q.replaces("bert"), "202 notify:100 notify:200")
		p.drainEnds(q)
		r.wait(time.Second)
		o.bye()
		b.hungUp()
	})
	scenario(t, "attended_of_two_who_called", setup{}, func(r *rig) { // both called the page: one leg of a carrier moves, with its place on the trunk
		a, p := r.talkingPage()
		p.reinvite(web("a=sendonly"))
		second := r.ua("+4930666", backupAddr)
		d := second.call("paula", second.sdp())
		q := p.ring()
		q.answerWeb()
		d.establish()
		r.wait(time.Second)
		p.refer(q.replaces("+4930666"), "202 notify:100 notify:200")
		p.drainEnds(q)
		r.wait(time.Second)
		if n := r.trunks["backup"].Calls(); n != 1 {
			t.Errorf("%d calls on the trunk, want 1", n)
		}
		d.bye()
		a.hungUp()
	})
	scenario(t, "attended_of_two_matters", setup{keep: true, records: ofCaller{}}, func(r *rig) { // each record tells of it, once
		a, p := r.talkingPage()
		second := r.ua("+4930666", backupAddr)
		d := second.call("paula", second.sdp())
		q := p.ring()
		q.answerWeb()
		d.establish()
		p.refer(q.replaces("+4930666"), "202 notify:100 notify:200")
		p.drainEnds(q)
		r.wait(time.Second)
		if n := strings.Count(r.ladder.String(), "transferred by"); n != 2 {
			t.Errorf("%d times transferred in two records", n)
		}
		d.bye()
		a.hungUp()
	})
	scenario(t, "attended_while_ringing", setup{keep: true}, func(r *rig) { // becomes a blind one
		a, p := r.talkingPage()
		bert := r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		q := p.ua.call("bert", web())
		b := bert.ring()
		b.reply(b.invite, "180 Ringing", "")
		q.expect("180")
		p.send("REFER", "", "Refer-To: "+q.replaces("bert"))
		p.expect("202")
		p.notified("100")
		q.expect("487")
		q.send("ACK", "")
		cancel := b.Expect("CANCEL")
		again := bert.ring()
		b.reply(cancel, "200 OK", "")
		b.reply(b.invite, "487 Request Terminated", "")
		b.expect("ACK")
		again.answer()
		p.notified("200")
		p.hungUp()
		a.bye()
		again.hungUp()
	})
	scenario(t, "attended_unknown_dialog", setup{}, func(r *rig) {
		a, p := r.talkingPage()
		p.refer("<sip:bert@tandem.local?Replaces=x%3Bto-tag%3Dy%3Bfrom-tag%3Dz>", "202 notify:100 notify:480")
		a.bye()
		p.hungUp()
	})
	scenario(t, "attended_foreign_dialog", setup{}, func(r *rig) { // between the phone and a PBX: we call that in its place
		a, p := r.talkingPage()
		p.refer("<sip:+4940123@tandem.local?Replaces=x%3Bto-tag%3Dy%3Bfrom-tag%3Dz>", "202 notify:100")
		c := a.ring()
		r.header(c.invite, "Replaces", "x;to-tag=y;from-tag=z")
		c.answer()
		p.notified("200")
		p.hungUp()
		a.bye()
		c.hungUp()
	})
	scenario(t, "attended_dialog_of_another", setup{}, func(r *rig) { // nobody joins calls that are not his
		a, p, q, b := r.consulting()
		olga := r.olga()
		other := r.carrier2()
		d := other.call("olga", other.sdp())
		o := olga.ring()
		o.answerWeb()
		d.establish()
		r.wait(time.Second)
		o.refer(q.replaces("bert"), "202 notify:100 notify:480")
		d.bye()
		o.hungUp()
		a.bye()
		p.hungUp()
		q.bye()
		b.hungUp()
	})
}

// carrier2 is a caller over the other trunk.
func (r *rig) carrier2() *ua { return r.ua("+4930666", backupAddr) }

// drainEnds takes the BYEs of both calls of a user agent whose transfer has come about, in whichever order.
func (s *side) drainEnds(q *side) {
	s.r.t.Helper()
	for range 2 {
		m := s.expect("BYE")
		if siptest.Field(m, "Call-ID") == q.callID {
			q.reply(m, "200 OK", "")
		} else {
			s.reply(m, "200 OK", "")
		}
	}
}

func TestReplaces(t *testing.T) {
	scenario(t, "replaced_callee", setup{}, func(r *rig) { // olga takes the place of bert, as after a transfer that his phone did by itself
		a, b := r.connected()
		o := r.olga().call("bert", web(), b.replacing())
		o.expect("200")
		o.send("ACK", "")
		b.hungUp()
		r.wait(time.Second)
		v := r.view()
		if v.Peer != "olga" || v.State != "connected" {
			t.Errorf("talks to %q, %s", v.Peer, v.State)
		}
		a.bye()
		o.hungUp()
	})
	scenario(t, "replaced_caller", setup{}, func(r *rig) {
		p := r.paula()
		bert := r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		x := p.call("bert", web())
		b := bert.ring()
		b.answer()
		x.establish()
		r.wait(time.Second)
		o := r.olga().call("bert", web(), x.replacing())
		o.expect("200")
		o.send("ACK", "")
		x.hungUp()
		r.wait(time.Second)
		b.bye()
		o.hungUp()
	})
	scenario(t, "replaces_refused", setup{}, func(r *rig) {
		a, b := r.connected()
		olga := r.olga()
		for _, x := range [][2]string{
			{"Replaces: x;to-tag=y;from-tag=z", "481"},
			{"Replaces: x", "400"},
			{b.replacing() + "0", "481"}, // another from-tag
			{b.replacing() + ";early-only", "486"},
			{b.replacing() + "\r\nReplaces: a;to-tag=b;from-tag=c", "400"},
		} {
			o := olga.call("bert", web(), x[0])
			o.expect(x[1])
			o.send("ACK", "")
		}
		other := r.carrier2() // a carrier replaces only legs of its own
		d := other.call("bert", other.sdp(), b.replacing())
		d.expect("403")
		d.send("ACK", "")
		x := r.ua("mallory", "10.0.0.66:5060")
		m := x.call("bert", x.sdp(), b.replacing())
		m.expect("401")
		m.send("ACK", "")
		a.bye()
		b.hungUp()
	})
	scenario(t, "replaces_of_a_ringing_leg", setup{}, func(r *rig) {
		c, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := c.call("bert", c.sdp())
		b := bert.ring()
		b.reply(b.invite, "180 Ringing", "")
		a.expect("180")
		o := r.olga().call("bert", web(), b.replacing())
		o.expect("481")
		o.send("ACK", "")
		b.answer()
		a.establish()
		a.bye()
		b.hungUp()
	})
	scenario(t, "replacer_leaves_at_once", setup{keep: true}, func(r *rig) { // between our question and our answer there is nothing to lose
		a, b := r.connected()
		o := r.olga().call("bert", web(), b.replacing())
		o.send("CANCEL", "")
		r.wait(time.Second)
		o.Drain()
		o.ua.Drain()
		b.ua.Drain()
		a.bye()
		r.wait(time.Second)
	})
}
