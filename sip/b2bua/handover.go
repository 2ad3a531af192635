package b2bua

import (
	"slices"
	"time"

	"tandem/media"
	"tandem/sip"
	"tandem/store/journey"
)

// A leg changes its call in one message: the owner that gives it takes it out of all that is its own, sends it, and never looks
// at it again; what still comes for it goes after it. Owners ask for a leg first, so that nobody is handed one that he does not
// wait for: the asker does not end before the time after which nothing can be handed over any more.
//
//	attended transfer   A: wantLeg ─► B    B: handed ─► A      A: taken ─► B    A keeps its caller, B ends
//	INVITE, Replaces    N: wantPlace ─► K  K: mayEnter ─► N    N answers;  N: handed ─► K    N ends

// handoverWait is how long an owner may take to hand a leg over, and half of how long one waits for it.
const handoverWait = 2 * time.Second

type (
	// wantLeg asks for whom the phone talks to in this call: the dialog is named by its tags, or else the phone's is taken.
	wantLeg struct {
		dialog sip.Replaces
		phone  string
		to     *Call
		record string // of to, which tells of the transfer
		by     time.Time
	}
	// wantPlace asks whether a leg may be replaced by the caller's leg of another call (RFC 3891 §3).
	wantPlace struct {
		dialog sip.Replaces
		from   *Call
		guest  Arrival
		by     time.Time
	}
	// mayEnter answers wantPlace: 0, or the status that refuses.
	mayEnter struct {
		host   *Call
		status int
	}
	// taken tells who gave a leg away that its new owner has it.
	taken struct{}
	// handed is a leg for its new owner, or the word that there is none.
	handed struct {
		leg    *leg
		from   *Call
		status int
		early  bool // the other call was only ringing and has ended: try its target
	}
)

// given is a leg that was handed over.
type given struct {
	leg    *leg
	stream media.StreamID
	to     *Call
}

// parting is what a call that has given its other leg away still has to do.
type parting struct {
	by    string // who ends it
	actor string
	data  map[string]string // of its Transferred, nil for none
}

// askLeg asks the other call of the referrer for whom he talks to there.
func (c *Call) askLeg() {
	r := c.refer
	want := wantLeg{dialog: r.other, phone: r.name, to: c, record: c.record(), by: c.now.Add(handoverWait)}
	other, ok := c.sw.calls.get(r.call)
	if r.call == "" {
		var a address
		a, ok = c.sw.tags.get(r.other.ToTag)
		other = a.call
	}
	if !ok && r.call == "" && c.reachForeign() {
		return
	}
	if !ok || other == c || !other.post(want) {
		c.referFailed(Unreachable)
		return
	}
	c.expects = c.now.Add(2 * handoverWait)
}

// reachForeign calls a carrier or PBX in place of a dialog that is between others, by a Replaces of ours (RFC 5589 §7.3).
func (c *Call) reachForeign() bool {
	r := c.refer
	from := c.arrival
	from.Endpoint, from.Trunk = r.name, nil
	dest, ok := c.sw.router.Resolve(r.target, from)
	if !ok || len(dest.Trunks) == 0 {
		return false
	}
	groups := c.sw.targets(dest, c)
	for _, g := range groups {
		for i := range g {
			g[i].headers = append(g[i].headers, sip.NewHeader("Replaces", r.other.String()), sip.NewHeader("Require", "replaces"))
		}
	}
	c.attempts = attempts{purpose: dialling, groups: groups, deadline: c.now.Add(referRing), kind: Unreachable}
	c.step(callOnAttempt)
	c.nextGroup()
	return true
}

// legByDialog finds a leg by the tags of its dialog.
func (c *Call) legByDialog(d sip.Replaces) *leg {
	for _, l := range c.legs {
		if l.usage != nil && l.tag == d.ToTag && l.callID == d.CallID && l.usage.RemoteTag() == d.FromTag {
			return l
		}
	}
	return nil
}

