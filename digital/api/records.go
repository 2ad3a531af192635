package api

import (
	"context"
	"fmt"
	"time"

	"tandem/digital/access"
)

// RecordPath names a record.
type RecordPath struct {
	Record string `path:"record" maxLength:"128"`
}

func (s *Server) registerRecords() {
	add(s, "searchRecords", func(ctx context.Context, in *struct {
		PageInput
		Text     string    `query:"text" maxLength:"128" doc:"Part of id, topic, outcome, an attribute, the customer's name or an identity"`
		Customer string    `query:"customer" maxLength:"128"`
		Identity string    `query:"identity" maxLength:"256" doc:"A number or address in normal form"`
		State    string    `query:"state" enum:"open,dormant,closed"`
		Since    time.Time `query:"since" doc:"Opened at or after"`
	}) (*listOutput[Record], error) {
		page, err := in.page()
		if err != nil {
			return nil, err
		}
		if s.Rooms.Records == nil {
			return nil, missing("records")
		}
		q := RecordQuery{Text: in.Text, Customer: in.Customer, Identity: in.Identity, State: in.State, Since: in.Since}
		return replyPage(s.Rooms.Records.SearchRecords(ctx, q, page))
	})
	add(s, "showRecord", func(ctx context.Context, in *struct {
		RecordPath
		SeenInput
	}) (*tagged[Record], error) {
		if s.Rooms.Records == nil {
			return nil, missing("records")
		}
		r, err := s.Rooms.Records.ShowRecord(ctx, in.Record)
		if err != nil {
			return nil, err
		}
		s.audit(ctx, "record", r.ID)
		return &tagged[Record]{ETag: etag(r.Seq), Body: r}, in.unchanged(r.Seq)
	})
	s.registerTimeline()
	s.registerRecordCommands()
}

// audit writes down who read what is personal.
func (s *Server) audit(ctx context.Context, noun, id string) {
	s.Log.Info("read", noun, id, "user", who(ctx).Actor(), "request", access.RequestID(ctx))
}

// EventList is a part of a timeline: Next is the newest sequence number that was seen.
type EventList struct {
	Items []Event `json:"items" nullable:"false"`
	Next  uint64  `json:"next" doc:"Give it as after for what comes later"`
}

func (s *Server) registerTimeline() {
	add(s, "timeline", func(ctx context.Context, in *struct {
		RecordPath
		After uint64 `query:"after" doc:"Events with a greater seq"`
		Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	}) (*output[EventList], error) {
		if s.Rooms.Records == nil {
			return nil, missing("records")
		}
		events, err := s.Rooms.Records.Timeline(ctx, in.Record, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		s.audit(ctx, "record", in.Record)
		out := EventList{Items: []Event{}, Next: in.After}
		if len(events) > 0 {
			out = EventList{Items: events, Next: events[len(events)-1].Seq}
		}
		return reply(out, nil)
	})
}

func (s *Server) registerRecordCommands() {
	add(s, "setAttributes", func(ctx context.Context, in *struct {
		RecordPath
		MatchInput
		Body struct {
			Set map[string]string `json:"set" minProperties:"1" maxProperties:"256" doc:"Name to value; an empty value removes"`
		}
	}) (*tagged[Record], error) {
		if s.Rooms.Records == nil {
			return nil, missing("records")
		}
		seq, err := in.version()
		if err != nil {
			return nil, err
		}
		for name, value := range in.Body.Set {
			if name == "" || len(name) > 128 || len(value) > 4<<10 {
				return nil, Refuse(fmt.Errorf("attribute %.40q: %w", name, ErrInvalid), "body.set", "names of 1 to 128 bytes, values of at most 4096")
			}
		}
		r, err := s.Rooms.Records.SetAttributes(ctx, AttributeChange{Record: in.Record, Set: in.Body.Set, Seq: seq, By: who(ctx).Actor()})
		return &tagged[Record]{ETag: etag(r.Seq), Body: r}, err
	})
	add(s, "closeRecord", func(ctx context.Context, in *struct {
		RecordPath
		Body *struct {
			Outcome string `json:"outcome,omitempty" maxLength:"128"`
			Note    string `json:"note,omitempty" maxLength:"1024"`
		}
	}) (*output[Record], error) {
		if s.Rooms.Records == nil {
			return nil, missing("records")
		}
		c := RecordClose{Record: in.Record, By: who(ctx).Actor()}
		if in.Body != nil {
			c.Outcome, c.Note = in.Body.Outcome, in.Body.Note
		}
		return reply(s.Rooms.Records.CloseRecord(ctx, c))
	})
}
