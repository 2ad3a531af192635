package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Session is a browser that signed in. Secret is its cookie's value and shown to nobody else.
type Session struct {
	Principal Principal
	Secret    string
	Expires   time.Time // at the latest
}

type storedSession struct {
	User    string    `json:"user"`
	Epoch   uint64    `json:"epoch"` // of the user when it began
	Digest  string    `json:"digest"`
	Began   time.Time `json:"began"`
	Used    time.Time `json:"used"` // at times
	Expires time.Time `json:"expires"`
}

type storedLink struct {
	User    string    `json:"user"`
	Digest  string    `json:"digest"`
	Expires time.Time `json:"expires"`
}

const (
	sessionDocs = "access/session/"
	linkDocs    = "access/link/"
)

// Login proves a user by password and begins a session. addr is who tries. It answers ErrLogin, ErrDisabled (only to the right password),
// or a BusyError when there were too many tries.
func (k *Keeper) Login(ctx context.Context, user, password, addr string) (Session, error) {
	user = lower(user)
	if len(user) > 64 {
		user = user[:64]
	}
	if left := k.lockout.try(user, addr, time.Now()); left > 0 {
		k.m.login("locked")
		return Session{}, &BusyError{Why: "too many wrong passwords", After: left}
	}
	if err := k.settle(ctx, user); err != nil {
		k.lockout.undo(user, addr)
		return Session{}, err
	}
	s, err := k.storedUser(ctx, user)
	if err != nil {
		k.lockout.undo(user, addr)
		return Session{}, err
	}
	hash := s.Hash
	if hash == "" {
		hash = nobody
	}
	right, err := k.hash.check(ctx, password, hash)
	if err != nil {
		k.lockout.undo(user, addr)
		return Session{}, err
	}
	if !right || s.Hash == "" {
		k.m.login("wrong")
		k.log.Warn("login refused", "user", user, "remote", addr)
		return Session{}, ErrLogin
	}
	k.lockout.passed(user, addr)
	if s.Disabled {
		k.m.login("disabled")
		return Session{}, ErrDisabled
	}
	k.m.login("passed")
	return k.begin(ctx, s)
}

// storedUser gives a user or, if there is none, an empty one.
func (k *Keeper) storedUser(ctx context.Context, name string) (storedUser, error) {
	if !userName.MatchString(name) {
		return storedUser{}, nil
	}
	s, _, err := load[storedUser](ctx, k.docs, userPrefix+name)
	if errors.Is(err, ErrNotFound) {
		return storedUser{}, nil
	}
	return s, err
}

// begin starts a session of a proven user.
func (k *Keeper) begin(ctx context.Context, u storedUser) (Session, error) {
	secret := newSecret(sessionPrefix)
	now := time.Now().UTC()
	s := storedSession{User: u.Name, Epoch: u.Epoch, Digest: digest(secret), Began: now, Used: now, Expires: now.Add(k.cfg.SessionLife)}
	d := Document{Key: sessionDocs + idOf(s.Digest), Expires: s.idle(k.cfg.SessionIdle)}
	if _, err := save(ctx, k.docs, d, s); err != nil {
		return Session{}, err
	}
	k.log.Info("signed in", "user", u.Name)
	return Session{Principal: principalOf(u.User, idOf(s.Digest)), Secret: secret, Expires: s.Expires}, nil
}

func principalOf(u User, id string) Principal {
	return Principal{By: BySession, ID: id, User: u.Name, Role: u.Role, Agent: u.Agent}
}

// idle gives when the session is over if nobody uses it any more.
func (s storedSession) idle(after time.Duration) time.Time {
	if end := s.Used.Add(after); end.Before(s.Expires) {
		return end
	}
	return s.Expires
}

// Resume tells who a session's secret proves, or ErrProof.
func (k *Keeper) Resume(ctx context.Context, secret string) (Principal, error) {
	if !wellFormed(sessionPrefix, secret) {
		return Principal{}, ErrProof
	}
	sum := digest(secret)
	s, d, err := load[storedSession](ctx, k.docs, sessionDocs+idOf(sum))
	if errors.Is(err, ErrNotFound) {
		return Principal{}, ErrProof
	}
	if err != nil {
		return Principal{}, err
	}
	if !same(s.Digest, sum) || expired(s.idle(k.cfg.SessionIdle)) {
		return Principal{}, ErrProof
	}
	u, err := k.storedUser(ctx, s.User)
	if err != nil {
		return Principal{}, err
	}
	if u.Name == "" || u.Disabled || u.Epoch != s.Epoch {
		return Principal{}, ErrProof
	}
	k.touch(ctx, d, s)
	return principalOf(u.User, idOf(sum)), nil
}

