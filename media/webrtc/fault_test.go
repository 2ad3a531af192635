package webrtc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/mediatest"
)

// TestBadDescriptions: each is refused with a reason, and the call goes on as it was.
func TestBadDescriptions(t *testing.T) {
	r := newRig(t)
	b := r.call(1)
	in := r.gate.find(1).link.Load()
	good := b.offer()
	without := func(word string) string {
		var keep []string
		for line := range strings.Lines(good) {
			if !strings.Contains(line, word) {
				keep = append(keep, line)
			}
		}
		return strings.Join(keep, "")
	}
	replace := func(old, new string) string { return strings.ReplaceAll(good, old, new) }
	for name, text := range map[string]string{
		"empty lines": "\r\n\r\n", "no SDP": "hello", "plain RTP": replace("UDP/TLS/RTP/SAVPF", "RTP/AVP"), "no audio": replace("m=audio", "m=video"),
		"no codec": strings.NewReplacer("PCMU", "SPEEX", "PCMA", "SPEEX").Replace(good), "no ufrag": without("ice-ufrag"), "no password": without("ice-pwd"),
		"no fingerprint": without("fingerprint"), "old fingerprint": replace("sha-256", "sha-1"), "short fingerprint": replace("fingerprint:sha-256 ", "fingerprint:sha-256 AA:"),
		"no mux": without("rtcp-mux"), "no setup": without("setup"), "strange setup": replace("actpass", "holdconn"), "lite": replace("s=-\r\n", "s=-\r\na=ice-lite\r\n"),
		"too large": good + strings.Repeat("a=x\r\n", 10000),
	} {
		r.do(media.Describe{Stream: 1, Offer: text})
		if d := await[media.Described](r, 1); d.Err == "" || d.SDP != "" || d.Config.Format.Codec != media.PCMU {
			t.Errorf("%s: got %+v", name, d)
		}
	}
	r.do(media.Accept{Stream: 1, Answer: good})
	if d := await[media.Described](r, 1); d.Err != errNoOffer.Error() {
		t.Errorf("answer without an offer: %+v", d)
	}
	r.do(media.Describe{Stream: 1})
	await[media.Described](r, 1)
	r.do(media.Accept{Stream: 1, Answer: good}, media.Accept{Stream: 1, Answer: "v=0"})
	for _, want := range []error{errSetup, errNoDTLS} {
		if d := await[media.Described](r, 1); d.Err != want.Error() {
			t.Errorf("got %q, want %q", d.Err, want)
		}
	}
	if r.gate.find(1).link.Load() != in || r.gate.counts.up.Load() != 1 {
		t.Error("the connection did not outlive bad descriptions")
	}
}

// TestNotBrowserStreams: descriptions of other streams, and of none, are answered.
func TestNotBrowserStreams(t *testing.T) {
	r := newRig(t)
	r.phone(1, media.PCMU)
	for _, id := range []media.StreamID{1, 9} {
		r.do(media.Describe{Stream: id}, media.Accept{Stream: id})
		for range 2 {
			if d := await[media.Described](r, id); d.Err != errNotBrowser.Error() {
				t.Errorf("got %+v", d)
			}
		}
	}
	r.open(2)
	r.do(media.Open{Stream: 2, Browser: true}, media.Open{Stream: 1, Browser: true})
	for _, id := range []media.StreamID{2, 1} {
		if f := await[media.OpenFailed](r, id); f.Why != media.NoSocket {
			t.Errorf("got %+v", f)
		}
	}
	r.describe(2, "")
}

// TestLimit: one stream too many is refused, and there is room again after a Close.
func TestLimit(t *testing.T) {
	r := newRig(t, func(c *Config) { c.MaxStreams = 2 })
	r.open(1)
	r.open(2)
	r.do(media.Open{Stream: 3, Browser: true})
	if f := await[media.OpenFailed](r, 3); f.Why != media.NoPorts || !strings.Contains(f.Err, "2 browser streams") {
		t.Errorf("got %+v", f)
	}
	if n := counted(t, r.gate.metrics.full); n != 1 {
		t.Errorf("counted %v", n)
	}
	r.do(media.Close{Stream: 1})
	await[media.Closed](r, 1)
	r.open(4)
}

