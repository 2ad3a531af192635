package main

import (
	"bytes"
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
	return startedLogging(t, st, users, slog.DiscardHandler)
}

func startedLogging(t *testing.T, st store.Store, users map[string]*config.User, h slog.Handler) *site {
	t.Helper()
	log := slog.New(h)
	keeper, err := access.New(access.Config{}, access.Parts{Documents: documents{st}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	g := &site{cfg: &config.Config{Users: users}, access: keeper, store: st, log: log}
	if err := g.keepUsers(); err != nil {
		t.Fatal(err)
	}
	if err := g.access.ServeWanted(t.Context()); err != nil {
		t.Fatal(err)
	}
	return g
}

// writesOf counts what is written.
type writesOf struct {
	store.Store
	n int
}

func (w *writesOf) Append(b store.Batch, done func(store.Receipt)) error {
	w.n++
	return w.Store.Append(b, done)
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
	var lines bytes.Buffer
	counted := &writesOf{Store: st}
	g = startedLogging(t, counted, user("agent", "anna", "a first password"), slog.NewTextHandler(&lines, nil))
	if counted.n != 0 || lines.Len() > 0 {
		t.Errorf("a start that changes nothing writes %d times and says %s", counted.n, lines.String())
	}
	disabled := true
	if _, err := g.access.ChangeUser(ctx, "anna", 0, access.UserChange{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	g = started(t, st, user("agent", "anna", "a first password")) // who was disabled does not keep the gateway from starting
	if u, err := g.access.User(ctx, "anna"); err != nil || !u.Disabled {
		t.Errorf("got %+v, %v, want her disabled", u, err)
	}
	disabled = false
	if _, err := g.access.ChangeUser(ctx, "anna", 0, access.UserChange{Disabled: &disabled}); err != nil {
		t.Fatal(err)
	}
	if s, err = g.access.Login(ctx, "anna", "a first password", "127.0.0.1"); err != nil {
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
