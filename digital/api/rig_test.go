package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/digital/access"
	"tandem/digital/api/feed"
	"tandem/digital/api/webhook"
)

// house stands behind all rooms: it counts what is asked of it and answers with something.
type house struct {
	mu    sync.Mutex
	asked []string
	err   error         // what everything answers
	gate  chan struct{} // if not nil, commands wait for it
	last  any           // the last command's value
}

func (h *house) ask(what string, v any) error {
	h.mu.Lock()
	h.asked = append(h.asked, what)
	if v != nil {
		h.last = v
	}
	gate, err := h.gate, h.err
	h.mu.Unlock()
	if gate != nil {
		<-gate
	}
	return err
}

func (h *house) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	asked := h.asked
	h.asked = nil
	return asked
}

var at = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func (h *house) ListQueues(context.Context) ([]Queue, error) {
	return []Queue{{Name: "sales", Mode: "open"}, {Name: "billing", Mode: "open"}, {Name: "support", Mode: "open"}}, h.ask("ListQueues", nil)
}
func (h *house) ShowQueue(_ context.Context, name string, limit int) (QueueDetail, error) {
	return QueueDetail{Queue: Queue{Name: name}, Items: []Item{}}, h.ask("ShowQueue", nil)
}
func (h *house) ListAgents(context.Context) ([]Agent, error) {
	return []Agent{{ID: "anna"}}, h.ask("ListAgents", nil)
}
func (h *house) ShowAgent(_ context.Context, id string) (Agent, error) {
	return Agent{ID: id}, h.ask("ShowAgent", nil)
}
func (h *house) SetAgentState(_ context.Context, s AgentState) (Agent, error) {
	return Agent{ID: s.Agent}, h.ask("SetAgentState", s)
}
func (h *house) SignInAgent(_ context.Context, id string, ready bool) (Agent, error) {
	return Agent{ID: id}, h.ask("SignInAgent", ready)
}
func (h *house) SignOutAgent(_ context.Context, id, reason string) (Agent, error) {
	return Agent{ID: id}, h.ask("SignOutAgent", reason)
}

