package engine

import (
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"tandem/media"
)

func TestPortPool(t *testing.T) {
	loop, now := netip.MustParseAddr("127.0.0.1"), time.Unix(1000, 0)
	p := newPortPool(28001, 28007, 5*time.Second)
	defer p.close()
	var got []pair
	for range 3 {
		one, err := p.take(nil, loop, now)
		if err != nil {
			t.Fatal(err)
		}
		if port := one.local.Port(); port%2 != 0 || port < 28001 || port > 28006 {
			t.Errorf("port %d", port)
		}
		got = append(got, one)
	}
	if _, err := p.take(nil, loop, now); err != errNoPorts {
		t.Errorf("fourth of three: %v", err)
	}
	if _, err := p.take(nil, netip.MustParseAddr("127.0.0.2"), now); err != nil {
		t.Errorf("another address has no range of its own: %v", err)
	}
	p.put(got[1], now)
	if _, err := p.take(nil, loop, now.Add(4999*time.Millisecond)); err != errNoPorts {
		t.Errorf("a port came back before it was drained: %v", err)
	}
	again, err := p.take(nil, loop, now.Add(5*time.Second))
	if err != nil || again.local != got[1].local {
		t.Fatalf("%v, %v; want %v", again.local, err, got[1].local)
	}
	if p.used() != 4 {
		t.Errorf("%d in use, want 4", p.used())
	}
	for _, one := range append(got[:1], got[2], again) {
		closePair(one)
	}
}

// TestForeignPort: pairs of which another program holds one port are passed over, and tried again later.
func TestForeignPort(t *testing.T) {
	loop, now := netip.MustParseAddr("127.0.0.1"), time.Unix(1000, 0)
	foreign, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 28101}) // the RTCP port of 28100
	if err != nil {
		t.Fatal(err)
	}
	p := newPortPool(28100, 28103, time.Second)
	defer p.close()
	first, err := p.take(nil, loop, now)
	if err != nil || first.local.Port() != 28102 {
		t.Fatalf("%v, %v; want port 28102", first.local, err)
	}
	defer closePair(first)
	if _, err := p.take(nil, loop, now.Add(2*foreignRest)); err != errNoPorts {
		t.Errorf("still foreign: %v", err)
	}
	foreign.Close()
	second, err := p.take(nil, loop, now.Add(4*foreignRest))
	if err != nil || second.local.Port() != 28100 {
		t.Fatalf("%v, %v; want port 28100", second.local, err)
	}
	closePair(second)
}

// TestNoPorts: a used-up range answers at once, and a closed port comes back after the drain time.
func TestNoPorts(t *testing.T) {
	cfg := testConfig()
	cfg.PortMax = cfg.PortMin + 3
	var now atomicTime
	now.set(time.Unix(1000, 0))
	cfg.Now = now.get
	r := newRig(t, cfg)
	r.open(1, media.PCMU)
	r.open(2, media.PCMU)
	r.do(media.Open{Stream: 3})
	if failed := await[media.OpenFailed](r); failed.Stream != 3 || failed.Why != media.NoPorts || failed.Err == "" {
		t.Errorf("%+v", failed)
	}
	if n := r.real.workers[0].counts.noPorts.Load(); n != 1 {
		t.Errorf("counted %d", n)
	}
	r.do(media.Close{Stream: 1}, media.Open{Stream: 4})
	if closed := await[media.Closed](r); closed.Stream != 1 {
		t.Errorf("%+v", closed)
	}
	if failed := await[media.OpenFailed](r); failed.Stream != 4 {
		t.Errorf("reused before it was drained: %+v", failed)
	}
	now.set(time.Unix(1005, 0))
	r.do(media.Open{Stream: 5})
	if opened := await[media.Opened](r); opened.Local.Port() != cfg.PortMin {
		t.Errorf("%+v", opened)
	}
}

