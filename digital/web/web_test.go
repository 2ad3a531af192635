package web

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, c Config, method, path string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	h, err := Handler(c)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(method, path, nil)
	r.Header = header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestPages(t *testing.T) {
	for _, x := range []struct {
		path, kind string
		status     int
		demo       bool
	}{
		{"/desk", "text/html; charset=utf-8", 200, false},
		{"/desk/", "text/html; charset=utf-8", 200, false},
		{"/chat", "text/html; charset=utf-8", 200, false},
		{"/widget.js", "text/javascript; charset=utf-8", 200, false},
		{"/web/lib/style.css", "text/css; charset=utf-8", 200, false},
		{"/web/vendor/preact.mjs", "text/javascript; charset=utf-8", 200, false},
		{"/web/icon.svg", "image/svg+xml", 200, false},
		{"/demo", "text/html; charset=utf-8", 200, true},
		{"/demo", "", 404, false},
		{"/web/demo/demo.js", "", 404, false},
		{"/web/demo/demo.js", "text/javascript; charset=utf-8", 200, true},
		{"/web/../web.go", "", 404, true},
		{"/web/", "", 404, false},
		{"/web/none", "", 404, false},
		{"/other", "", 404, false},
		{"/", "", 302, false},
	} {
		w := get(t, Config{Demo: x.demo}, "GET", x.path, nil)
		if w.Code != x.status || x.status == 200 && w.Header().Get("Content-Type") != x.kind {
			t.Errorf("%s: got %d %q, want %d %q", x.path, w.Code, w.Header().Get("Content-Type"), x.status, x.kind)
		}
	}
	if w := get(t, Config{}, "POST", "/desk", nil); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") == "" {
		t.Errorf("POST: %d", w.Code)
	}
}

// TestFirstPage: who types no path comes to a page, and the demo's pages know that they are.
func TestFirstPage(t *testing.T) {
	for demo, want := range map[bool]string{true: "/demo", false: "/desk"} {
		c := Config{Demo: demo, Secret: `tandem"<`}
		if w := get(t, c, "GET", "/", nil); w.Code != http.StatusFound || w.Header().Get("Location") != want {
			t.Errorf("demo %t: got %d %q, want %q", demo, w.Code, w.Header().Get("Location"), want)
		}
		text := get(t, c, "GET", "/desk", nil).Body.String()
		if marked := strings.Contains(text, `<html data-demo="tandem&#34;&lt;" lang`); marked != demo {
			t.Errorf("demo %t: marked %t", demo, marked)
		}
	}
}

// TestNotModified: a page that the browser has is not sent again.
func TestNotModified(t *testing.T) {
	tag := get(t, Config{}, "GET", "/web/lib/style.css", nil).Header().Get("ETag")
	if tag == "" {
		t.Fatal("no ETag")
	}
	w := get(t, Config{}, "GET", "/web/lib/style.css", http.Header{"If-None-Match": {tag}})
	if w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("got %d with %d bytes", w.Code, w.Body.Len())
	}
}

// TestFolder: for work on the pages they come from a folder, as they are now.
func TestFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "desk"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "desk/index.html"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if w := get(t, Config{Dir: dir}, "GET", "/desk", nil); w.Body.String() != "mine" {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}

var (
	foreign = regexp.MustCompile(`(src|href)="(https?:)?//|@import|url\(['"]?https?:|from '(https?:)?//`)
	inline  = regexp.MustCompile(`<script(?:[^>]*)>[^<]|\son[a-z]+="|style="|innerHTML|document\.write|\beval\(|dangerouslySetInnerHTML`)
	imports = regexp.MustCompile(`(?:from|import) '(\.[^']+)'`)
)

// TestNothingForeign: no page loads from elsewhere, none has inline code, and every import is there.
func TestNothingForeign(t *testing.T) {
	seen := 0
	err := fs.WalkDir(embedded, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(name, "/vendor/") {
			return err
		}
		raw, err := fs.ReadFile(embedded, name)
		if err != nil {
			return err
		}
		seen++
		if m := foreign.Find(raw); m != nil {
			t.Errorf("%s loads from elsewhere: %s", name, m)
		}
		if m := inline.Find(raw); m != nil {
			t.Errorf("%s has inline code or writes markup: %s", name, m)
		}
		for _, m := range imports.FindAllSubmatch(raw, -1) {
			target := path.Join(path.Dir(name), string(m[1]))
			if _, err := fs.Stat(embedded, target); err != nil {
				t.Errorf("%s imports %s, which is not there", name, m[1])
			}
		}
		return nil
	})
	if err != nil || seen < 12 {
		t.Fatalf("%d files, %v", seen, err)
	}
}

// TestManifest: what is not ours is as it was published.
func TestManifest(t *testing.T) {
	file, err := embedded.Open("static/vendor/MANIFEST")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	listed := map[string]bool{"MANIFEST": true}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		name, rest, _ := strings.Cut(lines.Text(), " ")
		_, want, ok := strings.Cut(rest, "sha256:")
		raw, err := fs.ReadFile(embedded, "static/vendor/"+name)
		if err != nil || !ok {
			t.Fatalf("%s: %v, %v", name, err, ok)
		}
		sum := sha256.Sum256(raw)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s: sha256 %s, want %s", name, got, want)
		}
		listed[name] = true
	}
	entries, err := fs.ReadDir(embedded, "static/vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !listed[e.Name()] {
			t.Errorf("vendor/%s is not in the MANIFEST", e.Name())
		}
	}
}
