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
	// CallbackAnswer answers a CallbackWish.
	CallbackAnswer struct {
		Item   string
		Booked bool
		Why    string
	}
	// LinkAnswer answers a LinkWish.
	LinkAnswer struct {
		ID  int
		Why string // not sent; empty: it is on its way
	}
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
	// Hold parks a talk on behalf of one side: the other hears music and neither hears the other, until Resume.
	Hold struct{ By Side }
	// Resume ends a Hold of the same side.
	Resume struct{ By Side }
	// SendDigits sends keys to one side, as the other would.
	SendDigits struct {
		To     Side
		Digits string // 0-9 * # A-D, at most 32
	}
	// Transfer gives whom By talks to another partner: a target as Router knows it, or whom By talks to in another call of his. By
	// leaves when it has come about; a target that does not answer gives the talk back to him.
	Transfer struct {
		By   Side
		To   string // target of a blind transfer
		Call string // or the call of an attended one
	}
)

// Side is one of the two who talk.
type Side uint8

// The sides of a talk.
const (
	Callers Side = iota + 1 // who called, or was reached first by an originated call
	Peers                   // whom the caller talks to: an agent, a phone, a number
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

func (OfferAgent) command()     {}
func (WithdrawOffer) command()  {}
func (ConnectOffer) command()   {}
func (LeftQueue) command()      {}
func (CallbackAnswer) command() {}
func (LinkAnswer) command()     {}
func (TellWaiting) command()    {}
func (EndCall) command()        {}
func (RecordCall) command()     {}
func (Hold) command()           {}
func (Resume) command()         {}
func (SendDigits) command()     {}
func (Transfer) command()       {}

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
	case LinkAnswer:
		c.queue(LinkAnswered(m))
	case CallbackAnswer:
		c.callbackAnswered(m)
	case EndCall:
		c.hangup(m.Kind, m.By)
	case RecordCall:
		c.recordCommand(m.Do)
	default:
		if err := c.order(m); err != nil {
			c.log.Debug("command not possible", "err", err)
		}
	}
}