// TestRestingPort: what comes late for a call is thrown away while its port rests, is counted, and the next call on the port
// hears nothing of it, whichever worker has it.
func TestRestingPort(t *testing.T) {
	for _, moved := range []bool{false, true} {
		cfg := testConfig()
		cfg.Workers, cfg.PortMax = 2, cfg.PortMin+3
		var now atomicTime
		now.set(time.Unix(1000, 0))
		cfg.Now = now.get
		r := newRig(t, cfg)
		one, two := r.open(1, media.PCMU), r.open(2, media.PCMU)
		if moved {
			r.do(media.Connect{A: 1, B: 2}) // brings both ports to the first worker
		}
		r.do(media.Close{Stream: 1}, media.Close{Stream: 2})
		await[media.Closed](r)
		await[media.Closed](r)
		one.say(tone(440))
		two.say(tone(440))
		late := func() (n uint64) {
			for _, w := range r.real.workers {
				n += w.counts.refused.Load()
			}
			return n
		}
		for end := time.Now().Add(patience); late() < 50; {
			if time.Now().After(end) {
				t.Fatalf("moved %v: %d of 50 late packets counted", moved, late())
			}
			runtime.Gosched()
		}
		now.set(time.Unix(1005, 0))
		for id := media.StreamID(3); id <= 4; id++ {
			p := r.open(id, media.PCMU)
			if p.engine != one.engine && p.engine != two.engine {
				t.Errorf("port %v is fresh", p.engine)
			}
			if st := r.settle(id); st.Received != 0 || st.Refused != 0 {
				t.Errorf("moved %v: a new stream heard the last call: %+v", moved, st)
			}
			p.say(tone(440))
			r.until(id, func(st media.Stats) bool { return st.Received == 25 })
		}
	}
}

func TestNoSocket(t *testing.T) {
	r := newRig(t, testConfig())
	r.do(media.Open{Stream: 1, Local: netip.MustParseAddr("192.0.2.77")})
	if failed := await[media.OpenFailed](r); failed.Why != media.NoSocket || failed.Err == "" {
		t.Errorf("%+v", failed)
	}
	r.do(media.Open{Stream: 2})
	await[media.Opened](r)
	r.do(media.Open{Stream: 2})
	if failed := await[media.OpenFailed](r); failed.Stream != 2 {
		t.Errorf("a stream id was taken twice: %+v", failed)
	}
	r.do(media.Open{})
	if failed := await[media.OpenFailed](r); failed.Stream != 0 {
		t.Errorf("stream 0 is none: %+v", failed)
	}
}

// TestNoLeak: after Close every descriptor is gone.
func TestNoLeak(t *testing.T) {
	before := openFDs(t)
	for range 3 {
		cfg := testConfig()
		cfg.Workers = 2
		e, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error)
		go func() { served <- e.Serve(t.Context()) }()
		r := &rig{t: t, e: e, real: e}
		for id := range media.StreamID(6) {
			r.do(media.Open{Stream: id + 1})
			await[media.Opened](r)
		}
		r.do(media.Connect{A: 1, B: 2}, media.Close{Stream: 3})
		await[media.Closed](r)
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-served; err != nil {
			t.Fatal(err)
		}
		if err := e.Do(media.Open{Stream: 9}); err != media.ErrClosed {
			t.Errorf("Do after Close: %v", err)
		}
		if _, open := <-e.Events(); open {
			for range e.Events() {
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	unserved, err := New(testConfig())
	if err != nil {
		t.Fatal(err)
	}
	unserved.Close()
	if err := unserved.Serve(t.Context()); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
	if after := openFDs(t); after > before {
		t.Errorf("%d descriptors before, %d after", before, after)
	}
}

// TestUnwatchedStream: a stream that the kernel refuses to watch after a move stays silent, and its place is given back once.
func TestUnwatchedStream(t *testing.T) {
	w, s := pathRig(t, media.PCMU, media.PCMU)
	w.do(media.Disconnect{Stream: 1})
	w.let(s)
	w.unwatch(&s.port)
	fd := s.port.rtp
	s.port.rtp = -1
	w.settle(s)
	s.port.rtp = fd
	if w.slots[s.slot] != s || w.streams[1] != s {
		t.Fatal("the stream is lost")
	}
	w.do(media.Close{Stream: 1})
	for id := range media.StreamID(3) {
		w.do(media.Open{Stream: 10 + id})
	}
	for id, s := range w.streams {
		if w.slots[s.slot] != s {
			t.Errorf("stream %d shares its place with another", id)
		}
	}
	if got := w.counts.streams.Load(); got != 4 {
		t.Errorf("%d streams counted, want 4", got)
	}
	for id := range media.StreamID(3) {
		w.do(media.Close{Stream: 10 + id})
	}
}
