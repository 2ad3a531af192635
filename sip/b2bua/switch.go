package b2bua

import (
	"context"
	"crypto/rand"
	"log/slog"
	mathrand "math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tandem/media"
	"tandem/media/sdp"
	"tandem/sip"
	"tandem/sip/digest"
	"tandem/sip/registrar"
	"tandem/sip/transaction"
	"tandem/sip/trunk"
)

// Parts are what a switch works with. All are needed but Bindings, Originators and Edges. Queues may also be Movers, Recoverers
// and Leavers.
type Parts struct {
	Engine      media.Engine
	Router      Router
	Records     Records
	Journal     Journal
	Queues      Queues
	Registrar   *registrar.Registrar
	Trunks      *trunk.Set
	Digest      *digest.Server
	Endpoints   Endpoints
	Hosts       Hosts
	Bindings    Bindings    // told of every change of the registrar; may be nil
	Links       Links       // sends links; nil: none can be sent
	Originators Originators // told what becomes of originated calls; may be nil
	Edges       Edges       // the other nodes of the site; nil where there are none
	Metrics     *Metrics
	Log         *slog.Logger
}

// Edges knows the nodes that pass requests on to this one.
type Edges interface {
	// Source tells where a request really came from that such a node has passed on; false for all others.
	Source(req *sip.Request) (transport string, from netip.AddrPort, ok bool)
}

// Endpoints knows the phones of this site.
type Endpoints interface {
	// Endpoint tells an endpoint by the digest user that it proves.
	Endpoint(user string) (Phone, bool)
}

// Phone is an endpoint as a caller: what others see of it is configured, not what it says in From.
type Phone struct {
	Name    string
	Number  string // others see it, and can dial it; empty is Name
	Display string // empty is what it says in From
	Outside string // trunks see it instead of Number; empty is Number
	Most    int    // calls that it may have started at once; 0: no limit
	SRTP    sdp.SRTP
}

// Bindings hears of changes in the registrar, in order. It must not wait.
type Bindings interface{ Changed([]registrar.Event) }

// Switch is the one door of all calls: it admits, finds the owner of each message, and holds what calls share. Its methods may
// be called from any goroutine.
type Switch struct {
	cfg Config
	Parts
	engine  media.Engine
	router  Router
	journal Journal
	queues  Queues
	metrics *Metrics
	log     *slog.Logger

	doors      []*Door
	tags       *index[string, address]
	calls      *index[string, *Call]
	streams    *streamIndex
	recordings *index[media.RecordingID, *Call]
	items      *index[string, string] // work item → call
	traces     *traces
	admission  admission
	draining   atomic.Bool
	streamID   atomic.Uint64
	recID      atomic.Uint64
	random     func() float64 // for back-offs, first sequence numbers and the choice among equals
	wg         sync.WaitGroup
}

// New makes a switch. It serves through its doors.
func New(cfg Config, p Parts) (*Switch, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Switch{
		cfg: cfg, Parts: p, engine: p.Engine, router: p.Router, journal: p.Journal, queues: p.Queues, metrics: p.Metrics, log: p.Log,
		tags: newIndex[string, address](), calls: newIndex[string, *Call](), streams: newIndex[media.StreamID, *Call](),
		recordings: newIndex[media.RecordingID, *Call](), items: newIndex[string, string](),
		traces: newTraces(cfg.TraceCalls), admission: newAdmission(cfg), random: mathrand.Float64,
	}, nil
}

// Run hands the engine's events to their calls until ctx ends or the engine closes, then refuses new calls, hangs up what is
// left and waits for it.
func (s *Switch) Run(ctx context.Context) error {
	s.pump(ctx.Done())
	s.draining.Store(true)
	for _, c := range s.calls.each() {
		if !c.post(EndCall{Kind: Normal, By: "system"}) {
			c.flood()
		}
	}
	gone := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(gone)
	}()
	s.pump(gone) // closing streams still have their last word
	<-gone
	return nil
}

func (s *Switch) pump(until <-chan struct{}) {
	for {
		select {
		case e, ok := <-s.engine.Events():
			if !ok {
				return
			}
			s.onMedia(e)
		case <-until:
			return
		}
	}
}

// onMedia hands an event to its call. What a call waits for must not be lost; a stream that opened too late for its call is closed.
func (s *Switch) onMedia(e media.Event) {
	c, ok := s.ownerOf(e)
	if !ok {
		if late, ok := e.(media.Opened); ok {
			if err := s.engine.Do(media.Close{Stream: late.Stream}); err != nil {
				s.log.Error("late stream not closed", "err", err)
			}
		}
		return
	}
	if c.post(e) {
		return
	}
	switch e.(type) {
	case media.Opened, media.OpenFailed, media.Played, media.Closed:
		c.flood()
	}
}

// ownerOf finds the call of an event: by its recording, which may end after its streams, or by its stream.
func (s *Switch) ownerOf(e media.Event) (*Call, bool) {
	switch e := e.(type) {
	case media.RecordingBegan:
		return s.recordings.get(e.Recording)
	case media.RecordingEnded:
		return s.recordings.get(e.Recording)
	}
	return s.streams.get(e.About())
}

// allow lists what we take, in and out of dialogs.
const allow = "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, INFO, NOTIFY, REFER, REGISTER"

// supported are the extensions that we have (RFC 3262, 4028, 3891, 4488).
const supported = "100rel, timer, replaces, norefersub"

