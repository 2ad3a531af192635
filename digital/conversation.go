package digital

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync/atomic"
	"time"

	"tandem/store/journey"
)

// conversation is one thread of messages: its lines, its script, its work item. Owned by its goroutine; others post.
type conversation struct {
	hub   *Hub
	box   mailbox
	timer *time.Timer // made by the owner, fires into the mailbox
	shown atomic.Pointer[View]

	// What follows belongs to the owner's goroutine.
	id       string
	log      *slog.Logger
	now      time.Time
	todo     []any // what the event being handled has caused, in order
	held     []any // what came before the record was known
	arrival  Arrival
	identity Identity
	state    convState
	begun    time.Time
	touched  time.Time
	ended    time.Time
	by, why  string

	script    Script
	flow      string
	choices   []Choice // of the newest message that had some
	routed    bool     // a router was asked before
	crashes   int
	item      item
	items     int  // enqueued so far
	secret    bool // what the customer writes next is one
	spoken    int  // messages of house and scripts
	lastAgent string

	lines  lines
	paper  paper
	out    outbox
	seen   progress
	feeds  []*Feed
	opened func(Opened) // who waits for the beginning to be durable
	facts  *Opening

	present   bool
	awaySince time.Time
	engaged   bool      // the customer has said something, or asked for a voice
	waitUntil time.Time // when a record that was asked for is given up
	gone      bool      // it has left memory
	loads     int
	loading   int // number of the load that is waited for; 0: none
	closing   bool
	dirty     bool      // the view is older than the conversation
	goneBy    string    // who left the talk, until the script hears of something else: he ended it if it ends now
	used      time.Time // when others last wanted something
	missing   error     // why it has no record
	readers   []any     // who wants what has left memory
}

// progress is how far customer and agents have read.
type progress struct{ byUs, by, got uint64 }

func (h *Hub) newConversation(id string) *conversation {
	return &conversation{hub: h, id: id, log: h.log.With("conversation", id)}
}

// post gives a conversation mail of others.
func (c *conversation) post(m any) error { return c.put(m, c.hub.cfg.Mailbox, false) }

// answer gives a conversation what it has asked for itself, or what bounds itself.
func (c *conversation) answer(m any) { _ = c.put(m, 0, false) }

// answerHeld is answer for what the hub's Close waits for.
func (c *conversation) answerHeld(m any) { _ = c.put(m, 0, true) }

func (c *conversation) put(m any, most int, held bool) error {
	start, err := c.box.put(m, most)
	if err != nil || !start {
		return err
	}
	if !c.hub.start(c, held) {
		return ErrStopped
	}
	return nil
}

// run is the owner: it handles what waits and ends when nothing does. The next mail begins it anew.
func (c *conversation) run() {
	defer c.hub.wg.Done()
	for {
		list := c.box.take()
		if len(list) == 0 {
			return
		}
		for _, m := range list {
			c.handle(m)
		}
		c.settle()
	}
}

// maxCaused bounds what one event may cause: a script that enqueues again whenever it is refused would never end.
const maxCaused = 256

// handle performs one event and everything that it causes. A panic ends this conversation and nothing else.
func (c *conversation) handle(m any) {
	defer func() {
		if r := recover(); r != nil {
			c.crashed(r)
		}
	}()
	c.now = time.Now()
	c.todo = append(c.todo[:0], m)
	for i := 0; i < len(c.todo); i++ {
		if i == maxCaused {
			c.log.Error("conversation turns in circles")
			c.close("system", "loop")
			break
		}
		m := c.todo[i]
		c.todo[i] = nil
		c.dispatch(m)
	}
	c.drop()
}

// drop refuses what is not performed any more.
func (c *conversation) drop() {
	for _, m := range c.todo {
		c.refuse(m, ErrClosed)
	}
	clear(c.todo)
	c.todo = c.todo[:0]
}

// cause puts what the present event has caused behind what is already due.
func (c *conversation) cause(m any) { c.todo = append(c.todo, m) }

func (c *conversation) crashed(r any) {
	c.hub.metrics.panics.Inc()
	c.log.Error("conversation ended by a panic", "err", fmt.Sprint(r), "stack", string(debug.Stack()))
	c.script, c.closing = nil, false
	c.drop()
	if c.crashes++; c.crashes == 1 {
		c.close("system", "internal")
	}
}

