package transport

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

func TestMetricsCountWhatHappens(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := NewMetrics(reg)
	c := m.bind("edge")
	c.in[UDP].Inc()
	c.garbage.Inc()
	c.garbage.Inc()
	c.conns.Inc()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			got[f.GetName()] += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	for name, want := range map[string]float64{
		"tandem_transport_received_messages_total": 1, "tandem_transport_dropped_messages_total": 2, "tandem_transport_connections": 1,
		"tandem_transport_sent_messages_total": 0, "tandem_transport_socket_errors_total": 0,
	} {
		if v, ok := got[name]; !ok || v != want {
			t.Errorf("%s: got %v (%v), want %v", name, v, ok, want)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("declared twice on one registry")
		}
	}()
	NewMetrics(reg)
}
