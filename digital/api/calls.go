package api

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"tandem/digital/access"
)

// CallPath names a call.
type CallPath struct {
	Call string `path:"call" maxLength:"128"`
}

func (s *Server) registerCalls() {
	add(s, "listCalls", func(ctx context.Context, in *PageInput) (*listOutput[Call], error) {
		page, err := in.page()
		if err != nil {
			return nil, err
		}
		if s.Rooms.Calls == nil {
			return nil, missing("calls")
		}
		return replyPage(s.Rooms.Calls.ListCalls(ctx, page))
	})
	add(s, "showCall", func(ctx context.Context, in *CallPath) (*output[Call], error) {
		if s.Rooms.Calls == nil {
			return nil, missing("calls")
		}
		call, err := s.Rooms.Calls.ShowCall(ctx, in.Call)
		if who(ctx).Role == access.Agent {
			call.Listeners = nil
		}
		return reply(call, err)
	})
	add(s, "traceCall", func(ctx context.Context, in *CallPath) (*output[Trace], error) {
		if s.Rooms.Calls == nil {
			return nil, missing("calls")
		}
		return reply(s.Rooms.Calls.TraceCall(ctx, in.Call))
	})
	add(s, "originateCall", s.originate)
	s.registerCallCommands()
}

func (s *Server) registerCallCommands() {
	add(s, "hangUpCall", func(ctx context.Context, in *CallPath) (*nothing, error) {
		if s.Rooms.Calls == nil {
			return nil, missing("calls")
		}
		return replyDone(s.Rooms.Calls.HangUpCall(ctx, in.Call, who(ctx).Actor()))
	})
	add(s, "transferCall", func(ctx context.Context, in *struct {
		CallPath
		Body struct {
			To string `json:"to" minLength:"1" maxLength:"256" doc:"An extension, a number, agent:<id> or queue:<name>"`
		}
	}) (*nothing, error) {
		if s.Rooms.Calls == nil {
			return nil, missing("calls")
		}
		return replyDone(s.Rooms.Calls.TransferCall(ctx, CallTransfer{Call: in.Call, To: in.Body.To, By: who(ctx).Actor()}))
	})
	add(s, "holdCall", func(ctx context.Context, in *struct {
		CallPath
		Body struct {
			On bool `json:"on" doc:"Hold; false resumes"`
		}
	}) (*nothing, error) {
		if s.Rooms.Calls == nil {
			return nil, missing("calls")
		}
		return replyDone(s.Rooms.Calls.HoldCall(ctx, in.Call, in.Body.On))
	})
}

// originateInput is click-to-call.
type originateInput struct {
	Body struct {
		First    string            `json:"first,omitempty" maxLength:"256" doc:"Rung first: an extension, a number, or agent:<id>; for an agent: himself"`
		Then     string            `json:"then" minLength:"1" maxLength:"256" doc:"Rung when first has answered: likewise, or queue:<name>"`
		CallerID string            `json:"caller_id,omitempty" maxLength:"64" doc:"What the second side sees"`
		Record   string            `json:"record,omitempty" maxLength:"128"`
		Token    string            `json:"token,omitempty" maxLength:"128" doc:"A link token in place of record"`
		Timeout  int               `json:"timeout,omitempty" minimum:"0" maximum:"120" doc:"Seconds that the first side may ring"`
		Data     map[string]string `json:"data,omitempty" maxProperties:"32" doc:"Shown to the agent with the item: only where then is queue:<name>"`
	}
}

func (s *Server) originate(ctx context.Context, in *originateInput) (*created[Call], error) {
	if s.Rooms.Calls == nil {
		return nil, missing("calls")
	}
	b, p := in.Body, who(ctx)
	if p.Role == access.Agent {
		self := "agent:" + p.Agent
		if b.First != "" && b.First != self {
			return nil, Refuse(fmt.Errorf("agents call for themselves: %w", ErrDenied), "body.first", "leave first out, or use "+self)
		}
		b.First = self
	}
	if b.First == "" {
		return nil, Refuse(fmt.Errorf("who is rung first must be given: %w", ErrInvalid), "body.first", "give an extension, a number, or agent:<id>")
	}
	if b.Record != "" && b.Token != "" {
		return nil, Refuse(fmt.Errorf("record and token exclude each other: %w", ErrInvalid), "body", "give one of them")
	}
	o := Originate{First: b.First, Then: b.Then, CallerID: b.CallerID, Record: b.Record, Token: b.Token,
		Timeout: time.Duration(b.Timeout) * time.Second, Data: b.Data, By: p.Actor()}
	call, err := s.Rooms.Calls.OriginateCall(ctx, o)
	return replyNew(call, err, func(c Call) string { return "/v1/calls/" + url.PathEscape(c.ID) })
}
