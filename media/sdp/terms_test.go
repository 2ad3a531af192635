package sdp

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/media"
)

func terms() Terms { return Terms{Caps: DefaultCaps()} }

func TestNegotiatePureOffer(t *testing.T) {
	caps := DefaultCaps()
	caps.Timeout, caps.Ptime = 20*time.Second, 40*time.Millisecond
	a, err := Negotiate(mustParse(t, plainOffer), Terms{Caps: caps, Direction: media.RecvOnly})
	if err != nil {
		t.Fatal(err)
	}
	c := a.Config
	if a.Section != 0 || a.Held || a.Fax || a.Host != "" || a.Port != 4000 {
		t.Errorf("got %+v", a)
	}
	if c.Direction != media.RecvOnly || c.Timeout != 20*time.Second || c.Ptime != 40*time.Millisecond || c.DTMFRecv != 101 {
		t.Errorf("got %+v", c)
	}
	want := []media.Format{{Codec: media.PCMA, SendPT: 8, RecvPT: 8}, {Codec: media.PCMU}}
	if len(c.Accept) != 2 || c.Accept[0] != want[0] || c.Accept[1] != want[1] || c.Format != want[0] {
		t.Errorf("got formats %+v, want %+v", c.Accept, want)
	}
}

func TestNegotiateSection(t *testing.T) {
	two := "v=0\r\nc=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\nm=audio 4002 RTP/AVP 0\r\nm=audio 4004 RTP/AVP 18\r\n"
	for _, tt := range []struct {
		name    string
		section int
		offered *Offered
		codecs  []media.Codec
		want    int
		err     error
	}{
		{"first", 0, nil, nil, 0, nil},
		{"the one in force", 1, nil, nil, 1, nil},
		{"the one in force has no codec any more", 2, nil, nil, 0, nil},
		{"beyond the end", 9, nil, nil, 0, nil},
		{"negative", -1, nil, nil, 0, nil},
		{"first that fits", 0, nil, []media.Codec{media.PCMU}, 1, nil},
		{"none fits", 0, nil, []media.Codec{media.NoCodec}, 0, ErrNoCommonCodec},
		{"an answer stays where it was offered", 1, &Offered{Formats: []media.Format{{Codec: media.PCMU}}}, nil, 1, nil},
		{"an answer at another place is none", 5, &Offered{Formats: []media.Format{{Codec: media.PCMU}}}, nil, 0, ErrNoAudio},
		{"an answer with what was not offered", 0, &Offered{Formats: []media.Format{{Codec: media.PCMU}}}, nil, 0, ErrNoCommonCodec},
	} {
		t.Run(tt.name, func(t *testing.T) {
			terms := terms()
			terms.Section, terms.Offered = tt.section, tt.offered
			if tt.codecs != nil {
				terms.Caps.Codecs = tt.codecs
			}
			a, err := Negotiate(mustParse(t, two), terms)
			if !errors.Is(err, tt.err) || err == nil && a.Section != tt.want {
				t.Errorf("got section %d, %v, want %d, %v", a.Section, err, tt.want, tt.err)
			}
		})
	}
}

