package engine

import (
	"tandem/media"
	"tandem/media/codec"
	"tandem/media/dtmf"
	"tandem/media/record"
	"tandem/media/rtp"
)

// The road of a received packet, without lock or allocation:
//
//  1. recvfrom into the worker's one buffer
//  2. opened where there are keys; direction, shape, payload type: else refused and counted
//  3. latch: the source, else refused and counted
//  4. statistics; duplicates end here
//  5. telephone-event to the receiver; audio to detector, meter and recordings where there are any
//  6. plan: payload type and coding for the other end, which is silent while something is played to it
//  7. renumber in place, seal where there are keys, sendto

// readRTP reads one packet of a stream.
func (w *worker) readRTP(s *stream) {
	n, ok := receive(s.port.rtp, w.buf[:], &w.from)
	if !ok {
		return
	}
	w.counts.received.Add(1)
	if n <= len(w.buf) && rtp.IsRTCP(w.buf[:n]) {
		w.control(s, w.buf[:n])
		return
	}
	if n > len(w.buf) || !s.mayHear || !w.audio(s, w.buf[:n]) {
		s.refused++
		w.counts.refused.Add(1)
	}
}

// audio opens a packet and handles it; false: it is refused.
func (w *worker) audio(s *stream, b []byte) bool {
	b, ok := w.unseal(s, b)
	return ok && w.packet(s, b)
}

// unseal gives what the peer has sealed, in place.
func (w *worker) unseal(s *stream, b []byte) ([]byte, bool) {
	if s.guard == nil {
		return b, true
	}
	b, ok := s.guard.Open(b)
	if !ok {
		w.counts.unauthentic.Add(1)
	}
	return b, ok
}

// seal protects what goes to the peer; nil: it cannot be.
func (w *worker) seal(s *stream, b []byte) []byte {
	if s.guard == nil {
		return b
	}
	b, err := s.guard.Seal(w.sealed[:0], b)
	if err != nil {
		return nil
	}
	return b
}

// packet handles one RTP packet; false: it is refused.
func (w *worker) packet(s *stream, b []byte) bool {
	p, err := rtp.Parse(b)
	if err != nil {
		return false
	}
	k := s.kinds[p.PayloadType()]
	if k == refused {
		return false
	}
	from, to := w.from.addrPort(), s.latch.heard
	if !s.latch.hears(from, p, w.now) {
		return false
	}
	if s.latch.heard != to {
		s.aim()
	}
	verdict := s.source.Receive(p, w.now)
	s.heardAt, s.silent, s.dozing = w.now, false, p.PayloadType() == comfortNoise
	if !s.firstSeen {
		s.firstSeen = true
		w.emit(media.FirstPacket{Stream: s.id, From: from})
	}
	switch verdict {
	case rtp.Duplicate, rtp.Suspect:
		return true
	case rtp.Restarted:
		w.restarted(s)
	}
	began := false
	if k == event {
		began = w.key(s, p)
	} else if c := k.codec(); c != media.NoCodec && s.heeded {
		w.listen(s, c, p)
	}
	if s.peer != nil {
		w.relay(s, p, began)
	}
	return true
}

// restarted follows a source that began anew: what it pressed is over, and its numbers are not those of before.
func (w *worker) restarted(s *stream) {
	w.presses = s.receiver.Reset(w.presses[:0])
	w.pressed(s, media.RFC4733)
	w.countKeying(s)
	if s.peer != nil {
		s.peer.sender.Break()
	}
}

// key takes a telephone-event packet. It tells whether a press began with it.
func (w *worker) key(s *stream, p rtp.Packet) (began bool) {
	was := s.receiver.Active()
	w.presses = s.receiver.Receive(w.presses[:0], p.Payload(), p.Timestamp(), w.now)
	w.pressed(s, media.RFC4733)
	w.countKeying(s)
	return !was && (s.receiver.Active() || len(w.presses) > 0)
}

// countKeying keeps the fast clock on while a press goes on, so that a lost end is noticed in time.
func (w *worker) countKeying(s *stream) {
	if active := s.receiver.Active(); active != s.keying {
		s.keying = active
		if active {
			w.keying++
		} else {
			w.keying--
		}
	}
}

// pressed reports the presses at hand and ends a playback that may be interrupted.
func (w *worker) pressed(s *stream, source media.DigitSource) {
	for _, press := range w.presses {
		if press.Digit == dtmf.Flash {
			continue
		}
		w.emit(media.Digit{Stream: s.id, Digit: press.Digit, Length: press.Length, Source: source})
		if s.speaker.play != nil && s.speaker.play.barge {
			w.endPlay(s, media.PlayBarged)
		}
	}
}

// listen hands audio to those who want to hear it.
func (w *worker) listen(s *stream, c media.Codec, p rtp.Packet) {
	payload := p.Payload()
	if len(payload) > len(w.pcm) {
		payload = payload[:len(w.pcm)]
	}
	n := codec.Decode(c, w.pcm[:], payload)
	s.meter.Add(codec.Energy(w.pcm[:n]), n)
	if s.detector != nil {
		w.presses = s.detector.Feed(w.presses[:0], w.pcm[:n])
		w.pressed(s, media.Inband)
	}
	for _, e := range s.ears {
		e.hear(p, w.pcm[:n])
	}
	chunk := record.Chunk{Codec: c, Payload: payload, SSRC: p.SSRC(), Time: p.Timestamp()}
	left := s.taps[:0]
	for _, t := range s.taps {
		if t.Push(chunk, w.wall) {
			left = append(left, t)
		}
	}
	clear(s.taps[len(left):])
	s.taps = left
	s.heed()
}

// relay sends a packet of s to its peer, as the plan says.
func (w *worker) relay(s *stream, p rtp.Packet, pressBegan bool) {
	to := s.peer
	h := s.plan.find(p.PayloadType())
	switch h.do {
	case drop:
		return
	case toTone:
		if digit, ok := digitOf(p.Payload()); ok && pressBegan {
			w.sendDigits(to, string(rune(digit)), 0)
		}
		return
	}
	if to.speaker.speaks() || !to.sends() {
		return
	}
	if p.Bytes()[0] != plainHeader {
		p = p.Strip()
	}
	switch h.do {
	case toUlaw:
		codec.Transcode(media.PCMA, media.PCMU, p.Payload())
	case toAlaw:
		codec.Transcode(media.PCMU, media.PCMA, p.Payload())
	}
	to.sender.Relay(p, h.out, w.now)
	w.send(to, p.Bytes())
}

// plainHeader is the first byte of a packet with version 2 and nothing beside.
const plainHeader = 0x80

// digitOf reads the digit of a telephone-event payload.
func digitOf(payload []byte) (byte, bool) {
	if len(payload) < 4 {
		return 0, false
	}
	digit, ok := dtmf.Digit(payload[0])
	return digit, ok && digit != dtmf.Flash
}

// send writes a packet to the stream's peer.
func (w *worker) send(s *stream, b []byte) {
	if b = w.seal(s, b); b == nil || !send(s.port.rtp, b, &s.to) {
		w.counts.sendErrors.Add(1)
		return
	}
	s.sent++
	w.counts.sent.Add(1)
}
