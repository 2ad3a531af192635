package transport

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	base "github.com/emiago/sipgo/sip"
)

const maxJunk = 16 // unreadable frames in a row that cost a connection

// MessageConn carries one SIP message in a frame (RFC 7118 §5): a WebSocket, or a pipe in memory.
type MessageConn interface {
	// ReadMessage waits for the next frame, and gives its bytes away. What is too large, and a peer that is dead, end it with
	// an error.
	ReadMessage() ([]byte, error)
	// WriteMessage sends a frame, and does not wait for ever for a peer that does not read.
	WriteMessage(message []byte) error
	// Close ends both at once, from any goroutine, and waits for nobody.
	Close() error
}

// AttachOptions say what is known of a connection that is attached.
type AttachOptions struct {
	Transport string         // WS, WSS or LOCAL
	Remote    netip.AddrPort // of the peer; for LOCAL the endpoint makes one up when there is none
	User      string         // the name that the peer has proven: it stands in Flow.User; "" when none
}

// serial numbers the flows of the process.
var serial atomic.Uint64

// Attach serves a connection that carries one message in a frame, with one goroutine to read and one to write. The endpoint
// owns it unless an error comes back. The access list, the limits of connections and the rate count for it as for any other;
// for LOCAL only the number of connections.
func (e *Endpoint) Attach(mc MessageConn, o AttachOptions) (Flow, error) {
	if mc == nil || !framed(o.Transport) || o.Transport != LOCAL && !o.Remote.IsValid() {
		return Flow{}, fmt.Errorf("endpoint %s: attach %q: %w", e.cfg.Name, o.Transport, ErrNotServed)
	}
	if o.Transport != LOCAL && !e.admit(unmap(o.Remote).Addr()) {
		return Flow{}, ErrFull
	}
	f := &frames{e: e, mc: mc, out: make(chan []byte, queueLen), done: make(chan struct{})}
	f.flow = e.bound(o)
	if err := e.enter(f, 1); err != nil {
		return Flow{}, err
	}
	go func() {
		defer e.wg.Done()
		f.run()
	}()
	return f.flow, nil
}

// bound makes the flow of a peer that came here.
func (e *Endpoint) bound(o AttachOptions) Flow {
	f := Flow{Transport: o.Transport, Local: e.local[o.Transport], Remote: unmap(o.Remote), User: o.User, ID: serial.Add(1)}
	if o.Transport == LOCAL && !o.Remote.IsValid() {
		f.Remote = localAddr(f.ID)
	}
	return f
}

// localAddr is an address that no network has (240.0.0.0/4, RFC 1112 §4), for a peer in this process.
func localAddr(id uint64) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{240 | byte(id>>24)&0x0f, byte(id >> 16), byte(id >> 8), byte(id)}), 5060)
}

// frames is an attached connection: its writer goroutine sends, its reader goroutine parses.
type frames struct {
	e    *Endpoint
	flow Flow
	mc   MessageConn
	out  chan []byte
	done chan struct{} // closed by end
	once sync.Once
	err  error       // why it ended; read after done
	late *time.Timer // closes what does not end by itself; set by end
	junk int         // reader: unreadable frames in a row
}

func (f *frames) name() Flow    { return f.flow }
func (f *frames) counted() bool { return f.flow.Transport != LOCAL }

// run reads in this goroutine and writes in another until the connection ends.
func (f *frames) run() {
	var writer sync.WaitGroup
	writer.Go(f.write)
	f.end(f.read())
	writer.Wait()
	f.late.Stop()
	f.mc.Close()
	f.e.leave(f, f.err)
}

// end marks the connection as ended; the writer sends what is queued and closes it, which ends the reader.
func (f *frames) end(err error) {
	f.once.Do(func() {
		f.err = err
		f.late = time.AfterFunc(drainGrace, func() { f.mc.Close() })
		close(f.done)
	})
}

func (f *frames) queue(message []byte) error {
	select {
	case <-f.done:
		return ErrNoFlow
	default:
	}
	select {
	case f.out <- message:
		return nil
	default:
		f.e.count.slow.Inc()
		f.end(ErrSlowPeer)
		f.mc.Close() // the writer waits for this peer
		return ErrSlowPeer
	}
}

func (f *frames) write() {
	defer f.mc.Close() // ends the reader
	for {
		select {
		case m := <-f.out:
			if err := f.mc.WriteMessage(m); err != nil {
				f.e.count.writeFault.Inc()
				f.end(err)
				return
			}
		case <-f.done:
			f.drain()
			return
		}
	}
}

// drain sends what waits, until the connection is closed under it.
func (f *frames) drain() {
	for {
		select {
		case m := <-f.out:
			if f.mc.WriteMessage(m) != nil {
				return
			}
		default:
			return
		}
	}
}

func (f *frames) read() error {
	for {
		data, err := f.mc.ReadMessage()
		if err != nil {
			return err
		}
		if f.counted() && !f.e.admit(f.flow.Remote.Addr()) {
			return ErrRate
		}
		if err := f.e.frame(f.flow, data, &f.junk, f.queue); err != nil {
			return err
		}
	}
}

// frame takes one frame as far as the Receiver. A frame that cannot be read costs nothing, many in a row the connection.
func (e *Endpoint) frame(flow Flow, data []byte, junk *int, reply func([]byte) error) error {
	if len(data) > e.cfg.MaxMessage {
		e.garbage(flow, data, ErrTooLarge)
		return ErrTooLarge
	}
	if len(bytes.Trim(data, "\r\n")) == 0 {
		if bytes.Count(data, []byte("\n")) >= 2 { // a ping, RFC 5626 §3.5.1; a single line end is a pong
			return reply([]byte("\r\n"))
		}
		return nil
	}
	e.tap.see(In, flow, data)
	msg, err := e.parse(data)
	switch {
	case err == nil:
		*junk = 0
		e.count.in[flow.Transport].Inc()
		e.recv.Receive(msg, flow)
	case msg != nil && errors.Is(err, base.ErrParseReadBodyIncomplete):
		e.recv.Malformed(msg, flow, err)
	default:
		e.garbage(flow, data, err)
		if *junk++; *junk >= maxJunk {
			return fmt.Errorf("%w: %w", ErrFraming, err)
		}
	}
	return nil
}

// parse reads a message whose bounds are known.
func (e *Endpoint) parse(data []byte) (base.Message, error) {
	msg, err := e.parser.ParseSIP(mend(data))
	if err != nil && msg == nil {
		if line, ok := salvage(data); ok {
			return e.parser.ParseSIP(line)
		}
	}
	return msg, err
}
