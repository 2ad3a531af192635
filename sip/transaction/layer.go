package transaction

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/sip"
	"tandem/sip/transport"
)

// Layer holds the transactions of one endpoint. Its methods may be called from any goroutine.
type Layer struct {
	cfg   Config
	epoch time.Time

	mu      sync.Mutex
	servers map[string]*record
	clients map[string]*record
	merged  map[uint64]*record
	held    map[string]*record                      // CANCELs that wait, by the key of their INVITE
	byFlow  map[transport.Flow]map[*record]struct{} // records of connections
	clock   clock
	strays  gate
	closed  bool
}

// Counts are the sizes of the tables.
type Counts struct {
	Server int // server transactions, finished ones that absorb retransmissions among them
	Client int
	Held   int // CANCELs that wait for their INVITE
}

// New makes a layer. It works once its endpoint is served, through Serve.
func New(cfg Config) *Layer {
	l := &Layer{
		cfg: cfg.withDefaults(), epoch: time.Now(),
		servers: map[string]*record{}, clients: map[string]*record{}, merged: map[uint64]*record{}, held: map[string]*record{},
		byFlow: map[transport.Flow]map[*record]struct{}{},
	}
	if len(l.cfg.TagKey) == 0 {
		l.cfg.TagKey = make([]byte, 32)
		rand.Read(l.cfg.TagKey)
	}
	l.clock.now = l.now
	l.clock.timer = time.AfterFunc(time.Hour, l.tick)
	l.clock.timer.Stop()
	return l
}

// Serve serves the endpoint until the context ends, then forgets all transactions without a word to anybody.
func (l *Layer) Serve(ctx context.Context) error {
	defer l.Close()
	return l.cfg.Endpoint.Serve(ctx, l)
}

// Close forgets all transactions. Nothing is sent or told any more.
func (l *Layer) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.clock.timer.Stop()
	l.clock.h, l.clock.shut = nil, true
	l.cfg.Metrics.servers.Sub(float64(len(l.servers)))
	l.cfg.Metrics.clients.Sub(float64(len(l.clients)))
	clear(l.servers)
	clear(l.clients)
	clear(l.merged)
	clear(l.held)
	clear(l.byFlow)
}

// Counts returns the sizes of the tables now.
func (l *Layer) Counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Counts{Server: len(l.servers), Client: len(l.clients), Held: len(l.held)}
}

// SentBy returns host and port that Via and Contact show for a transport.
func (l *Layer) SentBy(transport string) (host string, port int) {
	return l.cfg.Endpoint.SentBy(transport)
}

func (l *Layer) now() time.Duration { return time.Since(l.epoch) }

// tick runs when the earliest deadline passed.
func (l *Layer) tick() {
	l.mu.Lock()
	l.clock.at = 0
	now := l.now()
	var works []work
	for {
		r, on := l.clock.next(now)
		if r == nil {
			break
		}
		if w, ok := l.expireLocked(r, on); ok {
			works = append(works, w)
		}
		if len(works) >= 256 { // let others at the lock
			break
		}
	}
	l.clock.arm()
	l.mu.Unlock()
	for _, w := range works {
		w.perform(l)
	}
}

func (l *Layer) expireLocked(r *record, on Event) (work, bool) {
	if r.held && on == OnEnd {
		return l.heldExpiredLocked(r), true
	}
	tx, ctx := r.tx, r.ctx
	do, listed := r.stepLocked(on)
	if !listed {
		l.clock.set(r)
		return work{}, false
	}
	w := work{flow: r.flow, server: tx, client: ctx}
	switch {
	case do&DoTrying != 0:
		w.bytes = r.answerLocked(sip.StatusTrying, "")
	case do&DoTimeout != 0 && tx != nil:
		l.cfg.Metrics.watchdog.Inc()
		w.bytes, w.err = r.answerLocked(sip.StatusServerInternalError, ""), ErrUnanswered
		r.tx = nil
	case do&DoTimeout != 0:
		l.cfg.Metrics.timeouts.Inc()
		w.err = ErrTimeout
	case do&DoWrite != 0:
		l.cfg.Metrics.retransmitsOut.Inc()
		w.bytes = r.last
	}
	return w, true
}

