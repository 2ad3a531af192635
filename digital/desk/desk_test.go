package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"
)

const patience = 10 * time.Second

// rooms is a house that notes what it is asked.
type rooms struct {
	mu     sync.Mutex
	asked  []string
	here   chan bool
	fail   error
	agents []Agent
	queues []Queue
	hears  Hearing
	story  Story
	head   uint64
	newest map[string]uint64
	looks  int // at records
}

func (r *rooms) note(format string, args ...any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked = append(r.asked, fmt.Sprintf(format, args...))
	return r.fail
}

func (r *rooms) heard() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.asked...)
}

func (r *rooms) SetState(agent, state, reason string) error {
	return r.note("state %s %s %s", agent, state, reason)
}
func (r *rooms) Here(agent string, here bool)     { r.here <- here }
func (r *rooms) Reject(agent, offer string) error { return r.note("reject %s %s", agent, offer) }
func (r *rooms) Accept(agent, offer, sdp string) error {
	return r.note("accept %s %s %s", agent, offer, sdp)
}
func (r *rooms) Board() ([]Queue, []Agent, error) { return r.queues, r.agents, nil }
func (r *rooms) Dial(agent, to, record, sdp string) (string, error) {
	return "c_1", r.note("dial %s %s %s %s", agent, to, record, sdp)
}
func (r *rooms) Answer(agent, call, sdp string) error {
	return r.note("answer %s %s %s", agent, call, sdp)
}
func (r *rooms) Hangup(agent, call string) error { return r.note("hangup %s %s", agent, call) }
func (r *rooms) Hold(agent, call, sdp string, on bool) error {
	return r.note("hold %s %s %s %v", agent, call, sdp, on)
}
func (r *rooms) Digits(agent, call, digits string) error {
	return r.note("digits %s %s %s", agent, call, digits)
}
func (r *rooms) Transfer(agent, call, to string) error {
	return r.note("transfer %s %s %s", agent, call, to)
}
func (r *rooms) Join(agent, call, other string) error {
	return r.note("join %s %s %s", agent, call, other)
}
func (r *rooms) Reattach(agent, call, sdp string) error {
	return r.note("reattach %s %s %s", agent, call, sdp)
}
func (r *rooms) Listen(p Person, agent, sdp string) (string, error) {
	return "c_2", r.note("listen %s %s", p.User, agent)
}
func (r *rooms) Unlisten(p Person, call string) error { return r.note("unlisten %s %s", p.User, call) }
func (r *rooms) Relisten(p Person, call, sdp string) error {
	return r.note("relisten %s %s %s", p.User, call, sdp)
}
func (r *rooms) Listening(p Person) (Hearing, bool) { return r.hears, r.hears.Call != "" }
func (r *rooms) Say(agent, conversation, id, text, file string) error {
	return r.note("say %s %s %s %s%s", agent, conversation, id, text, file)
}
func (r *rooms) Typing(agent, conversation string, on bool) error {
	return r.note("typing %s %s %v", agent, conversation, on)
}
func (r *rooms) Read(agent, conversation string, seq uint64) error {
	return r.note("read %s %s %d", agent, conversation, seq)
}
func (r *rooms) Transcript(p Person, conversation string, after uint64) ([]Message, error) {
	return []Message{{Conversation: conversation, Seq: after + 1, Text: "hello"}}, r.note("transcript %s", conversation)
}
func (r *rooms) SMS(agent, record, to, id, text string) error {
	return r.note("sms %s %s %s %s", agent, record, to, text)
}
func (r *rooms) Note(agent, record, text string) error {
	return r.note("note %s %s %s", agent, record, text)
}
func (r *rooms) Story(p Person, record string) (Story, error) {
	err := r.note("story %s", record)
	r.mu.Lock()
	defer r.mu.Unlock()
	return Story{Record: record, Lines: r.story.Lines}, err
}
func (r *rooms) Newest(since uint64, records []string) (uint64, map[string]uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if since == r.head {
		return r.head, nil
	}
	r.looks++
	return r.head, maps.Clone(r.newest)
}
func (r *rooms) WrapUp(agent, item, code, note string) error {
	return r.note("wrapup %s %s %s %s", agent, item, code, note)
}
func (r *rooms) EndItem(agent, item string) error { return r.note("end %s %s", agent, item) }
func (r *rooms) MoveItem(agent, item, to string) error {
	return r.note("move %s %s %s", agent, item, to)
}