// inDialog passes a request to the owner of its dialog: by our tag, never by where it came from.
func (s *Switch) inDialog(tx *transaction.ServerTx, tag string) {
	a, ok := s.tags.get(tag)
	if !ok || a.leg.callID != tx.Request().CallID().Value() {
		s.answer(tx, sip.StatusCallDoesNotExist)
		return
	}
	if !a.call.post(requested{a.leg, tx}) {
		s.metrics.floods.Inc()
		s.answer(tx, sip.StatusServerInternalError, sip.RetryAfter{After: time.Second}.Header())
	}
}

// newCall admits an INVITE and gives it an owner.
func (s *Switch) newCall(d *Door, tx *transaction.ServerTx) {
	if retry, ok := s.admit(); !ok {
		s.metrics.refused.Inc()
		s.answer(tx, sip.StatusServiceUnavailable, retry.Header())
		return
	}
	arrival, ok := s.identify(tx)
	if !ok {
		s.admission.turnedAway()
		return
	}
	replaces, ok := s.replacing(tx, arrival)
	if !ok {
		s.giveUp(arrival)
		return
	}
	shows := Party{Number: arrival.Caller, Name: arrival.Name, Trunk: arrival.Outside}
	c := &Call{sw: s, id: arrival.Call, arrival: arrival, shows: shows, replaces: replaces, mail: make(chan any, mailboxSize), log: s.log.With("call", arrival.Call)}
	c.caller = c.newLeg()
	c.caller.tag, c.caller.callID = tx.LocalTag(), tx.Request().CallID().Value()
	s.tags.put(c.caller.tag, address{c, c.caller}) // before anything else is read: its CANCEL may be the next message
	s.calls.put(c.id, c)
	s.metrics.calls.Inc()
	s.wg.Add(1)
	c.mail <- invited{d, tx}
	go c.run()
}

// giveUp takes back what an arrival was counted for: it does not become a call.
func (s *Switch) giveUp(a Arrival) {
	s.admission.turnedAway()
	if a.Trunk != nil {
		a.Trunk.Release()
	}
	s.admission.freePhone(a.Endpoint)
}

// admit is the one door: after it a call is refused no resource but ports.
func (s *Switch) admit() (sip.RetryAfter, bool) {
	if s.draining.Load() {
		return sip.RetryAfter{After: drainRetry}, false
	}
	return s.admission.take(time.Now())
}

// forget takes an ended call out of all indexes and keeps its trace.
func (s *Switch) forget(c *Call) {
	s.calls.remove(c.id)
	for _, l := range c.legs {
		s.tags.remove(l.tag)
	}
	for _, r := range append(c.finishing, c.rec) {
		s.recordings.remove(r.id)
	}
	c.dropItem()
	c.wisherGone()
	c.publish()
	v, _ := c.shown.read()
	v.Ended = c.now
	s.traces.keep(ended{c.ladder, v})
	s.admission.release(c.arrival.Endpoint)
	s.metrics.calls.Dec()
}

// Post gives a call a command; false if there is no such call, or its mailbox is full.
func (s *Switch) Post(call string, m Command) bool {
	c, ok := s.calls.get(call)
	return ok && c.post(m)
}

// Drain refuses new calls from now on and returns when the last has ended or ctx is done.
func (s *Switch) Drain(ctx context.Context) error {
	s.draining.Store(true)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for s.calls.len() > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// Draining tells whether new calls are refused.
func (s *Switch) Draining() bool { return s.draining.Load() }

// Calls returns how many calls there are.
func (s *Switch) Calls() int { return s.calls.len() }

// Views returns all live calls, in no order.
func (s *Switch) Views() []CallView {
	calls := s.calls.each()
	views := make([]CallView, 0, len(calls))
	for _, c := range calls {
		if v, ok := c.shown.read(); ok {
			views = append(views, v)
		}
	}
	return views
}

// View returns a call, live or among the last that ended. For the present figures of a live call's streams it waits a moment.
func (s *Switch) View(id string) (CallView, bool) {
	if c, ok := s.calls.get(id); ok {
		c.waitFigures()
		if v, ok := c.shown.read(); ok {
			return v, true
		}
	}
	e, ok := s.traces.find(id)
	return e.view, ok
}

// Trace returns the ladder of a call, live or among the last that ended.
func (s *Switch) Trace(id string) (Trace, bool) {
	if c, ok := s.calls.get(id); ok {
		reply := make(chan Trace, 1)
		if c.post(wantTrace{reply}) {
			select {
			case t := <-reply:
				return t, true
			case <-time.After(time.Second):
			}
		}
	}
	e, ok := s.traces.find(id)
	return e.ladder.render(e.view.ID, e.view.Began), ok
}

func (s *Switch) newStream(c *Call) media.StreamID {
	id := media.StreamID(s.streamID.Add(1))
	s.streams.put(id, c)
	return id
}

func (s *Switch) newRecording() media.RecordingID { return media.RecordingID(s.recID.Add(1)) }

// post puts an event into the call's mailbox; false if it is full.
func (c *Call) post(m any) bool {
	select {
	case c.mail <- m:
		return true
	default:
		c.sw.metrics.mailboxFull.Inc()
		return false
	}
}

// flood tells the owner that something was lost that it cannot do without: it ends the call.
func (c *Call) flood() { c.flooded.Store(true) }

// newSessionID makes an o= session ID: 62 random bits.
func newSessionID() uint64 {
	var b [8]byte
	rand.Read(b[:])
	var v uint64
	for _, x := range b {
		v = v<<8 | uint64(x)
	}
	return v >> 2
}

// callIDOf makes the ID of a call from its beginning and our tag on the caller's leg: so that what is stored of calls lies in order of
// time, and a capture leads straight to the log line.
func callIDOf(began time.Time, tag string) string {
	return "c_" + sip.Stamp(began) + strings.ToLower(tag)
}
