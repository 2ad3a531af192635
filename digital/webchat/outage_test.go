package webchat_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"tandem/digital/webchat"
)

// away are sessions that nobody can read or write now.
type away struct{}

func (away) Put(context.Context, string, webchat.Session) error {
	return fmt.Errorf("redis is gone: %w", webchat.ErrBusy)
}

func (away) Get(context.Context, string) (webchat.Session, error) {
	return webchat.Session{}, fmt.Errorf("redis is gone: %w", webchat.ErrBusy)
}

// TestWithoutAStore: pages keep their tokens and come again, and the log says it once.
func TestWithoutAStore(t *testing.T) {
	var log lines
	r := newRig(t, func(_ *webchat.Config, p *webchat.Parts) {
		p.Sessions, p.Log = away{}, slog.New(slog.NewTextHandler(&log, nil))
	})
	token := strings.Repeat("a", 26)
	for _, hello := range []object{{"t": "hello", "v": 1}, {"t": "hello", "v": 1, "token": token}} {
		p := r.page()
		for range 3 {
			p.send(hello)
			if got := p.want("error"); got.text("code") != webchat.CodeBusy || got["retry"] != float64(1000) {
				t.Errorf("got %v, want %s again after a second", got, webchat.CodeBusy)
			}
		}
	}
	for _, c := range []struct{ path, token, body string }{
		{"/session", "", `{"t":"hello"}`}, {"/session", "", `{"t":"hello","token":"` + token + `"}`}, {"/frame", token, `{"t":"ping"}`}, {"/attachment", token, "x"},
	} {
		if status, got := r.post(c.path, c.token, c.body); status != 503 || got.text("code") != webchat.CodeBusy {
			t.Errorf("%s %s: %d %v, want 503 %s", c.path, c.body, status, got, webchat.CodeBusy)
		}
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 1 {
		t.Errorf("%d lines of errors, want 1:\n%s", n, log.String())
	}
}

// TestUnreadConversation: while its conversation cannot be read a page keeps its token, and comes again.
func TestUnreadConversation(t *testing.T) {
	r := newRig(t, nil)
	p := r.page()
	p.send(object{"t": "hello", "v": 1})
	welcome := p.want("welcome")
	p.send(object{"t": "msg.send", "id": "1", "text": "I am here"})
	p.want("msg.ack")
	r.stop()
	r.house.Unread(errors.New("redis is gone"))
	r.restart(nil)
	hello := object{"t": "hello", "v": 1, "token": welcome.text("token")}
	p = r.page()
	p.send(hello)
	if got := p.want("error"); got.text("code") != webchat.CodeBusy || got["retry"] != float64(1000) {
		t.Errorf("got %v, want %s again after a second", got, webchat.CodeBusy)
	}
	r.house.Unread(nil)
	p = r.page()
	p.send(hello)
	if got := p.want("welcome"); got.text("conversation") != welcome.text("conversation") || got["resumed"] != true {
		t.Errorf("got %v, want the conversation of before", got)
	}
}

// lines is a log that several write.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}
