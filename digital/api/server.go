package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/prometheus/client_golang/prometheus"

	"tandem/digital/access"
	"tandem/digital/api/feed"
	"tandem/digital/api/webhook"
	"tandem/digital/outage"
)

// MaxLimit is the most entries of a list's page.
const MaxLimit = 200

// maxBody is the most bytes of a request's body.
const maxBody = 128 << 10

// Parts are what a Server works with. Keeper and Documents are required; without Feed there are no events, without Webhooks no webhooks.
type Parts struct {
	Version    string // of the gateway, for the OpenAPI document
	LoginPath  string // where Keeper.ServeLink stands, e.g. "/login/"; empty: login links have no URL
	PublicURL  string // how people reach us, e.g. "https://tandem.example"; for links
	Keeper     *access.Keeper
	Documents  access.Documents
	Rooms      Rooms
	Feed       feed.Feed
	Streams    feed.Options
	Webhooks   *webhook.Deliverer
	Log        *slog.Logger
	Registerer prometheus.Registerer
}

// Server is the API as an http.Handler for everything below /v1/.
type Server struct {
	Parts
	mux    *http.ServeMux
	api    huma.API
	rows   map[string]row
	added  map[string]bool
	m      *metrics
	once   *once
	away   *outage.Log // requests that failed because the store cannot answer
	stream *feed.Streams
}

// New makes the API.
func New(p Parts) (*Server, error) {
	if p.Keeper == nil || p.Documents == nil {
		return nil, errors.New("api: a keeper and documents are required")
	}
	if p.Log == nil {
		p.Log = slog.New(slog.DiscardHandler)
	}
	p.Documents = access.Checked(p.Documents)
	m := newMetrics(p.Registerer)
	s := &Server{Parts: p, mux: http.NewServeMux(), rows: map[string]row{}, added: map[string]bool{}, m: m,
		away: outage.New(p.Log, "request failed")}
	s.once = &once{docs: p.Documents, away: s.away, m: m}
	for _, r := range routes {
		if _, double := s.rows[r.id]; double {
			panic("api: two rows for " + r.id)
		}
		s.rows[r.id] = r
	}
	if p.Feed != nil {
		p.Streams.Log, p.Streams.Registerer = p.Log, p.Registerer
		s.stream = feed.NewStreams(p.Feed, p.Streams)
	}
	s.api = humago.New(s.mux, humaConfig(p.Version))
	s.api.UseMiddleware(s.authorize, s.once.middleware(s.rows))
	s.register()
	for id := range s.rows {
		if !s.added[id] {
			panic("api: no handler for " + id)
		}
	}
	if err := s.render(); err != nil {
		return nil, fmt.Errorf("api: %w", err)
	}
	s.mux.HandleFunc("/v1/", s.unknown)
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// unknown answers what no route takes: another method would do, or nothing is there.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{get, post, put, patch, del} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(probe); pattern != "/v1/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		for _, method := range allowed {
			w.Header().Add("Allow", method)
		}
		access.WriteProblem(w, r, access.Problem{Status: http.StatusMethodNotAllowed, Detail: r.Method + " is not possible here",
			Do: "use one of the methods in Allow; /v1/docs lists all routes"})
		return
	}
	access.WriteProblem(w, r, access.Problem{Status: http.StatusNotFound, Detail: "there is no such route", Do: "/v1/docs lists all routes"})
}

func humaConfig(version string) huma.Config {
	c := huma.DefaultConfig("Tandem", version)
	c.CreateHooks = nil
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{ours}
	c.Info.Description = "The voice gateway's API. Errors are application/problem+json with what to do about them. Lists are gone through by " +
		"cursor: give next as cursor. A POST with an Idempotency-Key has its effect once in 24 hours."
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "An API token: tandem token issue"},
		"session": {Type: "apiKey", In: "cookie", Name: "tandem", Description: "A signed-in browser"},
	}
	return c
}

func (s *Server) register() {
	s.registerQueues()
	s.registerAgents()
	s.registerItems()
	s.registerCalls()
	s.registerConversations()
	s.registerCallbacks()
	s.registerRecords()
	s.registerCustomers()
	s.registerUsers()
	s.registerTokens()
	s.registerSession()
	s.registerWebhooks()
	s.registerEvents()
}
