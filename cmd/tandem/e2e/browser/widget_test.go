package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"tandem/cmd/tandem/e2e/rig"
)

// shop is another site, which has one script tag for the chat.
func shop(t *testing.T, language string, speaks ...string) *rig.Gateway {
	t.Helper()
	var g *rig.Gateway
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="%s"><head><title>Bicycles</title><link rel="icon" href="data:,"><style>* { font-size: 40px !important }</style></head>
<body><main><h1>Bicycles</h1></main><script>
window.told = [];
for (const name of ['opened', 'closed', 'unread']) addEventListener('tandem:' + name, (ev) => told.push(name + (ev.detail?.n ? ' ' + ev.detail.n : '')));
</script><script async src="http://%s/widget.js" data-title="Chat" data-calls="on"></script></body></html>`, language, g.HTTP)
	}))
	t.Cleanup(far.Close)
	site := plan(t)
	site.Frames, site.Speaks = []string{far.URL}, speaks
	g = rig.Start(t, site)
	t.Setenv("TANDEM_SHOP", far.URL)
	return g
}

// TestWidget shows the chat in the page of another site.
func TestWidget(t *testing.T) { play(t, shop(t, "en"), "widget.mjs", nil) }

// TestLanguages: the chat speaks the language of the site that shows it, where we do, and so does what the house says in it; who comes to
// the chat's own page is spoken to as his browser wants.
func TestLanguages(t *testing.T) { play(t, shop(t, "de-DE", "en", "de"), "languages.mjs", nil) }
