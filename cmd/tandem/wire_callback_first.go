package main

import (
	"time"

	"tandem/acd"
	"tandem/digital/callback"
	"tandem/media"
	"tandem/sip/b2bua"
)

// This file is customers who are reached before an agent: the customer is dialled, and waits as a caller in the place of his callback
// until an agent answers, or goes back to being called where none does in time.

// line is such a customer.
type line struct {
	attempt string
	booking callback.Booking // what the item was before he was there
	joined  bool             // he is there, and the planner knows
	back    bool             // the item is asked to be a callback again
}

// callbackMode is a configured word as the planner's.
func callbackMode(first string) callback.Mode {
	if first == "customer" {
		return callback.CustomerFirst
	}
	return callback.AgentFirst
}

// dialFirst dials a customer. What is shown to him is our number, what is shown to the agent later is his.
func (d *callbackDoor) dialFirst(a callback.Attempt, to b2bua.Destination) error {
	o := b2bua.Origin{
		Ref: a.ID, Identity: b2bua.Identity{Record: a.Record}, First: to, Ring: a.Ring, Flow: "callback",
		Item: b2bua.WorkItem{ID: a.Item, Queue: a.Queue, Record: a.Record}, Script: newHoldScript(a, d.music(a.Queue), d.hold),
	}
	o.ShowTo[0] = b2bua.Party{Number: d.from, Trunk: d.from}
	o.ShowTo[1] = b2bua.Party{Number: a.Number, Name: "Callback"}
	d.mu.Lock()
	if d.first == nil {
		d.first = map[string]*line{}
	}
	d.first[a.Item] = &line{attempt: a.ID} // before the call can tell of it
	d.mu.Unlock()
	call, err := d.calls().Originate(o)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		delete(d.first, a.Item)
		return err
	}
	d.live[a.Item] = call
	return nil
}

// originatedFirst takes what became of a call to a customer who was to be reached first; false if it was another call.
func (d *callbackDoor) originatedFirst(o b2bua.Originated) bool {
	d.mu.Lock()
	l := d.first[o.Item]
	ours := l != nil && l.attempt == o.Ref
	missed := ours && o.Stage == b2bua.Failed && !l.joined
	if ours && (o.Stage == b2bua.Failed || o.Stage == b2bua.Done) {
		delete(d.first, o.Item)
	}
	d.mu.Unlock()
	if missed {
		d.tell(callback.Result{Attempt: o.Ref, Outcome: customerOutcome(o.Kind), Call: o.Call})
	}
	return ours
}

// enqueued takes the item of a customer who has answered and waits from now on; false if it is none of ours. The planner has it join.
func (d *callbackDoor) enqueued(w b2bua.WorkItem) (ours bool, err error) {
	d.mu.Lock()
	l := d.first[w.ID]
	if l != nil {
		l.joined, d.live[w.ID] = true, w.Call
	}
	d.mu.Unlock()
	if l == nil {
		return false, nil
	}
	if err := d.owner.Post(callback.Result{Attempt: l.attempt, Outcome: callback.Unknown, Call: w.Call}); err != nil {
		d.mu.Lock()
		l.joined = false
		d.mu.Unlock()
		return true, err
	}
	return true, nil
}

// Join implements callback.Queue: the dormant callback becomes a caller's item, with its time.
func (d *callbackDoor) Join(b callback.Booking, call string) error {
	d.mu.Lock()
	if l := d.first[b.Item]; l != nil {
		l.booking = b
	}
	d.mu.Unlock()
	return d.queue().Post(acd.Convert{Item: b.Item, Media: acd.Voice, Customer: b.Customer, Interaction: call, Attempts: b.Attempts, Gap: b.Gap})
}

// waitsFirst tells whether an item's customer was reached first and waits.
func (d *callbackDoor) waitsFirst(item string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.first[item]
	return l != nil && l.joined
}

// giveBack makes the item of a customer who has waited in vain a callback again; givenBack or keptOn answers his call.
func (d *callbackDoor) giveBack(w b2bua.CallbackWish) error {
	d.mu.Lock()
	l := d.first[w.Item]
	if l == nil || !l.joined || l.booking.Item == "" {
		d.mu.Unlock()
		return acd.ErrStopped
	}
	b := l.booking
	l.back = true
	d.mu.Unlock()
	return d.queue().Post(acd.Convert{Item: b.Item, Media: acd.Callback, Customer: b.Customer, Interaction: b.Interaction, From: b.From, Until: b.Until,
		Attempts: b.Attempts, Gap: b.Gap, Aside: true})
}

// givenBack counts the attempt: the item sleeps for its gap, or has been tried often enough.
func (d *callbackDoor) givenBack(item string) {
	call, ok := d.backAnswered(item, true)
	if !ok {
		return
	}
	d.tell(callback.Unserved{Item: item})
	if err := d.Unreached(item, 0, string(callback.NoAgent)); err != nil {
		d.log.Error("attempt in vain not counted", "item", item, "err", err)
	}
	d.calls().Post(call, b2bua.CallbackAnswer{Item: item, Booked: true})
}

