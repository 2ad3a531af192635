package sip

import (
	"slices"
	"strings"

	base "github.com/emiago/sipgo/sip"
)

// Policy says what a place accepts of a request before its meaning is looked at. The zero value refuses all extensions and
// has no limits; DefaultPolicy is the one of the house.
type Policy struct {
	Extensions []string // option tags that may stand in Require
	Bodies     []string // media types accepted as a body; empty means any
	Schemes    []string // URI schemes accepted in the Request-URI; empty means sip, sips and tel
	MaxURI     int      // longest Request-URI in bytes, 0 for any
	MaxBody    int      // longest body in bytes, 0 for any
}

// DefaultPolicy returns the policy of the house.
func DefaultPolicy() Policy {
	return Policy{
		Extensions: []string{"100rel", "timer", "replaces", "norefersub", "path", "outbound"},
		Bodies: []string{"application/sdp", "multipart/mixed", "multipart/alternative", "multipart/related", "application/dtmf-relay", "application/dtmf",
			"message/sipfrag", "text/plain", "text/html", "application/im-iscomposing+xml", "application/simple-message-summary", "application/pidf+xml",
			"application/dialog-info+xml", "application/media_control+xml", "application/rtp", "application/reginfo+xml", "message/cpim"},
		MaxURI:  2048,
		MaxBody: 64 << 10,
	}
}

// Validate is DefaultPolicy().Validate.
func Validate(req *Request) (status int, reason string, headers []Header) {
	return defaultPolicy.Validate(req)
}

var defaultPolicy = DefaultPolicy()

// Validate checks a request in the order of RFC 3261 §8.2 and §16.3. Status 0 means that nothing is wrong with it; else the
// status, its phrase and the headers to answer with. An ACK is never answered, whatever is wrong (§17). It does not look
// at authentication, at who is called, or at dialogs (401, 404, 481).
func (p Policy) Validate(req *Request) (status int, reason string, headers []Header) {
	status, reason, headers = p.check(req)
	if status != 0 && reason == "" {
		reason = Phrase(status)
	}
	return status, reason, headers
}

func (p Policy) check(req *Request) (int, string, []Header) {
	if !strings.EqualFold(req.SipVersion, "SIP/2.0") {
		return StatusVersionNotSupported, "", nil
	}
	if why := mandatory(req); why != "" {
		return StatusBadRequest, why, nil
	}
	if req.CSeq().MethodName != req.Method {
		if !KnownMethod(req.Method) {
			return StatusNotImplemented, "", nil
		}
		return StatusBadRequest, "CSeq Method Differs", nil
	}
	if !KnownMethod(req.Method) {
		return StatusNotImplemented, "", nil
	}
	if status, why := p.checkURI(req); status != 0 {
		return status, why, nil
	}
	if why := wellFormed(req); why != "" {
		return StatusBadRequest, why, nil
	}
	if h := req.MaxForwards(); h != nil && h.Val() == 0 && forwards(req) {
		return StatusTooManyHops, "", nil
	}
	if bad := p.unsupported(req); len(bad) > 0 {
		return StatusBadExtension, "", []Header{NewHeader("Unsupported", strings.Join(bad, ", "))}
	}
	return p.checkBody(req)
}

// forwards: requests that a back-to-back user agent would pass on, so that a loop of two of them must end (RFC 3261 §16.3).
func forwards(req *Request) bool {
	switch req.Method {
	case INVITE, MESSAGE, SUBSCRIBE, REFER:
		return ToTag(req) == ""
	}
	return false
}

// once are headers that may stand in a request only once (RFC 3261 §20).
var once = []string{"From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type", "Expires", "RSeq", "RAck", "Session-Expires", "Min-SE", "Replaces", "Refer-To", "Event"}

// mandatory checks RFC 3261 §8.1.1: the headers without which there is no transaction.
func mandatory(req *Request) string {
	switch {
	case req.Via() == nil || !readable(req, "Via"):
		return "Bad Via Header"
	case req.CSeq() == nil || !readable(req, "CSeq"):
		return "Bad CSeq Header"
	case req.From() == nil || !readable(req, "From"):
		return "Bad From Header"
	case req.To() == nil || !readable(req, "To"):
		return "Bad To Header"
	case req.CallID() == nil:
		return "Bad Call-ID Header"
	}
	return duplicate(req)
}

// duplicate finds a header that stands more often than it may.
func duplicate(req *Request) string {
	var seen uint32
	for _, h := range req.Headers() {
		name := h.Name()
		for i, o := range once {
			if len(o) != len(name) || !strings.EqualFold(o, name) {
				continue
			}
			if seen&(1<<i) != 0 {
				return "Duplicate " + o + " Header"
			}
			seen |= 1 << i
		}
	}
	return ""
}

// readable reports whether the top header of that name came through our parser as a typed one.
func readable(req *Request, name string) bool {
	for h := range Fields(req, name) {
		switch h.(type) {
		case *base.ViaHeader, *base.CSeqHeader, *base.FromHeader, *base.ToHeader:
			return true
		}
		return false
	}
	return false
}

