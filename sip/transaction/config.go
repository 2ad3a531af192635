package transaction

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"time"

	"tandem/sip"
	"tandem/sip/transport"
)

// Handler is the user of the layer. All methods run in a reader or in the timer's goroutine and must not block; for one flow
// they come in arrival order, so for one dialog over UDP always.
type Handler interface {
	// ServeRequest gets every new request that passed validation, also an ACK to a 2xx, whichever branch it bears: the
	// transaction of an ACK answers nothing. A CANCEL never comes here.
	ServeRequest(tx *ServerTx)
	// ServeCancel tells that an INVITE was cancelled before its final response. The layer has answered the CANCEL with 200
	// and the INVITE with 487; answered487 is false when the 487 could not be sent.
	ServeCancel(invite *ServerTx, cancel *sip.Request, answered487 bool)
	// ServeTxError tells that a request was lost: its connection is gone, or the watchdog had to answer it (ErrUnanswered).
	ServeTxError(tx *ServerTx, err error)
	// ServeStray gets a 2xx to an INVITE that no transaction waits for: a late fork or a retransmission after Timer M.
	// True means that the dialog is known and the Handler acknowledges it; on false the layer sends ACK and BYE.
	ServeStray(res *sip.Response, flow transport.Flow) (known bool)
}

// Endpoint is what the layer needs of the transport room; *transport.Endpoint has it.
type Endpoint interface {
	Serve(ctx context.Context, r transport.Receiver) error
	Write(flow transport.Flow, message []byte) error
	Open(flow transport.Flow, serverName string) error
	Flow(transport string, remote netip.AddrPort) transport.Flow
	SentBy(transport string) (host string, port int)
	Local(transport string) (netip.AddrPort, bool)
}

// Timers are the base times of RFC 3261 §17 (Table 4); all others follow from them.
type Timers struct {
	T1     time.Duration // 500 ms
	T2     time.Duration // 4 s
	T4     time.Duration // 5 s
	Trying time.Duration // until the layer sends 100 for an INVITE, 200 ms
}

// Config describes a layer. Zero values mean the defaults named beside them.
type Config struct {
	Endpoint   Endpoint
	Handler    Handler
	Policy     *sip.Policy // sip.DefaultPolicy
	Timers     Timers
	TagKey     []byte                // key of the To tags; random when empty. Share it to keep tags over a restart
	ForceRport func(netip.Addr) bool // answer this peer where it came from, asked or not; nil: only when asked (RFC 3581)

	Watchdog        time.Duration // until a request other than INVITE is answered for its user, 10 s
	MaxTrying       time.Duration // the same for an INVITE without any answer: a slow carrier may take long to ring, 3 min
	MaxRing         time.Duration // the same for an INVITE since its last provisional response, 15 min
	HoldCancel      time.Duration // how long a CANCEL waits for an INVITE that it overtook, 1 s
	MaxTransactions int           // server transactions, 200000; above it 503 with Retry-After
	MaxHeld         int           // CANCELs that wait, 4096; above it 481 at once
	UDPLimit        int           // bytes of a request above which TCP is preferred where the destination takes it, 1300 (RFC 3261 §18.1.1)

	Log     *slog.Logger
	Metrics *Metrics
}

func (c Config) withDefaults() Config {
	c.Timers.T1 = cmp.Or(c.Timers.T1, 500*time.Millisecond)
	c.Timers.T2 = cmp.Or(c.Timers.T2, 4*time.Second)
	c.Timers.T4 = cmp.Or(c.Timers.T4, 5*time.Second)
	c.Timers.Trying = cmp.Or(c.Timers.Trying, 200*time.Millisecond)
	c.Watchdog = cmp.Or(c.Watchdog, 10*time.Second)
	c.MaxTrying = cmp.Or(c.MaxTrying, 3*time.Minute)
	c.MaxRing = cmp.Or(c.MaxRing, 15*time.Minute)
	c.HoldCancel = cmp.Or(c.HoldCancel, time.Second)
	c.MaxTransactions = cmp.Or(c.MaxTransactions, 200_000)
	c.MaxHeld = cmp.Or(c.MaxHeld, 4096)
	c.UDPLimit = cmp.Or(c.UDPLimit, 1300)
	if c.Policy == nil {
		p := sip.DefaultPolicy()
		c.Policy = &p
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics(nil)
	}
	return c
}

// Destination says where a request goes: a transport and a resolved address.
type Destination struct {
	Transport  string // transport.UDP, TCP, TLS, WS, WSS
	Addr       netip.AddrPort
	ServerName string // for TLS: the name the certificate must bear
	AllowTCP   bool   // a request too large for UDP may go over TCP to the same address
	Bound      uint64 // the ID of the flow that it must be, for transports over which nobody dials; 0 for the one that is there
}

// Back returns the destination of the peer that sent a request.
func Back(tx *ServerTx) Destination { return To(tx.Flow()) }

// To returns the destination of a flow: where a request of the same dialog came from.
func To(flow transport.Flow) Destination {
	return Destination{Transport: flow.Transport, Addr: flow.Remote, Bound: flow.ID}
}

// flowTo is the flow to a destination. One that must be another than the one that is there cannot be sent over.
func (l *Layer) flowTo(to Destination) transport.Flow {
	flow := l.cfg.Endpoint.Flow(to.Transport, to.Addr)
	if to.Bound != 0 {
		flow.ID = to.Bound
	}
	return flow
}
