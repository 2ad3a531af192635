package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"tandem/cmd/tandem/config"
	"tandem/digital/access"
	"tandem/digital/api"
	"tandem/digital/api/feed"
	"tandem/digital/api/webhook"
	"tandem/digital/desk"
	"tandem/digital/web"
	"tandem/sip/transport/ws"
	"tandem/store"
)

// documents is the store as the HTTP door sees it: small values with compare-and-set.
type documents struct{ store store.Store }

// Get implements access.Documents.
func (d documents) Get(_ context.Context, key string) (access.Document, error) {
	doc, err := d.store.Document(key)
	if errors.Is(err, store.ErrNotFound) {
		return access.Document{}, access.ErrNotFound
	}
	return accessDocument(doc), err
}

func accessDocument(d store.Document) access.Document {
	return access.Document{Key: d.Key, Version: d.Version, Expires: d.Expires, Body: d.Body}
}

// Put implements access.Documents.
func (d documents) Put(ctx context.Context, doc access.Document) (uint64, error) {
	r, err := store.AppendWait(ctx, d.store, store.Batch{Now: true, Documents: []store.Document{
		{Key: doc.Key, Version: doc.Version, Expires: doc.Expires, Body: doc.Body},
	}})
	if errors.Is(err, store.ErrConflict) {
		return 0, access.ErrVersion
	}
	if err != nil {
		return 0, err
	}
	return r.Documents[0], nil
}

// Delete implements access.Documents.
func (d documents) Delete(ctx context.Context, key string, version uint64) error {
	old, err := d.Get(ctx, key)
	if err != nil {
		return err
	}
	if version == 0 {
		version = old.Version
	}
	_, err = d.Put(ctx, access.Document{Key: key, Version: version})
	return err
}

// List implements access.Documents.
func (d documents) List(_ context.Context, prefix, after string, limit int) ([]access.Document, error) {
	list, err := d.store.Documents(prefix, after, limit)
	if err != nil {
		return nil, err
	}
	out := make([]access.Document, 0, len(list))
	for _, doc := range list {
		out = append(out, accessDocument(doc))
	}
	return out, nil
}

// usersTime bounds how long a start waits for the configured users to be stored.
const usersTime = 30 * time.Second

