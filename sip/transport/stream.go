package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	base "github.com/emiago/sipgo/sip"
)

const (
	queueLen   = 128  // messages waiting for a slow peer
	readLen    = 8192 // bytes of the read buffer of a connection
	drainGrace = time.Second
	firstGrace = time.Minute // for the first byte on an accepted connection
)

// stream is one connection: its writer goroutine dials if need be and sends, its reader goroutine frames and parses.
type stream struct {
	e    *Endpoint
	flow Flow
	out  chan []byte
	done chan struct{} // closed by end
	once sync.Once
	err  error // why it ended; read after done

	in      bool      // accepted or attached, counted for its source
	peer    string    // name that a certificate was asked for, "" when none was
	heard   bool      // reader: something came
	begun   time.Time // reader: when the message began that is not whole yet; zero between messages
	newline int       // reader: line ends seen between messages
}

// accept takes connections until the listener is closed.
func (e *Endpoint) accept(ctx context.Context, transport string, ln net.Listener) {
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			if err := e.take(transport, nc); err != nil {
				nc.Close()
			}
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return
		default:
			e.count.acceptFault.Inc()
			select {
			case <-ctx.Done():
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
}

// take serves a connection that was accepted. The endpoint owns it unless an error comes back.
func (e *Endpoint) take(transport string, nc net.Conn) error {
	remote := addrPort(nc.RemoteAddr())
	if !e.admit(remote.Addr()) {
		return ErrFull
	}
	s, err := e.add(Flow{Transport: transport, Local: e.local[transport], Remote: remote}, &stream{in: true})
	if err != nil {
		return err
	}
	if s == nil {
		return ErrTaken
	}
	go func() {
		defer e.wg.Done()
		s.run(nc)
	}()
	return nil
}

// Open makes sure that Write can reach the flow: it returns at once, and dials in the background when there is no
// connection. Messages written meanwhile wait; failure comes as FlowClosed. serverName is for TLS: the name in the
// certificate that the peer must show. With a name, a connection on which that name was not proven is not used (ErrPeerName);
// without one any is, but none is dialled: requests go back to a peer that came here.
func (e *Endpoint) Open(flow Flow, serverName string) error {
	if flow.Transport == UDP {
		if e.udp == nil {
			return ErrNotServed
		}
		return nil
	}
	if flow.Transport != TCP && flow.Transport != TLS {
		if e.Connected(flow) {
			return nil
		}
		return ErrNoFlow // nobody can dial a browser
	}
	if flow.Transport == TCP {
		serverName = ""
	}
	s, err := e.add(flow, &stream{peer: serverName})
	if err != nil || s == nil {
		return err
	}
	go func() {
		defer e.wg.Done()
		s.dial()
	}()
	return nil
}

// add puts a stream into the table and counts its goroutine, which the caller starts, for Serve to wait for. It returns
// nil without an error when the flow is there already.
func (e *Endpoint) add(flow Flow, s *stream) (*stream, error) {
	s.e, s.flow = e, flow
	e.mu.Lock()
	defer e.mu.Unlock()
	old, _ := e.conns[flow].(*stream)
	switch err := e.roomLocked(s); {
	case errors.Is(err, ErrNotServed):
		return nil, err
	case old != nil && s.peer != "" && s.peer != old.peer:
		return nil, ErrPeerName
	case old != nil:
		return nil, nil
	case flow.Transport == TLS && !s.in && s.peer == "":
		return nil, ErrNoFlow // nobody could say whether the right peer answers
	case err != nil:
		return nil, err
	}
	s.out, s.done = make(chan []byte, queueLen), make(chan struct{})
	e.putLocked(s, 1)
	return s, nil
}

func (s *stream) name() Flow    { return s.flow }
func (s *stream) counted() bool { return s.in }

func (s *stream) dial() {
	ctx, cancel := context.WithTimeout(context.Background(), s.e.cfg.DialTimeout)
	stop := make(chan struct{})
	s.e.wg.Go(func() { // an end before the connection stands ends the dialling
		select {
		case <-s.done:
			cancel()
		case <-stop:
		}
	})
	nc, err := s.e.cfg.Dial(ctx, "tcp", s.flow.Remote.String())
	if err == nil && s.flow.Transport == TLS {
		nc, err = s.handshake(ctx, nc)
	}
	close(stop)
	cancel()
	if err != nil {
		s.end(err)
		s.e.leave(s, s.err)
		return
	}
	s.run(nc)
}

func (s *stream) handshake(ctx context.Context, nc net.Conn) (net.Conn, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.e.cfg.TLSConfig != nil {
		conf = s.e.cfg.TLSConfig.Clone()
	}
	conf.ServerName = s.peer
	tc := tls.Client(nc, conf)
	if err := tc.HandshakeContext(ctx); err != nil {
		nc.Close()
		return nil, err
	}
	return tc, nil
}

// run reads in this goroutine and writes in another until the connection ends.
func (s *stream) run(nc net.Conn) {
	var writer sync.WaitGroup
	writer.Go(func() { s.write(nc) })
	s.end(s.read(nc))
	writer.Wait()
	nc.Close()
	s.e.leave(s, s.err)
}

// end marks the stream as ended; the writer sends what is queued and closes the connection, which ends the reader.
func (s *stream) end(err error) {
	s.once.Do(func() {
		s.err = err
		close(s.done)
	})
}

func (s *stream) queue(message []byte) error {
	select {
	case <-s.done:
		return ErrNoFlow
	default:
	}
	select {
	case s.out <- message:
		return nil
	default:
		s.e.count.slow.Inc()
		s.end(ErrSlowPeer)
		return ErrSlowPeer
	}
}

func (s *stream) write(nc net.Conn) {
	defer nc.Close()
	for {
		select {
		case m := <-s.out:
			nc.SetWriteDeadline(time.Now().Add(s.e.cfg.WriteTimeout))
			if _, err := nc.Write(m); err != nil {
				s.e.count.writeFault.Inc()
				s.end(err)
				return
			}
		case <-s.done:
			s.drain(nc)
			return
		}
	}
}

func (s *stream) drain(nc net.Conn) {
	nc.SetWriteDeadline(time.Now().Add(drainGrace))
	for {
		select {
		case m := <-s.out:
			if _, err := nc.Write(m); err != nil {
				return
			}
		default:
			return
		}
	}
}

func (s *stream) read(nc net.Conn) error {
	buf := make([]byte, readLen)
	par := s.e.parser.NewSIPStream()
	defer par.Close()
	for {
		deadline := time.Now().Add(s.e.cfg.IdleTimeout)
		switch {
		case !s.begun.IsZero():
			deadline = s.begun.Add(s.e.cfg.MessageTimeout)
		case s.in && !s.heard: // also the time for a TLS handshake
			deadline = time.Now().Add(firstGrace)
		}
		nc.SetReadDeadline(deadline)
		n, err := nc.Read(buf)
		if n > 0 {
			s.heard = true
			if err := s.frame(par, buf[:n]); err != nil {
				return err
			}
		}
		if err != nil {
			return readEnd(err)
		}
	}
}

func readEnd(err error) error {
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		return ErrIdle
	}
	return err
}

