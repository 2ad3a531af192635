package engine

import (
	"math/rand/v2"
	"time"

	"tandem/media"
	"tandem/media/rtp"
)

// readRTCP reads one packet from a stream's RTCP socket.
func (w *worker) readRTCP(s *stream) {
	n, ok := receive(s.port.rtcp, w.buf[:], &w.from)
	if !ok {
		return
	}
	if n > len(w.buf) {
		w.counts.refused.Add(1)
		return
	}
	w.control(s, w.buf[:n])
}

// control takes an RTCP packet, if it comes from an address that the stream knows. Its figures are about our packets.
func (w *worker) control(s *stream, b []byte) {
	from := w.from.addrPort()
	b, ok := w.unseal(s, b)
	if !ok || !s.latch.knows(from.Addr()) || w.report.Parse(b) != nil {
		w.counts.refused.Add(1)
		return
	}
	if s.config.Symmetric && from != s.rtcpFrom && s.config.RemoteRTCP != from {
		s.rtcpFrom = from
		s.aim()
	}
	if w.report.Sender {
		s.source.NoteSenderReport(w.report.SSRC, w.report.NTP, w.now)
	}
	block, ok := w.report.About(s.sender.SSRC)
	if !ok {
		return
	}
	s.remoteLost = uint64(max(block.Lost, 0))
	if rtt, ok := rtp.RoundTrip(rtp.NTPOf(w.wall), block); ok {
		s.roundTrip = rtt
	}
}

// keepHouse does for one stream what is not bound to packets: late ends of presses, silence, reports.
func (w *worker) keepHouse(s *stream) {
	if s.keying {
		w.presses = s.receiver.Expire(w.presses[:0], w.now)
		w.pressed(s, media.RFC4733)
		w.countKeying(s)
	}
	if d := s.config.Timeout; d > 0 && !s.silent && s.talks() && w.now-s.heardAt >= d {
		s.silent = true
		w.emit(media.Silent{Stream: s.id, For: w.now - s.heardAt})
	}
	if w.now >= s.reportAt {
		s.reportAt = w.now + w.reportDelay()
		w.sendReport(s, false)
	}
}

// reportDelay is the time to the next report: half to one and a half of the mean (RFC 3550 §6.2).
func (w *worker) reportDelay() time.Duration {
	mean := w.e.cfg.ReportEvery
	return mean/2 + rand.N(mean)
}

// sendBye tells the peer that our source ends.
func (w *worker) sendBye(s *stream) {
	if s.sent > 0 {
		w.sendReport(s, true)
	}
}

// sendReport sends a sender report where we have sent since the last, else a receiver report. It goes on while a stream is
// on hold: that keeps doors of NATs open.
func (w *worker) sendReport(s *stream, bye bool) {
	if s.toRTCP.size == 0 || s.guard == nil && !s.config.SRTP.Plain() {
		return
	}
	c := &w.report
	*c = rtp.Compound{SSRC: s.sender.SSRC, CNAME: w.e.cname, Sender: s.sent != s.sentAtReport, Bye: bye}
	s.sentAtReport = s.sent
	if c.Sender {
		c.NTP, c.RTP = rtp.NTPOf(w.wall), s.sender.Now(w.now)
		c.Packets, c.Octets = s.sender.Counts()
	}
	if block, ok := s.source.Block(w.now); ok {
		c.Blocks[0], c.Count = block, 1
	}
	if b := w.seal(s, c.Append(w.out[:0])); b == nil || !send(s.port.rtcp, b, &s.toRTCP) {
		w.counts.sendErrors.Add(1)
	}
}
