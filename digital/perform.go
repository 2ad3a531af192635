package digital

import (
	"strings"
	"time"

	"tandem/store/journey"
)

// onCommand performs what others want.
func (c *conversation) onCommand(m Command) {
	switch m := m.(type) {
	case OfferAgent:
		c.offered(m)
	case WithdrawOffer: // the dispatcher knows; the item waits on
	case ConnectOffer:
		c.connected(m)
	case LeftQueue:
		c.leftQueue(m)
	case TellWaiting:
		c.waits(m)
	case Requeued:
		c.requeued(m)
	case Parked:
		if c.ours(m.Item) {
			c.step(convOnPark)
		}
	case Woken:
		c.wakes(m)
	case ItemOver:
		c.itemOver(m)
	case Adopt:
		c.adopt(m)
	case WishDone:
		c.wishDone(m)
	case EndConversation:
		c.close(m.By, m.Why)
	case Tell:
		if c.state != convClosed {
			c.write(line{msg: &Message{ID: m.ID, Conversation: c.id, At: c.now, From: System, Text: Clean(m.Text)}})
		}
	default:
		c.onCustomer(m)
	}
}

func (c *conversation) wakes(m Woken) {
	if c.ours(m.Item) && c.state == convParked {
		c.item.epoch = max(c.item.epoch, m.Epoch)
		c.step(convOnWake)
	}
}

// onCustomer performs what the customer does beside writing.
func (c *conversation) onCustomer(m Command) {
	switch m := m.(type) {
	case CustomerTyping:
		c.publish(Update{Kind: TypingNow, From: Customer, On: m.On})
	case CustomerRead:
		c.read(m.Seq)
	case CustomerGot:
		c.got(m.Seq)
	case CustomerPresent:
		c.presence(m.On)
	case CustomerLeft:
		c.close(string(Customer), "left")
	case CustomerCalls:
		if c.state != convClosed {
			_ = c.wantCall(string(Customer)) // told by the update
		}
	}
}

func (c *conversation) presence(on bool) {
	if c.present == on {
		return
	}
	c.present = on
	if !on {
		c.awaySince = c.now
	}
	c.show()
	c.publish(Update{Kind: Presence, On: on})
}

// read notes how far the customer has read.
func (c *conversation) read(seq uint64) {
	if seq = min(seq, c.lines.last); seq <= c.seen.by {
		return
	}
	c.upTo(seq, c.seen.by, Read)
	c.seen.by, c.seen.got = seq, max(c.seen.got, seq)
}

// got notes how far the customer's device has received.
func (c *conversation) got(seq uint64) {
	if seq = min(seq, c.lines.last); seq <= c.seen.got {
		return
	}
	c.upTo(seq, c.seen.got, Delivered)
	c.seen.got = seq
}

// upTo marks our messages after from up to seq and writes one event for them, if there is one among them.
func (c *conversation) upTo(seq, from uint64, d Delivery) {
	var last uint64
	for s := from + 1; s <= seq; s++ {
		if m := c.lines.at(s); m != nil && m.Outbound() && further(m.Delivery, d) {
			m.Delivery, last = d, s
		}
	}
	if last == 0 {
		return
	}
	e := c.deliveryEvent(last, Result{State: d}, c.now)
	e.Actor = string(Customer)
	c.paper.waiting = append(c.paper.waiting, line{event: e})
	c.publish(Update{Kind: Progress, From: Customer, Seq: last, Delivery: d})
}

// acted performs what the agent who owns the item does beside writing.
func (c *conversation) acted(op AgentOp) error {
	if err := c.fence(op.Item, op.Epoch, op.Agent); err != nil {
		return err
	}
	switch op.Do {
	case AgentClose:
		return c.agentCloses()
	case AgentPark:
		return c.hub.Queues.Park(c.item.id, c.item.epoch)
	case AgentTransfer:
		if !strings.HasPrefix(op.To, "queue:") && !strings.HasPrefix(op.To, "agent:") || len(op.To) > journey.MaxID {
			return ErrInvalid
		}
		return c.hub.Queues.Transfer(c.item.id, c.item.epoch, op.To, op.Reason)
	case AgentCall:
		return c.wantCall(actor(Agent, op.Agent))
	case AgentTyping:
		c.publish(Update{Kind: TypingNow, From: Agent, Agent: op.Agent, On: op.On})
	case AgentRead:
		c.agentRead(op)
	default:
		return ErrInvalid
	}
	return nil
}

// agentCloses ends the agent's part: the script goes on (a survey), or the conversation ends.
func (c *conversation) agentCloses() error {
	if err := c.hub.Queues.End(c.item.id, string(Agent)); err != nil {
		return err
	}
	c.notice(c.words(c.hub.cfg.Notices.Ended))
	if c.script != nil {
		c.goneBy = string(Agent)
		c.step(convOnBack)
		c.cause(PeerEnded{Why: string(Agent)})
		return nil
	}
	c.step(convOnFree)
	c.close(string(Agent), "completed")
	return nil
}

func (c *conversation) agentRead(op AgentOp) {
	seq := min(op.Seq, c.lines.last)
	if seq <= c.seen.byUs {
		return
	}
	c.seen.byUs = seq
	e := c.deliveryEvent(seq, Result{State: Read}, time.Time{})
	e.At, e.Actor = c.now, actor(Agent, op.Agent)
	c.paper.waiting = append(c.paper.waiting, line{event: e})
	c.publish(Update{Kind: Progress, From: Agent, Agent: op.Agent, Seq: seq, Delivery: Read})
}
