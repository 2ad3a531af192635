package main

import (
	"context"
	"log/slog"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/acd"
	"tandem/cmd/tandem/config"
	"tandem/digital"
	"tandem/digital/desk"
	"tandem/sip"
	"tandem/sip/b2bua"
	"tandem/sip/registrar"
	"tandem/sip/softphone"
	"tandem/sip/transport"
	"tandem/store/journey"
)

// floor is the wired house without calls and carriers: store, dispatcher, conversations, callbacks, the desk and its phones are real,
// the gateway is an exchange that connects phones.
type floor struct {
	t     *testing.T
	g     *site
	calls *notedCalls
	ex    *exchange
	flow  func(digital.Situation) digital.Route // who answers conversations; nil: the queue
}

// Route implements digital.Router.
func (h *floor) Route(s digital.Situation) digital.Route {
	if h.flow == nil {
		return chatRouter{h.g, digital.Defaults().Notices}.Route(s)
	}
	return h.flow(s)
}

// floorTexts says the name of a prompt.
type floorTexts struct{}

func (floorTexts) Text(prompts []string, _ string) string { return strings.Join(prompts, " ") }

// durable is a journal that keeps nothing.
var discard = slog.New(slog.DiscardHandler)

type durable struct{}

func (durable) Append(_ []acd.Entry, done func(error)) { done(nil) }

// notedCalls stands for the calls: it notes what it is told.
type notedCalls struct {
	acd.Connector
	mu     sync.Mutex
	told   []string // kind and item
	offers map[string]acd.Offer
	ended  map[string]acd.ItemState
}

func (n *notedCalls) note(kind, item string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.told = append(n.told, kind+" "+item)
}

func (n *notedCalls) Offer(o acd.Offer) {
	n.note("offer", o.Item.ID)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.offers[o.Item.ID] = o
}
func (n *notedCalls) Withdraw(w acd.Withdraw)       { n.note("withdraw", w.ID.Item) }
func (n *notedCalls) Connect(c acd.Connect)         { n.note("connect", c.Item.ID) }
func (n *notedCalls) Refused(r acd.Refused)         { n.note("refused", r.Item) }
func (n *notedCalls) TimedOut(x acd.TimedOut)       { n.note("timed out", x.Item) }
func (n *notedCalls) Announce(acd.Announce)         {}
func (n *notedCalls) AgentChanged(acd.AgentChanged) {}
func (n *notedCalls) ItemEnded(e acd.ItemEnded) {
	n.note("ended", e.Item)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ended[e.Item] = e.Outcome
}

// inHouse runs a play in virtual time on a floor with the agents anna and ben in the queues support and sales.
func inHouse(t *testing.T, play func(*floor)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &floor{t: t, calls: &notedCalls{offers: map[string]acd.Offer{}, ended: map[string]acd.ItemState{}}}
		ctx, cancel := context.WithCancel(context.Background())
		var parts sync.WaitGroup
		h.build()
		parts.Go(func() { h.ex.serve(ctx) })
		parts.Go(func() { _ = h.g.dispatcher.Run(ctx) })
		parts.Go(func() { _ = h.g.deskDoor.serve(ctx) })
		parts.Go(func() { h.g.callbacks.owner.Run(ctx) })
		synctest.Wait()
		defer func() {
			h.g.pages.close(context.Background())
			if err := h.g.hub.Close(context.Background()); err != nil {
				t.Error(err)
			}
			cancel()
			parts.Wait()
		}()
		play(h)
	})
}

func floorConfig() *config.Config {
	queue := func(name string) *config.Queue {
		return &config.Queue{Name: name, Agents: []string{"anna", "ben"}, JoinWhen: acd.JoinAlways, WrapUp: time.Minute, Dispositions: []string{"solved", "open"}}
	}
	return &config.Config{
		Country: "DE", Chat: config.Chat{Queue: "support"}, Queues: map[string]*config.Queue{"support": queue("support"), "sales": queue("sales")},
		Agents: map[string]*config.Agent{"anna": {ID: "anna", Name: "Anna", Endpoint: "anna"}, "ben": {ID: "ben", Name: "Ben", Endpoint: "ben"}},
	}
}

