package b2bua

import (
	"fmt"
	"strings"
	"time"

	"tandem/sip"
)

// Origin is a call that nobody called in for: the first leg is placed to First; when it has answered it is the caller of a call
// like any other, and either Script decides what happens to it or Then is dialled and bridged to it.
type Origin struct {
	Ref      string   // comes back in every Originated; the originator's own word for it
	Identity Identity // whose record; an empty Record means that nothing is written down
	First    Destination
	Script   Script // what happens to the first leg when it answers; nil: Then is dialled
	Flow     string // name of the script, for snapshots
	Then     Destination
	Talk     time.Duration // how long the talk may last; 0: as long as they like
	Item     WorkItem      // the work item that this call is for; an empty ID is none. It is an active one of Agent, or is put into a queue by the script
	Epoch    uint64        // of the item
	Agent    string        // the agent who owns the item and is rung first; "" for a customer-first call
	Offer    string        // the offer that rings Agent: his answer accepts it, and Then is dialled when ConnectOffer comes; empty: accepted already
	Beside   bool          // the item goes on after the call, as a chat does: the dispatcher hears neither MediaUp nor End of it
	Deadline time.Time     // until when the offer is good; zero: Ring decides
	Ring     time.Duration // how long each leg may ring; 0: a minute
	ShowTo   [2]Party      // whom First and Then see calling
	Endpoint string        // of the phone whose rights count and that started it; "" for a program
}

// Party is somebody as a phone or trunk shows him.
type Party struct {
	Number string // for people and phones
	Name   string
	Trunk  string // number as trunks shall show it; empty is Number
}

// Stage is how far an originated call has come.
type Stage uint8

// The stages, in order. Failed and Done are last words: exactly one of them comes.
const (
	FirstAnswered Stage = iota + 1 // the first leg has answered (2xx; early media does not count)
	BothTalk                       // it is bridged: to Then, or to whomever the script or queue found
	Failed                         // it ended before BothTalk; Kind and Side say why
	Done                           // it ended after it
)

// Originated tells an originator what became of its call.
type Originated struct {
	Ref   string
	Call  string
	Item  string
	Stage Stage
	Kind  Kind   // Failed, Done: why
	By    string // who ended it: caller (the first leg), callee, agent:…, flow or system
	Side  int    // Failed: 1 if the first leg was not reached, 2 if the second was not
	At    time.Time
}

// Originators hear what becomes of originated calls, in order for each call, on the call's own goroutine: they must not wait.
type Originators interface{ Originated(Originated) }

// Originate places a call. The error is ErrDraining, ErrFull, or ErrNotNow for an Origin that cannot be. What becomes of it is
// told to Parts.Originators.
func (s *Switch) Originate(o Origin) (call string, err error) {
	if err := o.check(); err != nil {
		return "", err
	}
	phone, err := s.admitOrigin(o)
	if err != nil {
		return "", err
	}
	now := time.Now()
	id := callIDOf(now, sip.NewTag())
	c := &Call{
		sw: s, id: id, mail: make(chan any, mailboxSize), log: s.log.With("call", id), identity: &o.Identity, born: 1,
		arrival: Arrival{Call: id, Caller: o.caller(), Called: o.called(), Endpoint: phone, At: now},
		shows:   o.ShowTo[0], origin: &origin{Origin: o},
	}
	c.caller = &leg{call: c} // stands for whom we reach first
	s.calls.put(c.id, c)
	s.metrics.calls.Inc()
	s.wg.Add(1)
	c.mail <- originating{}
	go c.run()
	return id, nil
}

// check tells whether an origin can be at all.
func (o *Origin) check() error {
	switch {
	case o.First.nowhere() || o.First.Echo:
		return fmt.Errorf("origin: first: %w", ErrNoTarget)
	case o.Script == nil && (o.Then.nowhere() || o.Then.Echo):
		return fmt.Errorf("origin: then: %w", ErrNoTarget)
	case o.Offer != "" && (o.Item.ID == "" || o.Agent == ""):
		return fmt.Errorf("origin: an offer without its item and agent: %w", ErrNotNow)
	}
	return nil
}

// admitOrigin counts an originated call like any other, and for the phone that has it made.
func (s *Switch) admitOrigin(o Origin) (phone string, err error) {
	if s.draining.Load() {
		return "", ErrDraining
	}
	if _, ok := s.admission.take(time.Now()); !ok {
		s.metrics.refused.Inc()
		return "", ErrFull
	}
	if o.Endpoint == "" {
		return "", nil
	}
	p, ok := s.Endpoints.Endpoint(o.Endpoint)
	if !ok {
		s.admission.turnedAway()
		return "", fmt.Errorf("origin: endpoint %q: %w", o.Endpoint, ErrNotNow)
	}
	if !s.admission.takePhone(p) {
		s.admission.turnedAway()
		s.metrics.phoneFull.Inc()
		return "", ErrFull
	}
	return p.Name, nil
}

// caller and called are the two as journal and CDR know them: who is called is outside, where one of them is.
func (o *Origin) caller() string {
	if o.agentFirst() {
		return o.First.String()
	}
	return o.ShowTo[0].Number
}

func (o *Origin) called() string {
	if o.agentFirst() {
		return o.Then.String()
	}
	return o.First.String()
}

// agentFirst tells that the first leg belongs to the house and the second is who is called.
func (o *Origin) agentFirst() bool { return o.Script == nil && len(o.First.Trunks) == 0 }

// outside tells that somebody outside is called.
func (o *Origin) outside() bool { return len(o.First.Trunks)+len(o.Then.Trunks) > 0 }

// String names the destination for people.
func (d Destination) String() string {
	if d.Echo {
		return "echo"
	}
	return strings.TrimSpace(d.Endpoint + d.Number)
}
