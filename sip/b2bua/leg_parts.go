package b2bua

import (
	"iter"
	"net/netip"
	"slices"
	"strconv"

	"tandem/media"
	"tandem/media/sdp"
	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/transaction"
)

// maxLegs bounds the legs that one call remembers: attempts without end cannot fill memory.
const maxLegs = 32

// newLeg adds a leg to the call.
func (c *Call) newLeg() *leg {
	l := &leg{call: c, number: c.born, name: legName(c.born)}
	c.born++
	c.legs = append(c.legs, l)
	return l
}

func legName(number int) string {
	if number == 0 {
		return "a"
	}
	return "b" + strconv.Itoa(number)
}

// tries are the legs that only try to reach somebody, or have done so: neither the caller nor whom he talks to, nor who refers him.
func (c *Call) tries() iter.Seq[*leg] {
	return func(yield func(*leg) bool) {
		for _, l := range c.legs {
			if l != c.caller && l != c.peer && (c.refer == nil || l != c.refer.leg) && !yield(l) {
				return
			}
		}
	}
}

// room makes place for another leg: attempts that are over are forgotten. It answers false when too many still live.
func (c *Call) room() bool {
	if len(c.legs) < maxLegs {
		return true
	}
	c.legs = slices.DeleteFunc(c.legs, func(l *leg) bool {
		gone := l != c.caller && l != c.peer && (c.refer == nil || l != c.refer.leg) && l.over() && l.state >= legEnding
		if gone {
			c.sw.tags.remove(l.tag)
		}
		return gone
	})
	return len(c.legs) < maxLegs
}

// sinkFor posts what comes of a client transaction to the call. It must not be lost: a full mailbox ends the call.
func (c *Call) sinkFor(l *leg, id dialog.TxID) func(transaction.ClientEvent) {
	tag := l.tag
	return func(ev transaction.ClientEvent) {
		owner := c
		if a, ok := c.sw.tags.get(tag); ok { // the leg may have another owner by now
			owner = a.call
		}
		if !owner.post(responded{l, id, ev}) {
			owner.flood()
		}
	}
}

// hangupElsewhere ends an attempt because another target answered (RFC 3326 §3.1): the phone shows no missed call.
func (c *Call) hangupElsewhere(l *leg) {
	if l.usage != nil && l.state < legEnding {
		l.perform(l.usage.Hangup(c.now, sip.NewHeader("Reason", `SIP;cause=200;text="Call completed elsewhere"`)))
	}
	l.step(legOnHangup)
}

// reasonHeaders tells a leg that is hung up why, in Q.850 (RFC 3326).
func reasonHeaders(k Kind) []sip.Header {
	return []sip.Header{sip.Reason{Protocol: "Q.850", Cause: k.Q850()}.Header()}
}

// rejectHeaders goes with the final response that refuses a caller.
func rejectHeaders(k Kind) []sip.Header {
	headers := reasonHeaders(k)
	if k == Overload {
		headers = append(headers, sip.RetryAfter{After: busyRetry}.Header())
	}
	return headers
}

// refuseGone answers a request for a dialog that is over.
func (l *leg) refuseGone(tx *transaction.ServerTx) {
	l.call.sw.answer(tx, sip.StatusCallDoesNotExist)
}

// sdpOf finds the session description of a message, also within multipart.
func sdpOf(req *sip.Request) ([]byte, bool) {
	body, err := sip.SDP(req)
	return body, err == nil && len(body) > 0
}

// newLocal makes our side of the session with a leg's other end.
func (s *Switch) newLocal(e media.Opened, with *target) *sdp.Local {
	local := e.Local
	if s.cfg.MediaAdvertise.IsValid() {
		local = netip.AddrPortFrom(s.cfg.MediaAdvertise, local.Port())
	}
	return sdp.NewLocal(local, newSessionID(), s.caps(with))
}