// give hands whom a phone talks to over to another call of that phone, and ends this one.
func (c *Call) give(m wantLeg) {
	l := c.legByDialog(m.dialog)
	if m.dialog.CallID == "" {
		l = c.legOfPhone(m.phone)
	}
	if l == nil || l.target.endpoint != m.phone || c.now.After(m.by) {
		m.to.post(handed{status: sip.StatusCallDoesNotExist})
		return
	}
	other := c.other(l)
	if other == nil {
		early := l == c.caller && c.attempts.purpose == dialling
		if early {
			c.hangup(Canceled, c.sideOf(l))
		}
		m.to.post(handed{status: sip.StatusTemporarilyUnavailable, early: early})
		return
	}
	side, actor := c.sideOf(l), c.actorOf(l)
	c.unhold()
	c.separate()
	c.endItem(side)
	c.retire()
	c.caller = l
	data := map[string]string{journey.DataTarget: m.to.id, journey.DataReason: "attended", journey.DataLeg: other.name}
	if m.record == c.record() { // one matter, one transfer: the call that goes on tells of it
		data = nil
	}
	if !c.handTo(m.to, other) {
		c.hangup(Normal, side)
		return
	}
	c.parting, c.expects = parting{side, actor, data}, c.now.Add(handoverWait)
}

// gone ends a call whose other leg has a new owner.
func (c *Call) gone() {
	c.expects = time.Time{}
	if c.parting.data != nil {
		c.journal(journey.Transferred, c.parting.actor, c.parting.data)
	}
	c.hangup(Normal, c.parting.by)
	c.parting = parting{}
}

// legOfPhone is the leg of a phone that talks or calls.
func (c *Call) legOfPhone(name string) *leg {
	for _, l := range []*leg{c.caller, c.peer} {
		if l != nil && l.usage != nil && l.target.endpoint == name {
			return l
		}
	}
	return nil
}

// handTo gives a leg away. It stays here, and false is answered, when the new owner takes nothing.
func (c *Call) handTo(to *Call, l *leg) bool {
	g := given{l, l.stream, to}
	tag := l.tag
	c.legs = slices.DeleteFunc(c.legs, func(x *leg) bool { return x == l })
	if !to.post(handed{leg: l, from: c}) {
		c.legs = append(c.legs, l)
		c.sw.metrics.handOverLost.Inc()
		return false
	}
	c.given = append(c.given, g)
	c.sw.tags.put(tag, address{to, l})
	c.sw.streams.put(g.stream, to)
	return true
}

// adopt takes a leg of another call in.
func (c *Call) adopt(l *leg) {
	l.call = c
	c.given = slices.DeleteFunc(c.given, func(g given) bool { return g.leg == l }) // it came back
	l.number, l.name = c.born, legName(c.born)
	c.born++
	c.legs = append(c.legs, l)
}

// handedOver goes on with the leg that was asked for. One that comes too late for a call that has ended is hung up.
func (c *Call) handedOver(m handed) {
	c.expects = time.Time{}
	r := c.refer
	if m.leg != nil {
		c.adopt(m.leg)
		defer m.from.post(taken{})
	}
	switch {
	case m.leg != nil && (r == nil || c.state != callRouting || m.leg.state != legAnswered):
		c.hangupLeg(m.leg, Normal)
		c.referFailed(Unreachable)
	case m.leg != nil:
		c.bridge(m.leg)
	case r != nil && m.early:
		c.tryTarget()
	case r != nil:
		c.referFailed(Unreachable)
	}
}

// tryTarget makes a blind transfer of an attended one whose other call was only ringing.
func (c *Call) tryTarget() {
	r := c.refer
	from := c.arrival
	from.Endpoint, from.Trunk = r.name, nil
	if !c.leads(r, r.target, from) {
		c.referFailed(NotFound)
		return
	}
	r.way = "blind"
	c.reach(r.dest, Dial{Timeout: referRing})
}

// notHanded gives up waiting for a leg.
func (c *Call) notHanded() {
	if c.parting.by != "" {
		c.gone()
		return
	}
	c.expects = time.Time{}
	c.sw.metrics.handOverLost.Inc()
	c.referFailed(Timeout)
}
