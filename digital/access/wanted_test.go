package access

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

const newPassword = "battery staple"

func TestWantedPasswordHoldsAtTheNextLogin(t *testing.T) {
	r := newRig(t, Config{})
	r.user("eva", Supervisor, goodPassword)
	r.user("new", Supervisor, "")
	before := r.session("eva")
	for _, name := range []string{"eva", "new"} {
		if err := r.k.WantPassword(name, newPassword); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.k.Login(t.Context(), "eva", goodPassword, "192.0.2.1"); !errors.Is(err, ErrLogin) {
		t.Errorf("got %v, want the password of before refused", err)
	}
	if _, err := r.k.Resume(t.Context(), before.Secret); err == nil {
		t.Error("a session outlives its password")
	}
	var at sync.WaitGroup
	for range 3 { // all at once: one of them compares
		for _, name := range []string{"eva", "new"} {
			at.Go(func() {
				if _, err := r.k.Login(t.Context(), name, newPassword, "192.0.2.2"); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
	}
	at.Wait()
	if n := len(r.k.wanted.names()); n != 0 {
		t.Errorf("%d passwords are still to be compared", n)
	}
}

func TestServeWanted(t *testing.T) {
	r := newRig(t, Config{})
	eva := r.user("eva", Supervisor, goodPassword)
	r.user("new", Supervisor, "")
	for name, password := range map[string]string{"eva": goodPassword, "new": newPassword, "gone": newPassword} {
		if err := r.k.WantPassword(name, password); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.k.WantPassword("eva", "short"); !errors.Is(err, ErrInvalid) {
		t.Errorf("got %v, want ErrInvalid", err)
	}
	if err := r.k.ServeWanted(t.Context()); err != nil {
		t.Fatal(err)
	}
	if u, err := r.k.User(t.Context(), "eva"); err != nil || u.Version != eva.Version {
		t.Errorf("got %+v, %v: a password that was right is written again", u, err)
	}
	for name, password := range map[string]string{"eva": goodPassword, "new": newPassword} {
		if _, err := r.k.Login(t.Context(), name, password, "192.0.2.1"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.k.User(t.Context(), "gone"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want nobody made of a wanted password", err)
	}
}

// sometimes are documents that cannot be read while they are away.
type sometimes struct {
	*Memory
	away atomic.Bool
}

func (s *sometimes) Get(ctx context.Context, key string) (Document, error) {
	if s.away.Load() {
		return Document{}, errors.New("no answer")
	}
	return s.Memory.Get(ctx, key)
}

func TestServeWantedTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		docs := &sometimes{Memory: NewMemory(10)}
		var log strings.Builder
		k, err := New(Config{}, Parts{Documents: docs, Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.CreateUser(t.Context(), User{Name: "eva", Role: Admin}, ""); err != nil {
			t.Fatal(err)
		}
		if err := k.WantPassword("eva", newPassword); err != nil {
			t.Fatal(err)
		}
		docs.away.Store(true)
		if _, err := k.Login(t.Context(), "eva", newPassword, "192.0.2.1"); !errors.Is(err, ErrStore) {
			t.Errorf("got %v, want ErrStore", err)
		}
		done := make(chan error, 1)
		go func() { done <- k.ServeWanted(t.Context()) }()
		synctest.Wait()
		docs.away.Store(false)
		began := time.Now()
		if err := <-done; err != nil || time.Since(began) != wantedAgain {
			t.Errorf("got %v after %v, want nil after %v", err, time.Since(began), wantedAgain)
		}
		if strings.Count(log.String(), "eva") > 1 || strings.Contains(log.String(), newPassword) {
			t.Errorf("the log says %s", log.String())
		}
		if _, err := k.Login(t.Context(), "eva", newPassword, "192.0.2.1"); err != nil {
			t.Error(err)
		}
	})
}
