package b2bua

import (
	"slices"
	"time"

	"tandem/media"
	"tandem/sip"
	"tandem/store/journey"
)

// A supervisor hears a talk without being heard: his own call asks the one that he wants to hear, answers him, and lets his stream
// monitor both sides. The talk knows only who listens; it never waits for him.
//
//	listening call L    L: wantEar ─► T    T: mayHear ─► L    L answers and monitors
//	a transfer          T: mayHear ─► L    without streams until the customer has somebody else, then with the new ones
//	T gives its leg     T: talkGone ─► L   L: wantEar ─► the call that has it
//	the talk ends       T: talkGone ─► L   L hangs up, and says why where it is not plain
//	L ends              L: earGone ─► T

// maxListeners bounds who may listen to one talk at once.
const maxListeners = 4

// listenWait is how long a call may take to let somebody listen.
const listenWait = 2 * time.Second

type (
	// wantEar asks for the streams of the talk that a phone is in; an empty phone asks for whatever talk there is.
	wantEar struct {
		phone string
		who   string
		by    *Call
		until time.Time
	}
	// mayHear answers wantEar; a nil host means that there is nothing to hear. One that comes later tells what is heard from then on:
	// nobody, with zero streams, while the customer is handed on.
	mayHear struct {
		host *Call
		of   [2]media.StreamID
	}
	// earGone tells a talk that somebody does not listen any more.
	earGone struct{ by *Call }
	// talkGone tells who listens that the talk is over. next has whom it was about now, if a call has; why is for people, where the end
	// of the talk is not that of the call.
	talkGone struct {
		host, next *Call
		why        string
	}
)

// listener is somebody who hears a call's talk.
type listener struct {
	call *Call
	who  string
}

// overheard is what a call knows of listening: who hears its talk, and whose talk it hears.
type overheard struct {
	by    []listener
	of    [2]media.StreamID // of the talk, while somebody hears it; zero while it is handed on
	hears *Call             // whose talk the caller hears; nil: none
	asks  bool              // the answer to wantEar is still to come
	until time.Time         // of a wantEar after the first: when an answer must be here; zero: none is out
	as    string            // the caller, for the talk's record
}

// listen asks the newest talk of a phone, one that nobody holds before others.
func (c *Call) listen(a Listen) {
	host := c.sw.talkOf(a.Endpoint)
	if c.state != callRouting || host == nil || host == c || c.ears.hears != nil || !host.post(wantEar{a.Endpoint, a.As, c, c.now.Add(listenWait)}) {
		c.hangup(NotFound, "system")
		return
	}
	c.ears.asks, c.ears.as = true, a.As
}

// talkOf finds the call in which a phone talks, as readers see it.
func (s *Switch) talkOf(phone string) (host *Call) {
	var best CallView
	for _, c := range s.calls.each() {
		v, ok := c.shown.read()
		if !ok || v.State != callConnected.String() || !slices.ContainsFunc(v.Legs, func(l LegView) bool { return l.Endpoint == phone && l.State == legAnswered.String() }) {
			continue
		}
		if host == nil || best.Hold && !v.Hold || best.Hold == v.Hold && v.Began.After(best.Began) {
			host, best = c, v
		}
	}
	return host
}

// overhear lets another call hear this one's talk.
func (c *Call) overhear(m wantEar) {
	l := c.legOfPhone(m.phone)
	if m.phone == "" {
		l = c.caller
	}
	if l == nil || c.other(l) == nil || len(c.ears.by) >= maxListeners || c.now.After(m.until) {
		m.by.post(mayHear{})
		return
	}
	of := [2]media.StreamID{c.caller.stream, c.peer.stream}
	if !m.by.post(mayHear{c, of}) {
		return
	}
	c.ears.of, c.ears.by = of, append(c.ears.by, listener{m.by, m.who})
	c.log.Info("listened to", "by", m.who)
	c.journalEar(journey.Joined, m.who)
}

func (c *Call) journalEar(kind journey.Kind, who string) {
	c.journal(kind, "supervisor:"+who, map[string]string{"mode": "listen"})
}

// hearing begins to listen, or goes on with another talk.
func (c *Call) hearing(m mayHear) {
	if m.host != nil && c.ears.hears == m.host {
		c.media(media.Monitor{Stream: c.caller.stream, Of: m.of, On: m.of != [2]media.StreamID{}})
		return
	}
	asked := c.ears.asks && c.state == callRouting
	c.ears.asks, c.ears.until = false, time.Time{}
	switch {
	case m.host != nil && (!asked || c.ears.hears != nil):
		m.host.post(earGone{c})
	case m.host == nil && asked:
		c.hangup(NotFound, "system")
	case m.host != nil:
		c.ears.hears = m.host
		c.answerCaller()
		c.media(media.Monitor{Stream: c.caller.stream, Of: m.of, On: true})
	}
}

