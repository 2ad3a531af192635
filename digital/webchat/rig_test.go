package webchat_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"tandem/digital"
	"tandem/digital/digitaltest"
	"tandem/digital/webchat"
	"tandem/store/journey"
)

// memory keeps sessions and files for a test.
type memory struct {
	mu       sync.Mutex
	sessions map[string]webchat.Session
	files    map[string][]byte
	about    map[string]digital.Attachment
}

func newMemory() *memory {
	return &memory{sessions: map[string]webchat.Session{}, files: map[string][]byte{}, about: map[string]digital.Attachment{}}
}

// session is memory as webchat.Sessions; the method names of the two contracts overlap.
type session struct{ *memory }

func (m session) Put(_ context.Context, hash string, s webchat.Session) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sessions[hash] = s
	return nil
}

func (m session) Get(_ context.Context, hash string) (webchat.Session, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.sessions[hash]
	if !ok {
		return s, webchat.ErrNoSession
	}
	return s, nil
}

func (m *memory) Put(_ context.Context, conversation string, a digital.Attachment, content io.Reader) (string, error) {
	data, err := io.ReadAll(content)
	if err != nil {
		return "", err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	ref := "f" + string(rune('a'+len(m.files)))
	a.Ref, a.Size = ref, int64(len(data))
	m.files[conversation+"/"+ref], m.about[conversation+"/"+ref] = data, a
	return ref, nil
}

func (m *memory) Find(_ context.Context, conversation, ref string) (digital.Attachment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	a, ok := m.about[conversation+"/"+ref]
	if !ok {
		return a, webchat.ErrNoFile
	}
	return a, nil
}

func (m *memory) Open(_ context.Context, conversation, ref string) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return io.NopCloser(bytes.NewReader(m.files[conversation+"/"+ref])), nil
}

// rig is a room behind a real HTTP server.
type rig struct {
	*testing.T
	house  *digitaltest.House
	hub    *digital.Hub
	room   *webchat.Room
	memory *memory
	server *httptest.Server
}

func newRig(t *testing.T, change func(*webchat.Config, *webchat.Parts)) *rig {
	t.Helper()
	r := &rig{T: t, house: digitaltest.NewHouse(), memory: newMemory()}
	r.restart(change)
	t.Cleanup(func() { r.stop() })
	return r
}

func (r *rig) restart(change func(*webchat.Config, *webchat.Parts)) {
	r.Helper()
	var err error
	if r.hub, err = digital.New(digital.Defaults(), r.house.Parts()); err != nil {
		r.Fatal(err)
	}
	cfg := webchat.Defaults()
	cfg.MessageRate, cfg.MessageBurst, cfg.OpenRate, cfg.FrameRate = 1e4, 1e4, 1e4, 1e4
	parts := webchat.Parts{
		Hub: r.hub, Sessions: session{r.memory}, Files: r.memory, Metrics: webchat.NewMetrics(nil), Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	if change != nil {
		change(&cfg, &parts)
	}
	if r.room, err = webchat.New(cfg, parts); err != nil {
		r.Fatal(err)
	}
	r.server = httptest.NewServer(r.room)
}

func (r *rig) stop() {
	if err := r.room.Close(); err != nil {
		r.Error(err)
	}
	r.server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.hub.Close(ctx); err != nil {
		r.Error(err)
	}
}

// page is a visitor's page.
type page struct {
	*testing.T
	conn *websocket.Conn
}

// object is a frame as it came.
type object map[string]any

func (o object) t() string                 { s, _ := o["t"].(string); return s }
func (o object) text(name string) string   { s, _ := o[name].(string); return s }
func (o object) seq() uint64               { n, _ := o["seq"].(float64); return uint64(n) }
func (o object) object(name string) object { m, _ := o[name].(map[string]any); return m }

func (r *rig) dial(header http.Header) (*page, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, resp, err := websocket.Dial(ctx, strings.Replace(r.server.URL, "http", "ws", 1)+"/chat", &websocket.DialOptions{HTTPHeader: header})
	if err != nil {
		return nil, resp, err
	}
	conn.SetReadLimit(1 << 20)
	p := &page{T: r.T, conn: conn}
	r.Cleanup(func() { _ = conn.CloseNow() })
	return p, resp, nil
}

func (r *rig) page() *page {
	r.Helper()
	p, _, err := r.dial(nil)
	if err != nil {
		r.Fatal(err)
	}
	return p
}

func (p *page) send(frame any) {
	p.Helper()
	data, ok := frame.(string)
	if !ok {
		b, err := json.Marshal(frame)
		if err != nil {
			p.Fatal(err)
		}
		data = string(b)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := p.conn.Write(ctx, websocket.MessageText, []byte(data)); err != nil {
		p.Fatal(err)
	}
}

func (p *page) next() (object, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, data, err := p.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	var o object
	return o, json.Unmarshal(data, &o)
}

// want reads until a frame of a kind comes.
func (p *page) want(kind string) object {
	p.Helper()
	var seen []string
	for {
		o, err := p.next()
		if err != nil {
			p.Fatalf("waiting for %s after %v: %v", kind, seen, err)
		}
		if o.t() == kind {
			return o
		}
		seen = append(seen, o.t())
	}
}

// hello begins a conversation and gives token and welcome.
func (p *page) hello(frame object) object {
	p.Helper()
	frame["t"], frame["v"] = "hello", 1
	p.send(frame)
	return p.want("welcome")
}

// closes waits for the end and gives its code.
func (p *page) closes() websocket.StatusCode {
	p.Helper()
	for {
		if _, err := p.next(); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

// incoming gives the texts of the customer's messages in the record.
func (r *rig) incoming() (texts []string) {
	for _, e := range r.house.Events() {
		if e.Kind == journey.MessageIn {
			texts = append(texts, e.Data[journey.DataText])
		}
	}
	return texts
}
