package nodes

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tandem/cmd/tandem/e2e/rig"
)

// frame is what a test reads of any frame of both protocols.
type frame struct {
	T            string `json:"t"`
	Token        string `json:"token"`
	Conversation string `json:"conversation"`
	Resumed      bool   `json:"resumed"`
	Seq          uint64 `json:"seq"`
	Code         string `json:"code"`
	Offer        *struct {
		Offer string `json:"offer"`
	} `json:"offer"`
	Offers []struct {
		Offer string `json:"offer"`
	} `json:"offers"`
	Item    *item    `json:"item"`
	Items   []item   `json:"items"`
	Message *message `json:"message"`
}

type item struct {
	Item         string `json:"item"`
	State        string `json:"state"`
	Conversation string `json:"conversation"`
}

type message struct {
	Conversation string `json:"conversation"`
	Seq          uint64 `json:"seq"`
	From         string `json:"from"`
	Text         string `json:"text"`
}

// socket is a page's WebSocket; what it reads is kept in order.
type socket struct {
	t    *testing.T
	conn *websocket.Conn
	in   chan frame
}

func open(t *testing.T, g *rig.Gateway, path string, header http.Header) *socket {
	t.Helper()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Origin", "http://"+g.HTTP.String())
	conn, _, err := websocket.Dial(within(t, 10*time.Second), "ws://"+g.HTTP.String()+path, &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		t.Fatalf("%s%s: %v", g.HTTP, path, err)
	}
	s := &socket{t: t, conn: conn, in: make(chan frame, 1000)}
	conn.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = conn.CloseNow() })
	go func() {
		defer close(s.in)
		for {
			_, raw, err := conn.Read(context.Background())
			if err != nil {
				return
			}
			var f frame
			if json.Unmarshal(raw, &f) == nil {
				s.in <- f
			}
		}
	}()
	return s
}

func (s *socket) say(format string, args ...any) {
	s.t.Helper()
	if err := s.conn.Write(within(s.t, 10*time.Second), websocket.MessageText, fmt.Appendf(nil, format, args...)); err != nil {
		s.t.Fatal(err)
	}
}

// until reads up to a frame that fits.
func (s *socket) until(what string, fits func(frame) bool) frame {
	s.t.Helper()
	limit := time.After(20 * time.Second)
	for {
		select {
		case f, more := <-s.in:
			if !more {
				s.t.Fatalf("the socket was closed before: %s", what)
			}
			if f.T == "error" {
				s.t.Logf("told: error %s", f.Code)
			}
			if fits(f) {
				return f
			}
		case <-limit:
			s.t.Fatalf("after 20s still not: %s", what)
		}
	}
}

func kind(t string) func(frame) bool { return func(f frame) bool { return f.T == t } }

// signIn gets the session of an agent.
func signIn(t *testing.T, g *rig.Gateway, user string) http.Header {
	t.Helper()
	body := fmt.Sprintf(`{"user":%q,"password":%q}`, user, rig.Password)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+g.HTTP.String()+"/v1/session", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Tandem-Request", "1")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if len(res.Cookies()) == 0 {
		t.Fatalf("no session: %s", res.Status)
	}
	c := res.Cookies()[0]
	return http.Header{"Cookie": {c.Name + "=" + c.Value}}
}

// TestChatAtTheSecondNode: visitor and agent have their pages at the second node. The first one, which has the conversation, dies; they
// go on in it at the second, with every message there once.
func TestChatAtTheSecondNode(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	session := signIn(t, p.b, "anna")
	desk := open(t, p.b, "/desk/socket", session)
	desk.until("the desk's page is shown", kind("snapshot"))
	desk.say(`{"t":"agent.set","id":"1","state":"available"}`)

	visitor := open(t, p.b, "/chat/socket", nil)
	visitor.say(`{"t":"hello","v":1}`)
	welcome := visitor.until("the visitor is welcome", kind("welcome"))
	visitor.say(`{"t":"msg.send","id":"m1","text":"first"}`)
	offer := desk.until("the chat is offered", kind("offer"))
	desk.say(`{"t":"offer.accept","id":"2","offer":%q}`, offer.Offer.Offer)
	desk.until("the chat is here", func(f frame) bool { return f.Item != nil && f.Item.State == "active" })
	desk.say(`{"t":"msg.send","id":"a1","conv":%q,"text":"answer one"}`, welcome.Conversation)
	heard := visitor.until("the agent's answer", func(f frame) bool { return f.Message != nil && f.Message.Text == "answer one" })

	p.a.Kill(t)
	rig.Await(t, "the second node owns the calls", takenOver, func() bool { return p.ownedBy(p.b) })
	desk = open(t, p.b, "/desk/socket", session) // the session is in the store
	snapshot := desk.until("the desk's page is shown again", kind("snapshot"))
	visitor = open(t, p.b, "/chat/socket", nil)
	visitor.say(`{"t":"hello","v":1,"token":%q,"after":%d}`, welcome.Token, heard.Message.Seq)
	back := visitor.until("the visitor is welcome again", kind("welcome"))
	if !back.Resumed || back.Conversation != welcome.Conversation {
		t.Errorf("welcome: %+v, want conversation %s resumed", back, welcome.Conversation)
	}
	visitor.say(`{"t":"msg.send","id":"m2","text":"second"}`)
	if !has(snapshot, welcome.Conversation) {
		switch {
		case len(snapshot.Offers) > 0:
			desk.say(`{"t":"offer.accept","id":"3","offer":%q}`, snapshot.Offers[0].Offer)
		default:
			offer := desk.until("the chat is offered again", kind("offer"))
			desk.say(`{"t":"offer.accept","id":"3","offer":%q}`, offer.Offer.Offer)
		}
		desk.until("the chat is here again", func(f frame) bool { return f.Item != nil && f.Item.State == "active" })
	}
	desk.say(`{"t":"msg.send","id":"a2","conv":%q,"text":"answer two"}`, welcome.Conversation)
	visitor.until("the agent's second answer", func(f frame) bool { return f.Message != nil && f.Message.Text == "answer two" })

	texts := map[string]int{}
	for _, r := range p.b.Records(t) {
		for _, e := range p.b.Record(t, r.ID).Events {
			if e.Kind == "message-in" || e.Kind == "message-out" {
				texts[e.Data["text"]]++
			}
		}
	}
	for _, want := range []string{"first", "answer one", "second", "answer two"} {
		if texts[want] != 1 {
			t.Errorf("%q stands %d times in the records: %v", want, texts[want], texts)
		}
	}
}

// has tells whether a snapshot shows a conversation in hand.
func has(f frame, conversation string) bool {
	for _, i := range f.Items {
		if i.Conversation == conversation && i.State == "active" {
			return true
		}
	}
	return false
}
