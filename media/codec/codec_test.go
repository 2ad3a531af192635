package codec

import (
	"math"
	"testing"

	"github.com/zaf/g711"

	"tandem/media"
)

func TestEncodeAgreesWithLibrary(t *testing.T) {
	samples := make([]int16, 1<<16)
	for i := range samples {
		samples[i] = int16(i)
	}
	u, a := make([]byte, len(samples)), make([]byte, len(samples))
	if Encode(media.PCMU, u, samples) != len(samples) || Encode(media.PCMA, a, samples) != len(samples) {
		t.Fatal("not all samples were encoded")
	}
	for i, s := range samples {
		if want := g711.EncodeUlawFrame(s); u[i] != want {
			t.Fatalf("µ-law of %d: got %#x, want %#x", s, u[i], want)
		}
		if want := g711.EncodeAlawFrame(s); a[i] != want {
			t.Fatalf("A-law of %d: got %#x, want %#x", s, a[i], want)
		}
	}
}

func TestDecodeAndTranscodeAgreeWithLibrary(t *testing.T) {
	frame, out := make([]byte, 256), make([]int16, 256)
	fill := func() {
		for i := range frame {
			frame[i] = byte(i)
		}
	}
	for _, tt := range []struct {
		from, to  media.Codec
		decode    func(uint8) int16
		transcode func(uint8) uint8
	}{
		{media.PCMU, media.PCMA, g711.DecodeUlawFrame, g711.Ulaw2AlawFrame},
		{media.PCMA, media.PCMU, g711.DecodeAlawFrame, g711.Alaw2UlawFrame},
	} {
		fill()
		Decode(tt.from, out, frame)
		for i := range out {
			if want := tt.decode(uint8(i)); out[i] != want {
				t.Errorf("codec %d, word %#x: got %d, want %d", tt.from, i, out[i], want)
			}
		}
		Transcode(tt.from, tt.to, frame)
		for i := range frame {
			if want := tt.transcode(uint8(i)); frame[i] != want {
				t.Errorf("codec %d to %d, word %#x: got %#x, want %#x", tt.from, tt.to, i, frame[i], want)
			}
		}
	}
}

func TestShapes(t *testing.T) {
	if n := Decode(media.PCMU, make([]int16, 3), make([]byte, 9)); n != 3 {
		t.Errorf("Decode into three: got %d", n)
	}
	if n := Encode(media.PCMA, make([]byte, 9), make([]int16, 4)); n != 4 {
		t.Errorf("Encode of four: got %d", n)
	}
	same := []byte{1, 2}
	if Transcode(media.PCMU, media.PCMU, same) != 2 || same[0] != 1 {
		t.Error("the same codec changed something")
	}
	if Decode(media.NoCodec, make([]int16, 1), same)+Encode(media.NoCodec, same, make([]int16, 1))+
		Transcode(media.NoCodec, media.PCMU, same)+Transcode(media.PCMU, 77, same)+FillSilence(77, same) != 0 {
		t.Error("an unknown codec did something")
	}
}

func TestSilence(t *testing.T) {
	frame, out := make([]byte, 160), make([]int16, 160)
	for _, c := range []media.Codec{media.PCMU, media.PCMA} {
		FillSilence(c, frame)
		Decode(c, out, frame)
		if level := Level(out); level > -65 { // A-law has no zero: its smallest value is ±8
			t.Errorf("codec %d: silence has %.1f dBm0", c, level)
		}
	}
}

func TestLevel(t *testing.T) {
	sine := make([]int16, 800)
	for _, want := range []float64{3, 0, -10, -20, -35} {
		for i := range sine {
			sine[i] = int16(Amplitude(want) * math.Sin(2*math.Pi*1000*float64(i)/8000))
		}
		if got := Level(sine); math.Abs(got-want) > 0.1 {
			t.Errorf("linear: got %.2f, want %.2f dBm0", got, want)
		}
		for _, c := range []media.Codec{media.PCMU, media.PCMA} {
			frame := make([]byte, len(sine))
			Encode(c, frame, sine)
			var m Meter
			heard := make([]int16, len(sine))
			Decode(c, heard, frame)
			m.Add(Energy(heard), len(heard))
			if got := m.Level(); math.Abs(got-want) > 0.2 {
				t.Errorf("codec %d: got %.2f, want %.2f dBm0", c, got, want)
			}
		}
	}
	var m Meter
	if Level(nil) != Floor || m.Level() != Floor || Level(make([]int16, 10)) != Floor {
		t.Error("nothing is not the floor")
	}
}

// The digital milliwatt of ITU-T G.711 tables 5 and 6 is 0 dBm0 by definition.
func TestDigitalMilliwatt(t *testing.T) {
	u := []byte{0x1e, 0x0b, 0x0b, 0x1e, 0x9e, 0x8b, 0x8b, 0x9e}
	a := []byte{0x34, 0x21, 0x21, 0x34, 0xb4, 0xa1, 0xa1, 0xb4}
	for c, frame := range map[media.Codec][]byte{media.PCMU: u, media.PCMA: a} {
		heard := make([]int16, 8)
		Decode(c, heard, frame)
		if got := Level(heard); math.Abs(got) > 0.15 {
			t.Errorf("codec %d: got %.3f dBm0", c, got)
		}
	}
}

func TestAllocates(t *testing.T) {
	samples, frame := make([]int16, 160), make([]byte, 160)
	if got := testing.AllocsPerRun(100, func() {
		Encode(media.PCMU, frame, samples)
		Transcode(media.PCMU, media.PCMA, frame)
		Decode(media.PCMA, samples, frame)
		FillSilence(media.PCMU, frame)
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func benchmark(b *testing.B, f func(samples []int16, frame []byte)) {
	samples, frame := make([]int16, 160), make([]byte, 160)
	for i := range samples {
		samples[i] = int16(8000 * math.Sin(float64(i)))
	}
	b.ReportAllocs()
	for b.Loop() {
		f(samples, frame)
	}
}

func BenchmarkEncodeU(b *testing.B) {
	benchmark(b, func(s []int16, f []byte) { Encode(media.PCMU, f, s) })
}

func BenchmarkEncodeULibrary(b *testing.B) {
	benchmark(b, func(s []int16, f []byte) {
		for i, x := range s {
			f[i] = g711.EncodeUlawFrame(x)
		}
	})
}

func BenchmarkDecodeU(b *testing.B) {
	benchmark(b, func(s []int16, f []byte) { Decode(media.PCMU, s, f) })
}

func BenchmarkTranscode(b *testing.B) {
	benchmark(b, func(_ []int16, f []byte) { Transcode(media.PCMU, media.PCMA, f) })
}