// TestWrongCertificate: the browser's description promised another one.
func TestWrongCertificate(t *testing.T) {
	r := newRig(t)
	r.open(1)
	b, other := newBrowser(t), newBrowser(t)
	printIn := func(text string) string {
		_, rest, _ := strings.Cut(text, "fingerprint:")
		line, _, _ := strings.Cut(rest, "\r\n")
		return line
	}
	offer := b.offer()
	b.accept(r.describe(1, strings.ReplaceAll(offer, printIn(offer), printIn(other.offer()))).SDP)
	if l := r.linked(1, false); !strings.Contains(l.Why, errCertificate.Error()) {
		t.Errorf("got %q", l.Why)
	}
	if n := counted(t, r.gate.metrics.handshakes.WithLabelValues("failed")); n != 1 {
		t.Errorf("counted %v", n)
	}
	r.join(1, newBrowser(t)) // the stream is as good as before
}

// TestNobodyComes: a browser that described itself and then does nothing.
func TestNobodyComes(t *testing.T) {
	r := newRig(t, func(c *Config) { c.HandshakeTimeout = 50 * time.Millisecond })
	r.open(1)
	r.describe(1, newBrowser(t).offer())
	if l := r.linked(1, false); l.Why != errTimeout.Error() {
		t.Errorf("got %q", l.Why)
	}
}

// TestPageCloses: the browser says goodbye; the stream waits for another.
func TestPageCloses(t *testing.T) {
	r := newRig(t)
	b := r.call(1)
	if err := b.pc.Close(); err != nil {
		t.Fatal(err)
	}
	if l := r.linked(1, false); l.Why != errPageClosed.Error() {
		t.Errorf("got %q", l.Why)
	}
	r.join(1, newBrowser(t))
	if up := r.gate.counts.up.Load(); up != 1 {
		t.Errorf("%d links up, want 1", up)
	}
}

// TestSilence: a browser that is not heard is lost and gets nothing, and is there again when it is heard.
func TestSilence(t *testing.T) {
	r := newRig(t, func(c *Config) { c.LostAfter = 100 * time.Millisecond }) // below the far end's checks, every 2 s
	b := r.call(1)
	if l := r.linked(1, false); l.Why != errSilence.Error() {
		t.Errorf("got %q", l.Why)
	}
	sent := r.gate.counts.sent.Load()
	r.do(media.Play{Stream: 1, Play: 1, Items: []media.Item{{Tone: media.Tone{Hz1: 600, Level: -10, For: 40 * time.Millisecond}}}})
	await[media.Played](r, 1)
	if r.gate.find(1).link.Load().mute.Load() && r.gate.counts.sent.Load() != sent {
		t.Error("packets went to a browser that is lost")
	}
	b.say(tone(440))
	r.linked(1, true)
	r.linked(1, false)
	ufrag := r.gate.find(1).link.Load().ice[0].ufrag
	offer := r.describe(1, "").SDP
	if strings.Contains(offer, ufrag) {
		t.Error("the offer on a lost link does not restart ICE")
	}
	r.do(media.Accept{Stream: 1, Answer: b.answer(offer)})
	if d := await[media.Described](r, 1); d.Err != "" {
		t.Error(d.Err)
	}
	r.linked(1, true) // on the same keys
}

// TestAnswerTooLate: the page closed while our offer was on its way to it.
func TestAnswerTooLate(t *testing.T) {
	r := newRig(t)
	b := r.call(1)
	answer := b.answer(r.describe(1, "").SDP)
	if err := b.pc.Close(); err != nil {
		t.Fatal(err)
	}
	r.linked(1, false)
	r.do(media.Accept{Stream: 1, Answer: answer})
	if d := await[media.Described](r, 1); d.Err != errNoOffer.Error() {
		t.Errorf("got %+v", d)
	}
}

