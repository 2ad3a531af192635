package digital

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/store/journey"
)

// loadReason says why a conversation reads its record.
type loadReason uint8

const (
	loadBegin   loadReason = iota + 1 // it was not in memory
	loadDoubt                         // a batch was lost: what of it is there?
	loadReaders                       // somebody wants what has left memory
)

// load asks the record for the conversation. One load at a time; its answer counts only while it is the one that is waited for.
func (c *conversation) load(why loadReason) {
	if c.loading != 0 {
		return
	}
	c.loads++
	c.loading = c.loads
	c.waitUntil = c.now.Add(c.hub.cfg.LoadWait)
	n := c.loads
	err := c.hub.Records.Load(c.id, func(h History) { c.answer(loaded{history: h, why: why, load: n}) })
	if err != nil {
		c.loaded(loaded{history: History{Err: err}, why: why, load: n})
	}
}

// loaded goes on with what the record holds.
func (c *conversation) loaded(l loaded) {
	if l.load != c.loading {
		return
	}
	c.loading = 0
	switch err := l.history.Err; l.why {
	case loadBegin:
		if err == nil && len(l.history.Events) == 0 {
			err = ErrNotFound
		}
		if err != nil {
			c.nowhere(err)
			return
		}
		c.rebuild(l.history)
		c.release()
	case loadDoubt:
		if err != nil && !errors.Is(err, ErrNotFound) {
			c.paper.retryAt = c.now.Add(paperPause)
			c.unwritten(&c.paper.waiting)
			return
		}
		c.reconcile(l.history)
	case loadReaders:
		c.answerReaders(l.history)
	}
}

// rebuild makes the conversation what its record says. What was durable but not known to be sent goes on its way.
func (c *conversation) rebuild(h History) {
	keep := c.identity
	if c.identity = h.Identity; c.identity.Record == "" {
		c.identity = keep
	}
	if c.identity.Record == "" {
		c.identity.Record = h.Events[0].Record
	}
	f := fold{channel: c.arrival.Channel}
	for _, e := range h.Events {
		f.take(e)
	}
	c.begun, c.touched, c.lastAgent, c.items, c.seen = h.Events[0].At, f.touched, f.lastAgent, f.items, f.seen
	c.arrival.Conversation, c.arrival.Channel, c.arrival.Thread, c.arrival.To, c.arrival.Queue = c.id, f.channel, f.thread, f.to, f.queue
	if len(c.arrival.Identities) == 0 && f.from.Value != "" {
		c.arrival.Identities = []journey.Identity{f.from}
	}
	for _, m := range f.messages {
		c.lines.add(m, c.hub.cfg.Kept)
		c.engaged = c.engaged || m.From == Customer
		if len(m.Choices) > 0 {
			c.choices = m.Choices
		}
	}
	if c.facts == nil {
		c.facts = f.page
	}
	c.routed, c.awaySince = true, c.now
	c.hub.metrics.begun.WithLabelValues(string(c.arrival.Channel)).Inc()
	if f.closed {
		c.by, c.why, c.ended = f.by, f.why, f.touched
		c.step(convOnClose)
		return
	}
	c.step(convOnReady)
	if c.arrival.Thread != "" {
		c.hub.threads.claim(c.arrival.Thread, c)
	}
	c.unsent(f.messages)
	if f.item.Item != "" {
		c.adopt(f.item)
		return
	}
	if n := len(f.messages); n > 0 && f.messages[n-1].From == Customer { // it was acknowledged, and nobody has it
		c.reroute(&f.messages[n-1])
	}
}

// unsent takes up outgoing messages of which nobody knows whether the provider has them.
func (c *conversation) unsent(messages []Message) {
	adapter := c.adapter()
	if adapter == nil {
		return
	}
	for _, m := range messages {
		switch {
		case !m.Outbound() || m.Delivery != Queued:
		case adapter.Idempotent(c.arrival.To):
			c.toCustomer(m, true)
		default:
			c.progressed(m.Seq, Result{State: Uncertain, Reason: "restart"})
		}
	}
}

