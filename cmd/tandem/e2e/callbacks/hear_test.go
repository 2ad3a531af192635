package callbacks

import (
	"math"
	"testing"

	"tandem/cmd/tandem/e2e/rig"
	"tandem/media/mediatest"
)

// span is how much of a prompt is looked for: a quarter of a second.
const span = mediatest.Rate / 4

// loud is the loudest span of samples.
func loud(samples []int16) []int16 {
	best, most := samples[:span], 0.0
	for from := 0; from+span <= len(samples); from += span / 4 {
		if e := energy(samples[from : from+span]); e > most {
			best, most = samples[from:from+span], e
		}
	}
	return best
}

func energy(samples []int16) (sum float64) {
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return sum
}

// alike is the best normalised correlation of a part anywhere in samples, 0 to 1.
func alike(samples, part []int16) (best float64) {
	if len(samples) < len(part) {
		return 0
	}
	own := energy(part)
	here := energy(samples[:len(part)])
	for at := 0; ; at++ {
		var sum int64
		for i, s := range part {
			sum += int64(s) * int64(samples[at+i])
		}
		if here > 0 {
			best = max(best, float64(sum)/math.Sqrt(here*own))
		}
		if at+len(part) >= len(samples) {
			return best
		}
		out, in := float64(samples[at]), float64(samples[at+len(part)])
		here += in*in - out*out
	}
}

// heard wants a prompt in what the phone heard, in one of its calls.
func heard(t *testing.T, p *rig.Phone, prompt string) {
	t.Helper()
	w, err := mediatest.ReadWAV("../../demo/prompts/" + prompt + ".wav")
	if err != nil {
		t.Fatal(err)
	}
	best, part := 0.0, loud(w.Channels[0])
	for _, name := range p.Heard() {
		call, err := mediatest.ReadWAV(name)
		if err != nil {
			t.Fatal(err)
		}
		best = max(best, alike(call.Channels[0], part))
	}
	if best < 0.9 {
		t.Errorf("%s was not heard in %d calls: likeness %.2f", prompt, len(p.Heard()), best)
	}
}

func TestAlike(t *testing.T) {
	tone, other := mediatest.Tone(700, 1100, -10, 1e9), mediatest.Tone(500, 0, -10, 1e9)
	part := loud(tone)
	if got := alike(append(mediatest.Silence(1e9), tone...), part); got < 0.999 {
		t.Errorf("a part is found in its whole with likeness %.3f", got)
	}
	if got := alike(other, part); got > 0.3 {
		t.Errorf("a part is found where it is not with likeness %.3f", got)
	}
}
