package digital

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of one message.
const (
	MaxText    = 4000 // characters of a message
	MaxChoices = 12   // buttons of a message
	MaxLabel   = 80   // characters of a button
	MaxKey     = 32   // bytes of a button's key
	MaxID      = 64   // bytes of a sender's message id
	MaxName    = 120  // characters of a name or file name
)

// From says whose message it is.
type From string

// The senders.
const (
	Customer From = "customer"
	Agent    From = "agent"
	Bot      From = "bot"
	System   From = "system"
)

// Delivery is how far a message has come. It only grows, but for Failed and Uncertain, which may follow Queued and Sent.
type Delivery uint8

// The delivery states. Queued is durable with us; Sent is taken by the provider (or shown as sent to the widget); Uncertain is a
// message of which nobody can say whether the provider took it.
const (
	Queued Delivery = iota
	Sent
	Delivered
	Read
	Failed
	Uncertain
)

var deliveryNames = [...]string{"queued", "sent", "delivered", "read", "failed", "uncertain"}

// String is the state's name as journal and wire show it.
func (d Delivery) String() string {
	if int(d) < len(deliveryNames) {
		return deliveryNames[d]
	}
	return "unknown"
}

// MarshalText is the state's name.
func (d Delivery) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a state's name.
func (d *Delivery) UnmarshalText(text []byte) error {
	for i, name := range deliveryNames {
		if name == string(text) {
			*d = Delivery(i)
			return nil
		}
	}
	return fmt.Errorf("delivery state %q: %w", text, ErrInvalid)
}

// Choice is a button: what it says and the key that it stands for.
type Choice struct {
	Key   string `json:"key"`
	Label string `json:"label"`
}

// Attachment refers to a stored file; the bytes are kept elsewhere.
type Attachment struct {
	Ref  string `json:"ref"`            // of the store, opaque
	Name string `json:"name,omitempty"` // as the sender called it
	Type string `json:"type,omitempty"` // media type as found by looking, e.g. "image/png"
	Size int64  `json:"size,omitempty"` // bytes
}

// Message is one line of a conversation. Text is what was written, as text: whoever shows it escapes it.
type Message struct {
	ID           string      `json:"id"` // the sender's, unique per sender and conversation: a repeat is the same message
	Conversation string      `json:"conversation"`
	Seq          uint64      `json:"seq"` // gapless per conversation, first is 1
	At           time.Time   `json:"at"`
	From         From        `json:"from"`
	Actor        string      `json:"actor,omitempty"` // agent's id, flow's name
	Name         string      `json:"name,omitempty"`  // the actor's name as the customer may see it
	Text         string      `json:"text,omitempty"`
	Choices      []Choice    `json:"choices,omitempty"`
	Choice       string      `json:"choice,omitempty"` // key of the button that this message answers with
	Attachment   *Attachment `json:"attachment,omitempty"`
	Delivery     Delivery    `json:"delivery"`
	Reason       string      `json:"reason,omitempty"` // of Failed and Uncertain, a closed word of the adapter
}

// Outbound tells whether the message goes to the customer.
func (m *Message) Outbound() bool { return m.From != Customer }

// Clean gives a text as it is stored: valid UTF-8, line ends as \n, no control characters but line end and tab, no surrounding space.
func Clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case r < ' ' || r >= 0x7f && r < 0xa0:
			return -1
		case r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069: // direction overrides can make a text say something else
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}

// validate tells what is wrong with a message that is about to be taken.
func (m *Message) validate() error {
	switch {
	case m.ID == "" || len(m.ID) > MaxID || !utf8.ValidString(m.ID) || strings.ContainsRune(m.ID, 0):
		return fmt.Errorf("message id of %d bytes: %w", len(m.ID), ErrInvalid)
	case utf8.RuneCountInString(m.Text) > MaxText:
		return fmt.Errorf("more than %d characters: %w", MaxText, ErrTooLong)
	case m.Text == "" && m.Attachment == nil && m.Choice == "":
		return fmt.Errorf("neither text nor attachment: %w", ErrInvalid)
	case len(m.Choices) > MaxChoices || len(m.Choice) > MaxKey || utf8.RuneCountInString(m.Name) > MaxName:
		return fmt.Errorf("choices or name: %w", ErrTooLong)
	}
	for _, c := range m.Choices {
		if c.Key == "" || len(c.Key) > MaxKey || strings.ContainsAny(c.Key, "\t\n\x00") || utf8.RuneCountInString(c.Label) > MaxLabel {
			return fmt.Errorf("choice %.32q: %w", c.Key, ErrInvalid)
		}
	}
	return m.Attachment.validate()
}

func (a *Attachment) validate() error {
	if a != nil && (a.Ref == "" || len(a.Ref) > 128 || utf8.RuneCountInString(a.Name) > MaxName || len(a.Type) > 100 || a.Size < 0) {
		return fmt.Errorf("attachment: %w", ErrInvalid)
	}
	return nil
}
