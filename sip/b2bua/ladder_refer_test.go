package b2bua

import (
	"testing"
	"time"
)

// talkingAgent is a caller whom the agent bert has taken from the queue; his page is paula's.
func (r *rig) talkingAgent() (a, b *side) {
	r.t.Helper()
	a, bert := r.waiting()
	r.offer("o1", 1)
	b = bert.ring()
	b.answer()
	r.wait(5 * time.Millisecond)
	r.post(ConnectOffer{Offer: "o1"})
	r.wait(time.Second)
	return a, b
}

// anna is a registered phone.
func (r *rig) anna() *ua {
	r.bind("anna", annaAddr, "sip:anna@"+annaAddr)
	return r.ua("anna", annaAddr)
}

func TestBlindTransfer(t *testing.T) {
	scenario(t, "blind_by_agent", setup{}, func(r *rig) {
		a, b := r.talkingAgent()
		anna := r.anna()
		b.refer("<sip:anna@tandem.local>", "202 notify:100")
		c := anna.ring()
		r.header(c.invite, "From", "+4930555")
		c.reply(c.invite, "180 Ringing", "")
		b.notified("180")
		c.answer()
		b.notified("200")
		b.hungUp()
		r.wait(time.Second)
		if v := r.view(); v.Peer != "anna" || v.State != "connected" {
			t.Errorf("talks to %q, %s", v.Peer, v.State)
		}
		c.bye()
		a.hungUp()
	})
	scenario(t, "blind_by_agent_with_mover", setup{moves: true}, func(r *rig) { // the item stays: the dispatcher knows whose it is now
		a, b := r.talkingAgent()
		anna := r.anna()
		b.refer("<sip:anna@tandem.local>", "202 notify:100")
		c := anna.ring()
		c.answer()
		b.notified("200")
		b.hungUp()
		r.wait(time.Second)
		a.bye()
		c.hungUp()
	})
	scenario(t, "blind_by_caller", setup{}, func(r *rig) { // whom he called is the caller from here on
		anna, bert := r.anna(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		p := r.paula().call("bert", web())
		b := bert.ring()
		b.answer()
		p.establish()
		r.wait(time.Second)
		p.refer("<sip:anna@tandem.local>", "202 notify:100")
		c := anna.ring()
		r.header(c.invite, "From", "<sip:bert@")
		c.reply(c.invite, "180 Ringing", "")
		p.notified("180")
		c.answer()
		p.notified("200")
		p.hungUp()
		r.wait(time.Second)
		b.bye()
		c.hungUp()
	})
	scenario(t, "blind_to_number", setup{}, func(r *rig) {
		a, b := r.talkingAgent()
		b.refer("<sip:+4940123@tandem.local>", "202 notify:100")
		c := a.ring() // the carrier that he came over
		c.answer()
		b.notified("200")
		b.hungUp()
		r.wait(time.Second)
		a.bye()
		c.hungUp()
	})
	scenario(t, "blind_busy", setup{}, func(r *rig) { // the talk is given back
		a, b := r.talkingAgent()
		anna := r.anna()
		b.refer("<sip:anna@tandem.local>", "202 notify:100")
		c := anna.ring()
		c.reply(c.invite, "486 Busy Here", "")
		c.expect("ACK")
		b.notified("486")
		r.wait(time.Second)
		if v := r.view(); v.Peer != "bert" || v.State != "connected" || v.Waiting != "active" {
			t.Errorf("talks to %q, %s, item %s", v.Peer, v.State, v.Waiting)
		}
		a.bye()
		b.hungUp()
	})
	scenario(t, "blind_no_answer", setup{}, func(r *rig) {
		a, b := r.talkingAgent()
		anna := r.anna()
		b.refer("<sip:anna@tandem.local>", "202 notify:100")
		c := anna.ring()
		c.reply(c.invite, "180 Ringing", "")
		b.notified("180")
		r.wait(29 * time.Second)
		c.canceled()
		b.notified("480")
		a.bye()
		b.hungUp()
	})
	scenario(t, "blind_referrer_leaves", setup{}, func(r *rig) { // as Teams does: BYE right behind the 202
		a, b := r.talkingAgent()
		anna := r.anna()
		b.refer("<sip:anna@tandem.local>", "202 notify:100")
		b.bye()
		c := anna.ring()
		c.answer()
		r.wait(time.Second)
		c.bye()
		a.hungUp()
	})
	scenario(t, "blind_referrer_leaves_and_nobody_answers", setup{}, func(r *rig) { // he is called back
		a, b := r.talkingAgent()
		anna := r.anna()
		b.refer("<sip:anna@tandem.local>", "202 notify:100")
		b.bye()
		c := anna.ring()
		c.reply(c.invite, "480 Temporarily Unavailable", "")
		c.expect("ACK")
		back := b.ring()
		back.answer()
		r.wait(time.Second)
		a.bye()
		back.hungUp()
	})
	scenario(t, "blind_referrer_leaves_and_is_away", setup{}, func(r *rig) {
		a, b := r.talkingAgent()
		anna := r.anna()
		b.refer("<sip:anna@tandem.local>", "202 notify:100")
		b.bye()
		c := anna.ring()
		c.reply(c.invite, "480 Temporarily Unavailable", "")
		c.expect("ACK")
		back := b.ring()
		back.reply(back.invite, "486 Busy Here", "")
		back.expect("ACK")
		a.hungUp()
	})
	scenario(t, "blind_caller_leaves", setup{}, func(r *rig) {
		a, b := r.talkingAgent()
		anna := r.anna()
		b.refer("<sip:anna@tandem.local>", "202 notify:100")
		c := anna.ring()
		c.reply(c.invite, "180 Ringing", "")
		b.notified("180")
		a.bye()
		b.hungUp()
		c.canceled()
	})
	scenario(t, "blind_without_notify", setup{}, func(r *rig) { // RFC 4488
		a, b := r.talkingAgent()
		anna := r.anna()
		b.refer("<sip:anna@tandem.local>", "202", "Refer-Sub: false")
		c := anna.ring()
		c.answer()
		b.hungUp()
		r.wait(time.Second)
		a.bye()
		c.hungUp()
	})
	scenario(t, "blind_to_queue", setup{}, func(r *rig) { // a new item with the time of the old one
		a, b := r.talkingAgent()
		b.refer("<sip:200@tandem.local>", "202 notify:100 notify:200")
		b.hungUp()
		r.wait(time.Second)
		if v := r.view(); v.Waiting != "queued" {
			t.Errorf("item %q", v.Waiting)
		}
		a.bye()
	})
	scenario(t, "blind_to_queue_with_mover", setup{moves: true}, func(r *rig) {
		r.flow("300", func(ev ScriptEvent) []Action {
			if _, ok := ev.(Started); ok {
				return []Action{Enqueue{Queue: "billing"}}
			}
			return nil
		})
		a, b := r.talkingAgent()
		b.refer("<sip:300@tandem.local>", "202 notify:100 notify:200")
		b.hungUp()
		r.wait(time.Second)
		if v := r.view(); v.Waiting != "queued" {
			t.Errorf("item %q", v.Waiting)
		}
		r.offer("o2", 2)
		again := b.ring()
		again.answer()
		r.wait(5 * time.Millisecond)
		r.post(ConnectOffer{Offer: "o2"})
		a.bye()
		again.hungUp()
	})
	scenario(t, "refer_refused", setup{}, func(r *rig) {
		a, b := r.talkingAgent()
		b.refer("<sip:nobody@tandem.local>", "404")
		b.refer("nonsense <", "400")
		b.refer("<sip:anna@tandem.local;method=BYE>", "501")
		a.refer("<sip:anna@tandem.local>", "403")
		anna := r.anna()
		b.refer("<sip:anna@tandem.local>", "202 notify:100")
		c := anna.ring()
		b.refer("<sip:bert@tandem.local>", "491")
		c.answer()
		b.notified("200")
		b.hungUp()
		a.bye()
		c.hungUp()
	})
	scenario(t, "refer_to_nobody_bound", setup{}, func(r *rig) { // known, but not registered
		a, b := r.talkingAgent()
		b.refer("<sip:anna@tandem.local>", "202 notify:100 notify:480")
		a.bye()
		b.hungUp()
	})
	scenario(t, "refer_while_on_hold", setup{}, func(r *rig) { // what phones do: hold, then transfer
		a, b := r.talkingAgent()
		b.reinvite(b.sdp("a=sendonly"))
		anna := r.anna()
		b.refer("<sip:anna@tandem.local>", "202 notify:100")
		c := anna.ring()
		c.answer()
		b.notified("200")
		b.hungUp()
		if _, plays := r.engine.Playing(1); plays {
			t.Error("music plays on")
		}
		a.bye()
		c.hungUp()
	})
}

func TestReferralEdges(t *testing.T) {
	scenario(t, "refer_by_holding_caller", setup{}, func(r *rig) { // the music of his hold ends with him
		bert := r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		r.flow("300", func(ScriptEvent) []Action { return nil })
		p := r.paula().call("bert", web())
		b := bert.ring()
		b.answer()
		p.establish()
		r.wait(time.Second)
		p.reinvite(web("a=sendonly"))
		p.refer("<sip:300@tandem.local>", "202 notify:100 notify:200")
		p.hungUp()
		if _, plays := r.engine.Playing(2); plays {
			t.Error("music plays on")
		}
		b.bye()
	})
	scenario(t, "customer_transfers_agent", setup{moves: true}, func(r *rig) { // the item stays with its agent
		r.flow("200", hotline)
		olga, bert := r.olga(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		p := r.paula().call("200", web())
		p.establish()
		r.wait(time.Second)
		r.offer("o1", 1)
		b := bert.ring()
		b.answer()
		r.wait(5 * time.Millisecond)
		r.post(ConnectOffer{Offer: "o1"})
		r.wait(time.Second)
		p.refer("<sip:olga@tandem.local>", "202 notify:100")
		o := olga.ring()
		o.answerWeb()
		p.notified("200")
		p.hungUp()
		if v := r.view(); v.Waiting != "active" || v.Peer != "olga" {
			t.Errorf("item %q, talks to %q", v.Waiting, v.Peer)
		}
		o.bye()
		b.hungUp()
	})
	scenario(t, "transferred_agent_hangs_up", setup{moves: true}, func(r *rig) { // by whom the item ends
		a, b := r.talkingAgent()
		anna := r.anna()
		b.refer("<sip:anna@tandem.local>", "202 notify:100")
		c := anna.ring()
		c.answer()
		b.notified("200")
		b.hungUp()
		r.wait(time.Second)
		c.bye()
		a.hungUp()
	})
	scenario(t, "hold_by_command_then_busy_transfer", setup{}, func(r *rig) { // the talk that is given back is not held any more
		a, b := r.talkingAgent()
		anna := r.anna()
		r.order(r.id(), Hold{By: Peers}, nil)
		b.refer("<sip:anna@tandem.local>", "202 notify:100")
		c := anna.ring()
		c.reply(c.invite, "486 Busy Here", "")
		c.expect("ACK")
		b.notified("486")
		r.wait(time.Second)
		if v := r.view(); v.Hold {
			t.Error("held")
		}
		a.bye()
		b.hungUp()
	})
}

// TestReferToNumber: a number of this site that is somebody's phone is dialled before the referrer goes.
func TestReferToNumber(t *testing.T) {
	scenario(t, "blind_to_number_of_a_phone", setup{}, func(r *rig) {
		r.router.scripts["4020"] = func() Script { return NewDirect("anna", 0) }
		a, b := r.talkingAgent()
		anna := r.anna()
		b.refer("<sip:4020@tandem.local>", "202 notify:100")
		c := anna.ring()
		c.reply(c.invite, "486 Busy Here", "")
		c.expect("ACK")
		b.notified("486")
		a.bye()
		b.hungUp()
	})
}