// keptOn lets a customer wait on whose item could not be given back: an agent is rung for him. False: there was no such wish.
func (d *callbackDoor) keptOn(item string) bool {
	call, ok := d.backAnswered(item, false)
	if ok {
		d.calls().Post(call, b2bua.CallbackAnswer{Item: item, Why: "offered"})
	}
	return ok
}

// backAnswered ends a wish to give an item back, and tells whose call it was.
func (d *callbackDoor) backAnswered(item string, done bool) (call string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.first[item]
	if l == nil || !l.back {
		return "", false
	}
	l.back = false
	l.joined = !done
	return d.live[item], true
}

// waitedFirst finds the customers whom a restart has cut off while they waited: their items outlive the calls, and are callbacks again.
func waitedFirst(r *acd.Restore) (list []acd.Convert) {
	im, err := acd.Fold(r.Image, r.Entries)
	if err != nil {
		return nil // the dispatcher says so
	}
	for _, x := range im.Items {
		waits := x.State == acd.ItemQueued || x.State == acd.ItemOffered || x.State == acd.ItemConnecting
		b, ok := liveCallback(x.Item).Again()
		if !waits || !ok || x.Item.Media != acd.Voice || len(list) == maxAgain {
			continue
		}
		if r.Alive == nil {
			r.Alive = map[string]bool{}
		}
		r.Alive[x.Item.ID] = true
		list = append(list, acd.Convert{Item: b.Item, Media: acd.Callback, Customer: b.Customer, Interaction: b.Interaction, From: b.From, Until: b.Until,
			Attempts: b.Attempts, Gap: b.Gap, Aside: true})
	}
	return list
}

// maxAgain bounds them: what follows a restore must find room in the dispatcher's mailbox.
const maxAgain = 500

// Prompts of a customer who was reached first.
const (
	promptHold  = "callback/hold"
	promptAgain = "callback/again" // nobody is free, we call again
	promptSorry = "callback/sorry" // nobody is free, and that was the last attempt
)

// holdAgain is when a customer whom an agent was rung for, in vain, is asked about anew.
const holdAgain = 5 * time.Second

// holdScript is what a customer hears who was called before an agent: that he shall hold, music, and after a while that we call again.
type holdScript struct {
	item, queue, music string
	hold               time.Duration
	parting            string    // prompt where nobody was free
	until              time.Time // of the wait; zero: he does not wait, or has asked
	served             bool      // an agent is there
	parted             bool      // goodbye is said
}

// Plays of a holdScript.
const (
	holdPlay media.PlayID = iota + 1
	holdMusic
	holdParting
)

func newHoldScript(a callback.Attempt, music string, hold time.Duration) *holdScript {
	s := &holdScript{item: a.Item, queue: a.Queue, music: music, hold: hold, parting: promptAgain}
	if a.Last {
		s.parting = promptSorry
	}
	return s
}

// Step implements b2bua.Script.
func (s *holdScript) Step(ev b2bua.ScriptEvent, now time.Time) []b2bua.Action {
	switch ev := ev.(type) {
	case b2bua.Started:
		return []b2bua.Action{b2bua.Answer{}}
	case b2bua.Answered:
		s.until = now.Add(s.hold)
		return []b2bua.Action{b2bua.Enqueue{Queue: s.queue, Item: s.item}, b2bua.Play{ID: holdPlay, Items: items([]string{promptHold})}}
	case b2bua.PlayEnded:
		return s.played(ev)
	case b2bua.Expired:
		if !s.until.IsZero() && !now.Before(s.until) {
			s.until = time.Time{}
			return []b2bua.Action{b2bua.AskCallback{}}
		}
	case b2bua.CallbackAnswered:
		if ev.Booked {
			return s.part(s.parting)
		}
		s.until = now.Add(holdAgain)
	case b2bua.PeerAnswered:
		s.until, s.served = time.Time{}, true
	case b2bua.QueueEnded:
		return s.part(promptSorry)
	case b2bua.PeerEnded:
		return []b2bua.Action{b2bua.HangUp{Kind: ev.Kind}}
	}
	return nil
}

// played goes on with music after the prompt, unless something else has stopped it.
func (s *holdScript) played(ev b2bua.PlayEnded) []b2bua.Action {
	switch {
	case ev.Play == holdPlay && ev.Why != media.PlayStopped && !s.served && !s.parted:
		return []b2bua.Action{b2bua.Play{ID: holdMusic, Items: items([]string{s.music}), Loop: true}}
	case ev.Play == holdParting:
		return []b2bua.Action{b2bua.HangUp{Kind: b2bua.Normal}}
	}
	return nil
}

// part says goodbye.
func (s *holdScript) part(prompt string) []b2bua.Action {
	s.until, s.parted = time.Time{}, true
	return []b2bua.Action{b2bua.Play{ID: holdParting, Items: items([]string{prompt})}}
}

// Deadline implements b2bua.Script.
func (s *holdScript) Deadline() time.Time { return s.until }
