package b2bua

import (
	"fmt"
	"sync"
	"time"

	"tandem/sip"
)

// way says which way a message went.
type way uint8

const (
	received way = iota
	sent
)

// ladderSize bounds what a call remembers of its signalling: the first and the last messages are the telling ones.
const ladderSize = 64

// rung is one message of a call's ladder; small, because every live call holds its own.
type rung struct {
	at     time.Duration // since the call began
	leg    uint16
	way    way
	status uint16 // 0: a request
	cseq   uint32
	sdp    bool
	method sip.Method
}

// ladder is the signalling of one call as its owner saw it: retransmissions are the transaction room's.
type ladder struct {
	rungs   []rung
	skipped int
}

// trace notes a message of a leg.
func (c *Call) trace(l *leg, w way, msg sip.Message) {
	r := rung{at: c.now.Sub(c.arrival.At), way: w, leg: l.rung(), sdp: len(msg.Body()) > 0}
	if h := msg.CSeq(); h != nil {
		r.cseq, r.method = h.SeqNo, h.MethodName
	}
	if res, ok := msg.(*sip.Response); ok {
		r.status = uint16(res.StatusCode)
	}
	c.ladder.add(r)
}

func (c *Call) traceCancel(l *leg) {
	c.ladder.add(rung{at: c.now.Sub(c.arrival.At), way: sent, leg: l.rung(), method: sip.CANCEL})
}

func (x *ladder) add(r rung) {
	if len(x.rungs) < ladderSize {
		x.rungs = append(x.rungs, r)
		return
	}
	copy(x.rungs[ladderSize/2:], x.rungs[ladderSize/2+1:])
	x.rungs[ladderSize-1] = r
	x.skipped++
}

// rung is how a ladder names the leg.
func (l *leg) rung() uint16 { return uint16(min(l.number, 1<<16-1)) }

// Trace is the ladder of one call.
type Trace struct {
	Call  string
	Began time.Time
	Rungs []Rung
}

// Rung is one message of a Trace: between the named leg ("a" is the caller) and us.
type Rung struct {
	At   time.Duration // since Began
	Leg  string
	Sent bool   // by us
	Text string // "INVITE (1) [sdp]", "200 OK (INVITE 1)"
}

// String prints the rung as the golden ladders have it: seconds, leg, arrow, text.
func (r Rung) String() string {
	arrow := "-->"
	if r.Sent {
		arrow = "<--"
	}
	return fmt.Sprintf("%9.3f %-3s %s tandem  %s", r.At.Seconds(), r.Leg, arrow, r.Text)
}

func (x ladder) render(call string, began time.Time) Trace {
	t := Trace{Call: call, Began: began}
	for i, r := range x.rungs {
		if i == ladderSize/2 && x.skipped > 0 {
			t.Rungs = append(t.Rungs, Rung{At: r.at, Leg: "…", Text: fmt.Sprintf("%d messages left out", x.skipped)})
		}
		t.Rungs = append(t.Rungs, r.render())
	}
	return t
}

func (r rung) render() Rung {
	out := Rung{At: r.at, Leg: legName(int(r.leg)), Sent: r.way == sent, Text: fmt.Sprintf("%s (%d)", r.method, r.cseq)}
	if r.status != 0 {
		out.Text = fmt.Sprintf("%d %s (%s %d)", r.status, sip.Phrase(int(r.status)), r.method, r.cseq)
	}
	if r.sdp {
		out.Text += " [sdp]"
	}
	return out
}

// traces keeps what ended calls left behind, the oldest is dropped first.
type traces struct {
	mu   sync.Mutex
	ring []ended
	next int
	at   map[string]int
}

type ended struct {
	ladder ladder
	view   CallView
}

func newTraces(size int) *traces {
	return &traces{ring: make([]ended, size), at: make(map[string]int, size)}
}

func (t *traces) keep(e ended) {
	if len(t.ring) == 0 {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.at, t.ring[t.next].view.ID)
	t.ring[t.next], t.at[e.view.ID] = e, t.next
	t.next = (t.next + 1) % len(t.ring)
}

func (t *traces) find(call string) (ended, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, ok := t.at[call]
	if !ok {
		return ended{}, false
	}
	return t.ring[i], true
}