// work is what is left to do after the lock is released.
type work struct {
	flow   transport.Flow
	bytes  []byte
	server *ServerTx
	client *ClientTx
	err    error
}

func (w work) perform(l *Layer) {
	if w.bytes != nil {
		l.write(w.flow, w.bytes)
	}
	switch {
	case w.err != nil && w.server != nil && w.server.req.Method == sip.CANCEL: // the layer's own affair
	case w.err != nil && w.server != nil:
		l.cfg.Handler.ServeTxError(w.server, w.err)
	case w.err != nil && w.client != nil:
		w.client.tell(ClientEvent{Err: w.err, Done: true})
	}
}

// write sends bytes for which nobody waits; a failure is for the timers to find.
func (l *Layer) write(flow transport.Flow, b []byte) error {
	err := l.cfg.Endpoint.Write(flow, b)
	if err != nil {
		l.cfg.Log.Debug("send", "flow", flow.String(), "err", err)
	}
	return err
}

func (l *Layer) addLocked(table map[string]*record, r *record) {
	table[r.key] = r
	l.gauge(r).Inc()
	if r.flow.Reliable() {
		set := l.byFlow[r.flow]
		if set == nil {
			set = map[*record]struct{}{}
			l.byFlow[r.flow] = set
		}
		set[r] = struct{}{}
	}
	l.clock.set(r)
}

func (l *Layer) gauge(r *record) prometheus.Gauge {
	if r.m == client || r.m == inviteClient {
		return l.cfg.Metrics.clients
	}
	return l.cfg.Metrics.servers
}

func (l *Layer) forgetLocked(r *record) {
	l.clock.remove(r)
	table := l.servers
	if r.m == client || r.m == inviteClient {
		table = l.clients
	}
	if table[r.key] == r {
		delete(table, r.key)
		l.gauge(r).Dec()
	}
	l.unmergeLocked(r)
	if r.held {
		l.unholdLocked(r)
	}
	l.unflowLocked(r)
}

func (l *Layer) unflowLocked(r *record) {
	if set := l.byFlow[r.flow]; set != nil {
		if delete(set, r); len(set) == 0 {
			delete(l.byFlow, r.flow)
		}
	}
}

// unmergeLocked lets the same request come again by another way.
func (l *Layer) unmergeLocked(r *record) {
	if r.merge != 0 && l.merged[r.merge] == r {
		delete(l.merged, r.merge)
	}
	r.merge = 0
}

// FlowClosed ends what hangs on a connection. It implements transport.Receiver.
func (l *Layer) FlowClosed(flow transport.Flow, err error) {
	l.mu.Lock()
	var works []work
	for r := range l.byFlow[flow] {
		tx, ctx := r.tx, r.ctx
		if ctx != nil && ctx.large && r.state == Calling {
			works = append(works, ctx.backToUDPLocked())
			continue
		}
		do, listed := r.stepLocked(OnFailure)
		if listed && do&DoError != 0 {
			works = append(works, work{server: tx, client: ctx, err: ErrTransport})
		}
	}
	l.mu.Unlock()
	for _, w := range works {
		w.perform(l)
	}
}

var tagText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// localTag makes the To tag of all answers to a request: the same for retransmissions, its CANCEL, and after a restart.
func (l *Layer) localTag(req *sip.Request) string {
	var room [512]byte
	text := append(room[:0], l.cfg.TagKey...)
	text = append(append(text, 0), req.CallID().Value()...)
	text = append(append(text, 0), sip.FromTag(req)...)
	branch, _ := req.Via().Params.Get("branch")
	text = append(append(text, 0), branch...)
	sum := sha256.Sum256(text) // a third of it is shown: nobody can go on from there without the key
	return tagText.EncodeToString(sum[:10])
}
