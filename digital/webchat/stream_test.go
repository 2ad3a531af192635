package webchat_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"tandem/digital"
)

func (r *rig) post(path, token, body string) (int, object) {
	r.Helper()
	req, err := http.NewRequest(http.MethodPost, r.server.URL+"/chat"+path, strings.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	var o object
	data, _ := io.ReadAll(resp.Body)
	_ = json.Unmarshal(data, &o)
	return resp.StatusCode, o
}

// events opens a stream and gives a function that reads until a frame of a kind comes, and one that closes it.
func (r *rig) events(token, after string) (want func(kind string) object, stop func()) {
	r.Helper()
	req, err := http.NewRequest(http.MethodGet, r.server.URL+"/chat/stream?after="+after, nil)
	if err != nil {
		r.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" {
		r.Fatalf("stream: %d", resp.StatusCode)
	}
	lines := bufio.NewScanner(resp.Body)
	return func(kind string) object {
		r.Helper()
		for lines.Scan() {
			var o object
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok && json.Unmarshal([]byte(data), &o) == nil && o.t() == kind {
				return o
			}
		}
		r.Fatalf("no %s: %v", kind, lines.Err())
		return nil
	}, func() { _ = resp.Body.Close() }
}

// TestStream: without WebSocket the same frames go the other way, and a stream that was lost resumes.
func TestStream(t *testing.T) {
	r := newRig(t, nil)
	status, opened := r.post("/session", "", `{"t":"hello","v":1,"name":"Eva"}`)
	token := opened.text("token")
	if status != http.StatusOK || token == "" {
		t.Fatalf("session: %d %v", status, opened)
	}
	if status, _ := r.post("/frame", token, `{"t":"msg.send","id":"m0","text":"too early"}`); status != http.StatusConflict {
		t.Errorf("a frame without a stream: %d", status)
	}
	want, stop := r.events(token, "0")
	if w := want("welcome"); w.text("conversation") != opened.text("conversation") {
		t.Fatalf("welcome %v", w)
	}
	if status, _ := r.post("/frame", token, `{"t":"msg.send","id":"m1","text":"hello"}`); status != http.StatusAccepted {
		t.Fatalf("frame: %d", status)
	}
	if got := want("msg.ack"); got.seq() != 1 {
		t.Fatalf("ack %v", got)
	}
	stop()
	if err := r.hub.Post(opened.text("conversation"), digital.Tell{ID: "t1", Text: "meanwhile"}); err != nil {
		t.Fatal(err)
	}
	want, stop = r.events(token, "1")
	defer stop()
	want("welcome")
	if got := want("msg.new").object("message"); got.text("text") != "meanwhile" || got.seq() != 2 {
		t.Fatalf("resumed with %v", got)
	}
	for body, code := range map[string]int{`{`: 400, `{"t":"hello"}`: 400, strings.Repeat("x", 70000): 400} {
		if status, _ := r.post("/frame", token, body); status != code {
			t.Errorf("%.20q: %d, want %d", body, status, code)
		}
	}
	if status, _ := r.post("/frame", "forged", `{"t":"ping"}`); status != http.StatusUnauthorized {
		t.Errorf("forged token: %d", status)
	}
	if status, _ := r.post("/session", "", `{"t":"hello","token":"forged"}`); status != http.StatusUnauthorized {
		t.Errorf("forged session: %d", status)
	}
}
