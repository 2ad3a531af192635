package b2bua

import (
	"errors"
	"time"

	"tandem/media/sdp"
	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/transaction"
	"tandem/store/journey"
)

// begin makes the caller's leg from its INVITE and opens its stream. The call goes on when the stream is there.
func (c *Call) begin(d *Door, tx *transaction.ServerTx) {
	l := c.caller
	l.route = route{door: d, to: transaction.To(tx.Flow()), nat: c.arrival.Trunk == nil}
	l.target = target{name: c.arrival.Caller, endpoint: c.arrival.Endpoint, trunk: c.arrival.Trunk, acquired: c.arrival.Trunk != nil, symmetric: true}
	if c.arrival.Trunk != nil {
		l.target.symmetric = c.arrival.Trunk.Config().SymmetricRTP
	}
	c.trace(l, received, tx.Request())
	usage, err := dialog.NewUAS(c.sw.calleeConfig(l), tx.Request(), l.serve(tx))
	var refused *dialog.RefusedError
	if errors.As(err, &refused) {
		c.trace(l, sent, refused.Response)
		l.note(tx.Respond(refused.Response))
		c.hangup(Malformed, "caller")
		return
	}
	l.usage, l.invite = usage, tx.Request()
	if body, ok := sdpOf(tx.Request()); ok {
		l.browser = isBrowser(body)
	} else {
		l.browser = isPage(l.route.to.Transport)
	}
	c.openStream(l)
	if c.replaces.CallID != "" {
		c.identity = &Identity{} // the call that it enters has a record
		return
	}
	c.identify()
}

// identify asks whose call it is, while the stream is being opened. Without an answer the call goes on without a record.
func (c *Call) identify() {
	c.knownBy = c.now.Add(knownWait)
	err := c.sw.Records.Identify(c.arrival, func(id Identity) {
		if !c.post(identified{id}) {
			c.flood()
		}
	})
	if err != nil {
		c.sw.metrics.journalLost.Inc()
		c.log.Error("call without a record", "err", err)
		c.identity = &Identity{}
	}
}

// identified takes the first answer.
func (c *Call) identified(id Identity) {
	if c.identity == nil {
		c.identity = &id
		c.routed()
	}
}

// routed starts the script once the caller's stream is open and the record is known.
func (c *Call) routed() {
	if c.caller.ports != streamOpen || c.identity == nil || c.caller.invite == nil || c.state >= callEnding {
		return
	}
	if c.replaces.CallID == "" {
		c.route = c.sw.router.Route(c.arrival, *c.identity)
	}
	c.journalBegin()
	invite := c.caller.invite
	c.caller.invite = nil
	if c.readOffer(c.caller, invite) {
		c.start()
	}
}

// start lets the script begin: the caller's session description is known.
func (c *Call) start() {
	if c.replaces.CallID != "" {
		c.askPlace()
		return
	}
	c.log.Info("call started", "record", c.record(), "caller", c.arrival.Caller, "called", c.arrival.Called)
	if c.route.Script == nil {
		c.hangup(c.route.Refuse, "system")
		return
	}
	c.queue(Started{})
}

// readOffer takes the SDP of the caller's INVITE; false if the call does not go on, or not yet. An INVITE without SDP gets our offer in
// the 2xx, RFC 3261 §13.3.1.4.
func (c *Call) readOffer(l *leg, req *sip.Request) bool {
	body, ok := sdpOf(req)
	switch {
	case l.browser && ok:
		l.theirs(body, forCaller)
		return false
	case l.browser:
		l.ours(forCaller)
		return false
	case !ok:
		return true
	}
	answer, cfg, _, err := l.local.Answer(body)
	if err != nil {
		c.hangup(kindOfSDP(err), "system")
		return false
	}
	l.answer = answer
	l.configure(cfg)
	return true
}

func kindOfSDP(err error) Kind {
	if errors.Is(err, sdp.ErrNoCommonCodec) || errors.Is(err, sdp.ErrNoAudio) || errors.Is(err, sdp.ErrNoKeys) {
		return Unsupported
	}
	return Malformed
}

