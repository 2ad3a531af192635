package prompt

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tandem/media"
	"tandem/media/codec"
	"tandem/media/mediatest"
)

// wavFile makes a mono PCM16 file with a chunk before the data that readers must pass over.
func wavFile(rate int, pcm []int16) []byte {
	le := binary.LittleEndian
	b := append([]byte("RIFF\x00\x00\x00\x00WAVELIST"), 3, 0, 0, 0, 'a', 'b', 'c', 0)
	b = append(b, "fmt "...)
	b = le.AppendUint32(b, 16)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint16(b, 1)
	b = le.AppendUint32(b, uint32(rate))
	b = le.AppendUint32(b, uint32(2*rate))
	b = le.AppendUint16(b, 2)
	b = le.AppendUint16(b, 16)
	b = append(b, "data"...)
	b = le.AppendUint32(b, uint32(2*len(pcm)))
	for _, s := range pcm {
		b = le.AppendUint16(b, uint16(s))
	}
	return b
}

// sine makes samples at any rate.
func sineAt(rate int, hz, peak float64, n int) []int16 {
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(peak * math.Sin(2*math.Pi*hz*float64(i)/float64(rate)))
	}
	return pcm
}

func decoded(p *Prompt, c media.Codec) []int16 {
	pcm := make([]int16, len(p.Ulaw))
	codec.Decode(c, pcm, p.In(c))
	return pcm
}

func TestLoad(t *testing.T) {
	raw := make([]byte, 800)
	codec.Encode(media.PCMU, raw, sineAt(8000, 700, 3000, 800))
	lib, err := Load(fstest.MapFS{
		"demo/welcome.wav": {Data: wavFile(8000, sineAt(8000, 440, 500, 1000))},
		"demo/wide.WAV":    {Data: wavFile(16000, append(sineAt(16000, 1000, 9000, 16000), sineAt(16000, 7000, 9000, 16000)...))},
		"raw.ulaw":         {Data: raw},
		"README.txt":       {Data: []byte("not audio")},
	}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(lib.Names(), " "); got != "demo/welcome demo/wide music/default raw" {
		t.Errorf("names %q", got)
	}
	for name, want := range map[string]struct {
		hz     float64
		frames int
	}{"demo/welcome": {440, 7}, "demo/wide": {1000, 100}, "raw": {700, 5}} {
		p, err := lib.Get(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Ulaw) != want.frames*FrameSize || len(p.Alaw) != len(p.Ulaw) || p.Length() != time.Duration(want.frames)*20*time.Millisecond {
			t.Errorf("%s: %d samples, %v", name, len(p.Ulaw), p.Length())
		}
		for _, c := range []media.Codec{media.PCMU, media.PCMA} {
			pcm := decoded(p, c)[:800]
			if got := mediatest.Find(pcm, want.hz); math.Abs(got+18) > 0.7 {
				t.Errorf("%s in codec %d: %v Hz at %.1f dBm0, want -18", name, c, want.hz, got)
			}
		}
	}
	wide, _ := lib.Get("demo/wide")
	if got := mediatest.Find(decoded(wide, media.PCMU)[8200:], 1000); got > -40 {
		t.Errorf("7000 Hz at 16 kHz folds down to %.1f dBm0", got)
	}
}

func TestLoadFaults(t *testing.T) {
	stereo := wavFile(8000, make([]int16, 100))
	stereo[34] = 2
	cut := wavFile(8000, sineAt(8000, 440, 500, 1000))
	lib, err := Load(fstest.MapFS{
		"a-good.wav": {Data: wavFile(8000, sineAt(8000, 440, 500, 1000))},
		"b-cut.wav":  {Data: cut[:1000]},
		"c-rate.wav": {Data: wavFile(44100, make([]int16, 100))},
		"d-junk.wav": {Data: []byte("RIFFxxxxWAVEfmt \xff\xff\xff\xff")},
		"e-none.wav": {Data: wavFile(8000, nil)},
		"f-data.wav": {Data: []byte("RIFFxxxxWAVEdata\x02\x00\x00\x00ab")},
		"g-two.wav":  {Data: stereo},
	}, Limits{})
	if _, e := lib.Get("a-good"); e != nil {
		t.Error(e)
	}
	if _, e := lib.Get("b-cut"); e != nil {
		t.Errorf("a cut file does not play: %v", e)
	}
	for _, name := range []string{"c-rate.wav", "d-junk.wav", "e-none.wav", "f-data.wav", "g-two.wav"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("no fault about %s in: %v", name, err)
		}
	}
	if !errors.Is(err, ErrFormat) || !errors.Is(err, ErrEmpty) {
		t.Errorf("%v", err)
	}
	if _, e := lib.Get("c-rate"); !errors.Is(e, ErrUnknown) {
		t.Errorf("%v", e)
	}
	if _, e := (*Library)(nil).Get("x"); !errors.Is(e, ErrUnknown) {
		t.Errorf("no library: %v", e)
	}
}

