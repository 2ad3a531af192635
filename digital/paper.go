package digital

import (
	"strconv"
	"time"

	"tandem/store/journey"
)

// maxLines bounds what may wait for the journal in one conversation; maxBatch what goes there at once.
const (
	maxLines = 256
	maxBatch = 128
	// paperPause is how long the journal is left alone after it could not write.
	paperPause = time.Second
)

// line is one event on its way into the record; with msg a message, which has its Seq from when it is handed to the journal.
type line struct {
	event  journey.Event
	msg    *Message
	done   []func(Receipt) // who waits for it; more than one where a message was repeated meanwhile
	came   time.Time
	say    *int      // the script's Say that it performs
	plain  string    // of a secret: what only the script may know
	source time.Time // the provider's time
	opened func(Opened)
}

// paper is what a conversation writes: one batch at a time, so that a sequence is given only when all before it is durable.
type paper struct {
	waiting, writing []line
	doubt            bool // the last batch failed: only the record knows what it holds
	retryAt          time.Time
}

func (p *paper) empty() bool { return len(p.waiting) == 0 && len(p.writing) == 0 }

// find gives the message of a sender that is not durable yet.
func (p *paper) find(from From, id string) *line {
	for _, list := range [][]line{p.writing, p.waiting} {
		for i := range list {
			if m := list[i].msg; m != nil && m.From == from && m.ID == id {
				return &list[i]
			}
		}
	}
	return nil
}

// write takes a message. It is known to nobody before it is durable.
func (c *conversation) write(l line) {
	m := l.msg
	if seen, ok := c.lines.ids[idKey(m.From, m.ID)]; ok {
		c.hub.metrics.duplicates.Inc()
		l.answer(Receipt{Conversation: c.id, Seq: seen.seq, At: time.Unix(0, seen.at), Duplicate: true})
		return
	}
	if first := c.paper.find(m.From, m.ID); first != nil && len(first.done) < maxRepeats {
		c.hub.metrics.duplicates.Inc()
		first.done = append(first.done, l.done...)
		return
	}
	if err := c.admit(m); err != nil {
		c.lost(l, err)
		return
	}
	l.event = c.messageEvent(m)
	if err := l.event.Validate(); err != nil { // one bad event would hold up all behind it
		c.log.Error("message cannot be stored", "err", err)
		c.lost(l, ErrInvalid)
		return
	}
	if !l.source.IsZero() {
		l.event.Data[dataSource] = l.source.UTC().Format(time.RFC3339Nano)
	}
	l.came = c.now
	c.paper.waiting = append(c.paper.waiting, l)
}

// maxRepeats bounds how many repeats of one message wait for its receipt.
const maxRepeats = 16

// admit tells whether there is room for a message and nothing wrong with it.
func (c *conversation) admit(m *Message) error {
	if err := m.validate(); err != nil {
		return err
	}
	if len(c.paper.waiting) >= maxLines || m.Outbound() && len(c.out.queue) >= maxLines {
		return ErrBusy
	}
	if c.lines.last+uint64(len(c.paper.waiting)+len(c.paper.writing)) >= uint64(c.hub.cfg.Messages) {
		c.close("system", "full")
		return ErrClosed
	}
	return nil
}

func (l *line) answer(r Receipt) {
	for _, done := range l.done {
		done(r)
	}
}

// lost answers a line that will not be written.
func (c *conversation) lost(l line, err error) {
	if l.msg != nil {
		c.hub.metrics.refused.WithLabelValues(refusal(err)).Inc()
		l.answer(Receipt{Err: err, Conversation: c.id})
	}
	if l.say != nil {
		c.cause(Said{ID: *l.say, Err: err})
	}
}

// note writes an event that nobody waits for.
func (c *conversation) note(kind journey.Kind, actor string, data map[string]string) {
	if len(c.paper.waiting) >= 2*maxLines {
		c.hub.metrics.journalLost.Inc()
		return
	}
	e := c.event(kind, actor, data)
	if err := e.Validate(); err != nil { // one bad event would hold up all behind it
		c.hub.metrics.journalLost.Inc()
		c.log.Error("event cannot be stored", "err", err)
		return
	}
	c.paper.waiting = append(c.paper.waiting, line{event: e})
}

