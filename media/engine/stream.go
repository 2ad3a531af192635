package engine

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"tandem/media"
	"tandem/media/codec"
	"tandem/media/dtmf"
	"tandem/media/quality"
	"tandem/media/rtp"
	"tandem/media/srtp"
)

// stream is one port pair and all that goes over it. Owned by its worker. What every packet needs stands first and close
// together: with many streams most of the work's time is spent on fetching it from memory.
type stream struct {
	port      pair
	peer      *stream     // the other end of the bridge; may be itself
	to        sockaddr    // where RTP goes
	guard     *srtp.Guard // nil: plain
	mayHear   bool        // by the direction
	maySend   bool
	heeded    bool // somebody wants to hear its audio: detector, taps or ears
	keying    bool // receiver is active; counted in worker.keying
	firstSeen bool
	silent    bool
	dozing    bool // the last packet was comfort noise: the peer does not send while nobody talks
	sent      uint64
	refused   uint64
	heardAt   time.Duration // last accepted packet, or configuration
	plan      plan          // of our packets to the peer
	sender    rtp.Sender    // what we send
	latch     latch
	source    rtp.Source     // what the peer of this stream sends
	detector  *dtmf.Detector // nil: off
	taps      []tap
	kinds     [128]kind
	speaker   speaker
	ears      []*ear // who listens

	id         media.StreamID
	slot       int32
	config     media.StreamConfig
	configured bool
	toRTCP     sockaddr // where RTCP goes
	rtcpFrom   netip.AddrPort
	receiver   dtmf.Receiver
	meter      codec.Meter

	reportAt     time.Duration // next RTCP report
	sentAtReport uint64
	remoteLost   uint64
	roundTrip    time.Duration
}

// begin makes a stream of used or new memory.
func (s *stream) begin(id media.StreamID, port pair, relatch time.Duration) {
	*s = stream{id: id, port: port, sender: rtp.NewSender(rand.Uint32(), uint16(rand.Uint32()), rand.Uint32())}
	s.speaker.of = s
	s.speaker.eventAt = s.sender.Now(0) - 1
	s.latch.relatch = relatch
}

// configure replaces the negotiated state. The error is of keys that cannot be used: nothing is sent or heard then.
func (s *stream) configure(c media.StreamConfig, now time.Duration) error {
	err := s.protect(c.SRTP)
	s.config, s.configured = c, true
	s.mayHear = err == nil && (c.Direction == media.SendRecv || c.Direction == media.RecvOnly)
	s.maySend = err == nil && (c.Direction == media.SendRecv || c.Direction == media.SendOnly)
	s.kinds = kinds(c)
	s.latch.configure(c.Remote, c.Symmetric, now)
	s.heardAt, s.silent, s.dozing = now, false, false
	s.rtcpFrom = netip.AddrPort{}
	s.aim()
	s.replan()
	if s.peer != nil {
		s.peer.replan()
	}
	return err
}

// protect takes keys. What stays of those in force goes on, with all that was counted under it.
func (s *stream) protect(keys media.Keys) (err error) {
	if keys.Plain() {
		s.guard = nil
		return nil
	}
	s.guard, err = srtp.Renew(s.guard, keys)
	return err
}

// aim finds out where to send.
func (s *stream) aim() {
	to := s.latch.sendTo()
	s.to = toSockaddr(to, s.port.local.Addr())
	control := s.config.RemoteRTCP
	if !control.IsValid() && to.IsValid() && to.Port() < 65535 {
		control = netip.AddrPortFrom(to.Addr(), to.Port()+1)
	}
	if s.config.Symmetric && s.rtcpFrom.IsValid() {
		control = s.rtcpFrom
	}
	s.toRTCP = toSockaddr(control, s.port.local.Addr())
}

// heed finds out whether somebody wants to hear the stream's audio.
func (s *stream) heed() { s.heeded = s.detector != nil || len(s.taps) > 0 || len(s.ears) > 0 }

// replan makes the plan of this stream's packets to its peer.
func (s *stream) replan() {
	s.plan = plan{}
	if s.peer != nil && s.configured && s.peer.configured {
		s.plan = newPlan(s.config, s.peer.config)
	}
}

// talks tells that packets are due from the peer: not while either side is on hold, nor while comfort noise stands for it.
func (s *stream) talks() bool { return s.mayHear && s.maySend && !s.dozing }

// sends tells that we may send RTP to the peer, and know where.
func (s *stream) sends() bool { return s.maySend && s.to.size != 0 }

// ptime is the milliseconds in each packet that we make.
func (s *stream) ptime() int64 {
	if ms := s.config.Ptime.Milliseconds(); ms >= 10 && ms <= 60 {
		return ms
	}
	return 20
}

// stats gathers the figures.
func (s *stream) stats() media.Stats {
	t := s.source.Totals()
	st := media.Stats{Sent: s.sent, Received: t.Received, Lost: t.Lost, Refused: s.refused, Duplicate: t.Duplicate,
		Jitter: t.Jitter, RoundTrip: s.roundTrip, RemoteLost: s.remoteLost, Level: s.meter.Level()}
	if t.Received > 0 {
		loss := 0.0
		if t.Expected > 0 {
			loss = float64(t.Lost) / float64(t.Expected)
		}
		st.MOS = quality.Estimate(quality.Input{Loss: loss, Jitter: t.Jitter, Delay: s.roundTrip / 2})
	}
	return st
}
