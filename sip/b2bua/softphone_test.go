package b2bua

import (
	"context"
	"fmt"
	"testing"
	"time"

	"tandem/sip/softphone"
)

// pageOf is a page's phone as the desk has it.
type pageOf struct {
	*softphone.Phone
	r *rig
}

// softphone opens a registered phone of a set.
func (r *rig) softphone(user string) pageOf {
	r.t.Helper()
	set := softphone.New(softphone.Config{Gateway: r.endpoint, Domain: domain, Rand: func() float64 { return 0 }})
	phone, err := set.Open(softphone.Options{User: user})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { set.Close(context.Background()) })
	p := pageOf{phone, r}
	p.must(phone.Register())
	if e := next[softphone.Registered](p); !e.OK {
		r.t.Fatalf("not registered: %+v", e)
	}
	return p
}

func (p pageOf) must(err error) {
	p.r.t.Helper()
	if err != nil {
		p.r.t.Error(err)
	}
}

// next is the next event of a kind; what comes before it is passed over.
func next[E softphone.Event](p pageOf) E {
	p.r.t.Helper()
	var none E
	for {
		select {
		case e, ok := <-p.Events():
			if want, is := e.(E); is {
				return want
			}
			if !ok {
				p.r.t.Fatalf("phone closed, want %T", none)
			}
		case <-time.After(40 * time.Second):
			p.r.t.Fatalf("no %T", none)
		}
	}
}

// TestSoftphone: the phone of a page and the switch understand each other.
func TestSoftphone(t *testing.T) {
	play := func(name string, scene func(*rig)) { scenario(t, name, setup{keep: true}, scene) }
	play("softphone_attended", func(r *rig) {
		carrier, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		p := r.softphone("paula")
		a := carrier.call("paula", carrier.sdp())
		in := next[softphone.Incoming](p)
		p.must(p.Ring(in.Call))
		a.expect("180")
		p.must(p.Answer(in.Call, web()))
		a.establish()
		next[softphone.Answered](p)
		p.must(p.Renegotiate(in.Call, web("a=sendonly")))
		next[softphone.Renegotiated](p)
		if v := r.view(); !v.Hold {
			t.Error("not held")
		}
		other, err := p.Dial(softphone.Dialling{To: "bert", SDP: web()})
		p.must(err)
		b := bert.ring()
		b.answer()
		next[softphone.Answered](p)
		p.must(p.ReferReplaces(in.Call, other))
		for e := next[softphone.Referred](p); !e.Done; e = next[softphone.Referred](p) {
		}
		next[softphone.Ended](p)
		next[softphone.Ended](p)
		r.wait(time.Second)
		if v := r.view(); v.Peer != "bert" || v.State != "connected" {
			t.Errorf("talks to %q, %s", v.Peer, v.State)
		}
		a.bye()
		b.hungUp()
	})
	for target, status := range map[string]int{"bert": 200, "nobody": 404} {
		play(fmt.Sprint("softphone_blind_", status), func(r *rig) {
			carrier, bert := r.carrier(), r.ua("bert", bertAddr)
			r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
			p := r.softphone("paula")
			a := carrier.call("paula", carrier.sdp())
			in := next[softphone.Incoming](p)
			p.must(p.Answer(in.Call, web()))
			a.establish()
			next[softphone.Answered](p)
			p.must(p.Refer(in.Call, target))
			if status == 200 {
				b := bert.ring()
				b.answer()
			}
			var e softphone.Referred
			for e = next[softphone.Referred](p); !e.Done; e = next[softphone.Referred](p) {
			}
			if e.Status != status {
				t.Errorf("status %d, want %d", e.Status, status)
			}
			r.wait(time.Second)
			a.bye()
			r.wait(time.Second)
			bert.Drain()
		})
	}
	play("softphone_reloads", func(r *rig) { // a new page behind the same call, also while it is rung by an offer
		r.flow("200", hotline)
		carrier := r.carrier()
		p := r.softphone("paula")
		a := carrier.call("200", carrier.sdp())
		a.establish()
		r.wait(time.Second)
		r.sw.Post(r.id(), OfferAgent{Item: r.id() + "-1", Offer: "o1", Epoch: 1, Agent: "a_2", Endpoint: "paula"})
		in := next[softphone.Incoming](p)
		if in.Headers["X-Tandem-Offer"] != "o1" || in.Headers["X-Tandem-Item"] != r.id()+"-1" {
			t.Errorf("headers %v", in.Headers)
		}
		p.must(p.Answer(in.Call, web()))
		next[softphone.Answered](p)
		r.post(ConnectOffer{Offer: "o1"})
		p.must(p.Renegotiate(in.Call, web("a=x-page:2")))
		next[softphone.Renegotiated](p)
		p.must(p.Hangup(in.Call))
		next[softphone.Ended](p)
		a.hungUp()
	})
}