// ListItems has items i_00 to i_24, by name.
func (h *house) ListItems(_ context.Context, queue string, p Page) ([]Item, string, error) {
	from := 0
	if p.After != "" {
		n, err := strconv.Atoi(strings.TrimPrefix(p.After, "i_"))
		if err != nil {
			return nil, "", fmt.Errorf("cursor %q: %w", p.After, ErrInvalid)
		}
		from = n + 1
	}
	var out []Item
	for i := from; i < 25 && len(out) < p.Limit; i++ {
		out = append(out, Item{ID: fmt.Sprintf("i_%02d", i), Queue: queue})
	}
	next := ""
	if from+len(out) < 25 {
		next = out[len(out)-1].ID
	}
	return out, next, h.ask("ListItems", nil)
}
func (h *house) ShowItem(_ context.Context, id string) (Item, error) {
	return Item{ID: id}, h.ask("ShowItem", nil)
}
func (h *house) WhyItem(_ context.Context, id string) (Why, error) {
	return Why{Item: id, Decisions: []Decision{}}, h.ask("WhyItem", nil)
}
func (h *house) CancelItem(_ context.Context, id, reason string) error {
	return h.ask("CancelItem", reason)
}
func (h *house) TransferItem(_ context.Context, t ItemTransfer) (Item, error) {
	return Item{ID: t.Item}, h.ask("TransferItem", t)
}
func (h *house) ListCalls(context.Context, Page) ([]Call, string, error) {
	return nil, "", h.ask("ListCalls", nil)
}
func (h *house) ShowCall(_ context.Context, id string) (Call, error) {
	return Call{ID: id}, h.ask("ShowCall", nil)
}
func (h *house) TraceCall(_ context.Context, id string) (Trace, error) {
	return Trace{Call: id}, h.ask("TraceCall", nil)
}
func (h *house) HangUpCall(_ context.Context, id, by string) error { return h.ask("HangUpCall", by) }
func (h *house) OriginateCall(ctx context.Context, o Originate) (Call, error) {
	err := h.ask("OriginateCall", o)
	if ctx.Err() != nil {
		err = ctx.Err() // as a room that gives up when nobody waits any more
	}
	return Call{ID: "c_17", Legs: []Leg{}}, err
}
func (h *house) TransferCall(_ context.Context, t CallTransfer) error {
	return h.ask("TransferCall", t)
}
func (h *house) HoldCall(_ context.Context, id string, on bool) error { return h.ask("HoldCall", on) }
func (h *house) ListConversations(_ context.Context, f ConversationFilter, _ Page) ([]Conversation, string, error) {
	return nil, "", h.ask("ListConversations", f)
}
func (h *house) ShowConversation(_ context.Context, id string) (Conversation, error) {
	return Conversation{ID: id}, h.ask("ShowConversation", nil)
}
func (h *house) Messages(_ context.Context, id string, after uint64, _ int) ([]Message, error) {
	return []Message{{Conversation: id, Seq: after + 1}}, h.ask("Messages", nil)
}
func (h *house) SendMessage(_ context.Context, m NewMessage) (Message, error) {
	return Message{Conversation: m.Conversation, Seq: 1, Text: m.Text}, h.ask("SendMessage", m)
}
func (h *house) OpenConversation(_ context.Context, o OpenConversation) (Conversation, error) {
	return Conversation{ID: "v_1"}, h.ask("OpenConversation", o)
}
func (h *house) CloseConversation(_ context.Context, id, reason string) error {
	return h.ask("CloseConversation", reason)
}
func (h *house) SendSMS(_ context.Context, s NewSMS) (SentSMS, error) {
	return SentSMS{ID: "s_1"}, h.ask("SendSMS", s)
}
func (h *house) RequestCallback(_ context.Context, r CallbackRequest) (Callback, error) {
	return Callback{ID: "cb_1"}, h.ask("RequestCallback", r)
}
func (h *house) ListCallbacks(context.Context, string, Page) ([]Callback, string, error) {
	return nil, "", h.ask("ListCallbacks", nil)
}
func (h *house) ShowCallback(_ context.Context, id string) (Callback, error) {
	return Callback{ID: id}, h.ask("ShowCallback", nil)
}
func (h *house) CancelCallback(_ context.Context, id, reason string) error {
	return h.ask("CancelCallback", reason)
}
func (h *house) SearchRecords(_ context.Context, q RecordQuery, _ Page) ([]Record, string, error) {
	return nil, "", h.ask("SearchRecords", q)
}
func (h *house) ShowRecord(_ context.Context, id string) (Record, error) {
	return Record{ID: id, Seq: 7, Opened: at, State: "open"}, h.ask("ShowRecord", nil)
}
func (h *house) Timeline(_ context.Context, id string, after uint64, _ int) ([]Event, error) {
	return []Event{{Record: id, Seq: after + 1}}, h.ask("Timeline", nil)
}
func (h *house) SetAttributes(_ context.Context, c AttributeChange) (Record, error) {
	err := h.ask("SetAttributes", c)
	if err == nil && c.Seq != 0 && c.Seq != 7 {
		err = ErrVersion
	}
	return Record{ID: c.Record, Seq: 8}, err
}
func (h *house) CloseRecord(_ context.Context, c RecordClose) (Record, error) {
	return Record{ID: c.Record}, h.ask("CloseRecord", c)
}
func (h *house) SearchCustomers(context.Context, CustomerQuery, Page) ([]Customer, string, error) {
	return nil, "", h.ask("SearchCustomers", nil)
}
func (h *house) ShowCustomer(_ context.Context, id string) (Customer, error) {
	return Customer{ID: id}, h.ask("ShowCustomer", nil)
}
func (h *house) MergeCustomers(_ context.Context, m Merge) (Customer, error) {
	return Customer{ID: m.Into}, h.ask("MergeCustomers", m)
}
func (h *house) UnmergeCustomers(_ context.Context, m Merge) (Customer, error) {
	return Customer{ID: m.Into}, h.ask("UnmergeCustomers", m)
}
func (h *house) ExportCustomer(_ context.Context, id, by string) (Export, error) {
	return Export{Customer: id, Data: json.RawMessage(`{"x":1}`)}, h.ask("ExportCustomer", by)
}
func (h *house) EraseCustomer(_ context.Context, id, by string) (Erasure, error) {
	return Erasure{Customer: id}, h.ask("EraseCustomer", by)
}
func (h *house) IssueLink(_ context.Context, l NewLink) (Link, error) {
	return Link{Token: "once", URL: "https://gate.example/l/once"}, h.ask("IssueLink", l)
}
func (h *house) Health(context.Context) (HealthReport, error) {
	return HealthReport{Ready: true}, h.ask("Health", nil)
}

