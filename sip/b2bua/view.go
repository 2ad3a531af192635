package b2bua

import (
	"slices"
	"sync"
	"time"

	"tandem/media"
)

// CallView is a call as readers see it: a copied value, at most one event old.
type CallView struct {
	ID        string
	Record    string
	State     string // routing, ringing, connected, ending, ended
	Waiting   string // "", queued, offered, accepted, active
	Item      string // the work item, empty if none
	Caller    string
	Called    string
	Trunk     string
	Endpoint  string
	Flow      string
	Peer      string   // whom the caller talks to
	Hold      bool     // one of the two holds the other
	Recording string   // file name, empty if none
	Listeners []string // supervisors who hear the talk
	Listens   string   // ID of the call whose talk the caller hears, empty if none
	Began     time.Time
	Answered  time.Time
	Ended     time.Time
	Cause     string
	By        string
	Legs      []LegView
}

// LegView is one leg of a call.
type LegView struct {
	Name, State string
	To          string // who is there
	Endpoint    string // the phone of this site that it is, empty for whoever is outside
	Source      string // host:port that its signalling goes to
	Codec       string
	SRTP        string  // how its audio is protected: a suite's name, or DTLS; empty: it is not
	Held        bool    // it holds us
	MOS         float64 // with the figures below: once its stream is closed
	Sent        uint64
	Received    uint64
	Lost        uint64
}

var (
	callStateNames = [...]string{"routing", "ringing", "connected", "ending", "ended"}
	legStateNames  = [...]string{"new", "ringing", "answered", "ending", "ended"}
	itemStateNames = [...]string{"", "queued", "offered", "accepted", "active"}
)

// String returns the state as views and logs show it.
func (s callState) String() string { return callStateNames[s] }

// String returns the state as views and logs show it.
func (s legState) String() string { return legStateNames[s] }

// shown is the view of a call that readers copy. Its owner renews it in place.
type shown struct {
	mu   sync.Mutex
	view CallView // guarded by mu: ID is empty until the call was published
}

// read gives a copy; false if the call was never published.
func (s *shown) read() (CallView, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.view
	v.Legs, v.Listeners = slices.Clone(v.Legs), slices.Clone(v.Listeners)
	return v, v.ID != ""
}

// publish makes the present state visible to readers, if it differs from what they see.
func (c *Call) publish() {
	c.shown.mu.Lock()
	defer c.shown.mu.Unlock()
	v := &c.shown.view
	if v.ID != "" && c.sameAs(v) {
		return
	}
	legs := v.Legs[:0]
	*v = CallView{
		ID: c.id, Record: c.record(), State: c.state.String(), Waiting: itemStateNames[c.item.state], Item: c.item.id,
		Caller: c.arrival.Caller, Called: c.arrival.Called, Endpoint: c.arrival.Endpoint, Flow: c.route.Flow,
		Peer: c.peerName(), Hold: c.holding(), Recording: c.rec.file, Listeners: c.ears.who(), Listens: c.listensTo(), Began: c.arrival.At, Answered: c.answered, By: c.by,
	}
	if c.arrival.Trunk != nil {
		v.Trunk = c.arrival.Trunk.Name()
	}
	if c.state >= callEnding {
		v.Cause = c.kind.String()
	}
	for _, l := range c.legs {
		legs = append(legs, l.view())
	}
	v.Legs = legs
}

func (l *leg) view() LegView {
	return LegView{
		Name: l.name, State: l.state.String(), To: l.target.name, Endpoint: l.target.endpoint, Source: l.route.to.Addr.String(), Codec: l.config.Format.Codec.String(),
		SRTP: l.protection(), Held: l.onHold, MOS: l.stats.MOS, Sent: l.stats.Sent, Received: l.stats.Received, Lost: l.stats.Lost,
	}
}

// protection names how the leg's audio is protected, empty if it is not.
func (l *leg) protection() string {
	switch {
	case l.browser:
		return "DTLS"
	case !l.config.SRTP.Plain():
		return l.config.SRTP.Send.Suite.String()
	}
	return ""
}

// sameAs compares what changes in a call's life.
func (c *Call) sameAs(v *CallView) bool {
	if v.State != c.state.String() || v.Waiting != itemStateNames[c.item.state] || v.Item != c.item.id || v.Peer != c.peerName() ||
		v.Hold != c.holding() || v.Recording != c.rec.file || !v.Answered.Equal(c.answered) || v.Record != c.record() ||
		v.Listens != c.listensTo() || !c.ears.same(v.Listeners) ||
		len(v.Legs) != len(c.legs) {
		return false
	}
	for i, l := range c.legs {
		old := &v.Legs[i]
		if old.Name != l.name || old.State != l.state.String() || old.Received != l.stats.Received || old.Held != l.onHold ||
			old.Codec != l.config.Format.Codec.String() || old.SRTP != l.protection() {
			return false
		}
	}
	return true
}

func (c *Call) peerName() string {
	switch {
	case c.echo:
		return "echo"
	case c.peer != nil:
		return c.peer.target.name
	}
	return ""
}

// listensTo is the call whose talk the caller hears.
func (c *Call) listensTo() string {
	if c.ears.hears == nil {
		return ""
	}
	return c.ears.hears.id
}

func (c *Call) holding() bool {
	return c.caller != nil && c.caller.quiet() || c.peer != nil && c.peer.quiet()
}

// figureWait bounds how long a reader waits for present figures, maxAsks how many readers may wait.
const (
	figureWait = 200 * time.Millisecond
	maxAsks    = 8
)

// waitFigures asks the owner to bring the view up to date.
func (c *Call) waitFigures() {
	reply := make(chan struct{}, 1)
	if !c.post(wantView{reply}) {
		return
	}
	select {
	case <-reply:
	case <-time.After(figureWait):
	}
}

// askFigures asks the engine for the figures of all open streams, for a reader.
func (c *Call) askFigures(reply chan<- struct{}) {
	if len(c.asks) == maxAsks {
		c.asks = c.asks[1:] // it sees what was known
	}
	c.asks, c.owed = append(c.asks, reply), 1
	for _, l := range c.legs {
		if l.ports == streamOpen && c.sw.engine.Do(media.QueryStats{Stream: l.stream}) == nil {
			c.owed++
		}
	}
	c.figuresCame()
}

// figuresCame tells the readers once all figures are there.
func (c *Call) figuresCame() {
	if c.owed--; c.owed > 0 || len(c.asks) == 0 {
		return
	}
	c.publish()
	for _, reply := range c.asks {
		reply <- struct{}{}
	}
	c.asks = nil
}
