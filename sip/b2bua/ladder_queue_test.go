package b2bua

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media"
)

// hotline answers and queues; music plays until somebody comes.
func hotline(ev ScriptEvent) []Action {
	switch ev := ev.(type) {
	case Started:
		return []Action{Answer{}}
	case Answered:
		return []Action{Enqueue{Queue: "sales", Priority: 2}, Play{ID: 1, Items: []media.Item{{Prompt: "music/default"}}, Loop: true}}
	case QueueEnded:
		return []Action{HangUp{Kind: NoAnswer}}
	case DigitPressed:
		return []Action{LeaveQueue{Why: "key"}, HangUp{Kind: Normal}}
	case PeerEnded:
		return []Action{HangUp{Kind: ev.Kind}}
	}
	return nil
}

// waiting is a caller in the queue, and the agent's phone.
func (r *rig) waiting() (*side, *ua) {
	r.t.Helper()
	r.flow("200", hotline)
	carrier, bert := r.carrier(), r.ua("bert", bertAddr)
	r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
	a := carrier.call("200", carrier.sdp())
	a.establish()
	r.wait(time.Second)
	return a, bert
}

// offer offers the only call to the agent bert for 15 s.
func (r *rig) offer(name string, epoch uint64) {
	r.t.Helper()
	r.ladder.Note("command  offer %s to agent a_1", name)
	if !r.sw.Post(r.id(), OfferAgent{Item: r.id() + "-1", Offer: name, Epoch: epoch, Agent: "a_1", Endpoint: "bert", Deadline: time.Now().Add(15 * time.Second)}) {
		r.t.Error("offer not taken")
	}
}

// gives up: the phone's side of a CANCEL.
func (s *side) canceled() {
	s.r.t.Helper()
	s.reply(s.Expect("CANCEL"), "200 OK", "")
	s.reply(s.invite, "487 Request Terminated", "")
	s.expect("ACK")
}

