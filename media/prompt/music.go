package prompt

import (
	"math"
	"sync"
)

// The built-in music: eight bars in C at 64 beats a minute, 30 s, made so that its end runs into its beginning. Each
// bar has a chord held softly, the chord broken into eighths, and one or two notes of a tune.
const (
	musicBars  = 8
	barSamples = 30 * Rate / musicBars
	musicLevel = -22 // dBm0; music under speech's level tires less
)

// bar is one bar: the chord as MIDI note numbers, and the tune as notes on beats 1 and 3 (0: rest).
type bar struct {
	chord [4]int
	tune  [2]int
}

var score = [musicBars]bar{
	{chord: [4]int{48, 55, 64, 71}, tune: [2]int{76, 74}}, // C major 7
	{chord: [4]int{45, 52, 60, 67}, tune: [2]int{72, 0}},  // A minor 7
	{chord: [4]int{53, 57, 64, 72}, tune: [2]int{69, 72}}, // F major 7
	{chord: [4]int{43, 55, 60, 65}, tune: [2]int{74, 0}},  // G 7 suspended
	{chord: [4]int{52, 55, 62, 71}, tune: [2]int{79, 74}}, // E minor 7
	{chord: [4]int{45, 52, 60, 64}, tune: [2]int{76, 72}}, // A minor
	{chord: [4]int{50, 57, 60, 65}, tune: [2]int{77, 76}}, // D minor 7
	{chord: [4]int{43, 55, 59, 64}, tune: [2]int{74, 0}},  // G 6
}

// defaultMusic is made once.
var defaultMusic = sync.OnceValue(func() *Prompt {
	mix := make([]float64, musicBars*barSamples)
	for i, b := range score {
		playBar(mix, i*barSamples, b)
	}
	pcm := make([]int16, len(mix))
	peak := 0.0
	for _, v := range mix {
		peak = max(peak, math.Abs(v))
	}
	for i, v := range mix {
		pcm[i] = int16(v / peak * peakLimit)
	}
	normalise(pcm, musicLevel)
	return FromPCM(Music, pcm)
})

// playBar adds one bar to the mix.
func playBar(mix []float64, at int, b bar) {
	for _, n := range b.chord {
		addNote(mix, note{midi: n, at: at, samples: barSamples + barSamples/4, volume: 0.16, attack: 0.35})
	}
	order := [8]int{0, 1, 2, 3, 2, 3, 1, 2}
	for i, k := range order {
		addNote(mix, note{midi: b.chord[k] + 12, at: at + i*barSamples/8, samples: barSamples / 3, volume: 0.3, attack: 0.01})
	}
	for i, n := range b.tune {
		if n != 0 {
			addNote(mix, note{midi: n, at: at + i*barSamples/2, samples: barSamples * 5 / 8, volume: 0.4, attack: 0.03})
		}
	}
}

// note is one tone of the music. Attack is in seconds.
type note struct {
	midi, at, samples int
	volume, attack    float64
}

// addNote mixes a note with three falling harmonics under an envelope that starts and ends at zero. What passes the end
// of the mix goes on at its beginning.
func addNote(mix []float64, n note) {
	hz := 440 * math.Pow(2, float64(n.midi-69)/12)
	var phase [3]uint32
	steps := [3]uint32{step(hz), step(2 * hz), step(3 * hz)}
	weight := [3]float64{1, 0.28, 0.1}
	for i := range n.samples {
		t := float64(i) / Rate
		env := n.volume * min(1, t/n.attack) * math.Exp(-1.6*t) * (1 - float64(i)/float64(n.samples))
		v := 0.0
		for h := range phase {
			v += weight[h] * float64(sine(phase[h])) / 32768
			phase[h] += steps[h]
		}
		mix[(n.at+i)%len(mix)] += env * v
	}
}

// sineBits is the size of the sine table, as a power of two. With 12 bits the error lies under the noise of G.711.
const sineBits = 12

var sineTable = func() [1 << sineBits]int16 {
	var t [1 << sineBits]int16
	for i := range t {
		t[i] = int16(math.Round(32767 * math.Sin(2*math.Pi*float64(i)/float64(len(t)))))
	}
	return t
}()

// sine reads the table; the whole range of phase is one period.
func sine(phase uint32) int32 { return int32(sineTable[phase>>(32-sineBits)]) }

// step is the phase advance per sample of a frequency in Hz.
func step(hz float64) uint32 {
	if !(hz > 0 && hz < Rate/2) {
		return 0
	}
	return uint32(hz / Rate * (1 << 32))
}
