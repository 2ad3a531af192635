package b2bua

import (
	"fmt"
	"strings"
	"time"

	"tandem/media"
	"tandem/store/journey"
)

// orderWait bounds how long Order waits for a call's owner.
const orderWait = time.Second

// maxDigits bounds the keys of one SendDigits.
const maxDigits = 32

// ordered is a command whose giver waits for a word.
type ordered struct {
	cmd   Command
	reply chan<- error // takes one word without waiting
}

// Order gives a call a command and waits, at most a second, until its owner has begun it or says why it cannot be: ErrNoCall,
// ErrBusy, ErrNotNow or ErrNoTarget. What becomes of a Transfer afterwards is in the call's record.
func (s *Switch) Order(call string, m Command) error {
	c, ok := s.calls.get(call)
	if !ok {
		return fmt.Errorf("call %s: %w", call, ErrNoCall)
	}
	reply := make(chan error, 1)
	if !c.post(ordered{m, reply}) {
		return fmt.Errorf("call %s: %w", call, ErrBusy)
	}
	select {
	case err := <-reply:
		return err
	case <-time.After(orderWait):
		return fmt.Errorf("call %s: %w", call, ErrBusy)
	}
}

// order performs a command that may not be possible now.
func (c *Call) order(m Command) error {
	switch m := m.(type) {
	case Hold:
		return c.park(m.By)
	case Resume:
		return c.unpark(m.By)
	case SendDigits:
		return c.sendDigits(m)
	case Transfer:
		return c.transfer(m)
	case RecordCall:
		if c.state != callConnected || c.peer == nil || c.sw.cfg.Recordings == "" {
			return c.notNow("nothing to record")
		}
	}
	c.onCommand(m)
	return nil
}

func (c *Call) notNow(why string) error { return fmt.Errorf("call %s: %s: %w", c.id, why, ErrNotNow) }

// side is the leg of one who talks, nil while nobody does.
func (c *Call) side(s Side) *leg {
	switch {
	case c.state != callConnected || c.peer == nil:
		return nil
	case s == Callers:
		return c.caller
	case s == Peers:
		return c.peer
	}
	return nil
}

// park parts the two who talk without a word to their phones: the other side of who wants it hears music.
func (c *Call) park(by Side) error {
	l := c.side(by)
	if l == nil {
		return c.notNow("nobody talks")
	}
	if l.parks {
		return nil
	}
	l.parks = true
	c.media(media.Disconnect{Stream: c.caller.stream})
	c.journal(journey.Held, c.actorOf(l), map[string]string{journey.DataLeg: l.name})
	c.replay()
	return nil
}

// unpark connects them again, unless the other side parks too.
func (c *Call) unpark(by Side) error {
	l := c.side(by)
	if l == nil || !l.parks {
		return c.notNow("not held")
	}
	l.parks = false
	c.journal(journey.Resumed, c.actorOf(l), map[string]string{journey.DataLeg: l.name})
	other := c.other(l)
	if !other.parks {
		c.media(media.Connect{A: c.caller.stream, B: c.peer.stream})
		c.replay()
		return nil
	}
	if !l.quiet() {
		c.media(media.Stop{Stream: other.stream, Play: ownPlay})
	}
	return nil
}

// replay gives music to each side whose other side is not to be heard; a Connect or Disconnect has stopped it.
func (c *Call) replay() {
	for _, l := range []*leg{c.caller, c.peer} {
		if l.quiet() {
			c.music(c.other(l))
		}
	}
}

func (c *Call) sendDigits(m SendDigits) error {
	l := c.side(m.To)
	switch {
	case l == nil:
		return c.notNow("nobody talks")
	case m.Digits == "" || len(m.Digits) > maxDigits || strings.Trim(m.Digits, "0123456789*#ABCD") != "":
		return c.notNow("not keys")
	}
	c.media(media.SendDigits{Stream: l.stream, Digits: m.Digits})
	return nil
}

// transfer performs a transfer by command: as a REFER of that side would, but nobody is told how it goes.
func (c *Call) transfer(m Transfer) error {
	l := c.side(m.By)
	switch {
	case l == nil || c.refer != nil:
		return c.notNow("no talk to be transferred")
	case (m.To == "") == (m.Call == ""):
		return c.notNow("a target or a call")
	case l.target.endpoint == "":
		return c.notNow("only a phone of this site can transfer")
	}
	r := referral{leg: l, target: presentable(m.To), call: m.Call}
	if c.judge(&r) >= 300 {
		return fmt.Errorf("call %s: transfer to %q: %w", c.id, m.To, ErrNoTarget)
	}
	if other, ok := c.sw.calls.get(m.Call); m.Call != "" && (!ok || other == c) {
		return fmt.Errorf("call %s: transfer to call %q: %w", c.id, m.Call, ErrNoCall)
	}
	c.refer = &r
	c.startReferral(l)
	return nil
}
