package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tandem/acd"
	"tandem/digital/desk"
	"tandem/sip/softphone"
)

// Headers of an INVITE between the gateway and a page's phone.
const (
	offerHeader = "X-Tandem-Offer"
	tokenHeader = "X-Tandem-Token"
)

// pageGrace is how long an agent's phone stays without a page: a reload is shorter, and a call goes on meanwhile.
const pageGrace = 15 * time.Second

// pagePhones are the softphones behind the pages of agents. A phone is there while its agent has a page open, or a call up.
type pagePhones struct {
	set      *softphone.Set
	desk     func() *desk.Server
	queue    func() *acd.Dispatcher
	endpoint func(agent string) (name, display string) // of an agent; empty: he has none
	tokens   *pageTokens
	log      *slog.Logger

	work sync.WaitGroup // readers of the phones' events

	mu       sync.Mutex // guards what stands below; nothing waits while it is held
	phones   map[string]*pagePhone
	watching map[string]*watchPhone // user → the phone by which he listens
	watched  uint64                 // such phones so far
	closed   bool
}

// pagePhone is one agent's phone and its calls.
type pagePhone struct {
	agent string
	phone *softphone.Phone
	here  bool // a page is open
	calls map[softphone.CallID]*pageCall
	early map[string]desk.Call // offer → the call that rings for it, before or while the offer is shown
	lapse *time.Timer          // of the grace after the last page
}

// pageCall is a call as its page sees it.
type pageCall struct {
	shown desk.Call
	offer string
	rings bool // it rings here
}

func newPagePhones(p *pagePhones) *pagePhones {
	p.phones, p.watching = map[string]*pagePhone{}, map[string]*watchPhone{}
	return p
}

