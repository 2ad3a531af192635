package main

import (
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"tandem/digital"
	"tandem/digital/outage"
	"tandem/digital/webchat"
	"tandem/digital/wording"
	"tandem/sip/softphone"
)

// visitPhones are the softphones behind visitors' pages: a visitor has one while he holds the chat open or talks. He can call us,
// and the agent who has his conversation can ring him.
type visitPhones struct {
	set    *softphone.Set
	room   func() *webchat.Room
	hub    func() *digital.Hub
	target func(digital.View) string // whom a visitor reaches: the agent who has his conversation, else the queue
	tokens *pageTokens
	log    *slog.Logger
	full   *outage.Log // visitors who got no phone

	work sync.WaitGroup

	mu     sync.Mutex // guards what stands below
	visits map[string]*visit
	closed bool
}

// visit is one conversation's phone.
type visit struct {
	conversation string
	phone        *softphone.Phone
	socket       uint64           // of the page that was heard last
	call         softphone.CallID // the one call; empty: none
	state        string           // calling, ringing, up
	here         bool
	lapse        *time.Timer
}

func newVisitPhones(p *visitPhones) *visitPhones {
	p.visits, p.full = map[string]*visit{}, outage.New(p.log, "no phone for a visitor")
	return p
}

// voiceFrame is a page's frame about a call.
type voiceFrame struct {
	SDP string `json:"sdp"`
}

// callFrame tells a page of its call.
type callFrame struct {
	T     string `json:"t"` // call.state, call.ring, rtc.answer
	State string `json:"state,omitempty"`
	SDP   string `json:"sdp,omitempty"`
	From  string `json:"from,omitempty"`
	Why   string `json:"why,omitempty"`
}

// Frame implements webchat.Caller. It answers by frames.
func (p *visitPhones) Frame(v webchat.Visit, kind string, raw json.RawMessage) {
	var f voiceFrame
	if json.Unmarshal(raw, &f) != nil {
		return
	}
	if kind == "call.here" {
		p.here(v)
		return
	}
	x, err := p.visit(v)
	if err != nil {
		p.full.Failed(err, "conversation", v.Conversation)
		p.room().Tell(v.Conversation, v.Socket, callFrame{T: "call.state", State: "ended", Why: wording.NoCallsNow})
		return
	}
	p.mu.Lock()
	call, state := x.call, x.state
	p.mu.Unlock()
	switch {
	case kind == "call.start" && call == "":
		p.dial(x, f.SDP)
	case kind == "call.answer" && state == "ringing":
		err = x.phone.Answer(call, f.SDP)
	case kind == "call.hangup" && state == "ringing":
		err = x.phone.Reject(call, 603)
	case kind == "call.hangup" && call != "":
		err = x.phone.Hangup(call)
	case kind == "rtc.offer" && call != "":
		err = x.phone.Renegotiate(call, f.SDP)
	}
	if err != nil {
		p.log.Debug("visitor's command not done", "conversation", v.Conversation, "t", kind, "err", err)
	}
}

// Gone implements webchat.Caller: the page may come back, so a call goes on for a while.
func (p *visitPhones) Gone(v webchat.Visit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x := p.visits[v.Conversation]
	if x == nil || x.socket != v.Socket {
		return
	}
	x.here = false
	if x.lapse != nil {
		x.lapse.Stop()
	}
	x.lapse = time.AfterFunc(pageGrace, func() { p.lapsed(x) })
}

func (p *visitPhones) lapsed(x *visit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !x.here {
		_ = x.phone.Close() // hangs up what is left; closed already where this fails
	}
}

// here opens a visitor's phone, so that he can be rung; it tells a page that comes back of its call.
func (p *visitPhones) here(v webchat.Visit) {
	x, err := p.visit(v)
	if err != nil {
		p.full.Failed(err, "conversation", v.Conversation)
		return
	}
	p.mu.Lock()
	state := x.state
	p.mu.Unlock()
	if state == "up" {
		p.tell(x, callFrame{T: "call.state", State: state})
	}
}

// visit gives the visitor's phone, opened where there is none.
func (p *visitPhones) visit(v webchat.Visit) (*visit, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if x := p.visits[v.Conversation]; x != nil {
		x.socket, x.here = v.Socket, true
		if x.lapse != nil {
			x.lapse.Stop()
		}
		return x, nil
	}
	if p.closed {
		return nil, softphone.ErrClosed
	}
	phone, err := p.set.Open(softphone.Options{User: visitorUser + v.Conversation, Display: "Website visitor", Guest: true, Instance: "urn:tandem:visit:" + v.Conversation})
	if err != nil {
		return nil, err
	}
	x := &visit{conversation: v.Conversation, phone: phone, socket: v.Socket, here: true}
	p.visits[v.Conversation] = x
	p.full.Worked()
	p.work.Go(func() { p.hear(x) })
	return x, phone.Register()
}

