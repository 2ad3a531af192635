package main

import (
	"errors"
	"testing"

	"tandem/cmd/tandem/config"
	"tandem/digital/desk"
	"tandem/sip/b2bua"
	"tandem/sip/softphone"
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

// TestWhyNobodyListens: a supervisor is told what he cannot see himself.
func TestWhyNobodyListens(t *testing.T) {
	for _, c := range []struct {
		ended softphone.Ended
		want  string
	}{
		{softphone.Ended{Status: 404, Cause: 1, Reason: "Not Found", By: "remote"}, "there is no call to listen to"},
		{softphone.Ended{Status: 200, Cause: 16, By: "remote"}, ""}, // the call is over
		{softphone.Ended{Status: 200, By: "local"}, ""},             // he has ended it
		{softphone.Ended{Status: 200, Reason: "The agent has left.", By: "remote"}, "The agent has left."},
		{softphone.Ended{Status: 200, Cause: 102, By: "remote"}, "the call cannot be listened to any more"},
	} {
		if got := whyOver(c.ended); got != c.want {
			t.Errorf("%+v: got %q, want %q", c.ended, got, c.want)
		}
	}
}

// TestListeningIsTakenUp: a page that was loaded again goes on with the call by which its supervisor listens; the one before has a name
// of its own, so that its end does not end the new one.
func TestListeningIsTakenUp(t *testing.T) {
	inHouse(t, func(h *floor) {
		far, d, sue := h.far(listenUser+"anna"), h.rooms(), desk.Person{User: "sue", Role: desk.RoleSupervisor}
		listen := func() string {
			t.Helper()
			id, err := d.Listen(sue, "anna", sdpOne)
			if err != nil {
				t.Fatal(err)
			}
			if err := far.Answer(next[softphone.Incoming](h, far).Call, sdpTwo); err != nil {
				t.Fatal(err)
			}
			h.wait()
			return id
		}
		if _, ok := d.Listening(sue); ok {
			t.Fatal("she listens to nobody")
		}
		first := listen()
		second := listen()
		if first == second {
			t.Errorf("both are %q", first)
		}
		if got, ok := d.Listening(sue); !ok || got.Call != second {
			t.Errorf("got %+v, %v, want %s", got, ok, second)
		}
		if err := d.Relisten(sue, first, sdpOne); !errors.Is(err, desk.ErrGone) {
			t.Errorf("the one before: got %v, want %v", err, desk.ErrGone)
		}
		if err := d.Relisten(desk.Person{User: "eve"}, second, sdpOne); !errors.Is(err, desk.ErrGone) {
			t.Errorf("another's: got %v, want %v", err, desk.ErrGone)
		}
		if err := d.Relisten(sue, second, sdpOne); err != nil {
			t.Fatal(err)
		}
		next[softphone.Offered](h, far)
		if err := d.Unlisten(sue, second); err != nil {
			t.Fatal(err)
		}
		h.settle()
		if got, ok := d.Listening(sue); ok {
			t.Errorf("she still listens: %+v", got)
		}
	})
}
