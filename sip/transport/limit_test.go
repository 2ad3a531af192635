package transport

import (
	"net/netip"
	"testing"
	"time"
)

func TestLimiterForgetsTheOldest(t *testing.T) {
	l := newLimiter(Rate{PerSecond: 1, Burst: 1, Sources: 3})
	now := time.Unix(0, 0)
	addr := func(i byte) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, i}) }
	for i := range byte(3) {
		if !l.allow(addr(i), now) {
			t.Fatalf("first message of %s refused", addr(i))
		}
	}
	if l.allow(addr(0), now) {
		t.Error("a second message passed")
	}
	for i := range byte(200) {
		l.allow(addr(10+i), now)
	}
	if l.size() != 3 {
		t.Errorf("%d sources remembered, want 3", l.size())
	}
	if !l.allow(addr(0), now) {
		t.Error("a forgotten source was refused")
	}
	if l.allow(addr(0), now.Add(900*time.Millisecond)) || !l.allow(addr(0), now.Add(2*time.Second)) {
		t.Error("refill")
	}
}

// TestLimiterCountsNetworks: whoever has a /64 network cannot take a new address for each message.
func TestLimiterCountsNetworks(t *testing.T) {
	l := newLimiter(Rate{PerSecond: 1, Burst: 1, Sources: 100})
	now := time.Unix(0, 0)
	for i, tt := range []struct {
		addr string
		want bool
	}{
		{"2001:db8::1", true}, {"2001:db8::2", false}, {"2001:db8:0:1::1", true}, {"fe80::1%eth0", true}, {"fe80::2%eth1", false},
		{"192.0.2.1", true}, {"192.0.2.2", true}, {"192.0.2.1", false},
	} {
		if got := l.allow(netip.MustParseAddr(tt.addr), now); got != tt.want {
			t.Errorf("%d, %s: got %t, want %t", i, tt.addr, got, tt.want)
		}
	}
}

func TestMend(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"sound", "SIP/2.0 200 OK\r\nA: b\r\n\r\n", "SIP/2.0 200 OK\r\nA: b\r\n\r\n"},
		{"no reason", "SIP/2.0 200\r\nA: b\r\n\r\n", "SIP/2.0 200 \r\nA: b\r\n\r\n"},
		{"LF", "SIP/2.0 200 OK\nA: b\n\nx\ny", "SIP/2.0 200 OK\r\nA: b\r\n\r\nx\ny"},
		{"no end", "SIP/2.0 200 OK\r\nA: b\r\n", "SIP/2.0 200 OK\r\nA: b\r\n\r\n"},
		{"no line", "garbage", "garbage"},
	}
	for _, tt := range tests {
		if got := string(mend([]byte(tt.in))); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzDatagram(f *testing.F) {
	f.Add([]byte("OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n\r\n"))
	f.Add([]byte("SIP/2.0 200\r\n\r\n"))
	f.Add([]byte("X unknown.scheme:y SIP/2.0\r\nVia: a\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		switch v := verdictOf(t, data); v {
		case "":
			t.Error("no verdict")
		}
	})
}
