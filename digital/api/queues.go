package api

import "context"

func (s *Server) registerQueues() {
	add(s, "listQueues", func(ctx context.Context, in *PageInput) (*listOutput[Queue], error) {
		page, err := in.page()
		if err != nil {
			return nil, err
		}
		if s.Rooms.Queues == nil {
			return nil, missing("queues")
		}
		queues, err := s.Rooms.Queues.ListQueues(ctx)
		if err != nil {
			return nil, err
		}
		return cut(sorted(queues, func(q Queue) string { return q.Name }), page, func(q Queue) string { return q.Name }), nil
	})
	add(s, "showQueue", func(ctx context.Context, in *struct {
		Queue string `path:"queue" maxLength:"128"`
		Limit int    `query:"limit" minimum:"0" maximum:"200" default:"50" doc:"Waiting items at most"`
	}) (*output[QueueDetail], error) {
		if s.Rooms.Queues == nil {
			return nil, missing("queues")
		}
		return reply(s.Rooms.Queues.ShowQueue(ctx, in.Queue, in.Limit))
	})
}
