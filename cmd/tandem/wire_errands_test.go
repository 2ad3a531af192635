package main

import (
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

func TestOnlySoManyErrandsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		e := newErrands(newErrandMetrics(registry), "test", 3)
		var done atomic.Int32
		task := func() { time.Sleep(time.Second); done.Add(1) }
		for n := range 5 {
			if err := e.run(task); (err == nil) != (n < 3) || err != nil && !errors.Is(err, errBusyErrands) {
				t.Errorf("errand %d: %v", n, err)
			}
			time.Sleep(time.Millisecond)
		}
		if live, refused := figure(t, registry, "tandem_house_errands_live"), figure(t, registry, "tandem_house_errands_refused_total"); live != 3 || refused != 2 {
			t.Errorf("%v live, %v refused, want 3 and 2", live, refused)
		}
		time.Sleep(time.Second)
		if err := e.run(task); err != nil {
			t.Errorf("with room again: %v", err)
		}
		e.close()
		if live := figure(t, registry, "tandem_house_errands_live"); done.Load() != 4 || live != 0 {
			t.Errorf("%d done, %v live after the end", done.Load(), live)
		}
		if err := e.run(task); err == nil {
			t.Error("an errand is begun after the end")
		}
	})
}

// figure is the value of a metric of one label.
func figure(t *testing.T, registry *prometheus.Registry, name string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.Metric[0].GetGauge().GetValue() + f.Metric[0].GetCounter().GetValue()
		}
	}
	t.Fatalf("no metric %s", name)
	return 0
}
