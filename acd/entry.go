package acd

import (
	"strconv"
	"time"

	"tandem/store/journey"
)

// queueModeSet is the kind of the entry that a change of a queue's mode leaves. It belongs to no record.
const queueModeSet journey.Kind = "queue-mode"

// Entry is one decision as the journal keeps it. The fold of all entries is the durable part of the state (see Image).
type Entry struct {
	Seq         uint64       `json:"seq"` // gapless over the dispatcher
	At          time.Time    `json:"at"`
	Kind        journey.Kind `json:"kind"`
	Item        string       `json:"item,omitempty"`
	Record      string       `json:"record,omitempty"`
	Interaction string       `json:"interaction,omitempty"`
	Media       Media        `json:"media,omitempty"`
	Epoch       uint64       `json:"epoch,omitempty"`
	Queue       string       `json:"queue,omitempty"`
	Agent       string       `json:"agent,omitempty"`
	State       string       `json:"state,omitempty"` // of the item, agent or queue afterwards
	Reason      string       `json:"reason,omitempty"`
	T0          time.Time    `json:"t0,omitzero"` // where it changed
	Customer    string       `json:"customer,omitempty"`
	Spec        *Item        `json:"spec,omitempty"`      // when enqueued or refused, or where it changed
	Named       *Named       `json:"named,omitempty"`     // when queued: the agents who are asked alone
	Recovered   bool         `json:"recovered,omitempty"` // when queued: an agent was lost
}

// Journal makes entries durable. Append may return before they are; done is called exactly once, from any goroutine. Calls
// come one after the other, and may be made durable together. An error ends the dispatcher.
type Journal interface {
	Append(entries []Entry, done func(error))
}

// Event is the entry as a line of its record's timeline; ok is false for entries without a record.
func (e Entry) Event() (ev journey.Event, ok bool) {
	if e.Record == "" {
		return journey.Event{}, false
	}
	ev = journey.Event{
		Record: e.Record, At: e.At, Kind: e.Kind, Channel: e.Media.Channel(), Interaction: e.Interaction,
		Item: e.Item, Epoch: e.Epoch, Actor: "system", Privacy: journey.PublicOp,
		Key:  "acd/" + strconv.FormatUint(e.Seq, 10),
		Data: map[string]string{"queue": e.Queue, "state": e.State},
	}
	if e.Reason != "" {
		ev.Data["reason"] = e.Reason
	}
	if e.Agent != "" {
		ev.Data["agent"] = e.Agent
		switch e.Kind {
		case journey.Accepted, journey.OfferDeclined, journey.WrapUpEnded:
			ev.Actor = "agent:" + e.Agent
		}
	}
	return ev, true
}
