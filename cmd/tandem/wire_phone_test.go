package main

import (
	"errors"
	"testing"
	"time"

	"tandem/acd"
	"tandem/digital/desk"
	"tandem/sip/softphone"
)

const sdpOne, sdpTwo = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=a\r\n", "v=0\r\no=- 2 1 IN IP4 0.0.0.0\r\ns=b\r\n"

func TestAPhoneIsThereWhileAPageIs(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.signIn("anna", "page")
		if !h.ex.registered("anna") {
			t.Fatal("no phone is registered for the page")
		}
		h.g.pages.Here("nobody", true) // has no endpoint
		h.g.pages.Here("anna", false)
		time.Sleep(pageGrace - time.Second)
		h.g.pages.Here("anna", true) // it was a reload
		time.Sleep(2 * pageGrace)
		h.wait()
		if !h.ex.registered("anna") {
			t.Fatal("a reload cost the phone")
		}
		h.g.pages.Here("anna", false)
		time.Sleep(2 * pageGrace)
		h.wait()
		if h.ex.registered("anna") || len(h.g.pages.phones) != 0 {
			t.Fatalf("the phone outlives its page: %v", h.g.pages.phones)
		}
		if _, err := h.g.pages.Dial("anna", "far", "", sdpOne); !errors.Is(err, desk.ErrRefused) {
			t.Errorf("got %v, want %v", err, desk.ErrRefused)
		}
		h.g.pages.Here("anna", true)
		h.wait()
		if !h.ex.registered("anna") {
			t.Error("no phone for the page that came back")
		}
	})
}

func TestAPhoneStaysForItsCall(t *testing.T) {
	inHouse(t, func(h *floor) {
		far := h.far("far")
		h.signIn("anna", "page")
		id, err := h.g.pages.Dial("anna", "far", "", sdpOne)
		if err != nil {
			t.Fatal(err)
		}
		in := next[softphone.Incoming](h, far)
		h.g.pages.Here("anna", false)
		time.Sleep(3 * pageGrace)
		if err := far.Answer(in.Call, sdpTwo); err != nil {
			t.Fatal(err)
		}
		if _, _, calls := h.held("anna"); len(calls) != 1 || calls[0].Call != id || calls[0].State != "up" {
			t.Fatalf("got %+v, want the call up without a page", calls)
		}
		if err := far.Hangup(in.Call); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * pageGrace)
		if _, _, calls := h.held("anna"); len(calls) != 0 || len(h.g.pages.phones) != 0 {
			t.Fatalf("left: %v %v", calls, h.g.pages.phones)
		}
	})
}

func TestACallAsThePageSeesIt(t *testing.T) {
	inHouse(t, func(h *floor) {
		far := h.far("far")
		h.signIn("anna", "page")
		state := func(want string) {
			t.Helper()
			if _, _, calls := h.held("anna"); len(calls) != 1 || calls[0].State != want {
				t.Fatalf("got %+v, want it %s", calls, want)
			}
		}
		id, err := h.g.pages.Dial("anna", "far", "r_1", sdpOne)
		if err != nil {
			t.Fatal(err)
		}
		state("dialling")
		in := next[softphone.Incoming](h, far)
		if record, ok := h.g.tokens.take(in.Headers[tokenHeader]); !ok || record != "r_1" {
			t.Errorf("the call belongs to %q, %v, want r_1", record, ok)
		}
		if err := far.Answer(in.Call, sdpTwo); err != nil {
			t.Fatal(err)
		}
		state("up")
		if err := h.g.pages.Hold("anna", id, sdpTwo, true); err != nil {
			t.Fatal(err)
		}
		state("held")
		if o := next[softphone.Offered](h, far); o.SDP != sdpTwo || far.Answer(in.Call, sdpOne) != nil {
			t.Fatalf("the far side was offered %q", o.SDP)
		}
		if err := h.g.pages.Hold("anna", id, sdpOne, false); err != nil {
			t.Fatal(err)
		}
		state("up")
		next[softphone.Offered](h, far)
		if err := far.Answer(in.Call, sdpOne); err != nil {
			t.Fatal(err)
		}
		h.wait()
		if err := h.g.pages.Digits("anna", id, "1x"); !errors.Is(err, desk.ErrInvalid) {
			t.Errorf("got %v, want %v", err, desk.ErrInvalid)
		}
		if err := h.g.pages.Hangup("anna", id); err != nil {
			t.Fatal(err)
		}
		next[softphone.Ended](h, far)
		if _, _, calls := h.held("anna"); len(calls) != 0 {
			t.Fatalf("the page still shows %+v", calls)
		}
	})
}

