package dialog_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/transaction"
	"tandem/sip/transport"
)

const sdpText = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"

var session = dialog.SDP([]byte(sdpText))

// party owns the usages of one layer: the smallest owner that keeps the obligations of both rooms. One mutex guards all of it.
type party struct {
	t     testing.TB
	layer *transaction.Layer
	local netip.AddrPort
	quick bool // no timers: for benchmarks on a network that loses nothing

	mu    sync.Mutex
	calls map[string]*call // by Call-ID
	seen  []*call
	on    func(c *call, ev dialog.Event) // reacts through c.do
	tune  func(cfg *dialog.Config)
}

// call is one usage with its transactions.
type call struct {
	p       *party
	u       *dialog.Usage
	dest    transaction.Destination
	servers map[dialog.TxID]*transaction.ServerTx
	clients map[dialog.TxID]*transaction.ClientTx
	next    dialog.TxID
	timer   *time.Timer
	told    []dialog.Event // to react to, once the effects of the command are performed
	events  []dialog.Event
	done    bool
}

func (p *party) config(callID, tag string) dialog.Config {
	self := sip.URI{Scheme: "sip", User: "gw", Host: p.local.Addr().String(), Port: int(p.local.Port())}
	cfg := dialog.Config{CallID: callID, LocalTag: tag, Contact: self, Local: sip.NameAddr{URI: self}}
	if p.tune != nil {
		p.tune(&cfg)
	}
	return cfg
}

// dial starts a call.
func (p *party) dial(callID string, to netip.AddrPort, offer dialog.Body) *call {
	cfg := p.config(callID, "tag-"+callID)
	cfg.Target = sip.URI{Scheme: "sip", User: "bob", Host: to.Addr().String(), Port: int(to.Port())}
	cfg.Remote = sip.NameAddr{URI: cfg.Target}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.add(callID, dialog.NewUAC(cfg))
	c.dest = transaction.Destination{Transport: transport.UDP, Addr: to}
	c.do(c.u.Invite(time.Now(), offer))
	return c
}

func (p *party) add(callID string, u *dialog.Usage) *call {
	c := &call{p: p, u: u, servers: map[dialog.TxID]*transaction.ServerTx{}, clients: map[dialog.TxID]*transaction.ClientTx{}}
	p.calls[callID] = c
	if !p.quick {
		p.seen = append(p.seen, c)
	}
	return c
}

// all returns the calls so far, first to last.
func (p *party) all() []*call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.seen)
}

// open returns how many usages are not released.
func (p *party) open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.calls)
}

// ServeRequest implements transaction.Handler.
func (p *party) ServeRequest(tx *transaction.ServerTx) {
	req := tx.Request()
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.calls[req.CallID().Value()]
	switch {
	case c == nil && req.Method == sip.INVITE && sip.ToTag(req) == "":
		p.incoming(tx)
	case c == nil && req.Method == sip.ACK:
	case c == nil:
		tx.Respond(tx.Response(sip.StatusCallDoesNotExist, ""))
	case req.Method == sip.ACK:
		c.do(c.u.OnRequest(time.Now(), 0, req))
	default:
		c.next++
		c.servers[c.next] = tx
		c.do(c.u.OnRequest(time.Now(), c.next, req))
	}
}

func (p *party) incoming(tx *transaction.ServerTx) {
	req := tx.Request()
	u, err := dialog.NewUAS(p.config("", tx.LocalTag()), req, 1)
	if err != nil {
		var refused *dialog.RefusedError
		if errors.As(err, &refused) {
			tx.Respond(refused.Response)
		}
		return
	}
	c := p.add(req.CallID().Value(), u)
	c.next, c.dest = 1, transaction.Back(tx)
	c.servers[1] = tx
	c.told = append(c.told, dialog.Event{Kind: dialog.RemoteOffer, Request: req})
	c.do(nil)
}

