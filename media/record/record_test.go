package record

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media"
	"tandem/media/codec"
	"tandem/media/mediatest"
)

// bench is a recording driven by hand: no goroutine, a clock that the test sets.
type bench struct {
	t    *testing.T
	now  time.Time
	d    *disk
	rec  *Recording
	path string
	ts   [2]uint32
}

func newBench(t *testing.T, cfg Config) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Unix(5000, 0), path: filepath.Join(t.TempDir(), "call.wav")}
	cfg.Now = func() time.Time { return b.now }
	r, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if b.rec, err = r.Begin(Spec{ID: 1, Path: b.path}); err != nil {
		t.Fatal(err)
	}
	b.d = r.disks[len(r.disks)-1]
	b.d.start(<-b.d.begin)
	b.ts = [2]uint32{math.MaxUint32 - 4000, 77}
	return b
}

// say pushes frames of 20 ms on both sides (nil: nothing), with time going on and the disk working as it should.
func (b *bench) say(left, right []int16) {
	for at := 0; at < max(len(left), len(right)); at += 160 {
		b.push(0, b.rec.Left(), left, at)
		b.push(1, b.rec.Right(), right, at)
		b.pass(20 * time.Millisecond)
	}
}

func (b *bench) push(side int, t *Tap, pcm []int16, at int) {
	if at < len(pcm) {
		frame := make([]byte, 160)
		c := []media.Codec{media.PCMU, media.PCMA}[side]
		codec.Encode(c, frame, pcm[at:])
		t.Push(Chunk{Codec: c, Payload: frame, SSRC: 5, Time: b.ts[side]}, b.now)
	}
	b.ts[side] += 160
}

func (b *bench) pass(d time.Duration) {
	b.now = b.now.Add(d)
	b.d.pass(b.now)
}

// end finishes the file and reads it.
func (b *bench) end() (Report, *mediatest.WAV) {
	b.t.Helper()
	b.rec.End()
	b.d.pass(b.now)
	if n := len(b.d.waiting); n != 2 || !b.d.waiting[0].Began || b.d.waiting[1].Began {
		b.t.Fatalf("reports %+v", b.d.waiting)
	}
	wav, err := mediatest.ReadWAV(b.path)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.d.waiting[1], wav
}

func tone(hz float64, d time.Duration) []int16 { return mediatest.Tone(hz, 0, -10, d) }

// TestSidesAndPlace: each side is on its channel, at its time, with silence where nothing was said, for both codings.
func TestSidesAndPlace(t *testing.T) {
	for _, coding := range []Coding{PCM16, Ulaw} {
		b := newBench(t, Config{Coding: coding})
		b.say(tone(440, time.Second), nil)
		b.say(nil, tone(1000, time.Second))
		b.say(tone(440, 2*time.Second), tone(1000, 2*time.Second))
		report, wav := b.end()
		if report.Err != nil || report.Length != 4*time.Second || report.Dropped != 0 || report.ID != 1 {
			t.Errorf("%+v", report)
		}
		if len(wav.Channels) != 2 || len(wav.Channels[0]) != 32000 {
			t.Fatalf("%d channels", len(wav.Channels))
		}
		for i, want := range [2][4]float64{{-10, -100, -10, -10}, {-100, -10, -10, -10}} {
			for second, level := range want {
				part := wav.Channels[i][second*8000 : second*8000+8000]
				got := mediatest.Find(part, []float64{440, 1000}[i])
				if level == -10 && math.Abs(got-level) > 0.3 {
					t.Errorf("coding %d channel %d second %d: %.1f dBm0", coding, i, second, got)
				}
				if level == -100 && mediatest.Level(part) > -60 {
					t.Errorf("coding %d channel %d second %d: not silent, %.1f", coding, i, second, mediatest.Level(part))
				}
			}
		}
	}
}

