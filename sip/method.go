package sip

import "slices"

// Methods that the house speaks.
const (
	INVITE    Method = "INVITE"    // RFC 3261 §13
	ACK       Method = "ACK"       // RFC 3261 §13.2.2.4
	CANCEL    Method = "CANCEL"    // RFC 3261 §9
	BYE       Method = "BYE"       // RFC 3261 §15
	REGISTER  Method = "REGISTER"  // RFC 3261 §10
	OPTIONS   Method = "OPTIONS"   // RFC 3261 §11
	PRACK     Method = "PRACK"     // RFC 3262
	UPDATE    Method = "UPDATE"    // RFC 3311
	REFER     Method = "REFER"     // RFC 3515
	NOTIFY    Method = "NOTIFY"    // RFC 6665
	SUBSCRIBE Method = "SUBSCRIBE" // RFC 6665
	INFO      Method = "INFO"      // RFC 6086
	MESSAGE   Method = "MESSAGE"   // RFC 3428
	PUBLISH   Method = "PUBLISH"   // RFC 3903
)

var methods = []Method{INVITE, ACK, CANCEL, BYE, REGISTER, OPTIONS, PRACK, UPDATE, REFER, NOTIFY, SUBSCRIBE, INFO, MESSAGE, PUBLISH}

// KnownMethod reports whether the house knows the method at all. A method it knows but does not accept at some place is
// answered 405, one it does not know 501 (RFC 3261 §8.2.1, §21.5.2). Methods are case-sensitive.
func KnownMethod(m Method) bool { return slices.Contains(methods, m) }

var compact = map[string]string{
	"a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition", "e": "Content-Encoding",
	"f": "From", "i": "Call-ID", "j": "Reject-Contact", "k": "Supported", "l": "Content-Length", "m": "Contact",
	"n": "Identity-Info", "o": "Event", "r": "Refer-To", "s": "Subject", "t": "To", "u": "Allow-Events", "v": "Via",
	"x": "Session-Expires", "y": "Identity",
}

// LongName returns the long name of a compact header name, in either case (RFC 3261 §7.3.3 and the IANA list of header
// fields). Any other name comes back as it is.
func LongName(name string) string {
	if len(name) != 1 {
		return name
	}
	if long, ok := compact[string(name[0]|0x20)]; ok {
		return long
	}
	return name
}
