package b2bua

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media"
	"tandem/media/mediatest"
	"tandem/sip/dialog"
	"tandem/sip/trunk"
)

func TestMediaAnomaly(t *testing.T) {
	scenario(t, "no_ports_for_caller", setup{engine: mediatest.Options{Ports: 1}}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		b := c.call("100", c.sdp())
		r.header(b.expect("503"), "Retry-After", "5")
		b.send("ACK", "")
		a.bye()
		r.wait(time.Second)
		d := c.call("100", c.sdp())
		d.establish()
		d.bye()
	})
	scenario(t, "no_ports_for_target", setup{engine: mediatest.Options{Ports: 1}, trunk: func(c *trunk.Config) { c.MaxCalls = 1 }}, func(r *rig) {
		anna := r.ua("anna", annaAddr)
		a := anna.call("+4940123", anna.sdp())
		a.prove()
		a.expect("503")
		a.send("ACK", "")
	})
	scenario(t, "engine_never_opens", setup{engine: mediatest.Options{MuteOpen: true}}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.expect("100")
		a.expect("503")
		a.send("ACK", "")
		r.wait(10 * time.Second) // and a stream that opens after all is closed again
		r.engine.Inject(media.Opened{Stream: 1})
	})
	if piped {
		return // what follows needs the engine's refusals, which a pipe hides
	}
	scenario(t, "engine_busy_at_open", setup{}, func(r *rig) {
		r.flow("100", ivr)
		r.engine.FailDo(media.ErrBusy)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.expect("503")
		a.send("ACK", "")
		r.engine.FailDo(nil)
	})
	scenario(t, "engine_busy_in_call", setup{}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		r.engine.FailDo(media.ErrBusy)
		a.reinvite(sdpAt("10.0.0.9", 6000, "0 101"))
		a.hungUp()
		r.wait(time.Second)
		r.engine.FailDo(nil) // the stream is still closed, later
	})
	scenario(t, "engine_busy_at_end_of_attempt", setup{}, func(r *rig) { // the call goes on, the port comes back
		r.flow("100", func(ev ScriptEvent) []Action {
			switch ev.(type) {
			case Started:
				return []Action{Answer{}, Dial{Target: "bert", Timeout: 5 * time.Second}}
			case PeerEnded:
				return nil
			}
			return nil
		})
		carrier, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := carrier.call("100", carrier.sdp())
		a.establish()
		b := bert.ring()
		r.engine.FailDo(media.ErrBusy)
		b.reply(b.invite, "486 Busy Here", "")
		b.expect("ACK")
		r.wait(time.Second)
		r.engine.FailDo(nil)
		r.wait(time.Second)
		if n := r.engine.OpenStreams(); n != 1 {
			t.Errorf("%d streams open, want the caller's", n)
		}
		a.bye()
	})
}

type brokenClock struct{}

func (brokenClock) Step(ScriptEvent, time.Time) []Action { return nil }

func (brokenClock) Deadline() time.Time { panic("clock") }

// silent is a store that refuses, or never answers.
type silent struct{ err error }

func (s silent) Identify(Arrival, func(Identity)) error { return s.err }

