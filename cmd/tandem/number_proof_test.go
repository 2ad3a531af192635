package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/acd"
	"tandem/digital/access"
	"tandem/digital/wording"
	"tandem/sip/b2bua"
)

func TestACodeProvesANumber(t *testing.T) {
	now := time.Unix(1e9, 0)
	other := func(code string) string { return fmt.Sprintf("%06d", (int(code[5]-'0')+1)%10) }
	for name, c := range map[string]struct {
		show func(p *proofs, code string) error
		want error
	}{
		"the code": {func(p *proofs, code string) error { return p.show("w", "+491", code, now.Add(9*time.Minute)) }, nil},
		"wrong, then right": {func(p *proofs, code string) error {
			_ = p.show("w", "+491", other(code), now)
			return p.show("w", "+491", code, now)
		}, nil},
		"wrong":          {func(p *proofs, code string) error { return p.show("w", "+491", "", now) }, errProve},
		"too late":       {func(p *proofs, code string) error { return p.show("w", "+491", code, now.Add(10*time.Minute)) }, errProofOver},
		"another number": {func(p *proofs, code string) error { return p.show("w", "+492", code, now) }, errProofOver},
		"another asker":  {func(p *proofs, code string) error { return p.show("x", "+491", code, now) }, errProofOver},
		"twice": {func(p *proofs, code string) error {
			_ = p.show("w", "+491", code, now)
			return p.show("w", "+491", code, now)
		}, errProofOver},
		"right after 3 wrong": {func(p *proofs, code string) error {
			for range proofTries {
				_ = p.show("w", "+491", other(code), now)
			}
			return p.show("w", "+491", code, now)
		}, errProofOver},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProofs()
			code, err := p.begin("w", "+491", "10.0.0.1", now)
			if err != nil || len(code) != 6 {
				t.Fatalf("got %q, %v", code, err)
			}
			if got := c.show(p, code); !errors.Is(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// proving has numbers proven; it gives the texts that were sent, by number.
func (h *floor) proving() map[string]string {
	texts := map[string]string{}
	h.g.cfg.Callbacks.Prove, h.g.proofs = proveSMS, newProofs()
	h.g.text = func(_ context.Context, number, text string) error {
		texts[number] = text
		return nil
	}
	h.g.callbacks.dial = func(number string) (b2bua.Destination, bool) {
		return b2bua.Destination{Number: number}, strings.HasPrefix(number, "+49")
	}
	return texts
}

// TestTheFormWantsProof: nothing is booked before the code is shown that was sent to the number.
func TestTheFormWantsProof(t *testing.T) {
	inHouse(t, func(h *floor) {
		texts, form := h.proving(), h.g.callbackForm()
		ask := func(body map[string]string, want int) map[string]any {
			t.Helper()
			text, _ := json.Marshal(body)
			r, w := httptest.NewRequest(http.MethodPost, "/chat/callback", strings.NewReader(string(text))), httptest.NewRecorder()
			r.Header.Set(access.ForgeryHeader, "1")
			form.ServeHTTP(w, r)
			h.wait()
			var got map[string]any
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != want {
				t.Fatalf("%v: got %d %s, want %d", body, w.Code, w.Body, want)
			}
			return got
		}
		ask(map[string]string{"number": "+44 20 7946 0000"}, http.StatusConflict) // no trunk goes there: no code either
		first := ask(map[string]string{"number": "030 123456"}, http.StatusAccepted)
		code, _, _ := strings.Cut(texts["+4930123456"], " ")
		proof, _ := first["proof"].(string)
		if len(code) != 6 || proof == "" || first["callback"] != nil || len(texts) != 1 {
			t.Fatalf("got %v and the texts %v", first, texts)
		}
		if items, err := h.g.dispatcher.Items(context.Background(), "", 10); err != nil || len(items) != 0 {
			t.Fatalf("%d items before the number is proven, %v", len(items), err)
		}
		ask(map[string]string{"number": "030 123456"}, http.StatusConflict)                                // another code at once
		ask(map[string]string{"number": "030 123456", "proof": proof, "code": ""}, http.StatusConflict)    // wrong
		ask(map[string]string{"number": "030 999999", "proof": proof, "code": code}, http.StatusConflict)  // another number
		ask(map[string]string{"number": "030 123456", "proof": "none", "code": code}, http.StatusConflict) // another proof
		done := ask(map[string]string{"number": "+4930123456", "proof": proof, "code": " " + code}, http.StatusAccepted)
		if done["callback"] == nil {
			t.Errorf("got %v", done)
		}
		ask(map[string]string{"number": "030 123456", "proof": proof, "code": code}, http.StatusConflict)
		h.g.text = nil
		if got := ask(map[string]string{"number": "030 777777"}, http.StatusConflict); !strings.Contains(fmt.Sprint(got["detail"]), "could not send a code") {
			t.Errorf("got %v", got)
		}
	})
}

// TestAChatWantsProof: a visitor is asked for the code of his number, may be wrong, and is booked in his place.
func TestAChatWantsProof(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.chatting(callMeBack)
		texts := h.proving()
		v := h.visit()
		view, _ := h.g.hub.View(v.conversation)
		v.writes("1")
		v.writes("030 123456")
		code, _, _ := strings.Cut(texts["+4930123456"], " ")
		v.writes("what code?")
		if it := h.item(view.Item); it.Item.Media != acd.Chat {
			t.Fatalf("booked without proof: %+v", it)
		}
		v.writes("It is " + code)
		want := []string{promptWaiting, promptNumber, wording.Fill(wording.CodeSent, "number", "+4930123456"), notBooked(errProve),
			"We will call you at +4930123456 as soon as somebody is free: you are next.", "callback/booked"}
		if texts := v.reads(); !slices.Equal(texts, want) {
			t.Errorf("the visitor reads\n%q, want\n%q", texts, want)
		}
		if it := h.item(view.Item); it.Item.Media != acd.Callback || it.Item.Customer != "+4930123456" {
			t.Errorf("the item is %+v", it)
		}
	})
}

// TestAChatThatProvesNothing goes on waiting.
func TestAChatThatProvesNothing(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.chatting(callMeBack)
		h.proving()
		v := h.visit()
		view, _ := h.g.hub.View(v.conversation)
		v.writes("1")
		v.writes("030 123456")
		for range proofTries {
			v.writes("12")
		}
		texts := v.reads()
		if n := len(texts); texts[n-1] != "callback/refused" || texts[n-2] != notBooked(errProofOver) {
			t.Errorf("the visitor reads %q", texts)
		}
		if it := h.item(view.Item); it.Item.Media != acd.Chat || it.State != acd.ItemQueued {
			t.Errorf("the item is %+v", it)
		}
	})
}
