package rtp

import (
	"bytes"
	"errors"
	"testing"

	pion "github.com/pion/rtp"
)

// plain makes a packet without CSRC list, extension and padding.
func plain(h Header, payload ...byte) []byte {
	b := make([]byte, HeaderSize+len(payload))
	h.Put(b)
	copy(b[HeaderSize:], payload)
	return b
}

func mustParse(t testing.TB, b []byte) Packet {
	t.Helper()
	p, err := Parse(b)
	if err != nil {
		t.Fatalf("Parse(% x): %v", b, err)
	}
	return p
}

func TestParse(t *testing.T) {
	head := []byte{0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3}
	with := func(first byte, rest ...byte) []byte {
		b := append(bytes.Clone(head), rest...)
		b[0] = first
		return b
	}
	tests := []struct {
		name    string
		in      []byte
		payload []byte
		err     error
	}{
		{"empty", nil, nil, ErrShort},
		{"eleven bytes", head[:11], nil, ErrShort},
		{"no payload", head, []byte{}, nil},
		{"payload", with(0x80, 7, 8), []byte{7, 8}, nil},
		{"version 1", with(0x40, 7), nil, ErrVersion},
		{"version 0, as STUN", with(0x00, 7), nil, ErrVersion},
		{"one CSRC", with(0x81, 1, 1, 1, 1, 7), []byte{7}, nil},
		{"CSRC list beyond the end", with(0x82, 1, 1, 1, 1, 7), nil, ErrShape},
		{"fifteen CSRCs, nothing there", with(0x8f), nil, ErrShape},
		{"empty extension", with(0x90, 0xbe, 0xde, 0, 0, 7), []byte{7}, nil},
		{"extension of one word", with(0x90, 0xbe, 0xde, 0, 1, 9, 9, 9, 9, 7), []byte{7}, nil},
		{"extension header cut", with(0x90, 0xbe, 0xde, 0), nil, ErrShape},
		{"extension beyond the end", with(0x90, 0xbe, 0xde, 0, 2, 9, 9, 9, 9), nil, ErrShape},
		{"extension of 65535 words", with(0x90, 0xbe, 0xde, 0xff, 0xff, 9), nil, ErrShape},
		{"padding", with(0xa0, 7, 0, 0, 3), []byte{7}, nil},
		{"all padding", with(0xa0, 0, 2), []byte{}, nil},
		{"padding of zero", with(0xa0, 7, 0), nil, ErrPadding},
		{"padding over the payload", with(0xa0, 7, 3), nil, ErrPadding},
		{"padding flag, no payload", with(0xa0), nil, ErrPadding},
		{"CSRC, extension and padding", with(0xb1, 1, 1, 1, 1, 0, 5, 0, 1, 9, 9, 9, 9, 7, 1), []byte{7}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := Parse(tt.in)
			if !errors.Is(err, tt.err) {
				t.Fatalf("got error %v, want %v", err, tt.err)
			}
			if err == nil && !bytes.Equal(p.Payload(), tt.payload) {
				t.Errorf("got payload % x, want % x", p.Payload(), tt.payload)
			}
		})
	}
}

