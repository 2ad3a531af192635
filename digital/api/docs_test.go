package api

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tandem/digital/access"
)

var update = flag.Bool("update", false, "rewrite golden files")

func TestMissingRooms(t *testing.T) {
	docs := access.NewMemory(100)
	k, err := access.New(access.Config{Areas: Areas()}, access.Parts{Documents: docs})
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(Parts{Keeper: k, Documents: docs})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, keeper: k, docs: docs, server: s, door: k.Wrap(s), tokens: map[access.Role]string{}}
	r.tokens[access.Admin] = r.token(access.Token{Name: "root", Role: access.Admin})
	for _, row := range routes {
		if slices.Contains([]string{"users", "tokens", "session"}, tag(row.path)) {
			continue
		}
		path := strings.NewReplacer("HOOK", "wh_1").Replace(samples[row.id][0])
		if w := r.call(access.Admin, row.method, path, samples[row.id][1]); w.Code != 501 {
			t.Errorf("%s: got %d, want 501: %s", row.id, w.Code, w.Body)
		}
	}
}

func TestDocuments(t *testing.T) {
	r := newRig(t)
	for path, kind := range map[string]string{"/v1/openapi.json": "application/openapi+json", "/v1/openapi.yaml": "application/openapi+yaml",
		"/v1/docs": "text/html; charset=utf-8", "/v1/docs.css": "text/css; charset=utf-8"} {
		w := r.call("", "GET", path, "")
		if w.Code != 200 || w.Header().Get("Content-Type") != kind || w.Header().Get("ETag") == "" {
			t.Errorf("%s: got %d %v", path, w.Code, w.Header())
		}
		if w := r.call("", "GET", path, "", "If-None-Match", w.Header().Get("ETag")); w.Code != 304 {
			t.Errorf("%s: got %d, want 304", path, w.Code)
		}
		if path == "/v1/docs" {
			html := w.Body.String()
			if strings.Contains(html, "<script") || strings.Contains(html, "style=") || strings.Contains(html, "https://") {
				t.Error("the page runs scripts, has inline style or foreign resources")
			}
			for _, row := range routes {
				if !strings.Contains(html, `id="`+row.id+`"`) {
					t.Errorf("the page does not show %s", row.id)
				}
			}
		}
	}
}

// TestGoldenOpenAPI holds the document that clients are generated from.
func TestGoldenOpenAPI(t *testing.T) {
	golden := filepath.Join("testdata", "openapi.json")
	got := newRig(t).call("", "GET", "/v1/openapi.json", "").Body.Bytes()
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the OpenAPI document has changed: run the tests with -update and read the difference")
	}
	for _, row := range routes {
		if !strings.Contains(string(want), `"operationId": "`+row.id+`"`) {
			t.Errorf("no %s in the document", row.id)
		}
	}
}
