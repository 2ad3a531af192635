package engine

import (
	"bytes"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/codec"
	"tandem/media/mediatest"
	"tandem/media/prompt"
)

// withPrompts is a small engine with two prompts of different tones: "one" of 60 ms, "two" of 100 ms.
func withPrompts(t *testing.T) (*rig, *prompt.Library) {
	cfg := testConfig()
	cfg.Prompts = prompt.New(
		prompt.FromPCM("one", mediatest.Tone(440, 0, -10, 60*time.Millisecond)),
		prompt.FromPCM("two", mediatest.Tone(1000, 0, -10, 100*time.Millisecond)))
	return newRig(t, cfg), cfg.Prompts
}

func mustGet(t *testing.T, l *prompt.Library, name string) *prompt.Prompt {
	t.Helper()
	p, err := l.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPlayIsGapless: items follow each other without a sample between them, in both laws and for every ptime.
func TestPlayIsGapless(t *testing.T) {
	for _, c := range []struct {
		name  string
		codec media.Codec
		ptime time.Duration
		size  int
		n     int // packets: 60 + 30 + 100 ms
	}{{"ulaw", media.PCMU, 0, 160, 10}, {"alaw", media.PCMA, 20 * time.Millisecond, 160, 10},
		{"30 ms", media.PCMU, 30 * time.Millisecond, 240, 7}, {"10 ms", media.PCMA, 10 * time.Millisecond, 80, 19},
		{"60 ms", media.PCMU, 60 * time.Millisecond, 480, 4}} {
		t.Run(c.name, func(t *testing.T) {
			r, lib := withPrompts(t)
			a := r.open(1, c.codec, func(s *media.StreamConfig) { s.Ptime = c.ptime })
			r.do(media.Play{Stream: 1, Play: 7, Items: []media.Item{{Prompt: "one"}, {Silence: 30 * time.Millisecond}, {Prompt: "two"}}})
			got := a.readN(c.n)
			if played := await[media.Played](r); played != (media.Played{Stream: 1, Play: 7, Why: media.PlayDone}) {
				t.Errorf("%+v", played)
			}
			quiet := make([]byte, 240)
			codec.FillSilence(c.codec, quiet)
			want := append(append([]byte(nil), mustGet(t, lib, "one").In(c.codec)...), quiet...)
			want = append(want, mustGet(t, lib, "two").In(c.codec)...)
			if sound := audio(got); !bytes.Equal(sound[:len(want)], want) {
				t.Error("what was heard is not what was played")
			}
			wantOneSource(t, got)
			for i, p := range got {
				if len(p.Payload()) != c.size || p.Marker() != (i == 0) {
					t.Errorf("packet %d: %d bytes, marker %v", i, len(p.Payload()), p.Marker())
				}
				if step := p.Timestamp() - got[0].Timestamp(); step != uint32(i*c.size) {
					t.Errorf("packet %d: timestamp +%d", i, step)
				}
			}
			if st := r.settle(1); st.Sent != uint64(c.n) {
				t.Errorf("sent %d packets, want %d", st.Sent, c.n)
			}
		})
	}
}

func TestPlayTone(t *testing.T) {
	r := newRig(t, testConfig())
	a := r.open(1, media.PCMA)
	r.do(media.Play{Stream: 1, Play: 1, Items: []media.Item{{Tone: media.Tone{Hz1: 440, Level: -10, For: 200 * time.Millisecond}}}})
	wantTone(t, media.PCMA, a.readN(10), 440, 1000)
	await[media.Played](r)
}

func TestPlayLoopsUntilStopped(t *testing.T) {
	r, lib := withPrompts(t)
	a := r.open(1, media.PCMU)
	r.do(media.Play{Stream: 1, Play: 1, Items: []media.Item{{Prompt: "one"}}, Loop: true})
	got := audio(a.readN(7))
	one := mustGet(t, lib, "one").Ulaw
	if want := bytes.Repeat(one, 3)[:len(got)]; !bytes.Equal(got, want) {
		t.Error("the loop has a seam")
	}
	r.do(media.Stop{Stream: 1, Play: 2}) // not the one that plays
	r.do(media.Stop{Stream: 1, Play: 1}, media.Stop{Stream: 1, Play: 1})
	if played := await[media.Played](r); played.Why != media.PlayStopped {
		t.Errorf("%+v", played)
	}
	sent := r.settle(1).Sent
	r.do(media.Play{Stream: 1, Play: 3, Items: []media.Item{{Prompt: "two"}}})
	r.do(media.Play{Stream: 1, Play: 4, Items: []media.Item{{Prompt: "one"}}})
	if first, then := await[media.Played](r), await[media.Played](r); first.Why != media.PlayStopped || first.Play != 3 || then.Why != media.PlayDone || then.Play != 4 {
		t.Errorf("%+v, %+v", first, then)
	}
	if st := r.settle(1); st.Sent < sent+3 {
		t.Errorf("sent %d after %d", st.Sent, sent)
	}
}

func TestPlayFailures(t *testing.T) {
	r := newRig(t, testConfig())
	r.open(1, media.PCMU)
	for i, items := range [][]media.Item{{{Prompt: "no/such"}}, {}, {{}}, make([]media.Item, 257)} {
		id := media.PlayID(i + 1)
		r.do(media.Play{Stream: 1, Play: id, Items: items})
		if got := await[media.Played](r); got.Play != id || got.Why != media.PlayFailed || got.Err == "" {
			t.Errorf("%+v", got)
		}
	}
	r.do(media.Play{Stream: 99, Play: 9, Items: []media.Item{{Prompt: prompt.Music}}})
	if got := await[media.Played](r); got.Stream != 99 || got.Why != media.PlayFailed {
		t.Errorf("%+v", got)
	}
	r.do(media.Configure{Stream: 1, Config: media.StreamConfig{Format: media.Format{SendPT: 9, RecvPT: 9}}})
	r.do(media.Play{Stream: 1, Play: 10, Items: []media.Item{{Prompt: prompt.Music}}})
	if got := await[media.Played](r); got.Play != 10 || got.Why != media.PlayFailed {
		t.Errorf("%+v", got)
	}
}

// TestPlayOverBridge: a playback is heard instead of the other side, the other side again after it, all as one source.
func TestPlayOverBridge(t *testing.T) {
	r, _ := withPrompts(t)
	a, b := r.open(1, media.PCMU), r.open(2, media.PCMU)
	r.do(media.Connect{A: 1, B: 2})
	r.settle(1)
	a.say(tone(440))
	all := b.readN(25)
	r.do(media.Play{Stream: 2, Play: 1, Items: []media.Item{{Prompt: "two"}}})
	r.settle(2)
	a.say(tone(440)) // not heard
	all = append(all, b.readN(5)...)
	wantTone(t, media.PCMU, all[25:], 1000, 440)
	await[media.Played](r)
	a.say(tone(440))
	all = append(all, b.readN(25)...)
	wantTone(t, media.PCMU, all[30:], 440, 1000)
	wantOneSource(t, all)
	for _, i := range []int{25, 30} {
		if !all[i].Marker() {
			t.Errorf("packet %d has no marker where the source changed", i)
		}
	}
	r.do(media.Play{Stream: 2, Play: 2, Items: []media.Item{{Prompt: prompt.Music}}, Loop: true})
	b.readN(2)
	r.do(media.Connect{A: 2, B: 1})
	if played := await[media.Played](r); played.Play != 2 || played.Why != media.PlayStopped {
		t.Errorf("Connect does not stop playbacks: %+v", played)
	}
}

// TestHoldKeepsTime: a playback goes on, unheard, while the stream may not send.
func TestHoldKeepsTime(t *testing.T) {
	r, _ := withPrompts(t)
	a := r.open(1, media.PCMU, func(c *media.StreamConfig) { c.Direction = media.RecvOnly })
	r.do(media.Play{Stream: 1, Play: 1, Items: []media.Item{{Prompt: "two"}}})
	if played := await[media.Played](r); played.Why != media.PlayDone {
		t.Errorf("%+v", played)
	}
	if st := r.settle(1); st.Sent != 0 {
		t.Errorf("sent %d", st.Sent)
	}
	r.do(media.Configure{Stream: 1, Config: a.config(media.PCMU)})
	r.do(media.Play{Stream: 1, Play: 2, Items: []media.Item{{Prompt: "two"}}})
	wantTone(t, media.PCMU, a.readN(5), 1000, 440)
}

// TestPlaysKeepStep: a playback that begins when another ends does not run ahead of the clock.
func TestPlaysKeepStep(t *testing.T) {
	w, s := pathRig(t, media.PCMU, media.PCMU)
	item := []media.Item{{Silence: 60 * time.Millisecond}}
	var ticks []int64
	for id := range media.PlayID(50) {
		w.do(media.Play{Stream: 1, Play: id + 1, Items: item})
		for n := s.sent; s.speaker.on; {
			w.lastTick++
			w.now = time.Duration(w.lastTick) * tickEvery
			if w.wheel.turn(w.lastTick, w.speak); s.sent > n {
				ticks, n = append(ticks, w.lastTick), s.sent
			}
		}
		<-w.e.events // Played
	}
	if len(ticks) != 150 {
		t.Fatalf("%d packets, want 150", len(ticks))
	}
	for i, tick := range ticks[1:] {
		if tick-ticks[i] != 20 {
			t.Fatalf("packet %d: %d ms after the one before", i+1, tick-ticks[i])
		}
	}
}