func TestFields(t *testing.T) {
	b := []byte{0xb2, 0xe5, 0xab, 0xcd, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 11, 0, 0, 0, 12, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 'x', 'y', 0, 2}
	p := mustParse(t, b)
	want := Header{Marker: true, PayloadType: 101, Sequence: 0xabcd, Timestamp: 0x01020304, SSRC: 0x05060708}
	if got := p.Header(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if p.CSRCs() != 2 || p.CSRC(0) != 11 || p.CSRC(1) != 12 || p.CSRC(2) != 0 || p.CSRC(-1) != 0 {
		t.Errorf("CSRCs: %d %d %d", p.CSRCs(), p.CSRC(0), p.CSRC(1))
	}
	profile, data := p.Extension()
	if profile != 0xbede || !bytes.Equal(data, []byte{1, 2, 3, 4}) {
		t.Errorf("extension %x % x", profile, data)
	}
	if _, data := mustParse(t, plain(Header{})).Extension(); data != nil {
		t.Errorf("extension of a plain packet: % x", data)
	}
}

func TestRewriteKeepsTheRest(t *testing.T) {
	b := []byte{0xb1, 0x80, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9, 0, 7, 0, 1, 1, 2, 3, 4, 'a', 'b', 0, 2}
	before := bytes.Clone(b)
	h := Header{Marker: false, PayloadType: 96, Sequence: 65535, Timestamp: 1 << 31, SSRC: 77}
	p := mustParse(t, b)
	p.Rewrite(h)
	if got := mustParse(t, b).Header(); got != h {
		t.Errorf("got %+v, want %+v", got, h)
	}
	if b[0] != before[0] || !bytes.Equal(b[12:], before[12:]) {
		t.Errorf("the rest changed:\n% x\n% x", b, before)
	}
	p.Rewrite(Header{PayloadType: 0xff})
	if p.Marker() || p.PayloadType() != 127 {
		t.Errorf("a payload type over 127 spilt into the marker: %v %d", p.Marker(), p.PayloadType())
	}
}

func TestStrip(t *testing.T) {
	b := []byte{0xb1, 0x88, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9, 0, 7, 0, 1, 1, 2, 3, 4, 'a', 'b', 0, 2}
	p := mustParse(t, b)
	h := p.Header()
	s := p.Strip()
	again := mustParse(t, s.Bytes())
	if again.Header() != h || string(again.Payload()) != "ab" || len(s.Bytes()) != HeaderSize+2 || again.CSRCs() != 0 {
		t.Errorf("got %+v %q in %d bytes", again.Header(), again.Payload(), len(s.Bytes()))
	}
}

func TestAgreesWithPion(t *testing.T) {
	want := pion.Packet{
		Header:  pion.Header{Version: 2, Marker: true, PayloadType: 8, SequenceNumber: 513, Timestamp: 99, SSRC: 0xdeadbeef, CSRC: []uint32{4, 5}},
		Payload: []byte{1, 2, 3},
	}
	if err := want.SetExtension(1, []byte{0xaa}); err != nil {
		t.Fatal(err)
	}
	b, err := want.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	p := mustParse(t, b)
	if got := p.Header(); got != (Header{true, 8, 513, 99, 0xdeadbeef}) {
		t.Errorf("got %+v", got)
	}
	if !bytes.Equal(p.Payload(), want.Payload) || p.CSRC(1) != 5 {
		t.Errorf("got payload % x, CSRC %d", p.Payload(), p.CSRC(1))
	}
}

func TestIsRTCP(t *testing.T) {
	for _, tt := range []struct {
		second byte
		want   bool
	}{{0, false}, {0x80 | 8, false}, {191, false}, {192, true}, {200, true}, {207, true}, {223, true}, {224, false}} {
		if got := IsRTCP([]byte{0x80, tt.second}); got != tt.want {
			t.Errorf("IsRTCP with %d: got %v, want %v", tt.second, got, tt.want)
		}
	}
	if IsRTCP([]byte{0x80}) || IsRTCP([]byte{0x00, 200}) {
		t.Error("too short or of another version, and taken")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(plain(Header{PayloadType: 8}, 1, 2, 3))
	f.Add([]byte{0xb1, 0x80, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 9, 0, 7, 0, 1, 1, 2, 3, 4, 'a', 'b', 0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Parse(b)
		if err != nil {
			return
		}
		payload := bytes.Clone(p.Payload())
		for i := range p.CSRCs() {
			p.CSRC(i)
		}
		p.Extension()
		h := p.Header()
		p.Rewrite(h)
		again := mustParse(t, p.Strip().Bytes())
		if again.Header() != h || !bytes.Equal(again.Payload(), payload) {
			t.Errorf("stripped: %+v % x, was %+v % x", again.Header(), again.Payload(), h, payload)
		}
	})
}

func BenchmarkParseRewrite(b *testing.B) {
	buf := plain(Header{PayloadType: 8}, make([]byte, 160)...)
	b.ReportAllocs()
	for b.Loop() {
		p, _ := Parse(buf)
		h := p.Header()
		h.Sequence++
		h.Timestamp += 160
		p.Rewrite(h)
	}
}
