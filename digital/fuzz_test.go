package digital

import (
	"testing"
	"unicode/utf8"

	"tandem/store/journey"
)

// FuzzClean: a text is valid, without control characters, and clean text stays as it is.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "\x00", "a\r\nb\rc", "\xff\xfe", "\u202eevil", " x ", "\t", "<b>", "\u0085 "} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Clean(text)
		if !utf8.ValidString(got) || Clean(got) != got {
			t.Fatalf("%q became %q, then %q", text, got, Clean(got))
		}
	})
}

// FuzzEvent: whatever message is taken can be stored and is read back as it was.
func FuzzEvent(f *testing.F) {
	f.Add("m1", "text", "1", "Sales", "anna")
	f.Add("\x01", "a\nb", "\t", "x\ty", "")
	f.Fuzz(func(t *testing.T, id, text, key, label, agent string) {
		c := &conversation{id: "v_1", identity: Identity{Record: "r_1"}}
		c.arrival.Channel = journey.Chat
		m := Message{ID: id, Conversation: "v_1", Seq: 7, From: Agent, Actor: agent, Text: Clean(text), Choices: []Choice{{Clean(key), Clean(label)}}}
		if m.validate() != nil {
			return
		}
		e := c.messageEvent(&m)
		if e.Validate() != nil {
			return
		}
		e.Data[dataSeq] = "7"
		got, ok := messageOf(e)
		if !ok || got.ID != m.ID || got.Text != m.Text || got.Seq != 7 || got.From != Agent || got.Actor != agent {
			t.Fatalf("%+v became %+v", m, got)
		}
		if len(got.Choices) != 1 || got.Choices[0] != m.Choices[0] {
			t.Fatalf("%+v became %+v", m.Choices, got.Choices)
		}
	})
}