func (h *floor) build() {
	log, st := slog.New(slog.DiscardHandler), openMemory(h.t)
	g := &site{cfg: floorConfig(), log: log, store: st, registry: prometheus.NewRegistry(), tokens: newPageTokens(), links: textLimit{textLimits: linkLimits}}
	h.g, h.ex = g, newExchange(h.t)
	g.router = newRouter(g.cfg, nil, func(acd.Event) error { return nil })
	queue := func() *acd.Dispatcher { return g.dispatcher }
	deskOf := func() *desk.Server { return g.desk }
	g.words = &words{hub: func() *digital.Hub { return g.hub }, queue: queue, desk: deskOf, store: st, names: g.agentName,
		sender: g.sender, country: "DE", log: log, again: func(item string) { g.deskDoor.tell(again(item)) }}
	g.deskDoor = newDeskDoor(deskDoor{queue: queue, store: st, words: g.words, codes: g.dispositions, log: log})
	g.callbacks = g.newCallbackDoor()
	g.callbacks.write = h.write
	var err error
	must := func(err error) {
		h.t.Helper()
		if err != nil {
			h.t.Fatal(err)
		}
	}
	g.work = &workJournal{store: st, log: log}
	g.dispatcher, err = acd.NewDispatcher(acd.Options{Config: g.cfg.ACD(), Journal: g.work,
		Connector: houseDoor{calls: h.calls, callbacks: g.callbacks, words: g.words, desk: g.deskDoor}})
	must(err)
	g.hub, err = digital.New(digital.Defaults(), digital.Parts{Records: g.words, Journal: g.words, Queues: g.words, Router: h, Texts: floorTexts{},
		Wishes: wishes{g}, Observer: g.words, Metrics: digital.NewMetrics(nil), Log: log})
	must(err)
	set := softphone.New(softphone.Config{Gateway: h.ex.e, Domain: "tandem.test", Rand: func() float64 { return 0.5 }})
	g.pages = newPagePhones(&pagePhones{set: set, desk: deskOf, queue: queue, endpoint: g.agentEndpoint, tokens: g.tokens, log: log})
	g.desk, err = desk.New(desk.Config{Rooms: deskRooms{g.pages, g.words, g}, Person: person})
	must(err)
	g.deskDoor.desk, g.deskDoor.pages = g.desk, g.pages
	must(g.openCallbacks())
}

func (h *floor) rooms() deskRooms { return deskRooms{h.g.pages, h.g.words, h.g} }

func (h *floor) wait() { synctest.Wait() }

// post tells the dispatcher something and waits until all has come of it.
func (h *floor) post(events ...acd.Event) {
	h.t.Helper()
	for _, ev := range events {
		if err := h.g.dispatcher.Post(ev); err != nil {
			h.t.Fatal(err)
		}
	}
	h.wait()
}

// signIn makes an agent available, with what he works at: his phone, a page.
func (h *floor) signIn(agent string, devices ...string) {
	h.t.Helper()
	for _, d := range devices {
		if d == "page" {
			h.g.pages.Here(agent, true)
			h.wait()
		}
	}
	h.post(acd.DeviceUsable{Agent: agent, Device: acd.Phone, Usable: true}, acd.SignIn{Agent: agent, Ready: true})
}

