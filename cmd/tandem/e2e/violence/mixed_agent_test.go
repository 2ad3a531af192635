package violence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
)

// clerk is an agent at the desk's page: takes what is offered, answers each message, ends what is said goodbye to, and wraps up.
type clerk struct {
	*page
	t       *testing.T
	name    string
	closing *atomic.Bool // end everything
	gone    *atomic.Bool // never come back

	mu    sync.Mutex        // guards what stands below
	acked map[string]string // id of a message → its conversation
	seen  map[string]int
	items map[string]deskItem
}

func newClerk(t *testing.T, n int, site, from netip.AddrPort, closing *atomic.Bool) *clerk {
	return &clerk{page: newPage(site, from), t: t, name: agentName(n), closing: closing, gone: &atomic.Bool{}, acked: map[string]string{}, seen: map[string]int{}}
}

type deskItem struct {
	Item         string `json:"item"`
	State        string `json:"state"`
	Medium       string `json:"medium"`
	Conversation string `json:"conversation"`
	Away         bool   `json:"away"`
}

type deskMessage struct {
	Conversation string `json:"conversation"`
	Seq          uint64 `json:"seq"`
	ID           string `json:"id"`
	From         string `json:"from"`
	Text         string `json:"text"`
}

type deskOffer struct {
	Offer  string `json:"offer"`
	Medium string `json:"medium"`
}

// deskFrame is any frame of the desk's protocol.
type deskFrame struct {
	T        string        `json:"t"`
	Re       string        `json:"re"`
	ID       string        `json:"id"`
	Code     string        `json:"code"`
	Offer    *deskOffer    `json:"offer"`
	Offers   []deskOffer   `json:"offers"`
	Item     *deskItem     `json:"item"`
	Items    []deskItem    `json:"items"`
	Message  *deskMessage  `json:"message"`
	Messages []deskMessage `json:"messages"`
}

// order is a frame to the gateway.
type order struct {
	T     string `json:"t"`
	ID    string `json:"id,omitempty"`
	State string `json:"state,omitempty"`
	Offer string `json:"offer,omitempty"`
	Item  string `json:"item,omitempty"`
	Conv  string `json:"conv,omitempty"`
	Text  string `json:"text,omitempty"`
}