func TestCallAnomaly(t *testing.T) {
	scenario(t, "journal_fails", setup{}, func(r *rig) {
		r.journal.fail = errors.New("disk full")
		a, b := r.connected()
		a.bye()
		b.hungUp()
	})
	scenario(t, "panic_before_answer", setup{}, func(r *rig) {
		r.flow("100", ivr)
		r.flow("666", func(ScriptEvent) []Action { panic("script") })
		c := r.carrier()
		other := c.call("100", c.sdp())
		other.establish()
		a := c.call("666", c.sdp())
		a.expect("500")
		a.send("ACK", "")
		other.bye() // it was not touched
		if !strings.Contains(r.logs.String(), "ladder_anomaly_test.go") {
			t.Error("no stack in the log")
		}
	})
	scenario(t, "panic_in_deadline", setup{}, func(r *rig) {
		r.router.scripts["666"] = func() Script { return brokenClock{} }
		c := r.carrier()
		a := c.call("666", c.sdp())
		a.expect("500")
		a.send("ACK", "")
	})
	scenario(t, "script_in_circles", setup{keep: true}, func(r *rig) { // it dials again whenever that fails, at once
		r.flow("100", func(ScriptEvent) []Action { return []Action{Dial{Target: "bert"}} })
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.expect("500")
		a.send("ACK", "")
	})
	scenario(t, "store_never_answers", setup{records: silent{}}, func(r *rig) { // the call goes on without a record
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.expect("100")
		a.establish()
		a.bye()
	})
	scenario(t, "store_refuses", setup{records: silent{errors.New("busy")}}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		a.bye()
	})
	scenario(t, "panic_while_bridged", setup{}, func(r *rig) {
		r.flow("100", func(ev ScriptEvent) []Action {
			switch ev.(type) {
			case Started:
				return []Action{Dial{Target: "bert"}}
			case PeerAnswered:
				panic("script")
			}
			return nil
		})
		carrier, bert := r.carrier(), r.ua("bert", bertAddr)
		r.bind("bert", bertAddr, "sip:bert@"+bertAddr)
		a := carrier.call("100", carrier.sdp())
		b := bert.ring()
		b.answer()
		a.establish()
		a.hungUp()
		b.hungUp()
	})
	scenario(t, "panic_twice", setup{keep: true}, func(r *rig) { // not even the ending works: what it held comes back
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		call, _ := r.sw.calls.get(r.id())
		r.sw.queues, call.item.state = nil, itemWaiting // the ending of the call will panic too
		call.post(said{nil, dialog.Event{Kind: dialog.EarlyMedia}})
		synctest.Wait()
		r.journal.began = nil
	})
	scenario(t, "mailbox_flood", setup{keep: true}, func(r *rig) {
		r.flow("100", ivr)
		c := r.carrier()
		a := c.call("100", c.sdp())
		a.establish()
		r.wait(time.Second)
		call, _ := r.sw.calls.get(r.id())
		block := make(chan Trace)
		call.post(wantTrace{block}) // the owner waits until it is read
		synctest.Wait()
		for range 2 * mailboxSize {
			a.send("INFO", "")
		}
		r.wait(100 * time.Millisecond)
		r.engine.Inject(media.Played{Stream: 1, Play: 1, Why: media.PlayDone}) // it may not be lost
		synctest.Wait()
		<-block
		full, over := 0, 0
		for full+over < 2*mailboxSize {
			switch m := c.Expect(""); {
			case strings.HasPrefix(m, "SIP/2.0 500"):
				full++
			case strings.HasPrefix(m, "SIP/2.0 48"): // 487 for the first, which still met the dialog
				over++
			}
		}
		if full != mailboxSize || over != mailboxSize {
			t.Errorf("%d INFO found the mailbox full, %d the call over", full, over)
		}
		synctest.Wait()
		if v := r.sw.Views(); len(v) != 1 || v[0].State != "ending" || v[0].Cause != "internal" {
			t.Errorf("the call goes on: %+v", v)
		}
	})
	scenario(t, "run_ends", setup{keep: true}, func(r *rig) { // everybody is hung up, nobody is let in
		a, b := r.connected()
		r.stop()
		a.hungUp()
		b.hungUp()
		c := a.call("100", a.sdp())
		r.header(c.expect("503"), "Retry-After", "30")
		c.send("ACK", "")
	})
	scenario(t, "shutdown", setup{keep: true}, func(r *rig) {
		a, b := r.connected()
		if !r.sw.Post(r.id(), EndCall{Kind: Normal, By: "system"}) {
			t.Error("not taken")
		}
		a.hungUp()
		b.hungUp()
		r.wait(time.Second)
		if r.sw.Post("c_none", EndCall{}) {
			t.Error("a call that does not exist took a command")
		}
	})
}
