package sdp

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tandem/media"
)

// Keys of a peer, as lines.
var (
	line80  = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + strings.Repeat("A", 40)
	line32  = "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:" + strings.Repeat("B", 40)
	other80 = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + strings.Repeat("C", 40)
	unknown = "a=crypto:1 F8_128_HMAC_SHA1_80 inline:" + strings.Repeat("A", 40)
)

func TestParseCrypto(t *testing.T) {
	key := strings.Repeat("A", 40)
	for _, tt := range []struct {
		line string
		want string // suite, tag and identifier; empty: refused
	}{
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key, "AES_CM_128_HMAC_SHA1_80 1 []"},
		{"7 aes_cm_128_hmac_sha1_32 INLINE:" + key + "|2^20", "AES_CM_128_HMAC_SHA1_32 7 []"},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|2^31|1:1", "AES_CM_128_HMAC_SHA1_80 1 [1]"},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|258:4", "AES_CM_128_HMAC_SHA1_80 1 [0 0 1 2]"},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + " WSH=64", "AES_CM_128_HMAC_SHA1_80 1 []"},
		{"1 AEAD_AES_128_GCM inline:" + strings.Repeat("A", 37) + "=", ""}, // 27 octets
		{"1 AEAD_AES_128_GCM inline:" + strings.Repeat("A", 38) + "==", "AEAD_AES_128_GCM 1 []"},
		{"1 AEAD_AES_128_GCM inline:" + strings.Repeat("A", 38), "AEAD_AES_128_GCM 1 []"}, // without padding
		{"2 AEAD_AES_256_GCM inline:" + strings.Repeat("A", 59) + "=", "AEAD_AES_256_GCM 2 []"},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|1:5", ""},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|256:1", ""},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|x:1", ""},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + "|2^31|1:1|1:1", ""},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + ";inline:" + key, ""},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + " UNENCRYPTED_SRTP", ""},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + " UNAUTHENTICATED_SRTP", ""},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key + " KDR=1", ""},
		{"1 AES_CM_128_HMAC_SHA1_80 uri:" + key, ""},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + key[1:], ""},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:" + strings.Repeat("*", 40), ""},
		{"1 none inline:" + key, ""},
		{"1 F8_128_HMAC_SHA1_80 inline:" + key, ""},
		{"x AES_CM_128_HMAC_SHA1_80 inline:" + key, ""},
		{"1234567890 AES_CM_128_HMAC_SHA1_80 inline:" + key, ""},
		{"1 AES_CM_128_HMAC_SHA1_80", ""},
		{"", ""},
	} {
		c, ok := parseCrypto(tt.line)
		got := ""
		if ok {
			got = fmt.Sprintf("%s %s %v", c.Key.Suite, c.Tag, c.Key.Identifier())
		}
		if got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.line, got, tt.want)
		}
	}
}

// TestLinesComeBack: what we write we read.
func TestLinesComeBack(t *testing.T) {
	seen := map[media.Key]bool{}
	for _, c := range append(newCryptos(), newCryptos()...) {
		got, ok := parseCrypto(c.line())
		if !ok || got != c || seen[c.Key] {
			t.Errorf("%v of %v, %v, twice %v", got, c, ok, seen[c.Key])
		}
		seen[c.Key] = true
	}
}

func local(s SRTP) *Local {
	caps := DefaultCaps()
	caps.SRTP = s
	return NewLocal(ourAddr, 77, caps)
}

// audio is a description with one section of a profile.
func audio(version int, proto string, lines ...string) []byte {
	return body(version, "c=IN IP4 192.0.2.9\r\nm=audio 4000 "+proto+" 8\r\n"+strings.Join(append(lines, ""), "\r\n"))
}

// TestWhoseAudioIsProtected answers offers of every kind under every policy.
func TestWhoseAudioIsProtected(t *testing.T) {
	const (
		plain  = "plain"
		sealed = "protected"
	)
	for _, tt := range []struct {
		name  string
		offer []byte
		want  map[SRTP]string // refused where it is not there
	}{
		{"plain", audio(1, "RTP/AVP"), map[SRTP]string{SRTPAccepted: plain, SRTPOffered: plain, SRTPNever: plain}},
		{"protected", audio(1, "RTP/SAVP", line80), map[SRTP]string{SRTPAccepted: sealed, SRTPOffered: sealed, SRTPRequired: sealed}},
		{"protected, with feedback", audio(1, "RTP/SAVPF", line80), map[SRTP]string{SRTPAccepted: sealed, SRTPOffered: sealed, SRTPRequired: sealed}},
		{"both in one", audio(1, "RTP/AVP", line80), map[SRTP]string{SRTPAccepted: sealed, SRTPOffered: sealed, SRTPRequired: sealed, SRTPNever: plain}},
		{"a suite that nobody has", audio(1, "RTP/SAVP", unknown), nil},
		{"such a suite beside plain", audio(1, "RTP/AVP", unknown), map[SRTP]string{SRTPAccepted: plain, SRTPOffered: plain, SRTPNever: plain}},
		{"no key", audio(1, "RTP/SAVP"), nil},
	} {
		for s := range SRTP(len(srtpNames)) {
			t.Run(tt.name+"/"+s.String(), func(t *testing.T) {
				l := local(s)
				answer, cfg, _, err := l.Answer(tt.offer)
				switch want := tt.want[s]; {
				case want == "" && !errors.Is(err, ErrNoKeys):
					t.Errorf("got %v, want %v", err, ErrNoKeys)
				case want == "":
				case err != nil || cfg.SRTP.Plain() == (want == sealed) || bytes.Contains(answer, []byte("a=crypto:1 ")) != (want == sealed):
					t.Errorf("got %v and %v, want %s:\n%s", cfg.SRTP, err, want, answer)
				case want == sealed && (cfg.SRTP.Send.Suite != media.CM80 || cfg.SRTP.Send.Secret == cfg.SRTP.Recv.Secret):
					t.Errorf("got %+v", cfg.SRTP)
				}
			})
		}
	}
}

