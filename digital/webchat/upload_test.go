package webchat_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"tandem/digital"
	"tandem/digital/webchat"
)

// png is the beginning of a picture.
var png = append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 1000)...)

func (r *rig) request(method, path, token string, body []byte) (*http.Response, []byte) {
	r.Helper()
	req, err := http.NewRequest(method, r.server.URL+"/chat/attachment"+path, bytes.NewReader(body))
	if err != nil {
		r.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	return resp, data
}

// TestAttachment: a file goes up, is sent, seen by the other page and comes down; nobody else gets it.
func TestAttachment(t *testing.T) {
	r := newRig(t, nil)
	p, stranger := r.page(), r.page()
	token, other := p.hello(object{}).text("token"), stranger.hello(object{}).text("token")
	resp, data := r.request(http.MethodPost, "?name="+url.QueryEscape(`C:\me\..\"bad"<b>.png`), token, png)
	var a digital.Attachment
	if err := json.Unmarshal(data, &a); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("%d %s", resp.StatusCode, data)
	}
	if a.Type != "image/png" || a.Size != int64(len(png)) || a.Name != `"bad"<b>.png` {
		t.Fatalf("attachment %+v", a)
	}
	p.send(object{"t": "msg.send", "id": "m1", "attachment": a.Ref})
	if got := p.want("msg.new").object("message").object("attachment"); got.text("ref") != a.Ref || got.text("type") != "image/png" {
		t.Fatalf("message's attachment %v", got)
	}
	resp, data = r.request(http.MethodGet, "/"+a.Ref, token, nil)
	if !bytes.Equal(data, png) || resp.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "sandbox") {
		t.Fatalf("download: %v, %d bytes", resp.Header, len(data))
	}
	if resp, _ = r.request(http.MethodGet, "/"+a.Ref, other, nil); resp.StatusCode != http.StatusNotFound {
		t.Errorf("a stranger gets %d", resp.StatusCode)
	}
	if resp, _ = r.request(http.MethodGet, "/"+a.Ref, "forged", nil); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a forger gets %d", resp.StatusCode)
	}
	stranger.send(object{"t": "msg.send", "id": "m1", "attachment": a.Ref})
	if got := stranger.want("msg.refused"); got.text("code") != webchat.CodeFile {
		t.Errorf("a stranger sends it: %v", got)
	}
}

// TestUploadLimits: what is too large, of a type that is not taken, or too many, is refused; a name does not make a type.
func TestUploadLimits(t *testing.T) {
	r := newRig(t, func(c *webchat.Config, _ *webchat.Parts) { c.FileBytes, c.Files = 2000, 6 })
	token := r.page().hello(object{}).text("token")
	for _, c := range []struct {
		name string
		body []byte
		want int
	}{
		{"page.png", []byte("<!DOCTYPE html><script>alert(1)</script>"), http.StatusUnsupportedMediaType},
		{"run.png", []byte("MZ\x90\x00\x03\x00\x00\x00" + strings.Repeat("\x01", 600)), http.StatusUnsupportedMediaType},
		{"empty.png", nil, http.StatusUnsupportedMediaType},
		{"large.png", append(bytes.Clone(png), make([]byte, 2000)...), http.StatusRequestEntityTooLarge},
		{"small.png", png[:20], http.StatusCreated},
		{"fine.png", png, http.StatusCreated},
		{"one too many.png", png, http.StatusTooManyRequests},
	} {
		if resp, data := r.request(http.MethodPost, "?name="+url.QueryEscape(c.name), token, c.body); resp.StatusCode != c.want {
			t.Errorf("%s: %d %s, want %d", c.name, resp.StatusCode, data, c.want)
		}
	}
}
