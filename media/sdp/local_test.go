package sdp

import (
	"errors"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tandem/media"
)

func newLocal() *Local { return NewLocal(ourAddr, 77, DefaultCaps()) }

// remote prints a description of a peer.
func remote(port, formats string, lines ...string) []byte {
	return []byte("v=0\r\no=- 5 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio " + port + " RTP/AVP " + formats + "\r\n" +
		strings.Join(lines, "\r\n") + "\r\n")
}

const te = "a=rtpmap:101 telephone-event/8000"

func accept(t *testing.T, l *Local, body []byte) (media.StreamConfig, Result) {
	t.Helper()
	cfg, r, err := l.AcceptAnswer(body)
	if err != nil {
		t.Fatalf("AcceptAnswer: %v\n%s", err, body)
	}
	return cfg, r
}

func answer(t *testing.T, l *Local, body []byte) (string, media.StreamConfig, Result) {
	t.Helper()
	b, cfg, r, err := l.Answer(body)
	if err != nil {
		t.Fatalf("Answer: %v\n%s", err, body)
	}
	checkShape(t, body, b)
	return string(b), cfg, r
}

func version(t *testing.T, body []byte) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(mustParse(t, string(body)).Origin.Version, 10, 63)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestOfferText(t *testing.T) {
	got := string(newLocal().Offer())
	want := "v=0\r\no=- 77 1 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 198.51.100.1\r\nt=0 0\r\n" +
		"m=audio 20000 RTP/AVP 8 0 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n" +
		"a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOfferIPv6AndCaps(t *testing.T) {
	caps := Caps{Codecs: []media.Codec{media.PCMU, media.NoCodec, media.PCMU}, Events: 5, Ptime: 33 * time.Millisecond, Name: "tan dem\r\n"}
	got := string(NewLocal(netip.MustParseAddrPort("[2001:db8::1]:4"), math.MaxUint64, caps).Offer())
	for _, want := range []string{"o=tandem 9223372036854775807 1 IN IP6 2001:db8::1", "s=tandem", "c=IN IP6 2001:db8::1", "m=audio 4 RTP/AVP 0\r\n", "a=ptime:30"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	mapped := string(NewLocal(netip.MustParseAddrPort("[::ffff:192.0.2.1]:4"), 1, caps).Offer())
	if !strings.Contains(mapped, "c=IN IP4 192.0.2.1") {
		t.Errorf("a mapped address: %s", mapped)
	}
}

func TestAnswerToOurOffer(t *testing.T) {
	l := newLocal()
	l.Offer()
	cfg, r := accept(t, l, remote("4000", "0 96", "a=rtpmap:96 telephone-event/8000", "a=ptime:30", "a=rtcp:4007"))
	want := media.StreamConfig{
		Remote: netip.MustParseAddrPort("192.0.2.9:4000"), RemoteRTCP: netip.MustParseAddrPort("192.0.2.9:4007"),
		Format: media.Format{Codec: media.PCMU}, DTMFSend: 96, DTMFRecv: 101, Ptime: 30 * time.Millisecond, Symmetric: true,
	}
	if cfg.Remote != want.Remote || cfg.RemoteRTCP != want.RemoteRTCP || cfg.Format != want.Format ||
		cfg.DTMFSend != 96 || cfg.DTMFRecv != 101 || cfg.Ptime != want.Ptime || !cfg.Symmetric || cfg.Direction != media.SendRecv {
		t.Errorf("got %+v, want %+v", cfg, want)
	}
	if r.Changed&AddressChanged == 0 || r.Held || r.Port != 4000 {
		t.Errorf("got %+v", r)
	}
	if again, ok := l.Config(); !ok || again.Format != cfg.Format {
		t.Errorf("Config: %+v %v", again, ok)
	}
}

func TestAnswerErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		body []byte
		err  error
	}{
		{"port 0", remote("0", "0"), ErrNoAudio},
		{"other codec", remote("4000", "18"), ErrNoCommonCodec},
		{"events alone", remote("4000", "101", te), ErrNoCommonCodec},
		{"no section", []byte("v=0\r\ns=-\r\n"), ErrNoAudio},
		{"not SDP", []byte("x"), ErrSyntax},
		{"SAVP", []byte(strings.Replace(string(remote("4000", "0")), "RTP/AVP", "RTP/SAVP", 1)), ErrNoKeys},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLocal()
			l.Offer()
			if _, _, err := l.AcceptAnswer(tt.body); !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			if l.State() != Offering {
				t.Errorf("state is %d", l.State())
			}
			if _, _, _, err := newLocal().Answer(tt.body); !errors.Is(err, tt.err) {
				t.Errorf("as an offer: got %v, want %v", err, tt.err)
			}
		})
	}
}

