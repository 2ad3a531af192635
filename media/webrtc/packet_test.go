package webrtc

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/srtp/v3"

	"tandem/media"
	"tandem/media/mediatest"
)

// keyPair makes the keys of both ends of a link, without a handshake.
func keyPair(t testing.TB, profile srtp.ProtectionProfile) (ours, theirs *keys) {
	t.Helper()
	keyLen, _ := profile.KeyLen()
	saltLen, _ := profile.SaltLen()
	context := func(fill byte) *srtp.Context {
		c, err := srtp.CreateContext(bytes.Repeat([]byte{fill}, keyLen), bytes.Repeat([]byte{fill + 1}, saltLen), profile,
			srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	return &keys{opener: context(1), sealer: context(7)}, &keys{opener: context(7), sealer: context(1)}
}

// road is a link with keys between the sockets of a Gate, without goroutines.
type road struct {
	gate   *Gate
	link   *link
	theirs *keys
	from   netip.AddrPort // the browser's address
	engine netip.AddrPort // the inner stream's
	script mediatest.Script
	inner  *mediatest.Engine
}

func newRoad(t testing.TB, profile srtp.ProtectionProfile) *road {
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
	ours, theirs := keyPair(t, profile)
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
		b, err := r.theirs.seal(make([]byte, 0, maxPacket), plain)
		if err != nil {
			t.Fatal(err)
		}
		all[i] = b
	}
	return all
}

var allProfiles = map[string]srtp.ProtectionProfile{
	"GCM128": srtp.ProtectionProfileAeadAes128Gcm, "GCM256": srtp.ProtectionProfileAeadAes256Gcm, "CM80": srtp.ProtectionProfileAes128CmHmacSha1_80,
}

// TestNoAllocations: neither way allocates per packet.
func TestNoAllocations(t *testing.T) {
	for name, profile := range allProfiles {
		t.Run(name, func(t *testing.T) {
			r := newRoad(t, profile)
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

// TestOpenRefuses: forged, repeated, foreign, short and too many sources.
func TestOpenRefuses(t *testing.T) {
	r := newRoad(t, srtp.ProtectionProfileAeadAes128Gcm)
	ours := r.link.keys.Load()
	seal := func(ssrc uint32) []byte {
		script := mediatest.Script{Codec: media.PCMU, SSRC: ssrc, Sequence: uint16(ssrc)}
		b, err := r.theirs.seal(nil, script.Packet(false, make([]byte, 160)))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	report := func(ssrc byte) []byte {
		b, err := r.theirs.seal(nil, []byte{0x80, 201, 0, 1, 0, 0, 0, ssrc})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	good := seal(1)
	twice := bytes.Clone(good)
	forged := seal(1)
	forged[20] ^= 1
	_, alien := keyPair(t, srtp.ProtectionProfileAeadAes256Gcm)
	foreign, err := alien.seal(nil, append([]byte{0x80, 0}, make([]byte, 170)...))
	if err != nil {
		t.Fatal(err)
	}
	for i, tt := range []struct {
		packet []byte
		want   bool
	}{{good, true}, {twice, false}, {forged, false}, {foreign, false}, {seal(2)[:20], false}, {[]byte{0x80}, false}, {[]byte{0x80, 200}, false}, {report(1), true}, {[]byte{0x80, 201, 0, 1, 0, 0, 0, 2}, false}} {
		if _, ok := ours.open(tt.packet); ok != tt.want {
			t.Errorf("case %d: got %v", i, ok)
		}
	}
	for ssrc := uint32(2); ssrc <= maxSources+3; ssrc++ {
		want := ssrc <= maxSources
		if _, ok := ours.open(seal(ssrc)); ok != want {
			t.Errorf("source %d: got %v", ssrc, ok)
		}
		if _, ok := ours.open(report(byte(ssrc))); ok != want {
			t.Errorf("reporter %d: got %v", ssrc, ok)
		}
	}
	if _, err := ours.seal(nil, []byte{0x80}); err == nil {
		t.Error("sealed what is no packet")
	}
}

// TestElbowWithoutWay: what has no leg, no link, no keys or no address goes nowhere.
func TestElbowWithoutWay(t *testing.T) {
	r := newRoad(t, srtp.ProtectionProfileAeadAes128Gcm)
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
	r := newRoad(t, srtp.ProtectionProfileAeadAes128Gcm)
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
	for name, profile := range allProfiles {
		b.Run(name, func(b *testing.B) {
			r := newRoad(b, profile)
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
	for name, profile := range allProfiles {
		b.Run(name, func(b *testing.B) {
			r := newRoad(b, profile)
			script := mediatest.Script{Codec: media.PCMU, SSRC: 9}
			plain := script.Packet(false, make([]byte, 160))
			b.ReportAllocs()
			for b.Loop() {
				r.gate.elbow.take(plain, r.engine)
			}
		})
	}
}
