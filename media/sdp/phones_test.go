package sdp

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/media"
)

// turn is one offer of a phone within a call, and what has to come of it.
type turn struct {
	name      string
	offer     string // what follows v=, o=, s= and t=
	direction media.Direction
	held      bool
	remote    string // where we send; empty: nowhere
	says      string // our answer contains it
}

// phone is a call with one kind of phone: each turn is an offer of its own.
type phone struct {
	name  string
	turns []turn
}

const (
	usual   = "c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8 0 101\r\n" + te + "\r\n"
	usualTo = "192.0.2.9:4000"
)

// phones hold and resume in the ways that are met.
var phones = []phone{
	{"RFC 2543: zero address, same port", []turn{
		{"call", usual, media.SendRecv, false, usualTo, "a=sendrecv"},
		{"hold", "c=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 8 0 101\r\n" + te + "\r\n", media.RecvOnly, true, "", "a=recvonly"},
		{"resume", usual, media.SendRecv, false, usualTo, "a=sendrecv"},
	}},
	{"zero address in the section only", []turn{
		{"call", usual, media.SendRecv, false, usualTo, "a=sendrecv"},
		{"hold", "c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n", media.Inactive, true, "", "a=inactive"},
		{"resume", usual, media.SendRecv, false, usualTo, "a=sendrecv"},
	}},
	{"sendonly, resumed without an attribute", []turn{
		{"call", usual + "a=sendrecv\r\n", media.SendRecv, false, usualTo, "a=sendrecv"},
		{"hold", usual + "a=sendonly\r\n", media.RecvOnly, true, usualTo, "a=recvonly"},
		{"the same hold again", usual + "a=sendonly\r\n", media.RecvOnly, true, usualTo, "a=recvonly"},
		{"resume", usual, media.SendRecv, false, usualTo, "a=sendrecv"},
	}},
	{"inactive", []turn{
		{"call", usual, media.SendRecv, false, usualTo, "a=sendrecv"},
		{"hold", usual + "a=inactive\r\n", media.Inactive, true, usualTo, "a=inactive"},
		{"resume", usual + "a=sendrecv\r\n", media.SendRecv, false, usualTo, "a=sendrecv"},
	}},
	{"direction above the m-lines", []turn{
		{"call", usual, media.SendRecv, false, usualTo, "a=sendrecv"},
		{"hold", "c=IN IP4 192.0.2.9\r\na=sendonly\r\nm=audio 4000 RTP/AVP 8\r\n", media.RecvOnly, true, usualTo, "a=recvonly"},
		{"the section says otherwise", "c=IN IP4 192.0.2.9\r\na=sendonly\r\nm=audio 4000 RTP/AVP 8\r\na=sendrecv\r\n", media.SendRecv, false, usualTo, "a=sendrecv"},
	}},
	{"another port on resume", []turn{
		{"call", usual, media.SendRecv, false, usualTo, "a=sendrecv"},
		{"hold", usual + "a=sendonly\r\n", media.RecvOnly, true, usualTo, "a=recvonly"},
		{"resume", "c=IN IP4 192.0.2.9\r\nm=audio 4002 RTP/AVP 8\r\n", media.SendRecv, false, "192.0.2.9:4002", "a=sendrecv"},
	}},
	{"moved to another gateway", []turn{
		{"call", usual, media.SendRecv, false, usualTo, "a=sendrecv"},
		{"moved", "c=IN IP4 203.0.113.5\r\nm=audio 30000 RTP/AVP 0 101\r\n" + te + "\r\n", media.SendRecv, false, "203.0.113.5:30000", "m=audio 20000 RTP/AVP 0 101"},
		{"moved again", "c=IN IP4 203.0.113.6\r\nm=audio 30000 RTP/AVP 8\r\n", media.SendRecv, false, "203.0.113.6:30000", "m=audio 20000 RTP/AVP 8\r\n"},
	}},
	{"video comes and goes; its line stays", []turn{
		{"call", usual, media.SendRecv, false, usualTo, "m=audio 20000"},
		{"video", usual + "m=video 5000 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n", media.SendRecv, false, usualTo, "m=video 0 RTP/AVP 97"},
		{"no video", usual + "m=video 0 RTP/AVP 97\r\n", media.SendRecv, false, usualTo, "m=video 0 RTP/AVP 97"},
	}},
	{"T.38 beside the audio, then audio alone", []turn{
		{"call", usual, media.SendRecv, false, usualTo, "m=audio 20000"},
		{"fax", usual + "m=image 5004 udptl t38\r\na=T38FaxVersion:0\r\n", media.SendRecv, false, usualTo, "m=image 0 udptl t38"},
		{"audio", usual + "m=image 0 udptl t38\r\n", media.SendRecv, false, usualTo, "m=audio 20000"},
	}},
	{"candidates, crypto and silenceSupp of phones without need", []turn{
		{"call", usual + "a=candidate:1 1 UDP 2130706431 10.0.0.1 4000 typ host\r\na=silenceSupp:off - - - -\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\nb=AS:64\r\n",
			media.SendRecv, false, usualTo, "m=audio 20000 RTP/AVP 8 0 101"},
	}},
}

