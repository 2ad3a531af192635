package rtp

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func sample() Compound {
	return Compound{
		SSRC: 0x01020304, Sender: true, NTP: 0x1122334455667788, RTP: 160, Packets: 5, Octets: 800,
		Blocks: [MaxBlocks]Block{{SSRC: 9, Fraction: 51, Lost: -2, Highest: 70000, Jitter: 40, LastSR: 7, Delay: 8}},
		Count:  1, CNAME: []byte("leg@tandem"),
	}
}

func TestCompoundBytes(t *testing.T) {
	c := Compound{SSRC: 0x01020304, CNAME: []byte("ab"), Bye: true, Reason: []byte("x")}
	want := []byte{
		0x80, 201, 0, 1, 1, 2, 3, 4,
		0x81, 202, 0, 3, 1, 2, 3, 4, 1, 2, 'a', 'b', 0, 0, 0, 0,
		0x81, 203, 0, 2, 1, 2, 3, 4, 1, 'x', 0, 0,
	}
	if got := c.Append(nil); !bytes.Equal(got, want) {
		t.Errorf("got\n% x, want\n% x", got, want)
	}
}

func TestCompoundRoundTrip(t *testing.T) {
	full := sample()
	full.Count = MaxBlocks
	full.Bye, full.Reason = true, []byte("done")
	receiver := Compound{SSRC: 4, CNAME: []byte("x"), Count: 1, Blocks: [MaxBlocks]Block{{SSRC: 1, Lost: 0x7fffff}}}
	for _, want := range []Compound{sample(), full, receiver, {SSRC: 1, CNAME: []byte{}}} {
		b := want.Append([]byte("head"))
		if string(b[:4]) != "head" || len(b)%4 != 0 {
			t.Errorf("Append does not keep what is there, or whole words: %d bytes", len(b))
		}
		var got Compound
		if err := got.Parse(b[4:]); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%+v, want\n%+v", got, want)
		}
	}
}

func TestCompoundText(t *testing.T) {
	c := Compound{CNAME: []byte(strings.Repeat("n", 400))}
	var got Compound
	if err := got.Parse(c.Append(nil)); err != nil || len(got.CNAME) != maxText {
		t.Errorf("a long name: %d bytes, %v", len(got.CNAME), err)
	}
}

func TestCompoundParse(t *testing.T) {
	rr := []byte{0x80, 201, 0, 1, 0, 0, 0, 5}
	join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
	tests := []struct {
		name string
		in   []byte
		err  error
	}{
		{"empty", nil, ErrShort},
		{"three bytes", rr[:3], ErrShort},
		{"receiver report alone", rr, nil},
		{"length beyond the end", rr[:4], ErrShape},
		{"without SSRC", []byte{0x80, 201, 0, 0}, ErrShape},
		{"version 1", []byte{0x40, 201, 0, 1, 0, 0, 0, 5}, ErrVersion},
		{"BYE first", []byte{0x81, 203, 0, 1, 0, 0, 0, 5}, ErrType},
		{"a block promised, none there", []byte{0x81, 201, 0, 1, 0, 0, 0, 5}, ErrShape},
		{"sender report cut", []byte{0x80, 200, 0, 1, 0, 0, 0, 5}, ErrShape},
		{"unknown type after", join(rr, []byte{0x80, 207, 0, 0}), nil},
		{"padding on the last", join([]byte{0xa0, 201, 0, 2, 0, 0, 0, 5}, []byte{0, 0, 0, 4}), nil},
		{"padding too long", join([]byte{0xa0, 201, 0, 2, 0, 0, 0, 5}, []byte{0, 0, 0, 16}), ErrPadding},
		{"padding not in words", join([]byte{0xa0, 201, 0, 2, 0, 0, 0, 5}, []byte{0, 0, 0, 3}), ErrPadding},
		{"padding on the first", join([]byte{0xa0, 201, 0, 2, 0, 0, 0, 5}, []byte{0, 0, 0, 4}, rr), ErrPadding},
		{"padding flag, empty body", join(rr, []byte{0xa0, 207, 0, 0}), ErrPadding},
		{"item beyond the end", join(rr, []byte{0x81, 202, 0, 2, 0, 0, 0, 5, 1, 9, 'a', 'b'}), ErrShape},
		{"SDES without chunks", join(rr, []byte{0x80, 202, 0, 0}), nil},
		{"SDES chunk without SSRC", join(rr, []byte{0x81, 202, 0, 0}), ErrShape},
		{"BYE of nobody", join(rr, []byte{0x80, 203, 0, 0}), nil},
		{"BYE without SSRC", join(rr, []byte{0x81, 203, 0, 0}), ErrShape},
		{"reason beyond the end", join(rr, []byte{0x81, 203, 0, 2, 0, 0, 0, 5, 7, 'a', 'b', 'c'}), ErrShape},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var c Compound
			if err := c.Parse(tt.in); !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
		})
	}
}

