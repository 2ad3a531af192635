package callbacks

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"tandem/cmd/tandem/e2e/rig"
)

const linkFlow = `flow: main
start: pick-up
steps:
  pick-up: {answer: 100ms, then: link}
  link:
    send_link: "Go on with us here: {link}"
    exits: {sent: booked, failed: bye}
  booked: {play: callback/booked, then: bye}
  bye: {hangup: 16}
`

// TestLinkToTheChat: a caller gets a text message whose link opens the chat in the record of his call, once.
func TestLinkToTheChat(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{wrapUp: "0s", callbacks: patient, answer: "manual", flow: linkFlow,
		more: "sms: {main: {number: \"+4930100100\", smpp: simulator, queue: support}}\n"})
	h.call("call_until_bye", second).Pass(t)
	list := h.Records(t)
	if len(list) != 1 {
		t.Fatalf("records: %+v", list)
	}
	record := list[0].ID
	h.awaitEvent(record, "message-delivered", 1)
	out := of(h.Record(t, record), "message-out")
	if len(out) != 1 {
		t.Fatalf("%d texts", len(out))
	}
	_, token, ok := strings.Cut(out[0].Data["text"], "Go on with us here: http://"+h.HTTP.String()+"/chat#token=")
	if !ok {
		t.Fatalf("the text is %q", out[0].Data["text"])
	}
	h.visit(token)
	h.awaitEvent(record, "conversation-opened", 2) // of the text, of the chat
	h.visit(token)                                 // somebody has forwarded it
	rig.Await(t, "the second visitor has a record of his own", soon, func() bool { return len(h.Records(t)) == 2 })
	h.counts(record, map[string]int{"interaction-started": 1, "token-issued": 1, "token-used": 1, "token-reused": 1, "conversation-opened": 2})
}

// visit opens the chat as the page of a link does.
func (h *house) visit(token string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), soon)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws://"+h.HTTP.String()+"/chat/socket", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	if err := conn.Write(ctx, websocket.MessageText, []byte(`{"t":"hello","v":1,"link":"`+token+`"}`)); err != nil {
		h.t.Fatal(err)
	}
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			h.t.Fatal(err)
		}
		var f struct{ T string }
		if json.Unmarshal(data, &f) == nil && f.T == "welcome" {
			return
		}
	}
}
