package b2bua

import (
	"fmt"
	"runtime/debug"

	"tandem/media"
	"tandem/store/journey"
)

// step moves the call's machine and performs what the row says, except telling the script, which needs to know what.
func (c *Call) step(on callEvent) callDo {
	to, do, ok := callMachine.Step(c.state, on)
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
	c.checkEars()
	if c.state == callEnding {
		c.endWhenEmpty()
	}
	c.publish()
}

// endWhenEmpty journals the end once the record is known and all recordings and streams have given their figures, and ends the
// owner once all dialogs are over.
func (c *Call) endWhenEmpty() {
	if !c.expects.IsZero() || len(c.finishing) > 0 || c.identity == nil && !c.knownBy.IsZero() {
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
	switch {
	case c.item.state != itemNone:
		ev.Item, ev.Epoch = c.item.id, c.item.epoch
	case c.origin != nil:
		ev.Item, ev.Epoch = c.origin.Item.ID, c.origin.Epoch
	}
	if err := c.sw.journal.Append(ev); err != nil {
		c.sw.metrics.journalLost.Inc()
		c.log.Error("event not journaled", "kind", kind, "err", err)
	}
}
