package mediatest

import (
	"errors"
	"net/netip"
	"sync"

	"tandem/media"
)

// Options of Engine.
type Options struct {
	Local     netip.Addr // of made-up addresses; zero: 192.0.2.1
	FirstPort uint16     // RTP port of the first stream, even; 0: 20000
	Ports     int        // how many pairs there are; 0: 1000. With none left Open is answered by OpenFailed

	PlayAtOnce  bool // a Play without Loop ends with PlayDone at once
	RecordFails bool // a Record ends with Err at once
	MuteOpen    bool // Open is not answered: the test injects Opened itself

	RefuseSDP string // Describe and Accept are answered by this Err
}

// Engine is a fake media.Engine. It answers as the real one does, but moves no audio. Safe for use from any goroutine.
type Engine struct {
	opts   Options
	in     chan media.Event // from Do and from the test
	out    chan media.Event
	quit   chan struct{}
	done   chan struct{}
	close  sync.Once
	wake   chan struct{}
	mu     sync.Mutex
	closed bool
	log    []media.Command
	failDo error
	open   map[media.StreamID]netip.AddrPort
	pages  map[media.StreamID]bool // browser streams
	plays  map[media.StreamID]media.Play
	taps   map[media.RecordingID]media.Record
	free   []uint16
}

// New starts an engine. Close ends it.
func New(opts Options) *Engine {
	if !opts.Local.IsValid() {
		opts.Local = netip.AddrFrom4([4]byte{192, 0, 2, 1})
	}
	if opts.FirstPort == 0 {
		opts.FirstPort = 20000
	}
	if opts.Ports == 0 {
		opts.Ports = 1000
	}
	e := &Engine{
		opts: opts,
		in:   make(chan media.Event, 4096), out: make(chan media.Event),
		quit: make(chan struct{}), done: make(chan struct{}), wake: make(chan struct{}, 1),
		open:  map[media.StreamID]netip.AddrPort{},
		pages: map[media.StreamID]bool{},
		plays: map[media.StreamID]media.Play{},
		taps:  map[media.RecordingID]media.Record{},
	}
	for i := range opts.Ports {
		e.free = append(e.free, opts.FirstPort+uint16(2*i))
	}
	go e.run()
	return e
}

// run hands events on in order. It is the only sender to out.
func (e *Engine) run() {
	defer close(e.done)
	defer close(e.out)
	for {
		select {
		case ev := <-e.in:
			select {
			case e.out <- ev:
			case <-e.quit:
				return
			}
		case <-e.quit:
			return
		}
	}
}

// Events implements media.Engine.
func (e *Engine) Events() <-chan media.Event { return e.out }

// Close implements media.Engine.
func (e *Engine) Close() error {
	e.close.Do(func() {
		e.mu.Lock()
		e.closed = true
		e.mu.Unlock()
		close(e.quit)
	})
	<-e.done
	return nil
}

// Do implements media.Engine.
func (e *Engine) Do(c media.Command) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return media.ErrClosed
	}
	if e.failDo != nil {
		return e.failDo
	}
	e.log = append(e.log, c)
	select {
	case e.wake <- struct{}{}:
	default:
	}
	for _, ev := range e.answer(c) {
		e.say(ev)
	}
	return nil
}

// FailDo makes every later Do return err without taking the command, e.g. media.ErrBusy; nil ends that.
func (e *Engine) FailDo(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.failDo = err
}

// Inject says an event as if it had happened: a Digit, FirstPacket, Silent and so on.
func (e *Engine) Inject(ev media.Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.say(ev)
	}
}

// say never waits: the channel is far larger than any test.
func (e *Engine) say(ev media.Event) {
	select {
	case e.in <- ev:
	default:
		panic("mediatest: 4096 events wait and nobody reads")
	}
}

// FinishPlay ends what plays on a stream, with PlayDone or another reason. It is an error if nothing plays.
func (e *Engine) FinishPlay(s media.StreamID, why media.PlayEnd) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, ok := e.plays[s]
	if !ok {
		return errors.New("mediatest: nothing plays on that stream")
	}
	delete(e.plays, s)
	e.say(media.Played{Stream: s, Play: p.Play, Why: why})
	return nil
}

// Press injects one digit, and ends a playback with Barge as the engine would.
func (e *Engine) Press(s media.StreamID, digit byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	if p, ok := e.plays[s]; ok && p.Barge {
		delete(e.plays, s)
		e.say(media.Played{Stream: s, Play: p.Play, Why: media.PlayBarged})
	}
	e.say(media.Digit{Stream: s, Digit: digit, Length: defaultPress, Source: media.RFC4733})
}
