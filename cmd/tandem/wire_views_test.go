package main

import (
	"slices"
	"testing"

	"tandem/cmd/tandem/config"
	"tandem/sip/b2bua"
)

// TestWhoTalks: the agent of a call is who works here, whichever side was called first.
func TestWhoTalks(t *testing.T) {
	phones := phonesOf(&config.Config{Agents: map[string]*config.Agent{"a_17": {Endpoint: "anna"}, "a_18": {Endpoint: "ben"}, "nophone": {}}})
	leg := func(to, endpoint, state string) b2bua.LegView {
		return b2bua.LegView{To: to, Endpoint: endpoint, State: state}
	}
	for _, c := range []struct {
		name, peer string
		legs       []b2bua.LegView
		want       string
	}{
		{"a queue's call", "anna", []b2bua.LegView{leg("+4930555", "", "answered"), leg("anna", "anna", "answered")}, "a_17"},
		{"a callback", "+4930555", []b2bua.LegView{leg("anna", "anna", "answered"), leg("+4930555", "", "answered")}, "a_17"},
		{"ringing", "", []b2bua.LegView{leg("+4930555", "", "answered"), leg("anna", "anna", "ringing")}, ""},
		{"transferred", "ben", []b2bua.LegView{leg("+4930555", "", "answered"), leg("anna", "anna", "ended"), leg("ben", "ben", "answered")}, "a_18"},
		{"a visitor", "visitor-v_1", []b2bua.LegView{leg("anna", "anna", "answered"), leg("visitor-v_1", "visitor-v_1", "answered")}, "a_17"},
		{"nobody of ours", "+4930666", []b2bua.LegView{leg("+4930555", "", "answered"), leg("+4930666", "", "answered")}, ""},
	} {
		v := b2bua.CallView{ID: "c_1", Peer: c.peer, Legs: c.legs, Listeners: []string{"sue"}}
		if got := phones.shownCall(v); got.Agent != c.want || got.Peer != c.peer || !slices.Equal(got.Listeners, v.Listeners) {
			t.Errorf("%s: the command line shows %+v, want agent %q", c.name, got, c.want)
		}
		if got := phones.apiCall(v); got.Agent != c.want || !slices.Equal(got.Listeners, v.Listeners) {
			t.Errorf("%s: the API shows %+v, want agent %q", c.name, got, c.want)
		}
	}
}
