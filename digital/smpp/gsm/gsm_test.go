package gsm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestAlphabetKnown holds codes of TS 23.038 §6.2.1 and §6.2.1.1.
func TestAlphabetKnown(t *testing.T) {
	for _, test := range []struct{ text, octets string }{
		{"@£$¥", "00010203"}, {"èéùìò", "0405060708"}, {"Ç\nØø\rÅå", "090a0b0c0d0e0f"}, {"Δ_ΦΓΛΩΠΨΣΘΞ", "101112131415161718191a"},
		{"ÆæßÉ", "1c1d1e1f"}, {" !\"#¤%", "202122232425"}, {"0Az¡", "30417a40"}, {"ÄÖÑÜ§", "5b5c5d5e5f"}, {"¿äöñüà", "607b7c7d7e7f"},
		{"€", "1b65"}, {"[]{}", "1b3c1b3e1b281b29"}, {"\\^~|", "1b2f1b141b3d1b40"}, {"\f", "1b0a"},
	} {
		got := hex.EncodeToString(Encode(test.text, Default))
		if got != test.octets {
			t.Errorf("%q: got %s, want %s", test.text, got, test.octets)
		}
		octets, _ := hex.DecodeString(test.octets)
		if back := Decode(octets, Default); back != test.text {
			t.Errorf("%s: got %q, want %q", test.octets, back, test.text)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, test := range []struct {
		name, octets string
		coding       Coding
		want         string
	}{
		{"ucs2", "004100e4d83dde00", UCS2, "Aä😀"},
		{"ucs2, odd octet", "004100", UCS2, "A"},
		{"ucs2, half a pair", "d83d", UCS2, "\uFFFD"},
		{"latin-1", "e4fc", Latin1, "äü"},
		{"ascii", "414243", ASCII, "ABC"},
		{"escape at the end", "411b", Default, "A "},
		{"unknown extension", "1b41", Default, "A"},
		{"two escapes", "1b1b41", Default, " A"},
		{"eighth bit is dropped", "c1", Default, "A"},
		{"flash message", "41", 0xF0, "A"},
		{"flash message in ucs2", "00410042", 0x18, "AB"},
		{"binary class", "e4", 0xF4, "ä"},
	} {
		octets, _ := hex.DecodeString(test.octets)
		if got := Decode(octets, test.coding); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestMeasure(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       Count
	}{
		{"empty", "", Count{Default, 0, 1, 160}},
		{"full", strings.Repeat("a", 160), Count{Default, 160, 1, 0}},
		{"one more", strings.Repeat("a", 161), Count{Default, 161, 2, 145}},
		{"two full", strings.Repeat("a", 306), Count{Default, 306, 2, 0}},
		{"three", strings.Repeat("a", 307), Count{Default, 307, 3, 152}},
		{"euro takes two", strings.Repeat("€", 80), Count{Default, 160, 1, 0}},
		{"euro is not parted", strings.Repeat("a", 152) + "€" + strings.Repeat("a", 10), Count{Default, 164, 2, 141}},
		{"ucs2 full", strings.Repeat("ж", 70), Count{UCS2, 70, 1, 0}},
		{"ucs2 one more", strings.Repeat("ж", 71), Count{UCS2, 71, 2, 63}},
		{"emoji takes two", strings.Repeat("😀", 35), Count{UCS2, 70, 1, 0}},
		{"emoji is not parted", strings.Repeat("ж", 66) + "😀ж" + strings.Repeat("ж", 5), Count{UCS2, 74, 2, 59}},
	} {
		if got := Measure(test.text); got != test.want {
			t.Errorf("%s: got %+v, want %+v", test.name, got, test.want)
		}
	}
}

func TestSplitHeaders(t *testing.T) {
	text := strings.Repeat("a", 200)
	for _, test := range []struct {
		name   string
		how    Concat
		header string
		first  int
	}{
		{"8 bit", Reference8, "0500032a0201", 153},
		{"16 bit", Reference16, "060804012a0201", 152},
		{"sar", Sar, "", 153},
	} {
		parts, err := Split(text, 0x12A, test.how)
		if err != nil || len(parts) != 2 {
			t.Fatalf("%s: got %d parts, %v", test.name, len(parts), err)
		}
		if got := hex.EncodeToString(parts[0].Header); got != test.header {
			t.Errorf("%s: got header %s, want %s", test.name, got, test.header)
		}
		if n := len(parts[0].Data); n != test.first {
			t.Errorf("%s: got %d septets in the first part, want %d", test.name, n, test.first)
		}
	}
	if _, err := Split(strings.Repeat("a", 153*255+1), 1, Reference8); !errors.Is(err, ErrTooLong) {
		t.Errorf("got %v, want too long", err)
	}
	if parts, err := Split(strings.Repeat("a", 153*255), 1, Reference8); err != nil || len(parts) != 255 {
		t.Errorf("got %d parts, %v, want 255", len(parts), err)
	}
}

func TestCutHeader(t *testing.T) {
	for _, test := range []struct {
		name, octets string
		want         Header
		rest         string
		bad          bool
	}{
		{"8 bit", "0500032a020161", Header{Ref: 0x2A, Total: 2, Index: 1}, "61", false},
		{"16 bit behind a port", "0b05040b8423f00003ff0301", Header{Ref: 0xFF, Total: 3, Index: 1}, "", false},
		{"16 bit", "0608041234030262", Header{Ref: 0x1234, Wide: true, Total: 3, Index: 2}, "62", false},
		{"index 0 is ignored", "0500032a0200", Header{}, "", false},
		{"index above total is ignored", "0500032a0203", Header{}, "", false},
		{"longer than the message", "0600032a0201", Header{}, "", true},
		{"element longer than the header", "0500042a0201", Header{}, "", true},
		{"empty", "", Header{}, "", true},
	} {
		octets, _ := hex.DecodeString(test.octets)
		got, rest, err := CutHeader(octets)
		if got != test.want || hex.EncodeToString(rest) != test.rest || (err != nil) != test.bad {
			t.Errorf("%s: got %+v, %x, %v", test.name, got, rest, err)
		}
	}
}

func TestDowngrade(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"“Don’t” – wait…", `"Don't" - wait...`}, {"plain", "plain"}, {"жук “x”", "жук “x”"}, {"a\u00A0b", "a b"},
	} {
		if got := Downgrade(test.text); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

// TestAnyOrder cuts random texts and puts them together from parts in random order, with repeats and other texts in between.
func TestAnyOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	runes := []rune("abcdef €[]{}ж😀ñ\n")
	r := NewReassembler(Limits{})
	now := time.Unix(0, 0)
	for round := range 300 {
		var b strings.Builder
		for range rng.IntN(1200) {
			n := len(runes)
			if round%2 == 0 {
				n = 13
			}
			b.WriteRune(runes[rng.IntN(n)])
		}
		how := Concat(round % 2)
		parts, err := Split(b.String(), uint16(round), how)
		if err != nil {
			t.Fatal(err)
		}
		var pieces []Piece
		for _, p := range parts {
			if len(p.Header)+len(p.Data) > 160 {
				t.Fatalf("a part has %d octets", len(p.Header)+len(p.Data))
			}
			text := p.Data
			piece := Piece{From: "a", To: fmt.Sprint(round), Ref: p.Ref, Total: p.Total, Index: p.Index}
			if len(p.Header) > 0 {
				h, rest, err := CutHeader(append(bytes.Clone(p.Header), p.Data...))
				if err != nil || h.Index != p.Index || h.Total != p.Total || h.Ref != p.Ref {
					t.Fatalf("got %+v, %v from the header of %+v", h, err, p)
				}
				text, piece.Wide = rest, h.Wide
			}
			piece.Text = Decode(text, p.Coding)
			pieces = append(pieces, piece, piece)
		}
		rng.Shuffle(len(pieces), func(i, j int) { pieces[i], pieces[j] = pieces[j], pieces[i] })
		var whole []Whole
		for _, piece := range pieces {
			if whole = r.Add(piece, now); len(whole) > 0 {
				break
			}
		}
		if len(whole) != 1 || whole[0].Text != b.String() || whole[0].Missing != 0 {
			t.Fatalf("round %d: got %+v, want %q", round, whole, b.String())
		}
	}
	if r.Open() != 0 {
		t.Errorf("%d texts are open", r.Open())
	}
}

func TestReassemblerBounds(t *testing.T) {
	r := NewReassembler(Limits{Texts: 2, Octets: 100, Wait: time.Minute})
	now := time.Unix(0, 0)
	add := func(ref int, text string) []Whole {
		return r.Add(Piece{From: "a", Ref: uint16(ref), Total: 3, Index: 2, Text: text}, now)
	}
	add(1, "one")
	now = now.Add(time.Second)
	add(2, "two")
	if got := add(3, "three"); len(got) != 1 || got[0].Text != "one" || got[0].Missing != 2 {
		t.Errorf("got %+v, want the oldest given up", got)
	}
	if got := add(3, "again"); got != nil {
		t.Errorf("got %+v for a repeat", got)
	}
	if got := r.Add(Piece{From: "a", Ref: 3, Total: 3, Index: 1, Text: strings.Repeat("x", 100)}, now); len(got) != 2 || r.octets != 0 {
		t.Errorf("got %+v and %d octets, want all given up by size", got, r.octets)
	}
	add(4, "four")
	if at := r.Deadline(); !at.Equal(now.Add(time.Minute)) {
		t.Errorf("got deadline %s", at)
	}
	if got := r.Expire(now.Add(59 * time.Second)); got != nil {
		t.Errorf("got %+v too early", got)
	}
	if got := r.Expire(now.Add(time.Minute)); len(got) != 1 || got[0].Text != "four" || !r.Deadline().IsZero() {
		t.Errorf("got %+v", got)
	}
	if got := r.Add(Piece{Total: 3, Index: 4, Text: "odd"}, now); len(got) != 1 || got[0].Text != "odd" {
		t.Errorf("got %+v for a piece out of range", got)
	}
}

func FuzzText(f *testing.F) {
	f.Add("hello €", uint16(7), byte(0))
	f.Add(strings.Repeat("😀", 200), uint16(300), byte(1))
	f.Fuzz(func(t *testing.T, text string, ref uint16, how byte) {
		if !utf8.ValidString(text) || strings.ContainsRune(text, '\x1b') {
			return
		}
		parts, err := Split(text, ref, Concat(how%3))
		if err != nil {
			return
		}
		count := Measure(text)
		if how%3 != byte(Reference16) && count.Segments != len(parts) {
			t.Errorf("measured %d parts, cut %d", count.Segments, len(parts))
		}
		var back strings.Builder
		for _, p := range parts {
			back.WriteString(Decode(p.Data, p.Coding))
		}
		if back.String() != text {
			t.Errorf("got %q, want %q", back.String(), text)
		}
	})
}

func FuzzCutHeader(f *testing.F) {
	f.Add([]byte{5, 0, 3, 1, 2, 1, 'a'})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, rest, err := CutHeader(b)
		if err == nil && (len(rest) >= len(b) || h.Index > h.Total) {
			t.Errorf("got %+v and %d octets of %d", h, len(rest), len(b))
		}
		Decode(b, UCS2)
		Decode(b, Default)
	})
}

func BenchmarkMeasure(b *testing.B) {
	text := strings.Repeat("The quick brown fox €. ", 20)
	for b.Loop() {
		Measure(text)
	}
}
