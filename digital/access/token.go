package access

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"
)

// Token is an API token as lists show it: without its secret.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"`
	Role    Role      `json:"role"`
	Agent   string    `json:"agent,omitempty"`
	Scopes  []string  `json:"scopes,omitempty"` // "calls:read", "calls:write", "calls"; empty: all that the role may
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"` // zero: never
	By      string    `json:"by,omitempty"`     // who issued it
}

type storedToken struct {
	Token
	Digest string `json:"digest"`
}

const apiTokenPrefix = "access/token/"

var (
	tokenName = regexp.MustCompile(`^[\pL\pN][\pL\pN ._@/-]{0,63}$`)
	scopeForm = regexp.MustCompile(`^[a-z]+(:(read|write))?$`)
)

func checkToken(t Token) error {
	switch {
	case !tokenName.MatchString(t.Name):
		return fmt.Errorf("name %.80q: %w: 1 to 64 letters, digits, spaces and . _ @ / -", t.Name, ErrInvalid)
	case !t.Role.Known():
		return fmt.Errorf("role %.80q: %w: use admin, supervisor, agent or integrator", t.Role, ErrInvalid)
	case len(t.Scopes) > 32:
		return fmt.Errorf("scopes: %w: more than 32", ErrInvalid)
	case expired(t.Expires):
		return fmt.Errorf("expires: %w: is over already", ErrInvalid)
	case t.Role == Agent && t.Agent == "":
		return fmt.Errorf("agent: %w: a token of role agent needs an agent", ErrInvalid)
	}
	for _, s := range t.Scopes {
		if !scopeForm.MatchString(s) {
			return fmt.Errorf("scope %.80q: %w: write it like calls, calls:read or calls:write", s, ErrInvalid)
		}
	}
	return nil
}

// IssueToken makes an API token. The secret is shown this once.
func (k *Keeper) IssueToken(ctx context.Context, t Token) (Token, string, error) {
	if err := checkToken(t); err != nil {
		return Token{}, "", err
	}
	n, err := count(ctx, k.docs, apiTokenPrefix)
	if err != nil {
		return Token{}, "", err
	}
	if n >= k.cfg.MaxToken {
		return Token{}, "", fmt.Errorf("%d tokens: %w", n, ErrFull)
	}
	secret := newSecret(tokenPrefix)
	s := storedToken{Token: t, Digest: digest(secret)}
	s.ID, s.Created = idOf(s.Digest), time.Now().UTC()
	if _, err := save(ctx, k.docs, Document{Key: apiTokenPrefix + s.ID, Expires: t.Expires}, s); err != nil {
		return Token{}, "", err
	}
	return s.Token, secret, nil
}

// Tokens gives at most limit (1 to MaxList) tokens whose ID is greater than after, by ID.
func (k *Keeper) Tokens(ctx context.Context, after string, limit int) ([]Token, error) {
	if after != "" {
		after = apiTokenPrefix + after
	}
	docs, err := k.docs.List(ctx, apiTokenPrefix, after, limit)
	if err != nil {
		return nil, err
	}
	tokens := make([]Token, 0, len(docs))
	for _, d := range docs {
		s, err := decode[storedToken](d)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, s.Token)
	}
	return tokens, nil
}

// RevokeToken ends a token at once.
func (k *Keeper) RevokeToken(ctx context.Context, id string) error {
	if err := k.docs.Delete(ctx, apiTokenPrefix+id, 0); err != nil {
		return fmt.Errorf("token %q: %w", id, err)
	}
	return nil
}

// Bearer tells who an API token's secret proves, or ErrProof.
func (k *Keeper) Bearer(ctx context.Context, secret string) (Principal, error) {
	if !wellFormed(tokenPrefix, secret) {
		return Principal{}, ErrProof
	}
	sum := digest(secret)
	s, _, err := load[storedToken](ctx, k.docs, apiTokenPrefix+idOf(sum))
	if errors.Is(err, ErrNotFound) {
		return Principal{}, ErrProof
	}
	if err != nil {
		return Principal{}, err
	}
	if !same(s.Digest, sum) || expired(s.Expires) {
		return Principal{}, ErrProof
	}
	return Principal{By: ByToken, ID: s.ID, User: s.Name, Role: s.Role, Agent: s.Agent, Scopes: s.Scopes}, nil
}

// bearerOf gives the token of an Authorization header (RFC 6750 §2.1); ok tells that there is such a header at all.
func bearerOf(r *http.Request) (secret string, ok bool) {
	const scheme = "bearer "
	h := r.Header.Get("Authorization")
	if h == "" {
		return "", false
	}
	if len(h) < len(scheme) || lower(h[:len(scheme)]) != lower(scheme) {
		return "", true
	}
	return h[len(scheme):], true
}
