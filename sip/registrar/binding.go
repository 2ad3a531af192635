package registrar

import (
	"net/netip"
	"time"

	"tandem/sip"
)

// Binding is one way to reach an AOR. It is a plain value: text, numbers and times, fit for any encoding.
type Binding struct {
	AOR       string         // "user@host", canonical
	Contact   string         // URI as the device wrote it
	Instance  string         // +sip.instance without quotes, such as "<urn:uuid:…>"; "" if not given
	RegID     uint32         // reg-id of RFC 5626; 0 if not given
	Q         int            // preference in thousandths, 0 to 1000; 1000 if not given
	CallID    string         // of the REGISTER that set it
	CSeq      uint32         // of the REGISTER that set it
	Expires   time.Time      // reached until
	Updated   time.Time      // last REGISTER
	Received  netip.AddrPort // where that REGISTER came from: the address that works behind a NAT
	Transport string         // "udp", "tcp", "tls", "ws", "wss", "local"
	Flow      string         // the transport's name for the connection; "" when it has none
	Path      []string       // Path values of RFC 3327, top first
	UserAgent string         // as told, cut to 128 bytes
	Lost      time.Time      // when its connection went; zero while it can be reached
}

// Suspended reports whether the connection of the binding is gone and its device may come back (RFC 5626 §4.5).
func (b *Binding) Suspended() bool { return !b.Lost.IsZero() }

// bound reports whether nobody can dial the device: only its own connection reaches it (RFC 7118 §5).
func (b *Binding) bound() bool {
	return b.Transport == "ws" || b.Transport == "wss" || b.Transport == "local"
}

// Arrival is what the ingress knows of a request.
type Arrival struct {
	Source    netip.AddrPort // sender as seen by the socket
	Transport string         // "udp", "tcp", "tls", "ws", "wss", "local"
	Flow      string         // the transport's name for the connection
	User      string         // name proven by digest or by the flow; "" when no proof is asked for
}

// EventKind says what happened to a binding.
type EventKind uint8

// The kinds of Event.
const (
	Registered EventKind = iota // a new binding
	Refreshed                   // a known binding has a new expiry, or moved
	Expired                     // its time is over
	Removed                     // the client took it away, or its flow is gone and nobody came back
	Suspended                   // its flow is gone; Refreshed follows when the device comes back in time, else Removed
)

var eventNames = [...]string{"registered", "refreshed", "expired", "removed", "suspended"}

// String returns the kind as it stands in logs, metrics and events.
func (k EventKind) String() string { return eventNames[k] }

// Event is one change of the table.
type Event struct {
	Kind    EventKind
	Binding Binding // as it is now; for Expired and Removed as it was
	At      time.Time
}

// entry is a binding in the table.
type entry struct {
	Binding
	uri   sip.URI   // Contact, parsed
	until time.Time // when Expire takes it: Expires, or the end of the grace
	index int       // in the deadline heap
	order uint64    // of the last update: decides among equal times
}

// fate is how an entry ends whose time is over.
func (e *entry) fate() EventKind {
	if e.Suspended() {
		return Removed
	}
	return Expired
}

// elsewhere tells whether a binding moved to another connection since: the page before the present one, which says good-bye
// over its own, must not take the binding along (RFC 5626 §6).
func (e *entry) elsewhere(b Binding) bool {
	return e.bound() && !e.Suspended() && e.Flow != b.Flow && e.CallID != b.CallID
}

// same tells whether a new contact replaces this one: by instance and reg-id where the device names itself (RFC 5626 §6), else
// by URI (RFC 3261 §10.3 step 7).
func (e *entry) same(c *contact) bool {
	if c.instance != "" && e.Instance != "" {
		return c.instance == e.Instance && c.regID == e.RegID
	}
	return equalURI(&e.uri, &c.uri)
}

// deadlines is a heap of entries, earliest end first (container/heap).
type deadlines []*entry

// Len is part of heap.Interface.
func (d deadlines) Len() int { return len(d) }

// Less is part of heap.Interface.
func (d deadlines) Less(i, j int) bool { return d[i].until.Before(d[j].until) }

// Swap is part of heap.Interface.
func (d deadlines) Swap(i, j int) {
	d[i], d[j] = d[j], d[i]
	d[i].index, d[j].index = i, j
}

// Push is part of heap.Interface.
func (d *deadlines) Push(x any) {
	e := x.(*entry)
	e.index = len(*d)
	*d = append(*d, e)
}

// Pop is part of heap.Interface.
func (d *deadlines) Pop() any {
	last := len(*d) - 1
	e := (*d)[last]
	(*d)[last] = nil
	*d = (*d)[:last]
	return e
}
