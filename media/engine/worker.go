package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"tandem/media"
	"tandem/media/dtmf"
	"tandem/media/rtp"
	"tandem/media/srtp"
)

const (
	tickEvery    = time.Millisecond       // of the timer while there is clocked work
	idleEvery    = 100 * time.Millisecond // of the timer while there are only streams
	retuneEvery  = 100 * time.Millisecond // how often the way of waiting is chosen
	maxCatchUp   = 100                    // ticks that are made up for after a stall
	houses       = 32                     // ticks between two looks at a stream
	drainRounds  = 16                     // epoll sets drained before the clock is looked at again
	pendingLimit = 1024                   // events that nobody waits for, before they are dropped
	maxTaps      = 4                      // recordings of one stream at once
	maxBlanks    = 256                    // streams whose memory is kept
)

// worker owns streams and moves their packets. All its fields belong to its goroutine, except those that say otherwise.
type worker struct {
	e       *Engine
	poller  *poller
	mailbox chan order   // sent to under Engine.mu
	load    atomic.Int64 // streams, as the door counts them
	counts  counts       // read by metrics

	mu      sync.Mutex // guards arrived
	arrived []arrival

	streams map[media.StreamID]*stream
	slots   []*stream // in no order; nil where free
	free    []int32
	blanks  []*stream      // that ended, to be used again
	heard   []*stream      // by file descriptor of the RTP and of the RTCP socket; nil where a port rests
	waiting media.StreamID // the mailbox rests until this stream is given to us; 0: it does not

	wheel    wheel
	lastTick int64
	dueAt    time.Duration // when the packet that is being made is due
	house    int64
	keying   int // streams on which a press goes on
	ticking  bool
	tunedAt  time.Duration
	moved    int // packets received since then

	now     time.Duration // since Engine.began, of this turn
	wall    time.Time     // the same
	pending []media.Event
	presses []dtmf.Press
	report  rtp.Compound
	from    sockaddr
	ready   [256]unix.EpollEvent
	buf     [2048]byte
	sealed  [2048 + srtp.Overhead]byte
	out     [rtp.HeaderSize + maxFrame]byte
	pcm     [maxFrame * 2]int16
}

// arrival is a stream given by another worker; it is nil where that one did not have it.
type arrival struct {
	id     media.StreamID
	stream *stream
}

func newWorker(e *Engine) (*worker, error) {
	p, err := newPoller()
	if err != nil {
		return nil, err
	}
	return &worker{e: e, poller: p, blanks: make([]*stream, 0, maxBlanks), mailbox: make(chan order, e.cfg.Mailbox+spare), streams: map[media.StreamID]*stream{},
		presses: make([]dtmf.Press, 0, 8)}, nil
}

// post hands an order to the worker. The caller holds Engine.mu and has seen that there is room.
func (w *worker) post(o order) {
	w.mailbox <- o
	w.wake()
}

func (w *worker) wake() { w.poller.wake() }

// serve runs until the engine stops. The error says why it could not go on.
func (w *worker) serve() error {
	err := w.poller.run(w.turn)
	for _, s := range w.streams {
		closePair(s.port)
	}
	clear(w.streams)
	return err
}

func (w *worker) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.arrived {
		if a.stream != nil {
			closePair(a.stream.port)
		}
	}
	w.arrived = nil
	w.poller.close()
}

// turn does all that there is to do. It is true when the engine stops.
func (w *worker) turn() bool {
	for more := true; more; {
		w.look()
		if w.poller.interval > 0 {
			w.poller.rearm()
		}
		more = w.drain()
		w.flush()
		w.poller.heard()
		if w.e.stopping.Err() != nil {
			return true
		}
		w.orders()
		w.tick()
		w.retune()
	}
	return false
}

// look reads the clock.
func (w *worker) look() {
	w.wall = time.Now()
	w.now = w.wall.Sub(w.e.began)
}

// drain handles the packets that wait in the sockets. It is true when there may be more.
func (w *worker) drain() bool {
	for range drainRounds {
		n := w.poller.ready(w.ready[:])
		if n == 0 {
			return false
		}
		w.look()
		for _, ev := range w.ready[:n] {
			switch s := w.heard[ev.Fd]; {
			case s == nil:
				w.counts.refused.Add(discard(int(ev.Fd))) // late, on a port that rests
			case s.port.rtp == int(ev.Fd):
				w.readRTP(s)
			default:
				w.readRTCP(s)
			}
		}
		w.moved += n
	}
	return true
}

// orders does what waits in the mailbox, unless events wait for their reader or a stream has yet to arrive.
func (w *worker) orders() {
	for len(w.pending) == 0 {
		if w.waiting != 0 {
			if w.arrive(); w.waiting != 0 {
				return
			}
		}
		select {
		case o := <-w.mailbox:
			w.do(o)
		default:
			return
		}
	}
}

// tick does the clocked work of the milliseconds that have passed.
func (w *worker) tick() {
	tick := int64(w.now / tickEvery)
	if behind := tick - w.lastTick; behind > maxCatchUp {
		if w.wheel.count > 0 {
			w.counts.skipped.Add(uint64(behind - maxCatchUp))
		}
		w.lastTick = tick - maxCatchUp
	}
	for w.lastTick < tick {
		w.lastTick++
		w.wheel.turn(w.lastTick, w.speak)
	}
	for w.house = max(w.house, tick-houses); w.house < tick; w.house++ {
		for i := w.house % houses; i < int64(len(w.slots)); i += houses {
			if s := w.slots[i]; s != nil {
				w.keepHouse(s)
			}
		}
	}
}

// retune chooses how to wait from the packets of the last while: one by one, or by a tick of 1 ms.
func (w *worker) retune() {
	if passed := w.now - w.tunedAt; passed >= retuneEvery {
		rate := int(float64(w.moved) / passed.Seconds())
		above := w.e.cfg.TickAbove
		w.ticking = rate > above || (w.ticking && rate > above/2)
		w.moved, w.tunedAt = 0, w.now
		if err := w.poller.setInGate(!w.ticking); err != nil {
			w.e.cfg.Log.Error("media worker", "err", err)
		}
	}
	switch {
	case !w.poller.inGate || w.wheel.count > 0 || w.keying > 0 || len(w.pending) > 0:
		w.poller.setInterval(tickEvery)
	case len(w.streams) > 0:
		w.poller.setInterval(idleEvery)
	default:
		w.poller.setInterval(0)
	}
}

// emit hands an event on, or keeps it until the reader has room. Answers are never lost; while they wait no orders are
// taken, so that they cannot grow without end. Others are dropped and counted beyond a limit.
func (w *worker) emit(ev media.Event) {
	w.flush()
	if len(w.pending) == 0 {
		select {
		case w.e.events <- ev:
			return
		default:
		}
	}
	switch ev.(type) {
	case media.Digit, media.FirstPacket, media.Silent:
		if len(w.pending) >= pendingLimit {
			w.counts.eventsDropped.Add(1)
			return
		}
	}
	w.pending = append(w.pending, ev)
}

// flush hands on the events that were kept.
func (w *worker) flush() {
	for len(w.pending) > 0 {
		select {
		case w.e.events <- w.pending[0]:
			w.pending = w.pending[1:]
		default:
			return
		}
	}
}
