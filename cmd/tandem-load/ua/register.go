package ua

import (
	"net/netip"
	"strconv"
	"time"

	"tandem/cmd/tandem-load/wire"
)

// Account is a phone that registers.
type Account struct {
	User, Password, Domain string
	Registrar              netip.AddrPort
	Expires                time.Duration // 0 takes the registration back
}

// registration is one REGISTER on its way, with at most one answer to a challenge.
type registration struct {
	side   *Side
	acc    Account
	id     string
	from   string
	cseq   uint32
	done   func(status int)
	again  *Alarm
	proven bool
}

// Register registers the side's address for an account. done is told the final status; 408: nobody answered.
func (s *Side) Register(acc Account, done func(status int)) {
	r := &registration{side: s, acc: acc, id: s.loop.id(), done: done}
	r.from = "<sip:" + acc.User + "@" + acc.Domain + ">"
	s.registrations[r.id] = r
	r.send(nil)
}

func (r *registration) uri() string { return "sip:" + r.acc.Domain }

func (r *registration) send(headers []string) {
	r.cseq++
	req := wire.Request{
		Method: "REGISTER", URI: r.uri(), SentBy: r.side.Addr, Branch: "z9hG4bK" + r.side.loop.id(), From: r.from + ";tag=" + r.id, To: r.from,
		CallID: r.id, CSeq: r.cseq, Contact: "sip:" + r.acc.User + "@" + r.side.Addr.String(),
		Headers: append(headers, "Expires: "+strconv.Itoa(int(r.acc.Expires.Seconds()))),
	}
	b := req.Append(nil)
	r.side.send(b, r.acc.Registrar)
	r.side.repeat(&r.again, b, r.acc.Registrar, t2, func() { r.finish(408) })
}

// registered takes an answer to a REGISTER.
func (s *Side) registered(m *wire.Message) {
	r := s.registrations[m.CallID]
	switch {
	case r == nil || m.CSeq != r.cseq:
		s.loop.Counts.Stray++
	case m.Status < 200:
	case (m.Status == 401 || m.Status == 407) && !r.proven:
		r.prove(m)
	default:
		r.finish(m.Status)
	}
}

// prove repeats the REGISTER with the answer to its challenge (RFC 3261 §22.2).
func (r *registration) prove(m *wire.Message) {
	login := wire.Login{User: r.acc.User, Password: r.acc.Password, Method: "REGISTER", URI: r.uri(), CNonce: r.side.loop.id()}
	answer, err := login.Answer(m.Challenges)
	if err != nil {
		r.finish(m.Status)
		return
	}
	r.proven = true
	name := "Authorization: "
	if m.Status == 407 {
		name = "Proxy-Authorization: "
	}
	r.send([]string{name + answer})
}

func (r *registration) finish(status int) {
	r.again.Stop()
	delete(r.side.registrations, r.id)
	r.done(status)
}
