package callback

import (
	"time"

	"tandem/store/journey"
)

// Queue is the dispatcher as the planner sees it. An error says that the order was not taken.
type Queue interface {
	Book(Booking) error
	// Unreached says that an attempt came to nothing: the item is dormant for its gap, or ends.
	Unreached(item string, epoch uint64, reason string) error
	// Postpone makes the item dormant until a time, without counting an attempt.
	Postpone(item string, from time.Time, reason string) error
	// Join has the customer of a dormant item, who is on the line in a call, wait at the item's place. The booking is what the item
	// was, and is again where no agent was free for him: see Unserved.
	Join(b Booking, call string) error
	Cancel(item, reason string) error
	// Foresee asks for a Forecast of a dormant item.
	Foresee(item string) error
}

// Dialer places calls or opens conversations. An error says that nothing was begun.
type Dialer interface {
	Dial(Attempt) error
	// Hangup ends an attempt that is under way; no Outcome need follow.
	Hangup(attempt string)
}

// Journal takes lines for the records of callbacks.
type Journal interface{ Append(journey.Event) }

// Rules are asked before a number is called. Nil functions allow everything.
type Rules struct {
	// Number makes a number E.164; without one it must be so already.
	Number func(string) (string, error)
	// Hours tells whether a number may be called at a time, and if not from when on; a zero time is never.
	Hours func(number string, at time.Time) (open bool, next time.Time)
	// OptedOut tells whether a number must not be called.
	OptedOut func(number string) bool
}

// Config is how callbacks are made. Zero fields take the default in brackets.
type Config struct {
	Window time.Duration // where the request has none [24h]
	Ring   time.Duration // of the customer's side [40s]
	Lead   time.Duration // customer first: dialled when an agent is predicted within [30s]
	Look   time.Duration // between forecasts [10s]
	Ahead  int           // customer first: at most so many of a queue are looked at [20]
	Limit  int           // live callbacks [10000]
}

func (c Config) effective() Config {
	c.Window = or(c.Window, 24*time.Hour)
	c.Ring = or(c.Ring, 40*time.Second)
	c.Lead = or(c.Lead, 30*time.Second)
	c.Look = or(c.Look, 10*time.Second)
	c.Ahead = or(c.Ahead, 20)
	c.Limit = or(c.Limit, 10000)
	return c
}

func or[T comparable](v, d T) T {
	var zero T
	if v == zero {
		return d
	}
	return v
}