// TestACallThatFailsAtOnceIsGone: what the phone tells may come before Dial has returned.
func TestACallThatFailsAtOnceIsGone(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.signIn("anna", "page")
		for range 50 {
			if _, err := h.g.pages.Dial("anna", "nobody", "", sdpOne); err != nil {
				t.Fatal(err)
			}
			h.wait()
		}
		_, _, calls := h.held("anna")
		h.g.pages.mu.Lock()
		defer h.g.pages.mu.Unlock()
		if n := len(h.g.pages.phones["anna"].calls); len(calls) != 0 || n != 0 {
			t.Fatalf("%d calls are left, the page shows %d", n, len(calls))
		}
	})
}

func TestACallThatRingsForAnOffer(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.signIn("anna", "page")
		far := h.far("far")
		q := queueDoor{dispatcher: h.g.dispatcher}
		if err := enqueue(q, "c_1-1"); err != nil {
			t.Fatal(err)
		}
		h.wait()
		o := h.calls.offers["c_1-1"]
		call, err := far.Dial(softphone.Dialling{To: "anna", SDP: sdpOne, Headers: map[string]string{offerHeader: o.ID.String()}})
		if err != nil {
			t.Fatal(err)
		}
		offers, _, calls := h.held("anna")
		if len(offers) != 1 || offers[0].Call == "" || offers[0].SDP != sdpOne || len(calls) != 0 {
			t.Fatalf("got %+v, %+v, want the offer to ring", offers, calls)
		}
		if rings, err := h.g.pages.AcceptOffer("anna", o.ID.String(), ""); !rings || !errors.Is(err, desk.ErrInvalid) {
			t.Errorf("without an answer: %v, %v", rings, err)
		}
		if rings, _ := h.g.pages.AcceptOffer("ben", o.ID.String(), sdpTwo); rings {
			t.Error("another agent answers the call")
		}
		if err := h.rooms().Accept("anna", o.ID.String(), sdpTwo); err != nil {
			t.Fatal(err)
		}
		if a := next[softphone.Answered](h, far); a.Call != call || a.SDP != sdpTwo {
			t.Errorf("got %+v", a)
		}
		h.post(acd.Accept{Offer: o.ID, Agent: "anna"})
		if offers, _, _ := h.held("anna"); len(offers) != 0 {
			t.Errorf("still offered: %+v", offers)
		}
		if n := len(h.g.pages.phones["anna"].early); n != 0 {
			t.Errorf("%d offers are remembered", n)
		}
	})
}

func TestAnOfferThatIsRejectedStopsTheRinging(t *testing.T) {
	inHouse(t, func(h *floor) {
		h.signIn("anna", "page")
		far := h.far("far")
		if err := enqueue(queueDoor{dispatcher: h.g.dispatcher}, "c_1-1"); err != nil {
			t.Fatal(err)
		}
		h.wait()
		offer := h.calls.offers["c_1-1"].ID.String()
		if _, err := far.Dial(softphone.Dialling{To: "anna", SDP: sdpOne, Headers: map[string]string{offerHeader: offer}}); err != nil {
			t.Fatal(err)
		}
		h.wait()
		if err := h.rooms().Reject("anna", offer); err != nil {
			t.Fatal(err)
		}
		if e := next[softphone.Ended](h, far); e.Status != 486 {
			t.Errorf("got %+v, want 486", e)
		}
	})
}

func TestDialled(t *testing.T) {
	for to, want := range map[string]string{"conv:v_1": "visitor-v_1", "queue:sales": "queue-sales", "1000": "1000", "+49301": "+49301", "": ""} {
		if got := dialled(to); got != want {
			t.Errorf("%q: got %q, want %q", to, got, want)
		}
	}
}

func TestPhoneErrorsInTheDesksWords(t *testing.T) {
	for err, want := range map[error]error{softphone.ErrBusy: desk.ErrBusy, softphone.ErrPhones: desk.ErrBusy, softphone.ErrClosed: desk.ErrGone,
		softphone.ErrAddress: desk.ErrInvalid, softphone.ErrDigit: desk.ErrInvalid, nil: nil} {
		if got := phoneError(err); !errors.Is(got, want) {
			t.Errorf("%v: got %v, want %v", err, got, want)
		}
	}
}
