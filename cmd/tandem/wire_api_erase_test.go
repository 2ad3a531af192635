package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/acd"
	"tandem/digital"
	"tandem/digital/api"
	"tandem/store"
	"tandem/store/journey"
)

// holds tells whether the dispatcher's journal, as it is stored, holds a text.
func (h *floor) journalHolds(text string) bool {
	h.t.Helper()
	found := false
	s, err := h.g.store.Work(workDomain, func(w store.WorkEntry) error {
		found = found || bytes.Contains(w.Body, []byte(text))
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return found || bytes.Contains(s.Body, []byte(text))
}

// TestErasureReachesTheWork: what waits for the customer ends, the dispatcher's journal forgets his number, his files go; what an agent
// has in hand goes on, and the answer says so.
func TestErasureReachesTheWork(t *testing.T) {
	inHouse(t, func(h *floor) {
		const number = "+4930777777"
		h.g.cfg.Store.Path = filepath.Join(t.TempDir(), "tandem.db")
		found, err := store.ResolveWait(context.Background(), h.g.store, store.Contact{Channel: journey.Voice, At: time.Now(), Identities: []journey.Identity{{Type: journey.Tel, Value: number}}})
		if err != nil {
			t.Fatal(err)
		}
		open := func(text string) api.Conversation {
			c, err := apiWords{h.g}.OpenConversation(context.Background(), api.OpenConversation{Channel: "chat", Address: map[string]string{"tel": number}, Text: text})
			if err != nil {
				t.Fatal(err)
			}
			h.settle()
			if c, err = (apiWords{h.g}).ShowConversation(context.Background(), c.ID); err != nil {
				t.Fatal(err)
			}
			return c
		}
		waits := open("hello")
		h.post(acd.Enqueue{Item: acd.Item{ID: "c_9-1", Record: found.Record, Interaction: "c_9", Media: acd.Voice, Queue: "sales", Customer: number, T0: time.Now()}})
		h.settle()
		ref, err := h.g.attachments().Put(context.Background(), waits.ID, digital.Attachment{Name: "id.pdf"}, strings.NewReader("me"))
		if err != nil {
			t.Fatal(err)
		}
		if !h.journalHolds(number) {
			t.Fatal("nothing to erase")
		}
		out, err := apiMatters{h.g}.EraseCustomer(context.Background(), found.Customer, "admin")
		if err != nil {
			t.Fatal(err)
		}
		h.settle()
		if !slices.Contains(out.Ended, "c_9-1") || out.Records == 0 || out.Attachments != 1 || len(out.InHand) != 0 || len(out.NotReached) == 0 {
			t.Errorf("got %+v", out)
		}
		if _, ok, _ := h.g.dispatcher.Item(context.Background(), "c_9-1"); ok {
			t.Error("the item still waits")
		}
		if _, err := os.Stat(filepath.Join(h.g.attachments().dir, waits.ID, ref)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the attachment: %v", err)
		}
		if c, err := (apiWords{h.g}).ShowConversation(context.Background(), waits.ID); err == nil && c.State != "closed" {
			t.Errorf("the conversation is %+v", c)
		}
		again, err := apiMatters{h.g}.EraseCustomer(context.Background(), found.Customer, "admin")
		if err != nil || len(again.Ended) != 0 {
			t.Errorf("again: %+v, %v", again, err)
		}
		h.settle()
		if h.journalHolds(number) {
			t.Error("the dispatcher's journal still has the number")
		}
		if c, err := (apiMatters{h.g}).ShowCustomer(context.Background(), found.Customer); err == nil && len(c.Identities) != 0 {
			t.Errorf("erased, and still known: %+v", c)
		}
	})
}
