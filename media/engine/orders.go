package engine

import (
	"errors"
	"slices"

	"tandem/media"
	"tandem/media/dtmf"
)

// do carries out one order.
func (w *worker) do(o order) {
	switch c := o.(type) {
	case media.Open:
		w.open(c)
		return
	case give:
		w.give(c)
		return
	case take:
		w.waiting = c.stream
		return
	case answer:
		w.emit(c.event)
		return
	case attach:
		w.attach(c)
		return
	case media.Connect:
		w.connect(c)
		return
	case media.Describe:
		w.emit(media.Described{Stream: c.Stream, Err: errNoBrowser.Error()})
		return
	case media.Accept:
		w.emit(media.Described{Stream: c.Stream, Err: errNoBrowser.Error()})
		return
	}
	id := streamOf(asCommand(o))
	s := w.streams[id]
	if s == nil {
		w.doUnknown(o)
		return
	}
	switch c := o.(type) {
	case media.Configure:
		if err := s.configure(c.Config, w.now); err != nil {
			w.e.cfg.Log.Error("stream is mute: its keys cannot be used", "stream", s.id, "err", err)
		}
	case media.Disconnect:
		w.disconnect(s)
	case media.Play:
		w.startPlay(s, c)
	case media.Stop:
		if s.speaker.play != nil && s.speaker.play.id == c.Play {
			w.endPlay(s, media.PlayStopped)
		}
	case media.SendDigits:
		w.sendDigits(s, c.Digits, c.Length)
	case media.DetectInband:
		if s.detector = nil; c.On {
			s.detector = new(dtmf.Detector)
		}
		s.heed()
	case media.Monitor:
		w.monitor(s, c)
	case media.QueryStats:
		w.emit(media.StreamStats{Stream: s.id, Stats: s.stats()})
	case media.Close:
		w.closeStream(s)
	}
}

func asCommand(o order) media.Command {
	c, _ := o.(media.Command)
	return c
}

// attach adds a recording's tap to a stream. Where there is no stream, or it has too many, that side stays silent.
func (w *worker) attach(a attach) {
	s := w.streams[a.stream]
	if s == nil {
		w.counts.strays.Add(1)
		return
	}
	s.taps = slices.DeleteFunc(s.taps, tap.Ended)
	if len(s.taps) >= maxTaps {
		w.counts.strays.Add(1)
		return
	}
	s.taps = append(s.taps, a.tap)
	s.heed()
}

// doUnknown answers a command about a stream that is not here.
func (w *worker) doUnknown(o order) {
	w.counts.strays.Add(1)
	switch c := o.(type) {
	case media.Play:
		w.emit(media.Played{Stream: c.Stream, Play: c.Play, Why: media.PlayFailed, Err: errUnknownStream.Error()})
	case media.QueryStats:
		w.emit(media.StreamStats{Stream: c.Stream})
	case media.Close:
		w.emit(media.Closed{Stream: c.Stream})
	}
}

// open binds a port pair and watches it.
func (w *worker) open(c media.Open) {
	local := c.Local
	if !local.IsValid() {
		local = w.e.cfg.Local
	}
	port, err := w.e.ports.take(w, local, w.e.cfg.Now())
	if err == nil {
		s := w.blank()
		s.begin(c.Stream, port, w.e.cfg.RelatchAfter)
		s.reportAt = w.now + w.reportDelay()
		w.keep(s)
		if err = w.watch(s); err == nil {
			w.emit(media.Opened{Stream: c.Stream, Local: port.local})
			return
		}
		w.let(s)
		w.e.ports.put(port, w.e.cfg.Now())
	}
	why := media.NoSocket
	if err == errNoPorts {
		why = media.NoPorts
		w.counts.noPorts.Add(1)
	}
	w.load.Add(-1)
	w.e.forget(c.Stream)
	w.emit(media.OpenFailed{Stream: c.Stream, Why: why, Err: err.Error()})
}

// keep makes a stream one of this worker's.
func (w *worker) keep(s *stream) {
	if n := len(w.free); n > 0 {
		s.slot, w.free = w.free[n-1], w.free[:n-1]
	} else {
		s.slot = int32(len(w.slots))
		w.slots = append(w.slots, nil)
	}
	w.slots[s.slot] = s
	w.streams[s.id] = s
	w.counts.streams.Add(1)
	if s.keying {
		w.keying++
	}
}

// watch hears the packets of a stream. Its sockets stay in the epoll set while their port rests, until another worker wants it:
// what each call would add and remove costs more than what is late on a resting port.
func (w *worker) watch(s *stream) error {
	p := &s.port
	if p.home != w {
		if p.home != nil {
			p.home.unwatch(p)
		}
		if err := errors.Join(w.poller.add(p.rtp), w.poller.add(p.rtcp)); err != nil {
			w.unwatch(p)
			return err
		}
		p.home = w
	}
	if top := max(p.rtp, p.rtcp); top >= len(w.heard) {
		w.heard = append(w.heard, make([]*stream, top+1-len(w.heard))...)
	}
	w.heard[p.rtp], w.heard[p.rtcp] = s, s
	return nil
}

