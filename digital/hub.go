package digital

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"tandem/digital/outage"
	"tandem/store/journey"
)

// Parts are what a hub works with. All are needed but Observer and Adapters.
type Parts struct {
	Records  Records
	Journal  Journal
	Queues   Queues
	Router   Router
	Texts    Texts
	Wishes   Wishes
	Observer Observer  // may be nil
	Adapters []Adapter // of the channels that messages are sent over; a channel without one is read by feeds (web chat)
	Metrics  *Metrics
	Log      *slog.Logger
}

// Hub is the one door of all conversations: it admits, finds the owner of each message, and holds what conversations share. Its
// methods may be called from any goroutine and never wait, but for Close.
type Hub struct {
	cfg Config
	Parts
	adapters map[journey.Channel]Adapter
	metrics  *Metrics
	log      *slog.Logger
	journal  *outage.Log // batches that were not stored
	records  *outage.Log // conversations whose record could not be found

	conversations *index[*conversation] // by id
	threads       *index[*conversation] // by thread, while open
	externals     *externals            // by the provider's id of an outgoing message
	recent        *externals            // by thread and id of an incoming message: a repeat begins no new conversation
	count         atomic.Int64

	mu     sync.Mutex // guards closed together with wg.Add
	closed bool
	wg     sync.WaitGroup
}

// New makes a hub.
func New(cfg Config, p Parts) (*Hub, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	h := &Hub{
		cfg: cfg, Parts: p, adapters: map[journey.Channel]Adapter{}, metrics: p.Metrics, log: p.Log,
		journal: outage.New(p.Log, "messages not stored"), records: outage.New(p.Log, "conversation without a record"),
		conversations: newIndex[*conversation](), threads: newIndex[*conversation](), externals: newExternals(), recent: newExternals(),
	}
	for _, a := range p.Adapters {
		h.adapters[a.Channel()] = a
	}
	return h, nil
}

// Receive takes a message of a customer. done is called exactly once when nil was returned: when the message is durable, or was
// refused; it may be called before Receive returns. A repeat (the same External in the same conversation) is answered with the receipt of the first.
func (h *Hub) Receive(in Inbound, done func(Receipt)) error {
	if in.External == "" {
		return ErrInvalid
	}
	m := arrived{in: in, done: done}
	if in.Conversation != "" {
		return h.ask(in.Conversation, m)
	}
	if in.Thread == "" && in.From.Value == "" {
		return ErrInvalid // strangers would share a thread
	}
	a := Arrival{Channel: in.Channel, Token: in.Token, Thread: threadOf(in.Channel, in.Thread, in.To, in.From.Value), To: in.To, At: in.At}
	if in.From.Value != "" {
		a.Identities = []journey.Identity{in.From}
	}
	if ref, ok := h.recent.get(a.Thread + "|" + in.External); ok {
		h.metrics.duplicates.Inc()
		done(Receipt{Conversation: ref.conversation, Seq: ref.seq, Duplicate: true})
		return nil
	}
	return h.inThread(a, m)
}

// Open begins a conversation of a channel that is connected to us. done is called exactly once when nil was returned: the
// conversation is durable, or refused.
func (h *Hub) Open(o Opening, done func(Opened)) error {
	id := newID()
	a := Arrival{Conversation: id, Channel: o.Channel, Token: o.Token, Identities: o.Identities, Topic: o.Topic, Queue: o.Queue}
	c, err := h.enter(h.conversations, id, func() (*conversation, begin) {
		return h.newConversation(id), begin{arrival: a, opening: &o, opened: done}
	})
	if err != nil {
		return err
	}
	return c.post(woken{})
}

// Send takes a message of the agent who owns a conversation's item. done is called exactly once when nil was returned: when the
// message is durable, or was refused. What becomes of it later is told by Progress updates.
func (h *Hub) Send(m AgentMessage, done func(Receipt)) error {
	return h.ask(m.Conversation, agentWrote{msg: m, done: done})
}

// Start takes a message by which an agent begins a conversation, or goes on in one that nobody owns.
func (h *Hub) Start(o Outreach, done func(Receipt)) error {
	if n, ok := h.adapters[o.Channel].(Numbers); ok {
		o.To.Value = n.Normal(o.To.Value)
		if o.From == "" {
			o.From = n.Sender(o.To.Value)
		}
	}
	if o.To.Value == "" {
		return ErrInvalid
	}
	a := Arrival{
		Channel: o.Channel, Thread: threadOf(o.Channel, "", o.From, o.To.Value), Identities: []journey.Identity{o.To}, To: o.From, Record: o.Record,
	}
	return h.inThread(a, reached{out: o, done: done})
}

// Act performs an operation of the agent who owns a conversation's item. done may be nil.
func (h *Hub) Act(op AgentOp, done func(error)) error {
	if done == nil {
		done = func(error) {}
	}
	return h.ask(op.Conversation, acted{op: op, done: done})
}

