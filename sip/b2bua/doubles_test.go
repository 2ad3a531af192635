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
	"time"

	"tandem/media"
	"tandem/media/mediatest"
	"tandem/sip/dialog"
	"tandem/sip/digest"
	"tandem/sip/trunk"
	"tandem/store/journey"
)

// noted shows the engine's commands in the ladder.
type noted struct {
	media.Engine
	r *rig
}

func (n noted) Do(c media.Command) error {
	if _, ok := c.(media.Describe); ok && n.r.mute.Load() {
		n.r.ladder.Note("media    %s UNHEARD", mediatest.Format(short(c)))
		return nil
	}
	err := n.Engine.Do(c)
	line := "media    " + mediatest.Format(short(c))
	if err != nil {
		line += " REFUSED: " + err.Error()
	}
	n.r.ladder.Note("%s", line)
	return err
}

// short leaves the text of session descriptions out.
func short(c media.Command) media.Command {
	switch d := c.(type) {
	case media.Describe:
		if d.Offer != "" {
			d.Offer = "sdp"
		}
		return d
	case media.Accept:
		d.Answer = "sdp"
		return d
	}
	return c
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
	item     string         // enqueued last
	work     WorkItem       // the same
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
	q.mu.Lock()
	q.item, q.work = w.ID, w
	q.mu.Unlock()
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

func (q *queues) End(_, by string) error { return q.note("end by %s", by) }

// movers is a dispatcher that knows transfers and reasons.
type movers struct{ *queues }

func (q movers) Transfer(_, queue string) error { return q.note("transfer to %s", queue) }

func (q movers) HandOver(_, endpoint string) error { return q.note("hand over to %s", endpoint) }

func (q movers) Recover(_ string, epoch uint64) error { return q.note("recover, epoch %d", epoch) }

func (q movers) LeaveWhy(_, why string) error { return q.note("leave: %s", why) }

// origins shows what originators hear, and checks the order.
type origins struct {
	r    *rig
	mu   sync.Mutex
	last map[string]Stage
}

func (o *origins) Originated(e Originated) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.last == nil {
		o.last = map[string]Stage{}
	}
	if was := o.last[e.Call]; e.Stage <= was || was >= Failed {
		o.r.t.Errorf("stage %d after %d", e.Stage, was)
	}
	o.last[e.Call] = e.Stage
	o.r.ladder.Note("origin   %s stage=%d kind=%s by=%s side=%d", e.Ref, e.Stage, e.Kind, e.By, e.Side)
}

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
	mu      sync.Mutex
	last    Arrival // of Route
}

func newRouter(r *rig) *router {
	return &router{r: r, scripts: map[string]func() Script{}, targets: map[string]Destination{
		"anna": {Endpoint: "anna"}, "bert": {Endpoint: "bert"}, "paula": {Endpoint: "paula"}, "olga": {Endpoint: "olga"}, "echo": {Echo: true},
	}}
}

func (x *router) Route(a Arrival, _ Identity) Route {
	x.mu.Lock()
	x.last = a
	x.mu.Unlock()
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

type phones map[string]digest.HA1Set

func (p phones) HA1(user string) (digest.HA1Set, bool) { s, ok := p[user]; return s, ok }

func (p phones) Endpoint(user string) (Phone, bool) {
	_, ok := p[user]
	ok = ok || user == "paula" || user == "olga" // who never prove themselves by digest
	return Phone{Name: user, Outside: "+4930100" + map[string]string{"anna": "20", "bert": "30"}[user]}, ok
}

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

func (l *logs) WithAttrs([]slog.Attr) slog.Handler { return l }

func (l *logs) WithGroup(string) slog.Handler { return l }

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
