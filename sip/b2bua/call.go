package b2bua

import (
	"log/slog"
	"sync/atomic"
	"time"

	"tandem/media"
	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/transaction"
)

// mailboxSize bounds what may wait for one call. A caller, a target and their streams never come near it.
const mailboxSize = 32

// Call is one call: all its legs, its script, its work item and its bridge. Owned by its goroutine; others Post.
type Call struct {
	sw      *Switch
	id      string
	log     *slog.Logger
	mail    chan any
	flooded atomic.Bool // the mailbox was full for something that may not be lost
	shown   shown

	// What follows belongs to the owner's goroutine.
	timer      *time.Timer
	now        time.Time
	todo       []any // what the event being handled has caused, in order
	arrival    Arrival
	shows      Party        // who is shown calling to those whom we place legs to
	replaces   sip.Replaces // the caller takes the place of another leg; with an empty CallID not
	identity   *Identity    // nil until the record is known
	knownBy    time.Time    // when the call goes on without a record
	route      Route
	state      callState
	caller     *leg
	legs       []*leg
	born       int // legs so far
	attempts   attempts
	peer       *leg // whom the caller is bridged to
	echo       bool // the caller is bridged to itself
	item       item
	items      int          // enqueued so far
	wished     string       // item of the last wish for a callback
	since      time.Time    // when the caller came to wait first
	keepsTime  bool         // the next item has the time of the one that was transferred
	refer      *referral    // the talk is being given to somebody else
	origin     *origin      // nobody called in for it
	expects    time.Time    // until when a leg of another call may be handed over to this one
	parting    parting      // the other leg of the talk has a new owner: what is to be done when that has taken it
	placeBy    time.Time    // until when the call that the caller wants to enter may answer
	given      []given      // legs that have another owner now
	toldAnswer bool         // the script knows that the caller's leg is up
	play       media.PlayID // what the script plays to the caller
	rec        recording
	ears       overheard   // who listens
	finishing  []recording // stopped, but the engine has not said so yet
	ladder     ladder
	kind       Kind
	begun      bool // the beginning was journaled
	journaled  bool // the end was
	by         string
	goneBy     string // who left the talk, until the script hears of something else: he ended the call if it ends now
	answered   time.Time
	talkEnds   time.Time // when the talk with the peer has lasted as long as it may
	ringBack   bool      // the answered caller hears that a target rings
	closeAt    time.Time // when streams that the engine was too busy to close are tried again
	drainBy    time.Time // when closing streams are given up
	crashes    int
	asks       []chan<- struct{} // who waits for a view with present figures; each takes one word
	owed       int               // figures that the engine still owes for it
}

// run is the owner: it handles one event after the other until nothing of the call is left.
func (c *Call) run() {
	defer c.sw.wg.Done()
	c.timer = time.NewTimer(time.Hour)
	defer c.timer.Stop()
	for c.state != callEnded {
		select {
		case m := <-c.mail:
			c.handle(m)
		case <-c.timer.C:
			c.handle(expired{})
		}
	}
	c.leftovers()
}

// maxCaused bounds what one event may cause: a script that dials again whenever a dial fails at once would never end.
const maxCaused = 256

// handle performs one event and everything that it causes. A panic ends this call and nothing else.
func (c *Call) handle(m any) {
	defer func() {
		if r := recover(); r != nil {
			c.crashed(r)
		}
	}()
	c.now = time.Now()
	c.todo = append(c.todo, m)
	if c.flooded.Swap(false) {
		c.sw.metrics.floods.Inc()
		c.queue(EndCall{Kind: Internal, By: "system"})
	}
	for i := 0; i < len(c.todo); i++ {
		if i == maxCaused {
			c.log.Error("call turns in circles")
			c.hangup(Internal, "system")
		}
		c.dispatch(c.todo[i])
	}
	clear(c.todo)
	c.todo = c.todo[:0]
	c.settle()
	c.rearm()
}

// queue puts what the present event has caused behind what is already due.
func (c *Call) queue(m any) { c.todo = append(c.todo, m) }

// What reaches a call, beside ScriptEvents, media.Events and Commands.
type (
	expired struct{}
	invited struct {
		door *Door
		tx   *transaction.ServerTx
	}
	requested struct {
		leg *leg
		tx  *transaction.ServerTx
	}
	canceled struct {
		leg *leg
		req *sip.Request
	}
	responded struct {
		leg *leg
		tx  dialog.TxID
		ev  transaction.ClientEvent
	}
	inviteLost struct{ leg *leg }
	sendFailed struct {
		leg *leg
		tx  dialog.TxID
		err error
	}
	identified struct{ identity Identity }
	wantTrace  struct{ reply chan<- Trace }
	wantView   struct{ reply chan<- struct{} }
	said       struct {
		leg *leg
		ev  dialog.Event
	}
)

