package b2bua

import (
	"cmp"
	"strings"
	"time"

	"tandem/media"
	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/store/journey"
)

// A transfer in three steps: leave parts the talk, and the one who refers stays on the line, hearing nothing; then somebody is
// reached, taken over from another call, or a script begins; then referDone lets the referrer go, or referFailed gives him the
// talk back. A referrer who has hung up meanwhile is called back once where he can be.

// referral is a transfer under way.
type referral struct {
	leg    *leg   // who refers; nil once he has hung up
	name   string // his endpoint
	actor  string // he, for the journal
	side   string // he, as the one who ended something
	agent  bool   // he is the agent of the work item
	way    string // blind, attended, replaced
	target string
	other  sip.Replaces // attended: his dialog in the other call
	call   string       // attended by command: the other call
	notify bool         // he wants to hear how it goes
	id     uint32       // CSeq of the REFER, where it is not the first of its dialog
	dest   Destination
	route  Route
}

// referred judges a REFER: 202, or the status that refuses it (RFC 3515 §2.4.2).
func (c *Call) referred(l *leg, req *sip.Request) (int, []sip.Header) {
	to, err := sip.ReferToOf(req)
	switch {
	case err != nil:
		return sip.StatusBadRequest, nil
	case to.Method != sip.INVITE:
		return sip.StatusNotImplemented, nil
	case l.target.endpoint == "":
		return sip.StatusForbidden, nil // a carrier shall not choose whom we call at our cost
	case c.refer != nil:
		return sip.StatusRequestPending, nil
	}
	r := referral{leg: l, target: presentable(to.URI.User), other: to.Replaces, notify: true}
	if l.refers++; l.refers > 1 {
		r.id = req.CSeq().SeqNo
	}
	var headers []sip.Header
	if sub := strings.TrimSpace(sip.HeaderText(req, "Refer-Sub")); strings.EqualFold(sub, "false") {
		r.notify, headers = false, []sip.Header{sip.NewHeader("Refer-Sub", "false")}
	}
	if status := c.judge(&r); status != sip.StatusAccepted {
		return status, nil
	}
	c.refer = &r
	return sip.StatusAccepted, headers
}

// judge tells whether a referral can be tried, and finds out where it leads.
func (c *Call) judge(r *referral) int {
	if c.other(r.leg) == nil {
		return sip.StatusTemporarilyUnavailable
	}
	r.name, r.actor, r.side, r.agent = r.leg.target.endpoint, c.actorOf(r.leg), c.sideOf(r.leg), r.leg.target.agent != ""
	if r.way = "attended"; r.other.CallID != "" || r.call != "" {
		return sip.StatusAccepted
	}
	r.way = "blind"
	from := c.arrival
	from.Endpoint, from.Trunk, from.Called = r.name, nil, r.target
	if c.leads(r, r.target, from) {
		return sip.StatusAccepted
	}
	r.route = c.sw.router.Route(from, *c.identity)
	if d, ok := r.route.Script.(direct); ok && c.leads(r, d.dial.Target, from) { // a number that is somebody's
		r.route = Route{}
	} else if r.route.Script == nil {
		return sip.StatusNotFound
	}
	return sip.StatusAccepted
}

// leads tells whether somebody can be dialled at a target.
func (c *Call) leads(r *referral, target string, from Arrival) bool {
	dest, ok := c.sw.router.Resolve(target, from)
	if !ok || dest.Echo || dest.nowhere() {
		return false
	}
	r.dest = dest
	return true
}

// startReferral performs a referral that was accepted.
func (c *Call) startReferral(l *leg) {
	r := c.refer
	if r == nil || r.leg != l {
		return
	}
	c.notifyReferrer(sip.StatusTrying)
	c.stepOut(l)
	switch {
	case r.way == "attended":
		c.askLeg()
	case r.route.Script != nil:
		c.sendTo(r.route)
	default:
		c.media(media.Play{Stream: c.caller.stream, Play: ownPlay, Items: c.sw.cfg.RingBack, Loop: true})
		c.ringBack = true
		c.reach(r.dest, Dial{Timeout: referRing})
	}
}

// referRing is how long a transfer's target may ring.
const referRing = 30 * time.Second

// stepOut takes the referrer out of the talk. Whom he talked to is the caller from now on, if he was not before.
func (c *Call) stepOut(l *leg) {
	stays := c.other(l)
	c.unhold()
	c.separate()
	if l == c.caller {
		if l.quiet() {
			c.media(media.Stop{Stream: stays.stream, Play: ownPlay})
		}
		c.caller = stays
		c.shows = stays.target.party(c)
	}
	c.retire()
}

