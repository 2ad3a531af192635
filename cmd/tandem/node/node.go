package node

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"tandem/store"
)

// Times of the lease. An owner that dies is followed within TTL + askEvery.
const (
	TTL        = 3 * time.Second
	renewEvery = time.Second
	askEvery   = 250 * time.Millisecond
	askTime    = 2 * time.Second // for one answer of the store
)

// Times of the list of nodes.
const (
	tellEvery = 5 * time.Second
	knownFor  = 20 * time.Second
)

// leaseName is the lease of the owner; keyName and placePrefix are the documents of this room.
const (
	leaseName   = "routing"
	keyName     = "node/key"
	placePrefix = "node/at/"
)

// maxNodes bounds the nodes of a site that know each other.
const maxNodes = 64

// ErrDeposed: another node owns the calls now.
var ErrDeposed = errors.New("another node owns the calls")

// Place is where a node is reached by the others.
type Place struct {
	Name string         `json:"name"`
	SIP  netip.AddrPort `json:"sip"`  // TCP
	HTTP netip.AddrPort `json:"http"` // TCP
}

// Node is this process among the others. Its methods may be called from any goroutine, but Await and Keep from one at a time.
type Node struct {
	place  Place
	holder string
	store  store.Store
	key    []byte
	log    *slog.Logger
	known  atomic.Pointer[map[netip.Addr]bool]
	secure *http.Transport // asks other nodes by https; nil: by http
}

// New reads the key of the site, or makes it where this is the first node.
func New(ctx context.Context, at Place, st store.Store, log *slog.Logger) (*Node, error) {
	n := &Node{place: at, holder: at.Name + " " + life(), store: st, log: log}
	n.known.Store(&map[netip.Addr]bool{})
	var err error
	if n.key, err = siteKey(ctx, st); err != nil {
		return nil, fmt.Errorf("node %s: the key of the site: %w", at.Name, err)
	}
	return n, nil
}

// siteKey gives the secret that all nodes share.
func siteKey(ctx context.Context, st store.Store) ([]byte, error) {
	for {
		doc, err := st.Document(keyName)
		if err == nil {
			return hex.DecodeString(string(doc.Body))
		}
		if !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		key := make([]byte, 32)
		rand.Read(key)
		_, err = store.AppendWait(ctx, st, store.Batch{Now: true, Documents: []store.Document{{Key: keyName, Body: []byte(hex.EncodeToString(key))}}})
		if err != nil && !errors.Is(err, store.ErrConflict) {
			return nil, err
		}
	}
}

// Secure lets this node ask the others by https. To be called before Forward.
func (n *Node) Secure(c *tls.Config) { n.secure = &http.Transport{TLSClientConfig: c} }

// Key is the secret that all nodes of the site share.
func (n *Node) Key() []byte { return n.key }

// Place is where this node is.
func (n *Node) Place() Place { return n.place }

// Knows tells whether another node of the site has that address.
func (n *Node) Knows(a netip.Addr) bool { return (*n.known.Load())[a.Unmap()] }

