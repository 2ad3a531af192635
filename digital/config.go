package digital

import (
	"errors"
	"fmt"
	"time"

	"tandem/digital/wording"
)

// Config sets limits and manners of the hub.
type Config struct {
	Conversations int // in memory at once; above it ErrFull [20000]
	Messages      int // of one conversation; above it the conversation is closed and another begins [10000]
	Kept          int // newest messages of a conversation in memory; older ones are read from the record [200]
	Mailbox       int // what may wait for one conversation; above it ErrBusy [64]

	Resident  time.Duration // a parked conversation without item or feed leaves memory after so long [10m]
	ChatIdle  time.Duration // a chat without agent that nobody writes in is closed after so long [30m]
	ChatAway  time.Duration // a chat whose visitor is gone leaves the queue and is closed after so long [5m]
	ChatEmpty time.Duration // an agent's chat whose visitor is gone and has said nothing is closed after so long [30s]
	SendWait  time.Duration // a provider that does not answer for so long leaves a message uncertain [30s]
	SendTries int           // of one message that the provider refuses for now [5]
	SendPause time.Duration // before the second try; doubles [2s]
	LoadWait  time.Duration // a store that does not answer for so long refuses the messages that wait [5s]

	Notices Notices
	// Words gives a notice in a language of customers ("" where theirs is unknown); nil: as it is.
	Words func(language, text string) string
}

// Notices are what the house itself says to customers. An empty one is not said.
type Notices struct {
	Joined   string // an agent has the conversation; {agent} is the name
	Requeued string // the agent is gone, it waits again
	Ended    string // the agent ended it
	Closed   string // the queue is closed now
	Full     string // the queue takes nobody
	TimedOut string // nobody came
	Noted    string // said by NewDirect when a message was left for later
	Waiting  string // said by NewDirect when it enqueues
	Position string // said by NewDirect when the place is known or better; {position}
}

// In gives the notices in another language.
func (n Notices) In(words func(text string) string) Notices {
	for _, text := range []*string{&n.Joined, &n.Requeued, &n.Ended, &n.Closed, &n.Full, &n.TimedOut, &n.Noted, &n.Waiting, &n.Position} {
		*text = words(*text)
	}
	return n
}

// Defaults returns the configuration of a small site.
func Defaults() Config {
	return Config{
		Conversations: 20000, Messages: 10000, Kept: 200, Mailbox: 64,
		Resident: 10 * time.Minute, ChatIdle: 30 * time.Minute, ChatAway: 5 * time.Minute, ChatEmpty: 30 * time.Second,
		SendWait: 30 * time.Second, SendTries: 5, SendPause: 2 * time.Second, LoadWait: 5 * time.Second,
		Notices: Notices{
			Joined: wording.Joined, Requeued: wording.Requeued, Ended: wording.Ended, Closed: wording.Closed, Full: wording.Full,
			TimedOut: wording.TimedOut, Noted: wording.Noted, Waiting: wording.Waiting, Position: wording.Position,
		},
	}
}

// Validate reports all faults.
func (c *Config) Validate() error {
	var faults []error
	for _, n := range []struct {
		name        string
		value, most int
	}{
		{"conversations", c.Conversations, 1_000_000}, {"messages", c.Messages, 100_000}, {"kept", c.Kept, 10_000},
		{"mailbox", c.Mailbox, 4096}, {"send_tries", c.SendTries, 100},
	} {
		if n.value < 1 || n.value > n.most || n.name == "mailbox" && n.value < 8 {
			faults = append(faults, fmt.Errorf("%s: %d is not between 1 and %d, or a mailbox below 8", n.name, n.value, n.most))
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"resident", c.Resident}, {"chat_idle", c.ChatIdle}, {"chat_away", c.ChatAway}, {"chat_empty", c.ChatEmpty},
		{"send_wait", c.SendWait}, {"send_pause", c.SendPause}, {"load_wait", c.LoadWait},
	} {
		if d.value <= 0 {
			faults = append(faults, fmt.Errorf("%s: %s is not above zero", d.name, d.value))
		}
	}
	return errors.Join(faults...)
}