// TestPlaceByRTPTime: jitter does not move audio, a lost packet leaves its gap, a packet out of order finds its place, and
// a jump of the timestamp begins a new line.
func TestPlaceByRTPTime(t *testing.T) {
	b := newBench(t, Config{})
	frame := func(ts uint32, level byte) Chunk {
		payload := make([]byte, 160)
		for i := range payload {
			payload[i] = level
		}
		return Chunk{Codec: media.PCMU, Payload: payload, SSRC: 1, Time: ts}
	}
	left := b.rec.Left()
	left.Push(frame(1000, 0x80), b.now)
	b.now = b.now.Add(55 * time.Millisecond) // late by 15 ms, and one before it lost
	left.Push(frame(1320, 0x80), b.now)
	left.Push(frame(1160+320, 0x80), b.now) // early
	b.now = b.now.Add(60 * time.Millisecond)
	left.Push(frame(1640+9_000_000, 0x80), b.now) // the source jumped
	b.pass(time.Second)
	_, wav := b.end()
	got := ""
	for at := 0; at < 160*10; at += 40 {
		mark := "."
		if wav.Channels[0][at] != 0 {
			mark = "x"
		}
		got += mark
	}
	if want := "xxxx....xxxxxxxx.......xxxx............."; got != want {
		t.Errorf("every 5 ms:\n got %s\nwant %s", got, want)
	}
}

func TestPause(t *testing.T) {
	b := newBench(t, Config{})
	b.say(tone(440, time.Second), nil)
	b.rec.Pause(true)
	b.say(tone(440, time.Second), nil)
	b.rec.Pause(false)
	b.say(tone(440, time.Second), nil)
	report, wav := b.end()
	if report.Length != 3*time.Second {
		t.Errorf("%+v", report)
	}
	for second, loud := range []bool{true, false, true} {
		if got := mediatest.Level(wav.Channels[0][second*8000 : second*8000+8000]); (got > -20) != loud {
			t.Errorf("second %d at %.1f dBm0", second, got)
		}
	}
}

// TestSlowDisk: while the disk stands still the ring fills, the rest is dropped and counted, and later audio is in place.
func TestSlowDisk(t *testing.T) {
	b := newBench(t, Config{Ring: 50})
	for range 100 { // 2 s without a pass
		b.push(0, b.rec.Left(), tone(440, 20*time.Millisecond), 0)
		b.now = b.now.Add(20 * time.Millisecond)
	}
	b.pass(0)
	b.say(tone(440, time.Second), nil)
	report, wav := b.end()
	if report.Dropped != 50 || report.Length != 3*time.Second || report.Err != nil {
		t.Errorf("%+v", report)
	}
	for second, loud := range []bool{true, false, true} {
		if got := mediatest.Level(wav.Channels[0][second*8000 : second*8000+8000]); (got > -20) != loud {
			t.Errorf("second %d at %.1f dBm0", second, got)
		}
	}
}

func TestMaxLength(t *testing.T) {
	b := newBench(t, Config{MaxLength: time.Second})
	b.say(tone(440, 1500*time.Millisecond), nil)
	if report := b.d.waiting[1]; report.Length != time.Second || report.Err != nil {
		t.Errorf("%+v", report)
	}
	if b.rec.Left().Push(Chunk{}, b.now) {
		t.Error("a recording that ended takes audio")
	}
}

// TestKilled: a file that nobody finished plays what was written, and more after Repair.
func TestKilled(t *testing.T) {
	b := newBench(t, Config{})
	b.say(tone(440, 9*time.Second), nil)
	whole, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	wav, err := mediatest.ParseWAV(whole)
	if err != nil || len(wav.Channels[0]) < 5*8000 || mediatest.Level(wav.Channels[0]) < -11 {
		t.Fatalf("without repair: %v", err)
	}
	torn := filepath.Join(t.TempDir(), "torn.wav")
	if err := os.WriteFile(torn, append(whole, 1, 2, 3), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Repair(torn); err != nil {
			t.Fatal(err)
		}
		fixed, err := os.ReadFile(torn)
		if err != nil {
			t.Fatal(err)
		}
		if string(fixed[:headerSize]) != string(header(PCM16, int64(len(whole)-headerSize))) || len(fixed) != len(whole) {
			t.Errorf("header % x of %d bytes", fixed[:headerSize], len(fixed))
		}
	}
}

