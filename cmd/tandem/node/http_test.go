package node

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

var testKey = []byte(strings.Repeat("k", 32))

// door is the owner's door behind that of another node.
type door struct {
	front *httptest.Server
	seen  chan seen
}

type seen struct {
	client, host, path, proxies string
	ok                          bool
}

// between puts a node between a client and the owner, whose handler is given.
func between(t *testing.T, local string, owner http.Handler) *door {
	t.Helper()
	n := &Node{key: testKey, log: slog.New(slog.DiscardHandler)}
	d := &door{seen: make(chan seen, 10)}
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		client, ok := n.Client(r)
		d.seen <- seen{client, r.Host, r.URL.RequestURI(), strings.Join(r.Header.Values("X-Forwarded-For"), "|"), ok}
		owner.ServeHTTP(w, r)
	}))
	t.Cleanup(back.Close)
	d.front = httptest.NewServer(n.Forward(netip.MustParseAddrPort(strings.TrimPrefix(back.URL, "http://")), local))
	t.Cleanup(d.front.Close)
	return d
}

func ask(t *testing.T, url string, header http.Header) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header, req.Host = header, "pages.example"
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func TestForward(t *testing.T) {
	d := between(t, "", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	header := http.Header{"X-Forwarded-For": {"192.0.2.7"}, ClientHeader: {"192.0.2.9:1 1 ff"}}
	res := ask(t, d.front.URL+"/v1/calls?a=1%2F2", header)
	got := <-d.seen
	if res.StatusCode != http.StatusTeapot || !got.ok || !strings.HasPrefix(got.client, "127.0.0.1:") {
		t.Errorf("status %d, the owner was told %+v", res.StatusCode, got)
	}
	if got.host != "pages.example" || got.path != "/v1/calls?a=1%2F2" || got.proxies != "192.0.2.7" {
		t.Errorf("the owner has got %+v", got)
	}
	d = between(t, "command-line", http.NotFoundHandler())
	ask(t, d.front.URL+"/status", http.Header{})
	if got := <-d.seen; !got.ok || got.client != "command-line" {
		t.Errorf("the owner was told %+v", got)
	}
}

// TestForgedClient: nobody without the key speaks for a client, and what was said of one request holds for no other, nor for ever.
func TestForgedClient(t *testing.T) {
	n := &Node{key: testKey}
	stranger := &Node{key: []byte(strings.Repeat("x", 32))}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	old := strconv.FormatInt(time.Now().Add(-time.Minute).Unix(), 10)
	r := httptest.NewRequest(http.MethodGet, "/v1/calls", nil)
	for what, value := range map[string]string{
		"another key":     "command-line " + now + " " + stranger.sign(r, "command-line", now),
		"another client":  "command-line " + now + " " + n.sign(r, "192.0.2.1:1", now),
		"another request": "command-line " + now + " " + n.sign(httptest.NewRequest(http.MethodPost, "/v1/calls", nil), "command-line", now),
		"long ago":        "command-line " + old + " " + n.sign(r, "command-line", old),
		"no signature":    "command-line " + now,
		"nothing":         "",
	} {
		r.Header.Set(ClientHeader, value)
		if who, ok := n.Client(r); ok {
			t.Errorf("%s: taken for %s", what, who)
		}
	}
	r.Header.Set(ClientHeader, "command-line "+now+" "+n.sign(r, "command-line", now))
	if _, ok := n.Client(r); !ok {
		t.Error("the true word is not believed: the test proves nothing")
	}
}

// TestForwardSocket: a WebSocket goes through, both ways.
func TestForwardSocket(t *testing.T) {
	d := between(t, "", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = c.CloseNow() }()
		kind, text, err := c.Read(r.Context())
		if err == nil {
			err = c.Write(r.Context(), kind, append([]byte("you said "), text...))
		}
		if err != nil {
			t.Error(err)
		}
	}))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, _, err := websocket.Dial(ctx, d.front.URL+"/chat/socket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.CloseNow() }()
	if err := c.Write(ctx, websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, text, err := c.Read(ctx); err != nil || string(text) != "you said hello" {
		t.Errorf("got %q %v", text, err)
	}
}

// TestForwardEvents: an event is not kept back for the next.
func TestForwardEvents(t *testing.T) {
	next := make(chan int)
	d := between(t, "", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for n := range next {
			fmt.Fprintf(w, "data: %d\n", n)
			w.(http.Flusher).Flush()
		}
	}))
	go func() { next <- 0 }()
	lines := bufio.NewScanner(ask(t, d.front.URL+"/v1/events", http.Header{}).Body)
	for n := range 3 {
		if !lines.Scan() || lines.Text() != fmt.Sprintf("data: %d", n) {
			t.Fatalf("event %d: %q", n, lines.Text())
		}
		if n < 2 {
			next <- n + 1
		}
	}
	close(next)
}

func TestOwnerUnreachable(t *testing.T) {
	n := &Node{key: testKey, log: slog.New(slog.DiscardHandler)}
	front := httptest.NewServer(n.Forward(netip.MustParseAddrPort("127.0.0.1:1"), ""))
	defer front.Close()
	res := ask(t, front.URL, http.Header{})
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
}
