package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/media"
	"tandem/media/mediatest"
	"tandem/media/prompt"
	"tandem/media/rtp"
)

// TestBehindPipe: nothing but values crosses, so the engine works the same behind a byte pipe.
func TestBehindPipe(t *testing.T) {
	r := newRig(t, testConfig())
	r.e = mediatest.Pipe(r.real)
	defer r.e.Close()
	a, b := r.open(1, media.PCMU), r.open(2, media.PCMA)
	r.do(media.Connect{A: 1, B: 2})
	r.settle(1)
	a.say(tone(440))
	wantTone(t, media.PCMA, b.readN(25), 440, 1000)
	r.do(media.Play{Stream: 1, Play: 1, Items: []media.Item{{Tone: media.Tone{Hz1: 1000, Level: -10, For: 100 * time.Millisecond}}}})
	wantTone(t, media.PCMU, a.readN(5), 1000, 440)
	if played := await[media.Played](r); played.Why != media.PlayDone {
		t.Errorf("%+v", played)
	}
	r.do(media.Close{Stream: 1})
	if closed := await[media.Closed](r); closed.Stats.Received != 25 {
		t.Errorf("%+v", closed)
	}
}

func TestStrayCommands(t *testing.T) {
	r := newRig(t, testConfig())
	r.do(media.Configure{Stream: 9}, media.Connect{A: 9, B: 8}, media.Disconnect{Stream: 9}, media.Stop{Stream: 9},
		media.SendDigits{Stream: 9, Digits: "1"}, media.DetectInband{Stream: 9}, media.PauseRecording{Recording: 9})
	r.do(media.Close{Stream: 9})
	if closed := await[media.Closed](r); closed.Stream != 9 {
		t.Errorf("%+v", closed)
	}
	if n := r.real.workers[0].counts.strays.Load(); n != 7 {
		t.Errorf("%d strays counted, want 7", n)
	}
}

func TestConfig(t *testing.T) {
	if err := (Config{}).Validate(); err != nil {
		t.Errorf("the defaults are faulty: %v", err)
	}
	err := Config{Workers: -1, PortMin: 80, PortMax: 80, Drain: -1, RelatchAfter: -1, ReportEvery: 1, Mailbox: -1, Events: -1, TickAbove: -1}.Validate()
	for _, want := range []string{"workers", "port_min", "holds no pair", "drain", "relatch_after", "report_every", "mailbox", "events", "tick_above"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no fault about %s in %v", want, err)
		}
	}
	if _, err := New(Config{Workers: -1}); err == nil {
		t.Error("New took a faulty configuration")
	}
	bad := Config{}
	bad.Record.MaxOpen = -1
	if _, err := New(bad); err == nil {
		t.Error("New took a faulty recording configuration")
	}
}

func TestMetrics(t *testing.T) {
	cfg := testConfig()
	registry := prometheus.NewRegistry()
	cfg.Registry = registry
	r := newRig(t, cfg)
	a := r.open(1, media.PCMU)
	r.do(media.Play{Stream: 1, Play: 1, Items: []media.Item{{Prompt: prompt.Music}}, Loop: true})
	a.readN(1)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "tandem_media_") {
			t.Errorf("name %s", f.GetName())
		}
		got[f.GetName()] = f.Metric[0].GetGauge().GetValue() + f.Metric[0].GetCounter().GetValue()
	}
	for name, want := range map[string]float64{"tandem_media_streams_open": 1, "tandem_media_playbacks_running": 1, "tandem_media_port_pairs_used": 1} {
		if got[name] != want {
			t.Errorf("%s %v, want %v", name, got[name], want)
		}
	}
	if got["tandem_media_sent_packets_total"] < 1 || len(got) != 17 {
		t.Errorf("%d metrics: %v", len(got), got)
	}
	if _, err := New(cfg); err == nil {
		t.Error("two engines share one registry")
	}
}