// What reaches a conversation, beside ScriptEvents and Commands.
type (
	begin struct {
		arrival Arrival
		load    bool // from the record, by id
		opening *Opening
		opened  func(Opened)
	}
	expired    struct{}
	identified struct{ identity Identity }
	loaded     struct {
		history History
		why     loadReason
		load    int
	}
	written struct{ err error }
	arrived struct {
		in   Inbound
		done func(Receipt)
	}
	agentWrote struct {
		msg  AgentMessage
		done func(Receipt)
	}
	reached struct {
		out  Outreach
		done func(Receipt)
	}
	acted struct {
		op   AgentOp
		done func(error)
	}
	woken    struct{}
	reported struct {
		seq    uint64
		report Report
	}
	sent struct {
		seq    uint64
		try    int
		result Result
	}
	followed struct {
		feed  *Feed
		after uint64
	}
	unfollowed     struct{ feed *Feed }
	wantTranscript struct {
		after uint64
		limit int
		done  func([]Message, error)
	}
)

// dispatch takes one event. Before the record is known, what wants an answer waits for it.
func (c *conversation) dispatch(m any) {
	if c.gone {
		c.refuse(m, errGone)
		return
	}
	switch m := m.(type) {
	case begin:
		c.begin(m)
	case expired:
		c.onExpired()
	case identified:
		c.identified(m.identity)
	case loaded:
		c.loaded(m)
	case written:
		c.written(m.err)
	case sent:
		c.sent(m)
	case flush:
		c.flush()
	case unfollowed:
		c.unfollow(m.feed)
	default:
		c.used = c.now
		switch {
		case c.state == convNew:
			c.hold(m)
		case c.missing != nil:
			c.refuse(m, c.missing)
		default:
			c.perform(m)
		}
	}
}

// perform takes an event of a conversation whose record is known.
func (c *conversation) perform(m any) {
	switch m := m.(type) {
	case arrived:
		c.arrived(m)
	case agentWrote:
		c.agentWrote(m)
	case reached:
		c.reached(m)
	case acted:
		m.done(c.acted(m.op))
	case reported:
		c.reported(m)
	case followed:
		c.follow(m)
	case wantTranscript:
		c.transcript(m)
	case Command:
		c.onCommand(m)
	case ScriptEvent:
		c.runScript(m)
	}
}

// hold keeps mail until the record is known.
func (c *conversation) hold(m any) {
	if len(c.held) >= c.hub.cfg.Mailbox {
		c.refuse(m, ErrBusy)
		return
	}
	c.held = append(c.held, m)
}

// release takes up what was held.
func (c *conversation) release() {
	for _, m := range c.held {
		c.cause(m)
	}
	c.held = nil
}

// refuse answers mail that will not be performed.
func (c *conversation) refuse(m any, err error) {
	switch m := m.(type) {
	case arrived:
		c.refused(m.done, err)
	case agentWrote:
		c.refused(m.done, err)
	case reached:
		c.refused(m.done, err)
	case acted:
		m.done(err)
	case wantTranscript:
		m.done(nil, err)
	case followed:
		m.feed.push(Update{Kind: Missing, Conversation: c.id, At: c.now, Reason: err.Error(), Err: err})
	case OfferAgent:
		c.tellQueues(c.hub.Queues.Decline(m, "gone"))
	}
}

func (c *conversation) refused(done func(Receipt), err error) {
	c.hub.metrics.refused.WithLabelValues(refusal(err)).Inc()
	done(Receipt{Err: err, Conversation: c.id})
}

// step moves the machine and performs its effects.
func (c *conversation) step(e convEvent) bool {
	to, do, ok := stepConversation(c.state, e)
	if !ok {
		return false
	}
	c.log.Debug("conversation", "from", c.state.String(), "to", to.String())
	c.state = to
	if do&convDropItem != 0 {
		c.item = item{}
	}
	if do&convDropScript != 0 {
		c.script = nil
	}
	if do&convEnd != 0 {
		c.ended = c.now
		c.hub.threads.remove(c.arrival.Thread, c)
		c.note(journey.ConversationClosed, c.actorOf(c.by), map[string]string{journey.DataBy: c.by, journey.DataReason: c.why})
	}
	if do&convTell != 0 {
		c.changed()
	}
	return true
}

// close ends the conversation. An item of it ends with it; the script hears of it and may only note.
func (c *conversation) close(by, why string) {
	if c.state == convClosed || c.closing {
		return
	}
	c.closing, c.by, c.why = true, by, why
	if c.script != nil {
		c.runScript(CustomerGone{})
	}
	c.endItem(by)
	c.step(convOnClose)
}
