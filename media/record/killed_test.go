package record

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/codec"
	"tandem/media/mediatest"
)

// childEnv makes this binary a process that records to the file named by it, until it is killed.
const childEnv = "TANDEM_RECORD_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		recordForEver(path)
		return
	}
	os.Exit(m.Run())
}

// recordForEver records a tone, four times as fast as the clock, and prints a line for each frame.
func recordForEver(path string) {
	var now atomic.Int64
	clock := func() time.Time { return time.Unix(5000, now.Load()) }
	r, err := New(Config{Now: clock})
	if err != nil {
		panic(err)
	}
	go r.Serve(context.Background())
	rec, err := r.Begin(Spec{ID: 1, Path: path})
	if err != nil {
		panic(err)
	}
	sound, frame := tone(440, time.Second), make([]byte, 160)
	for tick := time.NewTicker(5 * time.Millisecond); ; <-tick.C {
		at := int(now.Add(int64(20*time.Millisecond))/int64(20*time.Millisecond)) * 160
		codec.Encode(media.PCMU, frame, sound[at%8000:at%8000+160])
		rec.Left().Push(Chunk{Codec: media.PCMU, Payload: frame, SSRC: 1, Time: uint32(at)}, clock())
		fmt.Println(at)
	}
}

// TestKilledProcess: after kill -9 of the process, in the middle of a write or not, the file plays after Repair.
func TestKilledProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.wav")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	frames := 0
	for lines := bufio.NewScanner(out); frames < 330 && lines.Scan(); frames++ {
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || frames < 330 {
		t.Fatalf("not killed: %v after %d frames", err, frames)
	}
	if err := Repair(path); err != nil {
		t.Fatal(err)
	}
	wav, err := mediatest.ReadWAV(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(wav.Channels[0]); n < 3*Rate || n > 7*Rate {
		t.Fatalf("%d samples of 6.6 s", n)
	}
	if got := mediatest.Find(wav.Channels[0][Rate:3*Rate], 440); got < -11 || got > -9 {
		t.Errorf("440 Hz at %.1f dBm0, want -10", got)
	}
}
