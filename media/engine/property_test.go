package engine

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/mediatest"
	"tandem/media/prompt"
)

// world is a random life of an engine behind a byte pipe: what was asked, and how often it was answered.
type world struct {
	*rig
	r       *rand.Rand
	log     []string
	streams []*life
	plays   map[media.PlayID]int
	records map[media.RecordingID]int
	running []media.RecordingID
	dir     string
}

// life is one stream of a world.
type life struct {
	id             media.StreamID
	far            *peer
	opened, closed int // answers
	closing        bool
}

// TestRandomLives: whatever is commanded in whatever order, with packets in between, each Open, Play, Record and Close is
// answered exactly once, nothing goes to the peer of a stream that was closed, and every descriptor comes back.
func TestRandomLives(t *testing.T) {
	before := openFDs(t)
	for seed := range uint64(6) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			cfg := testConfig()
			cfg.Workers, cfg.Drain, cfg.ReportEvery = 1+int(seed%3), 200*time.Millisecond, 100*time.Millisecond
			cfg.TickAbove = 100 + int(seed)*100
			rig := newRig(t, cfg)
			rig.e = mediatest.Pipe(rig.real)
			w := &world{rig: rig, r: rand.New(rand.NewPCG(seed, 1)), plays: map[media.PlayID]int{}, records: map[media.RecordingID]int{}, dir: t.TempDir()}
			for range 400 {
				w.step()
				w.listen(0)
			}
			w.end()
			if err := rig.e.Close(); err != nil {
				t.Error(err)
			}
			if t.Failed() {
				t.Logf("commands:\n%v", w.log)
			}
		})
	}
	if after := openFDs(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

func (w *world) do(c media.Command) {
	w.t.Helper()
	w.log = append(w.log, mediatest.Format(c)+"\n")
	for w.e.Do(c) == media.ErrBusy {
		w.listen(10 * time.Millisecond)
	}
}

// any is the id of some stream: mostly an open one, at times one that is gone or never was.
func (w *world) any() media.StreamID {
	if len(w.streams) == 0 || w.r.IntN(20) == 0 {
		return 9999
	}
	return w.streams[w.r.IntN(len(w.streams))].id
}

func (w *world) step() {
	switch id := w.any(); w.r.IntN(16) {
	case 0, 1:
		if len(w.streams) < 24 {
			s := &life{id: media.StreamID(len(w.streams) + 1), far: &peer{t: w.t, conn: listen(w.t, "127.0.0.1")}}
			s.far.script.SSRC = uint32(s.id)
			w.streams = append(w.streams, s)
			w.do(media.Open{Stream: s.id})
		}
	case 2, 3:
		w.do(media.Configure{Stream: id, Config: w.config(id)})
	case 4, 5:
		w.do(media.Connect{A: id, B: w.any()})
	case 6:
		w.do(media.Disconnect{Stream: id})
	case 7, 8:
		play := media.PlayID(len(w.plays) + 1)
		w.plays[play] = 0
		w.do(media.Play{Stream: id, Play: play, Items: w.items(), Loop: w.r.IntN(3) == 0, Barge: w.r.IntN(2) == 0})
	case 9:
		w.do(media.Stop{Stream: id, Play: media.PlayID(w.r.IntN(len(w.plays) + 1))})
	case 10:
		w.do(media.SendDigits{Stream: id, Digits: []string{"1", "23#", "x", ""}[w.r.IntN(4)]})
	case 11:
		w.do(media.DetectInband{Stream: id, On: w.r.IntN(2) == 0})
	case 12:
		w.record(id)
	case 13:
		w.do(media.QueryStats{Stream: id})
	case 14:
		w.close(id)
	case 15:
		w.do(media.Monitor{Stream: id, Of: [2]media.StreamID{w.any(), w.any()}, On: w.r.IntN(4) > 0})
	}
	for range w.r.IntN(8) {
		w.send()
	}
}

func (w *world) config(id media.StreamID) media.StreamConfig {
	f := format([]media.Codec{media.PCMU, media.PCMA}[w.r.IntN(2)])
	c := media.StreamConfig{Format: f, Accept: []media.Format{f, {SendPT: 13, RecvPT: 13}}, Direction: media.Direction(w.r.IntN(4)),
		Symmetric: w.r.IntN(2) == 0, Ptime: time.Duration(w.r.IntN(8)*10) * time.Millisecond, Timeout: time.Duration(w.r.IntN(2)) * 10 * time.Millisecond}
	if w.r.IntN(2) == 0 {
		c.Direction = media.SendRecv
	}
	c.RemoteRTCP = netip.MustParseAddrPort("127.0.0.1:9") // the port after that of a far end may be another far end's
	if w.r.IntN(3) > 0 {
		c.DTMFSend, c.DTMFRecv = 101, 101
	}
	if s := w.life(id); s != nil && w.r.IntN(5) > 0 {
		c.Remote = s.far.addr()
	}
	return c
}

func (w *world) items() []media.Item {
	return [][]media.Item{{{Prompt: prompt.Music}}, {{Prompt: "no/such"}}, nil, {{Silence: 30 * time.Millisecond}},
		{{Tone: media.Tone{Hz1: 440, Level: -10, For: 50 * time.Millisecond}}, {Silence: time.Millisecond}}}[w.r.IntN(5)]
}

func (w *world) record(id media.StreamID) {
	if n := len(w.running); n > 0 && w.r.IntN(2) == 0 {
		w.do(media.PauseRecording{Recording: w.running[0], Paused: w.r.IntN(2) == 0})
		w.do(media.Record{Recording: w.running[0], Left: id, Right: w.any()})
		w.do(media.StopRecording{Recording: w.running[0]})
		w.running = w.running[1:]
		return
	}
	rec := media.RecordingID(len(w.records) + 1)
	w.records[rec] = 0
	w.do(media.Record{Recording: rec, Left: id, Right: w.any(), Path: filepath.Join(w.dir, fmt.Sprint(rec, ".wav"))})
	if w.alive(id) {
		w.running = append(w.running, rec)
	}
}

// alive tells that the engine must know a stream by now: it was asked for, its range is not used up, and nobody closed it.
func (w *world) alive(id media.StreamID) bool {
	s := w.life(id)
	return s != nil && !s.closing
}

func (w *world) close(id media.StreamID) {
	if s := w.life(id); s != nil && !s.closing {
		s.closing = true
		w.do(media.Close{Stream: id})
	}
}

func (w *world) life(id media.StreamID) *life {
	if i := int(id) - 1; i < len(w.streams) {
		return w.streams[i]
	}
	return nil
}

// send lets some far end say something: audio, a key, garbage, or control.
func (w *world) send() {
	if len(w.streams) == 0 {
		return
	}
	s := w.streams[w.r.IntN(len(w.streams))]
	if s.opened == 0 {
		return
	}
	s.far.script.PT = []uint8{0, 8, 13, 101, 77}[w.r.IntN(5)]
	s.far.script.Timestamp += 160
	if w.r.IntN(40) == 0 {
		s.far.script.Sequence += 5000
	}
	b := s.far.script.Packet(false, []byte{byte(w.r.IntN(18)), byte(w.r.IntN(256)), 1, 64, 5, 6})
	if w.r.IntN(10) == 0 {
		b = b[:w.r.IntN(len(b))]
	}
	to := s.far.engine
	if w.r.IntN(8) == 0 {
		to = rtcpOf(to)
	}
	_, _ = s.far.conn.WriteToUDPAddrPort(b, to)
}

// listen takes the events that are there, and waits for the first one for so long.
func (w *world) listen(wait time.Duration) bool {
	for timeout := time.After(wait); ; timeout = time.After(0) {
		select {
		case ev := <-w.e.Events():
			w.note(ev)
			continue
		default:
		}
		select {
		case ev := <-w.e.Events():
			w.note(ev)
		case <-timeout:
			return false
		}
	}
}

func (w *world) note(ev media.Event) {
	switch ev := ev.(type) {
	case media.Opened:
		s := w.life(ev.Stream)
		s.opened++
		s.far.engine = ev.Local
	case media.OpenFailed:
		w.t.Errorf("%+v", ev)
	case media.Played:
		w.plays[ev.Play]++
	case media.RecordingEnded:
		w.records[ev.Recording]++
	case media.Closed:
		s := w.life(ev.Stream)
		s.closed++
		drainConn(s.far.conn)
	}
}

// end closes all and counts the answers.
func (w *world) end() {
	w.t.Helper()
	for _, s := range w.streams {
		w.close(s.id)
	}
	for _, rec := range w.running {
		w.do(media.StopRecording{Recording: rec})
	}
	for end := time.Now().Add(patience); !w.answered() && time.Now().Before(end); {
		w.listen(20 * time.Millisecond)
	}
	w.listen(50 * time.Millisecond)
	for _, s := range w.streams {
		if s.opened != 1 || s.closed != 1 {
			w.t.Errorf("stream %d: opened %d times, closed %d times", s.id, s.opened, s.closed)
		}
		if n := drainConn(s.far.conn); n != 0 {
			w.t.Errorf("stream %d: %d packets to its peer after it was closed", s.id, n)
		}
		s.far.conn.Close()
	}
	for id, n := range w.plays {
		if n != 1 {
			w.t.Errorf("play %d ended %d times", id, n)
		}
	}
	for id, n := range w.records {
		if n != 1 {
			w.t.Errorf("recording %d ended %d times", id, n)
		}
	}
	for i, wk := range w.real.workers {
		if load, open, plays, ears := wk.load.Load(), wk.counts.streams.Load(), wk.counts.plays.Load(), wk.counts.monitors.Load(); load != 0 || open != 0 || plays != 0 || ears != 0 {
			w.t.Errorf("worker %d counts load %d, %d streams, %d playbacks, %d listeners", i, load, open, plays, ears)
		}
	}
}

func (w *world) answered() bool {
	for _, s := range w.streams {
		if s.closed == 0 {
			return false
		}
	}
	for _, n := range w.plays {
		if n == 0 {
			return false
		}
	}
	for _, n := range w.records {
		if n == 0 {
			return false
		}
	}
	return true
}

// drainConn throws away what waits in a socket, and counts it.
func drainConn(conn *net.UDPConn) (n int) {
	var buf [2048]byte
	for {
		conn.SetReadDeadline(time.Now().Add(time.Millisecond))
		if _, _, err := conn.ReadFromUDPAddrPort(buf[:]); err != nil {
			return n
		}
		n++
	}
}
