package sms

import (
	"strings"
	"time"

	"tandem/digital"
	"tandem/store/journey"
)

// take handles a customer's message: once, keywords here, the rest in the hub.
func (a *Adapter) take(m arrived) {
	now := time.Now()
	in := m.arrival
	if in.External == "" || in.From == "" {
		a.metrics.arrive("refused")
		m.done(digital.ErrInvalid)
		return
	}
	if a.seen.open >= openMost {
		a.metrics.arrive("refused")
		m.done(ErrFull)
		return
	}
	if !a.seen.enter(in.External, now, m.done) {
		a.metrics.arrive("repeated")
		return
	}
	if in.At.IsZero() {
		in.At = now
	}
	in.From, in.To = a.Normal(in.From), a.ourNumber(in.To)
	switch Classify(in.Text, a.config.Keywords) {
	case Stop:
		a.metrics.arrive("stop")
		a.wish(in, true)
	case Start:
		a.metrics.arrive("start")
		a.wish(in, false)
	case Help:
		a.metrics.arrive("help")
		a.seen.settle(in.External, nil)
		a.reply(in, a.config.Replies.Help)
	default:
		a.metrics.arrive("message")
		a.pass(in, now)
	}
}

// pass gives a message to the hub, and its fate to the carrier.
func (a *Adapter) pass(in Arrival, now time.Time) {
	err := a.door.Receive(a.inbound(in, now), func(r digital.Receipt) { a.news.tell(settled{in.External, r.Err}) })
	if err != nil {
		a.seen.settle(in.External, err)
	}
}

func (a *Adapter) inbound(in Arrival, now time.Time) digital.Inbound {
	who := journey.Identity{Type: journey.Tel, Value: in.From, Strength: journey.Claimed, First: now, Last: now}
	if !strings.HasPrefix(in.From, "+") {
		who.Type = journey.Ext
		who.Value = "sms:" + in.From
	}
	if at, ok := a.written[in.From]; a.config.Attested || ok && now.Sub(at) < writtenFor {
		who.Strength = journey.Attested
	}
	return digital.Inbound{
		Channel: journey.SMS, External: in.External, From: who, To: in.To, Text: digital.Clean(in.Text), At: in.At,
	}
}

// ourNumber gives the number of ours as it stands in the configuration, so that threads are found whatever form the provider uses.
func (a *Adapter) ourNumber(to string) string {
	for _, s := range a.config.Senders {
		if s == to || a.Normal(s) == a.Normal(to) || a.Normal("+"+to) == a.Normal(s) {
			return s
		}
	}
	return a.Normal(to)
}

// wish makes STOP or START hold at once and durable; only then the carrier acknowledges and the customer is answered.
func (a *Adapter) wish(in Arrival, out bool) {
	c := Change{Number: in.From, Out: out, Ours: in.To, Text: in.Text, External: in.External, At: in.At}
	a.changing[in.From] = out
	if err := a.optouts.Change(c, func(err error) { a.news.tell(changed{c, err}) }); err != nil {
		delete(a.changing, in.From)
		a.seen.settle(in.External, err)
	}
}

func (a *Adapter) changed(m changed) {
	if a.changing[m.change.Number] == m.change.Out {
		delete(a.changing, m.change.Number)
	}
	a.seen.settle(m.change.External, m.err)
	if m.err != nil {
		a.log.Error("opt-out not stored", "err", m.err)
		return
	}
	in := Arrival{External: m.change.External, From: m.change.Number, To: m.change.Ours}
	if m.change.Out {
		a.reply(in, a.config.Replies.Stop)
	} else {
		a.reply(in, a.config.Replies.Start)
	}
}

// reply answers a keyword from the number that it was sent to.
func (a *Adapter) reply(in Arrival, text string) {
	if text == "" {
		return
	}
	from := in.To
	if !a.ours(from) {
		from = a.Sender(in.From)
	}
	text = strings.ReplaceAll(text, "{sender}", from)
	a.accept(&job{text: Text{Key: "reply:" + in.External, From: from, To: in.From, Text: text}, last: true}, time.Now())
}
