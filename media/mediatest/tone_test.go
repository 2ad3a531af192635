package mediatest

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/codec"
	"tandem/media/rtp"
)

func TestFind(t *testing.T) {
	in := Tone(400, 1000, -12, time.Second)
	for hz, want := range map[float64]float64{400: -12, 1000: -12} {
		if got := Find(in, hz); math.Abs(got-want) > 0.1 {
			t.Errorf("%v Hz: got %.2f, want %.2f dBm0", hz, got, want)
		}
	}
	if got := Find(in, 700); got > -60 {
		t.Errorf("700 Hz, which is not there: %.2f dBm0", got)
	}
	if Find(nil, 400) != codec.Floor {
		t.Error("nothing has a level")
	}
	for _, c := range []media.Codec{media.PCMU, media.PCMA} {
		frame := Frames(c, Tone(1000, 0, -10, 20*time.Millisecond), 160)[0]
		if got := FindInFrame(c, frame, 1000); math.Abs(got+10) > 0.2 {
			t.Errorf("codec %d: got %.2f", c, got)
		}
	}
	if got := Level(Tone(500, 0, 0, time.Second)); math.Abs(got) > 0.05 {
		t.Errorf("Level: got %.2f", got)
	}
}

func wav(kind, channels, bits uint16, data []byte, claimed uint32) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVELIST\x03\x00\x00\x00abc\x00fmt \x10\x00\x00\x00")
	b = binary.LittleEndian.AppendUint16(b, kind)
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint32(b, Rate)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint16(b, 0)
	b = binary.LittleEndian.AppendUint16(b, bits)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, claimed)
	return append(b, data...)
}

func TestWAV(t *testing.T) {
	pcm := []byte{1, 0, 2, 0, 3, 0, 0xff, 0xff, 9}
	path := filepath.Join(t.TempDir(), "x.wav")
	if err := os.WriteFile(path, wav(1, 2, 16, pcm, 0xffffffff), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := ReadWAV(path)
	want := &WAV{Rate: Rate, Channels: [][]int16{{1, 3}, {2, -1}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v %v, want %+v", got, err, want)
	}
	got, err = ParseWAV(wav(7, 1, 8, []byte{codec.SilenceU, 0x80}, 2))
	if err != nil || got.Channels[0][0] != 0 || got.Channels[0][1] < 30000 {
		t.Errorf("µ-law: %+v %v", got, err)
	}
	for _, bad := range [][]byte{nil, []byte("RIFF"), wav(1, 1, 8, nil, 0), wav(1, 0, 16, nil, 0), wav(99, 1, 16, nil, 0), wav(1, 1, 16, nil, 0)[:30]} {
		if _, err := ParseWAV(bad); err == nil {
			t.Errorf("% x was taken", bad)
		}
	}
	if _, err := ReadWAV(path + "x"); err == nil {
		t.Error("a file that is not there was read")
	}
}

func TestScriptAndLink(t *testing.T) {
	s := Script{Codec: media.PCMA, PT: 8, SSRC: 9, Sequence: 65530, Timestamp: 100}
	in := append(s.Packets(0, Silence(time.Second)), s.Packets(time.Second, Tone(400, 0, -10, time.Second))...)
	if len(in) != 100 || in[99].At != 1980*time.Millisecond {
		t.Fatalf("%d packets, last at %v", len(in), in[len(in)-1].At)
	}
	p, err := rtp.Parse(in[50].Packet)
	if err != nil || p.Header() != (rtp.Header{Marker: true, PayloadType: 8, Sequence: 44, Timestamp: 100 + 50*160, SSRC: 9}) {
		t.Errorf("got %+v, %v", p.Header(), err)
	}
	if got := (Link{}).Carry(in); !reflect.DeepEqual(got, in) {
		t.Error("a link without faults changed something")
	}
	l := Link{Seed: 4, Loss: 0.1, Duplicate: 0.1, Reorder: 0.1, Jitter: 10 * time.Millisecond, Delay: 50 * time.Millisecond}
	got := l.Carry(in)
	if again := l.Carry(in); !reflect.DeepEqual(got, again) {
		t.Error("the same seed gave another run")
	}
	var src rtp.Source
	for i, tp := range got {
		if i > 0 && tp.At < got[i-1].At || tp.At < 50*time.Millisecond {
			t.Errorf("packet %d at %v", i, tp.At)
		}
		p, err := rtp.Parse(tp.Packet)
		if err != nil {
			t.Fatal(err)
		}
		src.Receive(p, tp.At)
	}
	if sum := src.Totals(); sum.Lost == 0 || sum.Lost > 25 || sum.Duplicate == 0 || sum.Jitter == 0 {
		t.Errorf("got %+v", sum)
	}
}
