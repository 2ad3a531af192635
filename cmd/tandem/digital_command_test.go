package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/control/controltest"
)

// fakeAPI answers below /v1/ on a real control socket, and notes what it is asked.
type fakeAPI struct {
	mu    sync.Mutex
	asked []string // method, path and body
}

var apiAnswers = map[string]string{
	"GET /v1/conversations": `{"items":[{"id":"v_1","channel":"chat","state":"agent","record":"r_1","agent":"anna","address":"+4930123456","opened":"2026-03-01T09:00:00Z","touched":"2026-03-01T09:01:00Z","seq":2}]}`,
	"GET /v1/conversations/v_1/messages": `{"items":[{"conversation":"v_1","seq":1,"id":"m1","at":"2026-03-01T09:00:00Z","from":"customer","text":"hello","state":"delivered"},` +
		`{"conversation":"v_1","seq":2,"id":"a1","at":"2026-03-01T09:01:00Z","from":"agent","actor":"anna","text":"good \u001b[31mmorning","state":"read"}],"next":2}`,
	"POST /v1/sms":                   `{"id":"s_1/1","conversation":"s_1","record":"r_1","parts":1,"state":"queued"}`,
	"GET /v1/callbacks":              `{"items":[{"id":"b_1","state":"waiting","number":"+4930123456","queue":"support","record":"r_1","asked":"2026-03-01T09:00:00Z","attempts":1,"position":2}]}`,
	"POST /v1/callbacks":             `{"id":"b_2","state":"waiting","number":"+4930123456","queue":"support","asked":"2026-03-01T09:00:00Z","attempts":0}`,
	"GET /v1/queues":                 `{"items":[{"name":"support"},{"name":"sales"}]}`,
	"GET /v1/customers/cu_1":         `{"id":"cu_1","name":"Eva","identities":[{"type":"tel","value":"+4930123456","strength":"attested","last":"2026-03-01T09:00:00Z"}]}`,
	"POST /v1/customers/cu_1/erase":  `{"customer":"cu_1","records":2,"ended":["b_1"],"in_hand":[],"attachments":1,"recordings":["2026/c_1.wav"],"not_reached":["call detail records","log files"]}`,
	"GET /v1/users":                  `{"items":[{"name":"anna","role":"agent","agent":"anna","created":"2026-03-01T09:00:00Z","changed":"2026-03-01T09:00:00Z"}]}`,
	"POST /v1/users/anna/login-link": `{"url":"https://tandem.example/login/x","secret":"x"}`,
	"GET /v1/tokens":                 `{"items":[{"id":"t_1","name":"crm","role":"integrator","created":"2026-03-01T09:00:00Z"}]}`,
	"POST /v1/tokens":                `{"id":"t_2","secret":"tdm_secret"}`,
	"DELETE /v1/users/anna":          "", "DELETE /v1/tokens/t_1": "", "POST /v1/conversations/v_1/close": "", "POST /v1/callbacks/b_1/cancel": "",
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	what := r.Method + " " + r.URL.EscapedPath()
	f.mu.Lock()
	f.asked = append(f.asked, strings.TrimSpace(strings.TrimRight(what+"?"+r.URL.RawQuery, "?")+" "+string(body)))
	f.mu.Unlock()
	refuse := func(status int, detail string) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"status":%d,"detail":%q,"do":"look again","errors":[{"location":"body.x","message":"wrong"}]}`, status, detail)
	}
	answer, ok := apiAnswers[what]
	switch {
	case what == "GET /v1/events":
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, ": hello\nid: 1\ndata: {\"type\":\"tandem.enqueued\",\"subject\":\"item/c_1-1\",\"time\":\"2026-03-01T09:00:00Z\",\"record\":\"r_1\",\"data\":{\"channel\":\"voice\",\"actor\":\"flow:main\",\"data\":{\"queue\":\"sup\\u001b[31mport\"}}}\n\ndata: no event\n\n")
	case strings.Contains(what, "/taken"):
		refuse(http.StatusConflict, "it changed meanwhile")
	case strings.Contains(what, "/wrong"):
		refuse(http.StatusUnprocessableEntity, "not understood")
	case !ok:
		refuse(http.StatusNotFound, "there is none")
	case answer == "":
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, answer)
	}
}

func (f *fakeAPI) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[len(f.asked)-1]
}

// onSocket serves a handler below /v1/ on a control socket until the test ends.
func onSocket(t *testing.T, api http.Handler) *control.Client {
	t.Helper()
	dir, err := os.MkdirTemp("", "tandem") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "control.sock")
	server, err := control.Listen(path, &controltest.Fake{}, discard)
	if err != nil {
		t.Fatal(err)
	}
	server.Mount("/v1/", api)
	done := make(chan error, 1)
	go func() { done <- server.Serve() }()
	t.Cleanup(func() {
		if err := errors.Join(server.Close(), <-done, os.RemoveAll(dir)); err != nil {
			t.Error(err)
		}
	})
	return control.NewClient(path)
}

// What is shown in local time is the same everywhere.
func init() { time.Local = time.UTC }

// apiShell is a shell that asks an API over a real socket.
func apiShell(t *testing.T) (*shell, *fakeAPI) {
	t.Helper()
	s, f := newShell(t), &fakeAPI{}
	client := onSocket(t, f)
	s.app.connect = func(string) control.Backend { return client }
	return s, f
}

// apiOutputs are the commands whose output is kept in testdata/cli, in both forms.
var apiOutputs = [][]string{{"chat", "list"}, {"chat", "show", "v_1"}, {"sms", "send", "+4930123456", "hello"}, {"callback", "list"}, {"callback", "add", "030123456"},
	{"customer", "show", "cu_1"}, {"customer", "erase", "cu_1", "--confirm", "cu_1"}, {"user", "list"}, {"user", "link", "anna"}, {"token", "list"}, {"token", "issue", "crm"}, {"event", "tail"}}

func TestOutputsOfTheAPI(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := apiShell(t)
	for _, words := range apiOutputs {
		var got bytes.Buffer
		for _, form := range []string{"table", "json"} {
			if code := s.run(append(append([]string(nil), words...), "-o", form)...); code != exitDone {
				t.Fatalf("%s: got exit %d: %s", words, code, s.err.String())
			}
			got.WriteString("$ tandem " + strings.Join(words, " ") + " -o " + form + "\n" + s.out.String())
			if form == "json" && words[0] != "event" && !json.Valid(s.out.Bytes()) {
				t.Errorf("%s: got no JSON: %s", words, s.out.String())
			}
		}
		if strings.Contains(got.String(), "\x1b") {
			t.Errorf("%s: what a customer wrote reaches the terminal: %q", words, got.String())
		}
		golden := filepath.Join(here, "testdata", "cli", strings.Join(words[:2], "_")+".txt")
		if *updateGolden {
			if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got.String() != string(want) {
			t.Errorf("%s: %v\ngot:\n%s\nwant:\n%s", words, err, got.String(), want)
		}
	}
}

func TestWhatCommandsAskTheAPI(t *testing.T) {
	s, f := apiShell(t)
	for line, want := range map[string]string{
		"chat close v_1":                    `POST /v1/conversations/v_1/close {"reason":"closed by the operator"}`,
		"sms send +49301 hi --record r_1":   `POST /v1/sms {"record":"r_1","text":"hi","to":"+49301"}`,
		"sms send +49301 hi --from +4930":   `POST /v1/sms {"from":"+4930","text":"hi","to":"+49301"}`,
		"callback add 030123 --queue sales": `POST /v1/callbacks {"number":"030123","queue":"sales"}`,
		"callback add 030123 --topic bill":  `POST /v1/callbacks {"number":"030123","queue":"support","topic":"bill"}`,
		"callback cancel b_1":               `POST /v1/callbacks/b_1/cancel {"reason":"cancelled by the operator"}`,
		"user remove anna":                  `DELETE /v1/users/anna`,
		"event tail":                        `GET /v1/events`,
		"event tail --kind enqueued --kind message-* --record r_1 --queue sales": `GET /v1/events?queue=sales&record=r_1&type=tandem.enqueued&type=tandem.message-%2A`,
		"token revoke t_1":                      `DELETE /v1/tokens/t_1`,
		"token issue crm --role admin --days 3": `POST /v1/tokens {"days":3,"name":"crm","role":"admin"}`,
	} {
		if code := s.run(strings.Fields(line)...); code != exitDone || f.last() != want {
			t.Errorf("%q: got exit %d, %s, want %s: %s", line, code, f.last(), want, s.err.String())
		}
	}
	s.run("chat", "show", "../users")
	if got := f.last(); got != "GET /v1/conversations/..%2Fusers/messages" {
		t.Errorf("got %s, want a name that stays one", got)
	}
}

func TestExitCodesOfTheAPI(t *testing.T) {
	s, _ := apiShell(t)
	for _, c := range []struct {
		line, next, text string
		code             int
	}{
		{"chat show v_2", "tandem chat list", "there is none; look again\n  body.x: wrong", exitNotFound}, {"chat close taken", "tandem chat list", "it changed meanwhile", exitFailed},
		{"callback cancel wrong", "", "not understood", exitUsage}, {"user remove ben", "tandem user list", "there is none", exitNotFound},
		{"event tail --kind enqeued", "did you mean \"enqueued\"", "no kind of event", exitUsage},
		{"customer erase cu_1", "--confirm cu_1", "cannot be taken back", exitUsage}, {"customer erase cu_1 --confirm cu_2", "--confirm cu_1", "not confirmed", exitUsage},
		{"sms send +49", "--help", "", exitUsage}, {"token issue", "--help", "", exitUsage},
	} {
		if code := s.run(strings.Fields(c.line)...); code != c.code || !strings.Contains(s.err.String(), c.text) || !strings.Contains(lastLine(s.err.String()), c.next) {
			t.Errorf("%q: got exit %d, want %d: %s", c.line, code, c.code, s.err.String())
		}
	}
	s.app.connect = func(string) control.Backend { return control.NewClient("/nowhere/control.sock") }
	for _, line := range []string{"chat list", "event tail", "user list"} {
		if code := s.run(strings.Fields(line)...); code != exitUnreachable || !strings.Contains(s.err.String(), "tandem serve") {
			t.Errorf("%q: got exit %d: %s", line, code, s.err.String())
		}
	}
	s.app.connect = func(string) control.Backend { return &controltest.Fake{} }
	if code := s.run("chat", "list"); code != exitFailed {
		t.Errorf("a door without an API: got exit %d", code)
	}
}

func TestAStreamEndsWithItsReader(t *testing.T) {
	gone := make(chan struct{})
	client := onSocket(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "one\ntwo\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		gone <- struct{}{}
	}))
	enough := errors.New("enough")
	if err := client.Stream(t.Context(), "/v1/events", func(string) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("got %v, want %v", err, enough)
	}
	<-gone
	ctx, cancel := context.WithCancel(t.Context())
	err := client.Stream(ctx, "/v1/events", func(line string) error {
		if line == "two" {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	<-gone
}