// work works until ctx ends or the clerk is gone.
func (c *clerk) work(ctx context.Context) {
	for ctx.Err() == nil && !c.gone.Load() {
		if c.header.Get("Cookie") == "" && !c.signIn(ctx) {
			pause(ctx, 50*time.Millisecond)
			continue
		}
		s, status, err := c.open(ctx, "/desk/socket")
		if status == http.StatusUnauthorized {
			c.count("session lost")
			c.header.Del("Cookie")
		}
		if err == nil {
			(&shift{clerk: c, s: s, items: map[string]deskItem{}, open: map[string]order{}, bye: map[string]bool{}, silent: map[string]bool{}, asked: map[string]string{}, again: map[string]bool{}}).run(ctx)
			s.close()
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// signIn gets the session's cookie.
func (c *clerk) signIn(ctx context.Context) bool {
	body, err := json.Marshal(map[string]string{"user": c.name, "password": rig.Password})
	if err != nil {
		return false
	}
	wait, cancel := context.WithTimeout(ctx, frameTime)
	defer cancel()
	req, err := http.NewRequestWithContext(wait, http.MethodPost, "http://"+c.site+"/v1/session", bytes.NewReader(body))
	if err != nil {
		return false
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Tandem-Request", "1")
	res, err := c.client.Do(req)
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	for _, k := range res.Cookies() {
		c.header.Set("Cookie", k.Name+"="+k.Value)
	}
	c.count(fmt.Sprint("sign-in ", res.StatusCode))
	return len(res.Cookies()) > 0
}

func (c *clerk) count(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[what]++
}

// shift is one connection of a clerk. One goroutine reads and writes.
type shift struct {
	*clerk
	s      *socket
	items  map[string]deskItem
	open   map[string]order  // requests that wait for their answer
	bye    map[string]bool   // conversations to end
	silent map[string]bool   // conversations in which no customer has said anything
	again  map[string]bool   // conversations of which a message was refused: what is not answered is, if they are still here
	asked  map[string]string // item → the state in which it was told to go on
	n      int
}

func (s *shift) run(ctx context.Context) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !s.gone.Load() {
		select {
		case <-ctx.Done():
			return
		case b, ok := <-s.s.in:
			var f deskFrame
			if !ok {
				return
			}
			if err := json.Unmarshal(b, &f); err != nil {
				s.t.Errorf("%s: %v in %s", s.name, err, b)
				return
			}
			s.take(ctx, f)
		case <-tick.C:
			s.tidy(ctx)
		}
	}
}

// ask sends an order with an id of its own.
func (s *shift) ask(ctx context.Context, o order) {
	if o.ID == "" {
		s.n++
		o.ID = fmt.Sprintf("%s-%d", o.T, s.n)
	}
	s.open[o.ID] = o
	s.s.say(ctx, o)
}

func (s *shift) take(ctx context.Context, f deskFrame) {
	switch f.T {
	case "snapshot":
		s.ask(ctx, order{T: "agent.set", State: "available"})
		for _, o := range f.Offers {
			s.accept(ctx, o)
		}
		for _, i := range f.Items {
			s.item(ctx, i)
		}
	case "offer":
		s.accept(ctx, *f.Offer)
	case "item":
		s.item(ctx, *f.Item)
	case "item.gone":
		delete(s.items, f.ID)
	case "message":
		delete(s.silent, f.Message.Conversation)
		if s.has(f.Message.Conversation) {
			s.answer(ctx, *f.Message)
		} else {
			s.count("message of what is not in hand, from the " + f.Message.From)
		}
	case "transcript":
		o := s.open[f.Re]
		delete(s.open, f.Re)
		s.readUp(ctx, o.Conv, f.Messages)
	case "ack":
		s.acknowledged(f.Re)
	case "error":
		o := s.open[f.Re]
		s.count("error " + f.Code + " " + o.T)
		if o.T == "msg.send" {
			s.again[o.Conv] = true
		}
		delete(s.open, f.Re)
	}
}

func (s *shift) accept(ctx context.Context, o deskOffer) {
	if o.Medium == "chat" || o.Medium == "message" {
		s.ask(ctx, order{T: "offer.accept", Offer: o.Offer})
	}
}

func (s *shift) item(ctx context.Context, i deskItem) {
	before, had := s.items[i.Item]
	s.items[i.Item] = i
	if i.State == "active" && (!had || before.State != i.State) {
		s.ask(ctx, order{T: "transcript", Conv: i.Conversation})
	}
}

// has tells whether a conversation is in hand.
func (s *shift) has(conversation string) bool {
	for _, i := range s.items {
		if i.Conversation == conversation && i.State == "active" {
			return true
		}
	}
	return false
}

// readUp answers what nobody has answered.
func (s *shift) readUp(ctx context.Context, conversation string, list []deskMessage) {
	s.silent[conversation] = !slices.ContainsFunc(list, func(m deskMessage) bool { return m.From == "customer" })
	answered := map[string]bool{}
	for _, m := range list {
		if m.From == "agent" {
			answered[m.ID] = true
		}
	}
	for _, m := range list {
		switch {
		case m.From == "customer" && !answered["re-"+m.ID]:
			s.answer(ctx, m)
		case m.From == "customer" && last(m.Text):
			s.bye[m.Conversation] = true
		}
	}
}

// last tells whether a customer wants no more.
func last(text string) bool {
	return strings.HasPrefix(text, goodbye) || strings.HasPrefix(text, "text ")
}

func (s *shift) answer(ctx context.Context, m deskMessage) {
	if m.From != "customer" {
		return
	}
	s.ask(ctx, order{T: "msg.send", ID: "re-" + m.ID, Conv: m.Conversation, Text: "You said: " + m.Text})
}

func (s *shift) acknowledged(re string) {
	o := s.open[re]
	delete(s.open, re)
	if o.T != "msg.send" {
		return
	}
	s.mu.Lock()
	s.acked[o.ID] = o.Conv
	s.mu.Unlock()
	if last(strings.TrimPrefix(o.Text, "You said: ")) {
		s.bye[o.Conv] = true
	}
}

// tidy ends and wraps up.
func (s *shift) tidy(ctx context.Context) {
	for _, i := range s.items {
		if i.State == "active" && s.again[i.Conversation] {
			delete(s.again, i.Conversation)
			s.ask(ctx, order{T: "transcript", Conv: i.Conversation})
		}
		switch {
		case s.asked[i.Item] == i.State: // once is enough
		case i.State == "active" && (s.bye[i.Conversation] || i.Away && s.silent[i.Conversation] || s.closing.Load()):
			s.asked[i.Item] = i.State
			if i.Away && s.silent[i.Conversation] {
				s.count("a visitor who left without a word")
			}
			s.ask(ctx, order{T: "item.end", Item: i.Item})
		case i.State == "wrap-up":
			s.asked[i.Item] = i.State
			s.ask(ctx, order{T: "wrapup", Item: i.Item})
		}
	}
	s.mu.Lock()
	s.clerk.items = map[string]deskItem{}
	for k, v := range s.items {
		s.clerk.items[k] = v
	}
	s.mu.Unlock()
}
