package api

import (
	"context"
	"fmt"
)

// ItemPath names a work item.
type ItemPath struct {
	Item string `path:"item" maxLength:"128"`
}

func (s *Server) registerItems() {
	add(s, "listItems", func(ctx context.Context, in *struct {
		PageInput
		Queue string `query:"queue" maxLength:"128" doc:"Of this queue only"`
	}) (*listOutput[Item], error) {
		page, err := in.page()
		if err != nil {
			return nil, err
		}
		if s.Rooms.Items == nil {
			return nil, missing("work items")
		}
		return replyPage(s.Rooms.Items.ListItems(ctx, in.Queue, page))
	})
	add(s, "showItem", func(ctx context.Context, in *ItemPath) (*output[Item], error) {
		if s.Rooms.Items == nil {
			return nil, missing("work items")
		}
		return reply(s.Rooms.Items.ShowItem(ctx, in.Item))
	})
	add(s, "whyItem", func(ctx context.Context, in *ItemPath) (*output[Why], error) {
		if s.Rooms.Items == nil {
			return nil, missing("work items")
		}
		return reply(s.Rooms.Items.WhyItem(ctx, in.Item))
	})
	s.registerItemCommands()
}

func (s *Server) registerItemCommands() {
	add(s, "cancelItem", func(ctx context.Context, in *struct {
		ItemPath
		Body *Reason
	}) (*nothing, error) {
		if s.Rooms.Items == nil {
			return nil, missing("work items")
		}
		return replyDone(s.Rooms.Items.CancelItem(ctx, in.Item, in.Body.text()))
	})
	add(s, "transferItem", func(ctx context.Context, in *struct {
		ItemPath
		Body struct {
			Queue string `json:"queue,omitempty" maxLength:"128" doc:"To this queue"`
			Agent string `json:"agent,omitempty" maxLength:"128" doc:"To this agent"`
			Fresh bool   `json:"fresh,omitempty" doc:"Begins to wait anew; else it keeps its first arrival"`
		}
	}) (*output[Item], error) {
		if s.Rooms.Items == nil {
			return nil, missing("work items")
		}
		if (in.Body.Queue == "") == (in.Body.Agent == "") {
			return nil, Refuse(fmt.Errorf("one of queue and agent must be given: %w", ErrInvalid), "body", "give queue or agent")
		}
		return reply(s.Rooms.Items.TransferItem(ctx, ItemTransfer{Item: in.Item, Queue: in.Body.Queue, Agent: in.Body.Agent, Fresh: in.Body.Fresh,
			By: who(ctx).Actor()}))
	})
}
