package prompt

import (
	"math"

	"tandem/media/codec"
)

// peakLimit is the highest sample value that normalising may reach.
const peakLimit = 29000

// activeRange is how far below the loudest frame a frame may lie and still count as speech, in dB.
const activeRange = 25

// Level is the loudness of samples at 8000 Hz in dBm0, over the frames that hold sound: pauses do not lower it. It is
// -100 for silence.
func Level(pcm []int16) float64 {
	powers := framePowers(pcm)
	loudest := 0.0
	for _, p := range powers {
		loudest = max(loudest, p)
	}
	gate, sum, n := loudest*math.Pow(10, -activeRange/10.0), 0.0, 0
	for _, p := range powers {
		if p > 0 && p >= gate {
			sum += p
			n++
		}
	}
	if n == 0 {
		return codec.Floor
	}
	return codec.LevelOf(sum / float64(n))
}

// framePowers is the mean square of each frame of 20 ms.
func framePowers(pcm []int16) []float64 {
	powers := make([]float64, 0, len(pcm)/FrameSize+1)
	for start := 0; start < len(pcm); start += FrameSize {
		frame := pcm[start:min(start+FrameSize, len(pcm))]
		sum := 0.0
		for _, s := range frame {
			sum += float64(s) * float64(s)
		}
		powers = append(powers, sum/float64(len(frame)))
	}
	return powers
}

// normalise brings samples to a level in dBm0, in place, by one gain for all. The gain is held back where a peak would
// be cut, and at 30 dB so that a file of noise is not blown up.
func normalise(pcm []int16, level float64) {
	now := Level(pcm)
	if now <= codec.Floor {
		return
	}
	peak := 0.0
	for _, s := range pcm {
		peak = max(peak, math.Abs(float64(s)))
	}
	gain := math.Pow(10, min(level-now, 30)/20)
	gain = min(gain, peakLimit/peak)
	for i, s := range pcm {
		pcm[i] = int16(math.Round(float64(s) * gain))
	}
}

// halfBand is the positive half of a windowed-sinc low-pass at 3.6 kHz for 16 kHz input, centre first.
var halfBand = func() [24]float64 {
	var h [24]float64
	const cut = 3600.0 / 16000
	sum := 0.0
	for i := range h {
		x := float64(i)
		h[i] = 2 * cut
		if i > 0 {
			h[i] = math.Sin(2*math.Pi*cut*x) / (math.Pi * x)
		}
		h[i] *= 0.54 + 0.46*math.Cos(math.Pi*x/float64(len(h)))
		sum += h[i]
		if i > 0 {
			sum += h[i]
		}
	}
	for i := range h {
		h[i] /= sum
	}
	return h
}()

// halve takes 16 kHz to 8 kHz.
func halve(pcm []int16) []int16 {
	out := make([]int16, len(pcm)/2)
	at := func(i int) float64 {
		if i < 0 || i >= len(pcm) {
			return 0
		}
		return float64(pcm[i])
	}
	for i := range out {
		sum := halfBand[0] * at(2*i)
		for k := 1; k < len(halfBand); k++ {
			sum += halfBand[k] * (at(2*i-k) + at(2*i+k))
		}
		out[i] = int16(max(-32768, min(32767, math.Round(sum))))
	}
	return out
}
