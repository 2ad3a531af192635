package webrtc

import (
	"context"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/engine"
	"tandem/media/mediatest"
	"tandem/media/rtp"
)

// patience is how long a test waits for something that must come.
const patience = 15 * time.Second

// nextRange gives every rig ports of its own.
var nextRange atomic.Int32

// rig is a Gate before the real engine, all on loopback.
type rig struct {
	t     testing.TB
	gate  *Gate
	e     media.Engine // the Gate, or what stands before it
	early []media.Event
}

func newRig(t testing.TB, change ...func(*Config)) *rig {
	t.Helper()
	lo := uint16(30000 + nextRange.Add(1)%40*400)
	e, err := engine.New(engine.Config{Workers: 2, Local: loopback, PortMin: lo, PortMax: lo + 399, ReportEvery: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Listen: netip.AddrPortFrom(loopback, 0), Inner: e, Codecs: []media.Codec{media.PCMU, media.PCMA}}
	for _, f := range change {
		f(&cfg)
	}
	g, err := New(cfg)
	if err != nil {
		e.Close()
		t.Fatal(err)
	}
	r := &rig{t: t, gate: g, e: g}
	served := make(chan error, 2)
	go func() { served <- e.Serve(context.Background()) }()
	go func() { served <- g.Serve(context.Background()) }()
	t.Cleanup(func() {
		g.Close()
		for range 2 {
			if err := <-served; err != nil {
				t.Error(err)
			}
		}
		if n := g.table.sizes(); n != 0 {
			t.Errorf("%d entries left in the table", n)
		}
	})
	return r
}

func (r *rig) do(commands ...media.Command) {
	r.t.Helper()
	for _, c := range commands {
		if err := r.e.Do(c); err != nil {
			r.t.Fatalf("%s: %v", mediatest.Format(c), err)
		}
	}
}

// await gives the next event of a type about a stream, and keeps others for later.
func await[E media.Event](r *rig, id media.StreamID) E {
	r.t.Helper()
	for i, ev := range r.early {
		if e, ok := ev.(E); ok && ev.About() == id {
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
			if e, ok := ev.(E); ok && ev.About() == id {
				return e
			}
			r.early = append(r.early, ev)
		case <-deadline:
			r.t.Fatalf("no %T of stream %d; got %v", *new(E), id, r.early)
		}
	}
}

// stats asks for the figures of a stream.
func (r *rig) stats(id media.StreamID) media.Stats {
	r.t.Helper()
	r.do(media.QueryStats{Stream: id})
	return await[media.StreamStats](r, id).Stats
}

// until polls the figures of a stream until they are as wanted.
func (r *rig) until(id media.StreamID, ok func(media.Stats) bool) media.Stats {
	r.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); {
		if st := r.stats(id); ok(st) {
			return st
		}
	}
	r.t.Fatalf("stream %d: figures stay at %+v", id, r.stats(id))
	return media.Stats{}
}

// open makes a browser stream.
func (r *rig) open(id media.StreamID) {
	r.t.Helper()
	r.do(media.Open{Stream: id, Browser: true})
	if at := await[media.Opened](r, id).Local; at != r.gate.Addr() {
		r.t.Fatalf("opened at %v, want %v", at, r.gate.Addr())
	}
}

// describe gives a browser's offer and returns the answer to it.
func (r *rig) describe(id media.StreamID, offer string) media.Described {
	r.t.Helper()
	r.do(media.Describe{Stream: id, Offer: offer})
	d := await[media.Described](r, id)
	if d.Err != "" {
		r.t.Fatalf("described: %s", d.Err)
	}
	return d
}

// join connects a browser's offer to a stream.
func (r *rig) join(id media.StreamID, b *browser) media.Described {
	r.t.Helper()
	d := r.describe(id, b.offer())
	b.accept(d.SDP)
	r.linked(id, true)
	b.awaitUp()
	return d
}

// call opens a stream with a browser on it.
func (r *rig) call(id media.StreamID, change ...func(*browserOptions)) *browser {
	r.t.Helper()
	r.open(id)
	b := newBrowser(r.t, change...)
	r.join(id, b)
	return b
}

func (r *rig) linked(id media.StreamID, isUp bool) media.Linked {
	r.t.Helper()
	l := await[media.Linked](r, id)
	if l.Up != isUp {
		r.t.Fatalf("%s, want up %v", mediatest.Format(l), isUp)
	}
	return l
}

// phone is a far end of plain RTP.
type phone struct {
	t      testing.TB
	conn   *net.UDPConn
	engine netip.AddrPort
	script mediatest.Script
}

// phone opens a plain stream with a socket of the test at its far end.
func (r *rig) phone(id media.StreamID, c media.Codec) *phone {
	r.t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	p := &phone{t: r.t, conn: conn}
	f := format(c)
	p.script = mediatest.Script{Codec: c, PT: f.RecvPT, SSRC: 0xB0000000 + uint32(id)}
	r.do(media.Open{Stream: id})
	p.engine = await[media.Opened](r, id).Local
	at := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	r.do(media.Configure{Stream: id, Config: media.StreamConfig{Remote: at, Format: f, Accept: []media.Format{f}, DTMFSend: 101, DTMFRecv: 101}})
	return p
}

func format(c media.Codec) media.Format {
	return media.Format{Codec: c, SendPT: staticPT[c], RecvPT: staticPT[c]}
}

// say sends samples as packets, as fast as it goes.
func (p *phone) say(samples []int16) {
	p.t.Helper()
	for _, packet := range p.script.Packets(0, samples) {
		p.send(packet.Packet)
	}
}

func (p *phone) send(b []byte) {
	p.t.Helper()
	if _, err := p.conn.WriteToUDPAddrPort(b, p.engine); err != nil {
		p.t.Fatal(err)
	}
}

// hear waits until so many packets of a payload type came, and gives their payloads.
func (p *phone) hear(pt uint8, n int) []byte {
	p.t.Helper()
	var all []byte
	buf := make([]byte, maxPacket)
	for got := 0; got < n; {
		p.conn.SetReadDeadline(time.Now().Add(patience))
		size, err := p.conn.Read(buf)
		if err != nil {
			p.t.Fatalf("%d of %d packets: %v", got, n, err)
		}
		if packet, err := rtp.Parse(buf[:size]); err == nil && packet.PayloadType() == pt {
			all = append(all, packet.Payload()...)
			got++
		}
	}
	return all
}

// tone is 500 ms at -10 dBm0.
func tone(hz float64) []int16 { return mediatest.Tone(hz, 0, -10, 500*time.Millisecond) }

// wantTone checks that sound is one tone at -10 dBm0 and not another.
func wantTone(t testing.TB, c media.Codec, sound []byte, hz, not float64) {
	t.Helper()
	if got := mediatest.FindInFrame(c, sound, hz); got < -11 || got > -9 {
		t.Errorf("%v Hz at %.1f dBm0, want -10", hz, got)
	}
	if got := mediatest.FindInFrame(c, sound, not); got > -35 {
		t.Errorf("%v Hz at %.1f dBm0, want nothing", not, got)
	}
}

// footprint counts what a process can leak.
func footprint(t testing.TB) (goroutines, files int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return runtime.NumGoroutine(), len(entries)
}
