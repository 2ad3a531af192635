package dialog

import "time"

// The deadlines of a usage: one place for each, the zero time is off. Deadline is the earliest.

const (
	giveUp     = 64 * T1          // RFC 3261 Timer B, H and the limit of everything that waits for a peer
	ringAgain  = 60 * time.Second // RFC 3261 §13.3.1.1
	reinviteIn = 64 * T1          // a re-INVITE without final response is cancelled after it
)

type dueKind uint8

const (
	due2xx      dueKind = iota // send the 2xx again
	dueAck                     // no ACK
	due1xx                     // send the reliable provisional response again
	duePrack                   // no PRACK
	dueRing                    // say again that it rings
	dueGlare                   // offer again after 491
	dueReinvite                // our re-INVITE has no final response
	dueRefresh                 // refresh the session
	dueExpire                  // the session was not refreshed
	dueForget                  // drop what retransmitted and forked 2xx needed
	dueGiveUp                  // leave without the peer
	nDue        = iota
)

func (u *Usage) arm(k dueKind, in time.Duration) { u.due[k] = u.now.Add(in) }
func (u *Usage) disarm(ks ...dueKind) {
	for _, k := range ks {
		u.due[k] = time.Time{}
	}
}

func (u *Usage) earliest() (dueKind, time.Time) {
	var kind dueKind
	var at time.Time
	for k, t := range u.due {
		if !t.IsZero() && (at.IsZero() || t.Before(at)) {
			kind, at = dueKind(k), t
		}
	}
	return kind, at
}

// OnTimer performs everything that is due at now.
func (u *Usage) OnTimer(now time.Time) []Effect {
	u.at(now)
	for range nDue { // each at most once
		kind, at := u.earliest()
		if at.IsZero() || at.After(now) {
			break
		}
		u.disarm(kind)
		u.fire(kind)
	}
	return u.take()
}

func (u *Usage) fire(kind dueKind) {
	switch kind {
	case due2xx:
		u.repeat2xx()
	case dueAck:
		u.ackMissing()
	case due1xx:
		u.repeat1xx()
	case duePrack:
		u.prackMissing()
	case dueRing:
		u.ringMore()
	case dueGlare:
		u.nextOffer()
	case dueReinvite:
		u.reinviteStuck()
	case dueRefresh:
		u.refreshSession()
	case dueExpire:
		u.end(onTimeout, Event{Status: 408, Text: "session expired", By: Network, How: HowSessionExpired})
	case dueForget:
		u.forget()
	case dueGiveUp:
		u.abandon()
	}
}

// forget drops what only retransmitted and forked 2xx needed.
func (u *Usage) forget() {
	u.calling = nil
	if u.current != nil {
		u.current.ack, u.current.preview = nil, Body{}
	}
}

// backoff is the next retransmission interval: T1 doubled n times, at most T2.
func backoff(n int64) time.Duration {
	if n > 3 {
		return T2
	}
	return min(T1<<n, T2)
}
