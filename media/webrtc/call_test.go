package webrtc

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	pion "github.com/pion/webrtc/v4"

	"tandem/media"
	"tandem/media/mediatest"
)

// TestBrowserToPhone: tones both ways between a browser that offers and a plain stream.
func TestBrowserToPhone(t *testing.T) {
	r := newRig(t)
	b := r.call(1)
	p := r.phone(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.stats(1)
	b.say(tone(440))
	wantTone(t, media.PCMU, p.hear(0, 25), 440, 1000)
	p.say(tone(1000))
	wantTone(t, media.PCMU, b.hear(0, 25), 1000, 440)
}

// TestWeOffer: the browser answers.
func TestWeOffer(t *testing.T) {
	r := newRig(t)
	r.open(1)
	offer := r.describe(1, "")
	if offer.Config.Format.Codec != media.NoCodec {
		t.Errorf("config before the answer: %+v", offer.Config)
	}
	b := newBrowser(t)
	r.do(media.Accept{Stream: 1, Answer: b.answer(offer.SDP)})
	d := await[media.Described](r, 1)
	if d.Err != "" || d.SDP != "" || d.Config.Format.Codec != media.PCMU || d.Config.Remote != r.gate.elbow.at {
		t.Errorf("got %+v", d)
	}
	r.linked(1, true)
	b.awaitUp()
	p := r.phone(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.stats(1)
	b.say(tone(440))
	wantTone(t, media.PCMU, p.hear(0, 25), 440, 1000)
	p.say(tone(1000))
	wantTone(t, media.PCMU, b.hear(0, 25), 1000, 440)
}

// TestAnswerText: G.711 and telephone-event only, all in one text.
func TestAnswerText(t *testing.T) {
	r := newRig(t)
	r.open(1)
	b := newBrowser(t, func(o *browserOptions) { o.video, o.data = true, true })
	d := r.describe(1, b.offer())
	for _, want := range []string{
		"\r\na=ice-lite\r\n", "UDP/TLS/RTP/SAVPF 0 8 126\r\n", "\r\na=rtpmap:126 telephone-event/8000\r\n", "\r\na=rtcp-mux\r\n", "\r\na=setup:passive\r\n",
		"\r\na=end-of-candidates\r\n", "\r\nm=video 0 UDP/TLS/RTP/SAVPF", "\r\nm=application 0 UDP/DTLS/SCTP", " 127.0.0.1 ", "\r\na=fingerprint:sha-256 ",
	} {
		if !strings.Contains(d.SDP, want) {
			t.Errorf("no %q in\n%s", want, d.SDP)
		}
	}
	if strings.Contains(d.SDP, "opus") || strings.Contains(d.SDP, "G722") {
		t.Error(d.SDP)
	}
	b.accept(d.SDP)
	r.linked(1, true)
	b.awaitUp()
}

// TestDigitsBothWays: RFC 4733 with the browser's own payload type.
func TestDigitsBothWays(t *testing.T) {
	r := newRig(t)
	b := r.call(1)
	p := r.phone(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.stats(1)
	b.say(tone(440))
	p.hear(0, 25)
	b.press("5", 126)
	if d := await[media.Digit](r, 1); d.Digit != '5' || d.Source != media.RFC4733 {
		t.Errorf("got %+v", d)
	}
	if code := p.hear(101, 1)[0]; code != 5 {
		t.Errorf("the phone got event %d", code)
	}
	r.do(media.SendDigits{Stream: 1, Digits: "#"})
	if code := b.hear(126, 3)[0]; code != 11 {
		t.Errorf("the browser got event %d", code)
	}
}

// TestPromptAndFigures: what the engine plays reaches the browser, and RTCP of both sides crosses.
func TestPromptAndFigures(t *testing.T) {
	r := newRig(t)
	b := r.call(1, func(o *browserOptions) { o.reports = true })
	play := media.Play{Stream: 1, Play: 1, Items: []media.Item{{Tone: media.Tone{Hz1: 600, Level: -10, For: 600 * time.Millisecond}}}}
	r.do(play)
	wantTone(t, media.PCMU, b.hear(0, 25), 600, 1000)
	if ended := await[media.Played](r, 1); ended.Why != media.PlayDone {
		t.Errorf("got %+v", ended)
	}
	b.say(tone(440))
	r.do(media.Play{Stream: 1, Play: 2, Items: play.Items, Loop: true})
	st := r.until(1, func(s media.Stats) bool { return s.RoundTrip > 0 && s.Received >= 25 })
	if st.RoundTrip > time.Second || st.RemoteLost != 0 || st.Lost != 0 {
		t.Errorf("got %+v", st)
	}
}

// TestBrowserToBrowser: one offers A-law only, so that the engine transcodes.
func TestBrowserToBrowser(t *testing.T) {
	r := newRig(t)
	a := r.call(1)
	b := r.call(2, func(o *browserOptions) {
		o.codecs = []pion.RTPCodecParameters{audioCodec("PCMA", 8000, 0, 8), audioCodec("telephone-event", 8000, 0, 101)}
	})
	r.do(media.Connect{A: 1, B: 2})
	r.stats(1)
	a.say(tone(440))
	wantTone(t, media.PCMA, b.hear(8, 25), 440, 1000)
	b.say(tone(1000))
	wantTone(t, media.PCMU, a.hear(0, 25), 1000, 440)
	a.press("9", 126)
	if code := b.hear(101, 1)[0]; code != 9 {
		t.Errorf("got event %d", code)
	}
}

// TestReload: a new page takes the place of the old one while the phone talks, who notices nothing but a gap.
func TestReload(t *testing.T) {
	r := newRig(t)
	first := r.call(1)
	p := r.phone(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.stats(1)
	stop := make(chan struct{})
	var talk sync.WaitGroup
	talk.Go(func() {
		clock := time.NewTicker(20 * time.Millisecond)
		defer clock.Stop()
		for {
			for _, packet := range p.script.Packets(0, tone(1000)) {
				select {
				case <-stop:
					return
				case <-clock.C:
					p.send(packet.Packet)
				}
			}
		}
	})
	first.say(tone(440))
	p.hear(0, 25)
	first.hear(0, 10)
	second := newBrowser(t)
	r.join(1, second)
	sound := second.hear(0, 20)
	close(stop)
	talk.Wait()
	wantTone(t, media.PCMU, sound, 1000, 440)
	second.say(tone(700))
	wantTone(t, media.PCMU, p.hear(0, 25), 700, 440)
	select {
	case <-first.down:
	case <-time.After(patience):
		t.Error("the page of before was not told that it is out")
	}
	for _, ev := range r.early {
		if l, ok := ev.(media.Linked); ok {
			t.Errorf("a replaced link was reported: %+v", l)
		}
	}
	second.press("7", 126)
	if d := await[media.Digit](r, 1); d.Digit != '7' {
		t.Errorf("got %+v", d)
	}
}

// TestHold: a re-offer changes the direction on the same connection, both ways and back.
func TestHold(t *testing.T) {
	r := newRig(t)
	b := r.call(1)
	p := r.phone(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.stats(1)
	in := r.gate.find(1).link.Load()
	reoffer := func(d pion.RTPTransceiverDirection, want media.Direction) {
		t.Helper()
		text := strings.Replace(b.offer(), "a=sendrecv", "a="+d.String(), 1)
		got := r.describe(1, text)
		if got.Config.Direction != want || !strings.Contains(got.SDP, "a="+directions[want]+"\r\n") {
			t.Errorf("offered %v: got %v in\n%s", d, got.Config.Direction, got.SDP)
		}
		b.accept(got.SDP)
		r.stats(1) // the engine has it too
	}
	b.say(tone(440))
	p.hear(0, 25)
	reoffer(pion.RTPTransceiverDirectionSendonly, media.RecvOnly)
	before := r.stats(1).Sent
	p.say(tone(1000))
	r.until(2, func(s media.Stats) bool { return s.Received >= 25 })
	if st := r.stats(1); st.Sent != before {
		t.Errorf("%d packets went to a browser that holds", st.Sent-before)
	}
	reoffer(pion.RTPTransceiverDirectionInactive, media.Inactive)
	reoffer(pion.RTPTransceiverDirectionSendrecv, media.SendRecv)
	p.say(tone(1000))
	wantTone(t, media.PCMU, b.hear(0, 25), 1000, 440)
	if r.gate.find(1).link.Load() != in {
		t.Error("another connection took over")
	}
}

// TestWeHold: our own re-offer on the connection in force.
func TestWeHold(t *testing.T) {
	r := newRig(t)
	b := r.call(1)
	in := r.gate.find(1).link.Load()
	for _, want := range []media.Direction{media.SendOnly, media.SendRecv} {
		r.do(media.Describe{Stream: 1, Direction: want})
		d := await[media.Described](r, 1)
		if d.Err != "" || !strings.Contains(d.SDP, "a="+directions[want]+"\r\n") || !strings.Contains(d.SDP, "a=setup:actpass") {
			t.Fatalf("got %+v", d)
		}
		r.do(media.Accept{Stream: 1, Answer: b.answer(d.SDP)})
		if d = await[media.Described](r, 1); d.Err != "" || d.Config.Direction != want {
			t.Errorf("got %+v, want direction %v", d, want)
		}
	}
	if r.gate.find(1).link.Load() != in {
		t.Error("another connection took over")
	}
}

// TestNewPageAnswers: our re-offer meets a page that was reloaded in between.
func TestNewPageAnswers(t *testing.T) {
	r := newRig(t)
	first := r.call(1)
	second := newBrowser(t)
	r.do(media.Accept{Stream: 1, Answer: second.answer(r.describe(1, "").SDP)})
	if d := await[media.Described](r, 1); d.Err != "" {
		t.Fatal(d.Err)
	}
	r.linked(1, true)
	second.awaitUp()
	r.do(media.Connect{A: 1, B: 1})
	r.stats(1)
	second.say(tone(440))
	wantTone(t, media.PCMU, second.hear(0, 25), 440, 1000)
	select {
	case <-first.down:
	case <-time.After(patience):
		t.Error("the page of before was not told")
	}
}

// TestICERestart: the browser changes its network; the keys stay.
func TestICERestart(t *testing.T) {
	r := newRig(t)
	b := r.call(1)
	p := r.phone(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	in := r.gate.find(1).link.Load()
	was := in.ice[0]
	d := r.describe(1, b.offer(pion.OfferOptions{ICERestart: true}))
	if strings.Contains(d.SDP, was.ufrag) {
		t.Error("the answer has the credentials of before")
	}
	b.accept(d.SDP)
	b.awaitUp()
	b.say(tone(440))
	wantTone(t, media.PCMU, p.hear(0, 25), 440, 1000)
	if r.gate.find(1).link.Load() != in || len(in.ice) != 2 {
		t.Error("another connection took over")
	}
}

// TestProfilesAndRoles: all key lengths, and a browser that will not begin the handshake.
func TestProfilesAndRoles(t *testing.T) {
	for _, tt := range []struct {
		name    string
		profile dtls.SRTPProtectionProfile
		role    pion.DTLSRole
	}{
		{"GCM 128", dtls.SRTP_AEAD_AES_128_GCM, pion.DTLSRoleClient},
		{"GCM 256", dtls.SRTP_AEAD_AES_256_GCM, pion.DTLSRoleClient},
		{"CM with SHA-1", dtls.SRTP_AES128_CM_HMAC_SHA1_80, pion.DTLSRoleClient},
		{"we are the client", dtls.SRTP_AEAD_AES_128_GCM, pion.DTLSRoleServer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.open(1)
			b := newBrowser(t, func(o *browserOptions) { o.profiles, o.role = []dtls.SRTPProtectionProfile{tt.profile}, tt.role })
			r.do(media.Accept{Stream: 1, Answer: b.answer(r.describe(1, "").SDP)})
			if d := await[media.Described](r, 1); d.Err != "" {
				t.Fatal(d.Err)
			}
			r.linked(1, true)
			b.awaitUp()
			r.do(media.Connect{A: 1, B: 1})
			r.stats(1)
			b.say(tone(440))
			wantTone(t, media.PCMU, b.hear(0, 25), 440, 1000)
			if got := r.gate.find(1).link.Load().active; got != (tt.role == pion.DTLSRoleServer) {
				t.Errorf("we are client: %v", got)
			}
		})
	}
}

// TestBehindAPipe: nothing but values crosses.
func TestBehindAPipe(t *testing.T) {
	r := newRig(t)
	r.e = mediatest.Pipe(r.gate)
	t.Cleanup(func() { r.e.Close() })
	b := r.call(1)
	p := r.phone(2, media.PCMA)
	r.do(media.Connect{A: 1, B: 2})
	r.stats(1)
	b.say(tone(440))
	wantTone(t, media.PCMA, p.hear(8, 25), 440, 1000)
	p.say(tone(1000))
	wantTone(t, media.PCMU, b.hear(0, 25), 1000, 440)
}

// TestNewPageFails: the connection of before goes on where the new one comes to nothing.
func TestNewPageFails(t *testing.T) {
	r := newRig(t)
	b := r.call(1)
	r.gate.cfg.HandshakeTimeout = 100 * time.Millisecond
	r.describe(1, newBrowser(t).offer())
	if l := r.linked(1, true); l.Why != errTimeout.Error() {
		t.Errorf("got %q", l.Why)
	}
	r.do(media.Connect{A: 1, B: 1})
	r.stats(1)
	b.say(tone(440))
	wantTone(t, media.PCMU, b.hear(0, 25), 440, 1000)
}

// TestLossyPath: behind a NAT that loses every third packet, checks and handshake are repeated until they are through.
func TestLossyPath(t *testing.T) {
	r := newRig(t)
	r.gate.at = lossyNAT(t, r.gate.at, 3)
	b := r.call(1)
	r.do(media.Connect{A: 1, B: 1})
	r.stats(1)
	b.say(tone(440))
	b.hear(0, 5)
}

// lossyNAT forwards packets to a server for one client, from a port of its own, and loses every n-th each way.
func lossyNAT(t *testing.T, server netip.AddrPort, n int) netip.AddrPort {
	t.Helper()
	inside, err := listenUDP(netip.AddrPortFrom(loopback, 0))
	if err != nil {
		t.Fatal(err)
	}
	outside, err := listenUDP(netip.AddrPortFrom(loopback, 0))
	if err != nil {
		t.Fatal(err)
	}
	var client atomic.Pointer[netip.AddrPort]
	var readers sync.WaitGroup
	t.Cleanup(func() {
		inside.Close()
		outside.Close()
		readers.Wait()
	})
	lose := func(send func([]byte, netip.AddrPort)) func([]byte, netip.AddrPort) {
		count := 0
		return func(b []byte, from netip.AddrPort) {
			if count++; count%n != 0 {
				send(b, from)
			}
		}
	}
	readers.Go(func() {
		readAll(inside, lose(func(b []byte, from netip.AddrPort) {
			client.Store(&from)
			outside.WriteToUDPAddrPort(b, server)
		}))
	})
	readers.Go(func() {
		readAll(outside, lose(func(b []byte, _ netip.AddrPort) {
			if to := client.Load(); to != nil {
				inside.WriteToUDPAddrPort(b, *to)
			}
		}))
	})
	return inside.LocalAddr().(*net.UDPAddr).AddrPort()
}
