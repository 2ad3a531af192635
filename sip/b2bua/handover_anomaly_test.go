package b2bua

import (
	"testing"
	"time"

	"tandem/media"
	"tandem/sip/transaction"
)

// stuck is a script that dials bert, and whose owner hangs from the first key of the caller until the channel is closed.
func (r *rig) stuck(number string) (free chan struct{}) {
	free = make(chan struct{})
	r.flow(number, func(ev ScriptEvent) []Action {
		switch ev := ev.(type) {
		case Started:
			return []Action{Dial{Target: "bert"}}
		case QueueWaiting:
			<-free
		case PeerEnded:
			return []Action{HangUp{Kind: ev.Kind}}
		}
		return nil
	})
	return free
}

// hang makes the owner of a call wait in its script.
func (r *rig) hang(call string) {
	r.t.Helper()
	c, _ := r.sw.calls.get(call)
	if !c.post(QueueWaiting{}) {
		r.t.Fatal("call does not take events")
	}
	r.wait(time.Millisecond)
}

// consultStuck is the second call of a page, whose owner hangs.
func (r *rig) consultStuck(p *side) (q, b *side) {
	r.t.Helper()
	bert := r.ua("bert", bertAddr)
	r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
	q = p.ua.call("300", web())
	b = bert.ring()
	b.answer()
	q.establish()
	r.wait(time.Second)
	for _, v := range r.sw.Views() {
		if v.Called == "300" {
			r.hang(v.ID)
		}
	}
	return q, b
}

func TestHandoverAnomaly(t *testing.T) {
	scenario(t, "other_call_hangs", setup{keep: true}, func(r *rig) { // the talk is given back, and what comes too late moves nothing
		free := r.stuck("300")
		a, p := r.talkingPage()
		q, b := r.consultStuck(p)
		p.refer(q.replaces("bert"), "202 notify:100 notify:408")
		close(free)
		r.wait(time.Second)
		for _, v := range r.sw.Views() {
			if v.State != "connected" {
				t.Errorf("call to %s: %s", v.Called, v.State)
			}
		}
		a.bye()
		p.hungUp()
		q.bye()
		b.hungUp()
	})
	scenario(t, "replaced_call_hangs", setup{keep: true}, func(r *rig) {
		free := r.stuck("300")
		c, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := c.call("300", c.sdp())
		b := bert.ring()
		b.answer()
		a.establish()
		r.wait(time.Second)
		r.hang(r.id())
		o := r.olga().call("bert", web(), b.replacing())
		o.expect("100")
		o.expect("481")
		o.send("ACK", "")
		close(free)
		r.wait(time.Second)
		if v := r.view(); v.State != "connected" || v.Peer != "bert" {
			t.Errorf("talks to %q, %s", v.Peer, v.State)
		}
		a.bye()
		b.hungUp()
	})
	scenario(t, "caller_leaves_while_a_leg_comes", setup{keep: true}, func(r *rig) { // the call waits for the leg, and hangs it up
		free := r.stuck("300")
		a, p := r.talkingPage()
		q, b := r.consultStuck(p)
		p.refer(q.replaces("bert"), "202 notify:100")
		a.bye()
		p.hungUp()
		r.wait(time.Second)
		close(free)
		b.hungUp()
		q.hungUp()
	})
	scenario(t, "page_never_described", setup{keep: true}, func(r *rig) {
		olga := r.olga()
		r.mute.Store(true)
		p := r.paula().call("echo", web())
		p.expect("100")
		p.expect("488")
		p.send("ACK", "")
		c := r.carrier()
		a := c.call("olga", c.sdp())
		a.expect("100")
		a.expect("503")
		a.send("ACK", "")
		olga.Quiet(time.Second)
	})
	scenario(t, "page_described_too_late", setup{keep: true}, func(r *rig) { // an answer that was given up is not taken for the next
		a, p := r.talkingPage()
		r.mute.Store(true)
		p.send("INVITE", web())
		p.expect("100")
		p.expect("488")
		p.send("ACK", "")
		r.mute.Store(false)
		r.engine.Inject(media.Described{Stream: 2, SDP: "late"})
		if ok := p.reinvite(web()); direction(ok) != "sendrecv" {
			t.Error("not described again")
		}
		a.bye()
		p.hungUp()
	})
}

