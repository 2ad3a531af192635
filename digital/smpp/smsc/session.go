package smsc

import (
	"context"
	"crypto/subtle"
	"errors"
	"net"
	"time"

	"tandem/digital/smpp/pdu"
)

const (
	writeBuffer = 512              // PDUs that wait for a session's socket; when full the session ends
	writeWait   = 10 * time.Second // for one write
)

// session is one connection of an ESME. Owned by the server's goroutine; conn's read side by its reader, its write side by its writer.
type session struct {
	conn    net.Conn
	out     chan []byte // closed by the owner when the session ends
	mode    pdu.Command // the bind request; 0: not bound
	system  string
	ended   bool
	seq     uint32
	flight  map[uint32]*outgoing // deliver_sm without an answer
	order   []uint32             // of flight, oldest first; answered ones are skipped
	since   time.Time            // of the last PDU read
	expires map[uint32]time.Time // of flight
}

func (x *session) receives() bool {
	return x.mode == pdu.BindReceiver || x.mode == pdu.BindTransceiver
}

func (x *session) sends() bool {
	return x.mode == pdu.BindTransmitter || x.mode == pdu.BindTransceiver
}

func (s *Server) begin(ctx context.Context, conn net.Conn) {
	if len(s.sessions) >= s.config.Sessions {
		s.metrics.refuse()
		conn.Close()
		return
	}
	x := &session{
		conn: conn, out: make(chan []byte, writeBuffer), flight: map[uint32]*outgoing{}, expires: map[uint32]time.Time{}, since: time.Now(),
	}
	s.sessions[x] = struct{}{}
	s.metrics.session(1)
	s.due.add(due{at: x.since.Add(s.config.BindWait), bind: x})
	s.due.add(due{at: x.since.Add(s.config.IdleWait), idle: x})
	s.wg.Go(func() { s.read(ctx, x) })
	s.wg.Go(func() { x.write() })
}

// read turns the connection's octets into mail until it ends. The owner closes the connection.
func (s *Server) read(ctx context.Context, x *session) {
	stop := context.AfterFunc(ctx, func() { x.conn.Close() })
	defer stop()
	in := pdu.NewReader(x.conn, 0)
	for {
		p, err := in.Next()
		var fault *pdu.Fault
		if err != nil && !errors.As(err, &fault) {
			if errors.Is(err, pdu.ErrLength) {
				p = pdu.PDU{Command: pdu.GenericNack}
				fault = &pdu.Fault{Status: pdu.InvalidCommandLen}
				s.post(arrived{x, p, fault})
			}
			s.post(gone{x})
			return
		}
		if !s.post(arrived{x, p, fault}) {
			return
		}
	}
}

// write sends what the owner gives until the owner closes out, then ends the connection.
func (x *session) write() {
	defer x.conn.Close()
	for b := range x.out {
		if x.conn.SetWriteDeadline(time.Now().Add(writeWait)) != nil {
			break
		}
		if _, err := x.conn.Write(b); err != nil {
			break
		}
	}
	x.conn.Close()
	for range x.out { // until the owner has learned of it by the reader
	}
}

func (s *Server) send(x *session, p pdu.PDU) {
	if x.ended {
		return
	}
	b, err := pdu.Append(nil, p)
	if err != nil {
		s.log.Error("message centre cannot print a message", "err", err)
		return
	}
	s.sendOctets(x, b)
}

func (s *Server) sendOctets(x *session, b []byte) {
	select {
	case x.out <- b:
	default:
		s.end(x, "does not read")
	}
}

// end ends a session: what it has not acknowledged goes again, in the old order, before all else.
func (s *Server) end(x *session, why string) {
	if x.ended {
		return
	}
	x.ended = true
	delete(s.sessions, x)
	s.metrics.session(-1)
	close(x.out)
	var again []*outgoing
	for _, seq := range x.order {
		if o, ok := x.flight[seq]; ok {
			again = append(again, o)
		}
	}
	x.flight, x.order, x.expires = nil, nil, nil
	s.backlog = append(again, s.backlog...)
	s.metrics.redeliver(len(again))
	s.log.Debug("message centre session ended", "system", x.system, "reason", why, "again", len(again))
}

// receive handles one PDU of a session.
func (s *Server) receive(m arrived) {
	x := m.from
	x.since = time.Now()
	if m.fault != nil {
		if m.pdu.Command == pdu.GenericNack && m.pdu.Sequence == 0 {
			s.send(x, pdu.Nack(0, m.fault.Status))
		} else if reply, ok := m.fault.Reply(); ok {
			s.send(x, reply)
		}
		return
	}
	switch m.pdu.Command {
	case pdu.BindReceiver, pdu.BindTransmitter, pdu.BindTransceiver:
		s.bind(x, m.pdu)
	case pdu.SubmitSM:
		s.submit(x, m.pdu)
	case pdu.DeliverSMResp:
		s.answered(x, m.pdu)
	case pdu.EnquireLink:
		if !s.faults.Mute {
			s.send(x, pdu.Answer(m.pdu, pdu.OK, ""))
		}
	case pdu.Unbind:
		s.send(x, pdu.Answer(m.pdu, pdu.OK, ""))
		s.end(x, "unbound")
	case pdu.GenericNack:
		s.answered(x, m.pdu)
	default:
		if !m.pdu.Command.IsResponse() {
			s.send(x, pdu.Nack(m.pdu.Sequence, pdu.InvalidCommand))
		}
	}
}

func (s *Server) bind(x *session, p pdu.PDU) {
	b := p.Body.(*pdu.Bind)
	if x.mode != 0 {
		s.send(x, pdu.Answer(p, pdu.AlreadyBound, ""))
		return
	}
	password, ok := s.config.Accounts[b.SystemID]
	if !ok {
		s.send(x, pdu.Answer(p, pdu.InvalidSystemID, ""))
		s.end(x, "unknown system_id")
		return
	}
	if subtle.ConstantTimeCompare([]byte(password), []byte(b.Password)) != 1 {
		s.send(x, pdu.Answer(p, pdu.InvalidPassword, ""))
		s.end(x, "wrong password")
		return
	}
	x.mode, x.system = p.Command, b.SystemID
	answer := pdu.Answer(p, pdu.OK, s.config.Name)
	answer.Body.(*pdu.BindResp).TLVs = pdu.TLVs{pdu.Uint8(pdu.SCInterfaceVersion, 0x34)}
	s.send(x, answer)
	s.log.Debug("message centre session bound", "system", x.system, "mode", x.mode.String())
}
