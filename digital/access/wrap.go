package access

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Limits of the server that no configuration needs to know.
const (
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	maxHeader         = 32 << 10
	bodyTimeout       = time.Minute // of a request's body, from its head on
	badProofFine      = 10          // requests that a wrong token or link costs its address
)

// Wrap puts a handler behind the door. See the package comment for the order of its steps.
func (k *Keeper) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := newRequestID()
		rec := &recorder{ResponseWriter: w}
		visit := &visit{began: time.Now(), id: id, area: k.area(r.URL.Path), addr: k.clientAddr(r)}
		rec.Header().Set("X-Request-Id", id)
		k.m.live.Inc()
		defer k.m.live.Dec()
		defer k.finish(rec, r, visit)
		k.securityHeaders(rec.Header(), visit.area)
		r = r.WithContext(context.WithValue(r.Context(), visitKey{}, visit))
		if r, ok := k.admit(rec, r, visit); ok {
			next.ServeHTTP(rec, r)
		}
	})
}

// admit checks a request step by step; the first step that refuses has answered.
func (k *Keeper) admit(w http.ResponseWriter, r *http.Request, v *visit) (*http.Request, bool) {
	if after, ok := k.rates.address.take(v.addr, v.began); !ok && !v.area.OwnLimits {
		k.m.refused("address_rate")
		WriteProblem(w, r, Problem{Status: http.StatusTooManyRequests, Detail: "too many requests from this address",
			Do: "wait as long as Retry-After says", RetryAfter: after})
		return r, false
	}
	if !k.checkOrigin(w, r, v.area) {
		return r, false
	}
	if !k.limitBody(w, r, v.area) {
		return r, false
	}
	if v.area.Public && v.area.OwnProof {
		return r, true
	}
	p, err := k.Authenticate(r)
	switch {
	case err == nil:
		k.away.Worked()
		return k.admitPrincipal(w, r, v, p)
	case !errors.Is(err, ErrProof) && !errors.Is(err, ErrNoProof):
		k.fail(w, r, err)
		return r, false
	}
	if errors.Is(err, ErrProof) {
		k.m.refused("proof")
		k.rates.address.fine(v.addr, badProofFine, v.began)
	}
	if _, bearer := bearerOf(r); v.area.Public && !(bearer && errors.Is(err, ErrProof)) {
		return r, true
	}
	do := "send Authorization: Bearer <token> (tandem token issue), or sign in"
	if errors.Is(err, ErrNoProof) {
		k.m.refused("no_proof")
	}
	WriteProblem(w, r, Problem{Status: http.StatusUnauthorized, Detail: err.Error(), Do: do})
	return r, false
}

func (k *Keeper) admitPrincipal(w http.ResponseWriter, r *http.Request, v *visit, p Principal) (*http.Request, bool) {
	v.principal = p
	if after, ok := k.rates.token.take(p.By+"/"+p.ID, v.began); !ok {
		k.m.refused("token_rate")
		WriteProblem(w, r, Problem{Status: http.StatusTooManyRequests, Detail: "too many requests of this token or session",
			Do: "wait as long as Retry-After says", RetryAfter: after})
		return r, false
	}
	if p.By == BySession && !v.area.Public && !k.checkForgery(w, r) {
		return r, false
	}
	if len(v.area.Roles) > 0 && !slices.Contains(v.area.Roles, p.Role) {
		k.m.refused("role")
		WriteProblem(w, r, Problem{Status: http.StatusForbidden, Detail: "not open to the role " + string(p.Role),
			Do: "ask an admin for another role"})
		return r, false
	}
	return r.WithContext(With(r.Context(), p)), true
}

// Authenticate tells who a request proves to be: by its bearer token, else by its session's cookie. ErrNoProof if it has neither,
// ErrProof if what it has is worth nothing.
func (k *Keeper) Authenticate(r *http.Request) (Principal, error) {
	if secret, ok := bearerOf(r); ok {
		return k.Bearer(r.Context(), secret)
	}
	c, err := r.Cookie(k.SessionCookie())
	if err != nil {
		return Principal{}, ErrNoProof
	}
	return k.Resume(r.Context(), c.Value)
}

// limitBody refuses a body that says that it is too long, and ends one that turns out to be.
func (k *Keeper) limitBody(w http.ResponseWriter, r *http.Request, a Area) bool {
	most := k.cfg.MaxBody
	if a.MaxBody > 0 {
		most = a.MaxBody
	}
	if r.ContentLength > most {
		k.m.refused("body")
		w.Header().Set("Connection", "close")
		WriteProblem(w, r, TooLarge(most))
		return false
	}
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(w, r.Body, most)
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // what has none cannot be slow
	}
	return true
}

// TooLarge is the answer to a body of more than so many bytes.
func TooLarge(most int64) Problem {
	return Problem{Status: http.StatusRequestEntityTooLarge, Detail: "the body is larger than " + strconv.FormatInt(most, 10) + " bytes", Do: "send less at once"}
}

// fail answers what is our fault, and logs it.
func (k *Keeper) fail(w http.ResponseWriter, r *http.Request, err error) {
	var busy *BusyError
	if errors.As(err, &busy) {
		WriteProblem(w, r, Problem{Status: http.StatusServiceUnavailable, Detail: busy.Why, RetryAfter: busy.After, Do: "wait as long as Retry-After says"})
		return
	}
	if r.Context().Err() == nil {
		k.m.refused("store")
		k.away.Failed(err, "request", RequestID(r.Context()))
	}
	WriteProblem(w, r, Problem{Status: http.StatusServiceUnavailable, Detail: "the store cannot answer", RetryAfter: 5 * time.Second,
		Do: "try again; /readyz says what is down"})
}
