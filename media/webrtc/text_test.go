package webrtc

import (
	"context"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/pion/stun/v4"

	"tandem/media"
	"tandem/media/sdp"
)

// page is a description as Chromium writes it, shortened.
const page = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n" +
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=ice-ufrag:s/Oz\r\na=ice-pwd:zHbcxWlAyzWsBX0bTW0cM5P1\r\n" +
	"a=ice-options:trickle\r\na=fingerprint:sha-256 7B:8B:F0:65:5F:78:E2:51:3B:AC:6F:F3:3F:46:1B:35:DC:B8:5F:64:1A:24:C2:43:F0:A1:58:D0:A1:2C:19:08\r\n" +
	"a=setup:actpass\r\na=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\n" +
	"a=rtpmap:8 PCMA/8000\r\na=rtpmap:13 CN/8000\r\na=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\na=ssrc:1 cname:x\r\n" +
	"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sctp-port:5000\r\n"

func terms() sdp.Terms {
	return sdp.Terms{Caps: sdp.Caps{Codecs: sdp.DefaultCaps().Codecs, Events: eventsPT}}
}

func TestReadRemote(t *testing.T) {
	far, err := readRemote(page, terms())
	if err != nil {
		t.Fatal(err)
	}
	if far.ice != (credentials{"s/Oz", "zHbcxWlAyzWsBX0bTW0cM5P1"}) || far.role != eitherRole || far.mid != "0" || !far.bundled || len(far.prints) != 1 {
		t.Errorf("got %+v", far)
	}
	c := far.config
	if len(c.Accept) != 2 || c.DTMFSend != 126 || c.DTMFRecv != 126 || c.Direction != media.SendRecv || c.Ptime != ptime {
		t.Errorf("got %+v", c)
	}
	if far.certified([]byte("another")) {
		t.Error("any certificate will do")
	}
	for name, change := range map[string][2]string{
		"another session":     {"4611731400430051336", "4611731400430051337"},
		"another certificate": {"7B:8B", "7C:8B"},
	} {
		other, err := readRemote(strings.Replace(page, change[0], change[1], 1), terms())
		if err != nil || other.sameLink(far) {
			t.Errorf("%s: taken for the same connection (%v)", name, err)
		}
	}
	again, err := readRemote(strings.Replace(page, " 2 IN", " 3 IN", 1), terms())
	if err != nil || !again.sameLink(far) {
		t.Errorf("a new version is taken for another connection (%v)", err)
	}
}

// TestSessionLevel: ICE and DTLS attributes above the sections hold for all of them.
func TestSessionLevel(t *testing.T) {
	var moved, rest []string
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "a=ice-") || strings.HasPrefix(line, "a=fingerprint") || strings.HasPrefix(line, "a=setup") {
			moved = append(moved, line)
		} else {
			rest = append(rest, line)
		}
	}
	text := strings.Join(rest[:6], "") + strings.Join(moved, "") + strings.Join(rest[6:], "")
	if far, err := readRemote(text, terms()); err != nil || far.ice.ufrag != "s/Oz" || len(far.prints) != 1 {
		t.Errorf("got %+v, %v", far, err)
	}
}

func TestOfferedTypes(t *testing.T) {
	was := media.StreamConfig{DTMFRecv: 8, Accept: []media.Format{{Codec: media.PCMU, SendPT: 100, RecvPT: 100}}}
	got := offeredBy([]media.Codec{media.PCMA, media.PCMU}, was)
	if got.Formats[1].RecvPT != 100 || got.Formats[0].RecvPT != 8 || got.Events == 8 || got.Events == 100 {
		t.Errorf("got %+v", got)
	}
}

// TestVersion: it goes up where anything changed and only there.
func TestVersion(t *testing.T) {
	var l local
	b := body{at: netip.MustParseAddrPort("[2001:db8::1]:9"), setup: "actpass"}
	first := l.print(b)
	if !strings.Contains(first, "c=IN IP6 2001:db8::1\r\n") || strings.Contains(first, "a=mid") || l.print(b) != first {
		t.Errorf("got\n%s\nand then\n%s", first, l.print(b))
	}
	b.direction = media.Inactive
	if second := l.print(b); !strings.Contains(second, "o=- 0 2 IN") || strings.Contains(second, "msid:") {
		t.Errorf("got\n%s", second)
	}
}