// rig is a server with a door that takes the person from the query.
type rig struct {
	t     *testing.T
	s     *Server
	rooms *rooms
	reg   *prometheus.Registry
	url   string
}

// figure is the value of a counter without labels.
func (r *rig) figure(name string) float64 {
	r.t.Helper()
	families, err := r.reg.Gather()
	if err != nil {
		r.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	r.t.Fatalf("no figure %s", name)
	return 0
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, rooms: &rooms{here: make(chan bool, 100)}, reg: prometheus.NewRegistry()}
	var err error
	r.s, err = New(Config{Rooms: r.rooms, Links: 6, Metrics: NewMetrics(r.reg), Person: func(q *http.Request) (Person, bool) {
		v := q.URL.Query()
		return Person{User: v.Get("user"), Agent: v.Get("agent"), Role: v.Get("role")}, v.Get("user") != ""
	}})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(r.s)
	t.Cleanup(server.Close)
	r.url = "ws" + strings.TrimPrefix(server.URL, "http")
	return r
}

// page is one connected page.
type page struct {
	t    *testing.T
	conn *websocket.Conn
}

func (r *rig) open(query string) *page {
	r.t.Helper()
	conn, _, err := websocket.Dial(r.t.Context(), r.url+"/?"+query, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	conn.SetReadLimit(1 << 20)
	r.t.Cleanup(func() { _ = conn.CloseNow() })
	return &page{r.t, conn}
}

func (p *page) send(frame string) {
	p.t.Helper()
	if err := p.conn.Write(p.t.Context(), websocket.MessageText, []byte(frame)); err != nil {
		p.t.Fatal(err)
	}
}

// read gives the next frame of a type; others are passed over.
func (p *page) read(kind string) out {
	p.t.Helper()
	for {
		if o := p.any(); o.T == kind {
			return o
		}
	}
}

// any gives the next frame.
func (p *page) any() (o out) {
	p.t.Helper()
	ctx, done := context.WithTimeout(p.t.Context(), patience)
	defer done()
	_, raw, err := p.conn.Read(ctx)
	if err != nil {
		p.t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		p.t.Fatal(err)
	}
	return o
}

func TestSnapshotHoldsWhatIsInHand(t *testing.T) {
	r := newRig(t)
	r.s.Offer("anna", Offer{Offer: "i1/1", Item: "i1", Who: "+49301"})
	r.s.Offer("anna", Offer{Offer: "i1/1", Item: "i1", Who: "+49302"}) // renewed, not doubled
	r.s.Item("anna", Item{Item: "i0", State: "active"})
	r.s.Call("anna", Call{Call: "c1", State: "up"})
	r.s.Offer("ben", Offer{Offer: "i2/1"})
	p := r.open("user=anna&agent=anna&role=agent")
	snap := p.read("snapshot")
	if len(snap.Offers) != 1 || snap.Offers[0].Who != "+49302" || len(snap.Items) != 1 || len(snap.Calls) != 1 {
		t.Fatalf("%+v", snap)
	}
	if !<-r.rooms.here {
		t.Error("the first page was told as gone")
	}
	r.s.OfferGone("anna", "i1/1", "accepted")
	if gone := p.read("offer.gone"); gone.ID != "i1/1" || gone.Why != "accepted" {
		t.Errorf("%+v", gone)
	}
	r.s.ItemGone("anna", "i0", "done")
	r.s.CallGone("anna", "c1", "bye")
	p.read("item.gone")
	p.read("call.gone")
	again := r.open("user=anna&agent=anna&role=agent").read("snapshot")
	if len(again.Offers)+len(again.Items)+len(again.Calls) != 0 {
		t.Errorf("what is gone is shown to a new page: %+v", again)
	}
}

func TestRequestsReachTheirRooms(t *testing.T) {
	r := newRig(t)
	p := r.open("user=sue&agent=sue&role=supervisor")
	p.read("snapshot")
	for _, x := range []struct{ frame, want string }{
		{`{"t":"agent.set","state":"away","reason":"lunch"}`, "state sue away lunch"},
		{`{"t":"offer.accept","offer":"i/1","sdp":"v=0"}`, "accept sue i/1 v=0"},
		{`{"t":"offer.reject","offer":"i/1"}`, "reject sue i/1"},
		{`{"t":"call.dial","to":"201","record":"r","sdp":"v=0"}`, "dial sue 201 r v=0"},
		{`{"t":"call.answer","call":"c","sdp":"v=0"}`, "answer sue c v=0"},
		{`{"t":"call.hangup","call":"c"}`, "hangup sue c"},
		{`{"t":"call.hold","call":"c","sdp":"v=0"}`, "hold sue c v=0 true"},
		{`{"t":"call.resume","call":"c","sdp":"v=1"}`, "hold sue c v=1 false"},
		{`{"t":"call.digits","call":"c","digits":"1#"}`, "digits sue c 1#"},
		{`{"t":"call.transfer","call":"c","to":"queue:x"}`, "transfer sue c queue:x"},
		{`{"t":"call.join","call":"c","other":"d"}`, "join sue c d"},
		{`{"t":"rtc.offer","call":"c","sdp":"v=0"}`, "reattach sue c v=0"},
		{`{"t":"msg.send","conv":"k","text":"hi"}`, "say sue k 1 hi"},
		{`{"t":"msg.read","conv":"k","seq":7}`, "read sue k 7"},
		{`{"t":"typing","conv":"k","on":true}`, "typing sue k true"},
		{`{"t":"sms.send","record":"r","to":"+49","text":"hi"}`, "sms sue r +49 hi"},
		{`{"t":"transcript","conv":"k"}`, "transcript k"},
		{`{"t":"item.end","item":"i"}`, "end sue i"},
		{`{"t":"item.move","item":"i","to":"queue:x"}`, "move sue i queue:x"},
		{`{"t":"wrapup","item":"i","code":"sale","text":"n"}`, "wrapup sue i sale n"},
		{`{"t":"note","record":"r","text":"n"}`, "note sue r n"},
		{`{"t":"story","record":"r"}`, "story r"},
		{`{"t":"listen","to":"anna","sdp":"v=0"}`, "listen sue anna"},
		{`{"t":"listen.again","call":"c","sdp":"v=0"}`, "relisten sue c v=0"},
		{`{"t":"listen.stop","call":"c"}`, "unlisten sue c"},
	} {
		p.send(strings.Replace(x.frame, "{", `{"id":"1",`, 1))
		kind := "ack"
		for _, k := range []string{"transcript", "story"} {
			if strings.Contains(x.frame, `"`+k+`"`) {
				kind = k
			}
		}
		if o := p.read(kind); o.Re != "1" {
			t.Errorf("%s: answered %+v", x.frame, o)
		}
		if heard := r.rooms.heard(); heard[len(heard)-1] != x.want {
			t.Errorf("%s: heard %q, want %q", x.frame, heard[len(heard)-1], x.want)
		}
	}
	if got := len(r.rooms.heard()); got != len(frames) {
		t.Errorf("%d requests tried, there are %d types", got, len(frames))
	}
}

func TestRefusals(t *testing.T) {
	r := newRig(t)
	if _, res, err := websocket.Dial(t.Context(), r.url, nil); err == nil || res.StatusCode != http.StatusUnauthorized {
		t.Fatalf("without a session: %v", err)
	}
	watcher := r.open("user=sue&role=supervisor")
	watcher.read("snapshot")
	p := r.open("user=anna&agent=anna&role=agent")
	p.read("snapshot")
	for _, x := range []struct {
		from  *page
		frame string
		fail  error
		code  string
	}{
		{p, `not json`, nil, "invalid"},
		{p, `{"t":"no.such"}`, nil, "unknown"},
		{p, `{"t":"listen","to":"ben"}`, nil, "denied"},
		{p, `{"t":"listen.stop","call":"c"}`, nil, "denied"},
		{p, `{"t":"listen.again","call":"c"}`, nil, "denied"},
		{watcher, `{"t":"agent.set","state":"available"}`, nil, "denied"},
		{p, `{"t":"call.dial","to":"","sdp":""}`, nil, "invalid"},
		{p, `{"t":"msg.send","conv":"k","text":"without id"}`, nil, "invalid"},
		{p, `{"t":"item.end","item":"i"}`, fmt.Errorf("item i: %w", ErrGone), "gone"},
		{p, `{"t":"item.end","item":"i"}`, fmt.Errorf("the other rings: %w", ErrRefused), "refused"},
		{p, `{"t":"item.end","item":"i"}`, ErrBusy, "busy"},
		{p, `{"t":"item.end","item":"i"}`, errors.New("password of the database is x"), "internal"},
	} {
		r.rooms.fail = x.fail
		x.from.send(x.frame)
		o := x.from.read("error")
		if o.Code != x.code || strings.Contains(o.Text, "password") {
			t.Errorf("%s: got %q %q, want %q", x.frame, o.Code, o.Text, x.code)
		}
	}
}

// TestPagesOfOneAgent: all see the same, the fifth page closes the first, and only the last one's end tells the house.
func TestPagesOfOneAgent(t *testing.T) {
	r := newRig(t)
	var pages []*page
	for range linksEach + 1 {
		p := r.open("user=anna&agent=anna&role=agent")
		p.read("snapshot")
		pages = append(pages, p)
	}
	if _, _, err := pages[0].conn.Read(t.Context()); websocket.CloseStatus(err) != statusSuperseded {
		t.Errorf("the oldest page: %v", err)
	}
	r.s.Message("anna", Message{Conversation: "k", Seq: 1, Text: "<script>alert(1)</script>"})
	for _, p := range pages[1:] {
		if m := p.read("message").Message; m.Text != "<script>alert(1)</script>" {
			t.Errorf("a text is changed on its way: %q", m.Text)
		}
	}
	if !<-r.rooms.here {
		t.Error("the first page was told as gone")
	}
	for _, p := range pages[1:] {
		p.conn.Close(websocket.StatusNormalClosure, "")
	}
	select {
	case here := <-r.rooms.here:
		if here {
			t.Error("a page was told as new after the last went")
		}
	case <-time.After(patience):
		t.Error("nobody was told that the last page went")
	}
}

func TestTooManyPages(t *testing.T) {
	r := newRig(t)
	for i := range 6 {
		r.open(fmt.Sprintf("user=a%d&agent=a%d&role=agent", i, i)).read("snapshot")
	}
	_, res, err := websocket.Dial(t.Context(), r.url+"/?user=more&role=agent", nil)
	if err == nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("the seventh of six: %v", err)
	}
}

