package engine

import (
	"net/netip"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/rtp"
)

var (
	sdpAddr   = netip.MustParseAddrPort("192.0.2.1:4000")
	otherPort = netip.MustParseAddrPort("192.0.2.1:5000")
	stranger  = netip.MustParseAddrPort("203.0.113.9:4000")
	second    = netip.MustParseAddrPort("203.0.113.7:4000")
)

// latchStep is one packet and what should become of it.
type latchStep struct {
	from  netip.AddrPort
	seq   uint16
	ssrc  uint32
	at    time.Duration
	heard bool
}

func TestLatch(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name      string
		symmetric bool
		steps     []latchStep
		to        netip.AddrPort
	}{
		{"strict hears the SDP's address at once", false, []latchStep{{sdpAddr, 1, 1, 0, true}, {stranger, 1, 1, 0, false}}, sdpAddr},
		{"strict never learns a stranger", false, []latchStep{
			{stranger, 1, 1, 0, false}, {stranger, 2, 1, 0, false}, {stranger, 3, 1, 0, false}, {stranger, 4, 1, 0, false}}, sdpAddr},
		{"strict learns another port, and sends to the SDP's", false, []latchStep{
			{otherPort, 1, 1, 0, false}, {otherPort, 2, 1, 0, false}, {otherPort, 3, 1, 0, true}, {otherPort, 9, 1, 0, true}}, sdpAddr},
		{"symmetric learns with the third packet", true, []latchStep{
			{stranger, 65535, 1, 0, false}, {stranger, 0, 1, 0, false}, {stranger, 1, 1, 0, true}, {stranger, 2, 1, 0, true}}, stranger},
		{"once learned it is locked", true, []latchStep{
			{second, 1, 1, 0, false}, {second, 2, 1, 0, false}, {second, 3, 1, 0, true},
			{stranger, 1, 2, 0, false}, {stranger, 2, 2, 0, false}, {stranger, 3, 2, 0, false}, {stranger, 4, 2, 0, false}, {second, 4, 1, 0, true}}, second},
		{"an SSRC that changes is not learned", true, []latchStep{
			{stranger, 1, 1, 0, false}, {stranger, 2, 2, 0, false}, {stranger, 3, 3, 0, false}, {stranger, 4, 4, 0, false}}, sdpAddr},
		{"two who alternate are not learned", true, []latchStep{
			{stranger, 1, 1, 0, false}, {second, 1, 2, 0, false}, {stranger, 2, 1, 0, false}, {second, 2, 2, 0, false}, {stranger, 3, 1, 0, false}}, sdpAddr},
		{"one packet again and again is not learned", true, []latchStep{
			{stranger, 1, 1, 0, false}, {stranger, 1, 1, 0, false}, {stranger, 1, 1, 0, false}, {stranger, 1, 1, 0, false}}, sdpAddr},
		{"a flood does not shout down who talks from the SDP's address", true, flood(40), sdpAddr},
		{"the SDP's address is heard while learning", true, []latchStep{{sdpAddr, 1, 1, 0, true}, {sdpAddr, 2, 1, 0, true}}, sdpAddr},
		{"after a long silence another may come", true, []latchStep{
			{second, 1, 1, 0, false}, {second, 2, 1, 0, false}, {second, 3, 1, 0, true}, {stranger, 1, 2, 4999 * ms, false},
			{stranger, 2, 2, 5001 * ms, false}, {stranger, 3, 2, 5020 * ms, false}, {stranger, 4, 2, 5040 * ms, true}, {second, 9, 1, 5060 * ms, false}}, stranger},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := latch{relatch: 5 * time.Second}
			l.configure(sdpAddr, c.symmetric, 0)
			for i, s := range c.steps {
				if got := l.hears(s.from, numbered(t, s.seq, s.ssrc), s.at); got != s.heard {
					t.Fatalf("packet %d from %v: heard %v, want %v", i, s.from, got, s.heard)
				}
			}
			if got := l.sendTo(); got != c.to {
				t.Errorf("sends to %v, want %v", got, c.to)
			}
		})
	}
}

// flood is the peer at the SDP's address, with ten packets of a stranger after each of his.
func flood(n int) (steps []latchStep) {
	for i := range n {
		at := time.Duration(i) * 20 * time.Millisecond
		steps = append(steps, latchStep{sdpAddr, uint16(i), 1, at, true})
		for k := range 10 {
			steps = append(steps, latchStep{stranger, uint16(10*i + k), 2, at + time.Millisecond, false})
		}
	}
	return steps
}

