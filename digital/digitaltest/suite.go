package digitaltest

import (
	"testing"
	"time"

	"tandem/digital"
)

// Fault is how a provider treats the next message that it is given.
type Fault uint8

// The faults. Take is none.
const (
	Take    Fault = iota
	NotNow        // refused for now: it may be tried again
	NotEver       // refused for good
	Silent        // taken, but the answer never comes: the connection is lost behind it
)

// Took is a message that the provider took.
type Took struct {
	Key      string // the Outgoing's Key, where the protocol carries it
	To, Text string
	External string // the provider's id of it
}

// Provider is the far side of an adapter in the hand of a test.
type Provider interface {
	// Deliver hands a customer's message to the adapter as the provider does and waits for the adapter's answer; an error means
	// that it was not acknowledged and may be repeated with the same id.
	Deliver(id, from, to, text string) error
	// Next sets how the next message is treated.
	Next(f Fault)
	// Took gives the messages that the provider has taken, in order, each time it took them.
	Took() []Took
	// Tell lets the provider report what became of a message that it took: Delivered or Failed.
	Tell(external string, d digital.Delivery) error
}

// Rig is an adapter and its provider.
type Rig struct {
	Adapter  digital.Adapter
	Provider Provider
	Ours     string // an address of ours at the provider
	Theirs   string // a customer's address there, as a Tel identity's value
}

// Make makes a rig whose adapter gives what comes in to the inlet.
type Make func(t *testing.T, inlet digital.Inlet) Rig

// patience is how long a test waits for what must come.
const patience = 15 * time.Second

// Run tests an adapter.
func Run(t *testing.T, rig Make) {
	for _, c := range []struct {
		name string
		run  func(*testing.T, *stage)
	}{
		{"in_order", inOrder},
		{"repeats", repeats},
		{"not_stored", notStored},
		{"out_in_order", outInOrder},
		{"refused_for_now", refusedForNow},
		{"refused_for_good", refusedForGood},
		{"silent", silent},
		{"receipts", receipts},
		{"strange_texts", strangeTexts},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(t, newStage(t, rig)) })
	}
}
