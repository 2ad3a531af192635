package b2bua

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip/trunk"
)

// callback is an origin that reaches paula's page first, then a number.
func (r *rig) callback() Origin {
	return Origin{
		Ref: "cb1", Identity: Identity{Record: "r_1"}, First: Destination{Endpoint: "paula"}, Then: r.number("+4940123"), Agent: "a_1",
		Item: WorkItem{ID: "i_1"}, Epoch: 3, Ring: 20 * time.Second,
		ShowTo: [2]Party{{Number: "+4940123", Name: "Callback"}, {Number: "+493010020"}},
	}
}

// number is a number over the carrier alone.
func (r *rig) number(n string) Destination {
	return Destination{Number: n, Trunks: []*trunk.Trunk{r.trunks["carrier"]}}
}

// originate places a call.
func (r *rig) originate(o Origin) string {
	r.t.Helper()
	id, err := r.sw.Originate(o)
	if err != nil {
		r.t.Fatal(err)
	}
	synctest.Wait()
	return id
}

func TestOriginate(t *testing.T) {
	scenario(t, "agent_first", setup{}, func(r *rig) { // the agent has accepted already
		carrier, paula := r.carrier(), r.paula()
		r.originate(r.callback())
		p := paula.ring()
		r.header(p.invite, "X-Tandem-Item", "i_1")
		r.header(p.invite, "From", "+4940123")
		p.answerWeb()
		c := carrier.ring()
		r.header(c.invite, "From", "+493010020")
		if containsHeader(c.invite, "x-tandem") {
			t.Error("the carrier sees our headers")
		}
		c.reply(c.invite, "183 Session Progress", c.sdp()) // early media is no answer
		r.wait(time.Second)
		if v := r.view(); v.State != "ringing" {
			t.Errorf("state %s", v.State)
		}
		c.answer()
		r.wait(time.Second)
		if id, ok := r.sw.CallOf("i_1"); !ok || id != r.id() {
			t.Errorf("item belongs to %q", id)
		}
		c.bye()
		p.hungUp()
	})
	scenario(t, "agent_first_agent_hangs_up", setup{}, func(r *rig) {
		carrier, paula := r.carrier(), r.paula()
		r.originate(r.callback())
		p := paula.ring()
		p.answerWeb()
		c := carrier.ring()
		c.answer()
		r.wait(time.Second)
		p.bye()
		c.hungUp()
	})
	scenario(t, "agent_first_by_offer", setup{}, func(r *rig) { // his answer accepts
		carrier, paula := r.carrier(), r.paula()
		o := r.callback()
		o.Offer, o.Deadline = "o1", time.Now().Add(15*time.Second)
		r.originate(o)
		p := paula.ring()
		r.header(p.invite, "X-Tandem-Offer", "o1")
		p.answerWeb()
		r.wait(5 * time.Millisecond)
		r.post(ConnectOffer{Offer: "o1"})
		c := carrier.ring()
		c.answer()
		r.wait(time.Second)
		p.bye()
		c.hungUp()
	})
	scenario(t, "agent_first_by_offer_rejected", setup{}, func(r *rig) {
		paula := r.paula()
		o := r.callback()
		o.Offer, o.Deadline = "o1", time.Now().Add(15*time.Second)
		r.originate(o)
		p := paula.ring()
		p.reply(p.invite, "603 Decline", "")
		p.expect("ACK")
	})
	scenario(t, "agent_first_by_offer_withdrawn", setup{}, func(r *rig) {
		paula := r.paula()
		o := r.callback()
		o.Offer, o.Deadline = "o1", time.Now().Add(15*time.Second)
		r.originate(o)
		p := paula.ring()
		p.reply(p.invite, "180 Ringing", "")
		r.wait(time.Second)
		r.post(WithdrawOffer{Offer: "o1"})
		p.canceled()
	})
	scenario(t, "agent_first_by_offer_never_confirmed", setup{}, func(r *rig) {
		paula := r.paula()
		o := r.callback()
		o.Offer = "o1"
		r.originate(o)
		p := paula.ring()
		p.answerWeb()
		p.hungUp()
	})
	scenario(t, "agent_first_customer_busy", setup{}, func(r *rig) {
		carrier, paula := r.carrier(), r.paula()
		r.originate(r.callback())
		p := paula.ring()
		p.answerWeb()
		c := carrier.ring()
		c.reply(c.invite, "486 Busy Here", "")
		c.expect("ACK")
		p.hungUp()
	})
	scenario(t, "agent_first_customer_does_not_answer", setup{}, func(r *rig) {
		carrier, paula := r.carrier(), r.paula()
		r.originate(r.callback())
		p := paula.ring()
		p.answerWeb()
		c := carrier.ring()
		c.reply(c.invite, "180 Ringing", "")
		r.wait(20 * time.Second)
		c.canceled()
		p.hungUp()
	})
	scenario(t, "agent_first_agent_leaves_while_it_rings", setup{}, func(r *rig) {
		carrier, paula := r.carrier(), r.paula()
		r.originate(r.callback())
		p := paula.ring()
		p.answerWeb()
		c := carrier.ring()
		c.reply(c.invite, "180 Ringing", "")
		r.wait(time.Second)
		p.bye()
		c.canceled()
	})
	scenario(t, "agent_first_agent_is_away", setup{}, func(r *rig) { r.originate(r.callback()) })
	scenario(t, "customer_first", setup{}, func(r *rig) { // the item becomes his voice, with its time
		carrier, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		t0 := time.Now().Add(-10 * time.Minute)
		r.originate(Origin{
			Ref: "cb2", Identity: Identity{Record: "r_1"}, First: r.number("+4940123"), ShowTo: [2]Party{{Number: "+493010020"}}, Item: WorkItem{ID: "i_1"},
			Script: &script{r: r, step: func(ev ScriptEvent) []Action {
				switch ev.(type) {
				case Started:
					return []Action{Answer{}}
				case Answered:
					return []Action{Enqueue{Queue: "sales", Item: "i_1", Since: t0}}
				}
				return hotline(ev)
			}},
		})
		c := carrier.ring()
		c.answer()
		r.wait(time.Second)
		if w := r.queues.work; w.ID != "i_1" || !w.At.Equal(t0) || !w.Again {
			t.Errorf("enqueued %+v", w)
		}
		r.ladder.Note("command  offer o1 to agent a_1")
		if !r.sw.Post(r.id(), OfferAgent{Item: "i_1", Offer: "o1", Epoch: 4, Agent: "a_1", Endpoint: "bert"}) {
			t.Error("offer not taken")
		}
		b := bert.ring()
		b.answer()
		r.wait(5 * time.Millisecond)
		r.post(ConnectOffer{Offer: "o1"})
		r.wait(time.Second)
		b.bye()
		c.hungUp()
	})
	scenario(t, "customer_first_no_answer", setup{}, func(r *rig) {
		carrier := r.carrier()
		r.originate(Origin{Ref: "cb2", Identity: Identity{Record: "r_1"}, First: r.number("+4940123"), Ring: 10 * time.Second, Script: NewDirect("bert", 0)})
		c := carrier.ring()
		c.reply(c.invite, "180 Ringing", "")
		r.wait(10 * time.Second)
		c.canceled()
	})
	scenario(t, "originated_is_ended", setup{}, func(r *rig) { // by a command
		paula := r.paula()
		r.originate(r.callback())
		p := paula.ring()
		p.reply(p.invite, "180 Ringing", "")
		r.wait(time.Second)
		r.post(EndCall{Kind: Normal, By: "system"})
		p.canceled()
	})
}