// unwatch ends that a worker hears a pair's packets. Any goroutine may call it once no stream has the pair; what is in the sockets
// then is of nobody's call.
func (w *worker) unwatch(p *pair) {
	w.poller.remove(p.rtp)
	w.poller.remove(p.rtcp)
	discard(p.rtp)
	discard(p.rtcp)
	p.home = nil
}

// let takes a stream out of this worker's hands, but for its sockets.
func (w *worker) let(s *stream) {
	w.wheel.remove(&s.speaker)
	if s.port.home == w {
		w.heard[s.port.rtp], w.heard[s.port.rtcp] = nil, nil
	}
	w.slots[s.slot] = nil
	w.free = append(w.free, s.slot)
	delete(w.streams, s.id)
	w.counts.streams.Add(-1)
	if s.keying {
		w.keying--
	}
}

// closeStream ends a stream and all that is on it.
func (w *worker) closeStream(s *stream) {
	w.unheard(s)
	w.endMonitor(s)
	w.endPlay(s, media.PlayStopped)
	w.disconnect(s)
	w.sendBye(s)
	w.let(s)
	w.load.Add(-1)
	w.e.ports.put(s.port, w.e.cfg.Now())
	w.emit(media.Closed{Stream: s.id, Stats: s.stats()})
	if len(w.blanks) < cap(w.blanks) {
		w.blanks = append(w.blanks, s)
	}
}

// blank gives the memory of a stream that ended, where there is some: a stream is large, and a call has two.
func (w *worker) blank() *stream {
	n := len(w.blanks)
	if n == 0 {
		return new(stream)
	}
	s := w.blanks[n-1]
	w.blanks = w.blanks[:n-1]
	return s
}

// connect bridges two streams of this worker.
func (w *worker) connect(c media.Connect) {
	a, b := w.streams[c.A], w.streams[c.B]
	if a == nil || b == nil {
		w.counts.strays.Add(1)
		return
	}
	for _, s := range []*stream{a, b} {
		w.endMonitor(s)
		w.endPlay(s, media.PlayStopped)
		w.disconnect(s)
	}
	a.peer, b.peer = b, a
	a.replan()
	b.replan()
}

// disconnect takes a stream out of its bridge.
func (w *worker) disconnect(s *stream) {
	if peer := s.peer; peer != nil {
		s.peer, peer.peer = nil, nil
		s.sender.Break()
		peer.sender.Break()
	}
}

// give hands a stream to another worker, out of its bridge and with its playback ended, as the Connect asks that follows.
func (w *worker) give(g give) {
	s := w.streams[g.stream]
	if s != nil {
		w.unheard(s)
		w.endMonitor(s)
		w.endPlay(s, media.PlayStopped)
		w.disconnect(s)
		w.let(s)
		w.poller.remove(s.port.rtp)
		w.poller.remove(s.port.rtcp)
		s.port.home = nil
	} else {
		w.load.Add(1) // the door counted it as leaving
	}
	g.to.mu.Lock()
	g.to.arrived = append(g.to.arrived, arrival{g.stream, s})
	g.to.mu.Unlock()
	g.to.wake()
}

// arrive takes in the stream that the mailbox rests for, once its old worker has given it. A nil stream means that the
// old worker did not have it; the orders that follow find it unknown.
func (w *worker) arrive() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, a := range w.arrived {
		if a.id != w.waiting {
			continue
		}
		w.arrived = append(w.arrived[:i], w.arrived[i+1:]...)
		w.waiting = 0
		if a.stream != nil {
			w.settle(a.stream)
		} else {
			w.load.Add(-1) // the door counted it as coming
		}
		return
	}
}

// settle makes a given stream ours. Where the kernel refuses, which only a limit on watches can cause, it stays silent
// until it is closed.
func (w *worker) settle(s *stream) {
	w.keep(s)
	if err := w.watch(s); err != nil {
		w.e.cfg.Log.Error("media worker: stream not watched", "err", err)
	}
	if s.speaker.events.Busy() || s.speaker.beeping {
		w.start(s)
	}
}

// startPlay replaces what is being played.
func (w *worker) startPlay(s *stream, c media.Play) {
	w.endPlay(s, media.PlayStopped)
	play, err := newPlayback(c, w.e.prompts.Load())
	if err != nil {
		w.emit(media.Played{Stream: s.id, Play: c.Play, Why: media.PlayFailed, Err: err.Error()})
		return
	}
	s.speaker.play = play
	w.counts.plays.Add(1)
	w.start(s)
}
