package access

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const goodPassword = "correct horse"

// rig is a keeper with its log and its documents.
type rig struct {
	t    *testing.T
	k    *Keeper
	docs *Memory
	log  *bytes.Buffer
}

func newRig(t *testing.T, cfg Config) *rig {
	t.Helper()
	r := &rig{t: t, docs: NewMemory(1000), log: &bytes.Buffer{}}
	k, err := New(cfg, Parts{Documents: r.docs, Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	r.k = k
	return r
}

func (r *rig) user(name string, role Role, password string) User {
	r.t.Helper()
	u := User{Name: name, Role: role}
	if role == Agent {
		u.Agent = name
	}
	u, err := r.k.CreateUser(context.Background(), u, password)
	if err != nil {
		r.t.Fatal(err)
	}
	return u
}

// session signs a user in by a link: no password is hashed.
func (r *rig) session(name string) Session {
	r.t.Helper()
	secret, err := r.k.LoginLink(context.Background(), name)
	if err != nil {
		r.t.Fatal(err)
	}
	s, err := r.k.Redeem(context.Background(), secret)
	if err != nil {
		r.t.Fatal(err)
	}
	return s
}

func (r *rig) token(role Role) string {
	r.t.Helper()
	tok := Token{Name: "test " + string(role), Role: role}
	if role == Agent {
		tok.Agent = "anna"
	}
	_, secret, err := r.k.IssueToken(context.Background(), tok)
	if err != nil {
		r.t.Fatal(err)
	}
	return secret
}

// call sends a request through the door to a handler that answers with who asks. headers are name, value, name, value.
func (r *rig) call(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r.t.Helper()
	return r.serve(http.HandlerFunc(whoHandler), method, target, body, headers...)
}

func whoHandler(w http.ResponseWriter, q *http.Request) {
	if _, err := io.ReadAll(q.Body); err != nil {
		WriteProblem(w, q, TooLarge(0))
		return
	}
	p, ok := From(q.Context())
	if !ok {
		io.WriteString(w, "nobody")
		return
	}
	io.WriteString(w, p.By+" "+p.User+" "+string(p.Role))
}

func (r *rig) serve(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r.t.Helper()
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	req.Host = "gate.example"
	for i := 0; i < len(headers); i += 2 {
		switch headers[i] {
		case "Cookie":
			req.AddCookie(&http.Cookie{Name: r.k.SessionCookie(), Value: headers[i+1]})
		case "Remote":
			req.RemoteAddr = headers[i+1]
		default:
			req.Header.Add(headers[i], headers[i+1])
		}
	}
	w := httptest.NewRecorder()
	r.k.Wrap(h).ServeHTTP(w, req)
	return w
}

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Errorf("got status %d, want %d: %s", w.Code, status, w.Body)
	}
	if w.Code >= 400 {
		wantProblem(t, w)
	}
}

// wantProblem holds every refusal to say what is wrong, what to do and which request it was.
func wantProblem(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("got content type %q, want application/problem+json", ct)
	}
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Errorf("the problem is not JSON: %v", err)
	}
	if p.Status != w.Code || p.Title == "" || p.Do == "" || p.Request == "" || p.Request != w.Header().Get("X-Request-Id") {
		t.Errorf("the problem does not say all: %+v", p)
	}
}
