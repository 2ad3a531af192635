package smsc

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/digital/smpp/pdu"
)

// Config says who may bind and how much is kept. Zero values mean the defaults in brackets.
type Config struct {
	Name     string            // system_id in answers [tandem-smsc]
	Accounts map[string]string // system_id → password
	Sessions int               // connections at once; above it they are closed [64]
	Backlog  int               // messages of handsets that wait for an ESME; above it ErrFull [10000]
	Window   int               // deliver_sm without an answer, for each session [10]

	BindWait   time.Duration // a connection that does not bind for so long is closed [10s]
	AnswerWait time.Duration // a deliver_sm without an answer for so long: the session is closed, the message goes again [10s]
	IdleWait   time.Duration // a session that is silent for so long is closed [2m]
	RetryPause time.Duration // before a message that the ESME refused for now goes again [1s]
	Receipts   time.Duration // from a message's acknowledgement to its receipt [500ms]
}

// Deps are what a Server needs of others.
type Deps struct {
	Log      *slog.Logger
	Registry prometheus.Registerer // nil: no figures
	Taken    func(Taken)           // never waits; nil: messages are taken and forgotten
}

// Taken is a message that an ESME submitted and that the server took.
type Taken struct {
	ID      string
	System  string // system_id of the ESME
	At      time.Time
	Message *pdu.Message // must not be changed
}

// MO is a message of a handset.
type MO struct {
	From, To string
	Text     string
	System   string // deliver to this ESME only; empty: to any that receives
	Source   uint8  // type of number of From [international for digits with +, else national; the + is dropped]
}

// Faults are the ways to misbehave. A number n means: each n-th time; 0: never.
type Faults struct {
	Throttle    int           // submit_sm answered ESME_RTHROTTLED
	Refuse      int           // submit_sm answered ESME_RSUBMITFAIL
	DropBefore  int           // submit_sm: the connection ends before it is taken
	DropAfter   int           // submit_sm: taken, and the connection ends in the middle of the answer
	DropDeliver int           // deliver_sm: the connection ends right after it was sent
	Double      int           // a handset's message is delivered twice
	Delay       time.Duration // of the answer to each submit_sm
	Mute        bool          // enquire_link is not answered
	Dedupe      bool          // a submit_sm with the same addresses, text and user_message_reference as before is answered with the old id
	Unreachable []string      // numbers whose messages end with UNDELIV
}

func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = "tandem-smsc"
	}
	for _, n := range []struct {
		value  *int
		preset int
	}{{&c.Sessions, 64}, {&c.Backlog, 10000}, {&c.Window, 10}} {
		if *n.value == 0 {
			*n.value = n.preset
		}
	}
	for _, d := range []struct {
		value  *time.Duration
		preset time.Duration
	}{
		{&c.BindWait, 10 * time.Second}, {&c.AnswerWait, 10 * time.Second}, {&c.IdleWait, 2 * time.Minute},
		{&c.RetryPause, time.Second}, {&c.Receipts, 500 * time.Millisecond},
	} {
		if *d.value == 0 {
			*d.value = d.preset
		}
	}
	return c
}

// Validate reports all faults.
func (c Config) Validate() error {
	var faults []error
	if len(c.Accounts) == 0 {
		faults = append(faults, errors.New("accounts: nobody could bind"))
	}
	for id, password := range c.Accounts {
		if id == "" || len(id) > 15 {
			faults = append(faults, fmt.Errorf("accounts: system_id %q is not 1 to 15 octets", id))
		}
		if len(password) > 8 {
			faults = append(faults, fmt.Errorf("accounts: password of %q is longer than 8 octets", id))
		}
	}
	if c.Sessions < 0 || c.Backlog < 0 || c.Window < 0 {
		faults = append(faults, errors.New("sessions, backlog and window are not negative"))
	}
	if c.BindWait < 0 || c.AnswerWait < 0 || c.IdleWait < 0 || c.RetryPause < 0 || c.Receipts < 0 {
		faults = append(faults, errors.New("times are not negative"))
	}
	return errors.Join(faults...)
}

// ErrFull means that the backlog is full, ErrClosed that the server has ended, ErrText that a text or a number cannot be sent.
var (
	ErrFull   = errors.New("backlog full")
	ErrClosed = errors.New("message centre closed")
	ErrText   = errors.New("message cannot be sent")
)
