package callback

import "time"

// Event is what happens to callbacks. The set is closed: the types of this file.
type Event interface{ apply(*Plans) }

// Ask brings a request. What is decided at once comes as an Answer effect with the request's ID.
type Ask struct{ Request Request }

// Cancel says that a callback is not wanted any more. By is "customer", "agent", "api" or "system".
type Cancel struct{ Item, By string }

// Offered says that an agent has been offered a callback, and is to be rung.
type Offered struct {
	Item, Offer     string
	Epoch           uint64
	Agent, Endpoint string
	Deadline        time.Time
	Live            Live // what the item is, should the planner not know it yet: after a restart an offer may be first
}

// Withdrawn says that an offer or an assignment is over.
type Withdrawn struct {
	Item  string
	Epoch uint64
}

// Result tells the outcome of an attempt. Call is the customer's, where he answered.
type Result struct {
	Attempt string
	Outcome Outcome
	Call    string
}

// Unserved says that a customer who was reached first has waited in vain: the item is a dormant callback again, and the queue has
// been told of the attempt.
type Unserved struct{ Item string }

// WisherGone says that the customer for whom a callback is held is on the line no more.
type WisherGone struct{ Item string }

// Forecast answers Foresee. Free is how many agents could take the item at once, Ahead how many callers wait before it.
type Forecast struct {
	Item        string
	Free, Ahead int
	P50         time.Duration
	Known       bool
}

// Ended says that an item has ended, or that the queue has refused it.
type Ended struct {
	Item    string
	Outcome string // "done", "expired", "failed", "refused", ...
	Reason  string
}

// Restore brings the callbacks that the queue has after a restart.
type Restore struct{ Items []Live }

// Tick lets deadlines pass.
type Tick struct{}

// Effect is what is to be done.
type Effect interface{ perform(*Owner) }

type (
	// Book asks the queue for an item.
	Book struct{ Booking Booking }
	// Answer says what has become of a request: Refused is empty if it was booked.
	Answer struct {
		ID      string
		Refused string
		From    time.Time // when the window begins
	}
	dial      struct{ attempt Attempt }
	hangup    struct{ attempt string }
	unreached struct {
		item   string
		epoch  uint64
		reason string
	}
	postpone struct {
		item, reason string
		from         time.Time
	}
	join struct {
		booking Booking
		call    string
	}
	drop    struct{ item, reason string }
	foresee struct{ item string }
	counted struct{ outcome Outcome }
)