// earLeft notes that somebody does not listen any more.
func (c *Call) earLeft(m earGone) {
	if i := slices.IndexFunc(c.ears.by, func(l listener) bool { return l.call == m.by }); i >= 0 {
		c.journalEar(journey.Left, c.ears.by[i].who)
		c.ears.by = slices.Delete(c.ears.by, i, i+1)
	}
}

// talkLeft ends a call that listened, or goes after whom it heard.
func (c *Call) talkLeft(m talkGone) {
	if c.ears.hears != m.host {
		return
	}
	c.ears.hears = nil
	if m.next != nil && m.next != c && m.next.post(wantEar{who: c.ears.as, by: c, until: c.now.Add(listenWait)}) {
		c.ears.asks, c.ears.until = true, c.now.Add(2*listenWait)
		c.media(media.Monitor{Stream: c.caller.stream})
		return
	}
	if l := c.caller; m.why != "" && l.usage != nil && l.state < legEnding {
		l.perform(l.usage.Hangup(c.now, sip.Reason{Protocol: "SIP", Cause: sip.StatusOK, Text: m.why}.Header()))
		l.step(legOnHangup)
	}
	c.hangup(Normal, "callee")
}

// earsUnanswered ends a call that nobody tells what it may hear now.
func (c *Call) earsUnanswered() {
	c.ears.asks, c.ears.until = false, time.Time{}
	c.hangup(Timeout, "system")
}

// checkEars tells the others when the talk, or the listening to it, is over.
func (c *Call) checkEars() {
	if len(c.ears.by) > 0 {
		c.checkTalk()
	}
	if c.ears.hears != nil && c.state != callRouting {
		c.ears.hears.post(earGone{c})
		c.ears.hears = nil
		if c.state < callEnding { // the script went on to something else
			c.media(media.Monitor{Stream: c.caller.stream})
		}
	}
}

// checkTalk lets who listens hear the talk as it is now.
func (c *Call) checkTalk() {
	talks := c.state == callConnected && c.peer != nil
	var of [2]media.StreamID
	if talks {
		of = [2]media.StreamID{c.caller.stream, c.peer.stream}
	}
	switch {
	case talks && of == c.ears.of:
	case talks, c.refer != nil && c.state < callEnding:
		if of == c.ears.of {
			return // still on its way
		}
		c.ears.of = of
		for _, l := range c.ears.by {
			c.tellEar(l, mayHear{c, of})
		}
	default:
		gone := talkGone{host: c, next: c.nextOwner(), why: c.whyQuiet()}
		for _, l := range c.ears.by {
			c.journalEar(journey.Left, l.who)
			c.tellEar(l, gone)
		}
		c.ears.by, c.ears.of = nil, [2]media.StreamID{}
	}
}

// tellEar tells who listens what may not be lost.
func (c *Call) tellEar(l listener, m any) {
	if !l.call.post(m) {
		l.call.flood()
	}
}

// nextOwner is the call that has been given the other leg of the talk; nil: none.
func (c *Call) nextOwner() *Call {
	if c.parting.by == "" || len(c.given) == 0 {
		return nil
	}
	return c.given[len(c.given)-1].to
}

// whyQuiet tells people why there is no talk any more, though the call goes on.
func (c *Call) whyQuiet() string {
	if c.state >= callEnding {
		return ""
	}
	return "The agent has left; the customer has nobody else yet."
}

// who are those who listen, for readers.
func (e *overheard) who() (list []string) {
	for _, l := range e.by {
		list = append(list, l.who)
	}
	return list
}

// same tells whether readers see who listens as it is.
func (e *overheard) same(seen []string) bool {
	return slices.EqualFunc(e.by, seen, func(l listener, who string) bool { return l.who == who })
}

// NewListen returns the Script of a supervisor's call that hears the talk of a phone of this site until it ends. who is his name for
// record and readers.
func NewListen(endpoint, who string) Script {
	return &listening{listen: Listen{Endpoint: endpoint, As: who}}
}

type listening struct {
	listen Listen
	until  time.Time // when an answer must be here; zero: it is
}

// Step implements Script.
func (s *listening) Step(ev ScriptEvent, now time.Time) []Action {
	switch ev.(type) {
	case Started:
		s.until = now.Add(listenWait)
		return []Action{s.listen}
	case Answered:
		s.until = time.Time{}
	case Expired:
		s.until = time.Time{}
		return []Action{HangUp{Kind: Timeout}}
	}
	return nil
}

// Deadline implements Script.
func (s *listening) Deadline() time.Time { return s.until }
