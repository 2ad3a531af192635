package load

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	payloadSize = 160
	packetSize  = 12 + payloadSize
	interval    = 20 * time.Millisecond
	batchSize   = 32
	bufferSize  = 32 << 20
)

// Generator sends and receives for both sides of all calls.
type Generator struct {
	sides [2]*side
}

// New opens the sockets on loopback.
func New() *Generator {
	return &Generator{sides: [2]*side{newSide(), newSide()}}
}

// Addr is where the packets of a side's legs come from and go to; side is 0 or 1.
func (g *Generator) Addr(side int) netip.AddrPort { return g.sides[side].addr }

// Close closes the sockets.
func (g *Generator) Close() {
	for _, s := range g.sides {
		unix.Close(s.fd)
	}
}

// Plan says what a run does.
type Plan struct {
	Ports  []int // of the program under test, on loopback: leg i belongs to side i%2
	Send   bool  // send 50 packets a second to each leg
	Warmup time.Duration
	Window time.Duration   // what is measured, after Warmup
	Mark   func(open bool) // called at the window's beginning and end
}

// Result is what was seen in the window.
type Result struct {
	Sent, Received int
	Delay          Spread // from sending to the far end, where Send was set
	Pace           Spread // how far the distance of one stream's packets lies from 20 ms
}

// Spread is a distribution.
type Spread struct{ P50, P99, P999, Max time.Duration }

func spread(all []time.Duration) Spread {
	if len(all) == 0 {
		return Spread{}
	}
	slices.Sort(all)
	at := func(q float64) time.Duration { return all[min(int(q*float64(len(all))), len(all)-1)] }
	return Spread{at(0.5), at(0.99), at(0.999), all[len(all)-1]}
}

// run is one running Plan.
type run struct {
	g         *Generator
	plan      Plan
	legs      []leg // by phase
	next      int
	round     time.Time // when the present round of 20 ms began
	open      bool
	result    Result
	delays    []time.Duration
	paces     []time.Duration
	last      map[uint16]time.Duration // of each sending port
	closed    time.Time                // packets sent later do not count
	opened    time.Time
	lateUntil time.Time
}

// leg is one stream that is sent to.
type leg struct {
	side, port int
	phase      time.Duration
	seq        uint16
	ts, ssrc   uint32
}

// Run drives the program and measures. Packets that are sent within the window are waited for a while after it.
func (g *Generator) Run(plan Plan) Result {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer Pin(0)()
	r := &run{g: g, plan: plan, last: map[uint16]time.Duration{}, round: time.Now()}
	for i, port := range plan.Ports {
		r.legs = append(r.legs, leg{side: i % 2, port: port, phase: rand.N(interval), ssrc: uint32(port), seq: uint16(i)})
	}
	slices.SortFunc(r.legs, func(a, b leg) int { return int(a.phase - b.phase) })
	r.opened = r.round.Add(plan.Warmup)
	r.closed = r.opened.Add(plan.Window)
	r.lateUntil = r.closed.Add(300 * time.Millisecond)
	for r.step() {
		nap := unix.NsecToTimespec(100_000)
		_ = unix.Nanosleep(&nap, nil)
	}
	r.result.Delay, r.result.Pace = spread(r.delays), spread(r.paces)
	return r.result
}

// step does what is due; false: the run is over.
func (r *run) step() bool {
	now := time.Now()
	r.mark(now)
	for r.plan.Send && now.Before(r.closed) && r.sendDue(now) { // for long, where it has fallen behind
		now = time.Now()
		r.mark(now)
	}
	for side, s := range r.g.sides {
		for s.receive(func(p received) { r.take(side, p) }) {
		}
	}
	return now.Before(r.lateUntil)
}

// mark notes the beginning and the end of the window.
func (r *run) mark(now time.Time) {
	if open := now.After(r.opened) && now.Before(r.closed); open != r.open {
		r.open = open
		if r.plan.Mark != nil {
			r.plan.Mark(open)
		}
	}
}

// counts tells whether a packet sent at a time belongs to the window.
func (r *run) counts(sent time.Time) bool { return !sent.Before(r.opened) && !sent.After(r.closed) }

// sendDue sends one batch of what is due; true: there was something.
func (r *run) sendDue(now time.Time) bool {
	var batch [2]int
	stamp := uint64(now.UnixNano())
	for range batchSize {
		if r.next == len(r.legs) {
			r.next, r.round = 0, r.round.Add(interval)
		}
		l := &r.legs[r.next]
		if now.Before(r.round.Add(l.phase)) {
			break
		}
		r.next++
		r.g.sides[l.side].put(batch[l.side], l, stamp)
		batch[l.side]++
		if r.counts(now) {
			r.result.Sent++
		}
	}
	for side, n := range batch {
		r.g.sides[side].flush(n)
	}
	return batch[0]+batch[1] > 0
}

// take measures one packet.
func (r *run) take(_ int, p received) {
	at := time.Unix(0, int64(p.at))
	if r.plan.Send {
		sent := time.Unix(0, int64(binary.BigEndian.Uint64(p.payload)))
		if !r.counts(sent) {
			return
		}
		r.result.Received++
		r.delays = append(r.delays, at.Sub(sent))
		return
	}
	before, known := r.last[p.port]
	r.last[p.port] = p.at
	if at.Before(r.opened) || at.After(r.closed) {
		return
	}
	r.result.Received++
	if known {
		r.paces = append(r.paces, (p.at - before - interval).Abs())
	}
}

// Pin binds the calling thread to a processor, and lets it run before all others where that is allowed (SCHED_FIFO: other
// work on the machine would else show in the delays). It gives what undoes it. A program that is started meanwhile inherits
// both.
func Pin(cpu int) (undo func()) {
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return func() {}
	}
	set.Set(cpu % runtime.NumCPU())
	_ = unix.SchedSetaffinity(0, &set)
	_ = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1}, 0)
	return func() {
		_ = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_NORMAL}, 0)
		_ = unix.SchedSetaffinity(0, &before)
	}
}

func pointer[T any](p *T) uintptr { return uintptr(unsafe.Pointer(p)) }
