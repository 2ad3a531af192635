package b2bua

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// watching is a talk of the carrier with paula's page, to which olga listens from hers.
func (r *rig) watching() (a, p, o *side) {
	r.t.Helper()
	r.router.scripts["listen"] = func() Script { return NewListen("paula", "sue") }
	a, p = r.talkingPage()
	olga := r.olga()
	o = olga.call("listen", web())
	o.establish()
	r.wait(time.Second)
	return a, p, o
}

// seen are the talk and the call that listens, as readers see them.
func (r *rig) seen() (talk, ear CallView) {
	r.t.Helper()
	for _, v := range r.sw.Views() {
		if v.Called == "listen" {
			ear = v
		} else {
			talk = v
		}
	}
	return talk, ear
}

// listenedOnce checks that the talk was monitored and that its record says so, each once.
func (r *rig) listenedOnce() {
	r.t.Helper()
	for _, want := range []string{"joined by supervisor:sue", "monitor stream=3 of=[1 2] on", "left by supervisor:sue"} {
		if n := strings.Count(r.ladder.String(), want); n != 1 {
			r.t.Errorf("%d times %q", n, want)
		}
	}
}

func TestListen(t *testing.T) {
	scenario(t, "listen_until_the_talk_ends", setup{keep: true}, func(r *rig) {
		a, p, o := r.watching()
		talk, ear := r.seen()
		if !slices.Equal(talk.Listeners, []string{"sue"}) || ear.Listens != talk.ID || ear.State != "routing" || talk.State != "connected" {
			t.Errorf("talk %+v\nlistening %+v", talk, ear)
		}
		a.bye()
		p.hungUp()
		o.hungUp()
		r.listenedOnce()
	})
	scenario(t, "listen_until_who_listens_ends", setup{keep: true}, func(r *rig) {
		a, p, o := r.watching()
		o.bye()
		r.wait(time.Second)
		if talk, _ := r.seen(); len(talk.Listeners) > 0 || talk.State != "connected" {
			t.Errorf("talk %+v", talk)
		}
		a.bye()
		p.hungUp()
		r.listenedOnce()
	})
	scenario(t, "listen_to_nobody", setup{}, func(r *rig) {
		r.router.scripts["listen"] = func() Script { return NewListen("paula", "sue") }
		o := r.olga().call("listen", web())
		o.expect("404")
		o.send("ACK", "")
	})
	scenario(t, "listen_over_a_hold", setup{keep: true}, func(r *rig) {
		a, p, o := r.watching()
		talk, _ := r.seen()
		r.order(talk.ID, Hold{By: Peers}, nil)
		r.order(talk.ID, Resume{By: Peers}, nil)
		r.wait(time.Second)
		if talk, _ := r.seen(); len(talk.Listeners) != 1 {
			t.Error("a hold has ended it")
		}
		p.bye()
		a.hungUp()
		o.hungUp()
	})
}

// heard checks who hears the one talk of an agent who is left.
func (r *rig) heard(agent string) {
	r.t.Helper()
	for _, v := range r.sw.Views() {
		if v.Peer == agent && v.State == "connected" {
			if !slices.Equal(v.Listeners, []string{"sue"}) {
				r.t.Errorf("%s is heard by %q", agent, v.Listeners)
			}
			return
		}
	}
	r.t.Errorf("nobody talks to %s", agent)
}

// TestListenOverATransfer: who listens hears the customer with his new agent, and nobody meanwhile; where he has none, he is told.
func TestListenOverATransfer(t *testing.T) {
	scenario(t, "listen_over_a_blind_transfer", setup{keep: true}, func(r *rig) {
		a, p, o := r.watching()
		anna := r.anna()
		p.refer("<sip:anna@tandem.local>", "202 notify:100")
		c := anna.ring()
		c.reply(c.invite, "180 Ringing", "")
		p.notified("180")
		if text := r.ladder.String(); strings.Count(text, "monitor stream=3") != strings.Count(text, "monitor stream=3 of=")+1 {
			t.Errorf("what the agents say beside the talk is heard:\n%s", r.ladder)
		}
		c.answer()
		p.notified("200")
		p.hungUp()
		r.wait(time.Second)
		r.heard("anna")
		if want := "monitor stream=3 of=[1 4] on"; !strings.Contains(r.ladder.String(), want) {
			t.Errorf("no %q", want)
		}
		a.bye()
		c.hungUp()
		o.hungUp()
	})
	scenario(t, "listen_over_a_failed_transfer", setup{keep: true}, func(r *rig) {
		a, p, o := r.watching()
		anna := r.anna()
		p.refer("<sip:anna@tandem.local>", "202 notify:100")
		c := anna.ring()
		c.reply(c.invite, "486 Busy Here", "")
		c.expect("ACK")
		p.notified("486")
		r.wait(time.Second)
		r.heard("paula")
		if n := strings.Count(r.ladder.String(), "monitor stream=3 of=[1 2] on"); n != 2 {
			t.Errorf("the talk that came back is monitored %d times, want again", n)
		}
		a.bye()
		p.hungUp()
		o.hungUp()
	})
	scenario(t, "listen_over_an_attended_transfer", setup{keep: true}, func(r *rig) {
		r.router.scripts["listen"] = func() Script { return NewListen("paula", "sue") }
		a, p, q, b := r.consulting()
		o := r.olga().call("listen", web()) // hears the newest talk: paula and bert
		o.establish()
		r.wait(time.Second)
		p.refer(q.replaces("bert"), "202 notify:100 notify:200")
		p.drainEnds(q)
		r.wait(time.Second)
		r.heard("bert")
		b.bye()
		a.hungUp()
		o.hungUp()
	})
	scenario(t, "listen_until_a_queue", setup{keep: true}, func(r *rig) {
		r.flow("200", hotline)
		a, p, o := r.watching()
		p.refer("<sip:200@tandem.local>", "202 notify:100 notify:200")
		p.hungUp()
		bye := o.Expect("BYE")
		r.header(bye, "Reason", "has nobody else yet")
		o.reply(bye, "200 OK", "")
		a.bye()
	})
}

// TestListenLimit: who comes when enough listen hears 404, and the talk goes on.
func TestListenLimit(t *testing.T) {
	scenario(t, "listen_limit", setup{keep: true}, func(r *rig) {
		a, p, o := r.watching()
		talk, _ := r.seen()
		c, _ := r.sw.calls.get(talk.ID)
		for range maxListeners + 2 {
			c.post(wantEar{"paula", "eve", &Call{sw: r.sw, mail: make(chan any, 4)}, time.Now().Add(time.Second)})
		}
		r.wait(time.Second)
		if talk, _ := r.seen(); len(talk.Listeners) != maxListeners || talk.State != "connected" {
			t.Errorf("talk %+v", talk)
		}
		late := &Call{sw: r.sw, mail: make(chan any, 4)}
		c.post(wantEar{"anna", "sue", late, time.Now().Add(time.Second)})
		if m := (<-late.mail).(mayHear); m.host != nil {
			t.Error("the talk of another phone may be heard")
		}
		a.bye()
		p.hungUp()
		o.hungUp()
	})
}