func TestNegotiateEvents(t *testing.T) {
	for _, tt := range []struct {
		name       string
		formats    string
		lines      []string
		caps       uint8
		offered    *Offered
		recv, send uint8
	}{
		{"mirrored", "8 96", []string{"a=rtpmap:96 telephone-event/8000"}, 101, nil, 96, 96},
		{"none offered", "8", nil, 101, nil, 0, 0},
		{"not wanted", "8 96", []string{"a=rtpmap:96 telephone-event/8000"}, 0, nil, 0, 0},
		{"only for 48 kHz", "8 96", []string{"a=rtpmap:96 telephone-event/48000"}, 101, nil, 0, 0},
		{"one for each rate", "8 96 97", []string{"a=rtpmap:96 telephone-event/48000", "a=rtpmap:97 telephone-event/8000"}, 101, nil, 97, 97},
		{"two for one rate", "8 96 97", []string{"a=rtpmap:96 telephone-event/8000", "a=rtpmap:97 telephone-event/8000"}, 101, nil, 96, 96},
		{"without a rate", "8 96", []string{"a=rtpmap:96 telephone-event"}, 101, nil, 96, 96},
		{"dynamic without rtpmap", "8 101", nil, 101, nil, 0, 0},
		{"answered with theirs", "8 96", []string{"a=rtpmap:96 telephone-event/8000"}, 101, &Offered{Formats: []media.Format{{Codec: media.PCMA, RecvPT: 8}}, Events: 101}, 101, 96},
		{"answered, not offered", "8 96", []string{"a=rtpmap:96 telephone-event/8000"}, 101, &Offered{Formats: []media.Format{{Codec: media.PCMA, RecvPT: 8}}, Events: 0}, 0, 0},
		{"offered, not answered", "8", nil, 101, &Offered{Formats: []media.Format{{Codec: media.PCMA, RecvPT: 8}}, Events: 101}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			terms := terms()
			terms.Caps.Events, terms.Offered = tt.caps, tt.offered
			a, err := Negotiate(mustParse(t, string(remote("4000", tt.formats, tt.lines...))), terms)
			if err != nil {
				t.Fatal(err)
			}
			if a.Config.DTMFRecv != tt.recv || a.Config.DTMFSend != tt.send {
				t.Errorf("got %d/%d, want %d/%d", a.Config.DTMFRecv, a.Config.DTMFSend, tt.recv, tt.send)
			}
		})
	}
}

func TestNegotiateCodecs(t *testing.T) {
	for _, tt := range []struct {
		name, formats string
		line          string
		want          []media.Format
	}{
		{"static", "0 8", "", []media.Format{{Codec: media.PCMU}, {Codec: media.PCMA, SendPT: 8, RecvPT: 8}}},
		{"dynamic type", "96", "a=rtpmap:96 pcmu/8000", []media.Format{{Codec: media.PCMU, SendPT: 96, RecvPT: 96}}},
		{"the same codec twice", "96 0", "a=rtpmap:96 PCMU/8000", []media.Format{{Codec: media.PCMU, SendPT: 96, RecvPT: 96}}},
		{"a static type renamed", "0", "a=rtpmap:0 PCMA/8000", []media.Format{{Codec: media.PCMA}}},
		{"PCMU at 16 kHz is another codec", "96 8", "a=rtpmap:96 PCMU/16000", []media.Format{{Codec: media.PCMA, SendPT: 8, RecvPT: 8}}},
		{"G.722 first", "9 8", "a=rtpmap:9 G722/8000", []media.Format{{Codec: media.PCMA, SendPT: 8, RecvPT: 8}}},
		{"type over 127", "200 8", "a=rtpmap:200 PCMU/8000", []media.Format{{Codec: media.PCMA, SendPT: 8, RecvPT: 8}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := Negotiate(mustParse(t, string(remote("4000", tt.formats, tt.line))), terms())
			if err != nil || len(a.Config.Accept) != len(tt.want) {
				t.Fatalf("got %+v, %v, want %+v", a.Config.Accept, err, tt.want)
			}
			for i := range tt.want {
				if a.Config.Accept[i] != tt.want[i] {
					t.Errorf("got %+v, want %+v", a.Config.Accept, tt.want)
				}
			}
		})
	}
}

