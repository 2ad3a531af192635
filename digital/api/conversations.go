package api

import (
	"context"
	"fmt"
	"net/url"

	"tandem/digital/access"
)

// ConversationPath names a thread.
type ConversationPath struct {
	Conversation string `path:"conversation" maxLength:"128"`
}

func (s *Server) registerConversations() {
	add(s, "listConversations", func(ctx context.Context, in *struct {
		PageInput
		State   string `query:"state" maxLength:"32"`
		Channel string `query:"channel" maxLength:"32"`
		Queue   string `query:"queue" maxLength:"128"`
		Agent   string `query:"agent" maxLength:"128"`
		Record  string `query:"record" maxLength:"128"`
	}) (*listOutput[Conversation], error) {
		page, err := in.page()
		if err != nil {
			return nil, err
		}
		if s.Rooms.Conversations == nil {
			return nil, missing("conversations")
		}
		return replyPage(s.Rooms.Conversations.ListConversations(ctx,
			ConversationFilter{State: in.State, Channel: in.Channel, Queue: in.Queue, Agent: in.Agent, Record: in.Record}, page))
	})
	add(s, "showConversation", func(ctx context.Context, in *ConversationPath) (*output[Conversation], error) {
		if s.Rooms.Conversations == nil {
			return nil, missing("conversations")
		}
		return reply(s.Rooms.Conversations.ShowConversation(ctx, in.Conversation))
	})
	add(s, "openConversation", s.openConversation)
	add(s, "closeConversation", func(ctx context.Context, in *struct {
		ConversationPath
		Body *Reason
	}) (*nothing, error) {
		if s.Rooms.Conversations == nil {
			return nil, missing("conversations")
		}
		return replyDone(s.Rooms.Conversations.CloseConversation(ctx, in.Conversation, in.Body.text()))
	})
	s.registerMessages()
}

// MessageList is a part of a thread: Next is the newest sequence number that was seen.
type MessageList struct {
	Items []Message `json:"items" nullable:"false"`
	Next  uint64    `json:"next" doc:"Give it as after for what comes later"`
}

func (s *Server) registerMessages() {
	add(s, "listMessages", func(ctx context.Context, in *struct {
		ConversationPath
		After uint64 `query:"after" doc:"Messages with a greater seq"`
		Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	}) (*output[MessageList], error) {
		if s.Rooms.Conversations == nil {
			return nil, missing("conversations")
		}
		messages, err := s.Rooms.Conversations.Messages(ctx, in.Conversation, in.After, in.Limit)
		out := MessageList{Items: messages, Next: in.After}
		if len(messages) > 0 {
			out.Next = messages[len(messages)-1].Seq
		} else {
			out.Items = []Message{}
		}
		return reply(out, err)
	})
	add(s, "sendMessage", func(ctx context.Context, in *struct {
		ConversationPath
		Body struct {
			ID   string `json:"id,omitempty" maxLength:"128" doc:"Your own: the same one again changes nothing"`
			From string `json:"from,omitempty" enum:"customer,agent" doc:"Customer: taken in on behalf of the customer, by integrators only"`
			Text string `json:"text" minLength:"1" maxLength:"8192"`
		}
	}) (*created[Message], error) {
		if s.Rooms.Conversations == nil {
			return nil, missing("conversations")
		}
		m := NewMessage{Conversation: in.Conversation, ID: in.Body.ID, From: in.Body.From, Actor: who(ctx).Actor(), Text: in.Body.Text}
		if role := who(ctx).Role; m.From == "" {
			m.From = "agent"
		} else if m.From == "customer" && role != access.Integrator && role != access.Admin {
			return nil, Refuse(fmt.Errorf("speaking for the customer: %w", ErrDenied), "body.from", "use a token of role integrator")
		}
		sent, err := s.Rooms.Conversations.SendMessage(ctx, m)
		return replyNew(sent, err, func(m Message) string { return "/v1/conversations/" + url.PathEscape(m.Conversation) + "/messages" })
	})
	add(s, "sendSMS", func(ctx context.Context, in *struct {
		Body struct {
			To     string `json:"to" minLength:"2" maxLength:"32" doc:"A number, best in E.164"`
			From   string `json:"from,omitempty" maxLength:"32" doc:"Our number or name; empty: as configured"`
			Text   string `json:"text" minLength:"1" maxLength:"1600"`
			Record string `json:"record,omitempty" maxLength:"128"`
		}
	}) (*output[SentSMS], error) {
		if s.Rooms.SMS == nil {
			return nil, missing("SMS")
		}
		return reply(s.Rooms.SMS.SendSMS(ctx, NewSMS{To: in.Body.To, From: in.Body.From, Text: in.Body.Text, Record: in.Body.Record, Actor: who(ctx).Actor()}))
	})
}

// openInput is the intake of a channel.
type openInput struct {
	Body struct {
		Channel  string            `json:"channel" enum:"chat,sms,email"`
		Thread   string            `json:"thread,omitempty" maxLength:"128" doc:"Your id of the thread, of your token alone: the same one again resumes it while it is open, up to 30 days after its last use"`
		Name     string            `json:"name,omitempty" maxLength:"128"`
		Address  map[string]string `json:"address,omitempty" maxProperties:"8" doc:"Of the customer: tel, email, web or ext to its value"`
		Topic    string            `json:"topic,omitempty" maxLength:"128"`
		Queue    string            `json:"queue,omitempty" maxLength:"128" doc:"Straight to a queue; absent: the channel's flow"`
		Token    string            `json:"token,omitempty" maxLength:"128" doc:"A link token: the record that it carries goes on"`
		Text     string            `json:"text,omitempty" maxLength:"8192" doc:"The first message"`
		Data     map[string]string `json:"data,omitempty" maxProperties:"8" doc:"Shown to the agent; names of at most 32 bytes"`
		Attested bool              `json:"attested,omitempty" doc:"You have verified the addresses"`
	}
}

func (s *Server) openConversation(ctx context.Context, in *openInput) (*created[Conversation], error) {
	if s.Rooms.Conversations == nil {
		return nil, missing("conversations")
	}
	b := in.Body
	for kind := range b.Address {
		switch kind {
		case "tel", "email", "web", "ext", "sip":
		default:
			return nil, Refuse(fmt.Errorf("%.40q is no kind of address: %w", kind, ErrInvalid), "body.address", "use tel, sip, email, web or ext")
		}
	}
	c, err := s.Rooms.Conversations.OpenConversation(ctx, OpenConversation{Channel: b.Channel, Thread: b.Thread, Name: b.Name, Address: b.Address, Topic: b.Topic,
		Queue: b.Queue, Token: b.Token, Text: b.Text, Data: b.Data, Actor: who(ctx).Actor(), Attested: b.Attested})
	return replyNew(c, err, func(c Conversation) string { return "/v1/conversations/" + url.PathEscape(c.ID) })
}
