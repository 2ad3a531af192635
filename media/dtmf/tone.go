package dtmf

import (
	"math"
	"time"
)

// The frequencies of ITU-T Q.23, in Hz, and their keys.
var (
	rows = [4]float64{697, 770, 852, 941}
	cols = [4]float64{1209, 1336, 1477, 1633}
	keys = [4][4]byte{{'1', '2', '3', 'A'}, {'4', '5', '6', 'B'}, {'7', '8', '9', 'C'}, {'*', '0', '#', 'D'}}
)

// Frequencies gives the two frequencies of a digit, in Hz. Flash has none.
func Frequencies(digit byte) (low, high float64, ok bool) {
	if digit >= 'a' && digit <= 'd' {
		digit -= 'a' - 'A'
	}
	for r := range rows {
		for c := range cols {
			if keys[r][c] == digit {
				return rows[r], cols[c], true
			}
		}
	}
	return 0, 0, false
}

// fullScale is the level of a sine with peaks of ±32768, in dBm0 (ITU-T G.711, A-law).
const fullScale = 3.14

// DualTone makes one or two sines at 8 kHz without a break over frames. The zero value is silence.
type DualTone struct {
	a, b oscillator
}

// NewDualTone makes sines of hz1 and hz2, each at level dBm0. A frequency outside 0–4000 Hz gives none.
func NewDualTone(hz1, hz2, level float64) DualTone {
	peak := 32768 * math.Pow(10, (min(level, fullScale)-fullScale)/20)
	return DualTone{newOscillator(hz1, peak), newOscillator(hz2, peak)}
}

// Fill writes the next samples.
func (t *DualTone) Fill(dst []int16) {
	for i := range dst {
		dst[i] = int16(math.Round(min(max(t.a.next()+t.b.next(), -32768), 32767)))
	}
}

// oscillator is a two-pole resonator: y[n] = 2·cos(w)·y[n−1] − y[n−2].
type oscillator struct {
	k, y1, y2 float64
}

func newOscillator(hz, peak float64) oscillator {
	if !(hz > 0 && hz < Clock/2) {
		return oscillator{}
	}
	w := 2 * math.Pi * hz / Clock
	return oscillator{k: 2 * math.Cos(w), y1: -peak * math.Sin(w), y2: -peak * math.Sin(2*w)}
}

func (o *oscillator) next() float64 {
	y := o.k*o.y1 - o.y2
	o.y2, o.y1 = o.y1, y
	return y
}

// Generator makes in-band tones of presses, for peers without telephone-event. The zero value is ready.
type Generator struct {
	Gap   time.Duration // between digits; 0 means DefaultGap
	Level float64       // of each of the two tones in dBm0; 0 means −8

	waiting queue
	tone    DualTone
	on, off uint32 // samples left
}

const defaultLevel = -8

// Send queues digits of the given length each, as Sender.Send does. Flash cannot be sent in-band.
func (g *Generator) Send(digits string, length time.Duration) error {
	for i := range len(digits) {
		if _, _, ok := Frequencies(digits[i]); !ok {
			return ErrDigit
		}
	}
	return g.waiting.add(digits, length)
}

// Busy tells that there is something to send.
func (g *Generator) Busy() bool { return g.on > 0 || g.off > 0 || g.waiting.n > 0 }

// Fill writes the next samples: tones, gaps, and silence after the last. It tells whether it had anything to say.
func (g *Generator) Fill(dst []int16) bool {
	spoke := g.Busy()
	for len(dst) > 0 {
		if g.on == 0 && g.off == 0 && !g.start() {
			clear(dst)
			return spoke
		}
		if g.on > 0 {
			n := min(len(dst), int(g.on))
			g.tone.Fill(dst[:n])
			g.on -= uint32(n)
			dst = dst[n:]
			continue
		}
		n := min(len(dst), int(g.off))
		clear(dst[:n])
		g.off -= uint32(n)
		dst = dst[n:]
	}
	return spoke
}

func (g *Generator) start() bool {
	next, ok := g.waiting.take()
	if !ok {
		return false
	}
	digit, _ := Digit(next.event)
	low, high, _ := Frequencies(digit)
	level, gap := g.Level, g.Gap
	if level == 0 {
		level = defaultLevel
	}
	if gap == 0 {
		gap = DefaultGap
	}
	g.tone = NewDualTone(low, high, level)
	g.on, g.off = next.length, samples(gap)
	return true
}
