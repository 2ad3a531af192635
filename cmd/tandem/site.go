package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tandem/acd"
	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/control"
	"tandem/digital"
	"tandem/digital/access"
	"tandem/digital/api"
	"tandem/digital/api/feed"
	"tandem/digital/api/webhook"
	"tandem/digital/desk"
	"tandem/digital/smpp/smsc"
	"tandem/digital/sms"
	"tandem/digital/sms/panel"
	"tandem/digital/webchat"
	"tandem/digital/wording"
	"tandem/media"
	"tandem/media/engine"
	"tandem/media/prompt"
	"tandem/media/record"
	"tandem/media/webrtc"
	"tandem/sip/b2bua"
	"tandem/sip/digest"
	"tandem/sip/registrar"
	"tandem/sip/transaction"
	"tandem/sip/transport"
	"tandem/sip/trunk"
	"tandem/store"
	"tandem/store/bolt"
	"tandem/store/cdr"
	storeengine "tandem/store/engine"
)

// site is everything that runs: the rooms, wired. Build it with newSite, run it with Run.
type site struct {
	cfg      *config.Config
	log      *slog.Logger
	started  time.Time
	registry *prometheus.Registry

	store      store.Store
	work       *workJournal
	dispatcher *acd.Dispatcher
	engine     *engine.Engine
	browsers   *webrtc.Gate // the engine, with browsers beside sockets
	registrar  *registrar.Registrar
	trunks     *trunk.Set
	keeper     *trunkKeeper
	calls      *b2bua.Switch
	router     *router
	cdr        *cdr.Writer // nil: none are written
	journal    *callJournal
	shared     *shared // with other nodes; nil: the sockets and the store are ours alone
	endpoints  []*transport.Endpoint
	layers     []*transaction.Layer
	http       net.Listener
	control    *control.Server
	bindings   bindingDoor

	demo      bool
	access    *access.Keeper
	api       *api.Server
	feed      *feed.Followed
	webhooks  *webhook.Deliverer
	door      http.Handler
	desk      *desk.Server
	deskDoor  *deskDoor
	pages     *pagePhones
	tokens    *pageTokens
	words     *words
	hub       *digital.Hub
	chat      *webchat.Room
	visits    *visitPhones
	callbacks *callbackDoor
	proofs    *proofs
	links     textLimit                                            // of the links that flows send
	text      func(ctx context.Context, number, text string) error // sends a text message outside conversations; nil where there are none
	optedOut  func(number string) bool                             // wants no text messages; nil where there are none
	sms       *sms.Adapter
	centre    *smsc.Server
	panel     *panel.Panel
	smsHooks  http.ServeMux // of the HTTP providers
	say       *wording.Words
	texts     promptTexts
}

// newSite opens everything that can fail, in the order in which a fault is cheapest; on a fault what was opened is closed. What a
// node shares with the time before and after is given; nil opens it.
func newSite(cfg *config.Config, prompts fs.FS, log *slog.Logger, s *shared) (*site, error) {
	g := &site{cfg: cfg, log: log, started: time.Now(), registry: prometheus.NewRegistry(), demo: cfg.HTTP.Demo, shared: s, say: cfg.Words()}
	if s == nil {
		g.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	}
	for _, open := range []func() error{
		g.openTrunks, g.openSockets, g.openStore, func() error { return g.openMedia(prompts) }, g.openQueues, g.openCallbacks, g.openCalls, g.openSMS, g.openWords, g.openDesk,
		g.openChat, g.openDoor, g.openControl,
	} {
		if err := open(); err != nil {
			g.close()
			return nil, err
		}
	}
	return g, nil
}

func (g *site) openTrunks() (err error) {
	if g.trunks, err = trunksOf(g.cfg, trunk.NewMetrics(g.registry)); err != nil {
		return err
	}
	g.keeper = newTrunkKeeper(g.trunks, g.log)
	return nil
}

func (g *site) openSockets() (err error) {
	if g.shared != nil {
		g.endpoints, g.http = g.shared.endpoints, g.shared.http
		return nil
	}
	show, err := openCertificate(g.cfg, g.log)
	if err != nil {
		return err
	}
	g.endpoints, g.http, err = openSockets(g.cfg, show, admission(g.cfg, g.trunks, nil), g.registry, g.log)
	return err
}

