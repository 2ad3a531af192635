package engine

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/mediatest"
)

// sayPaced sends samples clocked by the engine's own playback on another stream, so that nothing sleeps: one packet of the
// far end for each packet that it hears.
func (p *peer) sayPaced(samples []int16) {
	p.t.Helper()
	for _, packet := range p.script.Packets(0, samples) {
		p.read()
		p.sendFrom(p.conn, packet.Packet)
	}
}

func TestRecord(t *testing.T) {
	r := newRig(t, testConfig())
	a, b := r.open(1, media.PCMU), r.open(2, media.PCMA)
	path := filepath.Join(t.TempDir(), "call.wav")
	for id := range media.StreamID(2) {
		r.do(media.Play{Stream: id + 1, Play: 1, Items: []media.Item{{Silence: time.Hour}}, Loop: true})
	}
	r.do(media.Record{Recording: 5, Left: 1, Path: path})
	r.do(media.Record{Recording: 5, Left: 1, Right: 2, Path: path})
	if began := await[media.RecordingBegan](r); began != (media.RecordingBegan{Stream: 1, Recording: 5}) {
		t.Errorf("%+v", began)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.sayPaced(mediatest.Tone(1000, 0, -10, 600*time.Millisecond))
	}()
	a.sayPaced(mediatest.Tone(440, 0, -10, 600*time.Millisecond))
	<-done
	r.until(1, func(s media.Stats) bool { return s.Received == 30 })
	r.until(2, func(s media.Stats) bool { return s.Received == 30 })
	r.do(media.PauseRecording{Recording: 5, Paused: true})
	a.sayPaced(mediatest.Tone(1700, 0, -10, 300*time.Millisecond)) // card data
	r.until(1, func(s media.Stats) bool { return s.Received == 45 })
	r.do(media.PauseRecording{Recording: 5})
	r.do(media.StopRecording{Recording: 5})
	ended := await[media.RecordingEnded](r)
	if ended.Recording != 5 || ended.Stream != 1 || ended.Err != "" || ended.Dropped != 0 || ended.Length < 700*time.Millisecond {
		t.Errorf("%+v", ended)
	}
	wav, err := mediatest.ReadWAV(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(wav.Channels) != 2 || wav.Rate != 8000 || len(wav.Channels[0]) != int(ended.Length*8000/time.Second) {
		t.Fatalf("%d channels at %d Hz", len(wav.Channels), wav.Rate)
	}
	for i, want := range []struct{ hz, not float64 }{{440, 1000}, {1000, 440}} {
		said := loudest(wav.Channels[i], 4000)
		if got := mediatest.Find(said, want.hz); got < -11.5 || got > -9 {
			t.Errorf("channel %d: %v Hz at %.1f dBm0", i, want.hz, got)
		}
		if got := mediatest.Find(said, want.not); got > -35 {
			t.Errorf("channel %d: %v Hz at %.1f dBm0, want nothing", i, want.not, got)
		}
		if got := mediatest.Find(loudest(wav.Channels[i], 800), 1700); got > -35 {
			t.Errorf("channel %d: what was said while paused is in the file at %.1f dBm0", i, got)
		}
	}
	if st := r.settle(1); st.Level < -15 {
		t.Errorf("level %v of a recorded stream", st.Level)
	}
}

// loudest finds the n samples with the most sound.
func loudest(pcm []int16, n int) []int16 {
	best, at := -200.0, 0
	for i := 0; i+n <= len(pcm); i += 80 {
		if l := mediatest.Level(pcm[i : i+n]); l > best {
			best, at = l, i
		}
	}
	return pcm[at : at+n]
}

func TestRecordFailures(t *testing.T) {
	r := newRig(t, testConfig())
	a := r.open(1, media.PCMU)
	taken := filepath.Join(t.TempDir(), "taken.wav")
	if err := os.WriteFile(taken, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, c := range []media.Command{
		media.Record{Recording: 1, Left: 1, Path: taken},
		media.Record{Recording: 2, Left: 1, Path: "/no/such/folder/x.wav"},
		media.Record{Recording: 3, Left: 77, Path: filepath.Join(t.TempDir(), "x.wav")},
		media.StopRecording{Recording: 4},
	} {
		r.do(c)
		if ended := await[media.RecordingEnded](r); ended.Recording != media.RecordingID(i+1) || ended.Err == "" {
			t.Errorf("%+v", ended)
		}
	}
	r.do(media.Connect{A: 1, B: 1})
	r.settle(1)
	a.say(tone(440))
	wantTone(t, media.PCMU, a.readN(25), 440, 1000)
}

// TestRecordingOutlivesStreams: its end is about no stream then.
func TestRecordingOutlivesStreams(t *testing.T) {
	r := newRig(t, testConfig())
	r.open(1, media.PCMU)
	r.do(media.Record{Recording: 1, Left: 1, Path: filepath.Join(t.TempDir(), "x.wav")})
	await[media.RecordingBegan](r)
	r.do(media.Close{Stream: 1})
	await[media.Closed](r)
	r.do(media.StopRecording{Recording: 1})
	if ended := await[media.RecordingEnded](r); ended.Stream != 0 || ended.Err != "" {
		t.Errorf("%+v", ended)
	}
}

// TestManyRecordingsInTurn: those that ended do not use up the places of a stream that hears nothing meanwhile.
func TestManyRecordingsInTurn(t *testing.T) {
	r := newRig(t, testConfig())
	r.open(1, media.PCMU)
	dir := t.TempDir()
	for id := range media.RecordingID(maxTaps + 2) {
		r.do(media.Record{Recording: id + 1, Left: 1, Path: filepath.Join(dir, string(rune('a'+id)))}, media.StopRecording{Recording: id + 1})
		await[media.RecordingEnded](r)
	}
	if n := r.real.workers[0].counts.strays.Load(); n != 0 {
		t.Errorf("%d recordings found no place", n)
	}
}
