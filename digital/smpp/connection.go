package smpp

import (
	"context"
	"errors"
	"net"
	"time"

	"tandem/digital/smpp/pdu"
)

const (
	writeBuffer = 256              // PDUs behind what Window and Inbound need; a centre that lets them pile up does not read
	writeWait   = 10 * time.Second // for one write
	lastWords   = time.Second      // for what is written when a connection is given up
)

// connection is one TCP connection. The reader owns the read side, the writer the write side; the owner closes out and gone.
type connection struct {
	net  net.Conn
	out  chan []byte
	gone chan struct{}
}

func (c *Client) startDial(LinkState) {
	ctx, cancel := context.WithTimeout(context.Background(), c.config.DialWait)
	c.undial = cancel
	c.when.bound = time.Now().Add(c.config.DialWait)
	c.wg.Go(func() {
		conn, err := c.dial(ctx, c.config.Address)
		select {
		case c.mail <- dialled{conn, err}:
		case <-c.done:
			if conn != nil {
				conn.Close()
			}
		}
	})
}

// madeOrNot takes the outcome of a dial; one that nobody waits for any more is closed.
func (c *Client) madeOrNot(d dialled) {
	if c.state != LinkDialling {
		if d.conn != nil {
			d.conn.Close()
		}
		return
	}
	if d.err != nil {
		c.on(linkLost, d.err.Error())
		return
	}
	c.conn = &connection{
		net: d.conn, out: make(chan []byte, writeBuffer+c.config.Window+c.config.Inbound), gone: make(chan struct{}),
	}
	conn := c.conn
	c.wg.Go(func() { c.readAll(conn) })
	c.wg.Go(conn.writeAll)
	c.on(linkMade, "")
}

func (c *Client) startBind(LinkState) {
	c.request(pdu.NewBind(c.config.Mode.command(), c.nextSeq(), pdu.Bind{
		SystemID: c.config.SystemID, Password: c.config.Password, SystemType: c.config.SystemType, Range: c.config.Range,
	}))
}

func (c *Client) goUp(LinkState) {
	c.tries = 0
	c.when.bound = time.Time{}
	c.when.enquire = time.Now().Add(c.config.Enquire)
	c.metrics.bound(c.config.Name, true)
	c.log.Info("smpp bound", "trunk", c.config.Name, "address", c.config.Address)
	c.tell(Link{Up: true})
}

// goDown gives up the connection and settles what was out.
func (c *Client) goDown(from LinkState) {
	sweep := c.when.sweep
	c.when = deadlines{sweep: sweep}
	clear(c.control)
	if c.undial != nil {
		c.undial()
		c.undial = nil
	}
	if conn := c.conn; conn != nil {
		c.conn = nil
		close(conn.gone)
		close(conn.out)
		conn.net.SetDeadline(time.Now().Add(lastWords))
	}
	c.loseFlights()
	c.incoming.lose(time.Now())
	if from == LinkBound || from == LinkUnbinding {
		c.metrics.bound(c.config.Name, false)
		c.log.Info("smpp link lost", "trunk", c.config.Name, "reason", c.why)
		c.tell(Link{Why: c.why})
	}
}

// backOff waits twice as long each time, between half and all of it.
func (c *Client) backOff(LinkState) {
	pause := min(c.config.BackOff<<min(c.tries, 16), c.config.BackOffMost)
	c.tries++
	c.metrics.retry(c.config.Name)
	c.when.retry = time.Now().Add(time.Duration((0.5 + c.rand.Float64()/2) * float64(pause)))
}

func (c *Client) drain(LinkState) {
	c.when.unbound = time.Now().Add(c.config.UnbindWait)
	c.drained()
}

// drained sends unbind when nothing is out any more.
func (c *Client) drained() {
	if c.state == LinkUnbinding && len(c.sending.flights) == 0 && c.incoming.open() == 0 {
		for _, command := range c.control {
			if command == pdu.Unbind {
				return
			}
		}
		c.request(pdu.PDU{Command: pdu.Unbind, Sequence: c.nextSeq()})
	}
}

func (c *Client) enquire(now time.Time) {
	c.when.enquire = now.Add(c.config.Enquire)
	if !c.when.enquired.IsZero() {
		return
	}
	c.when.enquired = now.Add(c.config.AnswerWait)
	c.incoming.mark()
	c.request(pdu.PDU{Command: pdu.EnquireLink, Sequence: c.nextSeq()})
}

func (c *Client) nextSeq() uint32 {
	c.seq = c.seq%pdu.MaxSeq + 1
	return c.seq
}

// request sends a bind, enquire_link or unbind and remembers it.
func (c *Client) request(p pdu.PDU) {
	c.control[p.Sequence] = p.Command
	c.send(p)
}

// send prints a PDU into the writer's buffer; false: it cannot be printed. A connection whose buffer is full is lost.
func (c *Client) send(p pdu.PDU) bool {
	if c.conn == nil {
		return true
	}
	b, err := pdu.Append(nil, p)
	if err != nil {
		c.log.Error("smpp message cannot be printed", "trunk", c.config.Name, "err", err)
		return false
	}
	select {
	case c.conn.out <- b:
	default:
		c.on(linkLost, "the centre does not read")
	}
	return true
}

// readAll mails what the centre sends until the connection ends.
func (c *Client) readAll(conn *connection) {
	in := pdu.NewReader(conn.net, 0)
	mail := func(m any) bool {
		select {
		case c.mail <- m:
			return true
		case <-conn.gone:
			return false
		}
	}
	for {
		p, err := in.Next()
		var fault *pdu.Fault
		if err != nil && !errors.As(err, &fault) {
			mail(broken{conn, err})
			return
		}
		if !mail(read{conn, p, fault}) {
			return
		}
	}
}

// writeAll writes until the owner closes out, then closes the connection.
func (x *connection) writeAll() {
	defer x.net.Close()
	for b := range x.out {
		select {
		case <-x.gone: // the deadline of the last words holds
		default:
			x.net.SetWriteDeadline(time.Now().Add(writeWait))
		}
		if _, err := x.net.Write(b); err != nil {
			break
		}
	}
	x.net.Close()
	for range x.out { // until the owner has learned of it by the reader
	}
}
