package acd

// String is the name of the state as views and the journal show it.
func (s ItemState) String() string { return itemStateNames[s] }

// Terminal tells whether the state is an outcome.
func (s ItemState) Terminal() bool { return s >= ItemDone }

// parseItemState reads what String wrote.
func parseItemState(name string) (ItemState, bool) {
	return parseName[ItemState](itemStateNames[:], name)
}

// MarshalText is the state's name.
func (s ItemState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a state's name; an unknown one is an error.
func (s *ItemState) UnmarshalText(text []byte) error {
	got, ok := parseItemState(string(text))
	if !ok {
		return Fault{Path: "state", Message: "unknown item state " + string(text)}
	}
	*s = got
	return nil
}

// String is the name of the state as views and the journal show it.
func (s AgentState) String() string { return agentStateNames[s] }

// parseAgentState reads what String wrote.
func parseAgentState(name string) (AgentState, bool) {
	return parseName[AgentState](agentStateNames[:], name)
}

// MarshalText is the state's name.
func (s AgentState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a state's name; an unknown one is an error.
func (s *AgentState) UnmarshalText(text []byte) error {
	got, ok := parseAgentState(string(text))
	if !ok {
		return Fault{Path: "state", Message: "unknown agent state " + string(text)}
	}
	*s = got
	return nil
}

func parseName[S ~uint8](names []string, name string) (S, bool) {
	for i, n := range names {
		if n == name {
			return S(i), true
		}
	}
	return 0, false
}
