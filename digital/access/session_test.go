package access

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestLogin(t *testing.T) {
	r := newRig(t, Config{})
	r.user("eva", Supervisor, goodPassword)
	r.user("link.only", Admin, "")
	s, err := r.k.Login(t.Context(), " EVA ", goodPassword, "192.0.2.1")
	if err != nil || s.Principal.User != "eva" || s.Principal.Role != Supervisor {
		t.Fatalf("got %+v, %v", s, err)
	}
	c := r.k.Cookie(s)
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Secure || c.Path != "/" {
		t.Errorf("the cookie is too open: %+v", c)
	}
	for _, tt := range [][2]string{{"eva", "wrong password"}, {"nobody", goodPassword}, {"link.only", ""}, {"link.only", goodPassword}, {"../user/eva", goodPassword},
		{"eva", strings.Repeat("x", 1000)}} {
		if _, err := r.k.Login(t.Context(), tt[0], tt[1], "192.0.2.2"); !errors.Is(err, ErrLogin) {
			t.Errorf("%q: got %v, want ErrLogin", tt, err)
		}
	}
	secure := newRig(t, Config{Secure: true}).k.Cookie(Session{Secret: "x"})
	if !secure.Secure || !strings.HasPrefix(secure.Name, "__Host-") {
		t.Errorf("the cookie may go in clear: %+v", secure)
	}
}

func TestLockout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{LoginTries: 3, Hashes: 10})
		r.user("eva", Supervisor, goodPassword)
		r.user("adam", Supervisor, goodPassword)
		login := func(user, password, addr string) error {
			_, err := r.k.Login(context.Background(), user, password, addr)
			return err
		}
		for range 3 {
			if err := login("eva", "wrong", "a"); !errors.Is(err, ErrLogin) {
				t.Fatal(err)
			}
		}
		var busy *BusyError
		if err := login("eva", goodPassword, "a"); !errors.As(err, &busy) || busy.After != 15*time.Minute {
			t.Errorf("got %v, want to be locked out for 15 minutes", err)
		}
		if err := login("eva", goodPassword, "b"); err != nil {
			t.Errorf("eva is locked out at home too: %v", err)
		}
		if err := login("adam", goodPassword, "a"); err != nil {
			t.Errorf("adam is locked out beside eva: %v", err)
		}
		time.Sleep(15*time.Minute + time.Second)
		if err := login("eva", goodPassword, "a"); err != nil {
			t.Errorf("the lock does not open: %v", err)
		}
		for i := range 12 { // many users from one address
			_ = login("user"+string(rune('a'+i)), "wrong", "c")
		}
		if err := login("eva", goodPassword, "c"); !errors.As(err, &busy) {
			t.Errorf("got %v, want the address locked out", err)
		}
	})
}

// TestLockoutAtOnce: tries that come together count together.
func TestLockoutAtOnce(t *testing.T) {
	r := newRig(t, Config{LoginTries: 3, Hashes: 1, HashQueue: 100})
	r.user("eva", Supervisor, goodPassword)
	var looked atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := r.k.Login(t.Context(), "eva", "wrong password", "a"); errors.Is(err, ErrLogin) {
				looked.Add(1)
			}
		})
	}
	wg.Wait()
	if n := looked.Load(); n > 3 {
		t.Errorf("%d passwords were looked at, want at most 3", n)
	}
}

func TestSessionsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{SessionIdle: time.Hour, SessionLife: 3 * time.Hour})
		r.user("eva", Supervisor, "")
		resume := func(s Session) error {
			_, err := r.k.Resume(t.Context(), s.Secret)
			return err
		}
		idle, used := r.session("eva"), r.session("eva")
		for range 5 {
			time.Sleep(30 * time.Minute)
			if err := resume(used); err != nil {
				t.Fatalf("a used session is over: %v", err)
			}
		}
		if err := resume(idle); !errors.Is(err, ErrProof) {
			t.Errorf("got %v, want the idle session over", err)
		}
		time.Sleep(31 * time.Minute)
		if err := resume(used); !errors.Is(err, ErrProof) {
			t.Errorf("got %v, want the session over after its life", err)
		}
		out := r.session("eva")
		if err := r.k.Logout(t.Context(), out.Principal.ID); err != nil {
			t.Fatal(err)
		}
		if err := resume(out); !errors.Is(err, ErrProof) {
			t.Errorf("got %v, want the session over after logout", err)
		}
	})
}

func TestChangedUsersLoseSessions(t *testing.T) {
	r := newRig(t, Config{})
	r.user("root", Admin, "")
	role, disabled := Agent, true
	agent := "eva"
	for name, change := range map[string]UserChange{"role": {Role: &role, Agent: &agent}, "disabled": {Disabled: &disabled}} {
		r.user("eva", Supervisor, "")
		s := r.session("eva")
		if _, err := r.k.ChangeUser(t.Context(), "eva", 0, change); err != nil {
			t.Fatal(err)
		}
		if _, err := r.k.Resume(t.Context(), s.Secret); !errors.Is(err, ErrProof) {
			t.Errorf("%s: got %v, want the session over", name, err)
		}
		if err := r.k.RemoveUser(t.Context(), "eva", 0); err != nil {
			t.Fatal(err)
		}
	}
	r.user("eva", Supervisor, "")
	s := r.session("eva")
	if err := r.k.RemoveUser(t.Context(), "eva", 0); err != nil {
		t.Fatal(err)
	}
	if _, err := r.k.Resume(t.Context(), s.Secret); !errors.Is(err, ErrProof) {
		t.Errorf("got %v, want the session of a removed user over", err)
	}
	// A new user of the old name is somebody else.
	r.user("eva", Admin, "")
	if p, err := r.k.Resume(t.Context(), s.Secret); err == nil {
		t.Errorf("a session of the old eva is one of the new: %+v", p)
	}
}

func TestLinksWorkOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{LinkLife: time.Minute, Areas: []Area{{Prefix: "/login/", Public: true, Secret: true}}})
		r.user("eva", Supervisor, "")
		link, err := r.k.LoginLink(t.Context(), "eva")
		if err != nil {
			t.Fatal(err)
		}
		var passed atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := r.k.Redeem(context.Background(), link); err == nil {
					passed.Add(1)
				} else if !errors.Is(err, ErrLink) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := passed.Load(); n != 1 {
			t.Errorf("the link worked %d times, want once", n)
		}
		late, err := r.k.LoginLink(t.Context(), "eva")
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		wantStatus(t, r.serve(r.k.ServeLink("/desk/"), "GET", "/login/"+late, ""), 403)
		link, err = r.k.LoginLink(t.Context(), "eva")
		if err != nil {
			t.Fatal(err)
		}
		if w := r.serve(r.k.ServeLink("/desk/"), "HEAD", "/login/"+link, ""); w.Code != 405 {
			t.Errorf("got %d for HEAD, want 405", w.Code)
		}
		w := r.serve(r.k.ServeLink("/desk/"), "GET", "/login/"+link, "")
		if w.Code != 303 || w.Header().Get("Location") != "/desk/" || !strings.Contains(w.Header().Get("Set-Cookie"), "HttpOnly") {
			t.Errorf("got %d %v", w.Code, w.Header())
		}
	})
}
