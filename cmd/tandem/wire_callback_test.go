package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tandem/acd"
	"tandem/digital/access"
	"tandem/digital/api"
	"tandem/digital/callback"
	"tandem/sip/b2bua"
)

func TestACallbackThatIsNotTakenIsNone(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	stopped, err := acd.NewDispatcher(acd.Options{Config: floorConfig().ACD(), Journal: durable{}, Connector: &notedCalls{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := stopped.Run(ctx); err != nil {
		t.Fatal(err)
	}
	d := &callbackDoor{queue: func() *acd.Dispatcher { return stopped }, live: map[string]string{}, log: discard}
	for _, b := range []callback.Booking{{Item: "c_1-1", Waiting: true}, {Item: "b_1"}} {
		if err := d.Book(b); !errors.Is(err, acd.ErrStopped) {
			t.Fatalf("got %v, want %v", err, acd.ErrStopped)
		}
		if d.owns(b.Item) {
			t.Errorf("%s is taken for a callback", b.Item)
		}
	}
	d.add("b_2")
	if err := d.Book(callback.Booking{Item: "b_2"}); err == nil || !d.owns("b_2") {
		t.Errorf("%v: a callback of before is forgotten", err)
	}
}

// TestAWaitingCallBecomesACallback in its place, and the house gives its item to the callbacks from then on.
func TestAWaitingCallBecomesACallback(t *testing.T) {
	inHouse(t, func(h *floor) {
		if err := enqueue(queueDoor{dispatcher: h.g.dispatcher}, "c_1-1"); err != nil {
			t.Fatal(err)
		}
		h.wait()
		before := h.item("c_1-1").T0
		h.settle()
		asked, err := h.g.askCallback(context.Background(), callback.Request{ID: "c_1-1", Waiting: true, Record: "r_1", Interaction: "c_1-1", Number: "030 123456", Queue: "support", Source: callback.ByIVR})
		if err != nil || asked.Number != "+4930123456" {
			t.Fatalf("got %+v, %v", asked, err)
		}
		h.wait()
		v := h.item("c_1-1")
		if v.Item.Media != acd.Callback || v.Item.Customer != "+4930123456" || !v.T0.Equal(before) || !h.g.callbacks.owns("c_1-1") {
			t.Fatalf("got %+v", v)
		}
		var refused callback.RefusedError
		if _, err := h.g.askCallback(context.Background(), callback.Request{Number: "anna"}); !errors.As(err, &refused) || refused.Reason != callback.RefusedInvalid {
			t.Errorf("got %v, want it refused as invalid", err)
		}
		h.post(acd.Cancel{Item: "c_1-1"})
		if h.g.callbacks.owns("c_1-1") {
			t.Error("an item that ended is remembered")
		}
	})
}

func TestAConversionThatIsRejectedLeavesTheCall(t *testing.T) {
	inHouse(t, func(h *floor) {
		if err := h.g.callbacks.Book(callback.Booking{Item: "c_none-1", Waiting: true, Customer: "+4930123456"}); err != nil {
			t.Fatal(err)
		}
		h.wait()
		if h.g.callbacks.owns("c_none-1") {
			t.Error("what could not become a callback is one")
		}
	})
}

func TestCallbacksThroughTheAPI(t *testing.T) {
	inHouse(t, func(h *floor) {
		ctx, room := context.Background(), apiCallbacks{h.g}
		made, err := room.RequestCallback(ctx, api.CallbackRequest{Number: "030 123456", Queue: "sales", Name: "Carla", Topic: "bill"})
		if err != nil || made.Number != "+4930123456" || made.Queue != "sales" || made.Record == "" {
			t.Fatalf("got %+v, %v", made, err)
		}
		h.wait()
		again, err := room.RequestCallback(ctx, api.CallbackRequest{Number: "+4930123456", Queue: "sales"})
		if err != nil || !again.Again || again.ID != made.ID {
			t.Fatalf("got %+v, %v, want the one that is there", again, err)
		}
		list, _, err := room.ListCallbacks(ctx, "", api.Page{Limit: 10})
		if err != nil || len(list) != 1 || list[0].ID != made.ID || list[0].Name != "Carla" || list[0].Number != "+4930123456" {
			t.Fatalf("got %+v, %v", list, err)
		}
		for _, r := range []api.CallbackRequest{{Number: "anna"}, {Number: "+4930123456", Queue: "none"}} {
			if _, err := room.RequestCallback(ctx, r); !errors.Is(err, api.ErrInvalid) {
				t.Errorf("%+v: got %v, want %v", r, err, api.ErrInvalid)
			}
		}
		if err := enqueue(queueDoor{dispatcher: h.g.dispatcher}, "c_1-1"); err != nil {
			t.Fatal(err)
		}
		for _, id := range []string{"b_none", "c_1-1"} {
			if err := room.CancelCallback(ctx, id, ""); !errors.Is(err, api.ErrNotFound) {
				t.Errorf("%s: got %v, want %v", id, err, api.ErrNotFound)
			}
		}
		if err := room.CancelCallback(ctx, made.ID, ""); err != nil {
			t.Fatal(err)
		}
		h.wait()
		if _, err := room.ShowCallback(ctx, made.ID); !errors.Is(err, api.ErrNotFound) {
			t.Errorf("got %v, want it gone", err)
		}
		if len(h.g.callbacks.live) != 0 {
			t.Errorf("the door remembers %v", h.g.callbacks.live)
		}
	})
}

func TestTheCallbackForm(t *testing.T) {
	inHouse(t, func(h *floor) {
		form := h.g.callbackForm()
		for _, c := range []struct {
			method, header, body string
			want                 int
		}{
			{"GET", "1", "", http.StatusForbidden}, {"POST", "", `{"number":"030 123456"}`, http.StatusForbidden},
			{"POST", "1", `{`, http.StatusBadRequest}, {"POST", "1", `{"topic":"` + strings.Repeat("x", 5000) + `"}`, http.StatusBadRequest},
			{"POST", "1", `{"number":"anna"}`, http.StatusConflict}, {"POST", "1", `{"number":"030 123456","topic":"bill"}`, http.StatusAccepted},
			{"POST", "1", `{"number":"+49 30 123456"}`, http.StatusConflict},
		} {
			r, w := httptest.NewRequest(c.method, "/chat/callback", strings.NewReader(c.body)), httptest.NewRecorder()
			if c.header != "" {
				r.Header.Set(access.ForgeryHeader, c.header)
			}
			if form.ServeHTTP(w, r); w.Code != c.want {
				t.Errorf("%s %.40s: got %d %s, want %d", c.method, c.body, w.Code, w.Body, c.want)
			}
			h.wait()
		}
	})
}

func TestOutcomesOfAnAttempt(t *testing.T) {
	for _, c := range []struct {
		o    b2bua.Originated
		want callback.Outcome
	}{
		{b2bua.Originated{Side: 1, Kind: b2bua.Busy}, callback.AgentMissed}, {b2bua.Originated{Side: 2, Kind: b2bua.Busy}, callback.Busy},
		{b2bua.Originated{Side: 2, Kind: b2bua.NoAnswer}, callback.NoAnswer}, {b2bua.Originated{Side: 2, Kind: b2bua.Timeout}, callback.NoAnswer},
		{b2bua.Originated{Side: 2, Kind: b2bua.NotFound}, callback.Failed},
	} {
		if got := outcomeOf(c.o); got != c.want {
			t.Errorf("%+v: got %v, want %v", c.o, got, c.want)
		}
	}
}
