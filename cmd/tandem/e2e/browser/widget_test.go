package browser

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"tandem/cmd/tandem/e2e/rig"
)

// TestWidget shows the chat in the page of another site, which has one script tag for it.
func TestWidget(t *testing.T) {
	var g *rig.Gateway
	shop := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><html lang="en"><head><title>Bicycles</title><link rel="icon" href="data:,"><style>* { font-size: 40px !important }</style></head>
<body><main><h1>Bicycles</h1></main><script>
window.told = [];
for (const name of ['opened', 'closed', 'unread']) addEventListener('tandem:' + name, (ev) => told.push(name + (ev.detail?.n ? ' ' + ev.detail.n : '')));
</script><script async src="http://%s/widget.js" data-title="Chat with us" data-calls="on"></script></body></html>`, g.HTTP)
	}))
	t.Cleanup(shop.Close)
	site := plan(t)
	site.Frames = []string{shop.URL}
	g = rig.Start(t, site)
	t.Setenv("TANDEM_SHOP", shop.URL)
	play(t, g, "widget.mjs", nil)
}
