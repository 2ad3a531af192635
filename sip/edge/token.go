package edge

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"net/netip"
	"slices"
	"strings"

	"tandem/sip"
	"tandem/sip/transport"
)

// text is how tokens and signatures are written: what a URI's user part and a Via's parameter may hold.
var text = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// macSize is how much of a signature is sent, in bytes.
const macSize = 12

// sign makes the signature of a text for a purpose.
func (e *Edge) sign(purpose string, parts ...string) []byte {
	h := hmac.New(sha256.New, e.cfg.Key)
	h.Write([]byte(purpose))
	for _, p := range parts {
		h.Write([]byte{0})
		h.Write([]byte(p))
	}
	return h.Sum(nil)[:macSize]
}

// carried are the transports of phones, by their number in tokens. WebSockets come to the owner by HTTP.
var carried = []string{transport.UDP, transport.TCP, transport.TLS}

// token writes a flow of an endpoint: transport and endpoint, port, address, signature.
func (e *Edge) token(endpoint int, flow transport.Flow) string {
	b := []byte{byte(max(slices.Index(carried, flow.Transport), 0)), byte(endpoint)}
	b = binary.BigEndian.AppendUint16(b, flow.Remote.Port())
	b = append(b, flow.Remote.Addr().AsSlice()...)
	return text.EncodeToString(append(b, e.sign("flow", e.name(), string(b))...))
}

// flowOf reads a token of this node.
func (e *Edge) flowOf(token string) (endpoint int, flow transport.Flow, ok bool) {
	raw, err := text.DecodeString(token)
	if err != nil || len(raw) < 4+4+macSize {
		return 0, flow, false
	}
	b, mac := raw[:len(raw)-macSize], raw[len(raw)-macSize:]
	addr, ok := netip.AddrFromSlice(b[4:])
	if !ok || !hmac.Equal(mac, e.sign("flow", e.name(), string(b))) || int(b[0]) >= len(carried) || int(b[1]) >= len(e.cfg.Endpoints) {
		return 0, flow, false
	}
	endpoint = int(b[1])
	return endpoint, e.cfg.Endpoints[endpoint].Flow(carried[b[0]], netip.AddrPortFrom(addr, binary.BigEndian.Uint16(b[2:]))), true
}

// name is this node in its tokens: no other node takes them for its own.
func (e *Edge) name() string { return e.cfg.Self.String() }

// ownURI is how the owner leads a message through this node, and on along a token.
func (e *Edge) ownURI(token string) sip.URI {
	u := sip.URI{Scheme: "sip", User: token, Host: hostOf(e.cfg.Self.Addr()), Port: int(e.cfg.Self.Port())}
	u.UriParams.Add("transport", "tcp")
	u.UriParams.Add("lr", "")
	return u
}

// phoneURI is how a phone leads a message through this node, over the transport that it speaks.
func (e *Edge) phoneURI(endpoint int, name string) sip.URI {
	host, port := e.cfg.Endpoints[endpoint].SentBy(name)
	u := sip.URI{Scheme: "sip", Host: host, Port: port}
	if name != transport.UDP {
		u.UriParams.Add("transport", strings.ToLower(name))
	}
	u.UriParams.Add("lr", "")
	return u
}

func hostOf(a netip.Addr) string {
	if a = a.Unmap(); a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}

// ours tells whether a Route leads to this node.
func (e *Edge) ours(u sip.URI) bool {
	is := func(own sip.URI) bool { return strings.EqualFold(u.Host, own.Host) && portOf(u) == portOf(own) }
	if is(e.ownURI("")) {
		return true
	}
	for i, ep := range e.cfg.Endpoints {
		for _, name := range carried {
			if _, served := ep.Local(name); served && is(e.phoneURI(i, name)) {
				return true
			}
		}
	}
	return false
}

// portOf is the port of a URI, 5060 where none is written (RFC 3261 §19.1.2).
func portOf(u sip.URI) int {
	if u.Port == 0 {
		return 5060
	}
	return u.Port
}

// Here gives the flow that a Path of this node leads to: what was registered through this node while another one owned the calls.
func (e *Edge) Here(path string) (flow transport.Flow, ok bool) {
	a, err := sip.ParseNameAddr(path)
	if err != nil || !e.ours(a.URI) {
		return flow, false
	}
	_, flow, ok = e.flowOf(a.URI.User)
	return flow, ok
}

// SourceHeader is the name of the header that tells the owner where a request came from: transport, address and signature.
const SourceHeader = "X-Tandem-Source"

// sourceValue signs where a request came from together with what makes the request itself, so that it fits no other.
func (e *Edge) sourceValue(req *sip.Request, flow transport.Flow) string {
	from := flow.Transport + " " + flow.Remote.String()
	return from + " " + text.EncodeToString(e.sign("source", from, nameOf(req)))
}

// nameOf tells a request from all others.
func nameOf(req *sip.Request) string {
	branch, _ := req.Via().Params.Get("branch")
	return string(req.Method) + " " + req.CallID().Value() + " " + req.CSeq().Value() + " " + branch
}

// Source reads where a request came from that another node of the site has passed on. False for a request that came here by itself.
func (e *Edge) Source(req *sip.Request) (transportName string, from netip.AddrPort, ok bool) {
	value := sip.HeaderText(req, SourceHeader)
	if value == "" || req.Via() == nil || req.CallID() == nil || req.CSeq() == nil {
		return "", from, false
	}
	f := strings.Fields(value)
	if len(f) != 3 {
		return "", from, false
	}
	mac, err := text.DecodeString(f[2])
	if err != nil || !hmac.Equal(mac, e.sign("source", f[0]+" "+f[1], nameOf(req))) {
		return "", from, false
	}
	from, err = netip.ParseAddrPort(f[1])
	return f[0], from, err == nil
}