func TestCompoundManyBlocks(t *testing.T) {
	b := []byte{0x80 | 31, 201, 0, 1 + 31*6, 0, 0, 0, 5}
	for i := range 31 {
		blk := Block{SSRC: uint32(i + 1)}
		b = blk.append(b)
	}
	var c Compound
	if err := c.Parse(b); err != nil || c.Count != MaxBlocks {
		t.Fatalf("got %d blocks, %v", c.Count, err)
	}
	if _, ok := c.About(2); !ok {
		t.Error("the block about 2 is not found")
	}
	if _, ok := c.About(31); ok {
		t.Error("a block beyond the limit is found")
	}
}

func TestNTP(t *testing.T) {
	for _, want := range []time.Time{
		time.Date(2025, 6, 1, 12, 0, 0, 500_000_000, time.UTC),
		time.Date(2036, 2, 7, 6, 28, 15, 0, time.UTC),
		time.Date(2040, 1, 1, 0, 0, 0, 1000, time.UTC),
	} {
		if got := NTPOf(want).Time(); got.Sub(want).Abs() > time.Nanosecond {
			t.Errorf("got %v, want %v", got, want)
		}
	}
	if got := NTPOf(time.Unix(0, 0)); got != ntpEpoch<<32 {
		t.Errorf("1970: got %x", uint64(got))
	}
	if got := NTP(0x1122334455667788).Middle(); got != 0x33445566 {
		t.Errorf("Middle: got %x", got)
	}
}

func TestShort(t *testing.T) {
	for _, tt := range []struct {
		in   time.Duration
		want uint32
	}{{0, 0}, {-time.Second, 0}, {time.Second, 1 << 16}, {500 * time.Millisecond, 1 << 15}, {1 << 62, 65535 << 16}} {
		if got := Short(tt.in); got != tt.want {
			t.Errorf("Short(%v): got %d, want %d", tt.in, got, tt.want)
		}
	}
}

// The example of RFC 3550 §6.4.1, figure 2: 6.125 s.
func TestRoundTripRFC3550(t *testing.T) {
	now := NTP(0xb710_8000 << 16)
	b := Block{LastSR: 0xb705_2000, Delay: 0x0005_4000}
	got, ok := RoundTrip(now, b)
	if want := 6125 * time.Millisecond; !ok || got != want {
		t.Errorf("got %v %v, want %v", got, ok, want)
	}
	if _, ok := RoundTrip(now, Block{}); ok {
		t.Error("without a sender report there is no figure")
	}
	if _, ok := RoundTrip(now, Block{LastSR: 0xb710_8001}); ok {
		t.Error("a negative time was taken")
	}
}

func TestRTCPAllocates(t *testing.T) {
	c, buf := sample(), make([]byte, 0, 300)
	var in Compound
	if got := testing.AllocsPerRun(100, func() {
		buf = c.Append(buf[:0])
		if err := in.Parse(buf); err != nil {
			t.Fatal(err)
		}
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func FuzzCompound(f *testing.F) {
	c := sample()
	f.Add(c.Append(nil))
	c.Bye, c.Reason = true, []byte("bye")
	f.Add(c.Append(nil))
	f.Add([]byte{0x80, 201, 0, 1, 0, 0, 0, 5})
	f.Fuzz(func(t *testing.T, b []byte) {
		var c, again Compound
		if c.Parse(b) != nil {
			return
		}
		printed := c.Append(nil)
		if err := again.Parse(printed); err != nil {
			t.Fatalf("what we print is not taken: %v", err)
		}
		if twice := again.Append(nil); !bytes.Equal(printed, twice) {
			t.Errorf("not stable:\n% x\n% x", printed, twice)
		}
	})
}

func BenchmarkCompound(b *testing.B) {
	c, buf := sample(), make([]byte, 0, 300)
	var in Compound
	b.ReportAllocs()
	for b.Loop() {
		buf = c.Append(buf[:0])
		_ = in.Parse(buf)
	}
}
