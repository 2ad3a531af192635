package dialog

import (
	"slices"
	"strings"

	base "github.com/emiago/sipgo/sip"

	"tandem/sip"
)

const maxForwards = 70 // RFC 3261 §8.1.1.6

// request builds a request inside a dialog, RFC 3261 §12.2.1.1, without Via. Its addresses are those of the usage: nobody writes into them.
func (u *Usage) request(d *dialog, m sip.Method, seq uint32) *sip.Request {
	target, routes := d.path()
	req := sip.NewRequest(m, target)
	for _, r := range routes {
		req.AppendHeader(sip.NewHeader("Route", "<"+r+">"))
	}
	hops := base.MaxForwardsHeader(maxForwards)
	req.AppendHeader(&hops)
	req.AppendHeader(&base.FromHeader{DisplayName: sip.Escape(u.cfg.Local.Display), Address: u.cfg.Local.URI, Params: tagged(u.cfg.LocalTag)})
	req.AppendHeader(&base.ToHeader{DisplayName: sip.Escape(u.cfg.Remote.Display), Address: u.cfg.Remote.URI, Params: tagged(d.remoteTag)})
	id := base.CallIDHeader(u.cfg.CallID)
	req.AppendHeader(&id)
	req.AppendHeader(&base.CSeqHeader{SeqNo: seq, MethodName: m})
	if u.cfg.UserAgent != "" {
		req.AppendHeader(sip.NewHeader("User-Agent", u.cfg.UserAgent))
	}
	return req
}

// next request in the dialog, with a new CSeq.
func (u *Usage) fresh(d *dialog, m sip.Method) *sip.Request {
	u.cseq++
	req := u.request(d, m, u.cseq)
	switch m {
	case sip.INVITE, sip.UPDATE:
		u.announce(req)
		u.askSession(req)
	case sip.REFER, sip.NOTIFY, sip.SUBSCRIBE:
		req.AppendHeader(u.contact())
	}
	return req
}

func tagged(tag string) base.HeaderParams {
	if tag == "" {
		return nil
	}
	return base.HeaderParams{{K: "tag", V: tag}}
}

func (u *Usage) contact() sip.Header { return &base.ContactHeader{Address: u.cfg.Contact} }

// announce says where we are and what we can: Contact, Allow, Supported.
func (u *Usage) announce(msg sip.Message) {
	msg.AppendHeader(u.contact())
	msg.AppendHeader(sip.NewHeader("Allow", u.cfg.Allow))
	msg.AppendHeader(sip.NewHeader("Supported", u.cfg.Supported))
}

// response builds an answer, RFC 3261 §8.2.6 and §12.1.1.
func (u *Usage) response(req *sip.Request, status int, body Body, headers ...sip.Header) *sip.Response {
	res := sip.NewResponse(req, status, "", u.cfg.LocalTag)
	refresh := req.Method == sip.INVITE || req.Method == sip.UPDATE
	switch {
	case refresh && status > 100 && status < 200:
		res.AppendHeader(u.contact())
		res.AppendHeader(sip.NewHeader("Allow", u.cfg.Allow))
	case refresh && status < 300:
		u.announce(res)
	case status == sip.StatusMethodNotAllowed, status == sip.StatusNotImplemented, req.Method == sip.OPTIONS:
		res.AppendHeader(sip.NewHeader("Allow", u.cfg.Allow))
	}
	if u.cfg.UserAgent != "" {
		res.AppendHeader(sip.NewHeader("Server", u.cfg.UserAgent))
	}
	add(res, headers)
	fill(res, body)
	return res
}

// fill sets a body with its type.
func fill(msg interface {
	sip.Message
	SetBody([]byte)
}, body Body) {
	if body.Empty() {
		msg.SetBody(nil)
		return
	}
	kind := sip.Clean(body.Type)
	if kind == "" {
		kind = typeSDP
	}
	ct := base.ContentTypeHeader(kind)
	msg.AppendHeader(&ct)
	msg.SetBody(body.Data)
}

