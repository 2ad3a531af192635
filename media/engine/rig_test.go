package engine

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/mediatest"
	"tandem/media/rtp"
	"tandem/media/srtp"
)

// patience is how long a test waits for something that must come.
const patience = 10 * time.Second

// nextRange gives every test ports of its own, below the ones the kernel gives out by itself.
var nextRange atomic.Int32

// rig is an engine with sockets on loopback around it.
type rig struct {
	t     *testing.T
	e     media.Engine
	real  *Engine
	early []media.Event
}

// testConfig is a small engine on loopback.
func testConfig() Config {
	lo := uint16(20000 + nextRange.Add(1)%80*100)
	return Config{Workers: 1, Local: netip.MustParseAddr("127.0.0.1"), PortMin: lo, PortMax: lo + 99}
}

func newRig(t *testing.T, cfg Config) *rig {
	t.Helper()
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- e.Serve(context.Background()) }()
	t.Cleanup(func() {
		e.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &rig{t: t, e: e, real: e}
}

func (r *rig) do(commands ...media.Command) {
	r.t.Helper()
	for _, c := range commands {
		if err := r.e.Do(c); err != nil {
			r.t.Fatalf("%s: %v", mediatest.Format(c), err)
		}
	}
}

// await gives the next event of a type, and keeps others for later.
func await[E media.Event](r *rig) E {
	r.t.Helper()
	for i, ev := range r.early {
		if e, ok := ev.(E); ok {
			r.early = append(r.early[:i], r.early[i+1:]...)
			return e
		}
	}
	deadline := time.After(patience)
	for {
		select {
		case ev, ok := <-r.e.Events():
			if !ok {
				r.t.Fatalf("events ended while waiting for %T", *new(E))
			}
			if e, ok := ev.(E); ok {
				return e
			}
			r.early = append(r.early, ev)
		case <-deadline:
			r.t.Fatalf("no %T; got %v", *new(E), r.early)
		}
	}
}

// settle waits until all commands given so far are done on a stream.
func (r *rig) settle(id media.StreamID) media.Stats {
	r.t.Helper()
	r.do(media.QueryStats{Stream: id})
	for {
		if st := await[media.StreamStats](r); st.Stream == id {
			return st.Stats
		}
	}
}

// until polls a stream's figures until they are as wanted.
func (r *rig) until(id media.StreamID, ok func(media.Stats) bool) media.Stats {
	r.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if st := r.settle(id); ok(st) {
			return st
		}
	}
	r.t.Fatalf("stream %d: figures stay at %+v", id, r.settle(id))
	return media.Stats{}
}

// peer is a far end: a socket of the test, and the engine's stream that talks to it.
type peer struct {
	t      *testing.T
	conn   *net.UDPConn
	stream media.StreamID
	engine netip.AddrPort
	script mediatest.Script
	guard  *srtp.Guard // nil: plain
}

// config is a stream's configuration for a far end that talks one codec.
func (p *peer) config(c media.Codec, change ...func(*media.StreamConfig)) media.StreamConfig {
	f := format(c)
	cfg := media.StreamConfig{Remote: p.addr(), Format: f, Accept: []media.Format{f}, DTMFSend: 101, DTMFRecv: 101}
	for _, f := range change {
		f(&cfg)
	}
	return cfg
}

func format(c media.Codec) media.Format {
	if c == media.PCMA {
		return media.Format{Codec: c, SendPT: 8, RecvPT: 8}
	}
	return media.Format{Codec: c}
}