func (g *site) openStore() (err error) {
	lived := lastLife(g.cfg.Store.Path)
	if g.shared != nil {
		lived, g.store = g.shared.tenure.Lived, fenced{g.shared.store, g.shared.tenure}
	} else if g.store, err = bolt.Open(g.cfg.Store.Path, storeengine.Options{Log: g.log, Registry: g.registry}); err != nil {
		return err
	}
	g.journal = newCallJournal(g.store, g.log)
	if err := g.openCDR(g.journal); err != nil {
		return err
	}
	if err = g.journal.closeInterrupted(lived); g.shared == nil && errors.Is(err, errNotEnded) {
		g.log.Error("the next start tries again", "err", err) // calls can be placed on a full disk too
		err = nil
	}
	return err
}

func (g *site) openMedia(prompts fs.FS) error {
	if g.cfg.Media.Prompts != "" {
		prompts = os.DirFS(g.cfg.Media.Prompts)
	}
	library, err := prompt.Load(prompts, prompt.Limits{})
	if err != nil {
		return fmt.Errorf("prompts: %w", err)
	}
	if err := repairRecordings(g.cfg.Recordings.Path, g.log); err != nil {
		return err
	}
	ports := g.cfg.Media.Ports
	g.engine, err = engine.New(engine.Config{
		Workers: g.cfg.Media.Workers, Local: g.cfg.Media.Address.Addr, PortMin: ports.Low, PortMax: ports.High, Drain: g.cfg.Media.Drain,
		Prompts: library, Registry: g.registry, Log: g.log, Record: record.Config{DiskRoots: []string{g.cfg.Recordings.Path}},
	})
	if err != nil {
		return err
	}
	if g.texts, err = readTexts(prompts); err != nil {
		return fmt.Errorf("prompts: %w", err)
	}
	g.browsers, err = webrtc.New(webrtc.Config{Listen: g.cfg.Media.Browsers.AddrPort, Inner: g.engine, Log: g.log, Registry: g.registry})
	return err
}

// repairRecordings makes what a crash cut off playable again.
func repairRecordings(dir string, log *slog.Logger) error {
	if dir == "" {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("recordings: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.wav"))
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := record.Repair(f); err != nil {
			log.Warn("recording not repaired", "file", filepath.Base(f), "err", err)
		}
	}
	return nil
}

// openQueues starts the dispatcher from its journal: nothing that was assigned stays so.
func (g *site) openQueues() (err error) {
	g.work = &workJournal{store: g.store, log: g.log}
	queue := func() *acd.Dispatcher { return g.dispatcher }
	calls := callDoor{calls: func() *b2bua.Switch { return g.calls }, queue: queue, log: g.log}
	g.words = &words{
		hub: func() *digital.Hub { return g.hub }, queue: queue, desk: func() *desk.Server { return g.desk }, store: g.store,
		files: g.attachments(), names: g.agentName, sender: g.sender, country: g.cfg.Country, log: g.log,
		again: func(item string) { g.deskDoor.tell(again(item)) },
	}
	g.tokens = newPageTokens()
	g.deskDoor = newDeskDoor(deskDoor{queue: queue, store: g.store, words: g.words, codes: g.dispositions, log: g.log})
	g.callbacks = g.newCallbackDoor()
	door := houseDoor{calls: calls, callbacks: g.callbacks, words: g.words, desk: g.deskDoor}
	g.dispatcher, err = acd.NewDispatcher(acd.Options{
		Config: g.cfg.ACD(), Journal: g.work, Connector: door, Log: g.log, Registerer: g.registry,
	})
	if err != nil {
		return fmt.Errorf("queues and agents: %w", err)
	}
	restore, err := restoreWork(g.store)
	if err != nil {
		return err
	}
	again := waitedFirst(&restore)
	if err := g.dispatcher.Post(restore); err != nil {
		return err
	}
	for _, ev := range again {
		if err := g.dispatcher.Post(ev); err != nil {
			return fmt.Errorf("callback %s: %w", ev.Item, err)
		}
	}
	return nil
}