// Tell keeps this node in the list of nodes, and the list in memory, until ctx ends.
func (n *Node) Tell(ctx context.Context) error {
	t := time.NewTicker(tellEvery)
	defer t.Stop()
	for {
		if err := n.tell(ctx); err != nil && ctx.Err() == nil {
			n.log.Warn("list of nodes not read", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

func (n *Node) tell(ctx context.Context) error {
	body, err := json.Marshal(n.place)
	if err != nil {
		return err
	}
	wait, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	_, err = store.AppendWait(wait, n.store, store.Batch{Now: true, Documents: []store.Document{
		{Key: placePrefix + n.place.Name, Version: store.AnyVersion, Body: body, Expires: time.Now().Add(knownFor)},
	}})
	if err != nil {
		return err
	}
	places, err := n.Places()
	if err != nil {
		return err
	}
	known := map[netip.Addr]bool{}
	for _, p := range places {
		known[p.SIP.Addr().Unmap()] = true
	}
	n.known.Store(&known)
	return nil
}

// Places are the nodes of the site that were heard of lately.
func (n *Node) Places() (list []Place, err error) {
	docs, err := n.store.Documents(placePrefix, "", maxNodes)
	if err != nil {
		return nil, err
	}
	for _, d := range docs {
		var p Place
		if err := json.Unmarshal(d.Body, &p); err != nil {
			return nil, fmt.Errorf("%s: %w", d.Key, err)
		}
		list = append(list, p)
	}
	return list, nil
}

// Tenure is the time for which this node owns the calls. Its methods may be called from any goroutine.
type Tenure struct {
	Lived time.Time // when the owner before gave the last sign of life; now, if there was none

	n     *Node
	epoch uint64
}

// Fence ties what is written to this tenure.
func (t *Tenure) Fence() *store.Fence { return &store.Fence{Name: leaseName, Epoch: t.epoch} }

// Await waits until this node owns the calls. moved hears where the owner is, whenever that changes: an empty Place when nobody knows.
func (n *Node) Await(ctx context.Context, moved func(Place)) (*Tenure, error) {
	w := watch{n: n, moved: moved}
	t := time.NewTicker(askEvery)
	defer t.Stop()
	for {
		if got, ok := w.ask(ctx); ok {
			return got, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-t.C:
		}
	}
}

// watch is one Await.
type watch struct {
	n      *Node
	moved  func(Place)
	at     Place
	holder string
	ill    bool      // the store did not answer the last time
	behind time.Time // not to ask before
}

func (w *watch) ask(ctx context.Context) (*Tenure, bool) {
	n := w.n
	before, err := n.store.LeaseOf(leaseName)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	if err = cmp.Or(err, n.store.Health()); err != nil {
		if !w.ill {
			n.log.Warn("store not reached: nobody can be asked who owns the calls", "err", err)
		}
		w.ill = true
		return nil, false
	}
	if w.ill {
		w.ill, w.behind = false, time.Now().Add(TTL) // the owner of before is first
	}
	if time.Now().Before(w.behind) {
		return nil, false
	}
	lived := time.Now()
	if before.Holder != "" {
		lived = before.Expires.Add(-TTL)
	}
	if before.Holder != n.holder && dead(before.Holder) { // a process of this machine that is gone: nobody need wait for it
		n.lease(ctx, store.LeaseAsk{Name: leaseName, Holder: before.Holder, Release: true})
	}
	l, err := n.lease(ctx, store.LeaseAsk{Name: leaseName, Holder: n.holder, TTL: TTL})
	switch {
	case err == nil:
		n.log.Info("this node owns the calls", "node", n.place.Name, "epoch", l.Epoch)
		return &Tenure{n: n, epoch: l.Epoch, Lived: lived}, true
	case errors.Is(err, store.ErrHeld):
		w.follow(l.Holder)
	default:
		w.ill = true
	}
	return nil, false
}

// follow tells where the holder of the lease is.
func (w *watch) follow(holder string) {
	name, _, _ := strings.Cut(holder, " ")
	var at Place
	if doc, err := w.n.store.Document(placePrefix + name); err == nil {
		_ = json.Unmarshal(doc.Body, &at) // an unreadable place is an unknown one
	}
	if at.Name == "" && holder == w.holder {
		return // it was late to tell where it is, and has not moved
	}
	w.holder = holder
	if at != w.at {
		w.at = at
		w.n.log.Info("another node owns the calls", "owner", name, "sip", at.SIP, "http", at.HTTP)
		w.moved(at)
	}
}

func (n *Node) lease(ctx context.Context, a store.LeaseAsk) (store.Leased, error) {
	wait, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	return store.LeaseWait(wait, n.store, a)
}

// Keep renews the tenure until ctx ends, or another node has taken it: ErrDeposed. A lease that ran out while the store was gone is
// still ours where nobody else has taken it.
func (t *Tenure) Keep(ctx context.Context) error {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		l, err := t.n.lease(ctx, store.LeaseAsk{Name: leaseName, Holder: t.n.holder, TTL: TTL})
		if errors.Is(err, store.ErrHeld) {
			return fmt.Errorf("%w: %s", ErrDeposed, l.Holder)
		}
		if err == nil && l.Epoch != t.epoch {
			return fmt.Errorf("%w, or did for a while: epoch %d after %d", ErrDeposed, l.Epoch, t.epoch)
		}
	}
}

// Release gives the lease back.
func (t *Tenure) Release(ctx context.Context) error {
	_, err := t.n.lease(ctx, store.LeaseAsk{Name: leaseName, Holder: t.n.holder, Release: true})
	return err
}
