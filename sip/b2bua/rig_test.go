package b2bua

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/media"
	"tandem/media/mediatest"
	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/digest"
	"tandem/sip/registrar"
	"tandem/sip/siptest"
	"tandem/sip/transaction"
	"tandem/sip/transport"
	"tandem/sip/trunk"
	"tandem/store/journey"
)

const (
	tandemAddr  = "10.0.0.1:5060"
	carrierAddr = "10.0.0.9:5060"
	backupAddr  = "10.0.0.8:5060"
	annaAddr    = "10.0.0.20:5060" // phone of anna
	bertAddr    = "10.0.0.30:5060" // phone of bert
	bert2Addr   = "10.0.0.31:5060" // his second one
	domain      = "tandem.local"
)

// rig is a switch between scripted user agents, in virtual time. Everything that crosses a border of the switch is a line of
// the ladder.
type rig struct {
	t         *testing.T
	net       *siptest.Network
	ladder    *siptest.Ladder
	sw        *Switch
	layer     *transaction.Layer
	engine    *mediatest.Engine
	router    *router
	journal   *journal
	queues    *queues
	registrar *registrar.Registrar
	trunks    map[string]*trunk.Trunk
	logs      *logs
}

// setup is what a scenario changes before the switch is made.
type setup struct {
	cfg    func(*Config)
	engine mediatest.Options
	trunk  func(*trunk.Config)
	keep   bool // no golden file
}

// piped runs the engine behind an encoder and a byte pipe.
var piped = false

// scenario plays a scenario inside a bubble, compares its ladder with the golden file, and asserts that nothing is left.
func scenario(t *testing.T, name string, s setup, play func(r *rig)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, s)
			play(r)
			time.Sleep(3 * time.Minute)
			synctest.Wait()
			r.leaks()
			if !s.keep {
				siptest.Golden(t, "ladder/"+name+".txt", r.ladder.String())
			}
		})
	})
}