func TestOriginateRefused(t *testing.T) {
	scenario(t, "origin_refused", setup{keep: true, cfg: func(c *Config) { c.CallBurst, c.CallRate = 2, 0.001 }}, func(r *rig) {
		good := r.callback()
		for name, x := range map[string]struct {
			want   error
			change func(*Origin)
		}{
			"nobody first": {ErrNoTarget, func(o *Origin) { o.First = Destination{} }},
			"echo first":   {ErrNoTarget, func(o *Origin) { o.First = Destination{Echo: true} }},
			"nobody then":  {ErrNoTarget, func(o *Origin) { o.Then = Destination{} }},
			"bare offer":   {ErrNotNow, func(o *Origin) { o.Offer, o.Agent = "o1", "" }},
		} {
			o := good
			x.change(&o)
			if _, err := r.sw.Originate(o); !errors.Is(err, x.want) {
				t.Errorf("%s: %v, want %v", name, err, x.want)
			}
		}
		o := good
		o.Endpoint = "ghost"
		if _, err := r.sw.Originate(o); !errors.Is(err, ErrNotNow) {
			t.Error(err)
		}
		if r.sw.admission.live != 0 {
			t.Error("what was refused counts")
		}
		r.originate(good)
		if _, err := r.sw.Originate(good); !errors.Is(err, ErrFull) {
			t.Errorf("%v, want %v", err, ErrFull)
		}
		r.sw.draining.Store(true)
		if _, err := r.sw.Originate(good); !errors.Is(err, ErrDraining) {
			t.Errorf("%v, want %v", err, ErrDraining)
		}
	})
}