func (h *floor) item(id string) acd.ItemView {
	h.t.Helper()
	v, _, err := h.g.dispatcher.Item(context.Background(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

// exchange is a gateway that registers phones and passes their messages on, as a stateless proxy does.
type exchange struct {
	t   *testing.T
	e   *transport.Endpoint
	mu  sync.Mutex
	reg *registrar.Registrar
}

func newExchange(t *testing.T) *exchange {
	e, err := transport.New(transport.Config{Name: "exchange", Advertise: "gw.test"}, transport.Sockets{})
	if err != nil {
		t.Fatal(err)
	}
	return &exchange{t: t, e: e, reg: registrar.New(registrar.Config{Domains: []string{"tandem.test"}}, nil)}
}

func (x *exchange) serve(ctx context.Context) { _ = x.e.Serve(ctx, x) }

// Receive implements transport.Receiver.
func (x *exchange) Receive(msg sip.Message, flow transport.Flow) {
	switch m := msg.(type) {
	case *sip.Request:
		sip.StampVia(m, flow.Remote, false)
		x.mu.Lock()
		defer x.mu.Unlock()
		if m.Method != sip.REGISTER {
			x.forward(m, flow)
			return
		}
		res, _ := x.reg.Register(time.Now(), m, registrar.Arrival{Source: flow.Remote, Transport: "local", Flow: flow.String(), User: flow.User})
		x.write(flow, res.String())
	case *sip.Response:
		line, rest, _ := strings.Cut(m.String(), "\r\n")
		_, rest, _ = strings.Cut(rest, "\r\n") // our Via is the first
		_, text, _ := strings.Cut(rest, "Via: ")
		text, _, _ = strings.Cut(text, "\r\n")
		via, err := sip.ParseVia(text)
		if err != nil {
			x.t.Errorf("response to nobody: %s", line)
			return
		}
		port, _ := strconv.Atoi(via.Params.Value("rport"))
		to := netip.AddrPortFrom(netip.MustParseAddr(via.Params.Value("received")), uint16(port))
		x.write(x.e.Flow(transport.LOCAL, to), line+"\r\n"+rest)
	}
}

// forward passes a request on to the phone whose address of record it names.
func (x *exchange) forward(req *sip.Request, from transport.Flow) {
	list := x.reg.Lookup(req.Recipient.User+"@tandem.test", time.Now())
	if len(list) == 0 {
		if req.Method != sip.ACK {
			x.write(from, sip.NewResponse(req, sip.StatusNotFound, "", "gw").String())
		}
		return
	}
	branch, _ := req.Via().Params.Get("branch")
	line, rest, _ := strings.Cut(req.String(), "\r\n")
	x.write(x.e.Flow(transport.LOCAL, list[0].Received), line+"\r\nVia: SIP/2.0/LOCAL gw.test;branch="+branch+"h\r\n"+rest)
}

// write sends a message; a phone that is gone hears nothing.
func (x *exchange) write(to transport.Flow, text string) { _ = x.e.Write(to, []byte(text)) }

// registered tells whether a phone is reachable.
func (x *exchange) registered(user string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return len(x.reg.Lookup(user+"@tandem.test", time.Now())) > 0
}

// Malformed implements transport.Receiver.
func (x *exchange) Malformed(sip.Message, transport.Flow, error) {
	x.t.Error("malformed message from a phone")
}

// FlowClosed implements transport.Receiver.
func (x *exchange) FlowClosed(transport.Flow, error) {}

// far is a phone of somebody else, whose events the test reads.
func (h *floor) far(user string) *softphone.Phone {
	h.t.Helper()
	p, err := h.g.pages.set.Open(softphone.Options{User: user, Display: "Carla"})
	if err == nil {
		err = p.Register()
	}
	if err != nil {
		h.t.Fatal(err)
	}
	next[softphone.Registered](h, p)
	return p
}

// next is the next event of that type.
func next[E softphone.Event](h *floor, p *softphone.Phone) E {
	h.t.Helper()
	for {
		h.wait()
		select {
		case ev := <-p.Events():
			if e, ok := ev.(E); ok {
				return e
			}
		default:
			var none E
			h.t.Fatalf("%s: no %T", p.User(), none)
			return none
		}
	}
}

// taken makes an item that an agent talks to.
func (h *floor) taken(q queueDoor, item, agent string) {
	h.t.Helper()
	if err := q.Enqueue(b2bua.WorkItem{ID: item, Call: callOfItem(item), Queue: "support", Record: "r_" + item}); err != nil {
		h.t.Fatal(err)
	}
	h.wait()
	o := h.calls.offers[item]
	if o.Agent != agent {
		h.t.Fatalf("%s is offered to %q, want %s", item, o.Agent, agent)
	}
	h.post(acd.Accept{Offer: o.ID, Agent: agent}, acd.MediaUp{Item: item})
	if v := h.item(item); v.State != acd.ItemActive || v.Agent != agent {
		h.t.Fatalf("%s is %v at %q", item, v.State, v.Agent)
	}
}

// chat opens a conversation of a visitor who writes, and gives its ID and item.
func (h *floor) chat(text string) digital.View {
	h.t.Helper()
	opened := make(chan digital.Opened, 1)
	err := h.g.hub.Open(digital.Opening{Channel: journey.Chat, Identities: []journey.Identity{{Type: journey.Web, Value: "w_" + text, Strength: journey.Claimed}}, Name: "Carla"},
		func(o digital.Opened) { opened <- o })
	if err != nil {
		h.t.Fatal(err)
	}
	o := <-opened
	if o.Err != nil {
		h.t.Fatal(o.Err)
	}
	got := make(chan digital.Receipt, 1)
	if err := h.g.hub.Receive(digital.Inbound{Channel: journey.Chat, Conversation: o.Conversation, External: "m1", Text: text}, func(r digital.Receipt) { got <- r }); err != nil {
		h.t.Fatal(err)
	}
	if r := <-got; r.Err != nil {
		h.t.Fatal(r.Err)
	}
	h.settle()
	v, ok := h.g.hub.View(o.Conversation)
	if !ok || v.Item == "" {
		h.t.Fatalf("got %+v, %v, want a conversation in the queue", v, ok)
	}
	return v
}

// settle lets what is written become durable.
func (h *floor) settle() {
	time.Sleep(time.Second)
	h.wait()
}

// held is what an agent's page shows.
func (h *floor) held(agent string) ([]desk.Offer, []desk.Item, []desk.Call) {
	h.wait()
	return h.g.desk.Held(agent)
}

// write makes a callback's line durable later.
func (h *floor) write(journey.Event) error { return nil }

// enqueue brings a call's item into support.
func enqueue(q queueDoor, item string) error {
	return q.Enqueue(b2bua.WorkItem{ID: item, Call: callOfItem(item), Queue: "support", Record: "r_" + item})
}