// frame adds bytes to the parser and passes on every message that is whole.
func (s *stream) frame(par *base.ParserStream, data []byte) error {
	par.Write(data)
	for {
		if s.begun.IsZero() {
			s.skipNewlines(par.Buffer())
			if par.Buffer().Len() == 0 {
				return nil
			}
			s.begun = time.Now()
		}
		msg, _, err := par.ParseNext()
		switch {
		case err == nil:
			s.begun = time.Time{}
			if s.in && !s.e.admit(s.flow.Remote.Addr()) {
				return ErrRate // dropping one message of a stream would help nobody: it is not repeated
			}
			s.deliver(msg)
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		default:
			if msg != nil && errors.Is(err, base.ErrParseReadBodyIncomplete) {
				s.e.recv.Malformed(msg, s.flow, err)
			} else {
				s.e.garbage(s.flow, data, err)
			}
			return fmt.Errorf("%w: %w", ErrFraming, err)
		}
	}
}

func (s *stream) deliver(msg base.Message) {
	s.newline = 0
	if s.e.tap.fn.Load() != nil { // the stream's bytes are gone by now; print the message again only for a listener
		s.e.tap.see(In, s.flow, []byte(msg.String()))
	}
	s.e.count.in[s.flow.Transport].Inc()
	s.e.recv.Receive(msg, s.flow)
}

// skipNewlines drops line ends between messages and answers each pair of them, a ping, with one (RFC 5626 §3.5.1).
func (s *stream) skipNewlines(b *bytes.Buffer) {
	data := b.Bytes()
	n := 0
	for n < len(data) && (data[n] == '\r' || data[n] == '\n') {
		if data[n] == '\n' {
			if s.newline++; s.newline%2 == 0 {
				s.queue([]byte("\r\n"))
			}
		}
		n++
	}
	b.Next(n)
	if b.Len() > 0 {
		s.newline = 0
	}
}
