package api

import (
	"context"
	"fmt"
)

// CustomerPath names a customer.
type CustomerPath struct {
	Customer string `path:"customer" maxLength:"128"`
}

func (s *Server) registerCustomers() {
	add(s, "searchCustomers", func(ctx context.Context, in *struct {
		PageInput
		Text     string `query:"text" maxLength:"128" doc:"Part of the name or an identity"`
		Identity string `query:"identity" maxLength:"256" doc:"A number or address in normal form"`
	}) (*listOutput[Customer], error) {
		page, err := in.page()
		if err != nil {
			return nil, err
		}
		if s.Rooms.Customers == nil {
			return nil, missing("customers")
		}
		return replyPage(s.Rooms.Customers.SearchCustomers(ctx, CustomerQuery{Text: in.Text, Identity: in.Identity}, page))
	})
	add(s, "showCustomer", func(ctx context.Context, in *CustomerPath) (*output[Customer], error) {
		if s.Rooms.Customers == nil {
			return nil, missing("customers")
		}
		s.audit(ctx, "customer", in.Customer)
		return reply(s.Rooms.Customers.ShowCustomer(ctx, in.Customer))
	})
	add(s, "mergeCustomers", func(ctx context.Context, in *mergeInput) (*output[Customer], error) {
		m, err := s.merge(ctx, in)
		if err != nil {
			return nil, err
		}
		return reply(s.Rooms.Customers.MergeCustomers(ctx, m))
	})
	add(s, "unmergeCustomers", func(ctx context.Context, in *mergeInput) (*output[Customer], error) {
		m, err := s.merge(ctx, in)
		if err != nil {
			return nil, err
		}
		return reply(s.Rooms.Customers.UnmergeCustomers(ctx, m))
	})
	s.registerPrivacy()
}

type mergeInput struct {
	CustomerPath
	Body struct {
		Other  string `json:"other" minLength:"1" maxLength:"128" doc:"The customer who is the same person"`
		Reason string `json:"reason,omitempty" maxLength:"256"`
	}
}

func (s *Server) merge(ctx context.Context, in *mergeInput) (Merge, error) {
	if s.Rooms.Customers == nil {
		return Merge{}, missing("customers")
	}
	if in.Body.Other == in.Customer {
		return Merge{}, Refuse(fmt.Errorf("a customer cannot be merged with itself: %w", ErrInvalid), "body.other", "give another customer")
	}
	return Merge{Into: in.Customer, Other: in.Body.Other, Reason: in.Body.Reason, By: who(ctx).Actor()}, nil
}

// erasureReaches says in the document what an erasure does and what it leaves: the answer says it too.
const erasureReaches = "Destroyed are the keys of the customer and of all his records, with names, addresses, attributes, messages and notes; " +
	"ended is what waits for him (callbacks, conversations, calls in a queue), and removed are his attachments. Times, kinds, ids, topics and outcomes stay. " +
	"Not reached are the call detail records, which keep both numbers, the files of recordings, logs, opt-outs of texts, results kept for an Idempotency-Key " +
	"(24 hours), and what an agent has in hand until it ends: not_reached in the answer lists them. It can be asked for again."

func (s *Server) registerPrivacy() {
	add(s, "exportCustomer", func(ctx context.Context, in *CustomerPath) (*output[Export], error) {
		if s.Rooms.Customers == nil {
			return nil, missing("customers")
		}
		s.audit(ctx, "customer", in.Customer)
		return reply(s.Rooms.Customers.ExportCustomer(ctx, in.Customer, who(ctx).Actor()))
	})
	add(s, "eraseCustomer", func(ctx context.Context, in *struct {
		CustomerPath
		Body struct {
			Confirm string `json:"confirm" maxLength:"128" doc:"The customer's id once more: this cannot be taken back"`
		}
	}) (*output[Erasure], error) {
		if s.Rooms.Customers == nil {
			return nil, missing("customers")
		}
		if in.Body.Confirm != in.Customer {
			return nil, Refuse(fmt.Errorf("the erasure is not confirmed: %w", ErrInvalid), "body.confirm", "give the customer's id once more")
		}
		return reply(s.Rooms.Customers.EraseCustomer(ctx, in.Customer, who(ctx).Actor()))
	})
}
