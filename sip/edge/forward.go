package edge

import (
	"bytes"
	"crypto/sha256"
	"net/netip"
	"strconv"
	"strings"

	base "github.com/emiago/sipgo/sip"

	"tandem/sip"
	"tandem/sip/transport"
)

// arrival is a request, and how it came.
type arrival struct {
	endpoint int
	flow     transport.Flow
	req      *sip.Request
}

// request passes a request on: along the token of its first Route to a phone, else to the owner (RFC 3261 §16.6, §16.11).
func (e *Edge) request(a arrival, owner netip.AddrPort) {
	req := a.req
	if req.Via() == nil || req.From() == nil || req.To() == nil || req.CallID() == nil || req.CSeq() == nil {
		e.cfg.Metrics.dropped.WithLabelValues("malformed").Inc()
		return
	}
	sip.StampVia(req, a.flow.Remote, false)
	removeSource(req)
	token, status := e.popRoutes(req)
	if status == 0 && !hop(req) {
		status = sip.StatusTooManyHops
	}
	switch {
	case status != 0:
		e.refuse(a, status)
	case token != "":
		e.toPhone(a, token)
	default:
		e.toNode(a, owner)
	}
}

// removeSource takes away what nobody but a node may say.
func removeSource(req *sip.Request) {
	var names []string
	for _, h := range req.Headers() {
		if strings.EqualFold(h.Name(), SourceHeader) {
			names = append(names, h.Name())
		}
	}
	for _, name := range names {
		req.RemoveHeader(name)
	}
}

// maxForwards is what a request without a count of hops gets (RFC 3261 §16.6).
const maxForwards = 70

// hop counts Max-Forwards down; false when there is none left.
func hop(req *sip.Request) bool {
	h := req.MaxForwards()
	if h == nil {
		full := base.MaxForwardsHeader(maxForwards)
		req.AppendHeader(&full)
		return true
	}
	if h.Val() == 0 {
		return false
	}
	h.Dec()
	return true
}

// popRoutes takes the Routes off the front that lead through this node (RFC 3261 §16.4), and writes the others anew, one in a
// header. token is that of the very first; a status other than 0 is why there is no way on.
func (e *Edge) popRoutes(req *sip.Request) (token string, status int) {
	routes, err := sip.NameAddrs(req, "Route")
	if err != nil {
		return "", sip.StatusBadRequest
	}
	rest := routes
	for len(rest) > 0 && e.ours(rest[0].URI) {
		if len(rest) == len(routes) {
			token = rest[0].URI.User
		}
		rest = rest[1:]
	}
	if len(rest) == len(routes) {
		return "", 0
	}
	for req.RemoveHeader("Route") {
	}
	for i := len(rest) - 1; i >= 0; i-- {
		req.PrependHeader(sip.NewHeader("Route", rest[i].String()))
	}
	return token, 0
}

// toPhone sends a request of the owner along a token.
func (e *Edge) toPhone(a arrival, token string) {
	endpoint, flow, ok := e.flowOf(token)
	if !ok {
		e.refuse(a, sip.StatusForbidden)
		return
	}
	if opensDialog(a.req) {
		own, phone := e.sides(endpoint, flow, token)
		a.req.PrependHeader(phone, own)
	}
	e.pushVia(a, endpoint, flow.Transport)
	if err := e.cfg.Endpoints[endpoint].Write(flow, bytesOf(a.req)); err != nil {
		a.req.RemoveHeader("Via")
		e.refuse(a, statusFlowFailed)
		return
	}
	e.cfg.Metrics.forwarded.WithLabelValues("phone").Inc()
}

// statusFlowFailed says that the connection of a phone is gone (RFC 5626 §11).
const statusFlowFailed = 430

// toNode sends a request of a phone or carrier to the owner.
func (e *Edge) toNode(a arrival, owner netip.AddrPort) {
	if !owner.IsValid() {
		e.refuse(a, sip.StatusServiceUnavailable)
		return
	}
	token := e.token(a.endpoint, a.flow)
	switch {
	case a.req.Method == sip.REGISTER:
		path := e.ownURI(token)
		a.req.PrependHeader(sip.NewHeader("Path", "<"+path.String()+">")) // RFC 3327 §5.2
	case opensDialog(a.req):
		own, phone := e.sides(a.endpoint, a.flow, token)
		a.req.PrependHeader(own, phone)
	}
	e.pushVia(a, e.tcp, transport.TCP)
	a.req.AppendHeader(sip.NewHeader(SourceHeader, e.sourceValue(a.req, a.flow)))
	if err := e.toOwner(owner, bytesOf(a.req)); err != nil {
		e.cfg.Log.Warn("owner of the calls not reached", "owner", owner, "err", err)
		a.req.RemoveHeader("Via")
		e.refuse(a, sip.StatusServiceUnavailable)
		return
	}
	e.cfg.Metrics.forwarded.WithLabelValues("owner").Inc()
}

