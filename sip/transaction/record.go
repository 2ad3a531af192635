package transaction

import (
	"time"

	"tandem/sip"
	"tandem/sip/transport"
)

// record is a transaction in the tables: what its machine needs. Owned by the layer, guarded by its mutex.
type record struct {
	l       *Layer
	m       *machine
	key     string
	flow    transport.Flow // where the last message goes
	last    []byte         // client: the request; server: the last response
	ack     []byte         // INVITE client: the ACK of the final response
	acks    []forkAck      // INVITE client: the ACKs of 2xx, by To tag
	tx      *ServerTx      // server: until the final response
	ctx     *ClientTx      // client: until the end, or Release
	merge   uint64         // server: key of merged requests, 0 for none
	state   State
	held    bool          // a CANCEL that waits for its INVITE
	step    time.Duration // current interval of retransmissions
	resend  time.Duration // deadlines since the layer's epoch, 0 for none
	end     time.Duration
	pos     int // in the clock's heap, -1 for none
	nextDue time.Duration
}

// forkAck answers retransmissions of one 2xx.
type forkAck struct {
	tag   string
	flow  transport.Flow
	bytes []byte
}

// stepLocked takes one step, arms timers and forgets; the caller performs what it gets back after it released the lock.
func (r *record) stepLocked(on Event) (Do, bool) {
	to, do, listed := r.m.Step(r.state, on)
	if !listed {
		return 0, false
	}
	r.state = to
	r.armLocked(do)
	if do&DoForget != 0 {
		r.l.forgetLocked(r)
	} else {
		r.l.clock.set(r)
	}
	return do, true
}

func (r *record) armLocked(do Do) {
	t, now, slow := r.l.cfg.Timers, r.l.now(), !r.flow.Reliable()
	if do&DoStop != 0 {
		r.resend, r.end = 0, 0
	}
	if do&DoT1 != 0 && slow {
		r.step = t.T1
		r.resend = now + r.step
	}
	if do&(DoDouble|DoDoubleT) != 0 {
		if r.step *= 2; do&DoDoubleT != 0 {
			r.step = min(r.step, t.T2)
		}
		r.resend = now + r.step
	}
	switch {
	case do&DoEnd64 != 0, do&DoEnd64U != 0 && slow:
		r.end = now + 64*t.T1
	case do&DoEndT4U != 0 && slow:
		r.end = now + t.T4
	case do&(DoEnd64U|DoEndT4U) != 0: // RFC 3261 Table 4: zero on reliable transports
		r.end = now + 1
	case do&DoRing != 0:
		r.end = now + r.l.cfg.MaxRing
	}
}

// due returns the earliest deadline, 0 for none.
func (r *record) due() time.Duration {
	if r.resend == 0 || r.end != 0 && r.end < r.resend {
		return r.end
	}
	return r.resend
}

// classOf maps a status to the event of the machines.
func classOf(status int) Event {
	switch {
	case status < 200:
		return On1xx
	case status < 300:
		return On2xx
	}
	return On3xx
}

// bytesOf prints a message once. What it returns is never written again, so it can wait in the queue of a connection.
func bytesOf(m sip.Message) []byte {
	w := writers.Get().(*writer)
	w.b = w.b[:0]
	m.StringWrite(w)
	out := make([]byte, len(w.b))
	copy(out, w.b)
	writers.Put(w)
	return out
}
