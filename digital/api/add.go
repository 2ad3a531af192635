package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tandem/digital/access"
)

// add registers the handler of a row. The first result is documented and answered with its default status.
func add[I, O any](s *Server, id string, handler func(context.Context, *I) (*O, error)) {
	r, ok := s.rows[id]
	if !ok || s.added[id] {
		panic("api: " + id + " is in no row, or added twice")
	}
	s.added[id] = true
	op := huma.Operation{OperationID: id, Method: r.method, Path: r.path, Summary: r.sum, Tags: []string{tag(r.path)},
		MaxBodyBytes: maxBody, Responses: map[string]*huma.Response{"default": s.problemResponse()}}
	if _, isNew := any(*new(O)).(interface{ isNew() }); isNew {
		op.DefaultStatus = http.StatusCreated
	}
	if r.roles != nil {
		op.Security = []map[string][]string{{"token": {}}, {"session": {}}}
		op.Description = describe(r)
	}
	if r.keyed() {
		op.Parameters = append(op.Parameters, &huma.Param{Name: "Idempotency-Key", In: "header",
			Description: "A text of your own, at most 200 bytes: the same request with the same key has its effect once in 24 hours",
			Schema:      &huma.Schema{Type: huma.TypeString, MaxLength: ptr(200)}})
	}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, s.problem(ctx, id, err)
		}
		s.away.Worked()
		return out, nil
	})
}

// explained are routes that need more words than a line.
var explained = map[string]string{"eraseCustomer": erasureReaches}

// describe says who may use a route, and what it does where a line does not say it.
func describe(r row) string { return strings.TrimSpace(roleText(r) + " " + explained[r.id]) }

func roleText(r row) string {
	roles := make([]string, len(r.roles))
	for i, role := range r.roles {
		roles[i] = string(role)
	}
	text := "Roles: " + strings.Join(roles, ", ") + "."
	if r.scope != "" {
		text += " Scope: " + r.scope + "."
	}
	return text
}

// keyed tells whether an Idempotency-Key means something to a route.
func (r row) keyed() bool { return r.method == post && r.flags&plain == 0 }

// tag is the resource that a path belongs to.
func tag(path string) string { return strings.SplitN(path, "/", 4)[2] }

func ptr[T any](v T) *T { return &v }

func (s *Server) problemResponse() *huma.Response {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[access.Problem](), true, "Problem")
	return &huma.Response{Description: "A problem", Content: map[string]*huma.MediaType{"application/problem+json": {Schema: schema}}}
}

// authorize lets in who the row of a route lets in.
func (s *Server) authorize(ctx huma.Context, next func(huma.Context)) {
	row := s.rows[ctx.Operation().OperationID]
	p, proven := access.From(ctx.Context())
	var problem access.Problem
	switch {
	case row.roles == nil:
	case !proven:
		problem = access.Problem{Status: http.StatusUnauthorized, Detail: access.ErrNoProof.Error(),
			Do: "send Authorization: Bearer <token> (tandem token issue), or sign in"}
	case !slices.Contains(row.roles, p.Role):
		problem = access.Problem{Status: http.StatusForbidden, Detail: row.id + " is not open to the role " + string(p.Role),
			Do: "roles that may: " + strings.TrimPrefix(roleText(withoutScope(row)), "Roles: ")}
	case row.scope != "" && !p.May(row.scope):
		problem = access.Problem{Status: http.StatusForbidden, Detail: "the token's scopes do not allow " + row.scope,
			Do: "issue a token with the scope " + row.scope}
	}
	if problem.Status != 0 {
		s.m.denied.Inc()
		r, w := humago.Unwrap(ctx)
		access.WriteProblem(w, r, problem)
		return
	}
	next(ctx)
}

// withoutScope is a row for the sentence about roles alone.
func withoutScope(r row) row {
	r.scope = ""
	return r
}

