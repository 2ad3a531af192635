package digitaltest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"tandem/digital"
	"tandem/store/journey"
)

// inOrder: what comes in stands in the record in order, once acknowledged.
func inOrder(t *testing.T, s *stage) {
	var want []string
	for i := range 20 {
		text := fmt.Sprintf("message %d", i)
		s.deliver(t, fmt.Sprintf("in-%d", i), text)
		want = append(want, text)
		if got := incoming(s.house.Events()); !slices.Equal(got, want) {
			t.Fatalf("after message %d was acknowledged: got %q, want %q", i, got, want)
		}
	}
}

// repeats: the provider repeats what it has no answer for; it is acknowledged again and is one message.
func repeats(t *testing.T, s *stage) {
	for range 3 {
		s.deliver(t, "in-1", "once")
	}
	s.deliver(t, "in-2", "twice")
	s.deliver(t, "in-1", "once")
	if got, want := incoming(s.house.Events()), []string{"once", "twice"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// notStored: what could not be stored is not acknowledged; its repeat is.
func notStored(t *testing.T, s *stage) {
	s.deliver(t, "in-1", "first")
	s.house.Lose(1)
	if err := s.Provider.Deliver("in-2", s.Theirs, s.Ours, "second"); err == nil {
		t.Fatal("acknowledged a message that is not in the record")
	}
	err := s.Provider.Deliver("in-2", s.Theirs, s.Ours, "second")
	for try := 0; err != nil && try < 50; try++ {
		err = s.Provider.Deliver("in-2", s.Theirs, s.Ours, "second")
	}
	if err != nil {
		t.Fatal(err)
	}
	if got, want := incoming(s.house.Events()), []string{"first", "second"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// outInOrder: what agents write reaches the provider in order, each once, and is known as sent.
func outInOrder(t *testing.T, s *stage) {
	var want []string
	var last digital.Receipt
	for i := range 20 {
		text := fmt.Sprintf("answer %d", i)
		want, last = append(want, text), s.write(t, fmt.Sprintf("out-%d", i), text)
	}
	s.progress(t, last.Seq, digital.Sent)
	if got := s.texts(); !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for _, m := range s.Provider.Took() {
		if m.To != s.Theirs {
			t.Fatalf("sent to %q, want %q", m.To, s.Theirs)
		}
	}
}

func (s *stage) texts() (list []string) {
	for _, m := range s.Provider.Took() {
		list = append(list, m.Text)
	}
	return list
}

// refusedForNow: a message that is refused for now is sent again, before those behind it.
func refusedForNow(t *testing.T, s *stage) {
	s.Provider.Next(NotNow)
	s.write(t, "out-1", "one")
	last := s.write(t, "out-2", "two")
	s.progress(t, last.Seq, digital.Sent)
	if got, want := s.texts(), []string{"one", "two"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// refusedForGood: a message that is refused for good has failed, is in the record as that, and holds nothing up.
func refusedForGood(t *testing.T, s *stage) {
	s.Provider.Next(NotEver)
	first := s.write(t, "out-1", "one")
	s.progress(t, first.Seq, digital.Failed)
	last := s.write(t, "out-2", "two")
	s.progress(t, last.Seq, digital.Sent)
	if got, want := s.texts(), []string{"two"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	s.wait(t, "the failure in the record", func(events []journey.Event) bool {
		return slices.ContainsFunc(events, func(e journey.Event) bool {
			return e.Kind == journey.MessageFailed && e.Data[journey.DataError] != ""
		})
	})
}

// silent: a message whose answer is lost is uncertain, or sent again under the same key if the provider drops repeats; never two.
func silent(t *testing.T, s *stage) {
	s.Provider.Next(Silent)
	first := s.write(t, "out-1", "one")
	if !s.Adapter.Idempotent("") {
		s.progress(t, first.Seq, digital.Uncertain)
	}
	last := s.write(t, "out-2", "two")
	s.progress(t, last.Seq, digital.Sent)
	if got, want := s.texts(), []string{"one", "two"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
}

// receipts: what the provider tells later finds its message.
func receipts(t *testing.T, s *stage) {
	first, second := s.write(t, "out-1", "one"), s.write(t, "out-2", "two")
	s.progress(t, second.Seq, digital.Sent)
	took := s.Provider.Took()
	if len(took) != 2 {
		t.Fatalf("got %d messages, want 2", len(took))
	}
	for i, d := range []digital.Delivery{digital.Delivered, digital.Failed} {
		if err := s.Provider.Tell(took[i].External, d); err != nil {
			t.Fatal(err)
		}
	}
	s.progress(t, first.Seq, digital.Delivered)
	s.progress(t, second.Seq, digital.Failed)
	_ = s.Provider.Tell("nobody-knows-me", digital.Delivered) // counted, nothing else
}

// strangeTexts: any text is text: scripts, other alphabets, what does not fit one part.
func strangeTexts(t *testing.T, s *stage) {
	texts := []string{
		`<script>alert(1)</script>`, "Grüße aus Köln €", "你好,世界", "🙂🙃", "a\nb", "{{agent}} %s $1 \\0", strings.Repeat("long ", 60) + "end",
	}
	for i, text := range texts {
		s.deliver(t, fmt.Sprintf("in-%d", i), text)
		s.progress(t, s.write(t, fmt.Sprintf("out-%d", i), text).Seq, digital.Sent)
	}
	if got := incoming(s.house.Events()); !slices.Equal(got, texts) {
		t.Fatalf("in: got %q, want %q", got, texts)
	}
	if got := s.texts(); !slices.Equal(got, texts) {
		t.Fatalf("out: got %q, want %q", got, texts)
	}
}