// dial calls whom the visitor reaches, with the record of his conversation.
func (p *visitPhones) dial(x *visit, sdp string) {
	view, ok := p.hub().View(x.conversation)
	if !ok || sdp == "" {
		p.tell(x, callFrame{T: "call.state", State: "ended", Why: wording.NoCallsNow})
		return
	}
	d := softphone.Dialling{To: p.target(view), SDP: sdp, Headers: map[string]string{tokenHeader: p.tokens.issue(view.Record)}}
	p.mu.Lock() // what the phone tells of the call finds it; Dial never waits
	if x.call != "" {
		p.mu.Unlock()
		return // another page of the visitor was first
	}
	id, err := x.phone.Dial(d)
	if err == nil {
		x.call, x.state = id, "calling"
	}
	p.mu.Unlock()
	if err != nil {
		p.log.Warn("visitor's call not placed", "conversation", x.conversation, "err", err)
		p.tell(x, callFrame{T: "call.state", State: "ended", Why: wording.NoCallsNow})
		return
	}
	p.tell(x, callFrame{T: "call.state", State: "calling"})
}

func (p *visitPhones) note(x *visit, call softphone.CallID, state string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	x.call, x.state = call, state
}

// tell sends a frame to the page that was heard last.
func (p *visitPhones) tell(x *visit, f callFrame) {
	p.mu.Lock()
	socket := x.socket
	p.mu.Unlock()
	p.room().Tell(x.conversation, socket, f)
}

// hear reads a phone's events until it is closed.
func (p *visitPhones) hear(x *visit) {
	for ev := range x.phone.Events() {
		p.event(x, ev)
	}
	p.mu.Lock()
	if p.visits[x.conversation] == x {
		delete(p.visits, x.conversation)
	}
	if x.lapse != nil {
		x.lapse.Stop()
	}
	left := x.call != ""
	x.call, x.state = "", ""
	p.mu.Unlock()
	if left { // the phone was lost with its call
		p.tell(x, callFrame{T: "call.state", State: "ended", Why: wording.CallLost})
	}
}

func (p *visitPhones) event(x *visit, ev softphone.Event) {
	switch ev := ev.(type) {
	case softphone.Incoming:
		p.mu.Lock()
		busy := x.call != ""
		if !busy {
			x.call, x.state = ev.Call, "ringing"
		}
		p.mu.Unlock()
		if busy {
			_ = x.phone.Reject(ev.Call, 486)
			return
		}
		_ = x.phone.Ring(ev.Call)
		from := ev.Display
		if from == "" {
			from = ev.From
		}
		p.tell(x, callFrame{T: "call.ring", From: from, SDP: ev.SDP})
	case softphone.Answered:
		if ev.SDP != "" && !ev.Offer {
			p.tell(x, callFrame{T: "rtc.answer", SDP: ev.SDP})
		}
		p.note(x, ev.Call, "up")
		p.tell(x, callFrame{T: "call.state", State: "up"})
	case softphone.Renegotiated:
		if ev.SDP != "" {
			p.tell(x, callFrame{T: "rtc.answer", SDP: ev.SDP})
		}
	case softphone.Offered:
		_ = x.phone.Refuse(ev.Call, 488)
	case softphone.Ended:
		p.ended(x, ev)
	}
}

func (p *visitPhones) ended(x *visit, ev softphone.Ended) {
	p.mu.Lock()
	mine := x.call == ev.Call
	if mine {
		x.call, x.state = "", ""
	}
	p.mu.Unlock()
	if !mine {
		return
	}
	why := ""
	if ev.Status >= 400 && ev.By != "local" {
		why = wording.Unreached
	}
	p.tell(x, callFrame{T: "call.state", State: "ended", Why: why})
}

// close ends all phones of visitors. Their set is closed by its owner.
func (p *visitPhones) close() {
	p.mu.Lock()
	p.closed = true
	for _, x := range p.visits {
		if x.lapse != nil {
			x.lapse.Stop()
		}
		_ = x.phone.Close()
	}
	p.mu.Unlock()
}
