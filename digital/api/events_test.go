package api

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"tandem/digital/access"
	"tandem/digital/api/feed"
)

// three is a feed of three events of which the first is forgotten.
type three struct{ quiet }

func (three) After(cursor string, limit int) ([]feed.Event, error) {
	all := []feed.Event{{Cursor: "1", Type: "tandem.enqueued", Queue: "sales"}, {Cursor: "2", Type: "tandem.offered", Queue: "sales"}, {Cursor: "3", Type: "tandem.offered", Queue: "billing"}}
	switch cursor {
	case "":
		return all[1:], nil
	case "0":
		return nil, feed.ErrGone
	}
	i := slices.IndexFunc(all, func(e feed.Event) bool { return e.Cursor == cursor })
	if i < 0 {
		return nil, feed.ErrCursor
	}
	return all[i+1 : min(i+1+limit, 3)], nil
}
func (three) Last() (string, error) { return "3", nil }

func TestEvents(t *testing.T) {
	r := newRig(t)
	r.server.stream = feed.NewStreams(three{}, feed.Options{Most: 1})
	server := httptest.NewServer(r.door) // a real connection: what the door wraps must flush
	defer server.Close()
	open := func(role access.Role, query string, headers ...string) *http.Response {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/v1/events"+query, nil)
		if role != "" {
			req.Header.Set("Authorization", "Bearer "+r.tokens[role])
		}
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		return resp
	}
	for role, want := range map[access.Role]int{"": 401, access.Agent: 403} {
		if resp := open(role, ""); resp.StatusCode != want {
			t.Errorf("%q: got %d, want %d", role, resp.StatusCode, want)
		}
	}
	for _, tt := range []struct {
		query, last string
		status      int
	}{{"", "0", 410}, {"", "rubbish", 422}, {"?after=0", "", 410}, {"?foo=1", "", 422}, {"?type=" + strings.Repeat("x", 10) + strings.Repeat("&type=y", 40), "", 422}} {
		resp := open(access.Admin, tt.query, "Last-Event-ID", tt.last)
		if resp.StatusCode != tt.status || resp.Header.Get("Content-Type") != "application/problem+json" {
			t.Errorf("%+v: got %d %s", tt, resp.StatusCode, resp.Header.Get("Content-Type"))
		}
		resp.Body.Close()
	}
	resp := open(access.Integrator, "?type=tandem.off*&queue=billing", "Last-Event-ID", "1")
	if resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("got %d %v", resp.StatusCode, resp.Header)
	}
	var lines []string
	for scan := bufio.NewScanner(resp.Body); len(lines) < 5 && scan.Scan(); {
		lines = append(lines, scan.Text())
	}
	if got := strings.Join(lines, "|"); !strings.HasPrefix(got, "retry: 2000||id: 3|event: tandem.offered|data: {\"specversion\":\"1.0\",\"id\":\"3\"") {
		t.Errorf("got %s", got)
	}
	if full := open(access.Admin, ""); full.StatusCode != 503 || full.Header.Get("Retry-After") == "" {
		t.Errorf("got %d, want no room for a second stream", full.StatusCode)
	}
	resp.Body.Close()
}
