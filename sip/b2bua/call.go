package b2bua

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"tandem/media"
	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/transaction"
	"tandem/store/journey"
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
	view    atomic.Pointer[CallView]

	// What follows belongs to the owner's goroutine.
	now       time.Time
	todo      []any // what the event being handled has caused, in order
	arrival   Arrival
	identity  *Identity // nil until the record is known
	knownBy   time.Time // when the call goes on without a record
	route     Route
	state     callState
	caller    *leg
	legs      []*leg
	born      int // legs so far
	attempts  attempts
	peer      *leg // whom the caller is bridged to
	echo      bool // the caller is bridged to itself
	item      item
	play      media.PlayID // what the script plays to the caller
	rec       recording
	finishing []recording // stopped, but the engine has not said so yet
	ladder    ladder
	kind      Kind
	begun     bool // the beginning was journaled
	journaled bool // the end was
	by        string
	goneBy    string // who left the talk, until the script hears of something else: he ended the call if it ends now
	answered  time.Time
	talkEnds  time.Time // when the talk with the peer has lasted as long as it may
	ringBack  bool      // the answered caller hears that a target rings
	closeAt   time.Time // when streams that the engine was too busy to close are tried again
	drainBy   time.Time // when closing streams are given up
	crashes   int
}

// run is the owner: it handles one event after the other until nothing of the call is left.
func (c *Call) run() {
	defer c.sw.wg.Done()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for c.state != callEnded {
		select {
		case m := <-c.mail:
			c.handle(m)
		case <-timer.C:
			c.handle(expired{})
		}
		c.rearm(timer)
	}
}

// handle performs one event and everything that it causes. A panic ends this call and nothing else.
func (c *Call) handle(m any) {
	defer func() {
		if r := recover(); r != nil {
			c.crashed(r)
		}
	}()
	c.now = time.Now()
	c.todo = append(c.todo, m)
	for i := 0; i < len(c.todo); i++ {
		c.dispatch(c.todo[i])
	}
	clear(c.todo)
	c.todo = c.todo[:0]
	if c.flooded.Load() && c.state < callEnding {
		c.sw.metrics.floods.Inc()
		c.hangup(Internal, "system")
	}
	c.settle()
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
	said       struct {
		leg *leg
		ev  dialog.Event
	}
)

func (c *Call) dispatch(m any) {
	switch m := m.(type) {
	case invited:
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
	if c.state < callEnding && c.route.Script != nil && due(c.route.Script.Deadline(), c.now) {
		c.queue(Expired{})
	}
	if due(c.talkEnds, c.now) {
		c.log.Info("talk limit reached")
		c.dismiss()
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
func (c *Call) rearm(t *time.Timer) {
	next := earliest(time.Time{}, c.attempts.deadline)
	next = earliest(next, c.drainBy)
	next = earliest(next, c.closeAt)
	next = earliest(next, c.talkEnds)
	if c.state < callEnding && c.route.Script != nil {
		next = earliest(next, c.route.Script.Deadline())
	}
	for _, l := range c.legs {
		if l.usage != nil {
			next = earliest(next, l.usage.Deadline())
			next = earliest(next, l.settled())
		}
		if l.ports == streamOpening {
			next = earliest(next, l.openBy)
		}
	}
	if c.identity == nil {
		next = earliest(next, c.knownBy)
	}
	if next.IsZero() {
		t.Stop()
		return
	}
	t.Reset(max(0, time.Until(next)))
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// step moves the call's machine and performs what the row says, except telling the script, which needs to know what.
func (c *Call) step(on callEvent) callDo {
	to, do, ok := stepCall(c.state, on)
	if !ok {
		return 0
	}
	c.log.Debug("call state", "from", c.state, "on", on, "to", to)
	c.state = to
	if do&callForget != 0 {
		c.sw.forget(c)
	}
	return do
}

// settle ends the call when nothing is left of it, and publishes its view.
func (c *Call) settle() {
	if c.state == callEnding {
		c.endWhenEmpty()
	}
	c.publish()
}

// endWhenEmpty journals the end once the record is known and all recordings and streams have given their figures, and ends the owner once all dialogs are over.
func (c *Call) endWhenEmpty() {
	if len(c.finishing) > 0 || c.identity == nil && !c.knownBy.IsZero() {
		return
	}
	dialogs := false
	for _, l := range c.legs {
		if l.ports != streamNone {
			return
		}
		dialogs = dialogs || l.usage != nil
	}
	c.journalEnd()
	if !dialogs {
		c.step(callOnEmpty)
	}
}

// crashed ends a call whose owner panicked. If the ending panics too, the call is dropped as it stands.
func (c *Call) crashed(r any) {
	c.sw.metrics.panics.Inc()
	c.log.Error("call crashed", "err", fmt.Sprint(r), "stack", string(debug.Stack()))
	clear(c.todo)
	c.todo = c.todo[:0]
	c.crashes++
	if c.crashes > 1 {
		c.drop()
		return
	}
	c.handle(EndCall{Kind: Internal, By: "system"})
}

// drop forgets a call that could not even be ended. Its peers find out by their own timers; what it held is given back.
func (c *Call) drop() {
	for _, l := range c.legs {
		l.target.release()
		for _, x := range l.clients {
			x.tx.Release()
		}
		if l.ports == streamOpen {
			_ = c.sw.engine.Do(media.Close{Stream: l.stream})
		}
		c.sw.streams.remove(l.stream)
	}
	c.state = callEnded
	c.sw.forget(c)
}

// record is the ID of the call's record, "" while there is none.
func (c *Call) record() string {
	if c.identity == nil {
		return ""
	}
	return c.identity.Record
}

// journal writes an event of this call into its record.
func (c *Call) journal(kind journey.Kind, actor string, data map[string]string) {
	if c.identity == nil || c.identity.Record == "" {
		return
	}
	ev := journey.Event{Record: c.identity.Record, At: c.now, Kind: kind, Channel: journey.Voice, Interaction: c.id, Actor: actor, Data: data}
	if c.item.state != itemNone {
		ev.Item, ev.Epoch = c.id, c.item.epoch
	}
	if err := c.sw.journal.Append(ev); err != nil {
		c.sw.metrics.journalLost.Inc()
		c.log.Error("event not journaled", "kind", kind, "err", err)
	}
}