func body(version int, rest string) []byte {
	return fmt.Appendf(nil, "v=0\r\no=phone 5 %d IN IP4 192.0.2.9\r\ns=-\r\n%st=0 0\r\n%s", version, rest[:strings.Index(rest, "m=")], rest[strings.Index(rest, "m="):])
}

// TestPhones: hold, resume, moves and strange sections of real phones. Our port is never 0, our session never another, and a
// repeated offer gets the answer of before, to the byte.
func TestPhones(t *testing.T) {
	for _, p := range phones {
		t.Run(p.name, func(t *testing.T) {
			l := newLocal()
			before, said := uint64(0), ""
			for i, turn := range p.turns {
				got, cfg, r := answer(t, l, body(i+1, turn.offer))
				if cfg.Direction != turn.direction || r.Held != turn.held || text(cfg.Remote) != turn.remote || !strings.Contains(got, turn.says) {
					t.Errorf("%s: direction %v, held %v, remote %v\n%s", turn.name, cfg.Direction, r.Held, cfg.Remote, got)
				}
				if !strings.Contains(got, "m=audio 20000 ") || !strings.Contains(got, "o=- 77 ") {
					t.Errorf("%s: our port or session is another:\n%s", turn.name, got)
				}
				again, _, r := answer(t, l, body(i+1, turn.offer))
				if again != got || r.Changed != 0 {
					t.Errorf("%s: asked again we say\n%s\ninstead of\n%s", turn.name, again, got)
				}
				is := version(t, []byte(got))
				if changed := got != said; changed && is != before+1 || !changed && is != before {
					t.Errorf("%s: version %d after %d", turn.name, is, before)
				}
				before, said = is, got
			}
		})
	}
}

// TestBothHold: either side may resume first, and only when both have does audio go both ways.
func TestBothHold(t *testing.T) {
	for _, weFirst := range []bool{true, false} {
		l := newLocal()
		answer(t, l, remote("4000", "8"))
		l.SetDirection(media.SendOnly) // we hold
		l.Offer()
		if cfg, _ := accept(t, l, remote("4000", "8", "a=recvonly")); cfg.Direction != media.SendOnly {
			t.Fatalf("our hold: %v", cfg.Direction)
		}
		said, cfg, r := answer(t, l, remote("4000", "8", "a=sendonly")) // they hold too
		if cfg.Direction != media.Inactive || !r.Held || !strings.Contains(said, "a=inactive") {
			t.Fatalf("both hold: %v, %v\n%s", cfg.Direction, r.Held, said)
		}
		if weFirst {
			l.SetDirection(media.SendRecv)
			l.Offer()
			if cfg, r := accept(t, l, remote("4000", "8", "a=sendonly")); cfg.Direction != media.RecvOnly || !r.Held {
				t.Errorf("we resume first: %v, held %v", cfg.Direction, r.Held)
			}
			_, cfg, r = answer(t, l, remote("4000", "8"))
		} else {
			if _, cfg, r := answer(t, l, remote("4000", "8")); cfg.Direction != media.SendOnly || r.Held {
				t.Errorf("they resume first: %v, held %v", cfg.Direction, r.Held)
			}
			l.SetDirection(media.SendRecv)
			l.Offer()
			cfg, r = accept(t, l, remote("4000", "8"))
		}
		if cfg.Direction != media.SendRecv || r.Held {
			t.Errorf("we first %v: at the end %v, held %v", weFirst, cfg.Direction, r.Held)
		}
	}
}

// TestPacketTimes: we send what the peer asks for, wherever it says so, and never above its longest.
func TestPacketTimes(t *testing.T) {
	for _, tt := range []struct {
		name, session, section string
		want                   time.Duration
	}{
		{"30 ms phone", "", "a=ptime:30", 30 * time.Millisecond},
		{"above the m-lines", "a=ptime:30\r\n", "", 30 * time.Millisecond},
		{"the section wins", "a=ptime:30\r\n", "a=ptime:10", 10 * time.Millisecond},
		{"its longest is less", "", "a=ptime:60\r\na=maxptime:40", 40 * time.Millisecond},
		{"only a longest", "", "a=maxptime:10", 10 * time.Millisecond},
		{"a long longest", "", "a=maxptime:150", 20 * time.Millisecond},
		{"beyond what we make", "", "a=ptime:120", 60 * time.Millisecond},
		{"a fraction", "", "a=ptime:20.5", 20 * time.Millisecond},
		{"nonsense", "", "a=ptime:fast", 20 * time.Millisecond},
		{"nothing", "", "", 20 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			said, cfg, _ := answer(t, newLocal(), body(1, "c=IN IP4 192.0.2.9\r\n"+tt.session+"m=audio 4000 RTP/AVP 8\r\n"+tt.section+"\r\n"))
			if want := fmt.Sprintf("a=ptime:%d\r\n", tt.want.Milliseconds()); cfg.Ptime != tt.want || !strings.Contains(said, want) {
				t.Errorf("got %v, want %v\n%s", cfg.Ptime, tt.want, said)
			}
		})
	}
}

