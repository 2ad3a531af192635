package rig

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
)

// Heard is everything that the phone has written of what it heard, newest call last.
func (p *Phone) Heard() []string {
	files, err := filepath.Glob(filepath.Join(p.Dir, "dump-*-dec.wav"))
	if err != nil {
		p.t.Fatal(err)
	}
	return files
}

// Ear is a place in what a phone hears.
type Ear struct {
	phone *Phone
	from  int
}

// Ear listens from now on.
func (p *Phone) Ear() Ear { return Ear{p, len(p.samples())} }

// Last is the newest n samples that came in since; fewer: nothing yet.
func (e Ear) Last(n int) []int16 {
	all := e.phone.samples()
	if len(all)-e.from < n {
		return nil
	}
	return all[len(all)-n:]
}

// samples is all that the phone has heard, the running call included: its file has no sizes in its head yet.
func (p *Phone) samples() (list []int16) {
	for _, name := range p.Heard() {
		b, err := os.ReadFile(name)
		if err != nil {
			p.t.Fatal(err)
		}
		_, data, ok := bytes.Cut(b, []byte("data"))
		if !ok || len(data) < 4 {
			continue
		}
		for data = data[4:]; len(data) >= 2; data = data[2:] {
			list = append(list, int16(binary.LittleEndian.Uint16(data)))
		}
	}
	return list
}

// wav is a mono file of 16-bit samples at 8000 Hz.
func wav(samples []int16) []byte {
	le := func(v uint32, n int) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)}[:n] }
	size := uint32(2 * len(samples))
	b := append([]byte("RIFF"), le(36+size, 4)...)
	b = append(append(b, "WAVEfmt "...), le(16, 4)...)
	for _, f := range []struct {
		v uint32
		n int
	}{{1, 2}, {1, 2}, {8000, 4}, {16000, 4}, {2, 2}, {16, 2}} {
		b = append(b, le(f.v, f.n)...)
	}
	b = append(append(b, "data"...), le(size, 4)...)
	for _, s := range samples {
		b = append(b, byte(s), byte(uint16(s)>>8))
	}
	return b
}
