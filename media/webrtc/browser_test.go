package webrtc

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	pionrtp "github.com/pion/rtp"
	pion "github.com/pion/webrtc/v4"

	"tandem/media"
	"tandem/media/dtmf"
	"tandem/media/mediatest"
)

// browserOptions of newBrowser.
type browserOptions struct {
	codecs    []pion.RTPCodecParameters
	direction pion.RTPTransceiverDirection
	profiles  []dtls.SRTPProtectionProfile
	data      bool // with a data channel
	video     bool // with a video section
	role      pion.DTLSRole
	reports   bool // sends RTCP
}

// chromium are the audio codecs in Chromium's order, as far as they matter.
var chromium = []pion.RTPCodecParameters{
	audioCodec("opus", 48000, 2, 111), audioCodec("G722", 8000, 0, 9), audioCodec("PCMU", 8000, 0, 0), audioCodec("PCMA", 8000, 0, 8),
	audioCodec("telephone-event", 48000, 0, 110), audioCodec("telephone-event", 8000, 0, 126),
}

func audioCodec(name string, clock uint32, channels uint16, pt uint8) pion.RTPCodecParameters {
	return pion.RTPCodecParameters{RTPCodecCapability: pion.RTPCodecCapability{MimeType: "audio/" + name, ClockRate: clock, Channels: channels}, PayloadType: pion.PayloadType(pt)}
}

// browser is a whole WebRTC stack that is not ours, with a socket of its own.
type browser struct {
	t      testing.TB
	pc     *pion.PeerConnection
	track  *voice
	script mediatest.Script
	up     chan struct{} // gets a value each time it is connected
	down   chan struct{} // closed when it is closed or failed
	in     chan pionrtp.Packet
}

// voice is a track that sends whole packets, of any payload type.
type voice struct {
	mu    sync.Mutex
	out   pion.TrackLocalWriter
	ssrc  uint32
	codec pion.RTPCodecParameters
}

func (v *voice) Bind(c pion.TrackLocalContext) (pion.RTPCodecParameters, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.out, v.ssrc = c.WriteStream(), uint32(c.SSRC())
	for _, k := range c.CodecParameters() {
		if strings.HasPrefix(k.MimeType, "audio/PCM") {
			v.codec = k
			return k, nil
		}
	}
	return pion.RTPCodecParameters{}, pion.ErrUnsupportedCodec
}

func (v *voice) Unbind(pion.TrackLocalContext) error { return nil }
func (v *voice) ID() string                          { return "audio" }
func (v *voice) RID() string                         { return "" }
func (v *voice) StreamID() string                    { return "page" }
func (v *voice) Kind() pion.RTPCodecType             { return pion.RTPCodecTypeAudio }

