package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"tandem/digital/access"
)

// Me is who asks.
type Me struct {
	By      string      `json:"by" doc:"session, token or host"`
	User    string      `json:"user"`
	Role    access.Role `json:"role"`
	Agent   string      `json:"agent,omitempty"`
	Scopes  []string    `json:"scopes,omitempty"`
	Expires time.Time   `json:"expires,omitzero" doc:"Of a session that just began, at the latest"`
}

func me(p access.Principal) Me {
	return Me{By: p.By, User: p.User, Role: p.Role, Agent: p.Agent, Scopes: p.Scopes}
}

// sessionOutput sets or removes the cookie.
type sessionOutput struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Me
}

func (s *Server) registerSession() {
	add(s, "signIn", func(ctx context.Context, in *struct {
		Body struct {
			User     string `json:"user" minLength:"1" maxLength:"64"`
			Password string `json:"password" minLength:"1" maxLength:"256" writeOnly:"true"`
		}
	}) (*sessionOutput, error) {
		session, err := s.Keeper.Login(ctx, in.Body.User, in.Body.Password, access.RemoteAddr(ctx))
		if errors.Is(err, access.ErrLogin) || errors.Is(err, access.ErrDisabled) {
			return nil, &access.Problem{Status: http.StatusForbidden, Detail: err.Error(), Do: "try again, or ask an admin for a login link"}
		}
		if err != nil {
			return nil, err
		}
		out := &sessionOutput{SetCookie: *s.Keeper.Cookie(session), Body: me(session.Principal)}
		out.Body.Expires = session.Expires
		return out, nil
	})
	add(s, "whoAmI", func(ctx context.Context, _ *struct{}) (*output[Me], error) {
		return reply(me(who(ctx)), nil)
	})
	add(s, "signOut", func(ctx context.Context, _ *struct{}) (*struct {
		SetCookie http.Cookie `header:"Set-Cookie"`
	}, error) {
		if p := who(ctx); p.By == access.BySession {
			if err := s.Keeper.Logout(ctx, p.ID); err != nil {
				return nil, err
			}
		}
		return &struct {
			SetCookie http.Cookie `header:"Set-Cookie"`
		}{*s.Keeper.Cookie(access.Session{})}, nil
	})
}
