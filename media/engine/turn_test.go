package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tandem/media"
	"tandem/media/prompt"
)

// parked stands where the Go runtime stands: an edge-triggered set around the worker's gate, in which it would be parked.
type parked struct {
	t   *testing.T
	w   *worker
	set int
}

func park(t *testing.T, w *worker) *parked {
	t.Helper()
	set, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(set) })
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET&0xffffffff}
	if err := unix.EpollCtl(set, unix.EPOLL_CTL_ADD, w.poller.gate, &event); err != nil {
		t.Fatal(err)
	}
	return &parked{t, w, set}
}

// wake waits for the next wake-up and does the worker's turn; false: none came in time.
func (p *parked) wake(limit time.Duration) bool {
	var events [1]unix.EpollEvent
	for end := time.Now().Add(limit); time.Now().Before(end); {
		n, err := unix.EpollWait(p.set, events[:], int(limit/time.Millisecond))
		if err == unix.EINTR {
			continue
		}
		if n > 0 {
			p.w.turn()
			p.check()
			return true
		}
	}
	return false
}

// check holds what must be true whenever the worker parks: nothing waits in the sockets, and whatever comes next wakes it.
func (p *parked) check() {
	p.t.Helper()
	w := p.w
	if n := w.poller.ready(w.ready[:]); n != 0 {
		p.t.Fatalf("parked with %d sockets ready", n)
	}
	var timer unix.ItimerSpec
	for range 100 { // one that is about to expire has no time left, as one that does not run
		if err := unix.TimerfdGettime(w.poller.timer, &timer); err != nil {
			p.t.Fatal(err)
		}
		if timer.Value.Nano() > 0 || w.poller.interval == 0 {
			break
		}
	}
	if armed := timer.Value.Nano() > 0; armed != (w.poller.interval > 0) || timer.Interval.Nano() != int64(w.poller.interval) {
		p.t.Fatalf("timer %+v, interval %v", timer, w.poller.interval)
	}
	switch fast := !w.poller.inGate || w.wheel.count > 0 || w.keying > 0; {
	case fast && w.poller.interval != tickEvery:
		p.t.Fatalf("interval %v where the clock must tick", w.poller.interval)
	case len(w.streams) > 0 && w.poller.interval == 0:
		p.t.Fatal("streams without a clock")
	}
	if tick := int64(w.now / tickEvery); w.lastTick != tick || w.house != tick {
		p.t.Fatalf("the clock stands at %d and %d, want %d", w.lastTick, w.house, tick)
	}
}

// stalls are how long the process may have been stopped, or the machine asleep.
var stalls = []time.Duration{50 * time.Millisecond, 150 * time.Millisecond, 10 * time.Second, 50 * 24 * time.Hour}

// drive is one worker with one stream, played to and talked to by chance.
type drive struct {
	*parked
	e     *Engine
	r     *rand.Rand
	far   *peer
	modes map[bool]int // how often it waited for each packet, or for the tick
}

func newDrive(t *testing.T, seed uint64) *drive {
	t.Helper()
	cfg := testConfig()
	cfg.TickAbove = 300
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	d := &drive{parked: park(t, e.workers[0]), e: e, r: rand.New(rand.NewPCG(seed, 7)), far: &peer{t: t, conn: listen(t, "127.0.0.1")}, modes: map[bool]int{}}
	d.far.script.SSRC = 9
	pcmu := format(media.PCMU)
	for _, c := range []media.Command{media.Open{Stream: 1},
		media.Configure{Stream: 1, Config: media.StreamConfig{Remote: d.far.addr(), Format: pcmu, Accept: []media.Format{pcmu}}}} {
		if err := e.Do(c); err != nil {
			t.Fatal(err)
		}
	}
	if !d.wake(patience) {
		t.Fatal("a command wakes nobody")
	}
	d.far.engine = (<-e.Events()).(media.Opened).Local
	t.Cleanup(func() {
		d.w.do(media.Close{Stream: 1})
		e.Close()
	})
	return d
}

// step lets something happen, sends packets or none, and waits until all of them were taken.
func (d *drive) step() {
	d.t.Helper()
	switch d.r.IntN(8) {
	case 0:
		d.e.began = d.e.began.Add(-stalls[d.r.IntN(len(stalls))])
	case 1:
		_ = d.e.Do(media.Play{Stream: 1, Items: []media.Item{{Prompt: prompt.Music}}, Loop: true})
	case 2:
		_ = d.e.Do(media.Stop{Stream: 1})
	}
	n := d.r.IntN(60) * min(d.r.IntN(3), 1)
	for range n {
		d.far.sendFrom(d.far.conn, d.far.script.Packet(false, make([]byte, 160)))
	}
	for want := d.w.counts.received.Load() + uint64(n); d.w.counts.received.Load() < want; {
		if !d.wake(2 * time.Second) {
			d.t.Fatalf("parked for good with packets waiting: in gate %v, interval %v", d.w.poller.inGate, d.w.poller.interval)
		}
	}
	d.wake(20 * time.Millisecond) // the tick, if it goes
	d.modes[d.w.poller.inGate]++
	for len(d.e.events) > 0 {
		<-d.e.events
	}
	if n == 0 && d.r.IntN(2) == 0 { // time for the rate to fall
		d.e.began = d.e.began.Add(-200 * time.Millisecond)
		d.wake(150 * time.Millisecond) // the tick or the idle clock
	}
}

// TestNeverStopsDraining drives a worker through stalls, catching up, and every change between waking for each packet, the
// tick, and idling: each packet is taken without anything else having to happen.
func TestNeverStopsDraining(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			d := newDrive(t, seed)
			for range 60 {
				d.step()
			}
			if d.modes[true] < 3 || d.modes[false] < 3 {
				t.Errorf("not both ways of waiting were seen: %v", d.modes)
			}
		})
	}
}
