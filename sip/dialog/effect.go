package dialog

import "tandem/sip"

// TxID names a transaction between a Usage and its owner. Client transactions are numbered by the Usage (SendRequest tells the number),
// server transactions by the owner (OnRequest tells it); the two sequences do not meet. 0 is none.
type TxID uint64

// EffectKind says what the owner has to do.
type EffectKind uint8

// The effects. The fields that each of them fills stand beside it.
const (
	SendRequest   EffectKind = iota + 1 // Tx, Request: start a client transaction
	SendCancel                          // Tx, Headers: CANCEL the client INVITE transaction Tx, with these headers (Reason)
	WriteACK                            // Request: ACK for a 2xx, straight to the transport; the same pointer again means unchanged again
	Respond                             // Tx, Response: answer a server transaction
	Retransmit2xx                       // Tx, Response: the 2xx again, past the transaction, RFC 3261 §13.3.1.4
	Retransmit1xx                       // Tx, Response: the reliable provisional response again, RFC 3262 §3
	Raise                               // Event
	Release                             // the last effect of a Usage: forget it
)

// Effect is one thing for the owner to do: a value, tagged by Kind.
type Effect struct {
	Kind     EffectKind
	Tx       TxID
	Request  *sip.Request
	Response *sip.Response
	Headers  []sip.Header
	Event    Event
}

var effectNames = [...]string{"?", "SendRequest", "SendCancel", "WriteACK", "Respond", "Retransmit2xx", "Retransmit1xx", "Raise", "Release"}

// String is the name of the kind.
func (k EffectKind) String() string { return nameOf(effectNames[:], k) }

func nameOf[K ~uint8](names []string, k K) string {
	if int(k) >= len(names) {
		k = 0
	}
	return names[k]
}
