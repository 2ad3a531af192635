package b2bua

import "time"

// CallbackWish asks that a waiting item become a callback in its place.
type CallbackWish struct {
	Item   string
	Call   string
	Record string
	Number string // the caller's, as presented
	At     time.Time
}

// Callbackers are Queues that book callbacks. Without it every wish is refused. CallbackAnswer answers a wish that was taken; that the
// call which has wished is over, booked or not, is told by WisherGone: from then on the customer may be called.
type Callbackers interface {
	Callback(CallbackWish) error
	WisherGone(item string)
}

// askCallback passes the wish of a waiting caller on.
func (c *Call) askCallback() {
	q, ok := c.sw.queues.(Callbackers)
	if !ok || c.item.state != itemWaiting {
		c.queue(CallbackAnswered{Why: "impossible"})
		return
	}
	wish := CallbackWish{Item: c.item.id, Call: c.id, Record: c.record(), Number: c.customer(), At: c.now}
	if err := q.Callback(wish); err != nil {
		c.log.Warn("callback not asked for", "err", err)
		c.queue(CallbackAnswered{Why: "busy"})
		return
	}
	c.wished = c.item.id
}

// wisherGone tells that a caller who has asked for a callback is gone.
func (c *Call) wisherGone() {
	if q, ok := c.sw.queues.(Callbackers); ok && c.wished != "" {
		q.WisherGone(c.wished)
	}
}

// callbackAnswered gives the item up where it was booked: it is the callback's now, and the caller may go. An offer that has crossed the
// booking is over for the dispatcher too. An agent who is connected was faster.
func (c *Call) callbackAnswered(m CallbackAnswer) {
	if m.Item != c.item.id || c.item.state == itemNone || c.item.state == itemActive {
		return
	}
	if m.Booked {
		c.recall(Canceled)
		c.dropItem()
	}
	c.queue(CallbackAnswered{Booked: m.Booked, Why: m.Why})
}