func newRig(t *testing.T, s setup) *rig {
	n := siptest.New(1)
	n.SetLink(siptest.Link{Delay: 5 * time.Millisecond})
	r := &rig{t: t, net: n, ladder: siptest.NewLadder(n), trunks: map[string]*trunk.Trunk{}, logs: &logs{}}
	for addr, name := range map[string]string{tandemAddr: "tandem", carrierAddr: "carrier", backupAddr: "backup", annaAddr: "anna",
		bertAddr: "bert", bert2Addr: "bert2"} {
		r.ladder.Name(addr, name)
	}
	r.engine = mediatest.New(s.engine)
	var engine media.Engine = r.engine
	if piped {
		engine = mediatest.Pipe(r.engine)
	}
	r.router, r.journal, r.queues = newRouter(r), &journal{r: r}, &queues{r: r}
	r.registrar = registrar.New(registrar.Config{Domains: []string{domain, "10.0.0.1"}}, nil)
	cfg := Defaults()
	cfg.MediaTimeout = 0
	if s.cfg != nil {
		s.cfg(&cfg)
	}
	users := phones{"anna": digest.NewHA1Set("anna", domain, "secret-anna"), "bert": digest.NewHA1Set("bert", domain, "secret-bert")}
	auth, err := digest.NewServer(digest.Config{Realm: domain, Algorithms: []digest.Algorithm{digest.MD5}}, make([]byte, 32), users, digest.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	r.sw, err = New(cfg, Parts{
		Engine: noted{engine, r}, Router: r.router, Records: records{}, Journal: r.journal, Queues: r.queues, Registrar: r.registrar,
		Trunks: r.trunkSet(s), Digest: auth, Endpoints: users, Hosts: hosts{}, Metrics: NewMetrics(nil), Log: slog.New(r.logs),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.sw.random = func() float64 { return 0 }
	r.serve(engine)
	return r
}

// serve starts everything, and ends it with the test.
func (r *rig) serve(engine media.Engine) {
	ep, err := transport.New(transport.Config{Name: "test", Dial: r.net.Dialer("10.0.0.1")},
		transport.Sockets{UDP: r.net.ListenPacket(tandemAddr), TCP: r.net.Listen(tandemAddr)})
	if err != nil {
		r.t.Fatal(err)
	}
	door := r.sw.NewDoor(ep)
	r.layer = transaction.New(transaction.Config{Endpoint: ep, Handler: door, TagKey: []byte("0123456789abcdef"), Log: slog.New(r.logs)})
	door.Open(r.layer)
	ctx, cancel := context.WithCancel(r.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = r.layer.Serve(ctx) })
	wg.Go(func() { _ = r.sw.Run(ctx) })
	r.t.Cleanup(func() {
		cancel()
		wg.Wait()
		if err := engine.Close(); err != nil {
			r.t.Error(err)
		}
	})
	synctest.Wait()
}

func (r *rig) trunkSet(s setup) *trunk.Set {
	var list []*trunk.Trunk
	for _, c := range []trunk.Config{
		{Name: "carrier", Targets: []trunk.Target{{Host: "10.0.0.9", Port: 5060, Transport: "udp"}}, Sources: []string{"10.0.0.9"}},
		{Name: "backup", Targets: []trunk.Target{{Host: "10.0.0.8", Port: 5060, Transport: "udp"}}, Sources: []string{"10.0.0.8"}},
	} {
		c.Country, c.Codecs, c.MaxCalls, c.FromUser = "DE", []string{"PCMA", "PCMU"}, 100, "+4930100"
		if s.trunk != nil && c.Name == "carrier" {
			s.trunk(&c)
		}
		t, err := trunk.New(c, nil)
		if err != nil {
			r.t.Fatal(err)
		}
		list, r.trunks[c.Name] = append(list, t), t
	}
	set, err := trunk.NewSet(list)
	if err != nil {
		r.t.Fatal(err)
	}
	return set
}

// bind registers a phone.
func (r *rig) bind(name, addr, contact string) {
	now := time.Now()
	r.registrar.Restore(now, []registrar.Binding{{
		AOR: name + "@" + domain, Contact: contact, Q: 1000, CallID: "reg-" + addr, CSeq: 1, Expires: now.Add(time.Hour), Updated: now,
		Received: netip.MustParseAddrPort(addr), Transport: "udp",
	}})
}

// leaks asserts that nothing of any call is left.
func (r *rig) leaks() {
	r.t.Helper()
	check := func(what string, left int) {
		if left != 0 {
			r.t.Errorf("%d %s left", left, what)
		}
	}
	check("calls", r.sw.Calls())
	check("tags", r.sw.tags.len())
	check("streams", r.sw.streams.len())
	check("recordings", r.sw.recordings.len())
	check("ports", r.engine.OpenStreams())
	check("admitted calls", r.sw.admission.live)
	for name, t := range r.trunks {
		check("calls on trunk "+name, t.Calls())
	}
	c := r.layer.Counts()
	check("server transactions", c.Server)
	check("client transactions", c.Client)
	r.journal.check()
	if r.t.Failed() {
		r.t.Log("\n" + r.ladder.String() + r.logs.String())
	}
}

// noted shows the engine's commands in the ladder.
type noted struct {
	media.Engine
	r *rig
}

func (n noted) Do(c media.Command) error {
	err := n.Engine.Do(c)
	line := "media    " + mediatest.Format(c)
	if err != nil {
		line += " REFUSED: " + err.Error()
	}
	n.r.ladder.Note("%s", line)
	return err
}

// journal shows events in the ladder, and refuses them when told to.
type journal struct {
	r     *rig
	mu    sync.Mutex
	fail  error
	ended map[string]int
	began map[string]int
}

func (j *journal) Append(ev journey.Event) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.ended == nil {
		j.ended, j.began = map[string]int{}, map[string]int{}
	}
	switch ev.Kind {
	case journey.InteractionStarted:
		j.began[ev.Interaction]++
	case journey.InteractionEnded:
		j.ended[ev.Interaction]++
	}
	line := fmt.Sprintf("journal  %s by %s", ev.Kind, ev.Actor)
	for _, k := range slices.Sorted(maps.Keys(ev.Data)) {
		line += fmt.Sprintf(" %s=%s", k, ev.Data[k])
	}
	if j.fail != nil {
		line += " REFUSED"
	}
	j.r.ladder.Note("%s", line)
	return j.fail
}

// check: every interaction that began has ended once.
func (j *journal) check() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for call := range j.ended {
		j.began[call] += 0
	}
	for call, n := range j.began {
		if n != 1 || j.ended[call] != 1 {
			j.r.t.Errorf("call %s began %d times and ended %d times", call, n, j.ended[call])
		}
	}
}

// queues is a dispatcher that does what the test says.
type queues struct {
	r        *rig
	fail     error // of Enqueue
	failAcc  error // of Accept
	onAccept func(OfferAgent)
	mu       sync.Mutex
	answers  map[string]int // Accept and Decline by offer
	offers   int            // given so far, in random runs
	last     string         // accepted last
}

func (q *queues) note(format string, args ...any) error {
	q.r.ladder.Note("queues   "+format, args...)
	return nil
}

func (q *queues) count(what, offer string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.answers == nil {
		q.answers = map[string]int{}
	}
	if q.answers[what+offer]++; q.answers[what+offer] > 1 {
		q.r.t.Errorf("%s of offer %s twice", what, offer)
	}
}

