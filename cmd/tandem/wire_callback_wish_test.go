package main

import (
	"errors"
	"testing"
	"time"

	"tandem/acd"
	"tandem/sip/b2bua"
)

// wisher is a caller who waits in support and is answered what becomes of his wish.
type wisher struct {
	*floor
	door    queueDoor
	answers []b2bua.CallbackAnswer
}

func newWisher(h *floor) *wisher {
	w := &wisher{floor: h, door: queueDoor{dispatcher: h.g.dispatcher, callback: h.g.wishCallback}}
	h.g.callbacks.answer = func(_ string, a b2bua.CallbackAnswer) bool {
		w.answers = append(w.answers, a)
		return true
	}
	if err := enqueue(w.door, "c_1-1"); err != nil {
		h.t.Fatal(err)
	}
	h.wait()
	return w
}

func (w *wisher) wish() {
	w.t.Helper()
	if err := w.door.Callback(b2bua.CallbackWish{Item: "c_1-1", Call: "c_1", Record: "r_1", Number: "+4930123456"}); err != nil {
		w.t.Fatal(err)
	}
	w.wait()
}

// answered wants these answers, and nothing left to be decided.
func (w *wisher) answered(want ...b2bua.CallbackAnswer) {
	w.t.Helper()
	if len(w.answers) != len(want) {
		w.t.Fatalf("answers %+v, want %+v", w.answers, want)
	}
	for i, a := range w.answers {
		if a != want[i] {
			w.t.Errorf("answer %d is %+v, want %+v", i, a, want[i])
		}
	}
}

// TestAWishIsAnsweredWhenItIsDecided at once, and with no look at the dispatcher's clock.
func TestAWishIsAnsweredWhenItIsDecided(t *testing.T) {
	inHouse(t, func(h *floor) {
		w := newWisher(h)
		began := time.Now()
		w.wish()
		w.answered(b2bua.CallbackAnswer{Item: "c_1-1", Booked: true})
		if took := time.Since(began); took != 0 || h.item("c_1-1").Item.Media != acd.Callback {
			t.Errorf("answered after %v, the item is %+v", took, h.item("c_1-1"))
		}
		if len(h.g.callbacks.wanted) != 0 {
			t.Errorf("the door remembers %v", h.g.callbacks.wanted)
		}
	})
}

// TestAWishThatComesTooLate is refused: an agent is asked already, or the caller has left.
func TestAWishThatComesTooLate(t *testing.T) {
	inHouse(t, func(h *floor) {
		w := newWisher(h)
		h.signIn("anna", "page")
		w.wish()
		w.answered(b2bua.CallbackAnswer{Item: "c_1-1", Why: wishFailed})
		if v := h.item("c_1-1"); v.Item.Media != acd.Voice || v.State != acd.ItemOffered || h.g.callbacks.owns("c_1-1") {
			t.Errorf("got %+v, want it offered as before", v)
		}
		h.post(acd.Leave{Item: "c_1-1"})
		w.wish()
		w.answered(b2bua.CallbackAnswer{Item: "c_1-1", Why: wishFailed}, b2bua.CallbackAnswer{Item: "c_1-1", Why: wishFailed})
		if len(h.g.callbacks.wanted) != 0 {
			t.Errorf("the door remembers %v", h.g.callbacks.wanted)
		}
	})
}

// TestAWishThatIsNotDecided is not waited for for ever; what is decided later is still told.
func TestAWishThatIsNotDecided(t *testing.T) {
	inHouse(t, func(h *floor) {
		stuck, err := acd.NewDispatcher(acd.Options{Config: floorConfig().ACD(), Journal: durable{}, Connector: &notedCalls{}})
		if err != nil {
			t.Fatal(err)
		}
		w := newWisher(h)
		asks := h.g.callbacks.queue
		w.late(stuck, asks)
		time.Sleep(callbackTime)
		h.wait()
		w.answered(b2bua.CallbackAnswer{Item: "c_1-1", Why: wishLate})
		h.g.callbacks.queue = asks
		w.wish() // again: it is asked for already
		w.answered(b2bua.CallbackAnswer{Item: "c_1-1", Why: wishLate}, b2bua.CallbackAnswer{Item: "c_1-1", Why: "duplicate"})
		h.post(acd.Convert{Item: "c_1-1", Media: acd.Callback})
		w.answered(b2bua.CallbackAnswer{Item: "c_1-1", Why: wishLate}, b2bua.CallbackAnswer{Item: "c_1-1", Why: "duplicate"},
			b2bua.CallbackAnswer{Item: "c_1-1", Booked: true})
	})
}

// late has the wish's booking go to a dispatcher that does not decide, after the item was looked at.
func (w *wisher) late(stuck *acd.Dispatcher, real func() *acd.Dispatcher) {
	looked := false
	w.g.callbacks.queue = func() *acd.Dispatcher {
		if !looked {
			looked = true
			return real()
		}
		return stuck
	}
	w.wish()
}

// TestTooManyWishesAtOnce are refused at once.
func TestTooManyWishesAtOnce(t *testing.T) {
	inHouse(t, func(h *floor) {
		w := newWisher(h)
		hold := make(chan struct{})
		for range wishesMost {
			if err := h.g.callbacks.wishes.run(func() { <-hold }); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.door.Callback(b2bua.CallbackWish{Item: "c_1-1"}); !errors.Is(err, errBusyErrands) {
			t.Errorf("got %v, want %v", err, errBusyErrands)
		}
		for range forecastsMost {
			if err := h.g.callbacks.forecasts.run(func() { <-hold }); err != nil {
				t.Fatal(err)
			}
		}
		if err := h.g.callbacks.Foresee("c_1-1"); !errors.Is(err, errBusyErrands) {
			t.Errorf("got %v, want %v", err, errBusyErrands)
		}
		close(hold)
		h.wait()
		w.wish()
		w.answered(b2bua.CallbackAnswer{Item: "c_1-1", Booked: true})
	})
}