// TestForgedPackets: what is not genuine moves nothing and answers nothing.
func TestForgedPackets(t *testing.T) {
	r := newRig(t)
	b := r.call(1)
	l := r.gate.find(1).link.Load()
	at := *l.remote.Load()
	stranger, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(r.gate.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer stranger.Close()
	strays := r.gate.counts.strays.Load()
	rtpLike := append([]byte{0x80, 0, 0, 1}, make([]byte, 168)...)
	junk := [][]byte{rtpLike, {22, 254, 253, 0}, {0}, make([]byte, 20), []byte("\x00\x01\x00\x00\x21\x12\xa4\x42aaaaaaaaaaaa"), make([]byte, maxPacket+10), {200}}
	for _, p := range junk {
		if _, err := stranger.Write(p); err != nil {
			t.Fatal(err)
		}
	}
	b.say(tone(440)) // behind the junk in the same socket
	r.until(1, func(s media.Stats) bool { return s.Received >= 25 })
	if got := r.gate.counts.strays.Load() - strays; got != uint64(len(junk)) {
		t.Errorf("%d strays, want %d", got, len(junk))
	}
	if *l.remote.Load() != at {
		t.Error("the browser's address moved")
	}
}

// TestLearnKeepsWhatIsHeard: an address that is heard from stays with its link, whoever has good credentials.
func TestLearnKeepsWhatIsHeard(t *testing.T) {
	table, one, two := newTable(), &link{leg: &leg{}}, &link{leg: &leg{}}
	again := &link{leg: one.leg}
	at := func(port int) netip.AddrPort { return netip.AddrPortFrom(loopback, uint16(port)) }
	yes, no := func(*link) bool { return true }, func(*link) bool { return false }
	for i, step := range []struct {
		link  *link
		inUse func(*link) bool
		want  bool
		owner *link
	}{{one, yes, true, one}, {two, yes, false, one}, {two, no, true, two}, {one, no, true, one}, {again, yes, true, again}} {
		if got := table.learn(at(1), step.link, step.inUse); got != step.want || table.at(at(1)) != step.owner {
			t.Errorf("step %d: got %v", i, got)
		}
	}
	for port := 2; port < 2+maxAddrs; port++ {
		table.learn(at(port), again, yes)
	}
	if table.at(at(1)) != nil || len(again.addrs) != maxAddrs {
		t.Errorf("%d addresses kept", len(again.addrs))
	}
	table.leave(again)
	if n := table.sizes(); n != 0 {
		t.Errorf("%d entries left", n)
	}
}

// TestLeaks: after many connections, reloads and failures there is nothing left.
func TestLeaks(t *testing.T) {
	var goroutines, files int
	for round := range 3 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			r := newRig(t)
			for i := range media.StreamID(4) {
				id := i*10 + 1
				r.call(id)
				r.join(id, newBrowser(t))
				r.do(media.Describe{Stream: id})
				await[media.Described](r, id)
				r.describe(id, newBrowser(t).offer()) // never comes
				if i%2 == 0 {
					r.do(media.Close{Stream: id})
					await[media.Closed](r, id)
				}
			}
		})
		if round == 0 { // what the runtime and the libraries keep is there now
			goroutines, files = footprint(t)
			continue
		}
		deadline := time.Now().Add(patience)
		for g, f := footprint(t); g > goroutines || f > files; g, f = footprint(t) {
			if time.Now().After(deadline) {
				t.Fatalf("%d goroutines and %d files, before %d and %d", g, f, goroutines, files)
			}
		}
	}
}

// TestCloseFreesAll: a Close leaves nothing of the stream while the Gate goes on.
func TestCloseFreesAll(t *testing.T) {
	r := newRig(t)
	b := r.call(1)
	r.describe(1, newBrowser(t).offer())
	r.do(media.Describe{Stream: 1}, media.Close{Stream: 1})
	await[media.Closed](r, 1)
	select {
	case <-b.down:
	case <-time.After(patience):
		t.Error("the browser was not told")
	}
	r.gate.links.Wait()
	if n := r.gate.table.sizes(); n != 0 {
		t.Errorf("%d entries left", n)
	}
	if s, up := r.gate.counts.streams.Load(), r.gate.counts.up.Load(); s != 0 || up != 0 {
		t.Errorf("%d streams, %d links up", s, up)
	}
}