// Post gives a conversation a command; one that is not in memory is loaded from its record. ErrBusy and ErrFull: try again.
func (h *Hub) Post(conversation string, m Command) error { return h.ask(conversation, m) }

// Wake loads a conversation from its record, so that what was durable but not sent when we were stopped goes on its way.
func (h *Hub) Wake(conversation string) error { return h.ask(conversation, woken{}) }

// Report takes news about a message that a provider took earlier; false if nobody here remembers it.
func (h *Hub) Report(r Report) bool {
	ref, ok := h.externals.get(string(r.Channel) + "|" + r.External)
	if !ok || h.ask(ref.conversation, reported{seq: ref.seq, report: r}) != nil {
		h.metrics.strays.Inc()
		return false
	}
	return true
}

// Transcript gives the messages after a sequence, at most limit. done is called exactly once when nil was returned.
func (h *Hub) Transcript(conversation string, after uint64, limit int, done func([]Message, error)) error {
	return h.ask(conversation, wantTranscript{after: after, limit: limit, done: done})
}

// View gives a conversation that is in memory.
func (h *Hub) View(conversation string) (View, bool) {
	c, ok := h.conversations.get(conversation)
	if !ok {
		return View{}, false
	}
	v := c.shown.Load()
	if v == nil {
		return View{}, false
	}
	return *v, true
}

// Views gives all conversations in memory, in no order.
func (h *Hub) Views() []View {
	all := h.conversations.each()
	views := make([]View, 0, len(all))
	for _, c := range all {
		if v := c.shown.Load(); v != nil {
			views = append(views, *v)
		}
	}
	return views
}

// Len is how many conversations are in memory.
func (h *Hub) Len() int { return int(h.count.Load()) }

// Close refuses everything from now on and returns when the owners have done what waited for them, or ctx is done.
func (h *Hub) Close(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		h.wg.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// threadOf is the key of a conversation among the open ones.
func threadOf(channel journey.Channel, thread, ours, theirs string) string {
	if thread != "" {
		return string(channel) + "|t|" + thread
	}
	return string(channel) + "|a|" + ours + "|" + theirs
}

// newID makes the id of a conversation: 130 random bits.
func newID() string { return "v_" + strings.ToLower(rand.Text()) }

// ask posts to a conversation, loading it if it is not in memory.
func (h *Hub) ask(id string, m any) error {
	if id == "" || journey.ValidateID("conversation", id) != nil {
		return ErrNotFound
	}
	return h.toOwner(h.conversations, id, func() (*conversation, begin) { return h.newConversation(id), begin{load: true} }, m)
}

// inThread posts to the conversation of a thread, beginning one if none is open.
func (h *Hub) inThread(a Arrival, m any) error {
	return h.toOwner(h.threads, a.Thread, func() (*conversation, begin) { return h.newConversation(""), begin{arrival: a} }, m)
}

// toOwner posts to what stands under a key of an index, making it where nothing does.
func (h *Hub) toOwner(in *index[*conversation], key string, fresh func() (*conversation, begin), m any) error {
	for range 3 {
		c, ok := in.get(key)
		if !ok {
			var err error
			if c, err = h.enter(in, key, fresh); err != nil {
				return err
			}
		}
		if err := c.post(m); !errors.Is(err, errGone) {
			return h.counted(err)
		}
	}
	return h.counted(ErrBusy)
}

// enter puts a new conversation under a key, if there is room for it and nobody was faster. It begins before anybody finds it.
func (h *Hub) enter(in *index[*conversation], key string, fresh func() (*conversation, begin)) (*conversation, error) {
	if int(h.count.Add(1)) > h.cfg.Conversations {
		h.count.Add(-1)
		h.metrics.refused.WithLabelValues("full").Inc()
		return nil, ErrFull
	}
	c, b := fresh()
	c.box.mail = append(c.box.mail, b)
	there, mine := in.claim(key, c)
	if !mine {
		h.count.Add(-1)
		return there, nil
	}
	h.metrics.conversations.Inc()
	return c, nil
}

func (h *Hub) counted(err error) error {
	if errors.Is(err, ErrBusy) {
		h.metrics.mailboxFull.Inc()
	}
	return err
}

// forget takes a conversation that has left memory out of the indexes.
func (h *Hub) forget(c *conversation) {
	h.conversations.remove(c.id, c)
	h.threads.remove(c.arrival.Thread, c)
	h.count.Add(-1)
	h.metrics.conversations.Dec()
}

// leave takes a feed off a conversation.
func (h *Hub) leave(id string, f *Feed) {
	if c, ok := h.conversations.get(id); ok {
		c.answer(unfollowed{f})
	}
}

// start begins an owner's goroutine, unless the hub is closed. What the hub itself waits for (held) is still handled then.
func (h *Hub) start(c *conversation, held bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed && !held {
		return false
	}
	h.wg.Add(1)
	go c.run()
	return true
}
