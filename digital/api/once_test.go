package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/digital/access"
)

const callBody = `{"first":"201","then":"+4930123"}`

func TestSameKeySameResult(t *testing.T) {
	r := newRig(t)
	first := r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "k1")
	again := r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "k1")
	wantStatus(t, first, 201)
	wantStatus(t, again, 201)
	if first.Body.String() != again.Body.String() || again.Header().Get("Location") != "/v1/calls/c_17" || again.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
		t.Errorf("got %v %s, want the first result", again.Header(), again.Body)
	}
	if first.Header().Get("Idempotent-Replay") != "" || again.Header().Get("Idempotent-Replay") != "true" {
		t.Error("it does not say which is the replay")
	}
	if asked := r.house.take(); len(asked) != 1 {
		t.Errorf("asked %v, want one effect", asked)
	}
	wantStatus(t, r.call(access.Integrator, "POST", "/v1/calls", callBody+" ", keyHeader, "k1"), 422)
	wantStatus(t, r.call(access.Integrator, "POST", "/v1/sms", `{"to":"+4930123","text":"x"}`, keyHeader, "k1"), 422)
	wantStatus(t, r.call(access.Admin, "POST", "/v1/calls", callBody, keyHeader, "k1"), 201) // another principal: another key
	wantStatus(t, r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "k2"), 201)
	wantStatus(t, r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, strings.Repeat("k", 201)), 422)
	wantStatus(t, r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "k\x01"), 422)
	if asked := r.house.take(); len(asked) != 2 {
		t.Errorf("asked %v, want two effects", asked)
	}
}

// TestKeyRace: of equal requests at once exactly one has its effect, whatever the others are told.
func TestKeyRace(t *testing.T) {
	r := newRig(t)
	r.house.gate = make(chan struct{})
	const n = 16
	answers := make([]*httptest.ResponseRecorder, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { answers[i] = r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "race") })
	}
	r.house.gate <- struct{}{} // one is let through; a second one would stand here for ever
	wg.Wait()
	done, running := 0, 0
	for _, w := range answers {
		switch w.Code {
		case 201:
			done++
		case 409:
			running++
			if w.Header().Get("Retry-After") == "" {
				t.Error("still running, without Retry-After")
			}
		default:
			t.Errorf("got %d: %s", w.Code, w.Body)
		}
	}
	if asked := r.house.take(); len(asked) != 1 || done < 1 || done+running != n {
		t.Errorf("asked %v, %d done, %d told to wait, want one effect", asked, done, running)
	}
	wantStatus(t, r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "race"), 201)
	if asked := r.house.take(); len(asked) != 0 {
		t.Errorf("asked %v, want the first result", asked)
	}
}

func TestFailuresAndKeys(t *testing.T) {
	r := newRig(t)
	r.house.err = ErrBusy // had no effect: the key is free again
	wantStatus(t, r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "a"), 503)
	r.house.err = nil
	wantStatus(t, r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "a"), 201)
	r.house.err = fmt.Errorf("broken") // may have had an effect: the key is used
	wantStatus(t, r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "b"), 500)
	r.house.err = nil
	if w := r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "b"); w.Code != 500 {
		t.Errorf("got %d, want the first result", w.Code)
	}
	wantStatus(t, r.call(access.Agent, "POST", "/v1/customers/k/erase", `{"confirm":"k"}`, keyHeader, "c"), 403)
	wantStatus(t, r.call("", "POST", "/v1/calls", callBody, keyHeader, "c"), 401)
	if n := len(r.keys()); n != 2 {
		t.Errorf("%d keys are kept, want those that came through", n)
	}
	if n := len(r.house.take()); n != 3 {
		t.Errorf("%d effects, want 3", n)
	}
}

// keys gives the documents of idempotency keys.
func (r *rig) keys() []access.Document {
	r.t.Helper()
	docs, err := r.docs.List(r.t.Context(), "api/once/", "", 1000)
	if err != nil {
		r.t.Fatal(err)
	}
	return docs
}

// TestSecretsAreNotKept: what is shown once is not kept for a replay.
func TestSecretsAreNotKept(t *testing.T) {
	r := newRig(t)
	issued := decode[IssuedToken](t, r.call(access.Admin, "POST", "/v1/tokens", `{"name":"x","role":"admin"}`, keyHeader, "k"))
	if !strings.HasPrefix(issued.Secret, "tdm_") {
		t.Fatalf("got %+v", issued)
	}
	for _, d := range r.keys() {
		if strings.Contains(string(d.Body), issued.Secret) {
			t.Error("the secret is kept")
		}
	}
	wantStatus(t, r.call(access.Admin, "POST", "/v1/tokens", `{"name":"x","role":"admin"}`, keyHeader, "k"), 409)
	if list := decode[List[access.Token]](t, r.call(access.Admin, "GET", "/v1/tokens", "")); len(list.Items) != len(access.Roles())+1 {
		t.Errorf("%d tokens, want one more", len(list.Items))
	}
}

func TestKeysEndAndCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		wantStatus(t, r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "k"), 201)
		time.Sleep(keepResult)
		wantStatus(t, r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "k"), 201)
		if n := len(r.house.take()); n != 2 {
			t.Errorf("%d effects, want the key free after a day", n)
		}
		d := r.keys()[0] // as a crash would have left it
		var res result
		if err := json.Unmarshal(d.Body, &res); err != nil {
			t.Fatal(err)
		}
		res.Done, res.Kept = false, false
		d.Body, _ = json.Marshal(res)
		if _, err := r.docs.Put(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		w := r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "k")
		if wantStatus(t, w, 409); !strings.Contains(w.Body.String(), "still running") {
			t.Errorf("got %s", w.Body)
		}
		time.Sleep(slowest + time.Second)
		w = r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "k")
		if wantStatus(t, w, 409); !strings.Contains(w.Body.String(), "cut off") {
			t.Errorf("got %s", w.Body)
		}
		if n := len(r.house.take()); n != 0 {
			t.Errorf("%d effects, want none", n)
		}
	})
}

// TestAskerGone: a request with a key is done although its asker has hung up, and its result waits for him.
func TestAskerGone(t *testing.T) {
	r := newRig(t)
	r.house.gate = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	req := httptest.NewRequestWithContext(ctx, "POST", "/v1/calls", strings.NewReader(callBody))
	req.Header = http.Header{"Authorization": {"Bearer " + r.tokens[access.Integrator]}, "Content-Type": {"application/json"}, keyHeader: {"k"}}
	done := make(chan struct{})
	go func() {
		r.door.ServeHTTP(httptest.NewRecorder(), req)
		close(done)
	}()
	cancel()
	r.house.gate <- struct{}{}
	<-done
	if w := r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "k"); w.Code != 201 || w.Header().Get("Idempotent-Replay") != "true" {
		t.Errorf("got %d %s, want the first result", w.Code, w.Body)
	}
	r.house.gate, r.house.err = nil, context.DeadlineExceeded // may have had an effect: the key is used
	wantStatus(t, r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "late"), 504)
	r.house.err = nil
	if w := r.call(access.Integrator, "POST", "/v1/calls", callBody, keyHeader, "late"); w.Code != 504 {
		t.Errorf("got %d, want the first result", w.Code)
	}
}
