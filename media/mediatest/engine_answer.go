package mediatest

import (
	"net/netip"
	"time"

	"tandem/media"
)

const defaultPress = 100 * time.Millisecond

// answer keeps the books of one command and gives the events that answer it. Called with mu held; it does not wait.
func (e *Engine) answer(c media.Command) []media.Event {
	switch c := c.(type) {
	case media.Open:
		return e.opened(c)
	case media.Close:
		return e.closeStream(c.Stream)
	case media.Connect:
		return append(e.stopped(c.A, 0), e.stopped(c.B, 0)...)
	case media.Play:
		return e.played(c)
	case media.Stop:
		return e.stopped(c.Stream, c.Play)
	case media.Monitor:
		if c.On {
			return e.stopped(c.Stream, 0)
		}
	case media.Record:
		return e.recorded(c)
	case media.StopRecording:
		r, ok := e.taps[c.Recording]
		if !ok {
			return nil
		}
		delete(e.taps, c.Recording)
		return []media.Event{media.RecordingEnded{Stream: r.Left, Recording: c.Recording}}
	case media.Describe:
		return e.described(c)
	case media.Accept:
		return []media.Event{e.settled(c.Stream, "")}
	case media.QueryStats:
		return []media.Event{media.StreamStats{Stream: c.Stream}}
	}
	return nil
}

func (e *Engine) opened(c media.Open) []media.Event {
	if e.opts.MuteOpen {
		return nil
	}
	if len(e.free) == 0 {
		return []media.Event{media.OpenFailed{Stream: c.Stream, Why: media.NoPorts, Err: "no ports"}}
	}
	addr := c.Local
	if !addr.IsValid() {
		addr = e.opts.Local
	}
	local := netip.AddrPortFrom(addr, e.free[0])
	e.free = e.free[1:]
	e.open[c.Stream] = local
	if c.Browser {
		e.pages[c.Stream] = true
	}
	return []media.Event{media.Opened{Stream: c.Stream, Local: local}}
}

// closeStream ends what runs on a stream first, as the engine does.
func (e *Engine) closeStream(s media.StreamID) []media.Event {
	list := e.stopped(s, 0)
	for id, r := range e.taps {
		switch {
		case r.Left == s && r.Right == 0, r.Right == s && r.Left == 0:
			delete(e.taps, id)
			list = append(list, media.RecordingEnded{Stream: r.Left, Recording: id})
		case r.Left == s:
			r.Left = 0
			e.taps[id] = r
		case r.Right == s:
			r.Right = 0
			e.taps[id] = r
		}
	}
	if local, ok := e.open[s]; ok {
		e.free = append(e.free, local.Port())
		delete(e.open, s)
		delete(e.pages, s)
	}
	return append(list, media.Closed{Stream: s})
}

func (e *Engine) played(c media.Play) []media.Event {
	list := e.stopped(c.Stream, 0)
	if e.opts.PlayAtOnce && !c.Loop {
		return append(list, media.Played{Stream: c.Stream, Play: c.Play, Why: media.PlayDone})
	}
	e.plays[c.Stream] = c
	return list
}

// stopped ends the playback of a stream: the one named, or any if that is 0.
func (e *Engine) stopped(s media.StreamID, id media.PlayID) []media.Event {
	p, ok := e.plays[s]
	if !ok || id != 0 && p.Play != id {
		return nil
	}
	delete(e.plays, s)
	return []media.Event{media.Played{Stream: s, Play: p.Play, Why: media.PlayStopped}}
}

func (e *Engine) recorded(c media.Record) []media.Event {
	if e.opts.RecordFails {
		return []media.Event{media.RecordingEnded{Stream: c.Left, Recording: c.Recording, Err: "no space left"}}
	}
	_, again := e.taps[c.Recording]
	e.taps[c.Recording] = c
	if again {
		return nil
	}
	return []media.Event{media.RecordingBegan{Stream: c.Left, Recording: c.Recording}}
}
