package digital

import (
	"strconv"
	"strings"
	"time"

	"tandem/store/journey"
)

// Keys of Event.Data that only this room reads.
const (
	dataSeq      = "seq"
	dataSender   = "sender" // a From
	dataSenderID = "sender-id"
	dataName     = "actor-name"
	dataChoice   = "choice"
	dataButton   = "button-" // with a number: key, tab, label
	dataFile     = "attachment-name"
	dataType     = "attachment-type"
	dataSize     = "attachment-size"
	dataThread   = "thread"
	dataIdentity = "identity"  // type of the customer's address
	dataLanguage = "language"  // of the page
	dataVisitor  = "visitor"   // as the customer calls himself
	dataSource   = "source-at" // the provider's time
	dataFact     = "fact-"     // with a name: what the page told
)

// messageEvent is a message as the record keeps it, but for its sequence. Its key makes it one message however often it is written.
func (c *conversation) messageEvent(m *Message) journey.Event {
	kind := journey.MessageOut
	data := map[string]string{dataSender: string(m.From), dataSenderID: m.ID}
	if m.From == Customer {
		kind = journey.MessageIn
	}
	set := func(key, value string) {
		if value != "" {
			data[key] = value
		}
	}
	set(journey.DataText, m.Text)
	set(dataName, m.Name)
	set(dataChoice, m.Choice)
	for i, b := range m.Choices {
		data[dataButton+strconv.Itoa(i)] = b.Key + "\t" + b.Label
	}
	if a := m.Attachment; a != nil {
		set(journey.DataAttachment, a.Ref)
		set(dataFile, a.Name)
		set(dataType, a.Type)
		data[dataSize] = strconv.FormatInt(a.Size, 10)
	}
	e := c.event(kind, actor(m.From, m.Actor), data)
	e.At, e.Key = m.At, "m|"+c.id+"|"+idKey(m.From, m.ID)
	return e
}

// messageKey names a message for ever: the idempotence key of its sending.
func (c *conversation) messageKey(seq uint64) string {
	return c.id + "/" + strconv.FormatUint(seq, 10)
}

// actor is who stands in the record for a sender.
func actor(from From, name string) string {
	switch from {
	case Agent:
		return "agent:" + name
	case Bot:
		return "flow:" + name
	}
	return string(from)
}

func (c *conversation) actorOf(by string) string {
	if by == string(Agent) && c.item.agent != "" {
		return actor(Agent, c.item.agent)
	}
	return by
}

// messageOf reads a message back; ok is false for an event that is none.
func messageOf(e journey.Event) (m Message, ok bool) {
	seq, err := strconv.ParseUint(e.Data[dataSeq], 10, 64)
	if err != nil || e.Kind != journey.MessageIn && e.Kind != journey.MessageOut {
		return m, false
	}
	m = Message{
		ID: e.Data[dataSenderID], Conversation: e.Interaction, Seq: seq, At: e.At, From: From(e.Data[dataSender]), Name: e.Data[dataName],
		Text: e.Data[journey.DataText], Choice: e.Data[dataChoice],
	}
	if _, name, ok := strings.Cut(e.Actor, ":"); ok {
		m.Actor = name
	}
	for i := 0; i < MaxChoices; i++ {
		key, label, ok := strings.Cut(e.Data[dataButton+strconv.Itoa(i)], "\t")
		if !ok {
			break
		}
		m.Choices = append(m.Choices, Choice{key, label})
	}
	if ref := e.Data[journey.DataAttachment]; ref != "" {
		size, _ := strconv.ParseInt(e.Data[dataSize], 10, 64)
		m.Attachment = &Attachment{Ref: ref, Name: e.Data[dataFile], Type: e.Data[dataType], Size: size}
	}
	return m, true
}

// beginning is the event that a conversation begins with.
func (c *conversation) beginning() journey.Event {
	data := map[string]string{}
	set := func(key, value string) {
		if value != "" && len(value) <= journey.MaxDataValue {
			data[key] = value
		}
	}
	set(dataThread, c.arrival.Thread)
	set(journey.DataTo, c.arrival.To)
	set(journey.DataQueue, c.arrival.Queue)
	if len(c.arrival.Identities) > 0 {
		set(journey.DataFrom, c.arrival.Identities[0].Value)
		set(dataIdentity, string(c.arrival.Identities[0].Type))
	}
	if o := c.facts; o != nil {
		set(dataVisitor, Clean(o.Name))
		set(dataLanguage, Clean(o.Language))
		set(journey.DataPage, Clean(o.Page))
		for k, v := range o.Facts {
			if len(k) <= 32 && len(data) < 20 {
				set(dataFact+k, Clean(v))
			}
		}
	}
	e := c.event(journey.ConversationOpened, string(Customer), data)
	e.Key = "o|" + c.id
	return e
}

// deliveryEvent tells of an outgoing message up to which (read and delivered) or of which (all others) the state is known.
func (c *conversation) deliveryEvent(seq uint64, r Result, at time.Time) journey.Event {
	kind := journey.MessageDelivered
	switch r.State {
	case Read:
		kind = journey.MessageRead
	case Failed, Uncertain:
		kind = journey.MessageFailed
	}
	data := map[string]string{
		dataSeq: strconv.FormatUint(seq, 10), journey.DataMessage: c.messageKey(seq), journey.DataState: r.State.String(),
	}
	if r.External != "" && len(r.External) <= journey.MaxDataValue {
		data[journey.DataProvider] = r.External
	}
	if r.Reason != "" && len(r.Reason) <= journey.MaxDataValue {
		data[journey.DataError] = r.Reason
	}
	e := c.event(kind, string(System), data)
	e.At = at
	return e
}
