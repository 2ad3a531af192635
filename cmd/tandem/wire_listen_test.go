package main

import (
	"testing"

	"tandem/cmd/tandem/config"
	"tandem/sip/b2bua"
)

// TestWhoMayListen: only a supervisor's own phone listens, it can do nothing else, and nobody gets in by a name.
func TestWhoMayListen(t *testing.T) {
	r := newRouter(&config.Config{
		Endpoints: map[string]*config.Endpoint{"anna": {Extension: "201"}, "watch-eve": {}},
		Agents:    map[string]*config.Agent{"anna": {Endpoint: "anna"}, "nophone": {}},
		Users:     map[string]*config.User{"sue": {Role: "supervisor"}, "adam": {Role: "admin"}, "ben": {Role: "agent"}, "eve": {Role: "admin"}},
	}, nil, nil)
	for _, c := range []struct {
		from, to        string
		listens, refuse bool
	}{
		{"watch-sue", "listen-anna", true, false},
		{"watch-adam", "listen-anna", true, false},
		{"watch-added-later", "listen-anna", true, false}, // the desk has proven his role
		{"watch-ben", "listen-anna", false, true},
		{"watch-eve", "listen-anna", false, true}, // a phone of the configuration, which has a password
		{"anna", "listen-anna", false, true},
		{"", "listen-anna", false, true},
		{"watch-sue", "listen-nophone", false, true},
		{"watch-sue", "listen-nobody", false, true},
		{"watch-sue", "201", false, true},
		{"watch-sue", "echo", false, true},
		{"watch-eve", "201", false, false},
	} {
		route := r.Route(b2bua.Arrival{Endpoint: c.from, Called: c.to}, b2bua.Identity{})
		if listens := route.Flow == "listen" && route.Script != nil; listens != c.listens || (route.Script == nil) != c.refuse {
			t.Errorf("%s calls %s: %+v", c.from, c.to, route)
		}
	}
	if p, ok := r.Endpoint("watch-sue"); !ok || p.Display != "sue" || p.Most != 2 {
		t.Errorf("the phone is %+v, %v", p, ok)
	}
	if _, ok := r.Endpoint("sue"); ok {
		t.Error("a user is a phone")
	}
	if !r.private(b2bua.Arrival{Endpoint: "watch-sue"}) || r.private(b2bua.Arrival{Endpoint: "watch-eve"}) || r.private(b2bua.Arrival{Endpoint: "anna"}) {
		t.Error("wrong calls are without a record")
	}
}