// opensDialog tells which requests fix the way of all that follow (RFC 3261 §16.6).
func opensDialog(req *sip.Request) bool {
	return (req.Method == sip.INVITE || req.Method == sip.SUBSCRIBE) && sip.ToTag(req) == ""
}

// sides are this node as the owner and as the phone reach it (RFC 5658 §4: one Record-Route for each side, since the transports may
// differ). Who is asked next finds his own side on top.
func (e *Edge) sides(endpoint int, flow transport.Flow, token string) (own, phone sip.Header) {
	a, b := e.ownURI(token), e.phoneURI(endpoint, flow.Transport)
	return sip.NewHeader("Record-Route", "<"+a.String()+">"), sip.NewHeader("Record-Route", "<"+b.String()+">")
}

// backParam is the parameter of our Via in which an answer finds its way back.
const backParam = "tandem-back"

// pushVia writes this node on top. A request that is sent again gets the same branch, and a CANCEL or ACK that of its INVITE: the
// branch is made of what they have in common (RFC 3261 §16.11).
func (e *Edge) pushVia(a arrival, endpoint int, name string) {
	h := sha256.New()
	branch, _ := a.req.Via().Params.Get("branch")
	for _, part := range []string{e.name(), branch, a.req.CallID().Value(), sip.FromTag(a.req), strconv.FormatUint(uint64(a.req.CSeq().SeqNo), 10)} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	host, port := e.cfg.Endpoints[endpoint].SentBy(name)
	via := &base.ViaHeader{ProtocolName: "SIP", ProtocolVersion: "2.0", Transport: name, Host: host, Port: port, Params: base.NewParams()}
	via.Params.Add("branch", sip.Cookie+text.EncodeToString(h.Sum(nil)[:15]))
	via.Params.Add(backParam, e.token(a.endpoint, transport.AnswerFlow(a.req, a.flow)))
	a.req.PrependHeader(via)
}

// response sends an answer back where its request came from (RFC 3261 §16.11).
func (e *Edge) response(res *sip.Response) {
	via := res.Via()
	if via == nil {
		e.cfg.Metrics.dropped.WithLabelValues("malformed").Inc()
		return
	}
	token, _ := via.Params.Get(backParam)
	endpoint, flow, ok := e.flowOf(token)
	res.RemoveHeader("Via")
	if !ok || res.Via() == nil {
		e.cfg.Metrics.dropped.WithLabelValues("not ours").Inc()
		return
	}
	if err := e.cfg.Endpoints[endpoint].Write(flow, bytesOf(res)); err != nil {
		e.cfg.Log.Debug("answer not sent", "flow", flow.String(), "err", err)
		e.cfg.Metrics.dropped.WithLabelValues("flow gone").Inc()
		return
	}
	e.cfg.Metrics.forwarded.WithLabelValues("back").Inc()
}

// refuse answers a request here, the same each time that it comes.
func (e *Edge) refuse(a arrival, status int) {
	if a.req.Method == sip.ACK {
		return
	}
	e.cfg.Metrics.refused.WithLabelValues(strconv.Itoa(status)).Inc()
	res := sip.NewResponse(a.req, status, phrase(status), text.EncodeToString(e.sign("tag", nameOf(a.req))))
	if status == sip.StatusServiceUnavailable {
		res.AppendHeader(sip.RetryAfter{After: busyRetry}.Header())
	}
	if err := e.cfg.Endpoints[a.endpoint].Write(transport.AnswerFlow(a.req, a.flow), bytesOf(res)); err != nil {
		e.cfg.Log.Debug("answer not sent", "flow", a.flow.String(), "err", err)
	}
}

func phrase(status int) string {
	if status == statusFlowFailed {
		return "Flow Failed"
	}
	return ""
}

func bytesOf(m sip.Message) []byte {
	var b bytes.Buffer
	m.StringWrite(&b)
	return b.Bytes()
}
