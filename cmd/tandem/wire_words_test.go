package main

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"tandem/acd"
	"tandem/digital"
	"tandem/digital/api"
	"tandem/digital/desk"
	"tandem/store/journey"
)

func TestWordsErrorsKeepTheirCause(t *testing.T) {
	for err, want := range map[error][2]error{
		digital.ErrNotFound: {desk.ErrGone, api.ErrNotFound}, digital.ErrStopped: {desk.ErrGone, api.ErrDown}, digital.ErrBusy: {desk.ErrBusy, api.ErrBusy},
		digital.ErrFull: {desk.ErrBusy, api.ErrBusy}, digital.ErrInvalid: {desk.ErrInvalid, api.ErrInvalid}, digital.ErrTooLong: {desk.ErrInvalid, api.ErrInvalid},
		errors.New("else"): {desk.ErrRefused, api.ErrConflict}, nil: {nil, nil},
	} {
		if got := wordsError(err); !errors.Is(got, want[0]) {
			t.Errorf("%v at the desk: got %v, want %v", err, got, want[0])
		}
		if err == nil {
			continue
		}
		_, refused := answered(func(func(int)) error { return err }) // as it comes to the API where a command is not taken
		if got := wordsAPI(refused); !errors.Is(got, want[1]) {
			t.Errorf("%v at the API: got %v, want %v", err, got, want[1])
		}
	}
}

func TestAnAnswerIsNotWaitedForForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := answered(func(func(int)) error { return nil })
		if !errors.Is(err, desk.ErrBusy) || !errors.Is(wordsAPI(err), api.ErrBusy) || time.Since(began) != wordsWait {
			t.Errorf("got %v after %v, want %v after %v", err, time.Since(began), desk.ErrBusy, wordsWait)
		}
		if got, err := answered(func(done func(int)) error { done(7); return nil }); got != 7 || err != nil {
			t.Errorf("got %d, %v", got, err)
		}
	})
}

func TestNumbersAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]string{"+4930123456": "+4930123456", "030 123456": "+4930123456", "0049 30 123456": "+4930123456"} {
		if got, err := e164(text, "DE"); err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	for _, text := range []string{"", "anna", "1000", "+", "110"} {
		if got, err := e164(text, "DE"); err == nil {
			t.Errorf("%q: got %q, want none", text, got)
		}
	}
}

func TestMediumOfAChannel(t *testing.T) {
	for channel, want := range map[journey.Channel]acd.Media{journey.Chat: acd.Chat, journey.SMS: acd.Message, journey.Email: acd.Email} {
		if got := mediumOf(channel); got != want {
			t.Errorf("%s: got %s, want %s", channel, got, want)
		}
	}
}

// TestAConversationIsFoundInALongRecord: what is open stands behind more lines than one read gives.
func TestAConversationIsFoundInALongRecord(t *testing.T) {
	st := openMemory(t)
	w := &words{store: st}
	var events []journey.Event
	for n := range 1100 {
		events = append(events, journey.Event{Record: "r_1", At: journalStart, Kind: journey.Note, Interaction: "c_1", Key: fmt.Sprint("n", n)})
	}
	event := func(kind journey.Kind, conversation string) journey.Event {
		return journey.Event{Record: "r_1", At: journalStart, Kind: kind, Channel: journey.SMS, Interaction: conversation, Data: map[string]string{"thread": "t1"}}
	}
	events = append(events, event(journey.ConversationOpened, "m_1"), event(journey.ConversationClosed, "m_1"), event(journey.ConversationOpened, "m_2"))
	for len(events) > 0 {
		n := min(100, len(events))
		done := make(chan error, 1)
		if err := w.Append(events[:n], func(err error) { done <- err }); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		events = events[n:]
	}
	for thread, want := range map[string]string{"t1": "m_2", "t2": "", "": ""} {
		id := digital.Identity{Record: "r_1"}
		w.known(&id, digital.Arrival{Thread: thread})
		if id.Conversation != want {
			t.Errorf("thread %q: got %q, want %q", thread, id.Conversation, want)
		}
	}
	var h digital.History
	if err := w.Load("m_2", func(x digital.History) { h = x }); err != nil || len(h.Events) != 1 || h.Identity.Record != "r_1" {
		t.Errorf("got %+v, %v, want the conversation's own line", h, err)
	}
	if err := w.Load("m_none", func(x digital.History) { h = x }); err != nil || !errors.Is(h.Err, digital.ErrNotFound) {
		t.Errorf("got %v, %v, want %v", h.Err, err, digital.ErrNotFound)
	}
}
