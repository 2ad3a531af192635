package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"tandem/digital/access"
	"tandem/digital/api/feed"
)

// eventsInput says what a stream tells.
type eventsInput struct {
	Type   []string `query:"type,explode" maxItems:"32" doc:"Events of these types only; a * at the end stands for the rest"`
	Queue  []string `query:"queue,explode" maxItems:"32" doc:"Of these queues only"`
	Record string   `query:"record" maxLength:"128" doc:"Of this record only"`
	After  string   `query:"after" maxLength:"128" doc:"Events behind this id, for clients that cannot send Last-Event-ID; oldest: from the oldest kept"`
	Last   string   `header:"Last-Event-ID" maxLength:"128" doc:"The id of the last event that was seen; absent: what happens from now on"`
}

func (s *Server) registerEvents() {
	add(s, "events", s.events)
	add(s, "health", func(ctx context.Context, _ *struct{}) (*output[HealthReport], error) {
		if s.Rooms.Health == nil {
			return nil, missing("health")
		}
		report, err := s.Rooms.Health.Health(ctx)
		if report.Parts == nil {
			report.Parts = []PartInfo{}
		}
		return reply(report, err)
	})
	op := s.api.OpenAPI().Paths["/v1/events"].Get
	op.Responses["200"] = &huma.Response{Description: "Server-sent events; each data is a CloudEvents 1.0 envelope, each id a place to resume from",
		Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}}}
}

// events opens a stream. What can be refused is refused before the first byte.
func (s *Server) events(_ context.Context, in *eventsInput) (*huma.StreamResponse, error) {
	if s.stream == nil {
		return nil, missing("events")
	}
	from := in.Last
	if from == "" {
		from = in.After
	}
	stream, err := s.stream.Open(feed.Filter{Types: in.Type, Queues: in.Queue, Record: in.Record}, from)
	switch {
	case errors.Is(err, feed.ErrGone):
		return nil, &access.Problem{Status: http.StatusGone, Detail: "events behind that id are no longer kept: some are missed",
			Do: "read the state you need, then begin without Last-Event-ID"}
	case errors.Is(err, feed.ErrCursor):
		return nil, Refuse(fmt.Errorf("the place to resume from: %w", ErrInvalid), "header.Last-Event-ID", "give the id of an event as it was, or nothing to begin")
	case errors.Is(err, feed.ErrFull):
		return nil, Refuse(ErrBusy, "", "close streams that are not read, or wait")
	case err != nil:
		return nil, err
	}
	return &huma.StreamResponse{Body: func(ctx huma.Context) {
		defer stream.Close()
		r, w := humago.Unwrap(ctx)
		stream.Serve(r.Context(), w)
	}}, nil
}
