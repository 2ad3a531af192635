package b2bua

import (
	"errors"
	"testing"
	"time"

	"tandem/media"
)

// bookers is a dispatcher that books callbacks: it takes each wish, and the test answers.
type bookers struct {
	*queues
	full error // of Callback
}

func (q *bookers) Callback(w CallbackWish) error {
	if w.Item != w.Call+"-1" || w.At.IsZero() {
		q.r.t.Errorf("wish %+v does not tell which item of the call it is for", w)
	}
	_ = q.note("callback wanted number=%s record=%s", w.Number, w.Record)
	return q.full
}

func (q *bookers) WisherGone(item string) { _ = q.note("wisher gone") }

// booked is what a caller hears at last.
const booked media.PlayID = 2

// wishful asks for a callback at 1: booked, it says so and hangs up; refused, the caller waits on.
func wishful(ev ScriptEvent) []Action {
	switch ev := ev.(type) {
	case DigitPressed:
		return []Action{AskCallback{}}
	case CallbackAnswered:
		if ev.Booked {
			return []Action{Play{ID: booked, Items: []media.Item{{Prompt: "callback/booked"}}}}
		}
		return nil
	case PlayEnded:
		if ev.Play == booked {
			return []Action{HangUp{Kind: Normal}}
		}
		return nil
	}
	return hotline(ev)
}

// wishing is a caller who waits and has pressed the key, and the agent's phone.
func (r *rig) wishing(q Queues) (*side, *ua) {
	r.t.Helper()
	a, bert := r.waitingAt(q)
	r.engine.Press(1, '1')
	r.wait(10 * time.Millisecond)
	return a, bert
}

// waitingAt is a caller who waits, at a dispatcher of the test's choice.
func (r *rig) waitingAt(q Queues) (*side, *ua) {
	r.t.Helper()
	r.sw.queues = q
	r.flow("200", wishful)
	carrier, bert := r.carrier(), r.ua("bert", bertAddr)
	r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
	a := carrier.call("200", carrier.sdp())
	a.establish()
	r.wait(time.Second)
	return a, bert
}

// answerWish answers the wish of the only call.
func (r *rig) answerWish(why string) {
	r.t.Helper()
	r.post(CallbackAnswer{Item: r.id() + "-1", Booked: why == "", Why: why})
}

// saysGoodbye lets the confirmation end, and with it the call.
func (r *rig) saysGoodbye(a *side) {
	r.t.Helper()
	r.wait(time.Second)
	if err := r.engine.FinishPlay(1, media.PlayDone); err != nil {
		r.t.Error(err)
	}
	r.header(a.hungUp(), "Reason", "cause=16")
}

func TestAskCallback(t *testing.T) {
	scenario(t, "callback_booked", setup{}, func(r *rig) {
		a, _ := r.wishing(&bookers{queues: r.queues})
		item := r.id() + "-1"
		if v := r.view(); v.Waiting != "queued" {
			t.Errorf("waiting %q before the answer, want the caller to keep his place", v.Waiting)
		}
		r.answerWish("")
		if call, ok := r.sw.CallOf(item); ok {
			t.Errorf("item still belongs to call %s", call)
		}
		r.post(OfferAgent{Item: item, Offer: "o1", Epoch: 1, Agent: "a_1", Endpoint: "bert", Deadline: time.Now().Add(time.Second)}) // not this call's any more
		r.saysGoodbye(a)
	})
	scenario(t, "callback_booked_caller_leaves", setup{}, func(r *rig) { // in the middle of the confirmation: the item stays
		a, _ := r.wishing(&bookers{queues: r.queues})
		r.answerWish("")
		a.bye()
	})
	scenario(t, "callback_refused", setup{}, func(r *rig) { // he waits on, may ask again, and is served
		a, bert := r.wishing(&bookers{queues: r.queues})
		r.answerWish("duplicate")
		if v := r.view(); v.Waiting != "queued" {
			t.Errorf("waiting %q, want the wait to go on", v.Waiting)
		}
		r.engine.Press(1, '1')
		r.wait(time.Second)
		r.answerWish("duplicate")
		r.offer("o1", 1)
		b := bert.ring()
		b.answer()
		r.post(ConnectOffer{Offer: "o1"})
		a.bye()
		b.hungUp()
	})
	scenario(t, "callback_of_another_wait", setup{}, func(r *rig) {
		a, _ := r.wishing(&bookers{queues: r.queues})
		r.post(CallbackAnswer{Item: r.id() + "-0", Booked: true})
		if v := r.view(); v.Waiting != "queued" {
			t.Errorf("waiting %q, want the present wait to go on", v.Waiting)
		}
		a.bye()
	})
}