func newBrowser(t testing.TB, change ...func(*browserOptions)) *browser {
	t.Helper()
	o := browserOptions{codecs: chromium, direction: pion.RTPTransceiverDirectionSendrecv}
	for _, f := range change {
		f(&o)
	}
	b := &browser{t: t, track: &voice{}, up: make(chan struct{}, 8), down: make(chan struct{}), in: make(chan pionrtp.Packet, 4096)}
	pc, err := o.api(t).NewPeerConnection(pion.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	b.pc = pc
	t.Cleanup(func() { b.close() })
	if _, err := pc.AddTransceiverFromTrack(b.track, pion.RTPTransceiverInit{Direction: o.direction}); err != nil {
		t.Fatal(err)
	}
	if o.video {
		if _, err := pc.AddTransceiverFromKind(pion.RTPCodecTypeVideo, pion.RTPTransceiverInit{Direction: pion.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
	if o.data {
		if _, err := pc.CreateDataChannel("data", nil); err != nil {
			t.Fatal(err)
		}
	}
	b.watch()
	return b
}

func (o *browserOptions) api(t testing.TB) *pion.API {
	t.Helper()
	var m pion.MediaEngine
	for _, c := range o.codecs {
		if err := m.RegisterCodec(c, pion.RTPCodecTypeAudio); err != nil {
			t.Fatal(err)
		}
	}
	if o.video {
		vp8 := pion.RTPCodecParameters{RTPCodecCapability: pion.RTPCodecCapability{MimeType: pion.MimeTypeVP8, ClockRate: 90000}, PayloadType: 96}
		if err := m.RegisterCodec(vp8, pion.RTPCodecTypeVideo); err != nil {
			t.Fatal(err)
		}
	}
	var s pion.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() })
	s.SetNetworkTypes([]pion.NetworkType{pion.NetworkTypeUDP4})
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetHandleUndeclaredSSRCWithoutAnswer(true) // as browsers do: our answer names no SSRC
	s.LoggerFactory = silent{}
	if o.profiles != nil {
		s.SetSRTPProtectionProfiles(o.profiles...)
	}
	if o.role != 0 {
		if err := s.SetAnsweringDTLSRole(o.role); err != nil {
			t.Fatal(err)
		}
	}
	var i interceptor.Registry
	if o.reports {
		if err := pion.ConfigureRTCPReports(&i); err != nil {
			t.Fatal(err)
		}
	}
	return pion.NewAPI(pion.WithMediaEngine(&m), pion.WithSettingEngine(s), pion.WithInterceptorRegistry(&i))
}

// watch collects what happens.
func (b *browser) watch() {
	var once sync.Once
	b.pc.OnConnectionStateChange(func(s pion.PeerConnectionState) {
		switch s {
		case pion.PeerConnectionStateConnected:
			b.up <- struct{}{}
		case pion.PeerConnectionStateFailed, pion.PeerConnectionStateClosed:
			once.Do(func() { close(b.down) })
		}
	})
	b.pc.OnTrack(func(track *pion.TrackRemote, receiver *pion.RTPReceiver) {
		go func() { // the reports of the far end count only where somebody reads them
			for err := error(nil); err == nil; {
				_, _, err = receiver.ReadRTCP()
			}
		}()
		buf := make([]byte, maxPacket)
		for {
			n, _, err := track.Read(buf)
			if err != nil {
				return
			}
			var p pionrtp.Packet
			if p.Unmarshal(append([]byte(nil), buf[:n]...)) == nil {
				b.in <- p
			}
		}
	})
}

func (b *browser) close() {
	if err := b.pc.GracefulClose(); err != nil {
		b.t.Error(err)
	}
}

// gathered waits for all candidates and gives the description.
func (b *browser) gathered(d pion.SessionDescription) string {
	b.t.Helper()
	done := pion.GatheringCompletePromise(b.pc)
	if err := b.pc.SetLocalDescription(d); err != nil {
		b.t.Fatal(err)
	}
	<-done
	return b.pc.LocalDescription().SDP
}

func (b *browser) offer(options ...pion.OfferOptions) string {
	b.t.Helper()
	var o *pion.OfferOptions
	if len(options) > 0 {
		o = &options[0]
	}
	d, err := b.pc.CreateOffer(o)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.gathered(d)
}

// answer takes our offer and answers.
func (b *browser) answer(offer string) string {
	b.t.Helper()
	if err := b.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeOffer, SDP: offer}); err != nil {
		b.t.Fatalf("%v in\n%s", err, offer)
	}
	d, err := b.pc.CreateAnswer(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.gathered(d)
}

// accept takes our answer.
func (b *browser) accept(answer string) {
	b.t.Helper()
	if err := b.pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: answer}); err != nil {
		b.t.Fatalf("%v in\n%s", err, answer)
	}
}

func (b *browser) awaitUp() {
	b.t.Helper()
	select {
	case <-b.up:
	case <-time.After(patience):
		b.t.Fatalf("the browser stays %v", b.pc.ConnectionState())
	}
	b.track.mu.Lock()
	defer b.track.mu.Unlock()
	b.script.PT, b.script.SSRC = uint8(b.track.codec.PayloadType), b.track.ssrc
	if b.script.Codec = media.PCMU; b.script.PT == 8 {
		b.script.Codec = media.PCMA
	}
}

// say sends samples as packets, as fast as it goes.
func (b *browser) say(samples []int16) {
	b.t.Helper()
	for _, p := range b.script.Packets(0, samples) {
		b.send(p.Packet)
	}
}

func (b *browser) send(packet []byte) {
	b.t.Helper()
	b.track.mu.Lock()
	out := b.track.out
	b.track.mu.Unlock()
	if _, err := out.Write(packet); err != nil {
		b.t.Fatal(err)
	}
}

// press sends one digit of 100 ms as telephone-events.
func (b *browser) press(digit string, pt uint8) {
	b.t.Helper()
	for _, p := range pressed(b.t, &b.script, digit, pt) {
		b.send(p)
	}
}

// pressed makes the packets of one key press of 100 ms.
func pressed(t testing.TB, script *mediatest.Script, digit string, pt uint8) [][]byte {
	t.Helper()
	var s dtmf.Sender
	if err := s.Send(digit, 0); err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for ts := script.Timestamp; s.Busy(); ts += 160 {
		if packet, ok := s.Next(ts, 160); ok {
			one := *script
			one.PT, one.Timestamp = pt, packet.Timestamp
			all = append(all, one.Packet(packet.Marker, packet.Payload[:]))
			script.Sequence++
		}
		script.Timestamp = ts
	}
	return all
}

// hear waits until so many packets of a payload type came, and gives their payloads.
func (b *browser) hear(pt uint8, n int) []byte {
	b.t.Helper()
	var all []byte
	deadline := time.After(patience)
	for got := 0; got < n; {
		select {
		case p := <-b.in:
			if p.PayloadType == pt {
				all = append(all, p.Payload...)
				got++
			}
		case <-deadline:
			b.t.Fatalf("%d of %d packets of type %d", got, n, pt)
		}
	}
	return all
}