// TestIPv6Leg: address, families and names on a leg that runs over IPv6.
func TestIPv6Leg(t *testing.T) {
	l := NewLocal(netip.MustParseAddrPort("[2001:db8::1]:20000"), 77, DefaultCaps())
	said, cfg, _ := answer(t, l, body(1, "c=IN IP6 2001:db8::9\r\nm=audio 4000 RTP/AVP 8\r\na=rtcp:5001 IN IP6 2001:db8::a\r\n"))
	if !strings.Contains(said, "c=IN IP6 2001:db8::1\r\n") || !strings.Contains(said, "IN IP6 2001:db8::1\r\ns=") {
		t.Errorf("our address is not there:\n%s", said)
	}
	if text(cfg.Remote) != "[2001:db8::9]:4000" || text(cfg.RemoteRTCP) != "[2001:db8::a]:5001" {
		t.Errorf("remote %v, RTCP %v", cfg.Remote, cfg.RemoteRTCP)
	}
	_, cfg, r := answer(t, l, body(2, "c=IN IP6 ::\r\nm=audio 4000 RTP/AVP 8\r\n"))
	if cfg.Remote.IsValid() || !r.Held || cfg.Direction != media.RecvOnly {
		t.Errorf("the hold of RFC 2543 over IPv6: remote %v, held %v, %v", cfg.Remote, r.Held, cfg.Direction)
	}
	_, cfg, _ = answer(t, l, body(3, "c=IN IP4 192.0.2.9\r\nc=IN IP6 2001:db8::9\r\nm=audio 4000 RTP/AVP 8\r\n"))
	if text(cfg.Remote) != "[2001:db8::9]:4000" {
		t.Errorf("of two families: %v", cfg.Remote)
	}
	_, cfg, _ = answer(t, l, body(4, "c=IN IP6 ::ffff:192.0.2.9\r\nm=audio 4000 RTP/AVP 8\r\n"))
	if text(cfg.Remote) != usualTo {
		t.Errorf("a mapped address: %v", cfg.Remote)
	}
}

// TestAnswersThatCannotBe: what is no answer to our offer changes nothing, and the offer stays out.
func TestAnswersThatCannotBe(t *testing.T) {
	for _, tt := range []struct {
		name, answer string
		want         error
	}{
		{"our audio refused", "m=audio 0 RTP/AVP 8\r\n", ErrNoAudio},
		{"another profile", "m=audio 4000 RTP/SAVP 8\r\n", ErrNoKeys},
		{"video only", "m=video 4000 RTP/AVP 97\r\n", ErrNoAudio},
		{"a codec that nobody offered", "m=audio 4000 RTP/AVP 18\r\n", ErrNoCommonCodec},
		{"stereo", "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMA/8000/2\r\n", ErrNoCommonCodec},
		{"another clock", "m=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMA/16000\r\n", ErrNoCommonCodec},
		{"events alone", "m=audio 4000 RTP/AVP 101\r\n" + te + "\r\n", ErrNoCommonCodec},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLocal()
			offer := string(l.Offer())
			if _, _, err := l.AcceptAnswer(body(1, "c=IN IP4 192.0.2.9\r\n"+tt.answer)); !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			if _, agreed := l.Config(); agreed || l.State() != Offering || string(l.Offer()) != offer {
				t.Error("a faulty answer changed something")
			}
			accept(t, l, body(2, usual))
		})
	}
}

// TestTypesDiffer: each side sends with the numbers of the other (RFC 3264 §6.1), for audio and for keys.
func TestTypesDiffer(t *testing.T) {
	l := newLocal()
	l.Offer()
	cfg, _ := accept(t, l, body(1, "c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 110 96\r\na=rtpmap:110 telephone-event/8000\r\na=rtpmap:96 PCMA/8000\r\n"))
	if cfg.Format != (media.Format{Codec: media.PCMA, SendPT: 96, RecvPT: 8}) || cfg.DTMFSend != 110 || cfg.DTMFRecv != 101 {
		t.Errorf("got %+v, events %d/%d", cfg.Format, cfg.DTMFSend, cfg.DTMFRecv)
	}
	cfg, _ = accept(t, l, body(1, "c=IN IP4 192.0.2.9\r\nm=audio 4000 RTP/AVP 8 97\r\na=rtpmap:97 telephone-event/48000\r\n"))
	if cfg.DTMFSend != 0 || cfg.DTMFRecv != 0 {
		t.Errorf("events of another clock: %d/%d", cfg.DTMFSend, cfg.DTMFRecv)
	}
}