// openDoor makes the HTTP door: who may come in, and what stands behind it.
func (g *site) openDoor() (err error) {
	docs := documents{g.store}
	pages := web.Config{Dir: g.cfg.HTTP.Pages, Frames: g.cfg.HTTP.Frames, Demo: g.demo, Secret: g.cfg.KnownPassword(), Words: g.say}
	areas := slices.Concat(api.Areas(), web.Areas(pages), []access.Area{
		{Prefix: "/healthz", Public: true}, {Prefix: "/readyz", Public: true}, {Prefix: "/metrics", Public: true},
		{Prefix: "/login/", Public: true, Secret: true}, {Prefix: "/sip", Public: true},
		{Prefix: smsPath + "/", Public: true, OwnLimits: true}, // signed
		{Prefix: "/chat/socket", Public: true, OwnProof: true, MaxBody: 12 << 20},
		{Prefix: deskFiles, MaxBody: 12 << 20},
	})
	proxies := make([]netip.Prefix, len(g.cfg.HTTP.Proxies))
	for i, p := range g.cfg.HTTP.Proxies {
		proxies[i] = p.Prefix
	}
	secure := strings.HasPrefix(g.public(), "https://")
	g.access, err = access.New(access.Config{Origins: originsOf(g.cfg.HTTP.Origins), Areas: areas, Secure: secure, Proxies: proxies},
		access.Parts{Documents: docs, Log: g.log, Registerer: g.registry})
	if err != nil {
		return fmt.Errorf("http: %w", err)
	}
	if err := g.keepUsers(); err != nil {
		return err
	}
	g.feed = feed.NewFollowed(feedSource{g.store}, feedKept)
	g.webhooks, err = webhook.New(webhook.Options{Documents: docs, Feed: g.feed, Log: g.log, Registerer: g.registry})
	if err != nil {
		return err
	}
	shown, err := web.Handler(pages)
	if err != nil {
		return fmt.Errorf("pages: %w", err)
	}
	g.api, err = api.New(api.Parts{
		Version: version, LoginPath: "/login/", PublicURL: g.public(), Keeper: g.access, Documents: docs, Rooms: g.apiRooms(), Log: g.log, Registerer: g.registry,
		Feed: g.feed, Webhooks: g.webhooks,
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", g.api)
	mux.Handle("/login/", g.access.ServeLink("/desk"))
	mux.Handle("/desk/socket", g.desk)
	mux.HandleFunc("GET "+deskFiles+"{conversation}/{ref}", g.giveFile)
	mux.HandleFunc("POST "+deskFiles+"{conversation}", g.takeFile)
	mux.Handle("/demo/phone/", g.phonePanel())
	mux.Handle("/chat/callback", g.callbackForm())
	mux.Handle("/chat/socket", g.chat)
	mux.Handle("/chat/socket/", g.chat)
	mux.Handle("/sip", g.sipOverWS())
	mux.Handle(smsPath+"/", &g.smsHooks)
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		mux.Handle(path, g.figures())
	}
	mux.Handle("/", shown)
	g.door = mux
	return nil
}

// originsOf are the hosts of http.origins as web origins, one meaning for every door: pages, API, /chat, /desk and /sip. They are patterns
// of path.Match in which only the star means something. Pages of this machine need no TLS.
func originsOf(hosts []string) (list []string) {
	for _, h := range hosts {
		pattern := strings.ToLower(literal.Replace(h))
		list = append(list, "https://"+pattern)
		if at, err := url.Parse("//" + h); err == nil && loopback(at.Hostname()) {
			list = append(list, "http://"+pattern)
		}
	}
	return list
}

// literal takes from an IPv6 address what path.Match would read as a set of characters.
var literal = strings.NewReplacer("[", `\[`, "]", `\]`)

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// public is the URL by which customers reach us.
func (g *site) public() string {
	if g.cfg.HTTP.Public != "" {
		return g.cfg.HTTP.Public
	}
	if g.cfg.HTTP.TLS {
		return "https://" + g.cfg.HTTP.Listen.String()
	}
	return "http://" + g.cfg.HTTP.Listen.String()
}

// sipOverWS is the door for SIP clients in browsers (RFC 7118).
func (g *site) sipOverWS() http.Handler {
	return ws.New(ws.Config{
		Endpoint: g.endpoints[0], Origins: originsOf(g.cfg.HTTP.Origins), Log: g.log,
		Remote: func(r *http.Request) netip.AddrPort {
			peer, _ := netip.ParseAddrPort(r.RemoteAddr)
			return netip.AddrPortFrom(visitorAddr(r), peer.Port())
		},
		Secure: func(*http.Request) bool { return strings.HasPrefix(g.public(), "https://") },
	})
}

// visitorAddr is who a request is from, as the door's limits count it.
func visitorAddr(r *http.Request) netip.Addr {
	text, _, _ := strings.Cut(access.RemoteAddr(r.Context()), "/") // of IPv6 it is the network
	addr, err := netip.ParseAddr(text)
	if err != nil { // not behind the door
		peer, _ := netip.ParseAddrPort(r.RemoteAddr)
		return peer.Addr().Unmap()
	}
	return addr
}

// figures serves health and metrics.
func (g *site) figures() http.Handler { return g.handler() }

// person tells the desk who asks.
func person(r *http.Request) (desk.Person, bool) {
	p, ok := access.From(r.Context())
	return desk.Person{User: p.User, Agent: p.Agent, Role: string(p.Role)}, ok
}

// keepUsers makes the configured users able to sign in as configured. Their sessions go on where nothing has changed. Passwords are compared
// later: access.ServeWanted.
func (g *site) keepUsers() error {
	ctx, cancel := context.WithTimeout(context.Background(), usersTime)
	defer cancel()
	for _, name := range slices.Sorted(maps.Keys(g.cfg.Users)) {
		if err := g.keepUser(ctx, name, g.cfg.Users[name]); err != nil {
			return fmt.Errorf("users.%s: %w", name, err)
		}
	}
	return nil
}

func (g *site) keepUser(ctx context.Context, name string, u *config.User) error {
	role, password := access.Role(u.Role), u.Password.Reveal()
	old, err := g.access.User(ctx, name)
	if errors.Is(err, access.ErrNotFound) {
		_, err = g.access.CreateUser(ctx, access.User{Name: name, Role: role, Agent: u.Agent}, "")
	} else if err == nil && (old.Role != role || old.Agent != u.Agent) {
		_, err = g.access.ChangeUser(ctx, name, old.Version, access.UserChange{Role: &role, Agent: &u.Agent})
	}
	if err != nil {
		return err
	}
	return g.access.WantPassword(name, password)
}