func TestRepairRefuses(t *testing.T) {
	for name, content := range map[string][]byte{"empty": nil, "short": []byte("RIFF"), "foreign": make([]byte, 100)} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Repair(path); !errors.Is(err, ErrNotOurs) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := Repair("/no/such/file.wav"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// fullDisk takes so many bytes.
type fullDisk struct {
	file
	left int
}

var errFull = errors.New("no space left on device")

func (f *fullDisk) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, errFull
	}
	return f.file.Write(b)
}

// TestFullDisk: the recording ends with the error, what was written plays, and others go on.
func TestFullDisk(t *testing.T) {
	b := newBench(t, Config{})
	b.rec.out = &fullDisk{b.rec.out, 70000}
	other, err := b.d.of.Begin(Spec{ID: 2, Path: filepath.Join(t.TempDir(), "other.wav")})
	if err != nil {
		t.Fatal(err)
	}
	b.d.start(<-b.d.begin)
	b.say(tone(440, 6*time.Second), nil)
	if len(b.d.waiting) != 3 || !errors.Is(b.d.waiting[2].Err, errFull) || b.d.waiting[2].Length != 2*time.Second {
		t.Fatalf("%+v", b.d.waiting)
	}
	wav, err := mediatest.ReadWAV(b.path)
	if err != nil || len(wav.Channels[0]) != 16000 {
		t.Errorf("%v", err)
	}
	if len(b.d.running) != 1 || b.d.running[0] != other {
		t.Error("the other recording ended too")
	}
}

// TestServe: the real loop, in virtual time, with files on disk.
func TestServe(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		r, err := New(Config{MaxOpen: 2, DiskRoots: []string{filepath.Join(dir, "b")}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { r.Serve(ctx); close(done) }()
		first, err := r.Begin(Spec{ID: 1, Path: filepath.Join(dir, "one.wav")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Begin(Spec{ID: 2, Path: filepath.Join(dir, "b", "two.wav")}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Begin(Spec{ID: 3, Path: filepath.Join(dir, "three.wav")}); !errors.Is(err, ErrTooMany) {
			t.Errorf("third of two: %v", err)
		}
		got := map[uint64][]Report{}
		read := func() { rep := <-r.Reports(); got[rep.ID] = append(got[rep.ID], rep) }
		read()
		read()
		if len(got[2]) != 1 || got[2][0].Err == nil || got[2][0].Began {
			t.Errorf("a folder that is not there: %+v", got[2])
		}
		synctest.Wait()
		if r.Open() != 1 {
			t.Errorf("%d open", r.Open())
		}
		time.Sleep(3 * time.Second)
		first.End()
		read()
		if last := got[1][1]; last.Err != nil || last.Length != 3*time.Second {
			t.Errorf("%+v", last)
		}
		if _, err := r.Begin(Spec{ID: 4, Path: filepath.Join(dir, "four.wav")}); err != nil {
			t.Fatal(err)
		}
		read()
		stop()
		read()
		<-done
		if _, err := r.Begin(Spec{ID: 5}); !errors.Is(err, ErrClosed) {
			t.Errorf("after Serve: %v", err)
		}
		if _, open := <-r.Reports(); open {
			t.Error("reports stay open")
		}
	})
}

func TestConfig(t *testing.T) {
	if err := (Config{}).Validate(); err != nil {
		t.Error(err)
	}
	for _, c := range []Config{{Coding: 9}, {MaxLength: 1}, {MaxOpen: -1}, {Ring: 1}, {DiskRoots: make([]string, 17)}} {
		if c.Validate() == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}

func TestPushDoesNotAllocate(t *testing.T) {
	b := newBench(t, Config{})
	c := Chunk{Codec: media.PCMU, Payload: make([]byte, 160), SSRC: 1}
	if n := testing.AllocsPerRun(300, func() { c.Time += 160; b.rec.Left().Push(c, b.now) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
