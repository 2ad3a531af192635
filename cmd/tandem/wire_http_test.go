package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"tandem/cmd/tandem/config"
	"tandem/digital/access"
	"tandem/digital/access/accesstest"
	"tandem/store"
)

func TestDocumentsAreAccessDocuments(t *testing.T) {
	accesstest.Documents(t, func(t *testing.T) access.Documents { return documents{openMemory(t)} })
}

func TestOriginsOfHosts(t *testing.T) {
	if got := originsOf([]string{"a.example", "b.example:8443"}); !slices.Equal(got, []string{"https://a.example", "https://b.example:8443"}) {
		t.Errorf("got %v", got)
	}
	if got := originsOf(nil); len(got) != 0 {
		t.Errorf("got %v, want none", got)
	}
}

// started is a site with nobody but its users, as after a start with this configuration.
func started(t *testing.T, st store.Store, users map[string]*config.User) *site {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	keeper, err := access.New(access.Config{}, access.Parts{Documents: documents{st}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	g := &site{cfg: &config.Config{Users: users}, access: keeper, store: st, log: log}
	if err := g.keepUsers(); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestSessionsGoOnOverARestartWhereNothingChanged(t *testing.T) {
	ctx, st := context.Background(), openMemory(t)
	user := func(role, agent, password string) map[string]*config.User {
		env := func(string) (string, bool) { return password, true }
		const text = "users: {anna: {password: \"${env:PASSWORD}\"}}\n"
		cfg, _, _ := config.Load(config.Source{Files: []config.File{{Name: "x.yaml", Data: []byte(text)}}, Env: env})
		if cfg == nil || cfg.Users["anna"].Password.Reveal() != password {
			t.Fatal("the configuration is not read")
		}
		u := *cfg.Users["anna"]
		u.Role, u.Agent = role, agent
		return map[string]*config.User{"anna": &u}
	}
	g := started(t, st, user("agent", "anna", "a first password"))
	s, err := g.access.Login(ctx, "anna", "a first password", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	g = started(t, st, user("agent", "anna", "a first password"))
	p, err := g.access.Resume(ctx, s.Secret)
	if err != nil || p.Agent != "anna" || p.Role != access.Agent {
		t.Fatalf("got %+v, %v, want the session of before the restart", p, err)
	}
	g = started(t, st, user("agent", "anna", "another password"))
	if _, err := g.access.Resume(ctx, s.Secret); err == nil {
		t.Error("a session outlives its password")
	}
	if _, err := g.access.Login(ctx, "anna", "a first password", "127.0.0.1"); !errors.Is(err, access.ErrLogin) {
		t.Errorf("got %v, want the old password refused", err)
	}
	if s, err = g.access.Login(ctx, "anna", "another password", "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	g = started(t, st, user("supervisor", "", "another password"))
	if u, err := g.access.User(ctx, "anna"); err != nil || u.Role != access.Supervisor || u.Agent != "" {
		t.Errorf("got %+v, %v, want a supervisor", u, err)
	}
	if p, err := g.access.Resume(ctx, s.Secret); err == nil && p.Role != access.Supervisor {
		t.Errorf("the session has the old role: %+v", p)
	}
}