// touch writes down that a session is used, a few times in its idle time: not at each request.
func (k *Keeper) touch(ctx context.Context, d Document, s storedSession) {
	now := time.Now().UTC()
	every := k.cfg.SessionIdle / 12
	if now.Sub(s.Used) < every || !k.lasts.due(d.Key, now, every) {
		return
	}
	s.Used = now
	d.Expires = s.idle(k.cfg.SessionIdle)
	if _, err := save(ctx, k.docs, d, s); err != nil && !errors.Is(err, ErrVersion) {
		k.log.Warn("session not prolonged", "user", s.User, "err", err)
	}
}

// Logout ends a session by its ID.
func (k *Keeper) Logout(ctx context.Context, id string) error {
	err := k.docs.Delete(ctx, sessionDocs+id, 0)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// LoginLink makes a secret that signs a user in once: Keeper.ServeLink takes it below its path.
func (k *Keeper) LoginLink(ctx context.Context, user string) (string, error) {
	u, err := k.User(ctx, user)
	if err != nil {
		return "", err
	}
	secret := newSecret(linkPrefix)
	l := storedLink{User: u.Name, Digest: digest(secret), Expires: time.Now().UTC().Add(k.cfg.LinkLife)}
	_, err = save(ctx, k.docs, Document{Key: linkDocs + idOf(l.Digest), Expires: l.Expires}, l)
	return secret, err
}

// Redeem signs a user in by a one-time secret; a second time it is ErrLink.
func (k *Keeper) Redeem(ctx context.Context, secret string) (Session, error) {
	if !wellFormed(linkPrefix, secret) {
		return Session{}, ErrLink
	}
	sum := digest(secret)
	l, d, err := load[storedLink](ctx, k.docs, linkDocs+idOf(sum))
	if errors.Is(err, ErrNotFound) {
		return Session{}, ErrLink
	}
	if err != nil {
		return Session{}, err
	}
	if !same(l.Digest, sum) || expired(l.Expires) {
		return Session{}, ErrLink
	}
	err = k.docs.Delete(ctx, d.Key, d.Version) // whoever deletes it has used it
	if errors.Is(err, ErrNotFound) || errors.Is(err, ErrVersion) {
		return Session{}, ErrLink
	}
	if err != nil {
		return Session{}, err
	}
	u, err := k.storedUser(ctx, l.User)
	if err != nil {
		return Session{}, err
	}
	if u.Name == "" || u.Disabled {
		return Session{}, ErrDisabled
	}
	k.m.login("link")
	return k.begin(ctx, u)
}

// SessionCookie is the name of the session's cookie.
func (k *Keeper) SessionCookie() string {
	if k.cfg.Secure {
		return "__Host-tandem"
	}
	return "tandem"
}

// Cookie gives the cookie of a session; of the zero Session, one that removes it.
func (k *Keeper) Cookie(s Session) *http.Cookie {
	c := &http.Cookie{Name: k.SessionCookie(), Value: s.Secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: k.cfg.Secure}
	if s.Secret == "" {
		c.MaxAge = -1
		return c
	}
	c.Expires = s.Expires
	return c
}

// ServeLink gives the handler of one-time links: the last part of the path is the secret; it sets the cookie and goes to page. Its area
// is Public and Secret.
func (k *Keeper) ServeLink(page string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet { // a HEAD would use the link up
			w.Header().Set("Allow", http.MethodGet)
			WriteProblem(w, r, Problem{Status: http.StatusMethodNotAllowed, Do: "open the link in a browser"})
			return
		}
		secret := r.URL.Path[lastSlash(r.URL.Path)+1:]
		s, err := k.Redeem(r.Context(), secret)
		if err != nil {
			k.m.login("wrong")
			k.refuseLink(w, r, err)
			return
		}
		http.SetCookie(w, k.Cookie(s))
		http.Redirect(w, r, page, http.StatusSeeOther)
	})
}

func (k *Keeper) refuseLink(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, ErrLink) || errors.Is(err, ErrDisabled) {
		k.rates.address.fine(k.addressKey(r), badProofFine, time.Now())
		WriteProblem(w, r, Problem{Status: http.StatusForbidden, Detail: "this login link was used or is over",
			Do: "ask for a new one: tandem user link <name>"})
		return
	}
	k.fail(w, r, fmt.Errorf("login link: %w", err))
}

// lasts remembers when something was done last, so that it is not done at each request.
type lasts struct {
	mu   sync.Mutex
	keys *lru[time.Time]
}

func newLasts(most int) *lasts { return &lasts{keys: newLRU[time.Time](most)} }

// due tells whether it is time again, and remembers that it was.
func (l *lasts) due(key string, now time.Time, every time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ok := l.keys.get(key); ok && now.Sub(last) < every {
		return false
	}
	l.keys.put(key, now)
	return true
}
