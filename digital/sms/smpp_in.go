package sms

import (
	"fmt"
	"time"

	"tandem/digital"
	"tandem/digital/smpp"
	"tandem/digital/smpp/gsm"
	"tandem/digital/smpp/pdu"
	"tandem/store/journey"
)

// heldPiece is a part that is not acknowledged until its text is complete and durable, or PartsHold is over.
type heldPiece struct {
	client *smpp.Client
	token  uint64
	place  place
	until  time.Time
}

// inbound takes a receipt or a customer's message.
func (s *SMPP) inbound(c *smpp.Client, e smpp.Inbound, now time.Time) {
	if e.Receipt != nil {
		s.fared(*e.Receipt, byReference(e.Message, e.Message.Source), now)
		c.Answer(e.Token, pdu.OK)
		return
	}
	piece, err := e.Message.Piece()
	if err != nil {
		s.log.Warn("sms part cannot be read", "err", err)
		c.Answer(e.Token, pdu.PermanentAppError)
		return
	}
	piece.From, piece.To = e.Message.Source.Display(), e.Message.Destination.Display()
	whole := s.pieces.Add(piece, now)
	if piece.Total <= 1 {
		s.pass(whole[0], []heldPiece{{client: c, token: e.Token}}, now)
		return
	}
	s.held = append(s.held, heldPiece{c, e.Token, placeOf(gsm.Whole{
		From: piece.From, To: piece.To, Ref: piece.Ref, Wide: piece.Wide, Total: piece.Total,
	}), now.Add(s.config.PartsHold)})
	for _, w := range whole {
		place := placeOf(w)
		s.pass(w, s.release(func(h heldPiece) bool { return h.place == place }), now)
	}
}

// place tells which text a part belongs to.
type place struct {
	from, to string
	ref      uint16
	wide     bool
	total    int
}

func placeOf(w gsm.Whole) place { return place{w.From, w.To, w.Ref, w.Wide, w.Total} }

// release takes parts out of what is held.
func (s *SMPP) release(of func(heldPiece) bool) []heldPiece {
	var out, rest []heldPiece
	for _, h := range s.held {
		if of(h) {
			out = append(out, h)
		} else {
			rest = append(rest, h)
		}
	}
	s.held = rest
	return out
}

// stuck is a text that was acknowledged in part and could not be made durable yet.
type stuck struct {
	whole    gsm.Whole
	external string
}

// stuckMost bounds the texts that are tried again; stuckPause is when.
const (
	stuckMost  = 1000
	stuckPause = 2 * time.Second
)

// pass gives a text up; the parts are acknowledged when it is durable. If it cannot be now, the centre keeps it where it has all parts
// still, else it is tried again from here.
func (s *SMPP) pass(w gsm.Whole, parts []heldPiece, now time.Time) {
	s.serial++
	s.passAs(fmt.Sprintf("smpp-%s-%d", s.boot, s.serial), w, parts, now)
}

func (s *SMPP) passAs(external string, w gsm.Whole, parts []heldPiece, now time.Time) {
	text := w.Text
	if w.Missing > 0 {
		text += fmt.Sprintf(" […%d]", w.Missing)
	}
	complete := len(parts) >= max(w.Total, 1)-w.Missing
	s.up.Arrived(Arrival{External: external, From: w.From, To: w.To, Text: text, At: now}, func(err error) {
		status := pdu.OK
		switch {
		case err != nil && complete:
			status = pdu.TemporaryAppError
		case err != nil:
			s.news.tell(stuck{w, external})
		}
		for _, h := range parts {
			h.client.Answer(h.token, status)
		}
	})
}

// stick keeps a text to be tried again.
func (s *SMPP) stick(m stuck, now time.Time) {
	if len(s.stuck) >= stuckMost {
		s.log.Error("sms text lost: too many wait for the store")
		return
	}
	s.stuck = append(s.stuck, m)
	if s.retry.IsZero() {
		s.retry = now.Add(stuckPause)
	}
}

// fared tells the hub what a receipt says. name is that of the part whose answer was lost, see byReference.
func (s *SMPP) fared(r pdu.Receipt, name string, now time.Time) {
	external, known, failed, ok := s.ledger.match(r, name)
	switch {
	case !ok && len(s.jobs) > 0:
		s.ledger.keep(r, name, now)
		return
	case !ok: // of an earlier run, perhaps: the hub knows
		external, known, failed = r.MessageID, r.State.Final(), r.State != pdu.Delivered
	}
	if !known {
		return
	}
	at := r.Done
	if at.IsZero() {
		at = now
	}
	report := digital.Report{Channel: journey.SMS, External: external, State: digital.Delivered, At: at}
	if failed {
		report.State, report.Reason = digital.Failed, failure(r.State)
	}
	s.up.Fared(report)
}

func failure(s pdu.State) string {
	switch s {
	case pdu.Expired:
		return "expired"
	case pdu.Rejected:
		return "rejected"
	}
	return "unreachable"
}

// wait returns how long until a part is held too long or a text is given up.
func (s *SMPP) wait(now time.Time) time.Duration {
	wait := time.Hour
	if at := s.pieces.Deadline(); !at.IsZero() {
		wait = min(wait, at.Sub(now))
	}
	if !s.retry.IsZero() {
		wait = min(wait, s.retry.Sub(now))
	}
	if len(s.held) > 0 {
		wait = min(wait, s.held[0].until.Sub(now))
	}
	return max(0, wait)
}

// expire acknowledges parts that were held long enough, so that a centre with a small window goes on, and passes on what never became
// complete.
func (s *SMPP) expire(now time.Time) {
	for _, h := range s.release(func(h heldPiece) bool { return !now.Before(h.until) }) {
		s.log.Warn("sms part acknowledged before its text is complete")
		h.client.Answer(h.token, pdu.OK)
	}
	for _, w := range s.pieces.Expire(now) {
		place := placeOf(w)
		s.pass(w, s.release(func(h heldPiece) bool { return h.place == place }), now)
	}
	if !s.retry.IsZero() && !now.Before(s.retry) {
		again := s.stuck
		s.stuck, s.retry = nil, time.Time{}
		for _, m := range again {
			s.passAs(m.external, m.whole, nil, now)
		}
	}
}
