package api

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

// CallbackPath names a promised call.
type CallbackPath struct {
	Callback string `path:"callback" maxLength:"128"`
}

func (s *Server) registerCallbacks() {
	add(s, "listCallbacks", func(ctx context.Context, in *struct {
		PageInput
		Queue string `query:"queue" maxLength:"128" doc:"Of this queue only"`
	}) (*listOutput[Callback], error) {
		page, err := in.page()
		if err != nil {
			return nil, err
		}
		if s.Rooms.Callbacks == nil {
			return nil, missing("callbacks")
		}
		return replyPage(s.Rooms.Callbacks.ListCallbacks(ctx, in.Queue, page))
	})
	add(s, "showCallback", func(ctx context.Context, in *CallbackPath) (*output[Callback], error) {
		if s.Rooms.Callbacks == nil {
			return nil, missing("callbacks")
		}
		return reply(s.Rooms.Callbacks.ShowCallback(ctx, in.Callback))
	})
	add(s, "requestCallback", s.requestCallback)
	add(s, "cancelCallback", func(ctx context.Context, in *struct {
		CallbackPath
		Body *Reason
	}) (*nothing, error) {
		if s.Rooms.Callbacks == nil {
			return nil, missing("callbacks")
		}
		return replyDone(s.Rooms.Callbacks.CancelCallback(ctx, in.Callback, in.Body.text()))
	})
}

// callbackInput is a wish to be called.
type callbackInput struct {
	Body struct {
		Number   string            `json:"number" minLength:"2" maxLength:"32" doc:"Best in E.164"`
		Name     string            `json:"name,omitempty" maxLength:"128"`
		Queue    string            `json:"queue" minLength:"1" maxLength:"128"`
		Topic    string            `json:"topic,omitempty" maxLength:"128"`
		Record   string            `json:"record,omitempty" maxLength:"128"`
		Token    string            `json:"token,omitempty" maxLength:"128" doc:"A link token in place of record"`
		First    string            `json:"first,omitempty" enum:"agent,customer" doc:"Who is rung first"`
		From     time.Time         `json:"from,omitzero" doc:"Not before"`
		Until    time.Time         `json:"until,omitzero" doc:"Not after"`
		Timezone string            `json:"timezone,omitempty" maxLength:"64" doc:"The customer's, like Europe/Berlin"`
		Data     map[string]string `json:"data,omitempty" maxProperties:"32" doc:"Shown to the agent"`
	}
}

func (s *Server) requestCallback(ctx context.Context, in *callbackInput) (*created[Callback], error) {
	if s.Rooms.Callbacks == nil {
		return nil, missing("callbacks")
	}
	b := in.Body
	if b.Record != "" && b.Token != "" {
		return nil, Refuse(fmt.Errorf("record and token exclude each other: %w", ErrInvalid), "body", "give one of them")
	}
	if !b.Until.IsZero() && !b.Until.After(b.From) {
		return nil, Refuse(fmt.Errorf("until is not after from: %w", ErrInvalid), "body.until", "give a later time")
	}
	if _, err := time.LoadLocation(b.Timezone); err != nil || b.Timezone == "Local" {
		return nil, Refuse(fmt.Errorf("%.64q is no time zone: %w", b.Timezone, ErrInvalid), "body.timezone", "use an IANA name like Europe/Berlin")
	}
	c, err := s.Rooms.Callbacks.RequestCallback(ctx, CallbackRequest{Number: b.Number, Name: b.Name, Queue: b.Queue, Topic: b.Topic, Record: b.Record,
		Token: b.Token, First: b.First, From: b.From, Until: b.Until, Timezone: b.Timezone, Data: b.Data, By: who(ctx).Actor()})
	return replyNew(c, err, func(c Callback) string { return "/v1/callbacks/" + url.PathEscape(c.ID) })
}
