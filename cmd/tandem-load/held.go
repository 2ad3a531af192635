package main

import (
	"fmt"
	"time"

	"tandem/cmd/tandem-load/figures"
)

// settle is how long what a call's set-up left behind may stay: 64×T1 and a little.
const settle = 34 * time.Second

// runHeld measures what a held call takes in memory.
func runHeld(s settings, n int) (figures.Report, error) {
	r, err := newRig(s, nil)
	if err != nil {
		return nil, err
	}
	defer r.close()
	if err := r.register(1); err != nil {
		return nil, err
	}
	warm, err := r.hold(50, 100)
	if err == nil {
		err = r.letGo(warm)
	}
	if err != nil {
		return nil, err
	}
	r.rest(settle)
	heap0, known := r.liveHeap()
	before := r.gateway.Usage()
	list, err := r.hold(n, 300)
	if err != nil {
		return nil, err
	}
	r.rest(settle)
	heap1, _ := r.liveHeap()
	first := r.gateway.Usage()
	r.rest(2 * time.Second)
	after := r.gateway.Usage()
	run := fmt.Sprintf("held %d calls", n)
	report := figures.Report{
		{Run: run, Name: "RSS per call", Value: float64(after.RSS-before.RSS) / 1024 / float64(n), Unit: "KB", Beside: "with what the collector has not given back; Asterisk 310, FreeSWITCH 888, rtpengine 42"},
		{Run: run, Name: "open files per call", Value: float64(after.Files-before.Files) / float64(n)},
		{Run: run, Name: "core while held", Value: 100 * float64(after.CPU-first.CPU) / float64(after.At.Sub(first.At)), Unit: "%", Beside: "Asterisk 0.8 for 1000, FreeSWITCH 100 for 300"},
	}
	if known {
		report = append(report, figures.Figure{
			Run: run, Name: "live heap per call", Value: (heap1 - heap0) / 1024 / float64(n), Unit: "KB", Sense: figures.AtMost, Goal: 30,
			Beside: fmt.Sprintf("%.1f MB in all, after a collection", heap1/(1<<20)),
		})
	}
	return report, r.letGo(list)
}
