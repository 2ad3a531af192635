package violence

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// said is a message of a visitor.
type said struct {
	id    string
	seq   uint64 // as acknowledged; 0: it was not
	again bool   // refused at least once: what was written after it may stand before it
}

// talk is one conversation of a visitor, as he knows it.
type talk struct {
	id   string
	said []*said // in the order in which they were written
	done bool    // the agent has answered the goodbye
}

// talkLength is how many messages a visitor writes before he says goodbye; window how many of them may be on their way.
const (
	talkLength = 3
	window     = 2
	goodbye    = "bye "
)

// visitor is a page with the chat open. He writes, waits for answers, says goodbye and begins anew, until he is told to stop.
type visitor struct {
	*page
	t    *testing.T
	name string
	stop *atomic.Bool // no new conversation any more

	token string // kept as a page keeps it
	last  uint64 // sequence of the newest message that he has
	fresh bool

	mu    sync.Mutex // guards what stands below
	talks []*talk
	idle  bool // between two conversations, and told to stop
	seen  map[string]int
}

func newVisitor(t *testing.T, n int, site, from netip.AddrPort, stop *atomic.Bool) *visitor {
	return &visitor{page: newPage(site, from), t: t, name: fmt.Sprintf("v%d", n), stop: stop, seen: map[string]int{}}
}

// chatFrame is any frame of the visitors' protocol.
type chatFrame struct {
	T            string `json:"t"`
	V            int    `json:"v,omitempty"`
	Token        string `json:"token,omitempty"`
	After        uint64 `json:"after,omitempty"`
	Fresh        bool   `json:"fresh,omitempty"`
	ID           string `json:"id,omitempty"`
	Text         string `json:"text,omitempty"`
	Conversation string `json:"conversation,omitempty"`
	Resumed      bool   `json:"resumed,omitempty"`
	Seq          uint64 `json:"seq,omitempty"`
	Code         string `json:"code,omitempty"`
	Retry        int64  `json:"retry,omitempty"`
	State        string `json:"state,omitempty"`
	Message      *struct {
		ID   string `json:"id"`
		Seq  uint64 `json:"seq"`
		From string `json:"from"`
		Text string `json:"text"`
	} `json:"message,omitempty"`
}

// live visits until ctx ends, or until he was told to stop and is done.
func (v *visitor) live(ctx context.Context) {
	for ctx.Err() == nil && !v.over() {
		s, _, err := v.open(ctx, "/chat/socket")
		if err == nil {
			v.visit(ctx, s)
			s.close()
		}
		pause(ctx, 50*time.Millisecond)
	}
}

// over tells whether there is nothing left to say.
func (v *visitor) over() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.idle = v.stop.Load() && (len(v.talks) == 0 || v.talks[len(v.talks)-1].done)
	return v.idle
}

// visit is one connection.
func (v *visitor) visit(ctx context.Context, s *socket) {
	if !s.say(ctx, chatFrame{T: "hello", V: 1, Token: v.token, After: v.last, Fresh: v.fresh && v.token != ""}) {
		return
	}
	var now *talk
	tick := time.NewTicker(40 * time.Millisecond)
	defer tick.Stop()
	sent := map[*said]time.Time{} // on this connection; the time is when it may be sent again
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case b, ok := <-s.in:
			var f chatFrame
			if !ok || json.Unmarshal(b, &f) != nil {
				return
			}
			if f.T == "welcome" {
				now = v.welcome(f)
			} else if !v.take(now, f, sent) {
				return
			}
		case <-tick.C:
			if now != nil && (now.done || !v.write(ctx, s, now, sent)) {
				return
			}
		}
	}
}

// welcome finds the conversation that the gateway says it is.
func (v *visitor) welcome(f chatFrame) *talk {
	v.mu.Lock()
	defer v.mu.Unlock()
	if f.Token != "" {
		v.token = f.Token
	}
	if n := len(v.talks); f.Resumed && n > 0 {
		if now := v.talks[n-1]; now.id == f.Conversation {
			return now
		}
		v.t.Errorf("%s came back to conversation %s, was in %s", v.name, f.Conversation, v.talks[n-1].id)
	}
	v.last, v.fresh = 0, false
	now := &talk{id: f.Conversation}
	v.talks = append(v.talks, now)
	return now
}

// take handles a frame; false: connect anew.
func (v *visitor) take(now *talk, f chatFrame, sent map[*said]time.Time) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch f.T {
	case "msg.ack":
		if m := now.find(f.ID); m != nil {
			if m.seq != 0 && m.seq != f.Seq {
				v.t.Errorf("%s: message %s was acknowledged as %d, then as %d", v.name, m.id, m.seq, f.Seq)
			}
			m.seq = f.Seq
		}
	case "msg.refused":
		v.seen[f.T+" "+f.Code]++
		m := now.find(f.ID)
		if m == nil || f.Code == "closed" {
			now.done, v.fresh = true, true
			return true
		}
		m.again, sent[m] = true, time.Now().Add(max(time.Duration(f.Retry), 100)*time.Millisecond)
	case "error":
		v.seen[f.T+" "+f.Code]++
		if f.Code == "session" {
			v.t.Errorf("%s: the token of conversation %s is not known any more", v.name, v.id())
			v.token = ""
		}
		return false
	case "msg.new":
		v.message(now, f)
	}
	return true
}

func (v *visitor) id() string {
	if n := len(v.talks); n > 0 {
		return v.talks[n-1].id
	}
	return "none"
}

// message wants each message once and in order.
func (v *visitor) message(now *talk, f chatFrame) {
	m := f.Message
	if m.Seq != v.last+1 {
		v.t.Errorf("%s in %s: message %d came after %d", v.name, now.id, m.Seq, v.last)
	}
	v.last = m.Seq
	if m.From == "agent" && strings.Contains(m.Text, goodbye) {
		now.done, v.fresh = true, true
	}
}

func (t *talk) find(id string) *said {
	for _, m := range t.said {
		if m.id == id {
			return m
		}
	}
	return nil
}

// write sends what is not acknowledged and was not sent on this connection yet, and new messages as the window allows.
func (v *visitor) write(ctx context.Context, s *socket, now *talk, sent map[*said]time.Time) bool {
	v.mu.Lock()
	var out []*said
	open := 0
	for _, m := range now.said {
		if m.seq != 0 {
			continue
		}
		open++
		if at, ok := sent[m]; !ok || !at.IsZero() && time.Now().After(at) {
			out = append(out, m)
		}
	}
	last := len(now.said) == talkLength
	if open < window && len(now.said) <= talkLength && (!last || open == 0) {
		m := &said{id: fmt.Sprintf("%s-%d-%d", v.name, len(v.talks), len(now.said))}
		now.said, out = append(now.said, m), append(out, m)
	}
	texts := make([]chatFrame, 0, len(out))
	for _, m := range out {
		sent[m] = time.Time{}
		text := "I ask " + m.id
		if strings.HasSuffix(m.id, fmt.Sprintf("-%d", talkLength)) {
			text = goodbye + m.id
		}
		texts = append(texts, chatFrame{T: "msg.send", ID: m.id, Text: text})
	}
	v.mu.Unlock()
	for _, f := range texts {
		if !s.say(ctx, f) {
			return false
		}
	}
	return true
}

// counts is what he was told no to, and how often.
func (v *visitor) counts() map[string]int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.seen)
}

// begun is how many conversations he has begun.
func (v *visitor) begun() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.talks)
}