func TestOrder(t *testing.T) {
	scenario(t, "order_hold", setup{}, func(r *rig) {
		a, b := r.connected()
		call := r.id()
		r.order(call, Hold{By: Peers}, nil)
		if v := r.view(); !v.Hold {
			t.Error("no hold in the view")
		}
		r.order(call, Hold{By: Peers}, nil)
		r.order(call, Hold{By: Callers}, nil)
		r.order(call, Resume{By: Peers}, nil)
		r.order(call, Resume{By: Peers}, ErrNotNow)
		r.order(call, Resume{By: Callers}, nil)
		if _, plays := r.engine.Playing(1); plays {
			t.Error("music plays on")
		}
		a.bye()
		b.hungUp()
	})
	scenario(t, "order_hold_and_hold", setup{}, func(r *rig) { // by command and by the phone itself
		a, b := r.connected()
		call := r.id()
		r.order(call, Hold{By: Peers}, nil)
		b.reinvite(b.sdp("a=sendonly"))
		r.order(call, Resume{By: Peers}, nil)
		if _, plays := r.engine.Playing(1); !plays {
			t.Error("the phone still holds")
		}
		b.reinvite(b.sdp())
		if _, plays := r.engine.Playing(1); plays {
			t.Error("music plays on")
		}
		r.order(call, Hold{By: Callers}, nil)
		b.bye()
		a.hungUp()
	})
	scenario(t, "order_digits", setup{}, func(r *rig) {
		a, b := r.connected()
		call := r.id()
		r.order(call, SendDigits{To: Peers, Digits: "12#"}, nil)
		r.order(call, SendDigits{To: Callers, Digits: "A"}, nil)
		r.order(call, SendDigits{To: Peers, Digits: "x"}, ErrNotNow)
		r.order(call, SendDigits{To: Peers}, ErrNotNow)
		r.order(call, SendDigits{Digits: "1"}, ErrNotNow)
		a.bye()
		b.hungUp()
	})
	scenario(t, "order_transfer", setup{}, func(r *rig) {
		a, b := r.talkingAgent()
		call, anna := r.id(), r.anna()
		r.order(call, Transfer{By: Callers, To: "anna"}, ErrNotNow) // a carrier's leg
		r.order(call, Transfer{By: Peers, To: "nobody"}, ErrNoTarget)
		r.order(call, Transfer{By: Peers}, ErrNotNow)
		r.order(call, Transfer{By: Peers, Call: "c_x"}, ErrNoCall)
		r.order(call, Transfer{By: Peers, To: "anna"}, nil)
		r.order(call, Transfer{By: Peers, To: "anna"}, ErrNotNow)
		c := anna.ring()
		c.answer()
		b.hungUp()
		a.bye()
		c.hungUp()
	})
	scenario(t, "order_transfer_attended", setup{}, func(r *rig) {
		a, p, q, b := r.consulting()
		var first, second string
		for _, v := range r.sw.Views() {
			if v.Trunk != "" {
				first = v.ID
			} else {
				second = v.ID
			}
		}
		r.order(first, Transfer{By: Peers, Call: second}, nil)
		p.drainEnds(q)
		a.bye()
		b.hungUp()
	})
	scenario(t, "order_to_nobody", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		call := r.id()
		r.order("c_x", Hold{By: Peers}, ErrNoCall)
		r.order(call, Hold{By: Peers}, ErrNotNow)
		r.order(call, Transfer{By: Callers, To: "bert"}, ErrNotNow)
		r.order(call, RecordCall{Do: RecordStart}, ErrNotNow)
		r.order(call, EndCall{Kind: Normal, By: "system"}, nil)
		a.hungUp()
	})
	scenario(t, "leaves_with_reason", setup{moves: true}, func(r *rig) {
		a, _ := r.waiting()
		r.engine.Press(1, '1')
		a.hungUp()
	})
	scenario(t, "hangs_up_in_queue_with_reason", setup{moves: true}, func(r *rig) {
		a, _ := r.waiting()
		a.bye()
	})
	scenario(t, "progress_without_sdp", setup{}, func(r *rig) { // 183 without SDP is 180 to a caller
		c, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := c.call("bert", c.sdp())
		b := bert.ring()
		b.reply(b.invite, "183 Session Progress", "")
		a.expect("180")
		b.answer()
		a.establish()
		a.bye()
		b.hungUp()
	})
}