// request makes a binding request.
func request(t *testing.T, name, pwd string, more ...stun.Setter) []byte {
	t.Helper()
	setters := append([]stun.Setter{stun.TransactionID, stun.BindingRequest, stun.NewUsername(name)}, more...)
	m, err := stun.Build(append(setters, stun.NewShortTermIntegrity(pwd), stun.Fingerprint)...)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

type empty stun.AttrType

func (f empty) AddTo(m *stun.Message) error {
	m.Add(stun.AttrType(f), nil)
	return nil
}

type tie stun.AttrType

func (f tie) AddTo(m *stun.Message) error {
	m.Add(stun.AttrType(f), make([]byte, 8))
	return nil
}

// TestChecks: RFC 8445 §7.3 for a lite agent.
func TestChecks(t *testing.T) {
	from := netip.MustParseAddrPort("198.51.100.7:5004")
	for _, tt := range []struct {
		name      string
		more      []stun.Setter
		accepted  bool
		nominates bool
	}{
		{"plain", []stun.Setter{tie(stun.AttrICEControlling)}, true, false},
		{"nominating", []stun.Setter{tie(stun.AttrICEControlling), empty(stun.AttrUseCandidate)}, true, true},
		{"wrong role", []stun.Setter{tie(stun.AttrICEControlled)}, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c checker
			ufrag, ok := c.read(request(t, "ours:theirs", "secretsecretsecretsecret", tt.more...))
			if !ok || string(ufrag) != "ours" || !c.genuine("secretsecretsecretsecret") || c.genuine("another") || c.nominates() != tt.nominates {
				t.Fatalf("read %q, %v", ufrag, ok)
			}
			raw, accepted := c.answer(from, "secretsecretsecretsecret")
			if accepted != tt.accepted {
				t.Errorf("accepted %v", accepted)
			}
			reply := &stun.Message{Raw: raw}
			if err := reply.Decode(); err != nil {
				t.Fatal(err)
			}
			if reply.TransactionID != c.request.TransactionID || stun.NewShortTermIntegrity("secretsecretsecretsecret").Check(reply) != nil || stun.Fingerprint.Check(reply) != nil {
				t.Error("the reply is not genuine")
			}
			var mapped stun.XORMappedAddress
			var code stun.ErrorCodeAttribute
			if tt.accepted && (mapped.GetFrom(reply) != nil || mapped.String() != from.String()) {
				t.Errorf("mapped to %v", mapped)
			}
			if !tt.accepted && (code.GetFrom(reply) != nil || code.Code != stun.CodeRoleConflict) {
				t.Errorf("code %v", code)
			}
		})
	}
	var c checker
	response, err := stun.Build(stun.TransactionID, stun.BindingSuccess, stun.NewUsername("a:b"))
	if err != nil {
		t.Fatal(err)
	}
	nameless, err := stun.Build(stun.TransactionID, stun.BindingRequest)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range [][]byte{nil, {0, 1}, response.Raw, nameless.Raw, request(t, "ours", "pwd")} {
		if _, ok := c.read(b); ok {
			t.Errorf("case %d: taken", i)
		}
	}
}

// FuzzDescribe: no text makes a Gate panic or leaves something behind, and what it answers can be read again.
func FuzzDescribe(f *testing.F) {
	f.Add(page, page)
	f.Add(strings.ReplaceAll(page, "actpass", "passive"), strings.ReplaceAll(page, "actpass", "active"))
	f.Add("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", "")
	r := newRoad(f, allSuites["GCM128"])
	g, left := r.gate, r.gate.table.sizes()
	f.Fuzz(func(t *testing.T, offer, answer string) {
		l := &leg{id: 7}
		if d, err := g.answer(l, media.Describe{Offer: offer}); err == nil {
			s, err := sdp.Parse([]byte(d.SDP))
			if err != nil {
				t.Fatalf("%v in\n%s", err, d.SDP)
			}
			far := l.coming.far.Load()
			if len(s.Media) != len(far.sections) || !s.Media[far.section].OverDTLS() || s.Media[far.section].Port == 0 {
				t.Fatalf("sections do not match in\n%s", d.SDP)
			}
			far.certified(nil)
		}
		if d := g.offer(l, media.SendRecv); !sdp.IsWebRTC([]byte(d.SDP)) {
			t.Fatalf("offered\n%s", d.SDP)
		}
		if _, err := g.accept(l, media.Accept{Answer: answer}); err == nil && l.config.Format.Codec == media.NoCodec {
			t.Fatal("agreed on nothing")
		}
		g.endLeg(l)
		g.links.Wait()
		r.inner.Take()
		if n := g.table.sizes(); n != left {
			t.Fatalf("%d entries in the table, before %d", n, left)
		}
	})
}

// FuzzPort: no packet makes the port panic, whoever sent it.
func FuzzPort(f *testing.F) {
	r := newRoad(f, allSuites["GCM128"])
	stranger := netip.AddrPortFrom(loopback, 9)
	f.Add([]byte{0x80, 0, 0, 1}, true)
	f.Add([]byte{22, 254, 253}, true)
	f.Add(make([]byte, 28), false)
	f.Fuzz(func(_ *testing.T, b []byte, known bool) {
		from := stranger
		if known {
			from = r.from
		}
		r.gate.port.take(b, from)
		r.gate.elbow.take(b, r.engine)
	})
}

// FuzzCheck: requests whose name and password are right, with anything else in them.
func FuzzCheck(f *testing.F) {
	f.Add([]byte{}, uint16(stun.AttrUseCandidate))
	f.Fuzz(func(t *testing.T, value []byte, kind uint16) {
		if len(value) > 1000 {
			return
		}
		m := stun.New()
		m.SetType(stun.BindingRequest)
		m.WriteHeader()
		stun.NewUsername("ours:theirs").AddTo(m)
		m.Add(stun.AttrType(kind), value)
		stun.NewShortTermIntegrity("pwd").AddTo(m)
		var c checker
		if ufrag, ok := c.read(m.Raw); ok && c.genuine("pwd") {
			c.nominates()
			c.answer(netip.MustParseAddrPort("192.0.2.1:9"), "pwd")
			_ = ufrag
		}
	})
}

// FuzzHandshake: no packet of a browser that proved its address makes the DTLS connection panic.
func FuzzHandshake(f *testing.F) {
	r := newRoad(f, allSuites["GCM128"])
	far, err := readRemote(page, terms())
	if err != nil {
		f.Fatal(err)
	}
	hello, err := os.ReadFile("testdata/clienthello.bin")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(hello, false)
	f.Add([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, true)
	f.Fuzz(func(_ *testing.T, b []byte, active bool) {
		l := r.gate.newLink(&leg{})
		l.active = active
		l.far.Store(far)
		l.reach(r.from)
		ctx, cancel := context.WithCancel(context.Background())
		var done sync.WaitGroup
		done.Go(func() { r.gate.secure(ctx, l) })
		l.wire.push(b)
		for len(l.wire.in) > 0 {
			runtime.Gosched()
		}
		cancel()
		done.Wait()
		r.gate.table.leave(l)
	})
}