func TestTurns(t *testing.T) {
	l := newLocal()
	if _, _, err := l.AcceptAnswer(remote("4000", "0")); !errors.Is(err, ErrTurn) {
		t.Errorf("answer without an offer: %v", err)
	}
	if err := l.Reject(); !errors.Is(err, ErrTurn) {
		t.Errorf("refusal without an offer: %v", err)
	}
	first := l.Offer()
	if _, _, _, err := l.Answer(remote("4000", "0")); !errors.Is(err, ErrTurn) {
		t.Errorf("glare: %v", err)
	}
	if again := l.Offer(); string(again) != string(first) {
		t.Errorf("the offer again, with credentials, is another:\n%s", again)
	}
	accept(t, l, remote("4000", "0"))
	answer(t, l, remote("4000", "0"))
	if _, _, err := l.AcceptAnswer(remote("4000", "0")); !errors.Is(err, ErrTurn) {
		t.Errorf("answer after their offer: %v", err)
	}
}

func TestEarlyAnswersAndForks(t *testing.T) {
	l := newLocal()
	l.Offer()
	accept(t, l, remote("4000", "8"))
	if _, r := accept(t, l, remote("4000", "8")); r.Changed != 0 {
		t.Errorf("200 repeats the answer of 183: changed %b", r.Changed)
	}
	cfg, r := accept(t, l, remote("5000", "0"))
	if r.Changed != AddressChanged|CodecChanged || cfg.Remote.Port() != 5000 {
		t.Errorf("another fork: changed %b, %+v", r.Changed, cfg)
	}
}

func TestChanges(t *testing.T) {
	base := remote("4000", "8 0 101", te)
	for _, tt := range []struct {
		name string
		body []byte
		want Change
	}{
		{"the same", base, 0},
		{"only o= differs", []byte(strings.Replace(string(base), "5 1 IN", "5 2 IN", 1)), 0},
		{"port", remote("4002", "8 0 101", te), AddressChanged},
		{"rtcp", remote("4000", "8 0 101", te, "a=rtcp:9"), AddressChanged},
		{"order", remote("4000", "0 8 101", te), CodecChanged},
		{"one less", remote("4000", "8 101", te), CodecChanged},
		{"events type", remote("4000", "8 0 96", "a=rtpmap:96 telephone-event/8000"), EventsChanged},
		{"no events", remote("4000", "8 0"), EventsChanged},
		{"ptime", remote("4000", "8 0 101", te, "a=ptime:40"), PtimeChanged},
		{"sendonly", remote("4000", "8 0 101", te, "a=sendonly"), DirectionChanged | HoldChanged},
		{"recvonly", remote("4000", "8 0 101", te, "a=recvonly"), DirectionChanged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLocal()
			answer(t, l, base)
			if _, _, r := answer(t, l, tt.body); r.Changed != tt.want {
				t.Errorf("got %b, want %b", r.Changed, tt.want)
			}
		})
	}
}

func TestHoldByPeer(t *testing.T) {
	for _, tt := range []struct {
		name, line, want string
		direction        media.Direction
	}{
		{"sendonly", "a=sendonly", "a=recvonly", media.RecvOnly},
		{"inactive", "a=inactive", "a=inactive", media.Inactive},
		{"zero address", "c=IN IP4 0.0.0.0", "a=recvonly", media.RecvOnly},
		{"zero address and inactive", "c=IN IP4 0.0.0.0\r\na=inactive", "a=inactive", media.Inactive},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLocal()
			answer(t, l, remote("4000", "8"))
			body, cfg, r := answer(t, l, remote("4000", "8", tt.line))
			if !r.Held || cfg.Direction != tt.direction || !strings.Contains(body, tt.want) {
				t.Errorf("got held %v, direction %v\n%s", r.Held, cfg.Direction, body)
			}
			if !strings.Contains(body, "m=audio 20000 ") {
				t.Error("the port is gone")
			}
			if refresh := l.Offer(); string(refresh) != body {
				t.Errorf("a refresh on hold must repeat what is in force:\n%s", refresh)
			}
			accept(t, l, remote("4000", "8", tt.line))
			body, cfg, r = answer(t, l, remote("4000", "8"))
			if r.Held || cfg.Direction != media.SendRecv || !strings.Contains(body, "a=sendrecv") || r.Changed&DirectionChanged == 0 {
				t.Errorf("resume: got held %v, direction %v\n%s", r.Held, cfg.Direction, body)
			}
			if cfg.Remote.Port() != 4000 {
				t.Errorf("the address is not restored: %v", cfg.Remote)
			}
		})
	}
}