func (c *Call) dispatch(m any) {
	if c.forward(m) {
		return
	}
	switch m := m.(type) {
	case originating:
		c.placeFirst()
	case wantLeg:
		c.give(m)
	case wantPlace:
		c.makePlace(m)
	case mayEnter:
		c.enter(m)
	case taken:
		c.gone()
	case handed:
		c.handedOver(m)
	case wantEar:
		c.overhear(m)
	case mayHear:
		c.hearing(m)
	case earGone:
		c.earLeft(m)
	case talkGone:
		c.talkLeft(m)
	case ordered:
		m.reply <- c.order(m.cmd)
	case freed:
		c.freed(m.by)
	case invited:
		c.sw.admission.began(c.now, c.now.Sub(c.arrival.At))
		c.begin(m.door, m.tx)
	case requested:
		c.onRequest(m)
	case canceled:
		c.onUsage(m.leg, func(u *dialog.Usage) []dialog.Effect { return u.OnCanceled(c.now, m.req) })
	case inviteLost:
		if m.leg == c.caller && m.leg.state < legAnswered {
			c.hangup(Timeout, "system")
		}
	case responded:
		c.onResponse(m)
	case sendFailed:
		c.onUsage(m.leg, func(u *dialog.Usage) []dialog.Effect { return u.OnTxError(c.now, m.tx, m.err) })
	case said:
		c.onDialog(m.leg, m.ev)
	case media.Event:
		c.onMedia(m)
	case Command: // before ScriptEvent: a command may hold one
		c.onCommand(m)
	case ScriptEvent:
		c.runScript(m)
	case identified:
		c.identified(m.identity)
	case wantTrace:
		m.reply <- c.ladder.render(c.id, c.arrival.At)
	case wantView:
		c.askFigures(m.reply)
	case expired:
		c.onExpired()
	}
}

// onUsage lets a leg's dialog take an input, if it still has one.
func (c *Call) onUsage(l *leg, input func(*dialog.Usage) []dialog.Effect) {
	if l.usage != nil {
		l.perform(input(l.usage))
	}
}

func (c *Call) onRequest(m requested) {
	c.trace(m.leg, received, m.tx.Request())
	if m.leg.usage == nil {
		m.leg.refuseGone(m.tx)
		return
	}
	m.leg.perform(m.leg.usage.OnRequest(c.now, m.leg.serve(m.tx), m.tx.Request()))
	if m.tx.Request().Method == sip.ACK {
		m.leg.acknowledged(m.tx.Request())
	}
}

func (c *Call) onResponse(m responded) {
	if m.ev.Response != nil {
		m.leg.spoke = true
		c.trace(m.leg, received, m.ev.Response)
		c.onUsage(m.leg, func(u *dialog.Usage) []dialog.Effect { return u.OnResponse(c.now, m.tx, m.ev.Response) })
	}
	if m.ev.Err != nil {
		c.onUsage(m.leg, func(u *dialog.Usage) []dialog.Effect { return u.OnTxError(c.now, m.tx, dialogError(m.ev.Err)) })
	}
	if m.ev.Done {
		m.leg.forget(m.tx)
	}
}

// onExpired performs what is due: dialogs first, then attempts, then the script.
func (c *Call) onExpired() {
	for _, l := range c.legs {
		if l.usage != nil && due(l.usage.Deadline(), c.now) {
			l.perform(l.usage.OnTimer(c.now))
		}
		if due(l.settled(), c.now) {
			l.ackedAt = time.Time{}
			l.forgetInvites(l.acked + 1)
		}
		if due(l.askedBy(), c.now) {
			c.notDescribed(l)
		}
		if l.state == legAnswered && due(l.lostBy, c.now) {
			c.lostLong(l)
		}
		if l.ports == streamOpening && due(l.openBy, c.now) {
			c.noMedia(l, "the engine did not answer")
		}
	}
	if c.identity == nil && due(c.knownBy, c.now) {
		c.log.Error("call without a record", "err", "the store did not answer")
		c.identified(Identity{})
	}
	if due(c.attempts.deadline, c.now) {
		c.attemptsExpired()
	}
	if due(c.attempts.silentAt, c.now) {
		c.attemptSilent()
	}
	if c.state < callEnding && c.route.Script != nil && due(c.route.Script.Deadline(), c.now) {
		c.queue(Expired{})
	}
	if due(c.talkEnds, c.now) {
		c.talkOver()
	}
	if due(c.expects, c.now) {
		c.notHanded()
	}
	if due(c.placeBy, c.now) {
		c.turnAway(sip.StatusCallDoesNotExist)
	}
	if c.origin != nil && due(c.origin.waitsBy, c.now) {
		c.originLapsed()
	}
	if due(c.ears.until, c.now) {
		c.earsUnanswered()
	}
	if due(c.closeAt, c.now) {
		c.closeAgain()
	}
	if due(c.drainBy, c.now) {
		c.abandonStreams()
	}
}

func due(deadline, now time.Time) bool { return !deadline.IsZero() && !deadline.After(now) }

// rearm sets the one timer to the earliest deadline of the call.
func (c *Call) rearm() {
	next := earliest(c.attempts.silentAt, c.attempts.deadline)
	next = earliest(next, c.drainBy)
	next = earliest(next, c.closeAt)
	next = earliest(next, c.talkEnds)
	next = earliest(earliest(next, c.expects), c.placeBy)
	next = earliest(next, c.ears.until)
	if c.origin != nil {
		next = earliest(next, c.origin.waitsBy)
	}
	if c.state < callEnding && c.route.Script != nil {
		next = earliest(next, c.route.Script.Deadline())
	}
	for _, l := range c.legs {
		if l.usage != nil {
			next = earliest(next, l.usage.Deadline())
			next = earliest(next, l.settled())
		}
		next = earliest(next, l.askedBy())
		if l.state == legAnswered {
			next = earliest(next, l.lostBy)
		}
		if l.ports == streamOpening {
			next = earliest(next, l.openBy)
		}
	}
	if c.identity == nil {
		next = earliest(next, c.knownBy)
	}
	if next.IsZero() {
		c.timer.Stop()
		return
	}
	c.timer.Reset(max(0, time.Until(next)))
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