// Here tells that an agent has a page open, or none any more.
func (p *pagePhones) Here(agent string, here bool) {
	if err := p.queue().Post(acd.Lease{Agent: agent, Up: here}); err != nil {
		p.log.Error("desk lease not told", "agent", agent, "err", err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	ph := p.phones[agent]
	if ph == nil && here && !p.closed {
		ph = p.openLocked(agent)
	}
	if ph == nil {
		return
	}
	ph.here = here
	if ph.lapse != nil {
		ph.lapse.Stop()
	}
	if !here {
		ph.lapse = time.AfterFunc(pageGrace, func() { p.lapsed(ph) })
	}
}

// openLocked gives an agent a phone, registered at his endpoint.
func (p *pagePhones) openLocked(agent string) *pagePhone {
	name, display := p.endpoint(agent)
	if name == "" {
		return nil
	}
	phone, err := p.set.Open(softphone.Options{User: name, Display: display, Instance: "urn:tandem:desk:" + agent})
	if err != nil {
		p.log.Error("no phone for a page", "agent", agent, "err", err)
		return nil
	}
	ph := &pagePhone{agent: agent, phone: phone, calls: map[softphone.CallID]*pageCall{}, early: map[string]desk.Call{}}
	p.phones[agent] = ph
	p.work.Go(func() { p.hear(ph) })
	if err := phone.Register(); err != nil {
		p.log.Error("a page's phone is not registered", "agent", agent, "err", err)
	}
	return ph
}

// lapsed closes the phone of an agent who has no page and no call.
func (p *pagePhones) lapsed(ph *pagePhone) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ph.here || p.phones[ph.agent] != ph {
		return
	}
	if len(ph.calls) > 0 {
		ph.lapse = time.AfterFunc(pageGrace, func() { p.lapsed(ph) })
		return
	}
	_ = ph.phone.Close() // it is closed already where this fails
}

// close ends all phones.
func (p *pagePhones) close(ctx context.Context) {
	p.mu.Lock()
	p.closed = true
	for _, ph := range p.phones {
		if ph.lapse != nil {
			ph.lapse.Stop()
		}
	}
	p.mu.Unlock()
	p.set.Close(ctx)
	p.work.Wait()
}

// hear reads a phone's events until it is closed.
func (p *pagePhones) hear(ph *pagePhone) {
	for ev := range ph.phone.Events() {
		p.event(ph, ev)
	}
	p.mu.Lock()
	delete(p.phones, ph.agent)
	var left []string
	for id := range ph.calls {
		left = append(left, string(id))
	}
	again := ph.here && !p.closed
	if again {
		p.openLocked(ph.agent).arrive()
	}
	p.mu.Unlock()
	for _, id := range left {
		p.desk().CallGone(ph.agent, id, "the phone was lost")
	}
}

// arrive notes that the page of a phone opened anew is there.
func (ph *pagePhone) arrive() {
	if ph != nil {
		ph.here = true
	}
}

func (p *pagePhones) event(ph *pagePhone, ev softphone.Event) {
	switch ev := ev.(type) {
	case softphone.Incoming:
		p.incoming(ph, ev)
	case softphone.Answered:
		if ev.SDP != "" && !ev.Offer {
			p.desk().Answer(ph.agent, string(ev.Call), ev.SDP)
		}
		p.change(ph, ev.Call, func(c *pageCall) { c.rings, c.shown.State, c.shown.SDP, c.shown.At = false, "up", "", time.Now() })
	case softphone.Renegotiated:
		if ev.SDP != "" {
			p.desk().Answer(ph.agent, string(ev.Call), ev.SDP)
		}
	case softphone.Offered: // a page's session is changed by the page only
		_ = ph.phone.Refuse(ev.Call, 488)
	case softphone.Referred:
		if ev.Done && ev.Status >= 300 {
			p.change(ph, ev.Call, func(c *pageCall) { c.shown.State = "up" })
			p.desk().Notice(ph.agent, fmt.Sprintf("Not transferred: %d %s", ev.Status, ev.Reason))
		}
	case softphone.Ended:
		p.ended(ph, ev)
	case softphone.Closed:
		if ev.Err != nil {
			p.log.Warn("a page's phone is gone", "agent", ph.agent, "err", ev.Err)
		}
	}
}

// incoming shows a call that rings: as part of its offer, where the dispatcher made one, else by itself.
func (p *pagePhones) incoming(ph *pagePhone, ev softphone.Incoming) {
	_ = ph.phone.Ring(ev.Call)
	peer := strings.TrimSpace(ev.Display + " " + ev.From)
	if ev.Display != "" && ev.From == visitorNumber {
		peer = ev.Display
	}
	c := &pageCall{rings: true, offer: ev.Headers[offerHeader], shown: desk.Call{
		Call: string(ev.Call), Peer: peer, State: "ringing", In: true, Offer: ev.Headers[offerHeader],
		At: time.Now(), SDP: ev.SDP,
	}}
	p.mu.Lock()
	ph.calls[ev.Call] = c
	if c.offer != "" {
		ph.early[c.offer] = c.shown
	}
	p.mu.Unlock()
	if c.offer == "" {
		p.desk().Call(ph.agent, c.shown)
		return
	}
	offers, _, _ := p.desk().Held(ph.agent)
	for _, o := range offers {
		if o.Offer == c.offer {
			p.desk().Offer(ph.agent, p.ringing(ph.agent, o))
		}
	}
}

// ringing completes an offer by the call that rings for it, if it rings already, and the call by the offer's record: what the agent dials
// during it belongs there.
func (p *pagePhones) ringing(agent string, o desk.Offer) desk.Offer {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ph := p.phones[agent]; ph != nil {
		if c, ok := ph.early[o.Offer]; ok {
			o.Call, o.SDP = c.Call, c.SDP
			if call := ph.calls[softphone.CallID(c.Call)]; call != nil {
				call.shown.Record = o.Record
			}
		}
	}
	return o
}

func (p *pagePhones) offerGone(agent, offer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ph := p.phones[agent]; ph != nil {
		delete(ph.early, offer)
	}
}

// change alters what is shown of a call.
func (p *pagePhones) change(ph *pagePhone, id softphone.CallID, do func(*pageCall)) {
	p.mu.Lock()
	c := ph.calls[id]
	if c == nil {
		p.mu.Unlock()
		return
	}
	do(c)
	shown := c.shown
	p.mu.Unlock()
	p.desk().Call(ph.agent, shown)
}

func (p *pagePhones) ended(ph *pagePhone, ev softphone.Ended) {
	p.mu.Lock()
	c := ph.calls[ev.Call]
	if c != nil {
		delete(ph.early, c.offer)
	}
	delete(ph.calls, ev.Call)
	p.mu.Unlock()
	if c != nil && !c.shown.In && c.shown.State == "dialling" && ev.Status >= 400 && ev.By != "local" {
		p.desk().Notice(ph.agent, fmt.Sprintf("%s was not reached: %d %s", c.shown.Peer, ev.Status, ev.Reason))
	}
	p.desk().CallGone(ph.agent, string(ev.Call), ev.Reason)
}
