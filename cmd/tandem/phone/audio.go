package phone

import (
	"math"
	"net"
	"net/netip"
	"sync"
	"time"

	"tandem/cmd/tandem-load/wire"
	"tandem/media"
	"tandem/media/codec"
	"tandem/media/dtmf"
	"tandem/media/rtp"
)

// Rate is that of all samples, in Hz.
const Rate = 8000

const (
	frame  = 160  // samples of 20 ms
	window = 4000 // samples that are judged: half a second
)

// Audio is the sound of one call: a tone goes out, what comes in is measured. All methods may be called from any goroutine.
type Audio struct {
	conn  *net.UDPConn
	local netip.AddrPort
	clock *clock

	mu       sync.Mutex
	remote   netip.AddrPort // guarded by mu; invalid: nobody yet
	eventPT  uint8          // guarded by mu
	out      rtp.Sender     // guarded by mu
	keys     dtmf.Sender    // guarded by mu
	hz       float64        // guarded by mu; 0: silence
	level    float64        // guarded by mu
	sample   int            // guarded by mu
	sent     uint64         // guarded by mu
	heard    [window]int16  // guarded by mu: a ring
	at       int            // guarded by mu: next place in heard
	counters Counters       // guarded by mu
	seq      rtp.Unwrapper  // guarded by mu
	newest   int64          // guarded by mu
	ssrc     uint32         // guarded by mu
	closed   bool           // guarded by mu
}

// Counters are a call's packets.
type Counters struct {
	Sent     uint64
	Received uint64
	Lost     uint64 // missing between the first and the newest received; late ones are not lost
	Sources  int    // SSRCs heard, one after the other
}

func newAudio(addr netip.Addr, clock *clock) (*Audio, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return nil, err
	}
	a := &Audio{conn: conn, clock: clock, out: rtp.NewSender(uint32(time.Now().UnixNano()), 1, 0)}
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	a.local = netip.AddrPortFrom(local.Addr().Unmap(), local.Port())
	clock.wg.Go(a.read)
	return a, nil
}

// talkTo begins to send.
func (a *Audio) talkTo(s wire.Session) {
	a.mu.Lock()
	first := !a.remote.IsValid()
	a.remote, a.eventPT = s.Audio, s.Event
	a.mu.Unlock()
	if first {
		a.clock.add(a)
	}
}

func (a *Audio) talking() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.remote.IsValid()
}

func (a *Audio) event() uint8 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.eventPT
}

// Tone sends a sine from now on, at level dBm0; 0 Hz is silence.
func (a *Audio) Tone(hz, level float64) {
	a.mu.Lock()
	a.hz, a.level = hz, level
	a.mu.Unlock()
}

// Press sends keys as RFC 4733 events of 100 ms. It fails for what is no key, and where the other side takes none.
func (a *Audio) Press(keys string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.eventPT == 0 {
		return dtmf.ErrDigit
	}
	return a.keys.Send(keys, 0)
}

// Heard is the level of one frequency in the last half second, in dBm0; codec.Floor where nothing was heard.
func (a *Audio) Heard(hz float64) float64 {
	a.mu.Lock()
	samples := a.heard
	a.mu.Unlock()
	w := 2 * math.Pi * hz / Rate
	k := 2 * math.Cos(w)
	var s1, s2 float64
	for _, x := range samples {
		s1, s2 = float64(x)+k*s1-s2, s1
	}
	const n = float64(window)
	return codec.LevelOf(2 * (s1*s1 + s2*s2 - k*s1*s2) / (n * n))
}

// Level is that of everything heard in the last half second, in dBm0.
func (a *Audio) Level() float64 {
	a.mu.Lock()
	samples := a.heard
	a.mu.Unlock()
	return codec.Level(samples[:])
}

// Forget empties what was heard, so that the next judgement is of what comes now.
func (a *Audio) Forget() {
	a.mu.Lock()
	a.heard = [window]int16{}
	a.mu.Unlock()
}

// Counters gives the packets so far.
func (a *Audio) Counters() Counters {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := a.counters
	c.Sent = a.sent
	return c
}

func (a *Audio) close() {
	a.mu.Lock()
	was := a.closed
	a.closed = true
	a.mu.Unlock()
	if !was {
		a.clock.remove(a)
		_ = a.conn.Close()
	}
}

func (a *Audio) read() {
	buf := make([]byte, 2048)
	for {
		n, _, err := a.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			a.mu.Lock()
			closed := a.closed
			a.mu.Unlock()
			if closed {
				return
			}
			continue // a refusal by the far kernel
		}
		if p, err := rtp.Parse(buf[:n]); err == nil && !rtp.IsRTCP(buf[:n]) {
			a.receive(p)
		}
	}
}

func (a *Audio) receive(p rtp.Packet) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.countLocked(p)
	if p.PayloadType() != 0 {
		return
	}
	var pcm [frame * 4]int16
	n := codec.Decode(media.PCMU, pcm[:], p.Payload())
	for _, x := range pcm[:n] {
		a.heard[a.at] = x
		a.at = (a.at + 1) % window
	}
}

func (a *Audio) countLocked(p rtp.Packet) {
	if a.counters.Received == 0 || p.SSRC() != a.ssrc {
		a.counters.Sources++
		a.ssrc, a.seq = p.SSRC(), rtp.Unwrapper{}
		a.newest = a.seq.Extend(p.Sequence())
		a.counters.Received++
		return
	}
	a.counters.Received++
	switch s := a.seq.Extend(p.Sequence()); {
	case s > a.newest:
		a.counters.Lost += uint64(s - a.newest - 1)
		a.newest = s
	case a.counters.Lost > 0:
		a.counters.Lost--
	}
}

// tick sends one packet. Only the clock calls it.
func (a *Audio) tick(now time.Duration) {
	var buf [12 + frame]byte
	a.mu.Lock()
	n, to := a.nextLocked(buf[:], now)
	a.mu.Unlock()
	if n > 0 {
		_, _ = a.conn.WriteToUDPAddrPort(buf[:n], to) // what is not sent shows as lost at the other end
	}
}

func (a *Audio) nextLocked(buf []byte, now time.Duration) (int, netip.AddrPort) {
	if a.closed || !a.remote.IsValid() {
		return 0, a.remote
	}
	if a.keys.Busy() {
		p, ok := a.keys.Next(a.out.Now(now), frame)
		if !ok {
			return 0, a.remote
		}
		h := a.out.Event(a.eventPT, p.Marker, p.Timestamp, now)
		a.sent++
		return h.Put(buf) + copy(buf[12:], p.Payload[:]), a.remote
	}
	var pcm [frame]int16
	if a.hz > 0 {
		peak := codec.Amplitude(a.level)
		for i := range pcm {
			pcm[i] = int16(math.Round(peak * math.Sin(2*math.Pi*a.hz*float64(a.sample+i)/Rate)))
		}
		a.sample = (a.sample + frame) % Rate // whole frequencies go on without a click
	}
	h := a.out.Generate(0, frame, frame, now)
	a.sent++
	return h.Put(buf) + codec.Encode(media.PCMU, buf[12:], pcm[:]), a.remote
}