func TestHoldByUs(t *testing.T) {
	l := newLocal()
	l.Offer()
	accept(t, l, remote("4000", "8"))
	l.SetDirection(media.SendOnly)
	offer := l.Offer()
	if version(t, offer) != 2 || !strings.Contains(string(offer), "a=sendonly") {
		t.Errorf("got\n%s", offer)
	}
	cfg, r := accept(t, l, remote("4000", "8", "a=recvonly"))
	if cfg.Direction != media.SendOnly || r.Held || r.Changed != DirectionChanged {
		t.Errorf("got %v, %+v", cfg.Direction, r)
	}
	// The peer holds too: then neither sends.
	body, cfg, r := answer(t, l, remote("4000", "8", "a=sendonly"))
	if cfg.Direction != media.Inactive || !r.Held || !strings.Contains(body, "a=inactive") {
		t.Errorf("both hold: got %v, %+v\n%s", cfg.Direction, r, body)
	}
	// We resume; the peer stays on hold.
	l.SetDirection(media.SendRecv)
	l.Offer()
	if cfg, r = accept(t, l, remote("4000", "8", "a=sendonly")); cfg.Direction != media.RecvOnly || !r.Held {
		t.Errorf("we resume: got %v, %+v", cfg.Direction, r)
	}
	if _, cfg, r = answer(t, l, remote("4000", "8")); cfg.Direction != media.SendRecv || r.Held {
		t.Errorf("the peer resumes: got %v, %+v", cfg.Direction, r)
	}
}

func TestAnswerThatIgnoresHold(t *testing.T) {
	l := newLocal()
	l.SetDirection(media.Inactive)
	l.Offer()
	if cfg, _ := accept(t, l, remote("4000", "8", "a=sendrecv")); cfg.Direction != media.Inactive {
		t.Errorf("got %v", cfg.Direction)
	}
}

func TestRefusedReOffer(t *testing.T) {
	l := newLocal()
	first := l.Offer()
	accept(t, l, remote("4000", "8"))
	l.SetDirection(media.SendOnly)
	l.Offer()
	if err := l.Reject(); err != nil {
		t.Fatal(err)
	}
	if cfg, _ := l.Config(); cfg.Direction != media.SendRecv {
		t.Errorf("a refused offer came into force: %v", cfg.Direction)
	}
	l.SetDirection(media.SendRecv)
	again := l.Offer()
	if version(t, again) != 3 || version(t, first) != 1 {
		t.Errorf("versions: %d, %d", version(t, first), version(t, again))
	}
}

func TestRefreshCostsNothing(t *testing.T) {
	l := newLocal()
	first := l.Offer()
	accept(t, l, remote("4000", "8 101", te))
	for range 3 {
		if again := l.Offer(); string(again) != string(first) {
			t.Fatalf("refresh differs:\n%s", again)
		}
		if _, r := accept(t, l, remote("4000", "8 101", te)); r.Changed != 0 {
			t.Errorf("changed %b", r.Changed)
		}
	}
}

func TestLateOfferThenReOffer(t *testing.T) {
	l := newLocal()
	body, _, _ := answer(t, l, remote("4000", "9 0 8 96", "a=rtpmap:96 telephone-event/8000", "a=ptime:30"))
	if !strings.Contains(body, "RTP/AVP 0 8 96") || !strings.Contains(body, "a=ptime:30") {
		t.Errorf("got\n%s", body)
	}
	l.SetDirection(media.SendOnly)
	offer := string(l.Offer())
	if !strings.Contains(offer, "RTP/AVP 0 8 96") {
		t.Errorf("payload types or the codec in force did not stay:\n%s", offer)
	}
}

func TestPreferOursAndPrefer(t *testing.T) {
	caps := DefaultCaps()
	caps.PreferOurs = true
	l := NewLocal(ourAddr, 1, caps)
	if _, cfg, _ := answer(t, l, remote("4000", "0 8")); cfg.Format.Codec != media.PCMA {
		t.Errorf("ours first: got %v", cfg.Format.Codec)
	}
	l.Prefer(media.PCMU)
	l.Prefer(media.NoCodec)
	if offer := string(l.Offer()); !strings.Contains(offer, "RTP/AVP 0 8") {
		t.Errorf("Prefer:\n%s", offer)
	}
}