// TestLatchReconfigured: the same SDP again keeps who is heard; a new address forgets him.
func TestLatchReconfigured(t *testing.T) {
	l := latch{relatch: time.Hour}
	l.configure(sdpAddr, true, 0)
	for seq := range uint16(3) {
		l.hears(stranger, numbered(t, seq, 1), 0)
	}
	l.configure(sdpAddr, true, 0)
	if !l.hears(stranger, numbered(t, 3, 1), 0) || l.sendTo() != stranger {
		t.Error("a refresh forgot the learned source")
	}
	for seq := range uint16(3) {
		l.hears(second, numbered(t, seq, 2), yieldAfter-1)
	}
	if l.sendTo() != stranger {
		t.Error("somebody took over from one who talks")
	}
	for seq := range uint16(3) {
		l.hears(second, numbered(t, seq, 2), yieldAfter)
	}
	if l.sendTo() != second {
		t.Error("a refresh does not open the latch")
	}
	l.configure(otherPort, true, 0)
	if l.hears(second, numbered(t, 9, 2), 0) || l.sendTo() != otherPort {
		t.Error("a new SDP address kept the old source")
	}
	l.configure(sdpAddr, false, 0)
	if l.hears(second, numbered(t, 10, 2), 0) || !l.knows(sdpAddr.Addr()) || l.knows(second.Addr()) {
		t.Error("strict kept a learned stranger")
	}
}

// TestLatchIsWonBack: a stranger who got in while the peer was silent loses to the SDP's address with the next Configure,
// however much he sends.
func TestLatchIsWonBack(t *testing.T) {
	l := latch{relatch: 5 * time.Second}
	l.configure(sdpAddr, true, 0)
	for seq := range uint16(3) {
		l.hears(stranger, numbered(t, seq, 1), time.Second)
	}
	if l.sendTo() != stranger {
		t.Fatal("not learned")
	}
	l.configure(sdpAddr, true, 2*time.Second)
	for seq := range uint16(3) {
		now := 2*time.Second + time.Duration(seq)*20*time.Millisecond
		for k := range uint16(5) {
			l.hears(stranger, numbered(t, 10*seq+k, 1), now)
		}
		l.hears(sdpAddr, numbered(t, seq, 2), now)
	}
	if l.sendTo() != sdpAddr || l.hears(stranger, numbered(t, 99, 1), 3*time.Second) {
		t.Error("the stranger is still heard")
	}
}

// TestLatchClaim: who was first is not who is right: the SDP's address may claim a stream that somebody else was quicker to
// take, but not for ever.
func TestLatchClaim(t *testing.T) {
	for _, c := range []struct {
		at   time.Duration
		want netip.AddrPort
	}{{200 * time.Millisecond, sdpAddr}, {claimFor - time.Millisecond, sdpAddr}, {claimFor, stranger}} {
		l := latch{relatch: 5 * time.Second}
		l.configure(sdpAddr, true, 0)
		for seq := range uint16(3) {
			l.hears(stranger, numbered(t, seq, 1), 0)
		}
		for seq := range uint16(3) {
			l.hears(stranger, numbered(t, 9+seq, 1), c.at)
			l.hears(sdpAddr, numbered(t, seq, 2), c.at)
		}
		if got := l.sendTo(); got != c.want {
			t.Errorf("after %v: sends to %v, want %v", c.at, got, c.want)
		}
	}
}

// TestLatchOverOldHold: c=0.0.0.0 and back is the same peer, wherever its packets came from.
func TestLatchOverOldHold(t *testing.T) {
	l := latch{relatch: time.Hour}
	l.configure(sdpAddr, true, 0)
	for seq := range uint16(3) {
		l.hears(stranger, numbered(t, seq, 1), 0)
	}
	l.configure(netip.AddrPort{}, true, time.Second)
	l.configure(sdpAddr, true, 2*time.Second)
	if !l.hears(stranger, numbered(t, 9, 1), 2*time.Second) || l.sendTo() != stranger {
		t.Error("the peer has to be learned again")
	}
}

func numbered(t *testing.T, seq uint16, ssrc uint32) rtp.Packet {
	t.Helper()
	b := make([]byte, 172)
	rtp.Header{Sequence: seq, SSRC: ssrc}.Put(b)
	p, err := rtp.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestInjector: packets of a third party reach nobody and are counted, before and after latching.
func TestInjector(t *testing.T) {
	symmetric := func(c *media.StreamConfig) {
		c.Symmetric = true
		c.Remote = netip.MustParseAddrPort("127.0.0.9:9") // what the SDP of one behind NAT says
	}
	r := newRig(t, testConfig())
	a, b := r.open(1, media.PCMU, symmetric), r.open(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.settle(1)
	a.say(tone(440))
	heard := b.readN(23)
	wantTone(t, media.PCMU, heard, 440, 1000)
	injector := listen(t, "127.0.0.2")
	evil := a.script
	evil.SSRC = 0xE
	for _, p := range evil.Packets(0, tone(1000)) {
		a.sendFrom(injector, p.Packet)
	}
	a.say(tone(440))
	wantTone(t, media.PCMU, b.readN(25), 440, 1000)
	st := r.until(1, func(s media.Stats) bool { return s.Received == 48 })
	if st.Refused != 27 {
		t.Errorf("refused %d, want 25 of the injector and 2 before latching", st.Refused)
	}
	b.say(tone(1000))
	wantTone(t, media.PCMU, a.readN(25), 1000, 440) // sent to where the packets came from
	for _, p := range evil.Packets(0, tone(1000)) {
		b.sendFrom(injector, p.Packet)
	}
	r.until(2, func(s media.Stats) bool { return s.Refused == 25 })
	if first := await[media.FirstPacket](r); first.Stream != 1 || first.From != a.addr() {
		t.Errorf("first packet %+v", first)
	}
}
