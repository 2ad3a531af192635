package b2bua

import (
	"testing"
	"time"

	"tandem/media"
)

// pageAgent is a caller whom the agent paula has taken from the queue on her page.
func (r *rig) pageAgent() (a, p *side) {
	r.t.Helper()
	r.flow("200", hotline)
	carrier, paula := r.carrier(), r.paula()
	a = carrier.call("200", carrier.sdp())
	a.establish()
	r.wait(time.Second)
	r.ladder.Note("command  offer o1 to agent a_2")
	r.sw.Post(r.id(), OfferAgent{Item: r.id() + "-1", Offer: "o1", Epoch: 1, Agent: "a_2", Endpoint: "paula"})
	p = paula.ring()
	r.header(p.invite, "X-Tandem-Item", r.id()+"-1")
	r.header(p.invite, "X-Tandem-Offer", "o1")
	p.answerWeb()
	r.wait(5 * time.Millisecond)
	r.post(ConnectOffer{Offer: "o1"})
	r.wait(time.Second)
	return a, p
}

func TestAgentLost(t *testing.T) {
	scenario(t, "agent_page_lost", setup{moves: true}, func(r *rig) { // the caller waits again, and is taken again
		a, p := r.pageAgent()
		r.engine.Inject(media.Linked{Stream: 2, Why: "ice: failed"})
		r.wait(20 * time.Second)
		p.hungUp()
		if v := r.view(); v.Waiting != "queued" {
			t.Errorf("item %q", v.Waiting)
		}
		if _, plays := r.engine.Playing(1); !plays {
			t.Error("no music")
		}
		r.ladder.Note("command  offer o2 to agent a_2")
		r.sw.Post(r.id(), OfferAgent{Item: r.id() + "-1", Offer: "o2", Epoch: 2, Agent: "a_2", Endpoint: "paula"})
		again := p.ring()
		again.answerWeb()
		r.wait(5 * time.Millisecond)
		r.post(ConnectOffer{Offer: "o2"})
		again.bye()
		a.hungUp()
	})
	scenario(t, "agent_page_lost_without_mover", setup{}, func(r *rig) {
		a, p := r.pageAgent()
		r.engine.Inject(media.Linked{Stream: 2, Why: "ice: failed"})
		r.wait(20 * time.Second)
		p.hungUp()
		a.hungUp()
	})
	scenario(t, "agent_phone_silent", setup{moves: true}, func(r *rig) {
		a, b := r.talkingAgent()
		r.engine.Inject(media.Silent{Stream: 2, For: time.Minute})
		b.hungUp()
		r.post(LeftQueue{Item: r.id() + "-1", Outcome: "timed_out"})
		a.hungUp()
	})
	scenario(t, "caller_page_lost", setup{}, func(r *rig) {
		p := r.paula().call("echo", web())
		p.establish()
		r.engine.Inject(media.Linked{Stream: 1, Why: "ice: failed"})
		r.wait(20 * time.Second)
		p.hungUp()
	})
}

// TestRecordAfterEnd: a command that comes behind the hang-up starts no recording that nobody would end.
func TestRecordAfterEnd(t *testing.T) {
	scenario(t, "record_after_end", setup{keep: true, cfg: func(c *Config) { c.Recordings = "/var/rec" }}, func(r *rig) {
		a, b := r.connected()
		call := r.id()
		a.bye()
		if !r.sw.Post(call, RecordCall{Do: RecordStart}) {
			t.Fatal("the call has ended already")
		}
		r.wait(time.Millisecond)
		if n := r.sw.recordings.len(); n != 0 {
			t.Errorf("%d recordings", n)
		}
		b.hungUp()
	})
}