func (p Policy) checkURI(req *Request) (int, string) {
	u := req.Recipient
	schemes := p.Schemes
	if len(schemes) == 0 {
		schemes = ourSchemes
	}
	if !slices.Contains(schemes, u.Scheme) {
		return StatusUnsupportedURIScheme, ""
	}
	size, clean := measure(&u)
	if p.MaxURI > 0 && size > p.MaxURI {
		return StatusRequestURITooLong, ""
	}
	if u.Scheme != "tel" && (u.Host == "" || !clean) {
		return StatusBadRequest, "Bad Request-URI"
	}
	if len(u.Headers) > 0 { // RFC 3261 §19.1.1: not allowed in a Request-URI
		return StatusBadRequest, "Headers In Request-URI"
	}
	return 0, ""
}

// measure returns about how long a URI is, and whether it is free of characters that no URI has.
func measure(u *URI) (size int, clean bool) {
	const never = "<>\" "
	size = len(u.Scheme) + len(u.User) + len(u.Host) + len(u.Raw()) + 8
	clean = !strings.ContainsAny(u.User, never) && !strings.ContainsAny(u.Host, never)
	for _, kv := range u.UriParams {
		size += len(kv.K) + len(kv.V) + 2
		clean = clean && !strings.ContainsAny(kv.K, never) && !strings.ContainsAny(kv.V, never)
	}
	return size, clean
}

// wellFormed checks headers that must make sense when they are there.
func wellFormed(req *Request) string {
	if count(req, "Max-Forwards") > 0 {
		if h := req.MaxForwards(); h == nil || h.Val() > 255 {
			return "Bad Max-Forwards Header"
		}
	}
	if count(req, "Content-Length") > 0 {
		if h := req.ContentLength(); h == nil || int(*h) != len(req.Body()) {
			return "Bad Content-Length"
		}
	}
	if FromTag(req) == "" && strings.HasPrefix(branch(req), Cookie) {
		return "Missing From Tag"
	}
	for _, name := range addressed {
		for h := range Fields(req, name) {
			if _, typed := h.(*base.ContactHeader); typed {
				continue // the parser has read it
			}
			if _, err := ParseNameAddrs(h.Value()); err != nil {
				return "Bad " + name + " Header"
			}
		}
	}
	if req.Method == INVITE && count(req, "Contact") > 1 {
		return "Duplicate Contact Header"
	}
	for _, name := range timed {
		if s := HeaderText(req, name); s != "" {
			head, _, _ := strings.Cut(s, ";")
			if _, ok := Seconds(head); !ok {
				return "Bad " + name + " Header"
			}
		}
	}
	return ""
}

var ourSchemes = []string{"sip", "sips", "tel"}
var addressed = []string{"Contact", "Record-Route", "Route"}
var timed = []string{"Expires", "Session-Expires"}

func branch(req *Request) string {
	if v := req.Via(); v != nil {
		b, _ := v.Params.Get("branch")
		return b
	}
	return ""
}

func (p Policy) unsupported(req *Request) []string {
	if req.Method == ACK || req.Method == CANCEL { // RFC 3261 §8.2.2.3
		return nil
	}
	var bad []string
	for _, tag := range append(Tokens(req, "Require"), Tokens(req, "Proxy-Require")...) {
		if !slices.ContainsFunc(p.Extensions, func(e string) bool { return strings.EqualFold(e, tag) }) {
			bad = append(bad, Clean(tag))
		}
	}
	return bad
}

func (p Policy) checkBody(req *Request) (int, string, []Header) {
	body := req.Body()
	if len(body) == 0 || req.Method == ACK && count(req, "Content-Type") == 0 {
		return 0, "", nil
	}
	if p.MaxBody > 0 && len(body) > p.MaxBody {
		return StatusRequestEntityTooLarge, "", nil
	}
	if optional(req) || req.Method == BYE || req.Method == CANCEL {
		return 0, "", nil
	}
	ct, ok := ContentTypeOf(req)
	if !ok {
		return StatusBadRequest, "Bad Content-Type Header", nil
	}
	if len(p.Bodies) > 0 && !slices.Contains(p.Bodies, ct.Type) {
		return StatusUnsupportedMediaType, "", []Header{NewHeader("Accept", strings.Join(p.Bodies, ", "))}
	}
	if enc := HeaderText(req, "Content-Encoding"); enc != "" && !strings.EqualFold(strings.TrimSpace(enc), "identity") {
		return StatusUnsupportedMediaType, "", []Header{NewHeader("Accept-Encoding", "identity")}
	}
	return 0, "", nil
}

// optional: the sender allows the body to be ignored (RFC 3261 §20.11).
func optional(req *Request) bool {
	_, params, _ := strings.Cut(HeaderText(req, "Content-Disposition"), ";")
	return strings.EqualFold(ParseParams(params).Value("handling"), "optional")
}
