package main

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tandem/digital/sms"
	"tandem/store"
	"tandem/store/journey"
)

// change makes a wish durable and gives what came of it.
func (o *optOuts) change(t *testing.T, c sms.Change) error {
	t.Helper()
	done := make(chan error, 2)
	if err := o.Change(c, func(err error) { done <- err }); err != nil {
		return err
	}
	err := <-done
	select {
	case again := <-done:
		t.Errorf("answered twice: %v and %v", err, again)
	default:
	}
	return err
}

func TestOptOutsOutliveARestart(t *testing.T) {
	st := openMemory(t)
	const number = "+4930123456"
	o, err := newOptOuts(st)
	if err != nil {
		t.Fatal(err)
	}
	for _, out := range []bool{true, false, true} {
		if err := o.change(t, sms.Change{Number: number, Out: out, Text: "STOP", At: time.Now()}); err != nil {
			t.Fatal(err)
		}
		again, err := newOptOuts(st)
		if err != nil {
			t.Fatal(err)
		}
		if o.OptedOut(number) != out || again.OptedOut(number) != out || again.OptedOut("+4930999999") {
			t.Fatalf("out %v: now %v, after a restart %v", out, o.OptedOut(number), again.OptedOut(number))
		}
	}
	found, err := st.Search(store.Query{Identity: number, Limit: 10})
	if err != nil || len(found) != 1 {
		t.Fatalf("got %d records, %v, want the customer's", len(found), err)
	}
	events, err := st.Timeline(found[0].ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, e := range events {
		if e.Kind == journey.ConsentChanged {
			said = append(said, e.Data[journey.DataConsent])
		}
	}
	if want := fmt.Sprint([]journey.Consent{journey.OptOut, journey.OptIn, journey.OptOut}); fmt.Sprint(said) != want {
		t.Errorf("got %v, want %v", said, want)
	}
}

func TestOptOutsReadMoreThanOnePage(t *testing.T) {
	st := openMemory(t)
	var docs []store.Document
	for n := range store.MaxRead + 5 {
		docs = append(docs, store.Document{Key: fmt.Sprintf("%s+49301%06d", optOutPrefix, n), Version: store.AnyVersion, Body: []byte("x")})
	}
	for len(docs) > 0 {
		n := min(len(docs), 100)
		if _, err := store.AppendWait(t.Context(), st, store.Batch{Now: true, Documents: docs[:n]}); err != nil {
			t.Fatal(err)
		}
		docs = docs[n:]
	}
	o, err := newOptOuts(st)
	if err != nil || len(o.outs) != store.MaxRead+5 {
		t.Fatalf("got %d, %v, want %d", len(o.outs), err, store.MaxRead+5)
	}
}

// TestOptOutHoldsThoughTheStoreIsIll: who wants no messages gets none at once; who wants them again waits until that is durable.
func TestOptOutHoldsThoughTheStoreIsIll(t *testing.T) {
	st := &illStore{Store: openMemory(t)}
	o, err := newOptOuts(st)
	if err != nil {
		t.Fatal(err)
	}
	st.ill = true
	const number = "+4930123456"
	for _, out := range []bool{true, false} {
		if err := o.change(t, sms.Change{Number: number, Out: out, At: time.Now()}); !errors.Is(err, store.ErrUnhealthy) {
			t.Fatalf("out %v: got %v, want %v", out, err, store.ErrUnhealthy)
		}
		if !o.OptedOut(number) {
			t.Fatalf("out %v: the number gets messages", out)
		}
	}
}