func (q *queues) Enqueue(w WorkItem) error {
	_ = q.note("enqueue %s caller=%s priority=%d", w.Queue, w.Caller, w.Priority)
	return q.fail
}
func (q *queues) Leave(string) error { return q.note("leave") }
func (q *queues) Accept(o OfferAgent) error {
	q.count("accept", o.Offer)
	q.mu.Lock()
	q.last = o.Offer
	q.mu.Unlock()
	_ = q.note("accept %s", o.Offer)
	if q.onAccept != nil {
		q.onAccept(o)
	}
	return q.failAcc
}
func (q *queues) Decline(o OfferAgent, why Kind) error {
	q.count("decline", o.Offer)
	return q.note("decline %s: %s", o.Offer, why)
}
func (q *queues) MediaUp(_ string, epoch uint64) error { return q.note("media up, epoch %d", epoch) }
func (q *queues) End(_, by string) error               { return q.note("end by %s", by) }

type records struct{}

func (records) Identify(_ Arrival, done func(Identity)) error {
	done(Identity{Record: "r_1"})
	return nil
}

// router leads numbers to scripts and targets to places.
type router struct {
	r       *rig
	scripts map[string]func() Script
	targets map[string]Destination
}

func newRouter(r *rig) *router {
	return &router{r, map[string]func() Script{}, map[string]Destination{
		"anna": {Endpoint: "anna"}, "bert": {Endpoint: "bert"}, "echo": {Echo: true},
	}}
}

func (x *router) Route(a Arrival, _ Identity) Route {
	if f, ok := x.scripts[a.Called]; ok {
		return Route{Script: f(), Flow: "test"}
	}
	if _, ok := x.Resolve(a.Called, a); ok {
		return Route{Script: NewDirect(a.Called, 20*time.Second)}
	}
	return Route{Refuse: NotFound}
}

// Resolve takes numbers with + to the trunks.
func (x *router) Resolve(target string, _ Arrival) (Destination, bool) {
	if d, ok := x.targets[target]; ok {
		return d, true
	}
	if strings.HasPrefix(target, "+") {
		return Destination{Number: target, Trunks: []*trunk.Trunk{x.r.trunks["carrier"], x.r.trunks["backup"]}}, true
	}
	return Destination{}, false
}

// script is a Script that a test writes as a function. Its events are lines of the ladder.
type script struct {
	r        *rig
	step     func(ScriptEvent) []Action
	deadline time.Time
}

func (s *script) Step(ev ScriptEvent, _ time.Time) []Action {
	name := strings.TrimPrefix(fmt.Sprintf("%T", ev), "b2bua.")
	fields := strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%+v", ev), "{"), "}")
	if d, ok := ev.(DigitPressed); ok {
		fields = fmt.Sprintf("%c (%s)", d.Digit, d.Source)
	}
	s.r.ladder.Note("script   %s", strings.TrimSpace(name+" "+fields))
	if _, ok := ev.(Expired); ok {
		s.deadline = time.Time{}
	}
	return s.step(ev)
}

func (s *script) Deadline() time.Time { return s.deadline }

// flow routes a number to a script.
func (r *rig) flow(number string, step func(ScriptEvent) []Action) {
	r.router.scripts[number] = func() Script { return &script{r: r, step: step} }
}

// post gives the only call a command.
func (r *rig) post(m Command) {
	r.ladder.Note("command  %s", strings.TrimPrefix(fmt.Sprintf("%T %+v", m, m), "b2bua."))
	if !r.sw.Post(r.id(), m) {
		r.t.Error("command not taken")
	}
	synctest.Wait()
}

// id is the only call's.
func (r *rig) id() string { return r.view().ID }

func (r *rig) view() CallView {
	r.t.Helper()
	synctest.Wait()
	views := r.sw.Views()
	if len(views) != 1 {
		r.t.Fatalf("%d calls, want 1", len(views))
	}
	return views[0]
}

// wait lets virtual time pass.
func (r *rig) wait(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

type phones map[string]digest.HA1Set

func (p phones) HA1(user string) (digest.HA1Set, bool) { s, ok := p[user]; return s, ok }
func (p phones) Endpoint(user string) (string, bool)   { _, ok := p[user]; return user, ok }

type hosts struct{}

func (hosts) Addr(t trunk.Target) (netip.AddrPort, bool) {
	a, err := netip.ParseAddr(t.Host)
	return netip.AddrPortFrom(a, uint16(t.Port)), err == nil
}

func (hosts) Auth(t *trunk.Trunk) dialog.Authorizer {
	a := t.Config().Auth
	if a.User == "" {
		return nil
	}
	return digest.NewClient([]digest.Account{{User: a.User, Password: a.Password}}, func() string { return "0123456789abcdef" })
}

// logs keeps what was logged, to be shown when a scenario fails.
type logs struct {
	mu    sync.Mutex
	lines []string
}

func (l *logs) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }
func (l *logs) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *logs) WithGroup(string) slog.Handler                    { return l }
func (l *logs) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool { line += " " + a.String(); return true })
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// parse reads raw text as a message.
func parse[M sip.Message](t testing.TB, text string) M {
	t.Helper()
	m, err := sip.NewParser(65536).ParseSIP([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return m.(M)
}
