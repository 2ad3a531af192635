package panel

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tandem/digital/smpp/gsm"
	"tandem/digital/smpp/pdu"
	"tandem/digital/smpp/smsc"
)

// centre notes what handsets send.
type centre struct {
	sent []smsc.MO
	err  error
}

func (c *centre) Deliver(m smsc.MO) (string, error) {
	c.sent = append(c.sent, m)
	return "1", c.err
}

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// taken is a text as the message centre gives it, in parts.
func taken(t *testing.T, to, text string, ref uint16) (out []smsc.Taken) {
	t.Helper()
	parts, err := gsm.Split(text, ref, gsm.Reference8)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range parts {
		m := &pdu.Message{Source: pdu.AddressOf("+4930100"), Destination: pdu.AddressOf(to)}
		m.Carry(p)
		out = append(out, smsc.Taken{ID: "1", At: noon, Message: m})
	}
	return out
}

func TestConversation(t *testing.T) {
	c := &centre{}
	p := New(c)
	_, more := p.Messages("+491701234567", 0)
	if _, err := p.Send("0049 170 123-4567", "+4930100", "hello", noon); err != nil {
		t.Fatal(err)
	}
	<-more
	long := strings.Repeat("long ", 50)
	parts := taken(t, "+491701234567", long, 3)
	for i := len(parts) - 1; i >= 0; i-- {
		p.Take(parts[i])
	}
	got, _ := p.Messages("+491701234567", 0)
	want := []Message{
		{Seq: 1, Peer: "+4930100", Mine: true, Text: "hello", Parts: 1, At: noon}, {Seq: 2, Peer: "+4930100", Text: long, Parts: 2, At: noon},
	}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if after, _ := p.Messages("+491701234567", 1); len(after) != 1 || after[0].Seq != 2 {
		t.Errorf("got %+v behind 1", after)
	}
	if len(c.sent) != 1 || c.sent[0] != (smsc.MO{From: "+491701234567", To: "+4930100", Text: "hello"}) {
		t.Errorf("got %+v", c.sent)
	}
}

func TestWhatCannotBeSent(t *testing.T) {
	p := New(&centre{})
	for _, test := range []struct{ from, to, text string }{
		{"", "+4930100", "x"}, {"anna", "+4930100", "x"}, {"+491701234567", "", "x"}, {"+491701234567", "+4930100", " "},
		{"+491701234567", "+4930100", strings.Repeat("x", MaxText+1)}, {"+4917012345678901", "+4930100", "x"},
	} {
		if _, err := p.Send(test.from, test.to, test.text, noon); !errors.Is(err, ErrText) {
			t.Errorf("%+v: got %v", test, err)
		}
	}
	p.center = &centre{err: smsc.ErrFull}
	if _, err := p.Send("+491701234567", "+4930100", "x", noon); !errors.Is(err, smsc.ErrFull) {
		t.Errorf("got %v, want full", err)
	}
	if got, _ := p.Messages("+491701234567", 0); len(got) != 0 {
		t.Errorf("got %+v of what was not sent", got)
	}
}

func TestBounds(t *testing.T) {
	p := New(&centre{})
	for i := range MaxKept + 10 {
		p.Send("+491701234567", "+4930100", fmt.Sprint(i), noon.Add(time.Duration(i)))
	}
	got, _ := p.Messages("+491701234567", 0)
	if len(got) != MaxKept || got[0].Seq != 11 {
		t.Errorf("got %d messages from %d on", len(got), got[0].Seq)
	}
	for i := range MaxHandsets {
		p.Messages(fmt.Sprint("+4930", i), 0)
	}
	if n := len(p.handsets); n != MaxHandsets || p.handsets["+491701234567"] == nil {
		t.Errorf("got %d handsets; the one in use is there: %v", n, p.handsets["+491701234567"] != nil)
	}
	for range MaxReaders {
		if !p.enter() {
			t.Fatal("full too early")
		}
	}
	if p.enter() {
		t.Error("no limit of readers")
	}
}

func TestHTTP(t *testing.T) {
	p := New(&centre{})
	site := httptest.NewServer(http.StripPrefix("/phone", p.Handler()))
	defer site.Close()
	post := func(number, body string) int {
		resp, err := http.Post(site.URL+"/phone/"+number+"/messages", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp.StatusCode
	}
	for _, test := range []struct {
		number, body string
		want         int
	}{
		{"+491701234567", `{"to":"+4930100","text":"hi <b>"}`, 202}, {"+491701234567", `{`, 400}, {"+491701234567", `{"to":"+4930100"}`, 422},
		{"+491701234567", `{"text":"` + strings.Repeat("x", maxBody) + `"}`, 400},
	} {
		if got := post(test.number, test.body); got != test.want {
			t.Errorf("%.40s: got %d, want %d", test.body, got, test.want)
		}
	}
	resp, err := http.Get(site.URL + "/phone/+491701234567/messages?after=0")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var list struct{ Messages []Message }
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil || len(list.Messages) != 1 || list.Messages[0].Text != "hi <b>" {
		t.Errorf("got %+v, %v", list, err)
	}
	if resp, err := http.Get(site.URL + "/phone/anna/messages"); err != nil || resp.StatusCode != http.StatusNotFound {
		t.Errorf("got %v, %v for no number", resp, err)
	}
}

func TestEventsResume(t *testing.T) {
	p := New(&centre{})
	site := httptest.NewServer(p.Handler())
	defer site.Close()
	p.Send("+491701234567", "+4930100", "one", noon)
	p.Send("+491701234567", "+4930100", "two", noon)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, site.URL+"/+491701234567/events", nil)
	req.Header.Set("Last-Event-ID", "1")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	next := func() Message {
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				var m Message
				if err := json.Unmarshal([]byte(data), &m); err != nil {
					t.Fatal(err)
				}
				return m
			}
		}
		t.Fatal("the stream ended")
		return Message{}
	}
	if m := next(); m.Seq != 2 || m.Text != "two" {
		t.Errorf("got %+v, want the second", m)
	}
	for _, part := range taken(t, "+491701234567", "three", 1) {
		p.Take(part)
	}
	if m := next(); m.Seq != 3 || m.Text != "three" || m.Mine {
		t.Errorf("got %+v, want the third", m)
	}
}
