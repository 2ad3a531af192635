package ws

import (
	"cmp"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"tandem/sip/transport"
)

// Protocol is the WebSocket subprotocol that a client must ask for (RFC 7118 §4.1).
const Protocol = "sip"

// ErrUnauthorized is what Authenticate returns for a token that does not hold: 401. Any other error is 403.
var ErrUnauthorized = errors.New("not authorized")

// Config describes the door. Zero values mean the defaults named beside them.
type Config struct {
	Endpoint *transport.Endpoint // required
	// Origins are the sites whose pages may connect beside our own, as patterns of path.Match: "https://*.example.org", or a host alone. A client that
	// is no browser sends no Origin and is let in.
	Origins []string
	// Authenticate proves a user by what the request bears (a token, a cookie). nil, or "" without an error: nobody is proven,
	// and digest decides later. It may wait.
	Authenticate func(*http.Request) (user string, err error)
	// Remote tells who the client is; nil takes the peer of the connection.
	Remote func(*http.Request) netip.AddrPort
	// Secure tells whether the client's side is TLS (WSS); nil: when ours is.
	Secure func(*http.Request) bool

	MaxMessage   int64         // bytes of a message, 64 KiB
	FirstTimeout time.Duration // for the first message, 1 min
	PingEvery    time.Duration // since the last pong, 30 s
	PingTimeout  time.Duration // for the pong, 10 s
	WriteTimeout time.Duration // for one message, 5 s

	Log      *slog.Logger          // silent when nil
	Registry prometheus.Registerer // nil leaves the metrics unregistered
}

func (c Config) withDefaults() Config {
	c.MaxMessage = cmp.Or(c.MaxMessage, 64<<10)
	c.FirstTimeout = cmp.Or(c.FirstTimeout, time.Minute)
	c.PingEvery = cmp.Or(c.PingEvery, 30*time.Second)
	c.PingTimeout = cmp.Or(c.PingTimeout, 10*time.Second)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, 5*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Remote == nil {
		c.Remote = peer
	}
	if c.Secure == nil {
		c.Secure = func(r *http.Request) bool { return r.TLS != nil }
	}
	return c
}

func peer(r *http.Request) netip.AddrPort {
	at, _ := netip.ParseAddrPort(r.RemoteAddr)
	return at
}

// Handler upgrades requests to WebSocket and attaches them. It may serve many at once.
type Handler struct {
	cfg   Config
	count *counters
}

// New makes the door. It panics when the configuration has no endpoint.
func New(cfg Config) *Handler {
	if cfg.Endpoint == nil {
		panic("ws: no endpoint")
	}
	return &Handler{cfg: cfg.withDefaults(), count: newCounters(cfg.Registry)}
}

// ServeHTTP implements http.Handler. It returns once the connection is attached, or refused.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	remote := h.cfg.Remote(r)
	if !remote.IsValid() {
		h.count.upgrade(refusedSource)
		http.Error(w, "no client address", http.StatusBadRequest)
		return
	}
	if !offers(r, Protocol) {
		h.count.upgrade(refusedProtocol)
		w.Header().Set("Sec-WebSocket-Protocol", Protocol)
		http.Error(w, "this is SIP over WebSocket: ask for the subprotocol sip", http.StatusBadRequest)
		return
	}
	user, ok := h.prove(w, r)
	if !ok {
		return
	}
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{Protocol}, OriginPatterns: h.cfg.Origins})
	if err != nil {
		h.count.upgrade(refusedHandshake)
		h.cfg.Log.Debug("upgrade refused", "remote", remote.String(), "err", err)
		return
	}
	h.attach(c, transport.AttachOptions{Transport: h.transport(r), Remote: remote, User: user})
}

// offers reports whether the client asks for a subprotocol.
func offers(r *http.Request, want string) bool {
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for p := range strings.SplitSeq(line, ",") {
			if strings.TrimSpace(p) == want {
				return true
			}
		}
	}
	return false
}

// prove asks who the user is. When it answers false it has answered the request.
func (h *Handler) prove(w http.ResponseWriter, r *http.Request) (user string, ok bool) {
	if h.cfg.Authenticate == nil {
		return "", true
	}
	user, err := h.cfg.Authenticate(r)
	switch {
	case err == nil:
		return user, true
	}
	h.count.upgrade(refusedUser)
	switch {
	case errors.Is(err, ErrUnauthorized):
		http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
	default:
		http.Error(w, http.StatusText(http.StatusForbidden), http.StatusForbidden)
	}
	return "", false
}

func (h *Handler) transport(r *http.Request) string {
	if h.cfg.Secure(r) {
		return transport.WSS
	}
	return transport.WS
}

// attach gives the connection to the endpoint, or closes it with the reason.
func (h *Handler) attach(ws *websocket.Conn, o transport.AttachOptions) {
	ws.SetReadLimit(h.cfg.MaxMessage)
	c := &conn{ws: ws, cfg: &h.cfg, count: h.count}
	flow, err := h.cfg.Endpoint.Attach(c, o)
	if err != nil {
		h.count.upgrade(refusedFull)
		h.cfg.Log.Info("connection refused", "remote", o.Remote.String(), "err", err)
		c.Close()
		return
	}
	h.count.upgrade(attached)
	h.cfg.Log.Debug("connection attached", "flow", flow.String(), "endpoint", o.User)
}