// TestOffersOfKeys: what we offer under every policy, and what answers make of it.
func TestOffersOfKeys(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy SRTP
		offer  string // what it must hold; with "!" before it: must not
		answer []byte
		err    error
		sealed bool
	}{
		{"plain", SRTPAccepted, "!crypto", audio(1, "RTP/AVP"), nil, false},
		{"a key that nobody asked for", SRTPAccepted, "RTP/AVP", audio(1, "RTP/AVP", line80), nil, false},
		{"offered, not taken", SRTPOffered, "a=crypto:4 AES_CM_128_HMAC_SHA1_32 inline:", audio(1, "RTP/AVP"), nil, false},
		{"offered and taken", SRTPOffered, "RTP/AVP", audio(1, "RTP/AVP", strings.Replace(line80, ":1 ", ":3 ", 1)), nil, true},
		{"required and taken", SRTPRequired, "RTP/SAVP", audio(1, "RTP/SAVP", strings.Replace(line32, ":2 ", ":4 ", 1)), nil, true},
		{"required, not taken", SRTPRequired, "a=crypto:1 AEAD_AES_128_GCM inline:", audio(1, "RTP/AVP"), ErrNoKeys, false},
		{"required, of another line", SRTPRequired, "RTP/SAVP", audio(1, "RTP/SAVP", line80), ErrNoKeys, false}, // the first is GCM
		{"never", SRTPNever, "!crypto", audio(1, "RTP/SAVP", line80), ErrNoKeys, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := local(tt.policy)
			offer := string(l.Offer())
			if text, not := strings.CutPrefix(tt.offer, "!"); strings.Contains(offer, text) == not {
				t.Errorf("offered\n%s", offer)
			}
			cfg, _, err := l.AcceptAnswer(tt.answer)
			if !errors.Is(err, tt.err) || cfg.SRTP.Plain() == tt.sealed {
				t.Fatalf("got %v, %v", cfg.SRTP, err)
			}
			if tt.sealed && !strings.Contains(offer, Crypto{"x", cfg.SRTP.Send}.line()[2:]) {
				t.Error("the key in force was not offered")
			}
			if err != nil && string(l.Offer()) != offer {
				t.Error("an answer that cannot be changed something")
			}
		})
	}
}

// TestKeysOverTheLifeOfALeg: ours stays as long as theirs does, whoever offers; a new key of theirs is answered by a new one of ours, so
// that both count anew; and a leg may fall back to plain audio where it is not required to be protected.
func TestKeysOverTheLifeOfALeg(t *testing.T) {
	l := local(SRTPAccepted)
	answer := func(version int, proto string, lines ...string) (media.StreamConfig, Result) {
		t.Helper()
		_, cfg, r, err := l.Answer(audio(version, proto, lines...))
		if err != nil {
			t.Fatal(err)
		}
		return cfg, r
	}
	first, _ := answer(1, "RTP/SAVP", unknown, line80, line32)
	if first.SRTP.Recv.Suite != media.CM80 {
		t.Fatalf("got %v", first.SRTP)
	}
	if again, r := answer(2, "RTP/SAVP", line80); r.Changed != 0 || again.SRTP != first.SRTP {
		t.Errorf("the same again changed %v", r.Changed)
	}
	l.SetDirection(media.SendOnly)
	offer := string(l.Offer())
	if strings.Count(offer, "a=crypto") != 1 || !strings.Contains(offer, Crypto{"1", first.SRTP.Send}.line()) || !strings.Contains(offer, "RTP/SAVP") {
		t.Errorf("a hold offers\n%s", offer)
	}
	held, r, err := l.AcceptAnswer(audio(3, "RTP/SAVP", line80))
	if err != nil || held.SRTP != first.SRTP || r.Changed&KeysChanged != 0 {
		t.Errorf("after hold: %v, %v", r.Changed, err)
	}
	l.SetDirection(media.SendRecv)
	l.Offer()
	if _, _, err := l.AcceptAnswer(audio(4, "RTP/SAVP")); !errors.Is(err, ErrNoKeys) {
		t.Errorf("an answer that drops the keys: %v", err)
	}
	if err := l.Reject(); err != nil {
		t.Fatal(err)
	}
	other, r := answer(5, "RTP/SAVP", other80)
	if r.Changed&KeysChanged == 0 || other.SRTP.Recv == first.SRTP.Recv || other.SRTP.Send == first.SRTP.Send {
		t.Errorf("another key of theirs: changed %v, ours %v", r.Changed, other.SRTP.Send == first.SRTP.Send)
	}
	bare, r := answer(6, "RTP/AVP")
	if !bare.SRTP.Plain() || r.Changed&KeysChanged == 0 || strings.Contains(string(l.Offer()), "crypto") {
		t.Errorf("plain: %v, %v", bare.SRTP, r.Changed)
	}
}

func FuzzCrypto(f *testing.F) {
	f.Add(line80[9:])
	f.Add("1 AES_CM_128_HMAC_SHA1_80 inline:" + strings.Repeat("A", 40) + "|2^31|1:4 WSH=64")
	f.Fuzz(func(t *testing.T, line string) {
		c, ok := parseCrypto(line)
		if !ok {
			return
		}
		c.Key.MKI, c.Key.MKISize = [4]byte{}, 0 // we write none
		if again, ok := parseCrypto(c.line()); !ok || again != c {
			t.Errorf("%q became %q", line, c.line())
		}
	})
}
