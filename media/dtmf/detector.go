package dtmf

import "math"

// The detector looks at blocks of 12.75 ms. Of a tone or a pause of 40 ms at least two whole blocks are seen, which is
// what it asks for (ITU-T Q.24: 40 ms must be taken, below 23 ms must not).
const (
	block      = 102 // samples
	bins       = 8
	needBlocks = 2
)

// Thresholds of the talk-off guard.
const (
	minPower   = 1.0e5 // of one tone: mean square, about −34 dBm0
	twistHigh  = 6.3   // the low tone may be 8 dB stronger
	twistLow   = 6.3   // the high tone may be 8 dB stronger
	clearBest  = 6.3   // the strongest of a group stands 8 dB above the others
	pureShare  = 0.75  // of all energy in the block must be in the two tones
	maxHarmony = 0.10  // the column's second harmonic may have this share of it: speech has more. A row's lies among the columns
)

// Detector finds DTMF in samples. The zero value is ready. Owned by the stream's reader.
type Detector struct {
	state   [bins]resonator
	energy  float64
	at      int
	samples [block]float32 // of the running block, for the harmonics

	last   byte // key of the block before, 0 for none
	same   int  // blocks in a row with that
	key    byte // the press going on
	blocks int  // it has lasted
}

type resonator struct{ s1, s2 float32 }

var (
	coefficients = coefficientsOf(1)
	harmonics    = coefficientsOf(2)
)

// coefficientsOf gives 2·cos(w) for the n-th harmonic of each row and column.
func coefficientsOf(n float64) (c [bins]float32) {
	for i := range rows {
		c[i] = float32(2 * math.Cos(2*math.Pi*n*rows[i]/Clock))
		c[4+i] = float32(2 * math.Cos(2*math.Pi*n*cols[i]/Clock))
	}
	return c
}

// Feed takes the next samples, of any number, and appends the presses that end in them.
func (d *Detector) Feed(dst []Press, in []int16) []Press {
	for len(in) > 0 {
		n := min(block-d.at, len(in))
		d.take(in[:n])
		in = in[n:]
		if d.at == block {
			dst = d.step(dst, d.decide())
			d.state, d.energy, d.at = [bins]resonator{}, 0, 0
		}
	}
	return dst
}

// Active tells that a key is down.
func (d *Detector) Active() bool { return d.key != 0 }

// take runs samples through the eight bins.
func (d *Detector) take(in []int16) {
	var energy float64
	for i, s := range in {
		x := float32(s)
		d.samples[d.at+i] = x
		energy += float64(x * x)
	}
	own := d.samples[d.at : d.at+len(in)]
	for b := range d.state {
		k, s1, s2 := coefficients[b], d.state[b].s1, d.state[b].s2
		for _, x := range own {
			s1, s2 = x+k*s1-s2, s1
		}
		d.state[b] = resonator{s1, s2}
	}
	d.energy += energy
	d.at += len(in)
}

// power is the mean square of the sine that a bin found.
func (r resonator) power(k float32) float64 {
	s1, s2 := float64(r.s1), float64(r.s2)
	return 2 * (s1*s1 + s2*s2 - float64(k)*s1*s2) / (block * block)
}

// decide gives the key of the finished block, or 0.
func (d *Detector) decide() byte {
	mean := d.energy / block
	if mean < 2*minPower {
		return 0
	}
	var p [bins]float64
	for i := range p {
		p[i] = d.state[i].power(coefficients[i])
	}
	r, rowClear := best(p[:4])
	c, colClear := best(p[4:])
	low, high := p[r], p[4+c]
	switch {
	case !rowClear || !colClear, low < minPower, high < minPower:
		return 0
	case low > high*twistHigh, high > low*twistLow:
		return 0
	case low+high < pureShare*mean:
		return 0
	case d.harmonic(4+c) > maxHarmony*high:
		return 0
	}
	return keys[r][c]
}

// best gives the strongest of four and whether it stands out.
func best(p []float64) (index int, stands bool) {
	for i := range p {
		if p[i] > p[index] {
			index = i
		}
	}
	for i := range p {
		if i != index && p[i]*clearBest > p[index] {
			return index, false
		}
	}
	return index, true
}

// harmonic is the power at twice the frequency of bin i.
func (d *Detector) harmonic(i int) float64 {
	k, r := harmonics[i], resonator{}
	for _, x := range d.samples {
		r.s1, r.s2 = x+k*r.s1-r.s2, r.s1
	}
	return r.power(k)
}

// step counts blocks: two alike begin a press, two unlike end it.
func (d *Detector) step(dst []Press, key byte) []Press {
	if key == d.last {
		d.same++
	} else {
		d.last, d.same = key, 1
	}
	if d.key != 0 {
		d.blocks++
	}
	if d.same < needBlocks || key == d.key {
		return dst
	}
	if d.key != 0 {
		dst = append(dst, Press{Digit: d.key, Length: duration(uint32(d.blocks-needBlocks) * block)})
	}
	d.key, d.blocks = key, needBlocks
	return dst
}
