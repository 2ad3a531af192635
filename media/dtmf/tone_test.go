package dtmf

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/codec"
)

func tone(hz1, level1, hz2, level2 float64, length time.Duration) []int16 {
	out := make([]int16, samples(length))
	for i := range out {
		at := 2 * math.Pi * float64(i) / Clock
		out[i] = int16(codec.Amplitude(level1)*math.Sin(at*hz1) + codec.Amplitude(level2)*math.Sin(at*hz2))
	}
	return out
}

func pause(length time.Duration) []int16 { return make([]int16, samples(length)) }

// feed gives frames of 160 samples to a detector, as packets do.
func feed(d *Detector, in []int16) string {
	var got []Press
	for len(in) > 0 {
		n := min(160, len(in))
		got = d.Feed(got, in[:n])
		in = in[n:]
	}
	keys := ""
	for _, p := range got {
		keys += string(rune(p.Digit))
	}
	return keys
}

const allKeys = "0123456789*#ABCD"

// Q.24: 40 ms on and 40 ms off must be taken, wherever the block begins, over G.711.
func TestGeneratorToDetector(t *testing.T) {
	for _, c := range []media.Codec{media.PCMU, media.PCMA} {
		for offset := 0; offset < block; offset += 17 {
			g := Generator{Gap: 40 * time.Millisecond}
			if err := g.Send(allKeys, 40*time.Millisecond); err != nil {
				t.Fatal(err)
			}
			in := make([]int16, offset, 16000)
			var frame [160]int16
			for g.Busy() {
				g.Fill(frame[:])
				in = append(in, frame[:]...)
			}
			in = append(in, pause(60*time.Millisecond)...)
			b := make([]byte, len(in))
			codec.Encode(c, b, in)
			codec.Decode(c, in, b)
			if got := feed(&Detector{}, in); got != allKeys {
				t.Errorf("codec %d, offset %d: got %q", c, offset, got)
			}
		}
	}
}