// TestHandoverFull: an owner whose mailbox is full takes no leg, and who gives keeps it.
func TestHandoverFull(t *testing.T) {
	s, err := New(Defaults(), Parts{Metrics: NewMetrics(nil)})
	if err != nil {
		t.Fatal(err)
	}
	from, to := &Call{sw: s, mail: make(chan any, 1)}, &Call{sw: s, mail: make(chan any)}
	l := &leg{call: from, tag: "t", stream: 7}
	from.legs = []*leg{l}
	s.tags.put("t", address{from, l})
	if from.handTo(to, l) || len(from.legs) != 1 || len(from.given) != 0 {
		t.Error("given to nobody")
	}
	if a, _ := s.tags.get("t"); a.call != from {
		t.Error("the tag leads to somebody else")
	}
	to.mail = make(chan any, 1)
	if !from.handTo(to, l) || len(from.legs) != 0 {
		t.Error("not given")
	}
	if a, _ := s.tags.get("t"); a.call != to {
		t.Error("the tag does not lead to the new owner")
	}
	if c, _ := s.streams.get(7); c != to {
		t.Error("the stream does not lead to the new owner")
	}
	if !from.forward(responded{leg: l, ev: transaction.ClientEvent{}}) || !to.flooded.Load() {
		t.Error("what was lost is not told") // its mailbox holds the leg already
	}
	if from.forward(media.Digit{Stream: 8}) || from.forward(EndCall{}) {
		t.Error("forwarded what is ours")
	}
	<-to.mail
	if !from.forward(media.Digit{Stream: 7}) || len(to.mail) != 1 {
		t.Error("not forwarded")
	}
	<-to.mail
	from.mail <- inviteLost{l}
	from.leftovers()
	if len(to.mail) != 1 || len(from.mail) != 0 {
		t.Error("leftovers not forwarded")
	}
	to.adopt(l)
	to.given = []given{{l, 7, from}}
	to.adopt(l)
	if len(to.given) != 0 {
		t.Error("a leg that came back is sent away again")
	}
}

// TestOfferOrder: the codec of the other side comes first in what a browser is offered.
func TestOfferOrder(t *testing.T) {
	const offer = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0 8 101\r\na=mid:0\r\n"
	for codec, want := range map[media.Codec]string{
		media.PCMA: "SAVPF 8 0 101\r\na=mid:0\r\n", media.PCMU: "SAVPF 0 8 101\r\na=mid:0\r\n", media.NoCodec: "SAVPF 0 8 101\r\na=mid:0\r\n",
	} {
		if got := string(preferCodec([]byte(offer), codec)); got != "v=0\r\nm=audio 9 UDP/TLS/RTP/"+want {
			t.Errorf("%s: %q", codec, got)
		}
	}
	for _, odd := range []string{"", "v=0\r\n", "m=audio", "m=audio 8 0", "m=audio 9 UDP/TLS/RTP/SAVPF 0"} {
		if got := string(preferCodec([]byte(odd), media.PCMA)); got != odd && got != odd+"\r\n" {
			t.Errorf("%q became %q", odd, got)
		}
	}
	for body, want := range map[string]bool{
		offer: true, "m=audio 9 RTP/AVP 0\r\n": false, "": false, "m=video 9 UDP/TLS/RTP/SAVPF 0": false, "m=audio 9 UDP/TLS/RTP/SAVP 0": true,
	} {
		if isBrowser([]byte(body)) != want {
			t.Errorf("%q", body)
		}
	}
}

// FuzzOfferOrder: no text makes it panic, and only the formats change places.
func FuzzOfferOrder(f *testing.F) {
	f.Add("m=audio 9 UDP/TLS/RTP/SAVPF 0 8 101\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		if got := preferCodec([]byte(text), media.PCMA); len(got) != len(text) && len(got) != len(text)+2 {
			t.Errorf("%q became %q", text, got)
		}
		isBrowser([]byte(text))
	})
}
