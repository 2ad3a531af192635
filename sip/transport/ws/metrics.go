package ws

import "github.com/prometheus/client_golang/prometheus"

// counters are the figures of a door.
type counters struct {
	upgrades *prometheus.CounterVec
	dead     prometheus.Counter
}

// Outcomes of a request to upgrade, the values of the label.
const (
	attached         = "attached"
	refusedSource    = "source"    // nobody can say who the client is
	refusedProtocol  = "protocol"  // not asked for the subprotocol sip
	refusedUser      = "user"      // not authenticated
	refusedHandshake = "handshake" // no WebSocket handshake, or the origin of a foreign page
	refusedFull      = "full"      // the endpoint takes no more, of this source or at all
)

func newCounters(reg prometheus.Registerer) *counters {
	c := &counters{
		upgrades: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tandem_ws_upgrades_total", Help: "Requests to upgrade to SIP over WebSocket, by outcome."}, []string{"outcome"}),
		dead:     prometheus.NewCounter(prometheus.CounterOpts{Name: "tandem_ws_dead_connections_total", Help: "Connections closed because a ping was not answered."}),
	}
	if reg != nil {
		reg.MustRegister(c.upgrades, c.dead)
	}
	return c
}

func (c *counters) upgrade(outcome string) { c.upgrades.WithLabelValues(outcome).Inc() }
