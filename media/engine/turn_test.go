package engine

import (
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
	if err := unix.TimerfdGettime(w.poller.timer, &timer); err != nil {
		p.t.Fatal(err)
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

// TestNeverStopsDraining drives a worker through stalls, catching up, and every change between waking for each packet, the
// tick, and idling: each packet is taken without anything else having to happen.
func TestNeverStopsDraining(t *testing.T) {
	for seed := range uint64(2) {
		cfg := testConfig()
		cfg.TickAbove = 300
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w, r := e.workers[0], rand.New(rand.NewPCG(seed, 7))
		p := park(t, w)
		far := listen(t, "127.0.0.1")
		remote := (&peer{conn: far}).addr()
		for _, c := range []media.Command{
			media.Open{Stream: 1},
			media.Configure{Stream: 1, Config: media.StreamConfig{Remote: remote, Accept: []media.Format{format(media.PCMU)}, Format: format(media.PCMU)}},
		} {
			if err := e.Do(c); err != nil {
				t.Fatal(err)
			}
		}
		if !p.wake(patience) {
			t.Fatal("a command wakes nobody")
		}
		opened := (<-e.Events()).(media.Opened)
		far2 := &peer{t: t, conn: far, engine: opened.Local}
		far2.script.SSRC = 9
		modes := map[bool]int{}
		for step := range 80 {
			switch r.IntN(8) {
			case 0: // the process was stopped, or the machine slept
				e.began = e.began.Add(-[]time.Duration{50 * time.Millisecond, 150 * time.Millisecond, 10 * time.Second, 50 * 24 * time.Hour}[r.IntN(4)])
			case 1:
				_ = e.Do(media.Play{Stream: 1, Items: []media.Item{{Prompt: prompt.Music}}, Loop: true})
			case 2:
				_ = e.Do(media.Stop{Stream: 1})
			}
			n := r.IntN(60)
			if r.IntN(3) == 0 {
				n = 0
			}
			for range n {
				far2.sendFrom(far, far2.script.Packet(false, make([]byte, 160)))
			}
			want := w.counts.received.Load() + uint64(n)
			for w.counts.received.Load() < want {
				if !p.wake(2 * time.Second) {
					t.Fatalf("seed %d step %d: parked for good with packets waiting: in gate %v, interval %v", seed, step, w.poller.inGate, w.poller.interval)
				}
			}
			p.wake(150 * time.Millisecond) // the tick or the idle clock
			modes[w.poller.inGate]++
			for len(e.events) > 0 {
				<-e.events
			}
			if n == 0 && r.IntN(2) == 0 { // time for the rate to fall
				e.began = e.began.Add(-200 * time.Millisecond)
				p.wake(150 * time.Millisecond)
			}
		}
		if modes[true] < 5 || modes[false] < 5 {
			t.Errorf("seed %d: not both ways of waiting were seen: %v", seed, modes)
		}
		w.do(media.Close{Stream: 1})
		e.Close()
	}
}
