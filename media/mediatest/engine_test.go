package mediatest

import (
	"errors"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/media"
)

// next gives one event, or fails in a bubble by deadlock.
func next(t *testing.T, e media.Engine) media.Event {
	t.Helper()
	ev, ok := <-e.Events()
	if !ok {
		t.Fatal("events ended")
	}
	return ev
}

func do(t *testing.T, e media.Engine, list ...media.Command) {
	t.Helper()
	for _, c := range list {
		if err := e.Do(c); err != nil {
			t.Fatalf("%s: %v", Format(c), err)
		}
	}
}

func expect(t *testing.T, e media.Engine, want ...media.Event) {
	t.Helper()
	for _, w := range want {
		if got := next(t, e); !reflect.DeepEqual(got, w) {
			t.Errorf("got %s, want %s", Format(got), Format(w))
		}
	}
}

// both runs a test on a plain engine and on the same behind a pipe.
func both(t *testing.T, opts Options, test func(t *testing.T, fake *Engine, e media.Engine)) {
	for _, name := range []string{"plain", "piped"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				fake := New(opts)
				e := media.Engine(fake)
				if name == "piped" {
					e = Pipe(fake)
				}
				test(t, fake, e)
				if err := e.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
				if err := e.Do(media.Open{}); !errors.Is(err, media.ErrClosed) {
					t.Errorf("Do after Close: %v", err)
				}
			})
		})
	}
}

func local(port uint16) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port)
}

func TestEngineAnswers(t *testing.T) {
	both(t, Options{}, func(t *testing.T, fake *Engine, e media.Engine) {
		play := media.Play{Stream: 1, Play: 7, Items: []media.Item{{Prompt: "demo/welcome"}}, Barge: true}
		do(t, e, media.Open{Stream: 1}, media.Open{Stream: 2}, play)
		expect(t, e, media.Opened{Stream: 1, Local: local(20000)}, media.Opened{Stream: 2, Local: local(20002)})
		synctest.Wait()
		if err := fake.FinishPlay(1, media.PlayDone); err != nil {
			t.Error(err)
		}
		if err := fake.FinishPlay(1, media.PlayDone); err == nil {
			t.Error("the same play ended twice")
		}
		expect(t, e, media.Played{Stream: 1, Play: 7, Why: media.PlayDone})
		play.Play = 8
		do(t, e, play)
		synctest.Wait()
		if p, ok := fake.Playing(1); !ok || p.Play != 8 {
			t.Errorf("playing: %+v %v", p, ok)
		}
		fake.Press(1, '5')
		expect(t, e, media.Played{Stream: 1, Play: 8, Why: media.PlayBarged},
			media.Digit{Stream: 1, Digit: '5', Length: defaultPress, Source: media.RFC4733})
		play.Play = 9
		do(t, e, play, media.Play{Stream: 1, Play: 10, Loop: true}, media.Stop{Stream: 1, Play: 9}, media.Connect{A: 1, B: 2})
		expect(t, e, media.Played{Stream: 1, Play: 9, Why: media.PlayStopped}, media.Played{Stream: 1, Play: 10, Why: media.PlayStopped})
		do(t, e, media.Record{Recording: 3, Left: 1}, media.Record{Recording: 3, Left: 1, Right: 2}, media.StopRecording{Recording: 3},
			media.StopRecording{Recording: 3}, media.QueryStats{Stream: 2})
		expect(t, e, media.RecordingBegan{Stream: 1, Recording: 3}, media.RecordingEnded{Stream: 1, Recording: 3}, media.StreamStats{Stream: 2})
		do(t, e, media.Record{Recording: 4, Left: 2}, media.Close{Stream: 1}, media.Close{Stream: 2})
		expect(t, e, media.RecordingBegan{Stream: 2, Recording: 4}, media.Closed{Stream: 1},
			media.RecordingEnded{Stream: 2, Recording: 4}, media.Closed{Stream: 2})
		fake.Inject(media.Silent{Stream: 1, For: time.Second})
		expect(t, e, media.Silent{Stream: 1, For: time.Second})
		if n := fake.OpenStreams(); n != 0 {
			t.Errorf("%d streams are open", n)
		}
	})
}

