package codec

import "math"

// FullScale is the level of a sine whose peaks are ±32768, in dBm0: ITU-T G.711 puts the overload point of A-law at
// +3.14 dBm0 and of µ-law at +3.17; the difference of 0.03 dB is neglected.
const FullScale = 3.14

// Floor is the level that stands for no sound at all, in dBm0.
const Floor = -100.0

// LevelOf gives the level of mean power in dBm0, where power is the mean of squared 16-bit samples.
func LevelOf(power float64) float64 {
	if power <= 0 {
		return Floor
	}
	return max(10*math.Log10(power/(32768*32768/2))+FullScale, Floor)
}

// Amplitude gives the peak of a sine of a level in dBm0, in 16-bit units. It is 32768 at FullScale.
func Amplitude(level float64) float64 { return 32768 * math.Pow(10, (level-FullScale)/20) }

// Level is that of linear samples; Floor for none.
func Level(samples []int16) float64 {
	if len(samples) == 0 {
		return Floor
	}
	return LevelOf(float64(Energy(samples)) / float64(len(samples)))
}

// Energy is the sum of squares. It cannot overflow below 8 billion samples.
func Energy(samples []int16) int64 {
	var sum int64
	for _, s := range samples {
		sum += int64(s) * int64(s)
	}
	return sum
}

// Meter gathers energy over a stream's life. The zero value is ready.
type Meter struct {
	energy  int64
	samples int64
}

// Add counts energy of so many samples.
func (m *Meter) Add(energy int64, samples int) { m.energy += energy; m.samples += int64(samples) }

// Level is the mean level so far in dBm0; Floor without samples.
func (m *Meter) Level() float64 {
	if m.samples == 0 {
		return Floor
	}
	return LevelOf(float64(m.energy) / float64(m.samples))
}
