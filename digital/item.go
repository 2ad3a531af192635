package digital

import (
	"cmp"
	"strconv"
	"strings"

	"tandem/digital/wording"
)

// item is what a conversation knows of its work item; the dispatcher owns the truth.
type item struct {
	id       string
	epoch    uint64
	agent    string // who has it
	name     string // the agent's, as the customer may see it
	position int
	message  bool // its customer need not wait
}

// enqueue makes the customer a work item. A dispatcher that takes nothing counts as a full queue.
func (c *conversation) enqueue(a Enqueue) {
	if c.item.id != "" || c.state != convFlow {
		return
	}
	c.items++
	medium := cmp.Or(a.Medium, c.medium())
	c.item = item{id: c.id + "-" + strconv.Itoa(c.items), message: medium == mediumMessage}
	err := c.hub.Queues.Enqueue(WorkItem{
		ID: c.item.id, Conversation: c.id, Record: c.identity.Record, Channel: c.arrival.Channel, Medium: medium, At: c.now,
		Queue: a.Queue, Skills: a.Skills, Attributes: a.Attributes, Priority: a.Priority, MaxWait: a.MaxWait,
		Customer: c.customerName(), Prefer: cmp.Or(a.Prefer, c.lastAgent),
	})
	if err != nil {
		c.tellQueues(err)
		c.item = item{}
		c.cause(QueueEnded{Outcome: "full"})
		return
	}
	c.step(convOnEnqueue)
}

// The media of work items: a customer of a chat waits at his page.
const (
	mediumChat    = "chat"
	mediumMessage = "message"
)

func (c *conversation) medium() string {
	if c.adapter() == nil {
		return mediumChat
	}
	return mediumMessage
}

func (c *conversation) customerName() string {
	if c.facts != nil && c.facts.Name != "" {
		return Clean(c.facts.Name)
	}
	return cmp.Or(c.identity.Name, c.address())
}

func (c *conversation) address() string {
	if len(c.arrival.Identities) > 0 {
		return c.arrival.Identities[0].Value
	}
	return ""
}

// ours tells whether a command speaks of our item. After a restart, when no script runs, an item of ours that the dispatcher still
// has becomes the conversation's again.
func (c *conversation) ours(id string) bool {
	if c.item.id == "" && c.state == convOpen && strings.HasPrefix(id, c.id+"-") {
		c.item.id = id
	}
	return id != "" && id == c.item.id && c.state != convClosed
}

// offered notes that an agent is asked. The desk answers; only a conversation that does not want the item any more declines.
func (c *conversation) offered(o OfferAgent) {
	if !c.ours(o.Item) {
		c.tellQueues(c.hub.Queues.Decline(o, "gone"))
		return
	}
	c.item.epoch = o.Epoch
	if c.state == convOpen {
		c.step(convOnEnqueue)
	}
}

// connected gives the conversation to an agent: the assignment is durable.
func (c *conversation) connected(m ConnectOffer) {
	if !c.ours(m.Item) {
		if c.state == convClosed {
			c.tellQueues(c.hub.Queues.End(m.Item, string(Customer)))
		}
		return
	}
	c.item.epoch, c.item.agent, c.item.name, c.item.position = m.Epoch, m.Agent, m.Name, 0
	c.lastAgent = m.Agent
	c.step(convOnConnect)
	c.tellQueues(c.hub.Queues.MediaUp(c.item.id, c.item.epoch))
	c.notice(wording.Fill(c.words(c.hub.cfg.Notices.Joined), "agent", cmp.Or(m.Name, c.words(wording.Someone))))
	c.cause(PeerAnswered{Agent: m.Agent})
}

// requeued makes a conversation wait whose agent is gone.
func (c *conversation) requeued(m Requeued) {
	if !c.ours(m.Item) || c.state != convAgent && c.state != convParked {
		return
	}
	c.item.epoch, c.item.agent, c.item.name, c.item.position = max(m.Epoch, c.item.epoch), "", "", 0
	c.step(convOnRequeue)
	c.notice(c.words(c.hub.cfg.Notices.Requeued))
}