func (p *peer) addr() netip.AddrPort { return p.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// listen opens a socket of the test.
func listen(t *testing.T, ip string) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(ip)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// open makes a stream with a far end that talks one codec.
func (r *rig) open(id media.StreamID, c media.Codec, change ...func(*media.StreamConfig)) *peer {
	r.t.Helper()
	p := &peer{t: r.t, conn: listen(r.t, "127.0.0.1"), stream: id}
	p.script = mediatest.Script{Codec: c, PT: format(c).RecvPT, SSRC: 0xA0000000 + uint32(id), Sequence: 65530, Timestamp: 7777}
	r.do(media.Open{Stream: id})
	p.engine = await[media.Opened](r).Local
	r.do(media.Configure{Stream: id, Config: p.config(c, change...)})
	r.settle(id)
	return p
}

// say sends samples as packets, as fast as it goes.
func (p *peer) say(samples []int16) {
	p.t.Helper()
	for _, packet := range p.script.Packets(0, samples) {
		p.sendFrom(p.conn, packet.Packet)
	}
}

func (p *peer) sendFrom(conn *net.UDPConn, b []byte) {
	p.t.Helper()
	if p.guard != nil {
		sealed, err := p.guard.Seal(nil, b)
		if err != nil {
			p.t.Fatal(err)
		}
		b = sealed
	}
	if _, err := conn.WriteToUDPAddrPort(b, p.engine); err != nil {
		p.t.Fatal(err)
	}
}

// read waits for the next packet from the engine.
func (p *peer) read() rtp.Packet {
	p.t.Helper()
	buf := make([]byte, 2048)
	p.conn.SetReadDeadline(time.Now().Add(patience))
	n, from, err := p.conn.ReadFromUDPAddrPort(buf)
	if err != nil {
		p.t.Fatalf("stream %d: no packet: %v", p.stream, err)
	}
	if from != p.engine {
		p.t.Fatalf("packet from %v, want %v", from, p.engine)
	}
	buf = buf[:n]
	if p.guard != nil {
		plain, ok := p.guard.Open(buf)
		if !ok {
			p.t.Fatalf("stream %d: got a packet that cannot be opened: % x", p.stream, buf)
		}
		buf = plain
	}
	packet, err := rtp.Parse(buf)
	if err != nil {
		p.t.Fatal(err)
	}
	return packet
}

// readN waits for so many packets.
func (p *peer) readN(n int) []rtp.Packet {
	p.t.Helper()
	all := make([]rtp.Packet, 0, n)
	for range n {
		all = append(all, p.read())
	}
	return all
}

// tone is 500 ms.
func tone(hz float64) []int16 { return mediatest.Tone(hz, 0, -10, 500*time.Millisecond) }

// audio joins the payloads of packets.
func audio(packets []rtp.Packet) []byte {
	var all []byte
	for _, p := range packets {
		all = append(all, p.Payload()...)
	}
	return all
}

// wantTone checks that packets carry one tone at -10 dBm0 and not another.
func wantTone(t *testing.T, c media.Codec, packets []rtp.Packet, hz, not float64) {
	t.Helper()
	sound := audio(packets)
	if got := mediatest.FindInFrame(c, sound, hz); got < -11 || got > -9 {
		t.Errorf("%v Hz at %.1f dBm0, want -10", hz, got)
	}
	if got := mediatest.FindInFrame(c, sound, not); got > -35 {
		t.Errorf("%v Hz at %.1f dBm0, want nothing", not, got)
	}
}

// wantOneSource checks that packets are numbered as of one source without gaps.
func wantOneSource(t *testing.T, packets []rtp.Packet) {
	t.Helper()
	for i, p := range packets[1:] {
		before := packets[i]
		if p.SSRC() != before.SSRC() {
			t.Fatalf("packet %d: SSRC %x, want %x", i+1, p.SSRC(), before.SSRC())
		}
		if p.Sequence() != before.Sequence()+1 {
			t.Fatalf("packet %d: sequence %d after %d", i+1, p.Sequence(), before.Sequence())
		}
		if step := int32(p.Timestamp() - before.Timestamp()); step < 0 {
			t.Fatalf("packet %d: timestamp goes back by %d", i+1, -step)
		}
	}
}

// openFDs counts this process's file descriptors.
func openFDs(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// rtcpOf is the RTCP address beside an RTP address.
func rtcpOf(rtp netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(rtp.Addr(), rtp.Port()+1) }

// atomicTime is a clock that a test sets.
type atomicTime struct{ ns atomic.Int64 }

func (a *atomicTime) set(t time.Time) { a.ns.Store(t.UnixNano()) }
func (a *atomicTime) get() time.Time  { return time.Unix(0, a.ns.Load()) }
