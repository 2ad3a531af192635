package main

import (
	"strings"
	"testing"
	"testing/fstest"

	"tandem/digital"
	"tandem/ivr"
)

func TestWhatIsTypedAsKeys(t *testing.T) {
	for _, c := range []struct {
		name, key, text string
		wants           int
		want            string
	}{
		{"a choice", "2", "sales", 0, "2"}, {"a choice while characters are wanted", "2", "x", 4, "2"}, {"none of the options", "", "hello", 0, "#"},
		{"all characters", "", "1234", 4, "1234"}, {"fewer end with the key for that", "", "12", 4, "12#"}, {"as people write them", "", "12 3-4.", 4, "1234"},
		{"no character at all", "", "I do not know", 4, "#"}, {"too many do not answer the next question", "", "123456", 4, "1234"},
		{"nothing", "", "", 0, "#"},
	} {
		s := &chatScript{wants: c.wants}
		var got strings.Builder
		for _, ev := range s.typed(digital.Wrote{Key: c.key, Message: digital.Message{Text: c.text}}) {
			got.WriteByte(ev.(ivr.Digit).Key)
		}
		if got.String() != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got.String(), c.want)
		}
	}
}

func TestEventsOfAConversationInTheFlow(t *testing.T) {
	s := &chatScript{queue: 7}
	if ev := s.events(digital.PeerAnswered{}); ev[0] != (ivr.QueueAnswered{Ticket: 7}) {
		t.Errorf("got %+v", ev)
	}
	if ev := s.events(digital.QueueEnded{Outcome: timedOut}); ev[0] != (ivr.QueueTimeout{Ticket: 7}) || s.queue != 0 {
		t.Errorf("got %+v", ev)
	}
	s.queue = 8
	if ev := s.events(digital.QueueEnded{Outcome: "full"}); ev[0] != (ivr.QueueRefused{Ticket: 8, Reason: "full"}) {
		t.Errorf("got %+v", ev)
	}
	s.queue = 9
	if ev := s.events(digital.PeerEnded{}); ev[0] != (ivr.QueueEnded{Ticket: 9}) || s.queue != 0 {
		t.Errorf("got %+v", ev)
	}
	if ev := s.events(digital.CustomerGone{}); ev[0] != (ivr.HungUp{}) {
		t.Errorf("got %+v", ev)
	}
	if ev := s.events(digital.Said{ID: 3}); ev[0] != (ivr.PlayDone{Ticket: 3}) {
		t.Errorf("got %+v", ev)
	}
}

func TestWhatPromptsSay(t *testing.T) {
	texts, err := readTexts(fstest.MapFS{"manifest": {Data: []byte("# name voice text\ndemo/hello anna Good morning.\ndemo/menu anna  Press one.\nshort line\n")}})
	if err != nil || texts.Text([]string{"demo/hello", "none", "demo/menu"}, "") != "Good morning. Press one." {
		t.Errorf("got %q, %v", texts.Text([]string{"demo/hello", "none", "demo/menu"}, ""), err)
	}
	if texts, err := readTexts(fstest.MapFS{}); err != nil || texts.Text([]string{"demo/hello"}, "") != "" {
		t.Errorf("a folder without a manifest says %v, %v", texts, err)
	}
}
