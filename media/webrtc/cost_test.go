package webrtc

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/mediatest"
)

// browsersVar makes the test binary a process of so many browsers, so that their cost is not ours.
const browsersVar = "TANDEM_TEST_BROWSERS"

// TestBrowserProcess is that process: it prints offers, reads answers, and then each browser talks, 50 packets a second, until
// its input ends. Without the variable there is nothing to do.
func TestBrowserProcess(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv(browsersVar))
	if err != nil {
		return
	}
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	browsers := make([]*browser, n)
	for i := range browsers {
		browsers[i] = newBrowser(t)
		if err := out.Encode(browsers[i].offer()); err != nil {
			t.Fatal(err)
		}
		var answer string
		if err := in.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		browsers[i].accept(answer)
	}
	for _, b := range browsers {
		b.awaitUp()
	}
	var word string
	if in.Decode(&word) != nil { // the word to talk
		return
	}
	end := make(chan struct{})
	var all sync.WaitGroup
	for _, b := range browsers {
		all.Go(func() { b.talk(end) })
	}
	io.Copy(io.Discard, os.Stdin)
	close(end)
	all.Wait()
}

// talk sends silence as a browser does, and throws away what comes.
func (b *browser) talk(end <-chan struct{}) {
	clock := time.NewTicker(20 * time.Millisecond)
	defer clock.Stop()
	for {
		select {
		case <-clock.C:
			b.send(b.script.Packet(false, make([]byte, 160)))
			b.script.Timestamp += 160
		case <-b.in:
		case <-end:
			return
		}
	}
}

// phonesVar makes the test binary a process of plain phones, for comparison: they talk to the addresses that it reads.
const phonesVar = "TANDEM_TEST_PHONES"

// TestPhoneProcess is that process. Without the variable there is nothing to do.
func TestPhoneProcess(t *testing.T) {
	if os.Getenv(phonesVar) == "" {
		return
	}
	in := json.NewDecoder(os.Stdin)
	var there []netip.AddrPort
	if err := in.Decode(&there); err != nil {
		t.Fatal(err)
	}
	var here []netip.AddrPort
	conns := make([]*net.UDPConn, len(there))
	for i := range there {
		conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
		if err != nil {
			t.Fatal(err)
		}
		conns[i], here = conn, append(here, conn.LocalAddr().(*net.UDPAddr).AddrPort())
	}
	if err := json.NewEncoder(os.Stdout).Encode(here); err != nil {
		t.Fatal(err)
	}
	var word string
	if in.Decode(&word) != nil {
		return
	}
	for i, conn := range conns {
		go func() {
			script := mediatest.Script{Codec: media.PCMU, SSRC: uint32(i)}
			for range time.Tick(20 * time.Millisecond) {
				conn.WriteToUDPAddrPort(script.Packet(false, make([]byte, 160)), there[i])
				script.Timestamp += 160
			}
		}()
		go readAll(conn, func([]byte, netip.AddrPort) {})
	}
	io.Copy(io.Discard, os.Stdin)
}

// BenchmarkPhones is the same road without the Gate: the inner engine's share of what BenchmarkBrowsers shows.
func BenchmarkPhones(b *testing.B) {
	for b.Loop() { // what counts is measured below
	}
	const many = 60
	r := newRig(b)
	there := make([]netip.AddrPort, many)
	for i := range there {
		r.do(media.Open{Stream: media.StreamID(i + 1)}, media.Connect{A: media.StreamID(i + 1), B: media.StreamID(i + 1)})
		there[i] = await[media.Opened](r, media.StreamID(i+1)).Local
	}
	child, in, out, stdin := process(b, "TestPhoneProcess", phonesVar, "1")
	var here []netip.AddrPort
	if err := errors.Join(in.Encode(there), out.Decode(&here)); err != nil {
		b.Fatal(err)
	}
	f := format(media.PCMU)
	for i, at := range here {
		r.do(media.Configure{Stream: media.StreamID(i + 1), Config: media.StreamConfig{Remote: at, Format: f, Accept: []media.Format{f}}},
			media.Connect{A: media.StreamID(i + 1), B: media.StreamID(i + 1)})
	}
	if err := in.Encode("talk"); err != nil {
		b.Fatal(err)
	}
	r.until(many, func(s media.Stats) bool { return s.Sent > 25 })
	before, used := r.stats(many).Sent, cpu(b)
	<-time.After(2 * time.Second)
	spent, packets := cpu(b)-used, (r.stats(many).Sent-before)*many
	b.ReportMetric(float64(spent.Microseconds())/float64(packets), "µs/packet-in-and-out")
	stdin.Close()
	if err := child.Wait(); err != nil {
		b.Error(err)
	}
}

