package access

import (
	"context"
	"slices"
	"strings"
)

// Role says what somebody is here for.
type Role string

// The roles. An admin may do everything; a supervisor everything but users, tokens and webhooks; an agent what concerns his own work; an
// integrator what programs do.
const (
	Admin      Role = "admin"
	Supervisor Role = "supervisor"
	Agent      Role = "agent"
	Integrator Role = "integrator"
)

// Roles lists the closed set of roles.
func Roles() []Role { return []Role{Admin, Supervisor, Agent, Integrator} }

// Known tells whether the role belongs to the closed set.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// How a principal proved who it is.
const (
	BySession = "session"
	ByToken   = "token"
	ByHost    = "host" // somebody who may already read the files of this host: the control socket
)

// Principal is who a request is proven to be.
type Principal struct {
	By     string // BySession, ByToken or ByHost
	ID     string // of the session or token: for logs and limits, proves nothing
	User   string // of the user; of a token, its name
	Role   Role
	Agent  string   // the agent that the user works as; may be empty
	Scopes []string // of a token: "calls:read", "calls:write", "calls"; empty: all that the role may
}

// Actor is the principal as journals name it: "agent:anna", "user:eva", "token:crm".
func (p Principal) Actor() string {
	switch {
	case p.Agent != "":
		return "agent:" + p.Agent
	case p.By == ByToken:
		return "token:" + p.User
	}
	return "user:" + p.User
}

// May tells whether the scopes allow something. Scope is like "calls:write"; the scope "calls" allows both of its kinds.
func (p Principal) May(scope string) bool {
	if len(p.Scopes) == 0 {
		return true
	}
	noun, _, _ := strings.Cut(scope, ":")
	return slices.Contains(p.Scopes, scope) || slices.Contains(p.Scopes, noun)
}

type principalKey struct{}

// With gives a context that carries a principal.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// From gives who asks; false for nobody proven.
func From(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}