// reconcile learns which messages of a lost batch are durable after all.
func (c *conversation) reconcile(h History) {
	c.paper.doubt = false
	known := c.lines.last
	for _, e := range h.Events {
		m, ok := messageOf(e)
		if !ok || m.Seq <= known {
			continue
		}
		if m.Outbound() && c.adapter() == nil {
			m.Delivery = Sent
		}
		c.know(m)
		c.paper.waiting = slices.DeleteFunc(c.paper.waiting, func(l line) bool {
			same := l.msg != nil && l.msg.From == m.From && l.msg.ID == m.ID
			if same {
				l.answer(Receipt{Conversation: c.id, Seq: m.Seq, At: m.At, Duplicate: true})
			}
			return same
		})
		if m.Outbound() {
			c.toCustomer(m, false)
		} else {
			c.fromCustomer(m)
		}
	}
}

// fold is what the events of a conversation come to.
type fold struct {
	channel    journey.Channel
	thread, to string
	queue      string   // that the opener wanted
	page       *Opening // what the page had said of its visitor
	from       journey.Identity
	messages   []Message
	lastAgent  string
	items      int
	item       Adopt // what the dispatcher wrote last of an item of ours; empty: none lives
	seen       progress
	closed     bool
	by, why    string
	touched    time.Time
}

// take applies one event.
func (f *fold) take(e journey.Event) {
	f.work(e)
	if e.Channel != "" && f.channel == "" {
		f.channel = e.Channel
	}
	switch e.Kind {
	case journey.ConversationOpened:
		f.thread, f.to, f.channel = e.Data[dataThread], e.Data[journey.DataTo], e.Channel
		f.queue = e.Data[journey.DataQueue]
		if name, language := e.Data[dataVisitor], e.Data[dataLanguage]; name != "" || language != "" {
			f.page = &Opening{Name: name, Language: language}
		}
		f.from = journey.Identity{Type: journey.IdentityType(e.Data[dataIdentity]), Value: e.Data[journey.DataFrom]}
	case journey.ConversationClosed:
		f.closed, f.by, f.why, f.touched = true, e.Data[journey.DataBy], e.Data[journey.DataReason], e.At
	case journey.MessageIn, journey.MessageOut:
		f.message(e)
	case journey.MessageDelivered, journey.MessageRead, journey.MessageFailed:
		f.delivery(e)
	case journey.Accepted, journey.Connected:
		if agent := e.Data[journey.DataAgent]; agent != "" {
			f.lastAgent = agent
		}
	}
}

// work follows the item: the dispatcher's events say in which state it was left.
func (f *fold) work(e journey.Event) {
	own, n, ok := cutLast(e.Item, '-')
	i, err := strconv.Atoi(n)
	if !ok || err != nil || own != e.Interaction {
		return
	}
	f.items = max(f.items, i)
	now := Adopt{Item: e.Item, Epoch: e.Epoch, Agent: e.Data[journey.DataAgent]}
	switch e.Data[journey.DataState] {
	case "":
		return
	case "queued", "offered":
		now.State = "waiting"
	case "connecting", "active":
		now.State = "agent"
	case "parked":
		now.State = "parked"
	default:
		now = Adopt{}
	}
	f.item = now
}

// message takes a message in its place. One that is there already, or leaves a gap, would break the sequence and is left out.
func (f *fold) message(e journey.Event) {
	m, ok := messageOf(e)
	if !ok || m.Seq != uint64(len(f.messages))+1 {
		return
	}
	f.messages, f.touched = append(f.messages, m), m.At
	if m.From == Agent {
		f.lastAgent = m.Actor
	}
}

func (f *fold) delivery(e journey.Event) {
	seq, _ := strconv.ParseUint(e.Data[dataSeq], 10, 64)
	var d Delivery
	if seq == 0 || seq > uint64(len(f.messages)) || d.UnmarshalText([]byte(e.Data[journey.DataState])) != nil {
		return
	}
	switch {
	case e.Actor == string(Customer) && d == Read:
		f.seen.by, f.seen.got = max(f.seen.by, seq), max(f.seen.got, seq)
	case e.Actor == string(Customer):
		f.seen.got = max(f.seen.got, seq)
	case strings.HasPrefix(e.Actor, "agent:"):
		f.seen.byUs = max(f.seen.byUs, seq)
		return
	}
	m := &f.messages[seq-1]
	if further(m.Delivery, d) {
		m.Delivery, m.Reason = d, e.Data[journey.DataError]
	}
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}
