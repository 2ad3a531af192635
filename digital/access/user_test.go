package access

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestUsers(t *testing.T) {
	r := newRig(t, Config{MaxUsers: 3})
	root := r.user("root", Admin, "")
	if _, err := r.k.CreateUser(t.Context(), User{Name: "root", Role: Admin}, ""); !errors.Is(err, ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	for _, u := range []User{{Name: "Capital", Role: Admin}, {Name: "", Role: Admin}, {Name: "a/b", Role: Admin}, {Name: strings.Repeat("a", 65), Role: Admin},
		{Name: "x", Role: "king"}, {Name: "x", Role: Agent}, {Name: "<b>", Role: Admin}} {
		if _, err := r.k.CreateUser(t.Context(), u, ""); !errors.Is(err, ErrInvalid) {
			t.Errorf("%+v: got %v, want ErrInvalid", u, err)
		}
	}
	for _, p := range []string{"short", strings.Repeat("x", 257), "\xff\xfe\xff\xfe\xff\xfe\xff\xfe\xff\xfe"} {
		if _, err := r.k.CreateUser(t.Context(), User{Name: "x", Role: Admin}, p); !errors.Is(err, ErrInvalid) {
			t.Errorf("password %.20q: got %v, want ErrInvalid", p, err)
		}
	}
	if err := r.k.RemoveUser(t.Context(), "root", 0); !errors.Is(err, ErrLast) {
		t.Errorf("got %v, want ErrLast", err)
	}
	role, off := Supervisor, true
	if _, err := r.k.ChangeUser(t.Context(), "root", 0, UserChange{Role: &role}); !errors.Is(err, ErrLast) {
		t.Errorf("got %v, want ErrLast", err)
	}
	if _, err := r.k.ChangeUser(t.Context(), "root", 0, UserChange{Disabled: &off}); !errors.Is(err, ErrLast) {
		t.Errorf("got %v, want ErrLast", err)
	}
	r.user("eva", Admin, "")
	if _, err := r.k.ChangeUser(t.Context(), "root", root.Version+100, UserChange{Role: &role}); !errors.Is(err, ErrVersion) {
		t.Errorf("got %v, want ErrVersion", err)
	}
	if u, err := r.k.ChangeUser(t.Context(), "root", root.Version, UserChange{Role: &role}); err != nil || u.Role != Supervisor || u.Version == root.Version {
		t.Errorf("got %+v, %v", u, err)
	}
	r.user("third", Agent, "")
	if _, err := r.k.CreateUser(t.Context(), User{Name: "fourth", Role: Admin}, ""); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	users, err := r.k.Users(t.Context(), "eva", 10)
	if err != nil || len(users) != 2 || users[0].Name != "root" || users[1].Name != "third" {
		t.Errorf("got %+v, %v", users, err)
	}
	if _, err := r.k.User(t.Context(), "nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v, want ErrNotFound", err)
	}
}

func TestNoSecretIsStored(t *testing.T) {
	r := newRig(t, Config{})
	r.user("eva", Supervisor, goodPassword)
	token, session := r.token(Admin), r.session("eva")
	link, err := r.k.LoginLink(t.Context(), "eva")
	if err != nil {
		t.Fatal(err)
	}
	docs, err := r.docs.List(t.Context(), "", "", 100)
	if err != nil || len(docs) != 4 {
		t.Fatalf("got %d documents, %v", len(docs), err)
	}
	for _, d := range docs {
		for _, secret := range []string{token, session.Secret, link, goodPassword} {
			if strings.Contains(string(d.Body), secret) || strings.Contains(d.Key, secret[4:]) {
				t.Errorf("document %s holds a secret", d.Key)
			}
		}
	}
}

func TestTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, Config{MaxToken: 2})
		tok, secret, err := r.k.IssueToken(t.Context(), Token{Name: "crm", Role: Integrator, Scopes: []string{"calls", "records:read"}, Expires: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		p, err := r.k.Bearer(t.Context(), secret)
		if err != nil || !p.May("calls:write") || !p.May("records:read") || p.May("records:write") || p.May("users:read") || p.Actor() != "token:crm" {
			t.Errorf("got %+v, %v", p, err)
		}
		for _, bad := range []Token{{Name: "", Role: Admin}, {Name: "x", Role: "x"}, {Name: "x", Role: Admin, Scopes: []string{"Calls"}}, {Name: "x", Role: Agent},
			{Name: "x", Role: Admin, Expires: time.Now()}, {Name: "x\ny", Role: Admin}, {Name: "x", Role: Admin, Scopes: make([]string, 33)}} {
			if _, _, err := r.k.IssueToken(t.Context(), bad); !errors.Is(err, ErrInvalid) {
				t.Errorf("%+v: got %v, want ErrInvalid", bad, err)
			}
		}
		r.token(Admin)
		if _, _, err := r.k.IssueToken(t.Context(), Token{Name: "x", Role: Admin}); !errors.Is(err, ErrFull) {
			t.Errorf("got %v, want ErrFull", err)
		}
		time.Sleep(time.Hour)
		if _, err := r.k.Bearer(t.Context(), secret); !errors.Is(err, ErrProof) {
			t.Errorf("got %v, want the token over", err)
		}
		if err := r.k.RevokeToken(t.Context(), tok.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("got %v, want it forgotten", err)
		}
		again := r.token(Supervisor)
		list, err := r.k.Tokens(t.Context(), "", 10)
		if err != nil || len(list) != 2 {
			t.Fatalf("got %+v, %v", list, err)
		}
		for _, x := range list {
			if err := r.k.RevokeToken(t.Context(), x.ID); err != nil {
				t.Error(err)
			}
		}
		if _, err := r.k.Bearer(t.Context(), again); !errors.Is(err, ErrProof) {
			t.Errorf("got %v, want the token revoked", err)
		}
	})
}

func TestPasswordHashes(t *testing.T) {
	h := newHasher(1, 1, newMetrics(nil))
	made, err := h.make(t.Context(), goodPassword)
	if err != nil || !strings.HasPrefix(made, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("got %s, %v", made, err)
	}
	if ok, err := h.check(t.Context(), goodPassword, made); !ok || err != nil {
		t.Errorf("got %v, %v, want the password to fit", ok, err)
	}
	if ok, err := h.check(t.Context(), goodPassword+" ", made); ok || err != nil {
		t.Errorf("got %v, %v, want another password not to fit", ok, err)
	}
	for _, bad := range []string{"", "plain", "$argon2i$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		strings.Replace(nobody, "m=19456", "m=99999999", 1), strings.Replace(nobody, "t=2", "t=999", 1), strings.Replace(nobody, "p=1", "p=0", 1),
		strings.Replace(nobody, "v=19", "v=16", 1), nobody + "$x", strings.Replace(nobody, "AAAA", "!!!!", 1)} {
		if _, err := parseHash(bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: got %v, want ErrInvalid", bad, err)
		}
	}
}

func TestHashingIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher(1, 1, newMetrics(nil))
		if err := h.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		waiting := make(chan error)
		go func() { waiting <- h.enter(t.Context()) }()
		synctest.Wait()
		var busy *BusyError
		if err := h.enter(t.Context()); !errors.As(err, &busy) {
			t.Errorf("got %v, want a BusyError for the third", err)
		}
		h.leave()
		if err := <-waiting; err != nil {
			t.Errorf("got %v, want the second to have its turn", err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := h.enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the wait to end with its context", err)
		}
		h.leave()
		if n := h.waiting.Load(); n != 0 {
			t.Errorf("%d still count", n)
		}
	})
}

func TestLRUIsBounded(t *testing.T) {
	l := newLimiter(1, 1, 100)
	for i := range 10000 {
		l.take(string(rune(i)), time.Now())
	}
	if n := l.keys.len(); n != 100 || len(l.keys.byKey) != 100 {
		t.Errorf("%d keys are remembered, want 100", n)
	}
}

func TestConfigFaults(t *testing.T) {
	err := Config{Origins: []string{"crm.example", "https://ok.example", "https://x.example/path", "https://*", "https://[", "https://*.ok.example"}, Hashes: -1, LockFor: -1,
		Areas: []Area{{Prefix: "x"}, {Prefix: "/a", Public: true, Roles: []Role{Admin}}, {Prefix: "/a", Ancestors: []string{"x; script-src *"}}, {Prefix: "/b", Roles: []Role{"king"}}}}.Validate()
	for _, want := range []string{"origins[0]", "origins[2]", "origins[3]", "origins[4]", "hashes", "lock_for", "areas[0].prefix", "areas[1]", "areas[2].prefix", "areas[2]: ", "areas[3].roles"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no fault about %s in:\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "origins[1]") || strings.Contains(err.Error(), "origins[5]") {
		t.Errorf("a right origin is a fault: %v", err)
	}
	if _, err := New(Config{}, Parts{}); err == nil {
		t.Error("a keeper without documents")
	}
}