// framing headers belong to this room: a caller's are dropped.
var framing = []string{"via", "from", "to", "call-id", "cseq", "max-forwards", "route", "record-route", "content-length", "content-type",
	"rseq", "rack", "session-expires", "min-se"}

// add appends a caller's headers, cleaned: a name that is no token and a framing header are dropped.
func add(msg sip.Message, headers []sip.Header) {
	for _, h := range headers {
		if h == nil || !sip.IsToken(h.Name()) || slices.Contains(framing, strings.ToLower(sip.LongName(h.Name()))) {
			continue
		}
		msg.AppendHeader(sip.NewHeader(h.Name(), sip.Clean(h.Value())))
	}
}

// again builds the next attempt of a request: the same but for CSeq and Via.
func (u *Usage) again(req *sip.Request) *sip.Request {
	u.cseq++
	next := sip.NewRequest(req.Method, req.Recipient)
	for _, h := range req.Headers() {
		switch h.(type) {
		case *base.ViaHeader, *base.ContentLengthHeader:
		case *base.CSeqHeader:
			next.AppendHeader(&base.CSeqHeader{SeqNo: u.cseq, MethodName: req.Method})
		default:
			next.AppendHeader(base.HeaderClone(h))
		}
	}
	next.SetBody(req.Body())
	return next
}

// acknowledge builds the ACK for a 2xx, RFC 3261 §13.2.2.4, keeps it in the dialog and sends it.
func (u *Usage) acknowledge(d *dialog, seq uint32, creds []sip.Header, body Body) {
	req := u.request(d, sip.ACK, seq)
	for _, h := range creds {
		req.AppendHeader(h)
	}
	fill(req, body)
	d.ack, d.ackSeq = req, seq
	u.emit(Effect{Kind: WriteACK, Request: req})
}

// inviteCreds are the credentials that the ACK for the initial INVITE repeats.
func (u *Usage) inviteCreds() []sip.Header {
	if u.calling == nil {
		return nil
	}
	return u.calling.creds
}

// credentials are the headers of an INVITE that its ACK repeats, RFC 3261 §22.1.
func credentials(req *sip.Request) []sip.Header {
	return slices.AppendSeq(slices.Collect(sip.Fields(req, "Authorization")), sip.Fields(req, "Proxy-Authorization"))
}

func (c *Config) clean() {
	if c.Allow == "" {
		c.Allow = DefaultAllow
	}
	if c.Supported == "" {
		c.Supported = DefaultSupported
	}
	c.Allow, c.Supported, c.UserAgent = sip.Clean(c.Allow), sip.Clean(c.Supported), sip.Clean(c.UserAgent)
	c.CallID, c.LocalTag = squeeze(c.CallID), squeeze(c.LocalTag)
	for _, u := range []*sip.URI{&c.Local.URI, &c.Remote.URI, &c.Target, &c.Contact} {
		cleanURI(u)
	}
}

// cleanURI removes what cannot stand inside a URI in angle brackets.
func cleanURI(u *sip.URI) {
	if cleanPart(u.User) && cleanPart(u.Host) && u.Raw() == "" && u.Password == "" && len(u.UriParams)+len(u.Headers) == 0 {
		return // as nearly all are: nothing has to be printed to see it
	}
	s := u.String()
	if t := squeeze(s); t != s {
		if v, err := sip.ParseURI(t); err == nil {
			*u = v
			return
		}
		*u = sip.URI{Scheme: "sip", Host: "invalid.invalid"}
	}
}

func cleanPart(s string) bool {
	return !strings.ContainsFunc(s, unfit)
}

func unfit(r rune) bool { return r <= ' ' || r == 0x7f || r == '<' || r == '>' || r == '"' }

// squeeze removes blanks, controls, quotes and angle brackets.
func squeeze(s string) string {
	if cleanPart(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if unfit(r) {
			return -1
		}
		return r
	}, s)
}
