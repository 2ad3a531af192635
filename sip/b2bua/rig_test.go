package b2bua

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/media"
	"tandem/media/mediatest"
	"tandem/sip"
	"tandem/sip/digest"
	"tandem/sip/registrar"
	"tandem/sip/siptest"
	"tandem/sip/transaction"
	"tandem/sip/transport"
	"tandem/sip/trunk"
)

const (
	tandemAddr  = "10.0.0.1:5060"
	carrierAddr = "10.0.0.9:5060"
	backupAddr  = "10.0.0.8:5060"
	annaAddr    = "10.0.0.20:5060" // phone of anna
	bertAddr    = "10.0.0.30:5060" // phone of bert
	bert2Addr   = "10.0.0.31:5060" // his second one
	paulaAddr   = "10.0.0.40:5060" // paula's page
	paulaDoor   = "10.0.1.40:5060" // our end of its socket
	olgaAddr    = "10.0.0.41:5060" // olga's page
	olgaDoor    = "10.0.1.41:5060"
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
	stop      func() // ends Run
	endpoint  *transport.Endpoint
	origins   *origins
	mute      atomic.Bool                 // the media room describes nothing
	flows     map[string]*transport.Local // of pages
}

// setup is what a scenario changes before the switch is made.
type setup struct {
	cfg     func(*Config)
	engine  mediatest.Options
	trunk   func(*trunk.Config)
	records Records // nil: one that answers at once
	keep    bool    // no golden file
	moves   bool    // the dispatcher knows transfers and reasons
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
		bertAddr: "bert", bert2Addr: "bert2", paulaAddr: "paula", paulaDoor: "tandem", olgaAddr: "olga", olgaDoor: "tandem"} {
		r.ladder.Name(addr, name)
	}
	r.engine = mediatest.New(s.engine)
	var engine media.Engine = r.engine
	if piped {
		engine = mediatest.Pipe(r.engine)
	}
	r.router, r.journal, r.queues, r.origins = newRouter(r), &journal{r: r}, &queues{r: r}, &origins{r: r}
	var dispatcher Queues = r.queues
	if s.moves {
		dispatcher = movers{r.queues}
	}
	r.registrar = registrar.New(registrar.Config{Domains: []string{domain, "10.0.0.1"}}, nil)
	cfg := Defaults()
	cfg.MediaTimeout = 0
	if s.cfg != nil {
		s.cfg(&cfg)
	}
	var store Records = records{}
	if s.records != nil {
		store = s.records
	}
	users := phones{"anna": digest.NewHA1Set("anna", domain, "secret-anna"), "bert": digest.NewHA1Set("bert", domain, "secret-bert")}
	auth, err := digest.NewServer(digest.Config{Realm: domain, Algorithms: []digest.Algorithm{digest.MD5}}, make([]byte, 32), users, digest.NewMetrics(prometheus.NewRegistry()))
	if err != nil {
		t.Fatal(err)
	}
	r.sw, err = New(cfg, Parts{
		Engine: noted{engine, r}, Router: r.router, Records: store, Journal: r.journal, Queues: dispatcher, Originators: r.origins, Registrar: r.registrar,
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
	r.endpoint = ep
	door := r.sw.NewDoor(ep)
	r.layer = transaction.New(transaction.Config{Endpoint: ep, Handler: door, TagKey: []byte("0123456789abcdef"), Log: slog.New(r.logs)})
	door.Open(r.layer)
	ctx, cancel := context.WithCancel(r.t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { _ = r.layer.Serve(ctx) })
	running, stop := context.WithCancel(ctx)
	r.stop = stop
	wg.Go(func() { _ = r.sw.Run(running) })
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
	check("work items", r.sw.items.len())
	check("calls of phones", len(r.sw.admission.phones))
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

// flow routes a number to a script.
func (r *rig) flow(number string, step func(ScriptEvent) []Action) {
	r.router.scripts[number] = func() Script { return &script{r: r, step: step} }
}

// post gives the only call a command.
func (r *rig) post(m Command) {
	text := strings.TrimPrefix(fmt.Sprintf("%T %+v", m, m), "b2bua.")
	r.ladder.Note("command  %s", strings.ReplaceAll(text, r.id(), "call"))
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

// parse reads raw text as a message.
func parse[M sip.Message](t testing.TB, text string) M {
	t.Helper()
	m, err := sip.NewParser(65536).ParseSIP([]byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return m.(M)
}
