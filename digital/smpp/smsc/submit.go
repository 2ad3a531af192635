package smsc

import (
	"hash/fnv"
	"slices"
	"time"

	"tandem/digital/smpp/pdu"
)

// fingerprint tells a repeated submit_sm.
type fingerprint struct {
	system, from, to string
	ref              uint16
	sum              uint64
}

// knownMost bounds the memory of Faults.Dedupe; when it is full it begins anew.
const knownMost = 100_000

// submit takes a message of an ESME, or misbehaves.
func (s *Server) submit(x *session, p pdu.PDU) {
	if !x.sends() {
		s.send(x, pdu.Answer(p, pdu.WrongBindState, ""))
		return
	}
	m := p.Body.(*pdu.Message)
	if m.Destination.Number == "" {
		s.send(x, pdu.Answer(p, pdu.InvalidDestination, ""))
		return
	}
	s.counts.submit++
	switch n := s.counts.submit; {
	case strikes(n, s.faults.DropBefore):
		s.end(x, "dropped before a message")
	case strikes(n, s.faults.Throttle):
		s.answer(x, pdu.Answer(p, pdu.Throttled, ""))
	case strikes(n, s.faults.Refuse):
		s.answer(x, pdu.Answer(p, pdu.SubmitFailed, ""))
	case strikes(n, s.faults.DropAfter):
		b, err := pdu.Append(nil, pdu.Answer(p, pdu.OK, s.take(x, m)))
		if err == nil {
			s.sendOctets(x, b[:len(b)/2])
		}
		s.end(x, "dropped within an answer")
	default:
		s.answer(x, pdu.Answer(p, pdu.OK, s.take(x, m)))
	}
}

// answer sends an answer at once or after the delay.
func (s *Server) answer(x *session, p pdu.PDU) {
	if s.faults.Delay > 0 {
		s.due.add(due{at: time.Now().Add(s.faults.Delay), late: x, pdu: p})
		return
	}
	s.send(x, p)
}

// take makes a message the server's and returns its id.
func (s *Server) take(x *session, m *pdu.Message) string {
	print := fingerprintOf(x.system, m)
	if s.faults.Dedupe {
		if id, ok := s.known[print]; ok {
			s.metrics.repeat()
			return id
		}
	}
	id := s.nextID()
	if s.faults.Dedupe {
		if len(s.known) >= knownMost {
			clear(s.known)
		}
		s.known[print] = id
	}
	now := time.Now()
	s.metrics.take()
	s.taken(Taken{ID: id, System: x.system, At: now, Message: m})
	state := pdu.Delivered
	if slices.Contains(s.faults.Unreachable, m.Destination.Number) {
		state = pdu.Undeliverable
	}
	if m.WantsReceipt(state == pdu.Delivered) {
		r := pdu.Receipt{MessageID: id, State: state, Submitted: now, Done: now.Add(s.config.Receipts)}
		if state != pdu.Delivered {
			r.Error = "001"
		}
		s.due.add(due{at: r.Done, receipt: &outgoing{id: id, message: pdu.NewReceipt(m, r), system: x.system}})
	}
	return id
}

func fingerprintOf(system string, m *pdu.Message) fingerprint {
	h := fnv.New64a()
	h.Write(m.Payload())
	ref, _ := m.TLVs.Uint(pdu.UserMessageReference)
	return fingerprint{system, m.Source.Number, m.Destination.Number, ref, h.Sum64()}
}

// pump sends what waits to the sessions that have room, in turn.
func (s *Server) pump() {
	if len(s.backlog) == 0 || len(s.sessions) == 0 {
		return
	}
	waiting := s.backlog
	s.backlog = nil // a session that ends meanwhile puts its own here, in front of what is left
	var rest []*outgoing
	blocked := map[string]bool{}
	for i, o := range waiting {
		x := s.room(o, blocked)
		if x == nil && blocked[""] {
			rest = append(rest, waiting[i:]...)
			break
		}
		if x == nil {
			rest = append(rest, o)
			continue
		}
		s.deliver(x, o)
	}
	s.backlog = append(s.backlog, rest...)
}

// room finds the session with the fewest unanswered messages that may have o; it notes the ESMEs that have none.
func (s *Server) room(o *outgoing, blocked map[string]bool) *session {
	if blocked[o.system] {
		return nil
	}
	var best *session
	for x := range s.sessions {
		if x.receives() && (o.system == "" || o.system == x.system) && len(x.flight) < s.config.Window &&
			(best == nil || len(x.flight) < len(best.flight)) {
			best = x
		}
	}
	if best == nil {
		blocked[o.system] = true
	}
	return best
}

func (s *Server) deliver(x *session, o *outgoing) {
	x.seq = x.seq%pdu.MaxSeq + 1
	x.flight[x.seq] = o
	x.order = append(x.order, x.seq)
	x.expires[x.seq] = time.Now().Add(s.config.AnswerWait)
	s.due.add(due{at: x.expires[x.seq], unanswered: x, seq: x.seq})
	seq := x.seq
	s.send(x, pdu.PDU{Command: pdu.DeliverSM, Sequence: seq, Body: o.message})
	s.counts.deliver++
	if strikes(s.counts.deliver, s.faults.DropDeliver) {
		s.due.add(due{at: time.Now(), drop: x})
	}
}

// answered ends the wait for a deliver_sm_resp: done, or again after a pause if the ESME could not take it now.
func (s *Server) answered(x *session, p pdu.PDU) {
	o, ok := x.flight[p.Sequence]
	if !ok {
		return
	}
	delete(x.flight, p.Sequence)
	delete(x.expires, p.Sequence)
	for len(x.order) > 0 && x.flight[x.order[0]] == nil {
		x.order = x.order[1:]
	}
	if p.Status.Transient() {
		s.due.add(due{at: time.Now().Add(s.config.RetryPause), again: o})
		return
	}
	s.metrics.deliver(p.Status == pdu.OK)
	if o.handset {
		s.waiting.Add(-1)
	}
}
