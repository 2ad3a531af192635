package main

import (
	"slices"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/control"
	"tandem/sip/b2bua"
)

// agentPhones are the agents by the phones that they are rung at.
type agentPhones map[string]string

func phonesOf(cfg *config.Config) agentPhones {
	p := make(agentPhones, len(cfg.Agents))
	for id, a := range cfg.Agents {
		if a.Endpoint != "" {
			p[a.Endpoint] = id
		}
	}
	return p
}

// agent is the agent who talks in a call, on whichever side of it; of two, the one who came last. Empty: none.
func (p agentPhones) agent(v b2bua.CallView) string {
	for _, l := range slices.Backward(v.Legs) {
		if id := p[l.Endpoint]; l.Endpoint != "" && id != "" && l.State == "answered" {
			return id
		}
	}
	return ""
}

// shownCall is a call as the command line shows it.
func (p agentPhones) shownCall(v b2bua.CallView) control.Call {
	c := control.Call{
		ID: v.ID, State: v.State, Caller: v.Caller, Called: v.Called, Trunk: v.Trunk, Flow: v.Flow, Agent: p.agent(v), Peer: v.Peer, Record: v.Record,
		Recording: v.Recording, Listeners: v.Listeners, Listens: v.Listens, Started: v.Began, Answered: v.Answered,
	}
	if v.Waiting != "" && v.State != "connected" {
		c.State = v.Waiting
	}
	return c
}
