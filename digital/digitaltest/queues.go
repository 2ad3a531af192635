package digitaltest

import (
	"strings"

	"tandem/digital"
)

// What a House notes of commands to the dispatcher, beside digital.WorkItem.
type (
	// Left is Queues.Leave.
	Left struct{ Item string }
	// Declined is Queues.Decline.
	Declined struct {
		Offer  digital.OfferAgent
		Reason string
	}
	// Up is Queues.MediaUp.
	Up struct {
		Item  string
		Epoch uint64
	}
	// Over is Queues.End.
	Over struct{ Item, By string }
	// Slept is Queues.Park.
	Slept struct {
		Item  string
		Epoch uint64
	}
	// Moved is Queues.Transfer.
	Moved struct {
		Item, To, Reason string
		Epoch            uint64
	}
	// CustomerSpoke is Queues.CustomerSpoke.
	CustomerSpoke struct{ Item string }
	// AgentSpoke is Queues.AgentSpoke.
	AgentSpoke struct {
		Item  string
		Epoch uint64
	}
)

func (h *House) command(m any) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy {
		return ErrDown
	}
	h.queue = append(h.queue, m)
	h.changedLocked()
	return nil
}

// Commands gives what the dispatcher was told, in order: digital.WorkItem and the types of this file.
func (h *House) Commands() []any {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]any(nil), h.queue...)
}

// Enqueue implements digital.Queues, as do the methods that follow.
func (h *House) Enqueue(w digital.WorkItem) error { return h.command(w) }

// Leave is Queues.Leave.
func (h *House) Leave(item string) error { return h.command(Left{item}) }

// Decline is Queues.Decline.
func (h *House) Decline(o digital.OfferAgent, reason string) error {
	return h.command(Declined{o, reason})
}

// MediaUp is Queues.MediaUp.
func (h *House) MediaUp(item string, epoch uint64) error { return h.command(Up{item, epoch}) }

// End is Queues.End.
func (h *House) End(item, by string) error { return h.command(Over{item, by}) }

// Park is Queues.Park.
func (h *House) Park(item string, epoch uint64) error { return h.command(Slept{item, epoch}) }

// Transfer is Queues.Transfer.
func (h *House) Transfer(item string, epoch uint64, to, reason string) error {
	return h.command(Moved{item, to, reason, epoch})
}

// CustomerSpoke is Queues.CustomerSpoke.
func (h *House) CustomerSpoke(item string) error { return h.command(CustomerSpoke{item}) }

// AgentSpoke is Queues.AgentSpoke.
func (h *House) AgentSpoke(item string, epoch uint64) error {
	return h.command(AgentSpoke{item, epoch})
}

// router implements digital.Router by the house's Route.
type router struct{ house *House }

// Route implements digital.Router.
func (r router) Route(s digital.Situation) digital.Route {
	if r.house.Route == nil {
		return digital.Route{}
	}
	return r.house.Route(s)
}

// Text implements digital.Texts.
func (h *House) Text(prompts []string, _ string) string {
	if h.Spoken != nil {
		return h.Spoken(prompts)
	}
	return strings.Join(prompts, " ")
}

func (h *House) wish(w any) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy {
		return ErrDown
	}
	h.wishes = append(h.wishes, w)
	h.changedLocked()
	if h.Later {
		return digital.ErrLater
	}
	return nil
}

// Wishes gives what conversations wanted of other rooms.
func (h *House) Wishes() []any {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]any(nil), h.wishes...)
}

// CallWanted implements digital.Wishes, as do the methods that follow.
func (h *House) CallWanted(w digital.CallWanted) error { return h.wish(w) }

// CallbackWanted is Wishes.CallbackWanted.
func (h *House) CallbackWanted(w digital.CallbackWanted) error { return h.wish(w) }

// LinkWanted is Wishes.LinkWanted.
func (h *House) LinkWanted(w digital.LinkWanted) error { return h.wish(w) }
