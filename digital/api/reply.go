package api

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tandem/digital/access"
)

// output is a plain answer.
type output[T any] struct{ Body T }

// nothing is an answer without a body: 204.
type nothing struct{}

// created is an answer to something new: 201.
type created[T any] struct {
	Location string `header:"Location"`
	Body     T
}

func (created[T]) isNew() {}

// tagged is an answer with its version.
type tagged[T any] struct {
	ETag string `header:"ETag"`
	Body T
}

func reply[T any](v T, err error) (*output[T], error) {
	if err != nil {
		return nil, err
	}
	return &output[T]{Body: v}, nil
}

func replyNew[T any](v T, err error, location func(T) string) (*created[T], error) {
	if err != nil {
		return nil, err
	}
	return &created[T]{Location: location(v), Body: v}, nil
}

func replyPage[T any](items []T, next string, err error) (*listOutput[T], error) {
	if err != nil {
		return nil, err
	}
	return list(items, next), nil
}

func replyDone(err error) (*nothing, error) {
	if err != nil {
		return nil, err
	}
	return &nothing{}, nil
}

// missing is the answer of a room that is not there.
func missing(room string) error {
	return fmt.Errorf("this gateway runs without %s: %w", room, ErrMissing)
}

func sorted[T any](list []T, key func(T) string) []T {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b T) int { return strings.Compare(key(a), key(b)) })
	return list
}

// who gives the principal: behind authorize there is one.
func who(ctx context.Context) access.Principal {
	p, _ := access.From(ctx)
	return p
}

// own refuses an agent who acts for another one.
func own(ctx context.Context, agent string) error {
	if p := who(ctx); p.Role == access.Agent && p.Agent != agent {
		return Refuse(fmt.Errorf("agent %q is somebody else: %w", agent, ErrDenied), "path.agent", "agents act for themselves: use "+p.Agent)
	}
	return nil
}

// Reason is why something is done. The body may be left out.
type Reason struct {
	Reason string `json:"reason,omitempty" maxLength:"128"`
}

func (r *Reason) text() string {
	if r == nil {
		return ""
	}
	return r.Reason
}
