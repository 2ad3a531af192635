package api

import (
	"context"
	"fmt"
	"slices"
	"time"

	"tandem/digital/access"
)

// IssuedToken is a new API token with its secret, which is shown this once.
type IssuedToken struct {
	access.Token
	Secret string `json:"secret" doc:"Send it as Authorization: Bearer"`
}

func (s *Server) registerTokens() {
	add(s, "listTokens", func(ctx context.Context, in *PageInput) (*listOutput[access.Token], error) {
		page, err := in.page()
		if err != nil {
			return nil, err
		}
		tokens, err := s.Keeper.Tokens(ctx, page.After, page.Limit+1)
		if err != nil {
			return nil, err
		}
		return full(tokens, page.Limit, func(t access.Token) string { return t.ID }), nil
	})
	add(s, "issueToken", s.issueToken)
	add(s, "revokeToken", func(ctx context.Context, in *struct {
		Token string `path:"token" maxLength:"64"`
	}) (*nothing, error) {
		return replyDone(s.Keeper.RevokeToken(ctx, in.Token))
	})
	add(s, "issueLink", s.issueLink)
}

// tokenInput asks for an API token.
type tokenInput struct {
	Body struct {
		Name   string      `json:"name" minLength:"1" maxLength:"64" doc:"What it is for"`
		Role   access.Role `json:"role" enum:"admin,supervisor,agent,integrator"`
		Agent  string      `json:"agent,omitempty" maxLength:"128"`
		Scopes []string    `json:"scopes,omitempty" maxItems:"32" doc:"Like calls, calls:read or calls:write; absent: all that the role may"`
		Days   int         `json:"days,omitempty" minimum:"0" maximum:"3650" doc:"Until it is over; 0: never"`
	}
}

// Scopes lists what a token's scopes may be: each noun of the route table, and it with :read, :write and the like.
func Scopes() []string {
	var out []string
	for _, r := range routes {
		if r.scope != "" && !slices.Contains(out, r.scope) {
			out = append(out, r.scope)
		}
	}
	return out
}

func (s *Server) issueToken(ctx context.Context, in *tokenInput) (*created[IssuedToken], error) {
	b := in.Body
	for _, scope := range b.Scopes {
		if !knownScope(scope) {
			return nil, Refuse(fmt.Errorf("%.40q is no scope: %w", scope, ErrInvalid), "body.scopes", "use a resource like calls, or one of its kinds like calls:read")
		}
	}
	t := access.Token{Name: b.Name, Role: b.Role, Agent: b.Agent, Scopes: b.Scopes, By: who(ctx).Actor()}
	if b.Days > 0 {
		t.Expires = time.Now().UTC().AddDate(0, 0, b.Days)
	}
	t, secret, err := s.Keeper.IssueToken(ctx, t)
	return replyNew(IssuedToken{t, secret}, err, func(t IssuedToken) string { return "/v1/tokens" })
}

func knownScope(scope string) bool {
	return slices.ContainsFunc(Scopes(), func(known string) bool {
		return (access.Principal{Scopes: []string{scope}}).May(known)
	})
}

// linkInput asks for a token that carries a record.
type linkInput struct {
	Body struct {
		Record   string   `json:"record" minLength:"1" maxLength:"128" doc:"That it goes on with"`
		Purpose  string   `json:"purpose" enum:"call,message" doc:"Click-to-call (15 minutes) or a link to the chat page (7 days)"`
		Channels []string `json:"channels,omitempty" maxItems:"5" doc:"That it may be used over; absent: all"`
		Strength string   `json:"strength,omitempty" enum:"claimed,attested,authenticated" doc:"How well the bearer is known"`
		Seconds  int      `json:"seconds,omitempty" minimum:"0" maximum:"2592000" doc:"Until it is over"`
		Uses     int      `json:"uses,omitempty" minimum:"0" maximum:"1000" doc:"How often it may be used; 0 is once"`
		Identity string   `json:"identity,omitempty" maxLength:"256" doc:"Taken from this address only: a number in E.164, an e-mail address or sip:user@host"`
	}
}

func (s *Server) issueLink(ctx context.Context, in *linkInput) (*created[Link], error) {
	if s.Rooms.Links == nil {
		return nil, missing("link tokens")
	}
	b := in.Body
	if role := who(ctx).Role; b.Strength == "authenticated" && role != access.Integrator && role != access.Admin {
		return nil, Refuse(fmt.Errorf("vouching for the bearer: %w", ErrDenied), "body.strength", "use a token of role integrator")
	}
	l, err := s.Rooms.Links.IssueLink(ctx, NewLink{Record: b.Record, Purpose: b.Purpose, Channels: b.Channels, Strength: b.Strength,
		TTL: time.Duration(b.Seconds) * time.Second, Uses: b.Uses, Identity: b.Identity, By: who(ctx).Actor()})
	return replyNew(l, err, func(l Link) string { return l.URL })
}