func TestSectionsStay(t *testing.T) {
	offer := []byte("v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n" +
		"m=video 4 RTP/AVP 96\r\na=mid:v\r\nm=audio 6 RTP/AVPF 8\r\na=mid:a\r\nm=audio 8 RTP/AVP 0\r\nm=application 9 UDP/BFCP *\r\nm=image 0 udptl t38\r\n")
	l := newLocal()
	body, _, r := answer(t, l, offer)
	if r.Refused != 3 {
		t.Errorf("got %d refused, want 3", r.Refused)
	}
	for _, want := range []string{"m=video 0 RTP/AVP 96\r\na=mid:v", "m=audio 20000 RTP/AVPF 8", "a=mid:a", "m=audio 0 RTP/AVP 0", "m=application 0 UDP/BFCP *", "m=image 0 udptl t38"} {
		if !strings.Contains(body, want) {
			t.Errorf("%q is missing in\n%s", want, body)
		}
	}
	l.SetDirection(media.SendOnly)
	if again := mustParse(t, string(l.Offer())); len(again.Media) != 5 || again.Media[1].Port != 20000 || again.Media[2].Port != 0 {
		t.Errorf("our offer lost sections: %+v", again.Media)
	}
}

func TestRefusedOfferChangesNothing(t *testing.T) {
	l := newLocal()
	before, cfg, _ := answer(t, l, remote("4000", "8"))
	for _, bad := range [][]byte{remote("4000", "18"), remote("0", "8"), []byte("v=0\r\nm=image 4 udptl t38\r\n"), []byte("junk")} {
		if _, _, _, err := l.Answer(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if now, _ := l.Config(); now.Remote != cfg.Remote || string(l.Offer()) != before {
		t.Error("a refused offer changed something")
	}
}

func TestEventsTypeIsFree(t *testing.T) {
	l := newLocal()
	answer(t, l, remote("4000", "101", "a=rtpmap:101 PCMA/8000"))
	l.SetDirection(media.SendOnly)
	offer := mustParse(t, string(l.Offer()))
	if got := strings.Join(offer.Media[0].Formats, " "); got != "101 0 102" {
		t.Errorf("got formats %s", got)
	}
}

func TestNoAddressMeansLatch(t *testing.T) {
	caps := DefaultCaps()
	caps.Symmetric = false
	_, cfg, _, err := NewLocal(ourAddr, 1, caps).Answer([]byte("v=0\r\nm=audio 4000 RTP/AVP 8\r\n"))
	if err != nil || cfg.Remote.IsValid() || !cfg.Symmetric {
		t.Errorf("got %+v, %v", cfg, err)
	}
}

func TestSetAddr(t *testing.T) {
	l := newLocal()
	l.Offer()
	accept(t, l, remote("4000", "8"))
	l.SetAddr(netip.MustParseAddrPort("198.51.100.2:30000"))
	offer := string(l.Offer())
	if !strings.Contains(offer, "o=- 77 2 IN IP4 198.51.100.2") || !strings.Contains(offer, "m=audio 30000") {
		t.Errorf("got\n%s", offer)
	}
}

// The version grows by one exactly when the body changes, whatever the two sides do (RFC 3264 §8).
func TestVersionFollowsBody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := NewLocal(ourAddr, 77, DefaultCaps())
		last, lastVersion := "", uint64(0)
		check := func(b []byte) {
			s, err := Parse(b)
			if err != nil {
				t.Fatal(err)
			}
			v, _ := strconv.ParseUint(s.Origin.Version, 10, 64)
			s.Origin.Version = ""
			body := string(s.Append(nil))
			want := lastVersion
			if body != last {
				want++
			}
			if v != want || s.Origin.SessionID != "77" {
				t.Fatalf("version %d, want %d:\n%s", v, want, b)
			}
			last, lastVersion = body, v
		}
		peer := func() []byte {
			formats := rapid.SampledFrom([]string{"8 0", "0", "8 101", "18"}).Draw(t, "formats")
			line := rapid.SampledFrom([]string{"a=sendrecv", "a=sendonly", "a=inactive", "a=ptime:30"}).Draw(t, "line")
			return remote("4000", formats, te, line)
		}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				check(l.Offer())
			case 1:
				_, _, _ = l.AcceptAnswer(peer())
			case 2:
				if b, _, _, err := l.Answer(peer()); err == nil {
					check(b)
				}
			case 3:
				l.SetDirection(media.Direction(rapid.IntRange(0, 3).Draw(t, "direction")))
			case 4:
				_ = l.Reject()
			}
		}
	})
}

func BenchmarkAnswer(b *testing.B) {
	offer := []byte(plainOffer)
	l := newLocal()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := l.Answer(offer); err != nil {
			b.Fatal(err)
		}
	}
}