func TestAskCallbackInVain(t *testing.T) {
	scenario(t, "callback_busy", setup{}, func(r *rig) {
		a, _ := r.wishing(&bookers{queues: r.queues, full: errors.New("mailbox full")})
		a.bye()
	})
	scenario(t, "callback_impossible", setup{}, func(r *rig) { // a dispatcher that books none
		a, _ := r.wishing(r.queues)
		a.bye()
	})
	scenario(t, "callback_wish_while_offered", setup{}, func(r *rig) {
		a, bert := r.waitingAt(&bookers{queues: r.queues})
		r.offer("o1", 1)
		b := bert.ring()
		b.reply(b.invite, "180 Ringing", "")
		r.engine.Press(1, '1')
		r.wait(time.Second)
		b.answer()
		r.post(ConnectOffer{Offer: "o1"})
		a.bye()
		b.hungUp()
	})
	scenario(t, "callback_caller_gone", setup{}, func(r *rig) { // the answer finds nobody
		a, _ := r.wishing(&bookers{queues: r.queues})
		call := r.id()
		a.bye()
		r.wait(time.Minute)
		if r.sw.Post(call, CallbackAnswer{Item: call + "-1", Booked: true}) {
			t.Error("a call that is gone took the answer")
		}
	})
}

func TestAskCallbackCrossesOffer(t *testing.T) {
	scenario(t, "callback_answered_meanwhile", setup{}, func(r *rig) { // the answer comes when they talk
		a, bert := r.wishing(&bookers{queues: r.queues})
		r.offer("o1", 1)
		b := bert.ring()
		b.answer()
		r.post(ConnectOffer{Offer: "o1"})
		r.answerWish("")
		if v := r.view(); v.State != "connected" {
			t.Errorf("state %s, want the talk to go on", v.State)
		}
		a.bye()
		b.hungUp()
	})
	scenario(t, "callback_refused_while_offered", setup{}, func(r *rig) { // the offer was faster, and comes to nothing: he may ask again
		a, bert := r.wishing(&bookers{queues: r.queues})
		r.offer("o1", 1)
		b := bert.ring()
		r.answerWish("answered")
		b.reply(b.invite, "486 Busy Here", "")
		b.expect("ACK")
		r.engine.Press(1, '1')
		r.wait(time.Second)
		r.answerWish("")
		r.saysGoodbye(a)
	})
	scenario(t, "callback_booked_while_offered", setup{}, func(r *rig) { // the withdrawal of the offer is still on its way
		a, bert := r.wishing(&bookers{queues: r.queues})
		r.offer("o1", 1)
		b := bert.ring()
		b.reply(b.invite, "180 Ringing", "")
		r.wait(time.Second)
		r.answerWish("")
		b.canceled()
		r.post(WithdrawOffer{Offer: "o1"})
		r.saysGoodbye(a)
	})
	scenario(t, "callback_booked_after_accept", setup{}, func(r *rig) { // the accept came too late for the dispatcher
		a, bert := r.wishing(&bookers{queues: r.queues})
		r.offer("o1", 1)
		b := bert.ring()
		b.answer()
		r.answerWish("")
		b.hungUp()
		r.saysGoodbye(a)
	})
}

// linkers sends links: it takes each wish, and the test answers.
type linkers struct {
	r    *rig
	full error
}

func (l *linkers) Link(w LinkWish) error {
	_ = l.r.queues.note("link wanted to=%s record=%s id=%d", w.To, w.Record, w.ID)
	return l.full
}

// linked asks for a link at 1, and hangs up when it hears what became of it.
func linked(ev ScriptEvent) []Action {
	switch ev := ev.(type) {
	case DigitPressed:
		return []Action{SendLink{ID: 9, To: "+4930123", Text: "go on"}}
	case LinkAnswered:
		if ev.ID == 9 && ev.Why == "" {
			return []Action{HangUp{Kind: Normal}}
		}
		return []Action{HangUp{Kind: Rejected}}
	}
	return hotline(ev)
}

func TestSendLink(t *testing.T) {
	ask := func(r *rig, l Links) *side {
		r.sw.Links = l
		r.flow("200", linked)
		carrier := r.carrier()
		a := carrier.call("200", carrier.sdp())
		a.establish()
		r.wait(time.Second)
		r.engine.Press(1, '1')
		r.wait(10 * time.Millisecond)
		return a
	}
	scenario(t, "link_sent", setup{}, func(r *rig) {
		a := ask(r, &linkers{r: r})
		r.post(LinkAnswer{ID: 9})
		r.header(a.hungUp(), "Reason", "cause=16")
	})
	scenario(t, "link_not_sent", setup{}, func(r *rig) {
		a := ask(r, &linkers{r: r})
		r.post(LinkAnswer{ID: 9, Why: "no_consent"})
		r.header(a.hungUp(), "Reason", "cause=21")
	})
	scenario(t, "link_busy", setup{}, func(r *rig) {
		r.header(ask(r, &linkers{r: r, full: errors.New("too many")}).hungUp(), "Reason", "cause=21")
	})
	scenario(t, "link_impossible", setup{}, func(r *rig) { // nobody sends links
		r.header(ask(r, nil).hungUp(), "Reason", "cause=21")
	})
}
