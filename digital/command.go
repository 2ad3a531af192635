package digital

import "time"

// Command is what others want of a conversation: one of the structs below, given to Hub.Post.
type Command interface{ command() }

// What the dispatcher says.
type (
	// OfferAgent tells that the item is offered to an agent. The desk answers it; the conversation declines it only when it is over.
	OfferAgent struct {
		Item     string
		Offer    string
		Epoch    uint64
		Agent    string
		Deadline time.Time
	}
	// WithdrawOffer tells that an offer is over without a yes.
	WithdrawOffer struct{ Offer string }
	// ConnectOffer tells that the accepted offer is durable: the agent has the conversation. MediaUp answers it.
	ConnectOffer struct {
		Item  string
		Offer string
		Epoch uint64
		Agent string
		Name  string // as the customer may see it
	}
	// LeftQueue tells that the item left the queue other than to an agent: closed, full, no_staff, timed_out, cancelled.
	LeftQueue struct{ Item, Outcome string }
	// TellWaiting gives position (1 is next) and honest waiting times; 0 is unknown.
	TellWaiting struct {
		Item     string
		Position int
		P50, P80 time.Duration
	}
	// Requeued tells that the item waits again: its agent was lost or did not answer, or it was transferred. Why is a closed word.
	Requeued struct {
		Item  string
		Epoch uint64
		Why   string
	}
	// Parked tells that the item sleeps.
	Parked struct{ Item string }
	// Woken tells that a parked item is its agent's again.
	Woken struct {
		Item  string
		Epoch uint64
	}
	// ItemOver tells that the item has ended otherwise than by this conversation.
	ItemOver struct{ Item, Outcome string }
	// Adopt tells after a restart what the dispatcher knows of an item: State is waiting, agent or parked.
	Adopt struct {
		Item  string
		Epoch uint64
		Agent string
		State string
	}
)

// What the customer does beside writing.
type (
	// CustomerTyping says that the customer types, or stopped.
	CustomerTyping struct{ On bool }
	// CustomerRead says that the customer has read up to a message.
	CustomerRead struct{ Seq uint64 }
	// CustomerGot says that the customer's device has got up to a message.
	CustomerGot struct{ Seq uint64 }
	// CustomerPresent says that the customer's device is connected, or not.
	CustomerPresent struct{ On bool }
	// CustomerLeft says that the customer ended the conversation.
	CustomerLeft struct{}
	// CustomerCalls asks for a voice.
	CustomerCalls struct{}
)

// WishDone answers a CallbackWanted or LinkWanted for which ErrLater was said.
type WishDone struct {
	ID   int
	Item string // callback: the waiting item that has become it, and is the conversation's no more; empty: none
	Err  error
	Text string // for the customer; may be empty
}

// EndConversation closes a conversation. By is agent, customer or system; Why a closed word.
type EndConversation struct{ By, Why string }

// Tell says something to the customer as the system.
type Tell struct{ ID, Text string }

func (OfferAgent) command()      {}
func (WithdrawOffer) command()   {}
func (ConnectOffer) command()    {}
func (LeftQueue) command()       {}
func (TellWaiting) command()     {}
func (Requeued) command()        {}
func (Parked) command()          {}
func (Woken) command()           {}
func (ItemOver) command()        {}
func (Adopt) command()           {}
func (CustomerTyping) command()  {}
func (CustomerRead) command()    {}
func (CustomerGot) command()     {}
func (CustomerPresent) command() {}
func (CustomerLeft) command()    {}
func (CustomerCalls) command()   {}
func (WishDone) command()        {}
func (EndConversation) command() {}
func (Tell) command()            {}