// leftQueue goes on when the item left the queue by the dispatcher's will.
func (c *conversation) leftQueue(m LeftQueue) {
	if c.ours(m.Item) && (c.state == convWaiting || c.state == convOpen) {
		c.back(QueueEnded{Outcome: m.Outcome}, m.Outcome)
	}
}

// itemOver goes on when the item has ended without us.
func (c *conversation) itemOver(m ItemOver) {
	switch {
	case !c.ours(m.Item):
	case c.state == convWaiting:
		c.back(QueueEnded{Outcome: m.Outcome}, m.Outcome)
	case c.state == convAgent || c.state == convParked:
		c.back(PeerEnded{Why: m.Outcome}, "")
	default:
		c.item = item{}
	}
}

// back is the way out of the queue: to the script, or, where none runs any more, to the notice that says why.
func (c *conversation) back(ev ScriptEvent, outcome string) {
	if c.script != nil {
		c.step(convOnBack)
		c.cause(ev)
		return
	}
	c.item = item{}
	c.step(convOnFree)
	c.notice(c.words(c.hub.cfg.Notices.refusal(outcome)))
}

// refusal is what a customer is told whom a queue did not take or keep.
func (n *Notices) refusal(outcome string) string {
	switch outcome {
	case "closed", "no_staff":
		return n.Closed
	case "timed_out":
		return n.TimedOut
	case "full":
		return n.Full
	}
	return ""
}

// waits tells place and time, if they are better than what was told or new. A customer who need not wait gets no message about it: he
// would have one for each place.
func (c *conversation) waits(m TellWaiting) {
	if !c.ours(m.Item) || c.state != convWaiting {
		return
	}
	c.item.position = m.Position
	c.publish(Update{Kind: Waiting, Position: m.Position, P50: m.P50, P80: m.P80})
	if !c.item.message {
		c.cause(QueueWaiting{Position: m.Position, P50: m.P50, P80: m.P80})
	}
}

// adopt takes up after a restart what the dispatcher still has.
func (c *conversation) adopt(m Adopt) {
	if !c.ours(m.Item) {
		return
	}
	c.item.epoch = max(c.item.epoch, m.Epoch)
	switch {
	case m.State == "waiting" && c.state == convOpen:
		c.step(convOnEnqueue)
	case m.State == "waiting":
		c.requeued(Requeued{Item: m.Item, Epoch: m.Epoch})
	case m.State == "agent", m.State == "parked":
		c.item.agent, c.lastAgent = m.Agent, m.Agent
		c.step(convOnConnect)
		if m.State == "parked" {
			c.step(convOnPark)
		}
	}
}

// takeBack ends the work item because it is not wanted any more.
func (c *conversation) takeBack() {
	if c.state != convWaiting {
		return
	}
	c.tellQueues(c.hub.Queues.Leave(c.item.id))
	if c.script != nil {
		c.step(convOnBack)
		return
	}
	c.step(convOnFree)
}

// endItem ends the item with the conversation; the agent's wrap-up begins.
func (c *conversation) endItem(by string) {
	switch c.state {
	case convWaiting:
		c.tellQueues(c.hub.Queues.Leave(c.item.id))
	case convAgent, convParked:
		if by != string(Customer) && by != string(Agent) {
			by = string(System)
		}
		c.tellQueues(c.hub.Queues.End(c.item.id, by))
	}
}

// tellQueues logs a command that the dispatcher did not take. Its own deadlines repair what is lost.
func (c *conversation) tellQueues(err error) {
	if err != nil {
		c.hub.metrics.queueBusy.Inc()
		c.log.Error("dispatcher did not take a command", "err", err)
	}
}

// notice is what the house says. Who is not connected is not told: an SMS costs money and interrupts.
func (c *conversation) notice(text string) {
	if text != "" && c.adapter() == nil {
		c.speak(System, text, nil, nil)
	}
}