func TestSizeLimit(t *testing.T) {
	file := &fstest.MapFile{Data: wavFile(8000, sineAt(8000, 440, 500, 8000))}
	lib, err := Load(fstest.MapFS{"a.wav": file, "b.wav": file, "c.wav": file}, Limits{Bytes: 40000})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
	if got := strings.Join(lib.Names(), " "); got != "a b music/default" {
		t.Errorf("names %q", got)
	}
	if music, _ := lib.Get(Music); lib.Bytes() != 32000+2*len(music.Ulaw) {
		t.Errorf("%d bytes", lib.Bytes())
	}
}

// TestMusic: it has the level of music under speech, is not cut, has no pauses, and its end runs into its beginning.
func TestMusic(t *testing.T) {
	p, err := New().Get(Music)
	if err != nil {
		t.Fatal(err)
	}
	pcm := decoded(p, media.PCMU)
	if p.Length() != 30*time.Second {
		t.Errorf("length %v", p.Length())
	}
	if got := Level(pcm); math.Abs(got-musicLevel) > 0.5 {
		t.Errorf("level %.1f dBm0", got)
	}
	for at := 0; at+2000 <= len(pcm); at += 2000 {
		if got := mediatest.Level(pcm[at : at+2000]); got < -45 {
			t.Errorf("a hole at %d ms: %.1f dBm0", at/8, got)
		}
	}
	most := 0
	for i := range pcm[1:] {
		most = max(most, absDiff(pcm[i], pcm[i+1]))
	}
	if seam := absDiff(pcm[len(pcm)-1], pcm[0]); seam > most {
		t.Errorf("the seam jumps by %d, elsewhere at most %d", seam, most)
	}
}

func absDiff(a, b int16) int { return int(math.Abs(float64(a) - float64(b))) }

func TestLevel(t *testing.T) {
	if got := Level(make([]int16, 1000)); got != codec.Floor {
		t.Errorf("silence %v", got)
	}
	sound := mediatest.Tone(1000, 0, -20, time.Second)
	if got := Level(append(sound, make([]int16, 16000)...)); math.Abs(got+20) > 0.2 {
		t.Errorf("a pause lowers the level to %.1f", got)
	}
	loud := []int16{0, 32767, 0, -32768, 0, 5, 0, 5}
	normalise(loud, 0)
	for _, s := range loud {
		if s > peakLimit || s < -peakLimit {
			t.Errorf("peak %d", s)
		}
	}
	quiet := []int16{1, -1, 1, -1}
	normalise(quiet, -18)
	if quiet[0] > 32 {
		t.Errorf("noise was blown up to %d", quiet[0])
	}
}

func FuzzParseWAV(f *testing.F) {
	f.Add(wavFile(8000, make([]int16, 10)))
	f.Add(wavFile(16000, make([]int16, 11)))
	f.Fuzz(func(t *testing.T, b []byte) {
		if pcm, err := parseWAV(b); err == nil && 2*len(pcm) > len(b) {
			t.Errorf("%d samples of %d bytes", len(pcm), len(b))
		}
	})
}