func TestQueue(t *testing.T) {
	scenario(t, "agent_answers_and_hangs_up", setup{}, func(r *rig) {
		a, bert := r.waiting()
		r.post(TellWaiting{r.id() + "-1", QueueWaiting{Position: 1, P50: 30 * time.Second, P80: time.Minute}})
		r.offer("o1", 7)
		b := bert.ring()
		b.reply(b.invite, "180 Ringing", "")
		r.wait(3 * time.Second)
		b.answer()
		if v := r.view(); v.Waiting != "accepted" || v.State != "ringing" {
			t.Errorf("view %s %s", v.State, v.Waiting)
		}
		r.post(ConnectOffer{Offer: "o1"})
		if v := r.view(); v.Waiting != "active" || v.State != "connected" || v.Peer != "bert" {
			t.Errorf("view %s %s %s", v.State, v.Waiting, v.Peer)
		}
		r.wait(10 * time.Second)
		b.bye()
		a.hungUp()
	})
	scenario(t, "agent_talks_caller_hangs_up", setup{}, func(r *rig) {
		a, bert := r.waiting()
		r.offer("o1", 1)
		b := bert.ring()
		b.answer()
		r.post(ConnectOffer{Offer: "o1"})
		r.wait(time.Second)
		a.bye()
		b.hungUp()
	})
	scenario(t, "offer_withdrawn_while_ringing", setup{}, func(r *rig) {
		a, bert := r.waiting()
		r.offer("o1", 1)
		b := bert.ring()
		b.reply(b.invite, "180 Ringing", "")
		r.wait(time.Second)
		r.post(WithdrawOffer{Offer: "o1"})
		b.canceled()
		r.wait(time.Second)
		r.offer("o2", 2) // the item waits on
		b = bert.ring()
		b.answer()
		r.post(ConnectOffer{Offer: "o2"})
		a.bye()
		b.hungUp()
	})
	scenario(t, "offer_withdrawn_crosses_200", setup{}, func(r *rig) {
		a, bert := r.waiting()
		r.offer("o1", 1)
		b := bert.ring()
		b.reply(b.invite, "180 Ringing", "")
		r.wait(time.Second)
		b.reply(b.invite, "200 OK", b.sdp())
		r.wait(time.Millisecond)
		r.post(WithdrawOffer{Offer: "o1"})
		b.reply(b.Expect("CANCEL"), "200 OK", "")
		b.expect("ACK")
		b.hungUp()
		a.bye()
	})
	scenario(t, "offer_withdrawn_after_accept", setup{}, func(r *rig) { // the dispatcher was faster
		a, bert := r.waiting()
		r.offer("o1", 1)
		b := bert.ring()
		b.answer()
		r.post(WithdrawOffer{Offer: "o1"})
		b.hungUp()
		r.post(ConnectOffer{Offer: "o1"}) // and this cannot be
		r.wait(time.Second)
		a.bye()
	})
	scenario(t, "offer_accept_lost", setup{}, func(r *rig) { // no Connect, no Withdraw: the call gives up by itself
		a, bert := r.waiting()
		r.offer("o1", 1)
		b := bert.ring()
		b.answer()
		b.hungUp()
		a.bye()
	})
	scenario(t, "offer_accept_refused", setup{}, func(r *rig) {
		r.queues.failAcc = errors.New("busy")
		a, bert := r.waiting()
		r.offer("o1", 1)
		b := bert.ring()
		b.answer()
		b.hungUp()
		a.bye()
	})
	scenario(t, "offer_agent_hangs_up_before_connect", setup{}, func(r *rig) {
		a, bert := r.waiting()
		r.offer("o1", 1)
		b := bert.ring()
		b.answer()
		b.bye()
		r.post(ConnectOffer{Offer: "o1"})
		r.wait(time.Second)
		a.bye()
	})
	scenario(t, "offer_rejected_by_phone", setup{}, func(r *rig) {
		a, bert := r.waiting()
		r.offer("o1", 1)
		b := bert.ring()
		b.reply(b.invite, "603 Decline", "")
		b.expect("ACK")
		r.wait(time.Second)
		a.bye()
	})
	scenario(t, "offer_to_phone_that_is_gone", setup{}, func(r *rig) {
		r.flow("200", hotline)
		c := r.carrier()
		a := c.call("200", c.sdp())
		a.establish()
		r.offer("o1", 1)
		r.wait(time.Second)
		a.bye()
	})
	scenario(t, "offer_while_offered", setup{}, func(r *rig) {
		a, bert := r.waiting()
		r.offer("o1", 1)
		b := bert.ring()
		r.offer("o2", 2)
		r.wait(time.Millisecond)
		b.answer()
		r.post(ConnectOffer{Offer: "o1"})
		a.bye()
		b.hungUp()
	})
	scenario(t, "abandoned_while_offered", setup{}, func(r *rig) {
		a, bert := r.waiting()
		r.offer("o1", 1)
		b := bert.ring()
		b.reply(b.invite, "180 Ringing", "")
		r.wait(time.Second)
		a.bye()
		b.canceled()
	})
	scenario(t, "abandoned_while_waiting", setup{}, func(r *rig) {
		a, _ := r.waiting()
		a.bye()
	})
	scenario(t, "leaves_queue_by_key", setup{}, func(r *rig) {
		a, _ := r.waiting()
		r.engine.Press(1, '9')
		a.hungUp()
	})
	scenario(t, "queue_refuses", setup{}, func(r *rig) {
		a, _ := r.waiting()
		r.post(LeftQueue{Item: r.id() + "-1", Outcome: "no_staff"})
		a.hungUp()
	})
	scenario(t, "end_of_an_earlier_wait_comes_late", setup{}, func(r *rig) {
		a, _ := r.waiting()
		r.post(LeftQueue{Item: r.id() + "-0", Outcome: "timed_out"})
		r.post(TellWaiting{r.id() + "-0", QueueWaiting{Position: 9}})
		r.wait(time.Second)
		if v := r.view(); v.Waiting != "queued" {
			t.Errorf("waiting %q, want the present wait to go on", v.Waiting)
		}
		a.bye()
	})
	scenario(t, "queue_times_out_while_offered", setup{}, func(r *rig) {
		a, bert := r.waiting()
		r.offer("o1", 1)
		b := bert.ring()
		b.reply(b.invite, "180 Ringing", "")
		r.wait(time.Second)
		r.post(LeftQueue{Item: r.id() + "-1", Outcome: "timed_out"})
		a.hungUp()
		b.canceled()
	})
	scenario(t, "dispatcher_busy", setup{}, func(r *rig) {
		r.queues.fail = errors.New("mailbox full")
		r.flow("200", hotline)
		c := r.carrier()
		a := c.call("200", c.sdp())
		a.establish()
		a.hungUp()
	})
	scenario(t, "connect_at_once", setup{}, func(r *rig) { // the dispatcher answers while it is being asked
		r.queues.onAccept = func(o OfferAgent) { go r.connectSoon(o.Offer) }
		a, bert := r.waiting()
		r.offer("o1", 1)
		b := bert.ring()
		b.answer()
		r.wait(time.Second)
		if v := r.view(); v.State != "connected" {
			t.Errorf("state %s", v.State)
		}
		a.bye()
		b.hungUp()
	})
	scenario(t, "many_offers", setup{keep: true}, func(r *rig) { // an agent who never answers does not fill memory
		a, bert := r.waiting()
		for i := range 100 {
			r.offer(string(rune('A'+i)), uint64(i))
			b := bert.ring()
			b.reply(b.invite, "486 Busy Here", "")
			b.expect("ACK")
		}
		c, _ := r.sw.calls.get(r.id())
		if len(c.legs) > maxLegs {
			t.Errorf("%d legs", len(c.legs))
		}
		a.bye()
	})
}

func (r *rig) connectSoon(offer string) {
	for _, v := range r.sw.Views() {
		r.sw.Post(v.ID, ConnectOffer{Offer: offer})
	}
	synctest.Wait()
}