// TestSlowPage: a page that does not read is closed, and nobody waits for it.
func TestSlowPage(t *testing.T) {
	r := newRig(t)
	r.open("user=anna&agent=anna&role=agent")
	<-r.rooms.here
	big := strings.Repeat("x", 4000)
	for i := range 20000 {
		r.s.Message("anna", Message{Conversation: "k", Seq: uint64(i), Text: big})
	}
	select {
	case here := <-r.rooms.here:
		if here {
			t.Error("the slow page is still there")
		}
	case <-time.After(2 * patience):
		t.Error("the slow page was kept")
	}
}

// TestFlood: a page that asks too fast is read more slowly; each of its frames is answered.
func TestFlood(t *testing.T) {
	r := newRig(t)
	p := r.open("user=anna&agent=anna&role=agent")
	p.read("snapshot")
	const many = framesAtOnce + 20
	for i := range many {
		p.send(fmt.Sprintf(`{"t":"typing","id":"%d","conv":"k","on":true}`, i))
	}
	for i := range many {
		if o := p.read("ack"); o.Re != fmt.Sprint(i) {
			t.Fatalf("answer %d is for %q: %+v", i, o.Re, o)
		}
	}
	if got := r.figure("tandem_desk_paced_frames_total"); got < 10 {
		t.Errorf("%v frames waited, want those above the burst", got)
	}
}

// TestBoard: everybody sees the queues and himself, only who watches sees the agents.
func TestBoard(t *testing.T) {
	r := newRig(t)
	r.rooms.queues = []Queue{{Queue: "support", Waiting: 3}}
	r.rooms.agents = []Agent{{Agent: "anna", State: "busy"}, {Agent: "ben", State: "away"}}
	anna, sue := r.open("user=anna&agent=anna&role=agent"), r.open("user=sue&role=supervisor")
	anna.read("snapshot")
	sue.read("snapshot")
	r.s.pushBoard()
	a, s := anna.read("board"), sue.read("board")
	if len(a.Queues) != 1 || a.Me == nil || a.Me.State != "busy" || len(a.Agents) != 0 {
		t.Errorf("an agent sees %+v", a)
	}
	if len(s.Agents) != 2 || s.Me != nil {
		t.Errorf("a supervisor sees %+v", s)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.s.Serve(ctx); err != nil {
		t.Error(err)
	}
	if _, _, err := sue.conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("at the end: %v", err)
	}
}
