package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
)

// TestJsSIP: a telephone made of JsSIP alone, on a page of another site, registers over WebSocket, hears its echo, calls a desk phone,
// holds it, gives it away, is called by it, and goes through the menu by key.
func TestJsSIP(t *testing.T) {
	t.Parallel()
	rig.Need(t, "baresip")
	site := httptest.NewServer(http.FileServerFS(os.DirFS("pages")))
	t.Cleanup(site.Close)
	g := rig.Start(t, rig.Site{Origins: []string{strings.TrimPrefix(site.URL, "http://")}, Flows: map[string]string{"main.yaml": oneMenu}, Body: fmt.Sprintf(`
endpoints:
  paula: {extension: 203, display_name: Paula, password: %[1]s}
  ben: {extension: 202, display_name: Ben, password: %[1]s}
queues:
  support: {ring_timeout: 20s, wrap_up: 0s, max_wait: 10m, join_when: always, music: music/default}
`, rig.PasswordRef)})
	for origin, want := range map[string]int{"http://other.example": http.StatusForbidden, site.URL: http.StatusSwitchingProtocols, "": http.StatusSwitchingProtocols} {
		if got := knock(t, g, origin); got != want {
			t.Errorf("a page of %q is answered with %d, want %d", origin, got, want)
		}
	}
	ben := deskPhone(t, g, "ben", deskTone)
	page := begin(t, g, "jssip.mjs", "TANDEM_PAGE="+site.URL+"/jssip.html")
	page.at("registered")
	registered(t, g, "paula", "transport=ws")
	page.goOn()

	page.at("calls 202")
	ben.Saw("CALL_INCOMING", settling)
	ben.Do("accept", "")
	ben.Saw("CALL_ESTABLISHED", settling)
	page.goOn()
	page.at("talks to 202")
	hears(t, "extension 202 hears the page", ben.Ear(), agentTone, deskTone)
	page.goOn()
	page.at("holds 202")
	hearsMusic(t, "extension 202 on hold hears music", ben.Ear())
	page.goOn()
	page.at("talks again")
	hears(t, "extension 202 hears the page after the hold", ben.Ear(), agentTone, deskTone)
	page.goOn()
	page.at("gives 202 away")
	hears(t, "extension 202, given to the echo, hears itself", ben.Ear(), deskTone, agentTone)
	page.goOn()
	page.at("may be called")
	ben.Do("hangup", "")
	ben.Saw("CALL_CLOSED", settling)

	ben.Do("dial", "sip:203@"+rig.Domain)
	page.goOn()
	page.at("was called")
	hears(t, "extension 202 hears the page that it called", ben.Ear(), agentTone, deskTone)
	ben.Do("hangup", "")
	page.goOn()
	for _, way := range []string{"RFC2833", "INFO"} {
		page.at("pressed by " + way)
		waiting(t, g, 1)
		page.goOn()
		page.at("hung up")
		waiting(t, g, 0)
		page.goOn()
	}
	page.end()
	g.Idle(t)
}

// waiting waits until so many stand in the queue.
func waiting(t *testing.T, g *rig.Gateway, n int) {
	t.Helper()
	rig.Await(t, fmt.Sprintf("%d in the queue", n), settling, func() bool {
		var q control.Queue
		g.JSON(t, &q, "queue", "show", "support")
		return len(q.Items) == n
	})
}

// knock asks for SIP over WebSocket as a page of an origin does, and gives the status.
func knock(t *testing.T, g *rig.Gateway, origin string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+g.HTTP.String()+"/sip", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "sip", "Origin": origin} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.StatusCode
}
