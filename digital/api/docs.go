package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed docs.html
var docsPage string

//go:embed docs.css
var docsStyle []byte

// document is something that does not change while we run.
type document struct {
	kind string
	body []byte
	tag  string
}

func newDocument(kind string, body []byte) document {
	sum := sha256.Sum256(body)
	return document{kind, body, `"` + hex.EncodeToString(sum[:8]) + `"`}
}

// ServeHTTP implements http.Handler.
func (d document) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("ETag", d.tag)
	w.Header().Set("Cache-Control", "no-cache")
	if strings.Contains(r.Header.Get("If-None-Match"), d.tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", d.kind)
	_, _ = w.Write(d.body) // the client has gone
}

// render makes the OpenAPI document and the page that shows it to people.
func (s *Server) render() error {
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} { // the framework's own form, which ours replaces
		delete(s.api.OpenAPI().Components.Schemas.Map(), unused)
	}
	spec, err := json.MarshalIndent(s.api.OpenAPI(), "", "  ")
	if err != nil {
		return err
	}
	yaml, err := s.api.OpenAPI().YAML()
	if err != nil {
		return err
	}
	page, err := s.docs()
	if err != nil {
		return err
	}
	s.mux.Handle("GET /v1/openapi.json", newDocument("application/openapi+json", append(spec, '\n')))
	s.mux.Handle("GET /v1/openapi.yaml", newDocument("application/openapi+yaml", yaml))
	s.mux.Handle("GET /v1/docs", newDocument("text/html; charset=utf-8", page))
	s.mux.Handle("GET /v1/docs.css", newDocument("text/css; charset=utf-8", docsStyle))
	return nil
}

// docRoute is a route as the page shows it.
type docRoute struct {
	ID, Method, Path, Summary, Description string
	Params                                 []docField
	Body                                   []docField
	Keyed                                  bool
}

type docField struct {
	Name, Type, Doc string
	Required        bool
}

type docTag struct {
	Name   string
	Routes []docRoute
}

// docs renders the page: plain HTML, no script.
func (s *Server) docs() ([]byte, error) {
	page, err := template.New("docs").Parse(docsPage)
	if err != nil {
		return nil, err
	}
	var tags []docTag
	for _, r := range routes {
		name := tag(r.path)
		i := slices.IndexFunc(tags, func(t docTag) bool { return t.Name == name })
		if i < 0 {
			tags = append(tags, docTag{Name: name})
			i = len(tags) - 1
		}
		tags[i].Routes = append(tags[i].Routes, s.docRoute(r))
	}
	var out bytes.Buffer
	err = page.Execute(&out, map[string]any{"Version": s.Version, "Tags": tags})
	return out.Bytes(), err
}

func (s *Server) docRoute(r row) docRoute {
	op := operation(s.api.OpenAPI().Paths[r.path], r.method)
	d := docRoute{ID: r.id, Method: r.method, Path: r.path, Summary: r.sum, Description: describe(r), Keyed: r.keyed()}
	if r.roles == nil {
		d.Description = "Open to everybody."
	}
	for _, p := range op.Parameters {
		if p.Name != keyHeader {
			d.Params = append(d.Params, docField{Name: p.In + " " + p.Name, Type: s.typeName(p.Schema), Doc: p.Description, Required: p.Required})
		}
	}
	if op.RequestBody != nil {
		schema := s.resolve(op.RequestBody.Content["application/json"].Schema)
		for _, name := range sortedNames(schema.Properties) {
			p := schema.Properties[name]
			d.Body = append(d.Body, docField{Name: name, Type: s.typeName(p), Doc: p.Description, Required: slices.Contains(schema.Required, name)})
		}
	}
	return d
}

func operation(item *huma.PathItem, method string) *huma.Operation {
	switch method {
	case get:
		return item.Get
	case post:
		return item.Post
	case put:
		return item.Put
	case patch:
		return item.Patch
	}
	return item.Delete
}

func (s *Server) resolve(schema *huma.Schema) *huma.Schema {
	if schema != nil && schema.Ref != "" {
		return s.api.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	return schema
}

func (s *Server) typeName(schema *huma.Schema) string {
	schema = s.resolve(schema)
	switch {
	case schema == nil:
		return ""
	case len(schema.Enum) > 0:
		return strings.Trim(fmt.Sprint(schema.Enum...), "[]")
	case schema.Type == huma.TypeArray:
		return "list of " + s.typeName(schema.Items)
	case schema.Format != "":
		return schema.Type + " (" + schema.Format + ")"
	}
	return schema.Type
}

func sortedNames[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
