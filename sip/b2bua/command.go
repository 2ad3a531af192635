package b2bua

import "time"

// Command is what others want of a call: one of the structs below, given to Switch.Post.
type Command interface{ command() }

type (
	// OfferAgent asks the call to ring an agent's endpoint. The call answers with Queues.Accept or Queues.Decline.
	OfferAgent struct {
		Item     string
		Offer    string
		Epoch    uint64
		Agent    string
		Endpoint string
		Deadline time.Time
	}
	// WithdrawOffer takes an offer back: it expired, or the agent signed out.
	WithdrawOffer struct{ Offer string }
	// ConnectOffer tells that the accepted offer is durable: bridge now.
	ConnectOffer struct{ Offer string }
	// LeftQueue tells that the item left the queue other than to an agent: closed, full, no_staff, timed_out, cancelled.
	LeftQueue struct{ Item, Outcome string }
	// TellWaiting gives the caller's script its position and honest waiting times; 0 is unknown.
	TellWaiting struct {
		Item string
		QueueWaiting
	}
	// EndCall hangs everybody up.
	EndCall struct {
		Kind Kind
		By   string
	}
	// RecordCall starts, pauses, resumes or stops the recording of the caller and whom he talks to.
	RecordCall struct{ Do RecordDo }
)

// RecordDo says what RecordCall wants.
type RecordDo uint8

// The recording commands.
const (
	RecordStart RecordDo = iota + 1
	RecordPause
	RecordResume
	RecordStop
)

func (OfferAgent) command()    {}
func (WithdrawOffer) command() {}
func (ConnectOffer) command()  {}
func (LeftQueue) command()     {}
func (TellWaiting) command()   {}
func (EndCall) command()       {}
func (RecordCall) command()    {}

// onCommand performs what others want.
func (c *Call) onCommand(m Command) {
	switch m := m.(type) {
	case OfferAgent:
		c.offered(m)
	case WithdrawOffer:
		c.withdrawn(m)
	case ConnectOffer:
		c.connectOffer(m)
	case LeftQueue:
		c.leftQueue(m)
	case TellWaiting:
		if c.item.state == itemWaiting && m.Item == c.item.id {
			c.queue(m.QueueWaiting)
		}
	case EndCall:
		c.hangup(m.Kind, m.By)
	case RecordCall:
		c.recordCommand(m.Do)
	}
}
