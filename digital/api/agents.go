package api

import "context"

// AgentPath names an agent.
type AgentPath struct {
	Agent string `path:"agent" maxLength:"128"`
}

func (s *Server) registerAgents() {
	add(s, "listAgents", func(ctx context.Context, in *PageInput) (*listOutput[Agent], error) {
		page, err := in.page()
		if err != nil {
			return nil, err
		}
		if s.Rooms.Agents == nil {
			return nil, missing("agents")
		}
		agents, err := s.Rooms.Agents.ListAgents(ctx)
		if err != nil {
			return nil, err
		}
		return cut(sorted(agents, func(a Agent) string { return a.ID }), page, func(a Agent) string { return a.ID }), nil
	})
	add(s, "showAgent", func(ctx context.Context, in *AgentPath) (*output[Agent], error) {
		if s.Rooms.Agents == nil {
			return nil, missing("agents")
		}
		return reply(s.Rooms.Agents.ShowAgent(ctx, in.Agent))
	})
	s.registerAgentStates()
}

func (s *Server) registerAgentStates() {
	add(s, "setAgentState", func(ctx context.Context, in *struct {
		AgentPath
		Body struct {
			State  string `json:"state" enum:"available,away"`
			Reason string `json:"reason,omitempty" maxLength:"128" doc:"Why away"`
		}
	}) (*output[Agent], error) {
		agents, err := s.ownAgent(ctx, in.Agent)
		if err != nil {
			return nil, err
		}
		return reply(agents.SetAgentState(ctx, AgentState{Agent: in.Agent, Ready: in.Body.State == "available", Reason: in.Body.Reason}))
	})
	add(s, "signInAgent", func(ctx context.Context, in *struct {
		AgentPath
		Body *struct {
			Ready bool `json:"ready,omitempty" doc:"Available at once"`
		}
	}) (*output[Agent], error) {
		agents, err := s.ownAgent(ctx, in.Agent)
		if err != nil {
			return nil, err
		}
		return reply(agents.SignInAgent(ctx, in.Agent, in.Body != nil && in.Body.Ready))
	})
	add(s, "signOutAgent", func(ctx context.Context, in *struct {
		AgentPath
		Body *Reason
	}) (*output[Agent], error) {
		agents, err := s.ownAgent(ctx, in.Agent)
		if err != nil {
			return nil, err
		}
		return reply(agents.SignOutAgent(ctx, in.Agent, in.Body.text()))
	})
}

// ownAgent gives the room if who asks may act for the agent.
func (s *Server) ownAgent(ctx context.Context, agent string) (Agents, error) {
	if s.Rooms.Agents == nil {
		return nil, missing("agents")
	}
	return s.Rooms.Agents, own(ctx, agent)
}
