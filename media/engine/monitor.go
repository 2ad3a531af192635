package engine

import (
	"slices"

	"tandem/media"
	"tandem/media/codec"
	"tandem/media/rtp"
)

// maxEars is how many may listen to one stream at once.
const maxEars = 4

// A source's audio stands in a ring until the listener's clock comes for it.
const (
	earSamples = 1024               // of the ring, a power of two: 128 ms is the latest that anybody hears
	earDelay   = 40 * samplesPerMs  // how long the first packet waits, so that later ones may be late
	earMost    = 100 * samplesPerMs // what is more ahead than this makes the ear begin anew: the source's clock is fast, or it jumped
)

// monitor is what a stream hears of others instead of a peer. Owned by the worker of all of them.
type monitor struct {
	by   *stream
	ears [2]ear
}

// ear is the audio of one source, on its way to who listens. The zero value hears nobody.
type ear struct {
	of     *stream // nil: nobody (any more)
	to     *monitor
	begun  bool
	ssrc   uint32
	at     uint32 // timestamp of the next sample that is played
	newest uint32 // timestamp behind the newest packet
	ring   [earSamples]int16
}

// hear takes a packet's samples. What comes too late is left out, unless it is newer than all before: then the source was silent
// for a while, or its clock is slow, and the ear begins anew.
func (e *ear) hear(p rtp.Packet, pcm []int16) {
	ts := p.Timestamp()
	ahead, end := int32(ts-e.at), ts+uint32(len(pcm))
	newer := int32(end-e.newest) > 0
	switch {
	case !e.begun, p.SSRC() != e.ssrc, ahead > earMost, ahead < 0 && newer, ahead < -earSamples:
		e.begun, e.ssrc, e.at, e.newest = true, p.SSRC(), ts-earDelay, end
		clear(e.ring[:])
		ahead = earDelay
	case newer:
		e.newest = end
	}
	for i, v := range pcm {
		if at := ahead + int32(i); at >= 0 && at < earSamples {
			e.ring[(e.at+uint32(at))%earSamples] = v
		}
	}
}

// addTo adds the next samples to a frame and forgets them; what is missing is silence.
func (e *ear) addTo(frame []int16) {
	if !e.begun {
		return
	}
	for i := range frame {
		v := &e.ring[e.at%earSamples]
		frame[i] = int16(max(min(int32(frame[i])+int32(*v), 32767), -32768))
		*v = 0
		e.at++
	}
}

// monitorLocked brings who listens to the worker of those who are heard.
func (e *Engine) monitorLocked(c media.Monitor) {
	to, known := e.routes[c.Of[0]]
	if !known {
		to, known = e.routes[c.Of[1]]
	}
	if c.On && known {
		e.moveLocked(c.Stream, to)
	}
	e.routeLocked(c.Stream).post(c)
}

// monitor begins or ends that a stream listens.
func (w *worker) monitor(s *stream, c media.Monitor) {
	w.endMonitor(s)
	if !c.On {
		return
	}
	m := &monitor{by: s}
	for i, id := range c.Of {
		switch of := w.streams[id]; {
		case id == 0, i == 1 && id == c.Of[0]:
		case of == nil, of == s, len(of.ears) >= maxEars:
			w.counts.strays.Add(1)
		default:
			m.ears[i] = ear{of: of, to: m}
			of.ears = append(of.ears, &m.ears[i])
			of.heed()
		}
	}
	if m.deaf() {
		return
	}
	w.endPlay(s, media.PlayStopped)
	w.disconnect(s)
	s.speaker.monitor = m
	w.counts.monitors.Add(1)
	w.start(s)
}

// deaf tells that nobody is heard any more.
func (m *monitor) deaf() bool { return m.ears[0].of == nil && m.ears[1].of == nil }

// endMonitor ends that a stream listens; nothing happens where it does not.
func (w *worker) endMonitor(s *stream) {
	m := s.speaker.monitor
	if m == nil {
		return
	}
	s.speaker.monitor = nil
	w.counts.monitors.Add(-1)
	for i := range m.ears {
		m.ears[i].leave()
	}
	w.rest(s)
	s.sender.Break()
}

// leave ends that an ear hears its source.
func (e *ear) leave() {
	if e.of != nil {
		e.of.ears = slices.DeleteFunc(e.of.ears, func(x *ear) bool { return x == e })
		e.of.heed()
		e.of = nil
	}
}

// unheard ends that anybody listens to a stream: it closes, or another worker gets it.
func (w *worker) unheard(s *stream) {
	for len(s.ears) > 0 {
		e := s.ears[0]
		if e.leave(); e.to.deaf() {
			w.endMonitor(e.to.by)
		}
	}
}

// sayMix sends a frame of what a stream listens to.
func (w *worker) sayMix(s *stream, samples int) {
	c := s.config.Format.Codec
	if c == media.NoCodec {
		return
	}
	frame := w.pcm[:samples]
	clear(frame)
	for i := range s.speaker.monitor.ears {
		s.speaker.monitor.ears[i].addTo(frame)
	}
	codec.Encode(c, w.out[rtp.HeaderSize:], frame)
	w.sendFrame(s, samples)
}
