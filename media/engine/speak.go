package engine

import (
	"time"

	"tandem/media"
	"tandem/media/codec"
	"tandem/media/rtp"
)

// start puts a stream's speaker on the wheel, if it is not there. Its first packet keeps step with the last that was sent,
// so that one playback after the other does not let the timestamps run ahead of the clock.
func (w *worker) start(s *stream) {
	if s.speaker.on {
		return
	}
	if w.wheel.count == 0 {
		w.lastTick = int64(w.now / tickEvery)
	}
	ms := s.ptime()
	due := int64(s.sender.Due(time.Duration(ms)*time.Millisecond) / tickEvery)
	w.wheel.add(&s.speaker, min(max(due, w.lastTick+1), w.lastTick+ms))
}

// speak sends the packet of one tick: of a digit if there is one, else of the playback.
func (w *worker) speak(sp *speaker) {
	s, ms := sp.of, sp.of.ptime()
	due := sp.due + ms
	w.dueAt = time.Duration(sp.due) * tickEvery
	w.wheel.remove(sp)
	switch {
	case sp.events.Busy():
		w.sayEvent(s, uint32(ms)*samplesPerMs)
	case sp.beeping:
		w.sayTone(s, int(ms)*samplesPerMs)
	case sp.play != nil:
		w.sayPlay(s, int(ms)*samplesPerMs)
	case sp.monitor != nil:
		w.sayMix(s, int(ms)*samplesPerMs)
	}
	if !sp.events.Busy() {
		sp.inEvents = false
	}
	if sp.silent() {
		return
	}
	w.wheel.add(sp, max(due, w.lastTick+1))
}

// sayEvent sends the telephone-event packet of this tick, if there is one.
func (w *worker) sayEvent(s *stream, step uint32) {
	packet, ok := s.speaker.events.Next(s.speaker.eventTime(s.sender.Now(w.dueAt), step), step)
	if !ok || !s.sends() || s.config.DTMFSend == 0 {
		return
	}
	n := s.sender.Event(s.config.DTMFSend, packet.Marker, packet.Timestamp, w.dueAt).Put(w.out[:])
	n += copy(w.out[n:], packet.Payload[:])
	w.send(s, w.out[:n])
}

// eventTime is the timestamp of this tick of events: whole steps within a run of digits, later than all before in a new one.
func (sp *speaker) eventTime(now, step uint32) uint32 {
	if sp.inEvents || int32(now-sp.eventAt) <= 0 {
		now = sp.eventAt + step
	}
	sp.inEvents, sp.eventAt = true, now
	return now
}

// sayTone sends a frame of in-band digits.
func (w *worker) sayTone(s *stream, samples int) {
	s.speaker.tones.Fill(w.pcm[:samples])
	s.speaker.beeping = s.speaker.tones.Busy()
	codec.Encode(s.config.Format.Codec, w.out[rtp.HeaderSize:], w.pcm[:samples])
	w.sendFrame(s, samples)
}

// sayPlay sends a frame of the playback, and ends it with its last frame.
func (w *worker) sayPlay(s *stream, samples int) {
	play := s.speaker.play
	c := s.config.Format.Codec
	if c == media.NoCodec && s.configured {
		w.endPlayErr(s, errCodec)
		return
	}
	if play.fill(c, w.out[rtp.HeaderSize:rtp.HeaderSize+samples]) {
		w.sendFrame(s, samples)
	}
	if play.over() {
		w.endPlay(s, media.PlayDone)
	}
}

// sendFrame numbers and sends the frame that stands in the worker's buffer. Where nothing may be sent, time passes all
// the same.
func (w *worker) sendFrame(s *stream, samples int) {
	if !s.sends() {
		return
	}
	h := s.sender.Generate(s.config.Format.SendPT, uint32(samples), samples, w.dueAt)
	h.Put(w.out[:])
	w.send(s, w.out[:rtp.HeaderSize+samples])
}

// endPlay takes the playback off a stream and reports it; nothing happens where there is none.
func (w *worker) endPlay(s *stream, why media.PlayEnd) {
	play := s.speaker.play
	if play == nil {
		return
	}
	s.speaker.play = nil
	w.counts.plays.Add(-1)
	if why != media.PlayDone {
		w.rest(s)
	}
	w.emit(media.Played{Stream: s.id, Play: play.id, Why: why})
}

func (w *worker) endPlayErr(s *stream, err error) {
	play := s.speaker.play
	s.speaker.play = nil
	w.counts.plays.Add(-1)
	w.emit(media.Played{Stream: s.id, Play: play.id, Why: media.PlayFailed, Err: err.Error()})
}

// rest takes the speaker off the wheel when it has nothing left to say, so that the other side is heard at once.
func (w *worker) rest(s *stream) {
	if sp := &s.speaker; sp.silent() {
		w.wheel.remove(sp)
	}
}

// sendDigits queues digits, as telephone-events where the peer takes them, else as tones. What cannot be sent is counted.
func (w *worker) sendDigits(s *stream, digits string, length time.Duration) {
	var err error
	switch {
	case s.config.DTMFSend != 0:
		err = s.speaker.events.Send(digits, length)
	case s.config.Format.Codec != media.NoCodec:
		err = s.speaker.tones.Send(digits, length)
		s.speaker.beeping = s.speaker.tones.Busy()
	default:
		err = errCodec
	}
	if err != nil {
		w.counts.strays.Add(1)
		return
	}
	if len(digits) > 0 {
		w.start(s)
	}
}
