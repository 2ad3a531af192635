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