// answers maps what rooms may answer to statuses. 503 always means that nothing was done: an Idempotency-Key is free again.
var answers = []struct {
	err    error
	status int
	do     string
}{
	{ErrNotFound, http.StatusNotFound, "look at the list it should be in"},
	{access.ErrNotFound, http.StatusNotFound, "look at the list it should be in"},
	{ErrInvalid, http.StatusUnprocessableEntity, "correct it and send it again"},
	{access.ErrInvalid, http.StatusUnprocessableEntity, "correct it and send it again"},
	{ErrConflict, http.StatusConflict, "look at its present state"},
	{access.ErrExists, http.StatusConflict, "choose another name, or change what is there"},
	{access.ErrLast, http.StatusConflict, "make another user admin first"},
	{access.ErrFull, http.StatusConflict, "remove what is not needed"},
	{ErrVersion, http.StatusPreconditionFailed, "read it again and send the new ETag as If-Match"},
	{access.ErrVersion, http.StatusPreconditionFailed, "read it again and send the new ETag as If-Match"},
	{ErrDenied, http.StatusForbidden, "ask a supervisor"},
	{ErrBusy, http.StatusServiceUnavailable, "wait as long as Retry-After says: nothing was done"},
	{ErrDown, http.StatusServiceUnavailable, "/v1/health says what is down: nothing was done"},
	{ErrMissing, http.StatusNotImplemented, "configure it, or ask a gateway that has it"},
}

// problem turns what a handler answered into what the client gets. What is in no list is ours: logged, and not shown.
func (s *Server) problem(ctx context.Context, id string, err error) error {
	var done huma.StatusError
	if errors.As(err, &done) {
		if p, ok := done.(*access.Problem); ok {
			p.Complete(access.RequestID(ctx))
		}
		return done.(error)
	}
	var busy *access.BusyError
	if errors.As(err, &busy) {
		return s.complete(ctx, access.Problem{Status: http.StatusTooManyRequests, Detail: busy.Why, RetryAfter: busy.After, Do: "wait as long as Retry-After says"})
	}
	if errors.Is(err, access.ErrStore) {
		s.m.internal.Inc()
		s.away.Failed(err, "request", access.RequestID(ctx), "method", id)
		return s.complete(ctx, access.Problem{Status: http.StatusInternalServerError, Detail: access.ErrStore.Error(), RetryAfter: 5 * time.Second,
			Do: "look whether it was done, then try again; /v1/health says what is down"})
	}
	for _, a := range answers {
		if errors.Is(err, a.err) {
			return s.complete(ctx, refused(err, a.status, a.do))
		}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return s.complete(ctx, access.Problem{Status: http.StatusGatewayTimeout, Detail: "it took too long", RetryAfter: time.Second,
			Do: "look whether it was done, then try again"})
	}
	s.m.internal.Inc()
	s.Log.Error("request failed", "request", access.RequestID(ctx), "method", id, "err", err)
	return s.complete(ctx, access.Problem{Status: http.StatusInternalServerError, Detail: "an error of the server",
		Do: "report the request id; the server's log names it"})
}

func refused(err error, status int, do string) access.Problem {
	p := access.Problem{Status: status, Detail: err.Error(), Do: do}
	var place *refusal
	if errors.As(err, &place) {
		if place.do != "" {
			p.Do = place.do
		}
		if place.where != "" {
			p.Errors = []access.ProblemItem{{Where: place.where, Message: err.Error()}}
		}
	}
	if status == http.StatusServiceUnavailable {
		p.RetryAfter = 2 * time.Second
	}
	return p
}

func (s *Server) complete(ctx context.Context, p access.Problem) *access.Problem {
	p.Complete(access.RequestID(ctx))
	return &p
}

// ours gives the framework's own errors (parsing, validation) the form of all others. Values are not echoed: they may be secret.
func ours(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := access.Problem{Status: m.Status, Detail: m.Detail}
	for _, e := range m.Errors {
		p.Errors = append(p.Errors, access.ProblemItem{Where: e.Location, Message: e.Message})
	}
	switch {
	case m.Status == http.StatusUnprocessableEntity || m.Status == http.StatusBadRequest:
		p.Do = "correct what errors names; /v1/docs describes the request"
	case m.Status == http.StatusRequestEntityTooLarge:
		p.Do = "send less at once"
	case m.Status == http.StatusRequestTimeout:
		p.Do = "send the whole body at once"
	case m.Status >= 500:
		p.Detail, p.Errors, p.Do = "an error of the server", nil, "report the request id; the server's log names it"
	default:
		p.Do = "/v1/docs describes the request"
	}
	p.Complete(access.RequestID(ctx.Context()))
	return &p, nil
}