// TestClosedGate: before, while and after serving.
func TestClosedGate(t *testing.T) {
	fake := mediatest.New(mediatest.Options{})
	g, err := New(Config{Listen: netip.AddrPortFrom(loopback, 0), Inner: fake})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if err := g.Do(media.Open{Stream: 1, Browser: true}); !errors.Is(err, media.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := g.Serve(context.Background()); err != nil {
		t.Error(err)
	}
	if _, open := <-g.Events(); open {
		t.Error("events go on")
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
}

// TestBusy: while nobody reads events no commands are taken, and all that was taken is answered in order.
func TestBusy(t *testing.T) {
	fake := mediatest.New(mediatest.Options{})
	g, err := New(Config{Listen: netip.AddrPortFrom(loopback, 0), Inner: fake, Mailbox: 4, Events: 1})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- g.Serve(context.Background()) }()
	r := &rig{t: t, gate: g, e: g}
	r.open(1)
	taken := 0
	for ; err == nil && taken < 100; taken++ {
		err = g.Do(media.Describe{Stream: 1, Offer: fmt.Sprint(taken)})
	}
	if !errors.Is(err, media.ErrBusy) {
		t.Fatalf("took %d: %v", taken, err)
	}
	if err := g.Do(media.Close{Stream: 1}); err != nil && !errors.Is(err, media.ErrBusy) {
		t.Error(err)
	}
	for range taken - 1 {
		await[media.Described](r, 1)
	}
	g.Close()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestConfigureWaits: an inner engine that is too busy gets the configuration later.
func TestConfigureWaits(t *testing.T) {
	fake := mediatest.New(mediatest.Options{})
	g, err := New(Config{Listen: netip.AddrPortFrom(loopback, 0), Inner: fake})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- g.Serve(context.Background()) }()
	r := &rig{t: t, gate: g, e: g}
	r.open(1)
	r.do(media.Configure{Stream: 1, Config: media.StreamConfig{Timeout: time.Minute}})
	fake.FailDo(media.ErrBusy)
	r.describe(1, newBrowser(t).offer())
	fake.FailDo(nil)
	got := fake.Wait(func(c media.Command) bool { _, is := c.(media.Configure); return is }).(media.Configure)
	if got.Config.Timeout != time.Minute || got.Config.Remote != g.elbow.at || got.Config.Symmetric {
		t.Errorf("got %+v", got.Config)
	}
	g.Close()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestInnerFails: the stream under a browser stream cannot be opened.
func TestInnerFails(t *testing.T) {
	fake := mediatest.New(mediatest.Options{Ports: 1})
	g, err := New(Config{Listen: netip.AddrPortFrom(loopback, 0), Inner: fake})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- g.Serve(context.Background()) }()
	r := &rig{t: t, gate: g, e: g}
	r.open(1)
	r.do(media.Open{Stream: 2, Browser: true})
	if f := await[media.OpenFailed](r, 2); f.Why != media.NoPorts {
		t.Errorf("got %+v", f)
	}
	if n := g.counts.streams.Load(); n != 1 {
		t.Errorf("%d streams", n)
	}
	fake.Close() // the inner engine ends, and with it the Gate
	if err := <-served; err != nil {
		t.Error(err)
	}
	g.Close()
}

// TestConfigFaults: all at once.
func TestConfigFaults(t *testing.T) {
	_, err := New(Config{Listen: netip.MustParseAddrPort("0.0.0.0:0"), MaxStreams: -1, Mailbox: -1, Events: -1, LostAfter: -1, HandshakeTimeout: -1, Codecs: []media.Codec{media.NoCodec}})
	for _, want := range []string{"inner", "advertise", "max_streams", "mailbox", "events", "lost_after", "handshake_timeout", "codec none"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if err := (Config{Inner: mediatest.New(mediatest.Options{})}).Validate(); err == nil || !strings.Contains(err.Error(), "listen") {
		t.Errorf("got %v", err)
	}
}
