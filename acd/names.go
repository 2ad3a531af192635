package acd

// String is the name of the state as views and the journal show it.
func (s ItemState) String() string { return itemStateNames[s] }

// Terminal tells whether the state is an outcome.
func (s ItemState) Terminal() bool { return s >= ItemDone }

// ParseItemState reads what String wrote.
func ParseItemState(name string) (ItemState, bool) {
	return parseName[ItemState](itemStateNames[:], name)
}

// MarshalText is the state's name.
func (s ItemState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a state's name; an unknown one is an error.
func (s *ItemState) UnmarshalText(text []byte) error {
	got, ok := ParseItemState(string(text))
	if !ok {
		return Fault{"state", "unknown item state " + string(text)}
	}
	*s = got
	return nil
}

// String is the name of the state as views and the journal show it.
func (s AgentState) String() string { return agentStateNames[s] }

// ParseAgentState reads what String wrote.
func ParseAgentState(name string) (AgentState, bool) {
	return parseName[AgentState](agentStateNames[:], name)
}

// MarshalText is the state's name.
func (s AgentState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a state's name; an unknown one is an error.
func (s *AgentState) UnmarshalText(text []byte) error {
	got, ok := ParseAgentState(string(text))
	if !ok {
		return Fault{"state", "unknown agent state " + string(text)}
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