func TestEngineOptions(t *testing.T) {
	opts := Options{Local: netip.MustParseAddr("2001:db8::1"), FirstPort: 4000, Ports: 1, PlayAtOnce: true, RecordFails: true}
	both(t, opts, func(t *testing.T, fake *Engine, e media.Engine) {
		do(t, e, media.Open{Stream: 1}, media.Open{Stream: 2}, media.Play{Stream: 1, Play: 1}, media.Record{Recording: 1, Left: 1})
		expect(t, e, media.Opened{Stream: 1, Local: netip.MustParseAddrPort("[2001:db8::1]:4000")},
			media.OpenFailed{Stream: 2, Why: media.NoPorts, Err: "no ports"},
			media.Played{Stream: 1, Play: 1, Why: media.PlayDone},
			media.RecordingEnded{Stream: 1, Recording: 1, Err: "no space left"})
		do(t, e, media.Close{Stream: 1}, media.Open{Stream: 3, Local: netip.MustParseAddr("192.0.2.7")})
		expect(t, e, media.Closed{Stream: 1}, media.Opened{Stream: 3, Local: netip.MustParseAddrPort("192.0.2.7:4000")})
	})
}

func TestEngineMuteAndFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(Options{MuteOpen: true})
		do(t, e, media.Open{Stream: 1})
		e.Inject(media.Opened{Stream: 1, Local: local(9)})
		expect(t, e, media.Opened{Stream: 1, Local: local(9)})
		e.FailDo(media.ErrBusy)
		if err := e.Do(media.Close{Stream: 1}); !errors.Is(err, media.ErrBusy) {
			t.Errorf("got %v", err)
		}
		e.FailDo(nil)
		do(t, e, media.Close{Stream: 1})
		if got := len(e.Take()); got != 2 {
			t.Errorf("%d commands, want 2: a refused one is not taken", got)
		}
		if err := errors.Join(e.Close(), e.Close()); err != nil {
			t.Error(err)
		}
	})
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(Options{})
		go func() {
			do(t, e, media.Connect{A: 1, B: 2}, media.Stop{Stream: 1})
		}()
		got := e.Wait(func(c media.Command) bool { _, ok := c.(media.Stop); return ok })
		if got != (media.Stop{Stream: 1}) || len(e.Commands()) != 0 {
			t.Errorf("got %v, %d left", got, len(e.Commands()))
		}
		_ = e.Close()
		if got := e.Wait(func(media.Command) bool { return true }); got != nil {
			t.Errorf("after Close: %v", got)
		}
	})
}

func TestDump(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := New(Options{})
		do(t, e,
			media.Configure{Stream: 1, Config: media.StreamConfig{
				Remote: local(4000), Format: media.Format{Codec: media.PCMA, SendPT: 8, RecvPT: 8}, DTMFSend: 101, DTMFRecv: 96,
				Ptime: 20 * time.Millisecond, Direction: media.RecvOnly, Symmetric: true,
			}},
			media.Play{Stream: 1, Play: 2, Barge: true, Items: []media.Item{
				{Prompt: "demo/welcome"}, {Silence: time.Second}, {Tone: media.Tone{Hz1: 425, Level: -10, For: time.Second}}}},
			media.SendDigits{Stream: 1, Digits: "5#"})
		want := "configure stream=1 config={remote=192.0.2.1:4000 format=PCMA:8/8 ptime=20ms direction=recvonly symmetric dtmf=101/96}\n" +
			"play stream=1 play=2 items=[demo/welcome silence:1s tone:425+0Hz,-10dBm0,1s] barge\n" +
			"senddigits stream=1 digits=5#\n"
		if got := e.Dump(); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		_ = e.Close()
	})
	if got := Format(media.Digit{Stream: 1, Digit: '5', Source: media.Inband}); got != "digit stream=1 digit=5 source=2" {
		t.Errorf("got %q", got)
	}
}

