package sms

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/digital"
	"tandem/store/journey"
)

// Config sets the channel's rules. Zero values mean the defaults in brackets.
type Config struct {
	Senders  []string      // our numbers; a customer always sees the same one
	Country  string        // of national numbers, ISO 3166, e.g. "DE"; empty: only + numbers are identities
	Rate     float64       // messages a second of each sender; 0: no limit
	LineWait time.Duration // a message that would wait longer for its sender's turn is put off [10s]
	Waiting  int           // messages in all lines; above it they are put off [2000]
	Segments int           // of one text; above it it is refused [10]
	Plain    bool          // smart quotes and dashes become plain where that saves segments
	Attested bool          // the provider vouches for senders' numbers
	Keywords []Keywords    // [Languages()]
	Replies  Replies
}

// Replies are what the keywords are answered with; an empty one is not answered. {sender} is our number.
type Replies struct{ Stop, Start, Help string }

// Door is what the adapter needs of the hub; *digital.Hub is one.
type Door interface {
	Receive(in digital.Inbound, done func(digital.Receipt)) error
	Report(r digital.Report) bool
}

// Quiet tells when a message may go: the zero time means now. It must not wait.
type Quiet interface {
	Until(o digital.Outgoing, now time.Time) time.Time
}

// OptOuts remembers who does not want messages. Numbers are E.164, or as they came where they are not numbers.
type OptOuts interface {
	OptedOut(number string) bool
	// Change makes a wish durable; done is called exactly once when nil was returned, from any goroutine.
	Change(c Change, done func(error)) error
}

// Change is a customer's wish about messages, with the message that it was said by.
type Change struct {
	Number   string
	Out      bool // no more messages
	Ours     string
	Text     string
	External string
	At       time.Time
}

// Carrier moves texts to and from a provider.
type Carrier interface {
	// Run works until ctx ends; what arrives is given to up.
	Run(ctx context.Context, up Upward) error
	// Submit takes a text. It never waits; done is called exactly once when nil was returned, from any goroutine, never before
	// Submit has returned.
	Submit(t Text, done func(digital.Result)) error
	// Idempotent tells whether a text of a sender of ours whose fate is unknown is submitted again, with its Key: the provider drops
	// repeats, or twice was chosen over never.
	Idempotent(sender string) bool
}

// Upward takes what a Carrier gets of its provider; *Adapter is one. Its methods never wait.
type Upward interface {
	// Arrived takes a customer's message. done is called exactly once, from any goroutine: nil when it is durable (or was before),
	// else the provider should send it again later.
	Arrived(a Arrival, done func(error))
	// Fared takes news of a message that was sent.
	Fared(r digital.Report)
}

// Text is a message on its way to a Carrier.
type Text struct {
	Key      string
	From, To string
	Text     string
	Until    time.Time // not to be sent after this
}

// Arrival is a customer's message.
type Arrival struct {
	External string // the provider's id of it
	From, To string // numbers, with + where international
	Text     string
	At       time.Time // the provider's; zero: now
}

// Deps are what an Adapter needs of others.
type Deps struct {
	Log      *slog.Logger
	Registry prometheus.Registerer // nil: no figures
	Carrier  Carrier
	OptOuts  OptOuts
	Quiet    Quiet // nil: never quiet
}

func (c Config) withDefaults() Config {
	if c.LineWait == 0 {
		c.LineWait = 10 * time.Second
	}
	if c.Waiting == 0 {
		c.Waiting = 2000
	}
	if c.Segments == 0 {
		c.Segments = 10
	}
	if c.Keywords == nil {
		c.Keywords = Languages()
	}
	return c
}

// Validate reports all faults.
func (c Config) Validate() error {
	var faults []error
	if len(c.Senders) == 0 {
		faults = append(faults, errors.New("senders: there is none"))
	}
	for i, s := range c.Senders {
		if s == "" || len(s) > 20 {
			faults = append(faults, fmt.Errorf("senders[%d]: %q is not 1 to 20 characters", i, s))
		}
	}
	if c.Country != "" && (len(c.Country) != 2 || strings.ToUpper(c.Country) != c.Country) {
		faults = append(faults, fmt.Errorf("country: %q is not two capital letters", c.Country))
	}
	if c.Rate < 0 || c.LineWait < 0 || c.Waiting < 0 || c.Segments < 0 {
		faults = append(faults, errors.New("rate, line_wait, waiting and segments are not negative"))
	}
	if c.Segments > 255 {
		faults = append(faults, fmt.Errorf("segments: %d is above 255", c.Segments))
	}
	return errors.Join(faults...)
}

// Channel is the channel that the adapter carries.
func (a *Adapter) Channel() journey.Channel { return journey.SMS }
