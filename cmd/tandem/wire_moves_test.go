package main

import (
	"testing"

	"tandem/acd"
	"tandem/sip/b2bua"
)

func TestCallOfItem(t *testing.T) {
	for item, want := range map[string]string{"c_1-1": "c_1", "c_1-12": "c_1", "c_1": "c_1", "": "", "-1": "-1", "v_ab-3": "v_ab", "b_x-y-2": "b_x-y"} {
		if got := callOfItem(item); got != want {
			t.Errorf("%q: got %q, want %q", item, got, want)
		}
	}
}

func TestDeclineReasons(t *testing.T) {
	for kind, want := range map[b2bua.Kind]string{b2bua.Busy: acd.ReasonBusy, b2bua.NoAnswer: acd.ReasonNoAnswer, b2bua.Rejected: acd.ReasonReject,
		b2bua.Unreachable: acd.ReasonFail, b2bua.Internal: acd.ReasonFail} {
		if got := declineReason(kind); got != want {
			t.Errorf("%v: got %s, want %s", kind, got, want)
		}
	}
}

// TestWhoLeavesForSomethingElseHasNotGivenUp looks at the outcome that the dispatcher writes down.
func TestWhoLeavesForSomethingElseHasNotGivenUp(t *testing.T) {
	inHouse(t, func(h *floor) {
		q := queueDoor{dispatcher: h.g.dispatcher}
		for why, want := range map[string]acd.ItemState{"key": acd.ItemCancelled, "transfer": acd.ItemCancelled, "hangup": acd.ItemShort, "timeout": acd.ItemShort} {
			item := "c_" + why + "-1"
			if err := q.Enqueue(b2bua.WorkItem{ID: item, Call: "c_" + why, Queue: "support"}); err != nil {
				t.Fatal(err)
			}
			if err := q.LeaveWhy(item, why); err != nil {
				t.Fatal(err)
			}
			h.wait()
			if got := h.calls.ended[item]; got != want {
				t.Errorf("%s: got %v, want %v", why, got, want)
			}
		}
	})
}

func TestCallsItemsMove(t *testing.T) {
	inHouse(t, func(h *floor) {
		q := queueDoor{dispatcher: h.g.dispatcher}
		h.signIn("anna", "phone")
		h.taken(q, "c_1-1", "anna")
		if err := q.Transfer("c_1-1", "sales"); err != nil {
			t.Fatal(err)
		}
		h.wait()
		v := h.item("c_1-1")
		if v.Item.Queue != "sales" || v.Agent == "anna" && v.State == acd.ItemActive {
			t.Fatalf("got %+v, want it in the other queue", v)
		}
		h.taken(q, "c_2-1", "anna")
		if err := q.HandOver("c_2-1", "ben"); err != nil {
			t.Fatal(err)
		}
		h.wait()
		if v := h.item("c_2-1"); v.State != acd.ItemWrapUp && v.State != acd.ItemNew {
			t.Fatalf("got %v, want the first agent's work done", v.State)
		}
		if err := q.Callback(b2bua.CallbackWish{}); err == nil {
			t.Error("a callback is promised where nobody books it")
		}
	})
}
