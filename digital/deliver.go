package digital

import (
	"strings"
	"time"
)

// outbox is what goes to the customer by an adapter: in order, one message at a time, so that the provider gets them in order.
type outbox struct {
	queue    []Message // the first is on its way, or waits to be tried again
	retry    []bool    // of the same index: it may have been sent before
	try      int       // of the first
	busy     bool      // the adapter has it and has not answered
	deadline time.Time // when its answer is given up, or when it is tried again
}

func (c *conversation) adapter() Adapter { return c.hub.adapters[c.arrival.Channel] }

// toCustomer brings a durable message of ours on its way.
func (c *conversation) toCustomer(m Message, retry bool) {
	if m.From == Agent && !retry && (c.state == convAgent || c.state == convParked) && m.Actor == c.item.agent {
		c.tellQueues(c.hub.Queues.AgentSpoke(c.item.id, c.item.epoch))
	}
	if c.adapter() == nil {
		return // whoever follows the conversation has it already
	}
	c.out.queue, c.out.retry = append(c.out.queue, m), append(c.out.retry, retry)
	if len(c.out.queue) == 1 {
		c.send()
	}
}

// send gives the first message to the adapter.
func (c *conversation) send() {
	o := &c.out
	if len(o.queue) == 0 || o.busy {
		return
	}
	m := o.queue[0]
	o.try++
	seq, try := m.Seq, o.try
	o.busy, o.deadline = true, c.now.Add(c.hub.cfg.SendWait)
	err := c.adapter().Send(Outgoing{
		Conversation: c.id, Record: c.identity.Record, Seq: m.Seq, Key: c.messageKey(m.Seq), To: c.address(), From: c.arrival.To, Thread: c.providerThread(),
		Text: m.Text, Choices: m.Choices, Attachment: m.Attachment, At: m.At, Retry: o.retry[0] || try > 1,
	}, func(r Result) { c.answer(sent{seq: seq, try: try, result: r}) })
	if err != nil {
		c.sent(sent{seq: seq, try: try, result: Result{State: Failed, Reason: "busy", Again: c.hub.cfg.SendPause << min(try-1, 10)}})
	}
}

// providerThread is the thread as the provider named it.
func (c *conversation) providerThread() string {
	_, thread, _ := strings.Cut(c.arrival.Thread, "|t|")
	return thread
}

// sent takes the adapter's answer. One that comes after we gave up still counts, if it knows better.
func (c *conversation) sent(s sent) {
	o := &c.out
	if len(o.queue) == 0 || o.queue[0].Seq != s.seq || o.try != s.try || !o.busy {
		c.progressed(s.seq, s.result)
		return
	}
	if s.result.State == Queued || s.result.State > Uncertain {
		s.result = Result{State: Uncertain, Reason: noAnswer}
	}
	c.concluded(s.seq, s.result)
}

// noAnswer is the reason of a message of which the provider has said nothing.
const noAnswer = "no_answer"

// concluded ends a try: the message is tried again if that can help and does no harm, else its fate is what was said.
func (c *conversation) concluded(seq uint64, r Result) {
	o := &c.out
	o.busy, o.deadline = false, time.Time{}
	repeats := r.State == Uncertain && c.adapter().Idempotent(c.arrival.To)
	if repeats && r.Again == 0 {
		r.Again = c.hub.cfg.SendPause << min(o.try-1, 10)
	}
	if (r.State == Failed || repeats) && r.Again > 0 && o.try < c.hub.cfg.SendTries {
		c.remember(seq, r.External)
		o.deadline = c.now.Add(r.Again)
		return
	}
	c.progressed(seq, r)
	c.next()
}

// next forgets the first message and sends the one behind it.
func (c *conversation) next() {
	o := &c.out
	o.queue, o.retry, o.try, o.busy, o.deadline = o.queue[1:], o.retry[1:], 0, false, time.Time{}
	if len(o.queue) == 0 {
		o.queue, o.retry = nil, nil
	}
	c.send()
}

// sendDue goes on when the adapter did not answer in time, or a pause is over.
func (c *conversation) sendDue() {
	o := &c.out
	o.deadline = time.Time{}
	if len(o.queue) == 0 {
		return
	}
	if o.busy {
		c.concluded(o.queue[0].Seq, Result{State: Uncertain, Reason: noAnswer})
		return
	}
	c.send()
}

// progressed notes what has become of a message, if it is news.
func (c *conversation) progressed(seq uint64, r Result) {
	c.remember(seq, r.External)
	m := c.lines.at(seq)
	if m != nil && !further(m.Delivery, r.State) || seq == 0 || seq > c.lines.last {
		return
	}
	if m != nil {
		m.Delivery, m.Reason = r.State, r.Reason
	}
	c.hub.metrics.delivery.WithLabelValues(r.State.String()).Inc()
	c.paper.waiting = append(c.paper.waiting, line{event: c.deliveryEvent(seq, r, c.now)})
	c.publish(Update{Kind: Progress, From: System, Seq: seq, Delivery: r.State, Reason: r.Reason})
}

// remember finds a message by the provider's id when news of it comes.
func (c *conversation) remember(seq uint64, external string) {
	if external != "" {
		c.hub.externals.put(string(c.arrival.Channel)+"|"+external, reference{c.id, seq})
	}
}

// reported takes news of the provider about a message that it took. One that waits to be sent again need not be: the provider had it.
func (c *conversation) reported(r reported) {
	c.progressed(r.seq, Result{State: r.report.State, Reason: r.report.Reason})
	if o := &c.out; len(o.queue) > 0 && o.queue[0].Seq == r.seq && !o.busy && r.report.State >= Delivered {
		c.next()
	}
}

// further tells whether a message that stands at from may come to be at to.
func further(from, to Delivery) bool {
	switch {
	case from == Failed:
		return false
	case to == Failed || to == Uncertain:
		return from != to && (from <= Sent || from == Uncertain)
	case from == Uncertain:
		return to >= Sent
	}
	return to > from
}