// direction is "in" from a trunk; from a phone "out" where the call goes straight to a trunk, else "internal".
func (c *Call) direction() string {
	switch {
	case c.origin != nil && c.origin.outside():
		return "out"
	case c.origin != nil:
		return "internal"
	case c.arrival.Endpoint == "":
		return "in"
	}
	if d, ok := c.route.Script.(direct); ok {
		if dest, ok := c.sw.router.Resolve(d.dial.Target, c.arrival); ok && len(dest.Trunks) > 0 {
			return "out"
		}
	}
	return "internal"
}

func (c *Call) startedData() map[string]string {
	a := c.arrival
	data := map[string]string{journey.DataCaller: a.Caller, journey.DataCalled: a.Called, journey.DataDirection: c.direction()}
	if a.Name != "" {
		data[journey.DataCallerName] = a.Name
	}
	if a.Trunk != nil {
		data[journey.DataTrunk] = a.Trunk.Name()
	}
	if a.Endpoint != "" {
		data[journey.DataEndpoint] = a.Endpoint
	}
	return data
}

// answerCaller sends the 2xx to the caller, once. The script hears Answered.
func (c *Call) answerCaller() {
	l := c.caller
	if l.usage == nil || l.state >= legAnswered {
		c.tellAnswered()
		return
	}
	l.perform(l.usage.Accept(c.now, l.session()))
	l.step(legOnAnswer)
	c.answered = c.now
	c.log.Info("call answered")
	c.tellAnswered()
}

// tellAnswered tells each script once that the caller's leg is up.
func (c *Call) tellAnswered() {
	if c.caller.state == legAnswered && !c.toldAnswer {
		c.toldAnswer = true
		c.queue(Answered{})
	}
}

// session is the SDP that a caller's leg sends: its answer, or our offer where the INVITE had none.
func (l *leg) session() dialog.Body {
	if l.answer != nil {
		return dialog.SDP(l.answer)
	}
	return dialog.SDP(l.local.Offer())
}

// ringCaller sends 180, once, and only before SDP crossed: a caller who hears audio must not get a local ring-back again.
func (c *Call) ringCaller() {
	l := c.caller
	if l.usage == nil || l.state != legNew {
		return
	}
	l.perform(l.usage.Progress(c.now, sip.StatusRinging, dialog.Body{}))
	l.step(legOnRing)
}

// earlyCaller opens the audio path before the answer: 183 with SDP, once. A late offer cannot have it.
func (c *Call) earlyCaller() {
	l := c.caller
	if l.usage == nil || l.state >= legAnswered || l.early || l.answer == nil {
		return
	}
	l.early = true
	l.perform(l.usage.Progress(c.now, sip.StatusSessionProgress, l.session()))
	l.step(legOnRing)
}

// hangup ends the call for everybody. kind is what the others are told; by is "caller", "callee", "agent:…", "flow" or "system".
func (c *Call) hangup(kind Kind, by string) {
	if c.state >= callEnding {
		return
	}
	c.kind, c.by = kind, by
	if c.step(callOnHangup)&callClear == 0 {
		return
	}
	c.takeBack("hangup")
	c.originEnds()
	c.stopRecording()
	c.attempts, c.talkEnds, c.refer = attempts{}, time.Time{}, nil
	for _, l := range c.legs {
		c.hangupLeg(l, kind)
	}
	c.drainBy = c.now.Add(streamGrace)
}

// hangupLeg ends one leg: the caller before answer gets the kind's status, everybody else what the dialog's state demands.
func (c *Call) hangupLeg(l *leg, kind Kind) {
	if l.usage != nil && l.state < legEnding {
		if l == c.caller && l.state < legAnswered {
			l.perform(l.usage.Reject(c.now, refusal(kind), rejectHeaders(kind)...))
		} else {
			l.perform(l.usage.Hangup(c.now, reasonHeaders(kind)...))
		}
	}
	l.step(legOnHangup)
}

// refusal is the status that ends a caller's INVITE: even a flow that ends normally without an answer owes one.
func refusal(k Kind) int {
	if status := k.Status(); status >= 300 {
		return status
	}
	return sip.StatusTemporarilyUnavailable
}
