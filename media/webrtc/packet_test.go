package webrtc

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/mediatest"
	"tandem/media/srtp"
)

// guards are both ends of a link, without a handshake.
func guards(t testing.TB, suite media.Suite) (ours, theirs *srtp.Guard) {
	t.Helper()
	n, m := suite.Sizes()
	one := media.NewKey(suite, bytes.Repeat([]byte{1}, n), bytes.Repeat([]byte{2}, m))
	other := media.NewKey(suite, bytes.Repeat([]byte{7}, n), bytes.Repeat([]byte{8}, m))
	ours, err := srtp.New(media.Keys{Send: one, Recv: other})
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = srtp.New(media.Keys{Send: other, Recv: one}); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// road is a link with keys between the sockets of a Gate, without goroutines.
type road struct {
	gate   *Gate
	link   *link
	theirs *srtp.Guard
	from   netip.AddrPort // the browser's address
	engine netip.AddrPort // the inner stream's
	script mediatest.Script
	inner  *mediatest.Engine
}

func newRoad(t testing.TB, suite media.Suite) *road {
	t.Helper()
	fake := mediatest.New(mediatest.Options{})
	g, err := New(Config{Listen: netip.AddrPortFrom(loopback, 0), Inner: fake})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	browser, inner := socket(t), socket(t)
	r := &road{gate: g, inner: fake, from: browser, engine: inner, script: mediatest.Script{Codec: media.PCMU, SSRC: 7}}
	of := &leg{id: 1}
	of.engine.Store(&inner)
	r.link = g.newLink(of)
	ours, theirs := guards(t, suite)
	r.theirs = theirs
	r.link.keys.Store(ours)
	of.link.Store(r.link)
	g.table.bind(inner, of)
	g.table.learn(browser, r.link, g.port.inUse)
	r.link.reach(browser)
	return r
}

// socket is an address of a far end that takes packets and does nothing with them.
func socket(t testing.TB) netip.AddrPort {
	t.Helper()
	conn, err := listenUDP(netip.AddrPortFrom(loopback, 0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	at := conn.LocalAddr().(interface{ AddrPort() netip.AddrPort }).AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}

// sealed makes n packets as the browser would send them.
func (r *road) sealed(t testing.TB, n int) [][]byte {
	t.Helper()
	all := make([][]byte, n)
	for i := range all {
		plain := r.script.Packet(false, make([]byte, 160))
		b, err := r.theirs.Seal(make([]byte, 0, maxPacket), plain)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = b
	}
	return all
}

var allSuites = map[string]media.Suite{
	"GCM128": media.AEAD128, "GCM256": media.AEAD256, "CM80": media.CM80,
}

// TestNoAllocations: neither way allocates per packet.
func TestNoAllocations(t *testing.T) {
	for name, suite := range allSuites {
		t.Run(name, func(t *testing.T) {
			r := newRoad(t, suite)
			packets, next := r.sealed(t, 300), 0
			in := testing.AllocsPerRun(200, func() {
				r.gate.port.take(packets[next], r.from)
				next++
			})
			script := mediatest.Script{Codec: media.PCMU, SSRC: 9}
			plain := script.Packet(false, make([]byte, 160))
			out := testing.AllocsPerRun(200, func() { r.gate.elbow.take(plain, r.engine) })
			if in != 0 || out != 0 {
				t.Errorf("%v allocations in, %v out", in, out)
			}
			if got, sent := r.gate.counts.received.Load(), r.gate.counts.sent.Load(); got != 201 || sent != 201 {
				t.Errorf("%d in, %d out", got, sent)
			}
		})
	}
}

// TestElbowWithoutWay: what has no leg, no link, no keys or no address goes nowhere.
func TestElbowWithoutWay(t *testing.T) {
	r := newRoad(t, media.AEAD128)
	g, plain := r.gate, append([]byte{0x80, 0}, make([]byte, 170)...)
	g.elbow.take(plain, netip.AddrPortFrom(loopback, 9))
	if n := g.counts.strays.Load(); n != 1 {
		t.Errorf("%d strays", n)
	}
	r.link.mute.Store(true)
	g.elbow.take(plain, r.engine)
	r.link.mute.Store(false)
	r.link.remote.Store(nil)
	g.elbow.take(plain, r.engine)
	r.link.leg.link.Store(nil)
	g.elbow.take(plain, r.engine)
	if n := g.counts.sent.Load(); n != 0 {
		t.Errorf("%d sent", n)
	}
	g.port.take(r.sealed(t, 1)[0], r.from) // a link that is not in force does not feed the engine
	if n := g.counts.received.Load(); n != 0 {
		t.Errorf("%d received", n)
	}
}

// TestWire: deadlines, depth and end, as the DTLS library uses them.
func TestWire(t *testing.T) {
	r := newRoad(t, media.AEAD128)
	w, buf := r.link.wire, make([]byte, 10)
	for i := range wireDepth + 1 {
		if ok := w.push([]byte{byte(i)}); ok != (i < wireDepth) {
			t.Errorf("push %d: %v", i, ok)
		}
	}
	for i := range wireDepth {
		if n, _, err := w.ReadFrom(buf); err != nil || n != 1 || buf[0] != byte(i) {
			t.Fatalf("read %d: %d bytes, %v", i, n, err)
		}
	}
	for range 2 {
		w.SetReadDeadline(time.Unix(1, 0))
		if _, _, err := w.ReadFrom(buf); err == nil {
			t.Error("read after the deadline")
		}
	}
	w.SetDeadline(time.Time{})
	w.push([]byte{9})
	if n, _, err := w.ReadFrom(buf); err != nil || n != 1 {
		t.Errorf("%d bytes, %v", n, err)
	}
	w.Close()
	w.end()
	if _, _, err := w.ReadFrom(buf); err == nil {
		t.Error("read after the end")
	}
	if n, err := w.WriteTo([]byte{22}, nil); n != 1 || err != nil {
		t.Errorf("the goodbye: %d, %v", n, err)
	}
}

func BenchmarkFromBrowser(b *testing.B) {
	for name, suite := range allSuites {
		b.Run(name, func(b *testing.B) {
			r := newRoad(b, suite)
			var packets [][]byte
			b.ReportAllocs()
			for b.Loop() {
				if len(packets) == 0 {
					b.StopTimer()
					packets = r.sealed(b, 1<<13)
					b.StartTimer()
				}
				r.gate.port.take(packets[0], r.from)
				packets = packets[1:]
			}
			if n := r.gate.counts.refused.Load(); n != 0 {
				b.Errorf("%d refused", n)
			}
		})
	}
}

func BenchmarkToBrowser(b *testing.B) {
	for name, suite := range allSuites {
		b.Run(name, func(b *testing.B) {
			r := newRoad(b, suite)
			script := mediatest.Script{Codec: media.PCMU, SSRC: 9}
			plain := script.Packet(false, make([]byte, 160))
			b.ReportAllocs()
			for b.Loop() {
				r.gate.elbow.take(plain, r.engine)
			}
		})
	}
}
