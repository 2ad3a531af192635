package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"html"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"strings"

	"tandem/digital/access"
	"tandem/digital/wording"
)

//go:embed static
var embedded embed.FS

// Config says how the pages are served.
type Config struct {
	Dir    string         // serve from this folder instead, for work on the pages; empty: what is embedded
	Frames []string       // sites that may show the chat frame, as CSP sources ("https://shop.example"); empty: our own pages only
	Demo   bool           // serve the demo's customer page, and let pages speak with a test voice
	Secret string         // the demo's password, for the customer page to tell; empty: it is none that everybody knows
	Words  *wording.Words // of the chat's page; nil: it speaks English
}

// pages are the paths that are not below /web/.
var pages = map[string]string{
	"/desk":      "desk/index.html",
	"/chat":      "chat/index.html",
	"/widget.js": "chat/widget.js",
	"/demo":      "demo/index.html",
}

// Areas gives the rules of the door for the pages: all are open, since what they show is asked for with proofs.
func Areas(c Config) []access.Area {
	list := []access.Area{
		{Prefix: "/", Public: true, Alone: true},
		{Prefix: "/web/", Public: true},
		{Prefix: "/desk", Public: true},
		{Prefix: "/chat", Public: true, Ancestors: append([]string{"'self'"}, c.Frames...)},
		{Prefix: "/widget.js", Public: true, AnyOrigin: true},
	}
	if c.Demo {
		list = append(list, access.Area{Prefix: "/demo", Public: true})
	}
	return list
}

// Handler serves the pages. Other paths are 404.
func Handler(c Config) (http.Handler, error) {
	files, err := fs.Sub(embedded, "static")
	if err != nil {
		return nil, err
	}
	if c.Dir != "" {
		files = os.DirFS(c.Dir)
	}
	h := &handler{cfg: c, files: files, tags: map[string]string{}}
	if c.Dir != "" {
		return h, nil
	}
	return h, h.readTags()
}

type handler struct {
	cfg   Config
	files fs.FS
	tags  map[string]string // ETag by file, of what is embedded
}

func (h *handler) readTags() error {
	return fs.WalkDir(h.files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := h.read(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(raw)
		h.tags[name] = `"` + hex.EncodeToString(sum[:8]) + `"`
		return nil
	})
}

// types are the media types that do not depend on the machine's own table.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
}

// ServeHTTP serves one file.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "pages are only read", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Path == "/" {
		http.Redirect(w, r, h.first(), http.StatusFound)
		return
	}
	if language, ok := strings.CutPrefix(r.URL.Path, wordsPath); ok {
		h.words(w, r, language)
		return
	}
	name, ok := h.file(r.URL.Path)
	if !ok {
		http.NotFound(w, r)
		return
	}
	file, err := h.read(name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	h.headers(w.Header(), name)
	info, err := fs.Stat(h.files, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	http.ServeContent(w, r, name, info.ModTime(), bytes.NewReader(file))
}

// wordsPath and a language lead to the texts of the chat's page.
const wordsPath = "/web/words/"

func (h *handler) words(w http.ResponseWriter, r *http.Request, language string) {
	if h.cfg.Words == nil || h.cfg.Words.Table(language) == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache")
	_ = json.NewEncoder(w).Encode(h.cfg.Words.Table(language)) // fails where the reader is gone
}

// first is the page of somebody who names none.
func (h *handler) first() string {
	if h.cfg.Demo {
		return "/demo"
	}
	return "/desk"
}

// chatPage says which languages it has; a desk is English.
const chatPage = "chat/index.html"

// read gives a file; a page of the demo says that it is one.
func (h *handler) read(name string) ([]byte, error) {
	raw, err := fs.ReadFile(h.files, name)
	if err == nil && h.cfg.Demo && path.Ext(name) == ".html" {
		raw = bytes.Replace(raw, []byte("<html"), []byte(`<html data-demo="`+html.EscapeString(h.cfg.Secret)+`"`), 1)
	}
	if err == nil && name == chatPage && h.cfg.Words != nil {
		spoken := strings.Join(h.cfg.Words.Languages(), " ")
		raw = bytes.Replace(raw, []byte(`lang="en"`), []byte(`lang="en" data-languages="`+html.EscapeString(spoken)+`"`), 1)
	}
	return raw, err
}

// file finds what a path names.
func (h *handler) file(p string) (name string, ok bool) {
	if p == "/demo" && !h.cfg.Demo {
		return "", false
	}
	if name, ok := pages[strings.TrimSuffix(p, "/")]; ok {
		return name, true
	}
	name, ok = strings.CutPrefix(path.Clean(p), "/web/")
	if !ok || strings.HasPrefix(name, "demo/") && !h.cfg.Demo {
		return "", false
	}
	return name, fs.ValidPath(name)
}

// headers are the file's type, and that it is asked for again.
func (h *handler) headers(to http.Header, name string) {
	ext := path.Ext(name)
	kind := types[ext]
	if kind == "" {
		kind = mime.TypeByExtension(ext)
	}
	if kind != "" {
		to.Set("Content-Type", kind)
	}
	to.Set("Cache-Control", "no-cache") // asked for again with the tag: a new version is seen at once
	if tag := h.tags[name]; tag != "" {
		to.Set("ETag", tag)
	}
}
