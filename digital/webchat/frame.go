package webchat

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"tandem/digital"
)

// Version is the protocol's.
const Version = 1

// frame is what a page sends. Fields that a kind does not name are not read.
type frame struct {
	T          string            `json:"t"`
	V          int               `json:"v"`          // hello
	Token      string            `json:"token"`      // hello: of an earlier welcome
	Link       string            `json:"link"`       // hello: of a link that leads to a record
	After      uint64            `json:"after"`      // hello: the last sequence that the page has
	Fresh      bool              `json:"fresh"`      // hello: begin another conversation
	Name       string            `json:"name"`       // hello
	Language   string            `json:"language"`   // hello
	Page       string            `json:"page"`       // hello
	Facts      map[string]string `json:"facts"`      // hello
	ID         string            `json:"id"`         // msg.send
	Text       string            `json:"text"`       // msg.send
	Choice     string            `json:"choice"`     // msg.send
	Attachment string            `json:"attachment"` // msg.send: ref
	On         bool              `json:"on"`         // typing
	Seq        uint64            `json:"seq"`        // read, got
}

// parse reads a frame; ok is false for what is none.
func parse(data []byte) (f frame, ok bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	if d.Decode(&f) != nil || f.T == "" || len(f.T) > 32 || d.More() {
		return f, false
	}
	return f, true
}

// voice tells whether a frame is the Caller's.
func voice(kind string) bool {
	return strings.HasPrefix(kind, "rtc.") || strings.HasPrefix(kind, "call.")
}

// What we send.
type (
	welcome struct {
		T            string `json:"t"` // welcome
		V            int    `json:"v"`
		Token        string `json:"token,omitempty"` // keep it: it resumes the conversation
		Conversation string `json:"conversation"`
		Resumed      bool   `json:"resumed"`
		Last         uint64 `json:"last"`
		Limits       limits `json:"limits"`
		status
	}
	limits struct {
		Text      int      `json:"text"`
		FileBytes int64    `json:"file_bytes"`
		FileTypes []string `json:"file_types"`
	}
	status struct {
		State    string `json:"state"`
		Agent    string `json:"agent,omitempty"` // name
		Position int    `json:"position,omitempty"`
		Read     uint64 `json:"read,omitempty"` // the agent has read up to
	}
	stateFrame struct {
		T string `json:"t"` // state
		status
	}
	ack struct {
		T   string    `json:"t"` // msg.ack
		ID  string    `json:"id"`
		Seq uint64    `json:"seq"`
		At  time.Time `json:"at"`
	}
	refusal struct {
		T     string `json:"t"` // msg.refused, error
		ID    string `json:"id,omitempty"`
		Code  string `json:"code"`
		Retry int64  `json:"retry,omitempty"` // milliseconds; 0: do not
	}
	newMessage struct {
		T       string  `json:"t"` // msg.new
		Message message `json:"message"`
	}
	// message is a digital.Message without what is not the visitor's business.
	message struct {
		ID         string              `json:"id,omitempty"` // of the visitor's own
		Seq        uint64              `json:"seq"`
		At         time.Time           `json:"at"`
		From       digital.From        `json:"from"`
		Name       string              `json:"name,omitempty"`
		Text       string              `json:"text,omitempty"`
		Choices    []digital.Choice    `json:"choices,omitempty"`
		Choice     string              `json:"choice,omitempty"`
		Attachment *digital.Attachment `json:"attachment,omitempty"`
		Delivery   digital.Delivery    `json:"delivery"`
	}
	progress struct {
		T        string           `json:"t"` // msg.progress
		From     digital.From     `json:"from"`
		Seq      uint64           `json:"seq"`
		Delivery digital.Delivery `json:"delivery"`
	}
	typing struct {
		T    string       `json:"t"` // typing
		From digital.From `json:"from"`
		On   bool         `json:"on"`
	}
	position struct {
		T        string `json:"t"` // position
		Position int    `json:"position"`
		P50      int64  `json:"p50,omitempty"` // seconds; 0: unknown
		P80      int64  `json:"p80,omitempty"`
	}
	plain struct {
		T  string `json:"t"` // pong, call
		By string `json:"by,omitempty"`
	}
)

func messageFrame(m *digital.Message) newMessage {
	out := message{
		Seq: m.Seq, At: m.At, From: m.From, Name: m.Name, Text: m.Text, Choices: m.Choices, Choice: m.Choice, Attachment: m.Attachment, Delivery: m.Delivery,
	}
	if m.From == digital.Customer {
		out.ID = m.ID
	}
	return newMessage{T: "msg.new", Message: out}
}

func statusOf(v *digital.View) status {
	return status{State: v.State, Agent: v.AgentName, Position: v.Position, Read: v.ReadByUs}
}

// frameOf is what an update means to the visitor; nil if nothing.
func frameOf(u *digital.Update) any {
	switch u.Kind {
	case digital.NewMessage:
		return messageFrame(u.Message)
	case digital.Changed:
		return stateFrame{"state", statusOf(u.View)}
	case digital.TypingNow:
		if u.From == digital.Agent {
			return typing{"typing", u.From, u.On}
		}
	case digital.Progress:
		return progress{"msg.progress", u.From, u.Seq, u.Delivery}
	case digital.Waiting:
		return position{"position", u.Position, int64(u.P50.Seconds()), int64(u.P80.Seconds())}
	case digital.CallBeside:
		if u.Reason == "" {
			return plain{"call", by(u.By)}
		}
		return refusal{T: "error", Code: "call"}
	}
	return nil
}

// by is who wants a call, without a name.
func by(who string) string {
	if strings.HasPrefix(who, "agent:") {
		return "agent"
	}
	return who
}
