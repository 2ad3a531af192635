package rig

import "testing"

func TestMain(m *testing.M) { Main(m) }

func TestGatewayLivesTwice(t *testing.T) {
	t.Parallel()
	g := Start(t, Site{Body: "endpoints:\n  anna: {extension: 201, password: " + PasswordRef + "}\n"})
	if got := g.CLI(t, "endpoint", "list"); got.Code != 0 || got.Out == "" {
		t.Fatalf("got %+v", got)
	}
	for range 2 {
		g.Kill(t)
		if g.Alive() {
			t.Fatal("it lives on")
		}
		g.Restart(t)
		if list := g.Calls(t); len(list) != 0 {
			t.Errorf("got calls %v, want none", list)
		}
	}
}

func TestHostsDiffer(t *testing.T) {
	a, b := Host(t), Host(t)
	if a == b || !a.IsLoopback() || Port(t, b) == 0 {
		t.Errorf("got %s and %s", a, b)
	}
}

func TestMetricOfTheRuntime(t *testing.T) {
	t.Parallel()
	g := Start(t, Site{})
	if got := g.Metric(t, "go_goroutines"); got < 5 {
		t.Errorf("got %v goroutines, want some", got)
	}
}