func TestNegotiateAddress(t *testing.T) {
	for _, tt := range []struct {
		name, session, section string
		six                    bool
		remote, host           string
		held                   bool
	}{
		{"session", "c=IN IP4 192.0.2.1", "", false, "192.0.2.1:4000", "", false},
		{"section", "c=IN IP4 192.0.2.1", "c=IN IP4 192.0.2.2", false, "192.0.2.2:4000", "", false},
		{"section on hold only", "c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0", false, "", "", true},
		{"session on hold, section not", "c=IN IP4 0.0.0.0", "c=IN IP4 192.0.2.2", false, "192.0.2.2:4000", "", false},
		{"IPv6", "c=IN IP6 2001:db8::1", "", true, "[2001:db8::1]:4000", "", false},
		{"IPv6 on hold", "c=IN IP6 ::", "", true, "", "", true},
		{"IPv6 mapped", "c=IN IP6 ::ffff:192.0.2.1", "", false, "192.0.2.1:4000", "", false},
		{"IPv6 with zone", "c=IN IP6 fe80::1%eth0", "", true, "[fe80::1]:4000", "", false},
		{"two families", "", "c=IN IP6 2001:db8::1\r\nc=IN IP4 192.0.2.3", false, "192.0.2.3:4000", "", false},
		{"name", "c=IN IP4 phone.example", "", false, "", "phone.example", false},
		{"name and address", "", "c=IN IP4 phone.example\r\nc=IN IP4 192.0.2.3", false, "192.0.2.3:4000", "", false},
		{"with TTL", "c=IN IP4 224.2.1.1/127/3", "", false, "224.2.1.1:4000", "", false},
		{"none", "", "", false, "", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := strings.Join([]string{"v=0", tt.session, "m=audio 4000 RTP/AVP 8", tt.section}, "\r\n")
			terms := terms()
			terms.IPv6 = tt.six
			a, err := Negotiate(mustParse(t, body), terms)
			if err != nil {
				t.Fatal(err)
			}
			if text(a.Config.Remote) != tt.remote || a.Host != tt.host || a.Held != tt.held || a.Port != 4000 {
				t.Errorf("got %v, host %q, held %v", a.Config.Remote, a.Host, a.Held)
			}
		})
	}
}

// Our state must not be reachable through values that we gave out or were given.
func TestValuesAreOurs(t *testing.T) {
	caps := DefaultCaps()
	l := NewLocal(ourAddr, 7, caps)
	caps.Codecs[0] = media.NoCodec
	first := string(l.Offer())
	if !strings.Contains(first, "RTP/AVP 8 0 101") {
		t.Errorf("the caller's slice is shared:\n%s", first)
	}
	cfg, _ := accept(t, l, remote("4000", "8 0"))
	cfg.Accept[0] = media.Format{}
	if now, _ := l.Config(); now.Accept[0].Codec != media.PCMA {
		t.Error("the configuration is shared")
	}
	answered, _, _ := answer(t, l, remote("4000", "8 0"))
	b := []byte(answered)
	b[0] = 'x'
	if again := string(l.Offer()); again != answered {
		t.Errorf("the printed body is shared:\n%s", again)
	}
}

// A hold at both ends of a direction change keeps ports, sections and session ID (RFC 3264 §8.4).
func TestManyHolds(t *testing.T) {
	l := newLocal()
	l.Offer()
	accept(t, l, remote("4000", "8"))
	last := uint64(1)
	for i := range 6 {
		want, line := media.SendOnly, "a=recvonly"
		if i%2 == 1 {
			want, line = media.SendRecv, "a=sendrecv"
		}
		l.SetDirection(want)
		body := l.Offer()
		if v := version(t, body); v != last+1 {
			t.Errorf("version %d after %d", v, last)
		} else {
			last = v
		}
		s := mustParse(t, string(body))
		if s.Origin.SessionID != "77" || s.Media[0].Port != 20000 || len(s.Media) != 1 || s.Connections[0].Host != "198.51.100.1" {
			t.Errorf("got\n%s", body)
		}
		cfg, r := accept(t, l, remote("4000", "8", line))
		if cfg.Direction != want || r.Changed != DirectionChanged || cfg.Remote != netip.MustParseAddrPort("192.0.2.9:4000") {
			t.Errorf("round %d: got %+v, changed %b", i, cfg, r.Changed)
		}
	}
}

// A refresh that crosses another offer (491) is repeated as it was.
func TestRefusedRefresh(t *testing.T) {
	l := newLocal()
	body, _, _ := answer(t, l, remote("4000", "0 8", "a=sendonly"))
	for range 2 {
		if again := string(l.Offer()); again != body {
			t.Errorf("got\n%s\nwant\n%s", again, body)
		}
		if err := l.Reject(); err != nil {
			t.Fatal(err)
		}
	}
	if l.State() != Answered {
		t.Errorf("state is %d", l.State())
	}
}