// ServeCancel implements transaction.Handler.
func (p *party) ServeCancel(invite *transaction.ServerTx, cancel *sip.Request, _ bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c := p.calls[invite.Request().CallID().Value()]; c != nil {
		c.do(c.u.OnCanceled(time.Now(), cancel))
	}
}

// ServeTxError implements transaction.Handler.
func (p *party) ServeTxError(tx *transaction.ServerTx, err error) {
	p.t.Errorf("%s: %v", tx.Request().Method, err)
}

// ServeStray implements transaction.Handler.
func (p *party) ServeStray(res *sip.Response, _ transport.Flow) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.calls[res.CallID().Value()]
	if c != nil {
		c.do(c.u.OnResponse(time.Now(), 0, res))
	}
	return c != nil
}

// command runs a command of the owner on a usage.
func (c *call) command(f func(u *dialog.Usage, now time.Time) []dialog.Effect) {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	if !c.done {
		c.do(f(c.u, time.Now()))
	}
}

// do performs effects in order, lets the owner react to what they told, and arms the timer.
func (c *call) do(effects []dialog.Effect) {
	for _, e := range effects {
		c.perform(e)
	}
	for len(c.told) > 0 {
		ev := c.told[0]
		c.told = c.told[1:]
		if !c.p.quick {
			c.events = append(c.events, ev)
		}
		if c.p.on != nil {
			c.p.on(c, ev)
		}
	}
	if c.p.quick || c.done {
		return
	}
	if c.timer != nil {
		c.timer.Stop()
	}
	if at := c.u.Deadline(); !at.IsZero() {
		c.timer = time.AfterFunc(time.Until(at), func() {
			c.command(func(u *dialog.Usage, now time.Time) []dialog.Effect { return u.OnTimer(now) })
		})
	}
}

func (c *call) perform(e dialog.Effect) {
	switch e.Kind {
	case dialog.SendRequest:
		c.send(e)
	case dialog.SendCancel:
		c.clients[e.Tx].Cancel(e.Headers...)
	case dialog.WriteACK:
		c.ack(e.Request)
	case dialog.Respond, dialog.Retransmit2xx, dialog.Retransmit1xx:
		c.servers[e.Tx].Respond(e.Response)
	case dialog.Raise:
		c.told = append(c.told, e.Event)
	case dialog.Release:
		for _, tx := range c.clients {
			tx.Release()
		}
		c.done = true
		delete(c.p.calls, c.u.CallID())
	}
}

func (c *call) send(e dialog.Effect) {
	tx, err := c.p.layer.Send(e.Request, c.dest, func(ev transaction.ClientEvent) {
		c.command(func(u *dialog.Usage, now time.Time) []dialog.Effect {
			switch {
			case ev.Response != nil:
				return u.OnResponse(now, e.Tx, ev.Response)
			case errors.Is(ev.Err, transaction.ErrTimeout):
				return u.OnTxError(now, e.Tx, dialog.ErrTimeout)
			}
			return u.OnTxError(now, e.Tx, dialog.ErrTransport)
		})
	})
	if err != nil {
		c.p.t.Errorf("%s: %v", e.Request.Method, err)
		return
	}
	c.clients[e.Tx] = tx
}

func (c *call) ack(req *sip.Request) {
	for _, tx := range c.clients {
		if sent := tx.Request(); sent.Method == sip.INVITE && sent.CSeq().SeqNo == req.CSeq().SeqNo && req.Via() == nil {
			if err := tx.Ack(req, c.dest); err != nil {
				c.p.t.Error(err)
			}
			return
		}
	}
	if err := c.p.layer.Write(req, c.dest); err != nil {
		c.p.t.Error(err)
	}
}

// story is what the owner was told: "Ringing Answered Ended(bye remote)".
func (c *call) story() string {
	c.p.mu.Lock()
	defer c.p.mu.Unlock()
	var words []string
	for _, ev := range c.events {
		w := ev.Kind.String()
		if ev.Kind == dialog.Ended {
			w = fmt.Sprintf("Ended(%s %s %d)", ev.How, ev.By, ev.Status)
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}
