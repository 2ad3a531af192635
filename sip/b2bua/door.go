package b2bua

import (
	"net/netip"
	"strings"

	"tandem/sip"
	"tandem/sip/transaction"
	"tandem/sip/transport"
)

// Door is the switch as the transaction layer of one endpoint sees it: it remembers which endpoint a request came through, so
// that everything of a dialog leaves there.
type Door struct {
	sw       *Switch
	layer    *transaction.Layer
	endpoint transaction.Endpoint
}

// NewDoor makes the Handler for an endpoint's layer. Open completes it. The first door is where calls to others leave.
func (s *Switch) NewDoor(e transaction.Endpoint) *Door {
	d := &Door{sw: s, endpoint: e}
	s.doors = append(s.doors, d)
	return d
}

// Open gives the door its layer, before the layer serves.
func (d *Door) Open(l *transaction.Layer) { d.layer = l }

// ServeRequest implements transaction.Handler: it finds who owns the request.
func (d *Door) ServeRequest(tx *transaction.ServerTx) {
	s, req := d.sw, tx.Request()
	if tag := sip.ToTag(req); tag != "" {
		s.inDialog(tx, tag)
		return
	}
	switch req.Method {
	case sip.INVITE:
		s.newCall(d, tx)
	case sip.OPTIONS:
		s.options(tx)
	case sip.REGISTER:
		s.register(tx)
	case sip.ACK: // to a final response that the transaction room has forgotten; nothing answers an ACK
	default:
		s.answer(tx, sip.StatusMethodNotAllowed, sip.NewHeader("Allow", allow))
	}
}

// ServeCancel implements transaction.Handler.
func (d *Door) ServeCancel(invite *transaction.ServerTx, cancel *sip.Request, _ bool) {
	if a, ok := d.sw.tags.get(invite.LocalTag()); ok && !a.call.post(canceled{a.leg, cancel}) {
		a.call.flood()
	}
}

// ServeTxError implements transaction.Handler.
func (d *Door) ServeTxError(tx *transaction.ServerTx, err error) {
	d.sw.log.Warn("request lost", "method", tx.Request().Method, "err", err)
	d.sw.metrics.lostRequests.Inc()
	if a, ok := d.sw.tags.get(tx.LocalTag()); ok && tx.Request().Method == sip.INVITE && !a.call.post(inviteLost{a.leg}) {
		a.call.flood()
	}
}

// ServeStray implements transaction.Handler: a 2xx that no transaction waits for belongs to no call of ours any more.
func (d *Door) ServeStray(*sip.Response, transport.Flow) bool { return false }

// Contact is where we are reached through this door.
func (d *Door) Contact(transport string) sip.URI {
	return route{door: d, to: transaction.Destination{Transport: transport}}.contact()
}

// route is how a leg's requests travel: through a door, to a place.
type route struct {
	door *Door
	to   transaction.Destination
	nat  bool // in-dialog requests go to where the peer was seen, not to where its Contact points
}

// contact is where the peer of a leg reaches us: the advertised address of the endpoint that it talks to.
func (r route) contact() sip.URI {
	host, port := r.door.endpoint.SentBy(r.to.Transport)
	u := sip.URI{Scheme: "sip", User: "tandem", Host: host, Port: port}
	if r.to.Transport != transport.UDP {
		u.UriParams.Add("transport", strings.ToLower(r.to.Transport))
	}
	return u
}

// destination is where a request of the dialog goes: to its first Route, else to its Request-URI where that is an address that
// can be believed, else to where the peer was seen (RFC 3261 §8.1.2). On a connection everything stays on the connection.
func (r route) destination(req *sip.Request) transaction.Destination {
	if r.to.Transport != transport.UDP {
		return r.to
	}
	next := &req.Recipient
	if h := req.Route(); h != nil {
		next = &h.Address
	} else if r.nat {
		return r.to
	}
	addr, err := netip.ParseAddr(strings.Trim(next.Host, "[]"))
	if err != nil {
		return r.to
	}
	port := next.Port
	if port == 0 {
		port = defaultPort
	}
	to := r.to
	to.Addr = netip.AddrPortFrom(addr, uint16(port))
	return to
}

// defaultPort is SIP's (RFC 3261 §19.1.2).
const defaultPort = 5060
