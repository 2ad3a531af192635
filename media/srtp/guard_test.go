package srtp

import (
	"bytes"
	"testing"

	"tandem/media"
	"tandem/media/mediatest"
)

var suites = []media.Suite{media.AEAD128, media.AEAD256, media.CM80, media.CM32}

// key makes a key that is another for each fill.
func key(s media.Suite, fill byte) media.Key {
	n, m := s.Sizes()
	return media.NewKey(s, bytes.Repeat([]byte{fill}, n), bytes.Repeat([]byte{fill + 1}, m))
}

// guards are both ends of a stream.
func guards(t testing.TB, one, other media.Key) (ours, theirs *Guard) {
	t.Helper()
	ours, err := New(media.Keys{Send: one, Recv: other})
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = New(media.Keys{Send: other, Recv: one}); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// room is where packets are sealed to.
func room() []byte { return make([]byte, 0, 2048) }

func (g *Guard) mustSeal(t testing.TB, plain []byte) []byte {
	t.Helper()
	b, err := g.Seal(room(), plain)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// packet is RTP of a source; number decides its sequence and what it says.
func packet(ssrc uint32, number int) []byte {
	script := mediatest.Script{Codec: media.PCMU, SSRC: ssrc, Sequence: uint16(number)}
	return script.Packet(false, bytes.Repeat([]byte{byte(number)}, 160))
}

func report(ssrc byte) []byte { return []byte{0x80, 201, 0, 1, 0, 0, 0, ssrc} }

// TestThereAndBack: packets of every suite, with identifier and without, over the end of the sequence numbers; nothing of what is said
// can be read on the way, and no packet grows by more than Overhead.
func TestThereAndBack(t *testing.T) {
	for _, s := range suites {
		for _, mki := range []uint8{0, 1, 4} {
			t.Run(s.String(), func(t *testing.T) {
				one := key(s, 1)
				one.MKI, one.MKISize = [4]byte{0, 0, 0, 7}, mki
				ours, theirs := guards(t, one, key(s, 7))
				for n := range 300 {
					plain := packet(5, 65400+n)
					sealed := ours.mustSeal(t, plain)
					if grown := len(sealed) - len(plain); grown < 4 || grown > Overhead+int(mki) {
						t.Fatalf("packet %d grew by %d", n, grown)
					}
					if bytes.Contains(sealed, plain[12:40]) {
						t.Fatalf("packet %d can be read", n)
					}
					if got, ok := theirs.Open(sealed); !ok || !bytes.Equal(got, plain) {
						t.Fatalf("packet %d: got % x, %v", n, got, ok)
					}
				}
				sealed := ours.mustSeal(t, report(5))
				if len(sealed) > 8+Overhead+int(mki) || s.String() == "AES_CM_128_HMAC_SHA1_32" && len(sealed) != 8+4+10+int(mki) {
					t.Errorf("a report grew to %d", len(sealed))
				}
				if got, ok := theirs.Open(sealed); !ok || !bytes.Equal(got, report(5)) {
					t.Errorf("report: got % x, %v", got, ok)
				}
			})
		}
	}
}

// TestOpenRefuses: forged, repeated, foreign, bare, short and too many sources.
func TestOpenRefuses(t *testing.T) {
	for _, s := range suites {
		t.Run(s.String(), func(t *testing.T) {
			ours, theirs := guards(t, key(s, 1), key(s, 7))
			_, alien := guards(t, key(s, 1), key(s, 9))
			good := theirs.mustSeal(t, packet(1, 1))
			twice := bytes.Clone(good)
			forged := theirs.mustSeal(t, packet(1, 2))
			forged[20] ^= 1
			for i, tt := range []struct {
				packet []byte
				want   bool
			}{
				{good, true}, {twice, false}, {forged, false}, {alien.mustSeal(t, packet(1, 3)), false}, {packet(1, 4), false},
				{theirs.mustSeal(t, packet(2, 2))[:20], false}, {[]byte{0x80}, false}, {[]byte{0x80, 200}, false}, {nil, false},
				{theirs.mustSeal(t, report(1)), true}, {report(2), false},
			} {
				if _, ok := ours.Open(tt.packet); ok != tt.want {
					t.Errorf("case %d: got %v", i, ok)
				}
			}
			for ssrc := uint32(2); ssrc <= maxSources+3; ssrc++ {
				want := ssrc <= maxSources
				if _, ok := ours.Open(theirs.mustSeal(t, packet(ssrc, int(ssrc)))); ok != want {
					t.Errorf("source %d: got %v", ssrc, ok)
				}
				if _, ok := ours.Open(theirs.mustSeal(t, report(byte(ssrc)))); ok != want {
					t.Errorf("reporter %d: got %v", ssrc, ok)
				}
			}
			if _, err := ours.Seal(room(), []byte{0x80}); err == nil {
				t.Error("sealed what is no packet")
			}
		})
	}
	for _, k := range []media.Keys{{}, {Send: key(media.CM80, 1)}, {Recv: key(media.CM80, 1)}, {Send: media.Key{Suite: 99}, Recv: key(media.CM80, 1)}} {
		if g, err := New(k); err == nil {
			t.Errorf("%+v makes %v", k, g)
		}
	}
}

// TestRenew: a direction whose key stays counts on over the end of the sequence numbers, whatever becomes of the other.
func TestRenew(t *testing.T) {
	for _, s := range suites {
		t.Run(s.String(), func(t *testing.T) {
			k := [4]media.Key{key(s, 1), key(s, 7), key(s, 20), key(s, 30)}
			ours, theirs := guards(t, k[0], k[1])
			exchange := func(number int) {
				t.Helper()
				for _, way := range [][2]*Guard{{ours, theirs}, {theirs, ours}} {
					plain := packet(5, number)
					if got, ok := way[1].Open(way[0].mustSeal(t, plain)); !ok || !bytes.Equal(got, plain) {
						t.Fatalf("packet %d: %v", number, ok)
					}
				}
			}
			renew := func(send, recv media.Key) {
				t.Helper()
				var err error
				if ours, err = Renew(ours, media.Keys{Send: send, Recv: recv}); err != nil {
					t.Fatal(err)
				}
			}
			for n := range 100 {
				exchange(65480 + n)
			}
			before := ours
			if renew(k[0], k[1]); ours != before {
				t.Error("the same keys made a new guard")
			}
			renew(k[0], k[2]) // they send with another key, and begin to count anew
			fresh, err := New(media.Keys{Send: k[2], Recv: k[0]})
			if err != nil {
				t.Fatal(err)
			}
			fresh.opener = theirs.opener // and know how far we are
			theirs = fresh
			exchange(200)
			renew(k[3], k[2])
			if fresh, err = New(media.Keys{Send: k[2], Recv: k[3]}); err != nil {
				t.Fatal(err)
			}
			fresh.sealer = theirs.sealer
			theirs = fresh
			exchange(300)
			if _, err := Renew(ours, media.Keys{Send: k[3]}); err == nil {
				t.Error("half of the keys made a guard")
			}
		})
	}
}

// TestNoAllocation: neither way, of any suite.
func TestNoAllocation(t *testing.T) {
	for _, s := range suites {
		ours, theirs := guards(t, key(s, 1), key(s, 7))
		dst, plain, sealed := room(), packet(5, 0), [][]byte{}
		for n := range 300 {
			sealed = append(sealed, theirs.mustSeal(t, packet(5, n)))
		}
		number := 0
		out := testing.AllocsPerRun(200, func() {
			number++
			plain[3] = byte(number)
			if _, err := ours.Seal(dst, plain); err != nil {
				t.Fatal(err)
			}
		})
		number = 0
		in := testing.AllocsPerRun(200, func() {
			if _, ok := ours.Open(sealed[number]); !ok {
				t.Fatal(number)
			}
			number++
		})
		if in != 0 || out != 0 {
			t.Errorf("%s: %v allocations in, %v out", s, in, out)
		}
	}
}

func BenchmarkGuard(b *testing.B) {
	for _, s := range suites {
		ours, theirs := guards(b, key(s, 1), key(s, 7))
		dst, number := room(), 0
		b.Run("seal/"+s.String(), func(b *testing.B) {
			b.ReportAllocs()
			plain := packet(5, 0)
			for b.Loop() {
				number++
				plain[2], plain[3] = byte(number>>8), byte(number)
				if _, err := ours.Seal(dst, plain); err != nil {
					b.Fatal(err)
				}
			}
		})
		ours, theirs = guards(b, key(s, 1), key(s, 7))
		b.Run("both/"+s.String(), func(b *testing.B) {
			b.ReportAllocs()
			plain := packet(5, 0)
			for b.Loop() {
				number++
				plain[2], plain[3] = byte(number>>8), byte(number)
				sealed, err := ours.Seal(dst, plain)
				if _, ok := theirs.Open(sealed); err != nil || !ok {
					b.Fatal(err)
				}
			}
		})
	}
}
