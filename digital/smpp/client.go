package smpp

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"tandem/digital/smpp/pdu"
)

// mailboxSize bounds what connections and answers may have waiting; they wait for room, the owner never does.
const mailboxSize = 64

// Client is an ESME. Owned by Run's goroutine, but for the fields that say otherwise.
type Client struct {
	config  Config
	log     *slog.Logger
	metrics *Metrics
	dial    func(context.Context, string) (net.Conn, error)
	rand    interface{ Float64() float64 }

	submits chan *flight // holds Config.Queue
	mail    chan any
	events  chan Event
	done    chan struct{} // closed when the owner takes nothing more
	held    atomic.Int64  // any goroutine: submissions whose Result was not read yet
	wg      sync.WaitGroup
	door    sync.RWMutex // guards closed together with a send into submits; never held while waiting
	closed  bool

	state    LinkState
	why      string // of the last loss
	conn     *connection
	undial   context.CancelFunc // ends a dial that is under way
	tries    int
	when     deadlines
	seq      uint32
	control  map[uint32]pdu.Command // bind, enquire_link and unbind that are out
	out      []Event
	sending  sending
	incoming incoming
}

// deadlines are the times at which something is due; zero: never.
type deadlines struct {
	retry    time.Time // LinkIdle: dial again
	bound    time.Time // dialling, binding: give up
	enquire  time.Time // send enquire_link
	enquired time.Time // it must have been answered
	unbound  time.Time // unbinding: wait no longer
	sweep    time.Time // look for submissions whose time has passed
}

// What is mailed to the owner.
type (
	dialled struct {
		conn net.Conn
		err  error
	}
	read struct {
		from  *connection
		pdu   pdu.PDU
		fault *pdu.Fault
	}
	broken struct {
		from *connection
		err  error
	}
	answer struct {
		token  uint64
		status pdu.Status
	}
)

// New makes a client; the error tells all faults of the configuration.
func New(c Config, d Deps) (*Client, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	k := &Client{
		config: c, log: d.Log, metrics: d.Metrics, dial: d.Dial, rand: d.Rand,
		submits: make(chan *flight, c.Queue), mail: make(chan any, mailboxSize), events: make(chan Event), done: make(chan struct{}),
		control: map[uint32]pdu.Command{}, sending: newSending(c), incoming: newIncoming(),
	}
	if k.dial == nil {
		k.dial = c.dialer()
	}
	if k.rand == nil {
		k.rand = chance{}
	}
	return k, nil
}

// Submit takes a submission. It never waits. ErrFull: Config.Queue are waiting or out, or their results have not been read.
func (c *Client) Submit(s Submission) error {
	if c.config.Mode == Receiver {
		return ErrClosed
	}
	c.door.RLock()
	defer c.door.RUnlock()
	if c.closed {
		return ErrClosed
	}
	if c.held.Add(1) > int64(c.config.Queue) {
		c.held.Add(-1)
		c.metrics.full(c.config.Name)
		return ErrFull
	}
	c.submits <- &flight{submission: s} // has room for all that held lets in
	return nil
}

// Events gives what the user is told, in order; closed when Run has ended.
func (c *Client) Events() <-chan Event { return c.events }

// Answer ends an Inbound: pdu.OK when it is durable, another status when it is not. A token that is not known is ignored.
func (c *Client) Answer(token uint64, s pdu.Status) {
	select {
	case c.mail <- answer{token, s}:
	case <-c.done:
	}
}

// Run keeps the client bound until ctx ends, then waits for the answers that are out, unbinds and closes Events.
func (c *Client) Run(ctx context.Context) error {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	stop := ctx.Done()
	c.on(linkDue, "")
	for c.state != LinkClosed {
		now := time.Now()
		c.fall(now)
		c.pump(now)
		timer.Reset(c.wait(time.Now()))
		var events chan<- Event
		var first Event
		if len(c.out) > 0 {
			events, first = c.events, c.out[0]
		}
		select {
		case <-stop:
			stop = nil
			c.on(linkStop, "stopped")
		case f := <-c.submits:
			c.sending.add(f)
		case m := <-c.mail:
			c.handle(m)
		case events <- first:
			c.read()
		case <-timer.C:
		}
	}
	c.finish()
	return nil
}

// read drops the event that was read.
func (c *Client) read() {
	if _, ok := c.out[0].(Result); ok {
		c.held.Add(-1)
	}
	c.out[0] = nil
	c.out = c.out[1:]
}

// finish tells the results of all that was never sent, and closes.
func (c *Client) finish() {
	c.door.Lock()
	c.closed = true
	c.door.Unlock()
	close(c.done)
	for len(c.submits) > 0 {
		c.sending.add(<-c.submits)
	}
	for _, f := range c.sending.queue {
		c.result(f, Result{Outcome: Unsent})
	}
	c.sending.queue = nil
	for len(c.out) > 0 {
		c.events <- c.out[0]
		c.read()
	}
	close(c.events)
	c.wg.Wait()
}

// on feeds the machine and does what it says.
func (c *Client) on(e linkOn, why string) {
	from := c.state
	to, do, listed := step(linkTable, c.state, e)
	if !listed {
		return
	}
	c.state = to
	if why != "" {
		c.why = why
	}
	c.log.Debug("smpp link", "trunk", c.config.Name, "from", from.String(), "on", linkOnNames[e], "to", to.String(), "reason", why)
	for _, effect := range linkEffects {
		if do&effect.do != 0 {
			effect.run(c, from)
		}
	}
}

// linkEffects are run in this order.
var linkEffects []struct {
	do  linkDo
	run func(c *Client, from LinkState)
}

func init() {
	linkEffects = []struct {
		do  linkDo
		run func(c *Client, from LinkState)
	}{
		{linkDial, (*Client).startDial}, {linkBind, (*Client).startBind}, {linkUp, (*Client).goUp}, {linkDown, (*Client).goDown},
		{linkBackOff, (*Client).backOff}, {linkDrain, (*Client).drain}, {linkEnd, func(*Client, LinkState) {}},
	}
}

func (c *Client) tell(e Event) {
	if l, ok := e.(Link); ok && len(c.out) > 1 {
		if _, same := c.out[len(c.out)-1].(Link); same { // not read yet: the newer one holds
			c.out[len(c.out)-1] = l
			return
		}
	}
	c.out = append(c.out, e)
}

// wait returns how long until something is due.
func (c *Client) wait(now time.Time) time.Duration {
	first := now.Add(time.Hour)
	for _, at := range []time.Time{
		c.when.retry, c.when.bound, c.when.enquire, c.when.enquired, c.when.unbound, c.when.sweep,
		c.sending.next(c.state == LinkBound), c.sending.expires(), c.incoming.expires(),
	} {
		if !at.IsZero() && at.Before(first) {
			first = at
		}
	}
	return max(0, first.Sub(now))
}

// fall does what is due.
func (c *Client) fall(now time.Time) {
	due := func(at *time.Time) bool {
		if at.IsZero() || at.After(now) {
			return false
		}
		*at = time.Time{}
		return true
	}
	if due(&c.when.retry) {
		c.on(linkDue, "")
	}
	if due(&c.when.bound) {
		c.on(linkLost, "no answer to the bind")
	}
	if due(&c.when.enquired) {
		c.on(linkLost, "no answer to enquire_link")
	}
	if due(&c.when.enquire) && c.conn != nil {
		c.enquire(now)
	}
	if due(&c.when.unbound) {
		c.on(linkDrained, "")
	}
	if due(&c.when.sweep) {
		c.sweep(now)
	}
	c.expireFlights(now)
	c.expireInbound(now)
}