// cpu is what this process has used.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// inUse is heap and stacks after a collection.
func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

// BenchmarkBrowsers gives what a browser leg costs this process, the inner engine included: memory and goroutines, CPU of the
// set-up, and CPU of a packet that comes from a browser and goes back to it. The browsers are a process of their own.
func BenchmarkBrowsers(b *testing.B) {
	for _, many := range []int{20, 180} {
		b.Run(strconv.Itoa(many), func(b *testing.B) { measure(b, many) })
	}
}

func measure(b *testing.B, many int) {
	for b.Loop() { // what counts is measured below
	}
	r := newRig(b)
	for i := range many {
		r.open(media.StreamID(i + 1))
		r.do(media.Connect{A: media.StreamID(i + 1), B: media.StreamID(i + 1)})
	}
	memory, goroutines, used := inUse(), runtime.NumGoroutine(), cpu(b)
	child, in, out := r.browsers(b, many)
	for i := range many {
		r.linked(media.StreamID(i+1), true)
	}
	legs := float64(many)
	b.ReportMetric(float64(cpu(b)-used)/1e6/legs, "setup-ms/leg")
	b.ReportMetric(float64(inUse()-memory)/1024/legs, "KB/leg")
	b.ReportMetric(float64(runtime.NumGoroutine()-goroutines)/legs, "goroutines/leg")
	if err := in.Encode("talk"); err != nil {
		b.Fatal(err)
	}
	for r.gate.counts.received.Load() < uint64(many*25) {
		r.stats(1)
	}
	before, used, began := r.gate.counts.sent.Load(), cpu(b), time.Now()
	<-time.After(2 * time.Second)
	packets, spent := r.gate.counts.sent.Load()-before, cpu(b)-used
	b.ReportMetric(float64(spent.Microseconds())/float64(packets), "µs/packet-in-and-out")
	b.ReportMetric(float64(packets)/time.Since(began).Seconds(), "packets/s")
	out.Close()
	if err := child.Wait(); err != nil {
		b.Error(err)
	}
}

// browsers starts a process of browsers, each on a stream of its own.
func (r *rig) browsers(b *testing.B, many int) (child *exec.Cmd, in *json.Encoder, closer io.Closer) {
	b.Helper()
	child, in, offers, stdin := process(b, "TestBrowserProcess", browsersVar, strconv.Itoa(many))
	for i := range many {
		var offer string
		if err := offers.Decode(&offer); err != nil {
			b.Fatal(err)
		}
		if err := in.Encode(r.describe(media.StreamID(i+1), offer).SDP); err != nil {
			b.Fatal(err)
		}
	}
	return child, in, stdin
}

// process starts this test binary again, as one of its tests and with a variable set.
func process(b *testing.B, test, variable, value string) (child *exec.Cmd, in *json.Encoder, out *json.Decoder, stdin io.Closer) {
	b.Helper()
	child = exec.Command(os.Args[0], "-test.run=^"+test+"$")
	child.Env = append(os.Environ(), variable+"="+value)
	child.Stderr = os.Stderr
	w, err := child.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	r, err := child.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := child.Start(); err != nil {
		b.Fatal(err)
	}
	return child, json.NewEncoder(w), json.NewDecoder(r), w
}
