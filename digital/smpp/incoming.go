package smpp

import (
	"crypto/sha256"
	"encoding/binary"
	"time"

	"tandem/digital/smpp/pdu"
)

const (
	againWait = 5 * time.Minute // how long after a lost connection a message is recognised when it comes again
	againMost = 10_000          // messages that are remembered for it
	proveMost = 500             // answers that are out before an enquire_link proves them
)

// print tells a deliver_sm that comes again.
type print [sha256.Size]byte

// inbound is a deliver_sm that was handed up.
type inbound struct {
	token uint64
	seq   uint32      // of the deliver_sm
	conn  *connection // that waits for the answer; nil: lost or refused meanwhile
	print print
	by    time.Time // the user's answer is waited for until then; later: remembered until then
	taken bool      // it is durable
}

// incoming holds what the centre delivered. An answer that was written is proven to have arrived only by the answer to an enquire_link
// that was sent behind it; what is not proven when a connection is lost may come again. Owned by the client's goroutine.
type incoming struct {
	token   uint64
	waiting map[uint64]*inbound // handed up, not answered by the user
	order   []*inbound          // of waiting, oldest first; those that are over are skipped
	written []*inbound          // answered, not proven
	proving int                 // so many of written stand before the enquire_link that is out
	again   map[print][]*inbound
	kept    int       // in again
	swept   time.Time // when again was last looked through
}

func newIncoming() incoming {
	return incoming{waiting: map[uint64]*inbound{}, again: map[print][]*inbound{}}
}

func (n *incoming) open() int { return len(n.waiting) }

func (n *incoming) mark() { n.proving = len(n.written) }

func (n *incoming) confirm() {
	n.written = append([]*inbound(nil), n.written[min(n.proving, len(n.written)):]...)
	n.proving = 0
}

// lose remembers what may come again.
func (n *incoming) lose(now time.Time) {
	for _, in := range n.written {
		n.remember(in, now)
	}
	n.written, n.proving = nil, 0
	for _, in := range n.waiting {
		if in.conn != nil {
			n.remember(in, now)
		}
	}
	n.order = nil
}

func (n *incoming) remember(in *inbound, now time.Time) {
	in.conn = nil
	if n.kept >= againMost {
		n.forget(now)
	}
	if n.kept >= againMost {
		return
	}
	in.by = now.Add(againWait)
	n.again[in.print] = append(n.again[in.print], in)
	n.kept++
}

// forget drops what is remembered too long; its answer, if it still comes, is ignored.
func (n *incoming) forget(now time.Time) {
	for p, list := range n.again {
		var keep []*inbound
		for _, in := range list {
			if now.Before(in.by) {
				keep = append(keep, in)
				continue
			}
			n.kept--
			delete(n.waiting, in.token)
		}
		if len(keep) == 0 {
			delete(n.again, p)
		} else {
			n.again[p] = keep
		}
	}
}

// recall takes out one that looks the same.
func (n *incoming) recall(p print, now time.Time) *inbound {
	if n.kept == 0 {
		return nil
	}
	if now.Sub(n.swept) > time.Second {
		n.swept = now
		n.forget(now)
	}
	list := n.again[p]
	if len(list) == 0 || !now.Before(list[0].by) {
		return nil
	}
	if len(list) == 1 {
		delete(n.again, p)
	} else {
		n.again[p] = list[1:]
	}
	n.kept--
	return list[0]
}

// discard takes one out of what is remembered.
func (n *incoming) discard(in *inbound) {
	list := n.again[in.print]
	for i, other := range list {
		if other == in {
			n.again[in.print] = append(list[:i:i], list[i+1:]...)
			n.kept--
		}
	}
	if len(n.again[in.print]) == 0 {
		delete(n.again, in.print)
	}
}

// expires tells when the oldest wait for the user is over.
func (n *incoming) expires() time.Time {
	for len(n.order) > 0 && n.order[0].conn == nil {
		n.order[0] = nil
		n.order = n.order[1:]
	}
	if len(n.order) == 0 {
		return time.Time{}
	}
	return n.order[0].by
}

// delivered hands a deliver_sm up, unless it was before.
func (c *Client) delivered(p pdu.PDU) {
	now := time.Now()
	m := p.Body.(*pdu.Message)
	n := &c.incoming
	mark := printOf(m)
	if in := n.recall(mark, now); in != nil {
		c.metrics.received(c.config.Name, "again")
		if in.taken {
			c.wrote(in)
			c.send(pdu.Answer(p, pdu.OK, ""))
			return
		}
		in.conn, in.seq, in.by = c.conn, p.Sequence, now.Add(c.config.InboundWait)
		n.order = append(n.order, in)
		return
	}
	if n.open() >= c.config.Inbound || c.state != LinkBound {
		c.metrics.received(c.config.Name, "refused")
		c.send(pdu.Answer(p, pdu.TemporaryAppError, ""))
		return
	}
	n.token++
	in := &inbound{token: n.token, seq: p.Sequence, conn: c.conn, print: mark, by: now.Add(c.config.InboundWait)}
	n.waiting[in.token] = in
	n.order = append(n.order, in)
	event := Inbound{Token: in.token, Message: m}
	if r, ok := m.Receipt(); ok {
		event.Receipt = &r
		c.metrics.received(c.config.Name, "receipt")
	} else {
		c.metrics.received(c.config.Name, "message")
	}
	c.tell(event)
}

// answered sends the user's answer, or remembers it where the connection is gone.
func (c *Client) answered(token uint64, s pdu.Status) {
	n := &c.incoming
	in, ok := n.waiting[token]
	if !ok {
		return
	}
	delete(n.waiting, token)
	in.taken = s == pdu.OK
	if in.conn == nil {
		if !in.taken {
			n.discard(in)
		}
		c.drained()
		return
	}
	in.conn = nil
	if in.taken {
		c.wrote(in)
	}
	c.send(pdu.PDU{Command: pdu.DeliverSMResp, Status: s, Sequence: in.seq, Body: &pdu.MessageResp{}})
	c.drained()
}

// wrote notes that a yes goes out, and asks for a proof when many are.
func (c *Client) wrote(in *inbound) {
	c.incoming.written = append(c.incoming.written, in)
	if len(c.incoming.written)%proveMost == 0 {
		c.when.enquire = time.Now()
	}
}

// expireInbound refuses for now what the user does not answer; when it comes again, it is the same.
func (c *Client) expireInbound(now time.Time) {
	n := &c.incoming
	for {
		at := n.expires()
		if at.IsZero() || at.After(now) {
			return
		}
		in := n.order[0]
		seq := in.seq
		n.remember(in, now)
		c.metrics.received(c.config.Name, "late")
		c.send(pdu.PDU{Command: pdu.DeliverSMResp, Status: pdu.TemporaryAppError, Sequence: seq, Body: &pdu.MessageResp{}})
	}
}

// printOf covers all that a centre repeats when it delivers a message again.
func printOf(m *pdu.Message) print {
	h := sha256.New()
	field := func(b []byte) {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(b)))
		h.Write(size[:])
		h.Write(b)
	}
	field([]byte(m.Source.Number))
	field([]byte(m.Destination.Number))
	field([]byte{m.ESMClass, m.ProtocolID, m.DataCoding})
	field(m.Short)
	for _, v := range m.TLVs {
		field(binary.BigEndian.AppendUint16(nil, uint16(v.Tag)))
		field(v.Value)
	}
	return print(h.Sum(nil))
}