// party is how somebody whom we reached is shown to others.
func (t *target) party(c *Call) Party {
	if phone, ok := c.sw.Endpoints.Endpoint(t.endpoint); ok && t.endpoint != "" {
		return Party{Number: cmp.Or(phone.Number, phone.Name), Name: phone.Display, Trunk: phone.Outside}
	}
	return Party{Number: t.name}
}

// retire lets the script note that the caller is not its any more; from now on it is only dialled and hung up.
func (c *Call) retire() {
	c.play = 0
	if c.route.Script != nil {
		for _, a := range c.route.Script.Step(Moved{}, c.now) {
			if n, ok := a.(Note); ok {
				c.act(n)
			}
		}
	}
	c.route = Route{Script: onward{}, Flow: c.route.Flow}
	c.toldAnswer = true
}

// onward is the script of a call that was transferred: it ends with whom it was given to.
type onward struct{}

// Step implements Script.
func (onward) Step(ev ScriptEvent, _ time.Time) []Action {
	if e, ok := ev.(PeerEnded); ok {
		return []Action{HangUp{Kind: e.Kind}}
	}
	return nil
}

// Deadline implements Script.
func (onward) Deadline() time.Time { return time.Time{} }

// sendTo gives the caller to another script: a flow, a queue. That cannot fail, so the referrer may go.
func (c *Call) sendTo(r Route) {
	refer := c.refer
	c.route, c.toldAnswer = r, false
	c.referDone(nil)
	c.queue(Started{})
	c.queue(freed{refer.side})
}

// freed ends an item that the script, to which the caller was given, has not put into a queue.
type freed struct{ by string }

func (c *Call) freed(by string) {
	if c.item.state == itemActive && c.peer == nil {
		c.endItem(by)
		c.keepsTime = true
	}
}

// referDone lets the referrer go: the caller has somebody else.
func (c *Call) referDone(to *leg) {
	r := c.refer
	if r == nil {
		return
	}
	c.notifyReferrer(sip.StatusOK)
	c.sw.metrics.transfers.WithLabelValues(r.way, Normal.String()).Inc()
	data := map[string]string{journey.DataTarget: r.target, journey.DataReason: r.way}
	if to != nil {
		data[journey.DataLeg], data[journey.DataTarget] = to.name, to.target.name
	}
	if to != nil && r.agent {
		c.handOver(to, r.side)
	}
	c.journal(journey.Transferred, r.actor, data)
	c.log.Info("call transferred", "to", data[journey.DataTarget], "by", r.actor, "reason", r.way)
	c.refer = nil
	if r.leg != nil {
		c.hangupLeg(r.leg, Normal)
	}
}

// referFailed gives the talk back to the referrer. One who has hung up is called back, once.
func (c *Call) referFailed(kind Kind) {
	r := c.refer
	if r == nil {
		return
	}
	c.notifyReferrer(refusal(kind))
	c.sw.metrics.transfers.WithLabelValues(r.way, kind.String()).Inc()
	c.log.Info("transfer came to nothing", "to", r.target, "by", r.actor, "cause", kind)
	c.refer = nil
	c.stopRingBack()
	dest, known := c.sw.router.Resolve(r.name, c.arrival)
	switch {
	case r.leg != nil:
		c.rejoin(r.leg)
	case known && dest.Endpoint == r.name:
		c.reach(dest, Dial{Timeout: referRing})
	default:
		c.goneBy = r.side
		c.queue(PeerEnded{Kind: kind})
	}
}

// rejoin connects the caller to a leg that was parted from him and is still there.
func (c *Call) rejoin(l *leg) {
	c.peer = l
	c.caller.parks, l.parks = false, false
	c.media(media.Connect{A: c.caller.stream, B: l.stream})
	c.step(callOnBridge)
	c.holds(c.caller)
	c.holds(l)
	c.startRecording()
}

// referrerGone notes that the referrer did not wait (RFC 5589 §6.1 lets him): the transfer goes on.
func (c *Call) referrerGone(l *leg) {
	c.refer.leg = nil
	if l.target.agent != "" {
		c.freed(c.refer.side)
	}
}

// notifyReferrer tells how a referral goes (RFC 3515 §2.4.4).
func (c *Call) notifyReferrer(status int) {
	r := c.refer
	if r == nil || !r.notify || r.leg == nil || r.leg.usage == nil || r.leg.state >= legEnding {
		return
	}
	frag, state := sip.Frag{Status: status}, sip.SubscriptionState{State: "active", Expires: referLife}
	if frag.Final() {
		state = sip.SubscriptionState{State: "terminated", Reason: "noresource"}
	}
	body := dialog.Body{Type: sip.FragType, Data: frag.Bytes()}
	r.leg.perform(r.leg.usage.Send(c.now, sip.NOTIFY, body, sip.ReferEvent(r.id), state.Header()))
}

// referLife is how long the subscription that a REFER makes lasts at most.
const referLife = 60 * time.Second
