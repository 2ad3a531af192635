package node

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ClientHeader tells the owner for whom a node asks: address, time and signature.
const ClientHeader = "X-Tandem-Client"

// signedFor is how old the time of a signed request may be, and how far ahead.
const signedFor = 30 * time.Second

// sign signs a request of a client, at a time.
func (n *Node) sign(r *http.Request, client, at string) string {
	h := hmac.New(sha256.New, n.key)
	for _, part := range []string{"http", client, at, r.Method, r.Host, r.URL.RequestURI()} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Forward passes requests on to the owner's HTTP door, WebSockets and event streams included. local stands for a request that came
// over a socket of this machine: it has no address.
func (n *Node) Forward(to netip.AddrPort, local string) http.Handler {
	target := &url.URL{Scheme: "http", Host: to.String()}
	var way http.RoundTripper // nil: the usual one
	if n.secure != nil {
		target.Scheme, way = "https", n.secure
	}
	return &httputil.ReverseProxy{
		Transport:     way,
		FlushInterval: -1, // events are sent as they come
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.Host = p.In.Host
			client, at := p.In.RemoteAddr, strconv.FormatInt(time.Now().Unix(), 10)
			if local != "" {
				client = local
			}
			if list := p.In.Header["X-Forwarded-For"]; list != nil { // of a proxy before us, which the owner believes or not
				p.Out.Header["X-Forwarded-For"] = list
			}
			p.Out.Header.Set(ClientHeader, client+" "+at+" "+n.sign(p.Out, client, at))
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if r.Context().Err() == nil {
				n.log.Warn("owner of the calls not reached", "owner", to, "err", err)
			}
			Nobody(w, r)
		},
	}
}

// Nobody answers a request while nobody is known who could.
func Nobody(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "2")
	http.Error(w, "the node that owns the calls is being replaced; try again in a moment", http.StatusServiceUnavailable)
}

// Client tells for whom a node has passed a request on: the address and port of the client, or the word that it gave for a local one.
func (n *Node) Client(r *http.Request) (client string, ok bool) {
	f := strings.Fields(r.Header.Get(ClientHeader))
	if len(f) != 3 {
		return "", false
	}
	at, err := strconv.ParseInt(f[1], 10, 64)
	if age := time.Since(time.Unix(at, 0)); err != nil || age > signedFor || age < -signedFor {
		return "", false
	}
	return f[0], hmac.Equal([]byte(n.sign(r, f[0], f[1])), []byte(f[2]))
}