// pathRig is a worker with a bridge, driven without its loop.
func pathRig(t testing.TB, from, to media.Codec) (*worker, *stream) {
	t.Helper()
	e, err := New(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	w := e.workers[0]
	w.look()
	for id, c := range []media.Codec{from, to} {
		w.do(media.Open{Stream: media.StreamID(id + 1)})
		opened := (<-e.events).(media.Opened)
		w.do(media.Configure{Stream: opened.Stream, Config: media.StreamConfig{Remote: opened.Local, Format: format(c),
			Accept: []media.Format{format(c)}, DTMFSend: 101, DTMFRecv: 101}})
	}
	w.do(media.Connect{A: 1, B: 2})
	t.Cleanup(func() {
		for id := range media.StreamID(2) {
			w.do(media.Close{Stream: id + 1})
		}
	})
	s := w.streams[1]
	w.from = s.to
	return w, s
}

// TestPathDoesNotAllocate: relayed, transcoded, detected and played packets cost no allocation.
func TestPathDoesNotAllocate(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to media.Codec
		detect   bool
	}{{"relay", media.PCMU, media.PCMU, false}, {"transcode", media.PCMU, media.PCMA, false}, {"detect", media.PCMA, media.PCMU, true}} {
		t.Run(c.name, func(t *testing.T) {
			w, s := pathRig(t, c.from, c.to)
			w.do(media.DetectInband{Stream: 1, On: c.detect})
			packet, buf := make([]byte, 172), make([]byte, 172)
			h := rtp.Header{PayloadType: format(c.from).RecvPT, SSRC: 7}
			h.Put(packet)
			if !w.packet(s, append([]byte(nil), packet...)) {
				t.Fatal("refused")
			}
			if n := testing.AllocsPerRun(200, func() {
				h.Sequence++
				h.Timestamp += 160
				copy(buf, packet)
				h.Put(buf)
				w.packet(s, buf)
			}); n != 0 {
				t.Errorf("%v allocations per packet", n)
			}
			if s.peer.sent < 200 {
				t.Errorf("only %d packets sent", s.peer.sent)
			}
		})
	}
	t.Run("play", func(t *testing.T) {
		w, s := pathRig(t, media.PCMU, media.PCMU)
		w.do(media.Play{Stream: 1, Items: []media.Item{{Prompt: prompt.Music}, {Tone: media.Tone{Hz1: 440, Level: -10, For: time.Second}}}, Loop: true})
		if n := testing.AllocsPerRun(200, func() { w.lastTick = s.speaker.due; w.speak(&s.speaker) }); n != 0 {
			t.Errorf("%v allocations per packet", n)
		}
		if s.sent < 200 {
			t.Errorf("only %d packets sent", s.sent)
		}
	})
}

// FuzzPacket: no bytes on the packet path panic, and nothing but what was negotiated is passed on.
func FuzzPacket(f *testing.F) {
	w, s := pathRig(f, media.PCMU, media.PCMA)
	w.do(media.DetectInband{Stream: 1, On: true})
	for _, seed := range [][]byte{{}, {0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0xff}, {0x80, 101, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 5, 0x80, 0, 160}, {0x9f, 8}} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > len(w.buf) {
			return
		}
		before := s.peer.sent
		n := copy(w.buf[:], b)
		if n > 0 && !w.packet(s, w.buf[:n]) && s.peer.sent != before {
			t.Error("a refused packet was passed on")
		}
		w.control(s, w.buf[:n])
		for len(w.e.events) > 0 {
			<-w.e.events
		}
	})
}

// BenchmarkPath is the work on one relayed packet but for the two system calls.
func BenchmarkPath(b *testing.B) {
	for _, c := range []struct {
		name     string
		from, to media.Codec
		keys     media.Keys // of the peer
	}{{"relay", media.PCMU, media.PCMU, media.Keys{}}, {"transcode", media.PCMU, media.PCMA, media.Keys{}},
		{"seal GCM", media.PCMU, media.PCMU, keysOf(media.AEAD128, 1)}, {"seal CM", media.PCMU, media.PCMU, keysOf(media.CM80, 1)}} {
		b.Run(c.name, func(b *testing.B) {
			w, s := pathRig(b, c.from, c.to)
			if err := s.peer.protect(c.keys); err != nil {
				b.Fatal(err)
			}
			packet := make([]byte, 172)
			h := rtp.Header{PayloadType: format(c.from).RecvPT, SSRC: 7}
			h.Put(packet)
			w.packet(s, packet)
			s.peer.port.rtp = -1 // the kernel turns the send down at once
			b.ReportAllocs()
			for b.Loop() {
				h.Sequence++
				h.Timestamp += 160
				h.Put(packet)
				w.packet(s, packet)
			}
			s.peer.port = pair{rtp: -1, rtcp: -1, local: s.peer.port.local}
		})
	}
}