// quiet is a feed in which nothing happens.
type quiet struct{}

func (quiet) After(string, int) ([]feed.Event, error) { return nil, nil }
func (quiet) Last() (string, error)                   { return "", nil }
func (quiet) Changed() <-chan struct{}                { return nil }

// rig is the API behind its door, with a token for each role.
type rig struct {
	t      *testing.T
	house  *house
	keeper *access.Keeper
	docs   *access.Memory
	server *Server
	door   http.Handler
	tokens map[access.Role]string
	log    *bytes.Buffer
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{t: t, house: &house{}, docs: access.NewMemory(10000), tokens: map[access.Role]string{}, log: &bytes.Buffer{}}
	log := slog.New(slog.NewTextHandler(&lockedWriter{w: r.log}, nil))
	var err error
	r.keeper, err = access.New(access.Config{Areas: Areas(), AddressBurst: 1e6, TokenBurst: 1e6}, access.Parts{Documents: r.docs, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	hooks, err := webhook.New(webhook.Options{Documents: r.docs, Feed: quiet{}, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	if err != nil {
		t.Fatal(err)
	}
	h := r.house
	r.server, err = New(Parts{Version: "test", LoginPath: "/login/", PublicURL: "https://gate.example/", Keeper: r.keeper, Documents: r.docs, Feed: quiet{}, Webhooks: hooks, Log: log,
		Rooms: Rooms{Queues: h, Agents: h, Items: h, Calls: h, Conversations: h, SMS: h, Callbacks: h, Records: h, Customers: h, Links: h, Health: h}})
	if err != nil {
		t.Fatal(err)
	}
	r.door = r.keeper.Wrap(r.server)
	for _, role := range access.Roles() {
		r.tokens[role] = r.token(access.Token{Name: "test " + string(role), Role: role, Agent: "anna"})
	}
	return r
}

type lockedWriter struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (l *lockedWriter) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

func (r *rig) token(t access.Token) string {
	r.t.Helper()
	_, secret, err := r.keeper.IssueToken(context.Background(), t)
	if err != nil {
		r.t.Fatal(err)
	}
	return secret
}

// call sends a request as a role ("" is nobody). headers are name, value, name, value.
func (r *rig) call(role access.Role, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, target, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if role != "" {
		req.Header.Set("Authorization", "Bearer "+r.tokens[role])
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	r.door.ServeHTTP(w, req)
	return w
}

func problemOf(t *testing.T, w *httptest.ResponseRecorder) access.Problem {
	t.Helper()
	var p access.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Errorf("%d is not a problem: %v: %s", w.Code, err, w.Body)
	}
	if ct := w.Header().Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("got content type %q, want application/problem+json", ct)
	}
	if p.Status != w.Code || p.Title == "" || p.Do == "" || p.Request == "" {
		t.Errorf("the problem does not say all: %s", w.Body)
	}
	return p
}

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, status int) {
	t.Helper()
	if w.Code != status {
		t.Errorf("got status %d, want %d: %s", w.Code, status, w.Body)
	}
	if w.Code >= 400 {
		problemOf(t, w)
	}
}

func decode[T any](t *testing.T, w *httptest.ResponseRecorder) (v T) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, w.Body)
	}
	return v
}