// Every Command and Event crosses the pipe unchanged.
func TestPipeCarriesAll(t *testing.T) {
	commands := []media.Command{
		media.Open{Stream: 1, Local: netip.MustParseAddr("::1")}, media.Configure{Stream: 1, Config: media.StreamConfig{Remote: local(1), Accept: []media.Format{{Codec: media.PCMU}}}},
		media.Connect{A: 1, B: 1}, media.Disconnect{Stream: 1}, media.Play{Stream: 1, Items: []media.Item{{Prompt: "x"}}}, media.Stop{Stream: 1},
		media.SendDigits{Stream: 1, Digits: "1"}, media.DetectInband{Stream: 1, On: true}, media.Monitor{Stream: 1, Of: [2]media.StreamID{2, 3}, On: true}, media.Record{Recording: 1, Left: 1, Path: "p"},
		media.PauseRecording{Recording: 1, Paused: true}, media.StopRecording{Recording: 1}, media.QueryStats{Stream: 1}, media.Close{Stream: 1},
		media.Open{Stream: 2, Browser: true}, media.Describe{Stream: 2, Offer: "v=0", Direction: media.SendOnly}, media.Accept{Stream: 2, Answer: "v=0"},
	}
	events := []media.Event{
		media.Opened{Stream: 1, Local: local(2)}, media.OpenFailed{Stream: 1, Why: media.NoSocket, Err: "e"}, media.Played{Stream: 1, Play: 1},
		media.Digit{Stream: 1, Digit: 'A'}, media.FirstPacket{Stream: 1, From: local(3)}, media.Silent{Stream: 1, For: 5},
		media.RecordingBegan{Recording: 1}, media.RecordingEnded{Recording: 1, Dropped: 4}, media.StreamStats{Stream: 1, Stats: media.Stats{MOS: 4.4}},
		media.Closed{Stream: 1, Stats: media.Stats{Lost: 3, Level: -20.5}},
		media.Described{Stream: 2, SDP: "v=0", Config: media.StreamConfig{Remote: local(4)}, Err: "e"}, media.Linked{Stream: 2, Up: true, Why: "w"},
	}
	synctest.Test(t, func(t *testing.T) {
		fake := New(Options{MuteOpen: true})
		e := Pipe(fake)
		go func() {
			for range e.Events() {
			}
		}()
		do(t, e, commands...)
		synctest.Wait()
		if got := fake.Commands(); !reflect.DeepEqual(got, commands) {
			t.Errorf("got\n%v, want\n%v", got, commands)
		}
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		fake := New(Options{})
		e := Pipe(fake)
		for _, ev := range events {
			fake.Inject(ev)
		}
		expect(t, e, events...)
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestPipeIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &piped{box: make(chan media.Command, maxMailbox), quit: make(chan struct{})}
		var err error
		n := 0
		for ; err == nil; n++ {
			err = p.Do(media.Stop{})
		}
		if !errors.Is(err, media.ErrBusy) || n != maxMailbox+1 {
			t.Errorf("after %d: %v", n, err)
		}
	})
}

func TestPipeReportsRefusedCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := New(Options{})
		e := Pipe(fake)
		fake.FailDo(media.ErrBusy)
		do(t, e, media.Stop{Stream: 1})
		synctest.Wait()
		if err := e.Close(); !errors.Is(err, media.ErrBusy) {
			t.Errorf("got %v", err)
		}
	})
}

func TestBrowserStreams(t *testing.T) {
	both(t, Options{}, func(t *testing.T, fake *Engine, e media.Engine) {
		do(t, e, media.Open{Stream: 1, Browser: true}, media.Open{Stream: 2})
		expect(t, e, media.Opened{Stream: 1, Local: local(20000)}, media.Opened{Stream: 2, Local: local(20002)})
		do(t, e, media.Describe{Stream: 1}, media.Accept{Stream: 1, Answer: BrowserAnswer}, media.Describe{Stream: 1, Offer: "v=0\r\na=sendonly\r\n"},
			media.Describe{Stream: 2})
		config := fake.browserConfig(1)
		held := config
		held.Direction = media.RecvOnly
		expect(t, e, media.Described{Stream: 1, SDP: BrowserOffer}, media.Described{Stream: 1, Config: config},
			media.Described{Stream: 1, SDP: strings.Replace(BrowserAnswer, "sendrecv", "recvonly", 1), Config: held},
			media.Described{Stream: 2, Err: "not a browser stream"})
		do(t, e, media.Close{Stream: 1}, media.Accept{Stream: 1})
		expect(t, e, media.Closed{Stream: 1}, media.Described{Stream: 1, Err: "not a browser stream"})
	})
	both(t, Options{RefuseSDP: "no common codec"}, func(t *testing.T, _ *Engine, e media.Engine) {
		do(t, e, media.Open{Stream: 1, Browser: true}, media.Describe{Stream: 1, Offer: "v=0"})
		expect(t, e, media.Opened{Stream: 1, Local: local(20000)}, media.Described{Stream: 1, Err: "no common codec"})
	})
}