func (g *site) openCalls() error {
	g.registrar = registrar.New(registrar.Config{Domains: g.domains(), Known: g.knownPhone}, registrar.NewMetrics(g.registry))
	secret := make([]byte, 32)
	rand.Read(secret)
	auth, err := digest.NewServer(digest.Config{Realm: g.cfg.SIP.Domain, Algorithms: algorithms(g.cfg.SIP.Digest)}, secret, newPhoneUsers(g.cfg), digest.NewMetrics(g.registry))
	if err != nil {
		return err
	}
	g.router = newRouter(g.cfg, g.trunks, g.dispatcher.Post)
	var edges b2bua.Edges
	if g.shared != nil {
		edges = g.shared.edge
	}
	g.bindings = bindingDoor{store: g.store, registrar: g.registrar, usable: g.phoneUsable, log: g.log}
	g.calls, err = b2bua.New(g.switchConfig(), b2bua.Parts{
		Engine: g.browsers, Router: g.router, Records: &recordsDoor{g.store, g.cfg.Country, g.router.private, g.tokens, g.log},
		Journal: g.journal, Queues: queueDoor{g.dispatcher, g.wishCallback, g.callbacks},
		Registrar: g.registrar, Trunks: g.trunks, Digest: auth, Endpoints: g.router, Hosts: g.keeper,
		Links: linkDoor{g}, Originators: g.callbacks, Bindings: g.bindings, Edges: edges, Metrics: b2bua.NewMetrics(g.registry), Log: g.log,
	})
	if err != nil {
		return err
	}
	metrics := transaction.NewMetrics(g.registry)
	for _, e := range g.endpoints {
		door := g.calls.NewDoor(e)
		layer := transaction.New(transaction.Config{Endpoint: e, Handler: door, Log: g.log, Metrics: metrics})
		door.Open(layer)
		e.OnFlowClosed(g.calls.FlowClosed)
		g.layers = append(g.layers, layer)
		if len(g.layers) == 1 {
			g.keeper.Open(layer, door.Contact(transport.UDP))
		}
	}
	return g.restorePhones()
}

func algorithms(names []config.Digest) (list []digest.Algorithm) {
	for _, n := range names {
		list = append(list, digest.ParseAlgorithm(string(n)))
	}
	return list
}

// domains are the hosts that phones may register at: the configured one, and our addresses for phones that know no name.
func (g *site) domains() []string {
	list := []string{g.cfg.SIP.Domain}
	for _, l := range g.cfg.SIP.Listen {
		list = append(list, l.Addr.Addr().String())
	}
	if g.cfg.SIP.Advertise != "" {
		host, _, err := net.SplitHostPort(g.cfg.SIP.Advertise)
		if err != nil {
			host = g.cfg.SIP.Advertise
		}
		list = append(list, host)
	}
	return list
}

func (g *site) knownPhone(aor string) bool {
	if name, ok := strings.CutSuffix(aor, "@"+g.cfg.SIP.Domain); ok && strings.HasPrefix(name, visitorUser) {
		return true // nobody but a page's own phone may register it: see router.Endpoint
	}
	for name := range g.cfg.Endpoints {
		if aor == name+"@"+g.cfg.SIP.Domain {
			return true
		}
	}
	return false
}

func (g *site) switchConfig() b2bua.Config {
	c := b2bua.Defaults()
	c.Domain, c.UserAgent = g.cfg.SIP.Domain, "Tandem/"+version
	c.MaxCalls, c.CallRate, c.CallBurst = g.cfg.SIP.MaxCalls, g.cfg.SIP.CallsPerSecond, g.cfg.SIP.CallBurst
	c.SessionExpires, c.MediaTimeout = g.cfg.SIP.SessionExpires, g.cfg.Media.Silence
	c.Recordings, c.RecordAll = g.cfg.Recordings.Path, g.cfg.Recordings.On
	c.Codecs = []media.Codec{media.PCMU, media.PCMA}
	return c
}

// restorePhones gives back the registrations of before a restart.
func (g *site) restorePhones() error {
	var here func(string) (transport.Flow, bool)
	if g.shared != nil {
		here = g.shared.edge.Here
	}
	list, err := restoreBindings(g.store, g.registrar, here, time.Now())
	if err != nil {
		return err
	}
	for _, b := range list {
		g.phoneUsable(endpointOf(b.AOR), true)
	}
	return nil
}

// phoneUsable tells the dispatcher whether an agent's phone can be reached.
func (g *site) phoneUsable(endpoint string, usable bool) {
	agent := g.router.agentOf[endpoint]
	if agent == "" {
		return
	}
	if err := g.dispatcher.Post(acd.DeviceUsable{Agent: agent, Device: acd.Phone, Usable: usable}); err != nil {
		g.log.Error("phone state not told", "agent", agent, "err", err)
	}
}

// close frees what newSite opened. Rooms that served have ended before.
func (g *site) close() {
	if g.work != nil {
		g.work.Close()
	}
	if g.journal != nil {
		g.journal.close()
	}
	if g.cdr != nil {
		if err := g.cdr.Close(); err != nil {
			g.log.Error("CDR file not closed", "err", err)
		}
	}
	if g.store != nil && g.shared == nil {
		if err := g.store.Close(); err != nil {
			g.log.Error("store not closed", "err", err)
		}
	}
	if g.http != nil && g.shared == nil {
		_ = g.http.Close()
	}
	switch {
	case g.browsers != nil:
		_ = g.browsers.Close() // and the engine with it
	case g.engine != nil:
		_ = g.engine.Close()
	}
}