func (c *conversation) event(kind journey.Kind, actor string, data map[string]string) journey.Event {
	return journey.Event{
		Record: c.identity.Record, At: c.now, Kind: kind, Channel: c.arrival.Channel, Interaction: c.id, Item: c.item.id, Epoch: c.item.epoch,
		Actor: actor, Privacy: journey.Personal, Data: data,
	}
}

// flush hands what waits to the journal, if the last batch is done.
func (c *conversation) flush() {
	p := &c.paper
	if !c.mustFlush() {
		return
	}
	if p.doubt {
		c.load(loadDoubt)
		return
	}
	n := min(len(p.waiting), maxBatch)
	p.writing, p.waiting = p.waiting[:n:n], p.waiting[n:]
	events, seq := make([]journey.Event, n), c.lines.last
	for i := range p.writing {
		if l := &p.writing[i]; l.msg != nil {
			seq++
			l.msg.Seq = seq
			l.event.Data[dataSeq], l.event.Data[journey.DataMessage] = strconv.FormatUint(seq, 10), c.messageKey(seq)
		}
		events[i] = p.writing[i].event
	}
	c.hub.wg.Add(1) // Close waits for what is being written
	err := c.hub.Journal.Append(events, func(err error) {
		c.answerHeld(written{err})
		c.hub.wg.Done()
	})
	if err != nil {
		c.hub.wg.Done()
		c.failed(err)
	}
}

// written goes on when a batch is durable, or was lost.
func (c *conversation) written(err error) {
	if err != nil {
		c.paper.doubt = true
		c.failed(err)
		return
	}
	c.hub.journal.Worked()
	list := c.paper.writing
	c.paper.writing = nil
	for _, l := range list {
		c.commit(l)
	}
}

// failed gives a batch up: its messages are refused, so that their senders repeat them; its notes are tried again.
func (c *conversation) failed(err error) {
	c.hub.metrics.journalLost.Inc()
	c.hub.journal.Failed(err, "conversation", c.id)
	c.paper.retryAt = c.now.Add(paperPause)
	c.unwritten(&c.paper.writing)
}

// unwritten refuses the messages of a list; its notes go back to the front of what waits.
func (c *conversation) unwritten(list *[]line) {
	var notes []line
	for _, l := range *list {
		switch {
		case l.opened != nil:
			l.opened(Opened{Err: ErrNotStored})
			c.close("system", "not_stored")
			l.opened = nil
			notes = append(notes, l)
		case l.msg != nil:
			c.lost(l, ErrNotStored)
		default:
			notes = append(notes, l)
		}
	}
	*list = nil
	c.paper.waiting = append(notes, c.paper.waiting...)
}

// commit goes on with what is durable now.
func (c *conversation) commit(l line) {
	if l.opened != nil {
		l.opened(Opened{Conversation: c.id, Record: c.identity.Record})
	}
	if l.msg == nil {
		return
	}
	m := l.msg
	c.hub.metrics.messages.WithLabelValues(string(m.From)).Inc()
	c.hub.metrics.durable.Observe(c.now.Sub(l.came).Seconds())
	if m.Outbound() && c.adapter() == nil {
		m.Delivery = Sent
	}
	c.know(*m)
	l.answer(Receipt{Conversation: c.id, Seq: m.Seq, At: m.At})
	if l.say != nil {
		c.cause(Said{ID: *l.say})
	}
	if m.Outbound() {
		c.toCustomer(*m, false)
		return
	}
	if c.arrival.Thread != "" {
		c.hub.recent.put(c.arrival.Thread+"|"+m.ID, reference{c.id, m.Seq})
	}
	said := *m
	if l.plain != "" {
		said.Text = l.plain
	}
	c.fromCustomer(said)
}

// know makes a durable message part of the conversation and tells everybody who follows it.
func (c *conversation) know(m Message) {
	c.lines.add(m, c.hub.cfg.Kept)
	c.touched, c.engaged = m.At, c.engaged || m.From == Customer
	if len(m.Choices) > 0 {
		c.choices = m.Choices
	}
	c.publish(Update{Kind: NewMessage, Message: &m})
}
