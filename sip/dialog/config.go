package dialog

import (
	"errors"
	"time"

	"tandem/sip"
)

// Protocol constants, RFC 3261 §17.1.1.1 and RFC 4028 §4.
const (
	T1 = 500 * time.Millisecond // round-trip estimate
	T2 = 4 * time.Second        // longest retransmission interval
	// LeastSessionExpires is the smallest Min-SE that RFC 4028 §5 allows.
	LeastSessionExpires = 90 * time.Second
)

// Defaults for the header values that Config leaves empty.
const (
	DefaultAllow     = "INVITE, ACK, CANCEL, BYE, PRACK, UPDATE, OPTIONS, INFO, REFER, NOTIFY, MESSAGE"
	DefaultSupported = "100rel, timer"
)

// Body is a message body. The zero value is no body.
type Body struct {
	Type string // media type without parameters; empty means application/sdp
	Data []byte // not changed after it was handed over
}

const typeSDP = "application/sdp"

// SDP is a Body that holds a session description.
func SDP(data []byte) Body { return Body{Type: typeSDP, Data: data} }

// Empty tells whether there is no body.
func (b Body) Empty() bool { return len(b.Data) == 0 }

// Authorizer answers digest challenges. It is asked once for each realm and request (once more for a stale nonce).
type Authorizer interface {
	// Authorize puts credentials for the 401 or 407 challenge on req, a new request that differs from the challenged one in
	// CSeq and Via only. False means no credentials: the challenge is final.
	Authorize(req *sip.Request, challenge *sip.Response) bool
}

// Config describes one leg. Text from outside (names, URIs, Headers) may be hostile: it is cleaned when it is written.
type Config struct {
	CallID    string       // UAC: the Call-ID; UAS: taken from the INVITE
	LocalTag  string       // our tag; UAS: the INVITE's To tag goes first when the transaction room has set one
	Local     sip.NameAddr // UAC: From; UAS: taken from the INVITE's To
	Remote    sip.NameAddr // UAC: To; UAS: taken from the INVITE's From
	Target    sip.URI      // UAC: Request-URI of the INVITE
	Contact   sip.URI      // our Contact, where in-dialog requests reach us
	Route     []sip.URI    // UAC: preloaded route set (outbound proxy, Service-Route)
	Headers   []sip.Header // UAC: further headers of the initial INVITE
	Allow     string       // comma list; empty is DefaultAllow
	Supported string       // comma list of option tags; empty is DefaultSupported
	UserAgent string       // User-Agent and Server; empty is none
	Auth      Authorizer   // nil: 401 and 407 are final
	CSeq      uint32       // first local CSeq; 0 takes one from Rand
	// PreferUpdate makes Offer use UPDATE in a confirmed dialog where the peer allows it. In an early dialog it is always UPDATE.
	PreferUpdate bool
	// Prefer100rel makes a UAS send provisional responses with SDP reliably where the peer supports it, not only where it must.
	Prefer100rel bool
	// SessionExpires is the session interval we ask for, RFC 4028; 0 asks for none and honours the peer's. At least MinSE.
	SessionExpires time.Duration
	MinSE          time.Duration // smallest interval we accept; 0 is LeastSessionExpires
	// Rand gives numbers in [0,1) for back-offs and first sequence numbers. Nil is a constant 0.5.
	Rand func() float64
}

// Validate reports all faults of a UAC's Config, or of a UAS's.
func (c *Config) Validate(uac bool) error {
	var faults []error
	missing := func(absent bool, what string) {
		if absent {
			faults = append(faults, errors.New("dialog config: "+what))
		}
	}
	missing(c.Contact.Host == "", "contact is missing")
	missing(c.MinSE < 0 || c.SessionExpires < 0, "session interval is negative")
	missing(c.SessionExpires > 0 && c.SessionExpires < c.minSE(), "session_expires is below min_se")
	missing(c.LocalTag == "", "local tag is missing")
	if uac {
		missing(c.CallID == "", "call id is missing")
		missing(c.Target.Host == "" && c.Target.Raw() == "", "target is missing")
		missing(c.Local.URI.Host == "" && c.Local.URI.Raw() == "", "local address is missing")
		missing(c.Remote.URI.Host == "" && c.Remote.URI.Raw() == "", "remote address is missing")
	}
	return errors.Join(faults...)
}

func (c *Config) minSE() time.Duration { return max(c.MinSE, LeastSessionExpires) }

func (c *Config) random() float64 {
	if c.Rand == nil {
		return 0.5
	}
	return min(max(c.Rand(), 0), 0.999999)
}