func TestDetectorLimits(t *testing.T) {
	on := 100 * time.Millisecond
	join := func(parts ...[]int16) (all []int16) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return append(all, pause(on)...)
	}
	tests := []struct {
		name string
		in   []int16
		want string
	}{
		{"plain", join(tone(770, -10, 1336, -10, on)), "5"},
		{"faint", join(tone(770, -30, 1336, -30, on)), "5"},
		{"too faint", join(tone(770, -42, 1336, -42, on)), ""},
		{"loud", join(tone(770, -3, 1336, -3, on)), "5"},
		{"1.5 % high", join(tone(770*1.015, -10, 1336*1.015, -10, on)), "5"},
		{"1.5 % low", join(tone(770*0.985, -10, 1336*0.985, -10, on)), "5"},
		{"5 % high", join(tone(770*1.05, -10, 1336*1.05, -10, on)), ""},
		{"twist of 6 dB", join(tone(770, -16, 1336, -10, on)), "5"},
		{"reverse twist of 6 dB", join(tone(770, -10, 1336, -16, on)), "5"},
		{"twist of 12 dB", join(tone(770, -22, 1336, -10, on)), ""},
		{"reverse twist of 12 dB", join(tone(770, -10, 1336, -22, on)), ""},
		{"20 ms", join(tone(770, -10, 1336, -10, 20*time.Millisecond)), ""},
		{"40 ms", join(tone(770, -10, 1336, -10, 40*time.Millisecond)), "5"},
		{"a gap of 10 ms is none", join(tone(770, -10, 1336, -10, on), pause(10*time.Millisecond), tone(770, -10, 1336, -10, on)), "5"},
		{"a gap of 40 ms is one", join(tone(770, -10, 1336, -10, on), pause(40*time.Millisecond), tone(770, -10, 1336, -10, on)), "55"},
		{"no gap, another key", join(tone(770, -10, 1336, -10, on), tone(941, -10, 1209, -10, on)), "5*"},
		{"one row alone", join(tone(770, -10, 0, -90, on)), ""},
		{"two rows", join(tone(697, -10, 852, -10, on)), ""},
		{"dial tone", join(tone(350, -10, 440, -10, on)), ""},
		{"ring back", join(tone(425, -10, 0, -90, on)), ""},
		{"silence", pause(time.Second), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := feed(&Detector{}, tt.in); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// Talk-off: noise, and voiced sounds whose harmonics pass over the frequencies, must give nothing.
func TestDetectorTalkOff(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	in := make([]int16, 60*Clock)
	phase, filtered := 0.0, 0.0
	for i := range in {
		at := float64(i) / Clock
		pitch := 140 + 60*math.Sin(2*math.Pi*0.7*at) + 15*math.Sin(2*math.Pi*5*at)
		phase += 2 * math.Pi * pitch / Clock
		v := 0.0
		for h := 1.0; h < 16; h++ {
			formant := 1 / (1 + math.Abs(h*pitch-600-400*math.Sin(at))/150)
			v += formant * math.Sin(h*phase)
		}
		filtered = 0.7*filtered + 0.3*r.NormFloat64()
		in[i] = int16(max(min(2500*v+1500*filtered, 32767), -32768))
	}
	if got := feed(&Detector{}, in); got != "" {
		t.Errorf("a minute of speech-like sound: got %q", got)
	}
	for i := range in {
		in[i] = int16(max(min(4000*r.NormFloat64(), 32767), -32768))
	}
	if got := feed(&Detector{}, in); got != "" {
		t.Errorf("a minute of noise: got %q", got)
	}
}

func TestDetectorLengthAndNoise(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	in := append(tone(852, -12, 1477, -12, 200*time.Millisecond), pause(100*time.Millisecond)...)
	for i := range in {
		in[i] += int16(150 * r.NormFloat64()) // about 20 dB below the tones
	}
	var d Detector
	got := d.Feed(nil, in)
	if len(got) != 1 || got[0].Digit != '9' {
		t.Fatalf("got %+v", got)
	}
	if off := (got[0].Length - 200*time.Millisecond).Abs(); off > 26*time.Millisecond {
		t.Errorf("length %v", got[0].Length)
	}
	if d.Active() {
		t.Error("still active")
	}
}

func TestDualToneLevel(t *testing.T) {
	for _, level := range []float64{-8, -20, -35} {
		g := NewDualTone(425, 0, level)
		out := make([]int16, 16000)
		g.Fill(out)
		if got := codec.Level(out[15000:]); math.Abs(got-level) > 0.15 {
			t.Errorf("got %.2f, want %.2f dBm0", got, level)
		}
	}
	g := NewDualTone(-5, 4000, 0)
	out := make([]int16, 10)
	g.Fill(out)
	if codec.Level(out) != codec.Floor {
		t.Error("frequencies that cannot be gave a tone")
	}
}

func TestGeneratorLimits(t *testing.T) {
	var g Generator
	if g.Send("1!", 0) != ErrDigit || g.Busy() {
		t.Error("flash was taken")
	}
	if g.Send("", 0) != nil || g.Fill(make([]int16, 8)) {
		t.Error("nothing to send, and something was said")
	}
	for range MaxWaiting {
		if err := g.Send("d", 0); err != nil {
			t.Fatal(err)
		}
	}
	if g.Send("1", 0) != ErrFull {
		t.Error("the queue has no end")
	}
}

func TestAudioAllocates(t *testing.T) {
	var d Detector
	var g Generator
	presses, frame := make([]Press, 0, 4), make([]int16, 160)
	if got := testing.AllocsPerRun(100, func() {
		_ = g.Send("5", 0)
		g.Fill(frame)
		presses = d.Feed(presses[:0], frame)
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}

func BenchmarkDetector(b *testing.B) {
	var d Detector
	in := tone(770, -10, 1336, -10, tick)
	b.ReportAllocs()
	for b.Loop() {
		d.Feed(nil, in)
	}
}

func BenchmarkGenerator(b *testing.B) {
	g := NewDualTone(770, 1336, -10)
	out := make([]int16, 160)
	b.ReportAllocs()
	for b.Loop() {
		g.Fill(out)
	}
}
