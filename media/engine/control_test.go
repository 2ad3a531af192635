package engine

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/rtp"
)

// withControl is a stream whose far end has an RTCP socket of its own.
func withControl(t *testing.T, r *rig) (*peer, *net.UDPConn) {
	conn := listen(t, "127.0.0.1")
	control := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return r.open(1, media.PCMU, func(c *media.StreamConfig) { c.RemoteRTCP = control }), conn
}

func readReport(t *testing.T, conn *net.UDPConn) (rtp.Compound, netip.AddrPort) {
	t.Helper()
	buf := make([]byte, 1500)
	conn.SetReadDeadline(time.Now().Add(patience))
	n, from, err := conn.ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatal(err)
	}
	var c rtp.Compound
	if err := c.Parse(buf[:n]); err != nil {
		t.Fatal(err)
	}
	return c, from
}

// TestReports: sender and receiver reports both ways, and the round trip from them.
func TestReports(t *testing.T) {
	cfg := testConfig()
	cfg.ReportEvery = 100 * time.Millisecond
	r := newRig(t, cfg)
	a, control := withControl(t, r)
	r.do(media.Connect{A: 1, B: 1})
	first, _ := readReport(t, control)
	if first.Sender || first.Count != 0 || len(first.CNAME) == 0 {
		t.Errorf("before any packet: %+v", first)
	}
	a.say(tone(440))
	echoed := a.readN(25)
	var sr rtp.Compound
	var from netip.AddrPort
	for !sr.Sender {
		sr, from = readReport(t, control)
	}
	if from != rtcpOf(a.engine) {
		t.Errorf("report from %v, want %v", from, rtcpOf(a.engine))
	}
	if sr.SSRC != echoed[0].SSRC() || sr.Packets != 25 || sr.Octets != 25*160 {
		t.Errorf("sender report %+v", sr)
	}
	if block, ok := sr.About(a.script.SSRC); !ok || block.Lost != 0 {
		t.Errorf("no reception report: %+v", sr)
	}
	answer := rtp.Compound{SSRC: a.script.SSRC, Count: 1, CNAME: []byte("far")}
	answer.Blocks[0] = rtp.Block{SSRC: sr.SSRC, Lost: 3, LastSR: sr.NTP.Middle(), Delay: 0}
	if _, err := control.WriteToUDPAddrPort(answer.Append(nil), from); err != nil {
		t.Fatal(err)
	}
	st := r.until(1, func(s media.Stats) bool { return s.RoundTrip > 0 })
	if st.RoundTrip > 5*time.Second || st.RemoteLost != 3 {
		t.Errorf("%+v", st)
	}
	r.do(media.Close{Stream: 1})
	for bye := sr; !bye.Bye; {
		bye, _ = readReport(t, control)
	}
}

// TestStrangersReport: RTCP is believed from the peer's address only.
func TestStrangersReport(t *testing.T) {
	r := newRig(t, testConfig())
	a, _ := withControl(t, r)
	lie := rtp.Compound{SSRC: 1, Count: 1, CNAME: []byte("x")}
	lie.Blocks[0] = rtp.Block{SSRC: 1, Lost: 99}
	stranger := listen(t, "127.0.0.2")
	if _, err := stranger.WriteToUDPAddrPort(lie.Append(nil), rtcpOf(a.engine)); err != nil {
		t.Fatal(err)
	}
	for r.real.workers[0].counts.refused.Load() == 0 {
		r.settle(1)
	}
	if st := r.settle(1); st.RemoteLost != 0 {
		t.Errorf("%+v", st)
	}
}

// TestSilent: reported once, and again only after packets came.
func TestSilent(t *testing.T) {
	r := newRig(t, testConfig())
	a := r.open(1, media.PCMU, func(c *media.StreamConfig) { c.Timeout = 50 * time.Millisecond })
	if s := await[media.Silent](r); s.Stream != 1 || s.For < 50*time.Millisecond {
		t.Errorf("%+v", s)
	}
	a.say(tone(440))
	await[media.FirstPacket](r)
	await[media.Silent](r)
	r.do(media.Configure{Stream: 1, Config: a.config(media.PCMU, func(c *media.StreamConfig) {
		c.Timeout, c.Direction = time.Millisecond, media.SendOnly
	})})
	r.do(media.Open{Stream: 2})
	await[media.Opened](r)
	r.do(media.Play{Stream: 1, Play: 1, Items: []media.Item{{Silence: 200 * time.Millisecond}}})
	await[media.Played](r)
	for _, ev := range r.early {
		if s, ok := ev.(media.Silent); ok {
			t.Errorf("silence reported of a peer on hold: %+v", s)
		}
	}
}

// TestSilentOnlyWhenDue: neither a hold nor comfort noise is a dead peer.
func TestSilentOnlyWhenDue(t *testing.T) {
	for _, c := range []struct {
		name      string
		direction media.Direction
		pt        uint8
		want      bool
	}{{"talking", media.SendRecv, 0, true}, {"comfort noise", media.SendRecv, 13, false}, {"holds us", media.RecvOnly, 0, false}} {
		t.Run(c.name, func(t *testing.T) {
			w, s := pathRig(t, media.PCMU, media.PCMU)
			cfg := s.config
			cfg.Timeout, cfg.Direction = time.Second, c.direction
			w.do(media.Configure{Stream: 1, Config: cfg})
			b := make([]byte, 13)
			rtp.Header{PayloadType: c.pt, SSRC: 7}.Put(b)
			if !w.packet(s, b) {
				t.Fatal("refused")
			}
			<-w.e.events // FirstPacket
			s.reportAt = time.Hour
			w.now += 2 * time.Second
			w.keepHouse(s)
			if got := len(w.e.events) == 1; got != c.want {
				t.Errorf("reported silent: %v, want %v", got, c.want)
			}
		})
	}
}

// TestBackPressure: with nobody reading events no answer is lost, Do says busy, and audio goes on.
func TestBackPressure(t *testing.T) {
	cfg := testConfig()
	cfg.Events, cfg.Mailbox = 1, 8
	r := newRig(t, cfg)
	a, b := r.open(1, media.PCMU), r.open(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.settle(1)
	asked := 0
	for end := time.Now().Add(patience); time.Now().Before(end); {
		err := r.e.Do(media.QueryStats{Stream: 1})
		if err == media.ErrBusy {
			break
		}
		asked++
	}
	a.say(tone(440))
	wantTone(t, media.PCMU, b.readN(25), 440, 1000)
	for range asked {
		await[media.StreamStats](r)
	}
	r.settle(2)
}
