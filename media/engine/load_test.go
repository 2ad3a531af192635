package engine

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"

	"tandem/media"
	"tandem/media/mediatest/load"
	"tandem/media/prompt"
)

// childEnv makes this binary the program under test: "relay <streams> <port A> <port B>" or "music …".
const childEnv = "TANDEM_ENGINE_CHILD"

func TestMain(m *testing.M) {
	if job := os.Getenv(childEnv); job != "" {
		if err := child(strings.Fields(job)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// profileEnv names a file for a CPU profile of the program under test.
const profileEnv = "TANDEM_ENGINE_PROFILE"

// child runs an engine with so many streams until its input ends.
func child(job []string) error {
	streams, err := strconv.Atoi(job[1])
	if err != nil {
		return err
	}
	var far [2]netip.AddrPort
	for side := range far {
		far[side] = netip.MustParseAddrPort("127.0.0.1:" + job[2+side])
	}
	e, err := New(Config{Workers: 1, Local: far[0].Addr(), PortMin: 12000, PortMax: 19999})
	if err != nil {
		return err
	}
	go e.Serve(context.Background())
	out := bufio.NewWriter(os.Stdout)
	for i := range streams {
		id := media.StreamID(i + 1)
		e.Do(media.Open{Stream: id})
		opened, ok := (<-e.Events()).(media.Opened)
		if !ok {
			return fmt.Errorf("stream %d not opened", id)
		}
		pcmu := media.Format{Codec: media.PCMU}
		e.Do(media.Configure{Stream: id, Config: media.StreamConfig{Remote: far[i%2], Format: pcmu, Accept: []media.Format{pcmu}}})
		if job[0] == "music" {
			e.Do(media.Play{Stream: id, Items: []media.Item{{Prompt: prompt.Music}}, Loop: true})
		} else if i%2 == 1 {
			e.Do(media.Connect{A: id - 1, B: id})
		}
		fmt.Fprintln(out, opened.Local.Port())
	}
	go func() {
		for range e.Events() {
		}
	}()
	out.Flush()
	if name := os.Getenv(profileEnv); name != "" {
		f, err := os.Create(name)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	io.Copy(io.Discard, os.Stdin)
	return e.Close()
}

// startChild starts this binary as the program under test.
func startChild(b *testing.B, g *load.Generator, job string, streams int) *load.Process {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s %d %d %d", childEnv, job, streams, g.Addr(0).Port(), g.Addr(1).Port()))
	p, err := load.Start(cmd, streams)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// startFloor builds and starts the C relay.
func startFloor(b *testing.B, g *load.Generator, streams int) *load.Process {
	b.Helper()
	binary := filepath.Join(b.TempDir(), "floor")
	if out, err := exec.Command("gcc", "-O2", "-o", binary, "../../testdata/floor/relay.c").CombinedOutput(); err != nil {
		b.Fatalf("gcc: %v\n%s", err, out)
	}
	cmd := exec.Command(binary, fmt.Sprint(streams/2), fmt.Sprint(g.Addr(0).Port()), fmt.Sprint(g.Addr(1).Port()))
	p, err := load.Start(cmd, streams)
	if err != nil {
		b.Fatal(err)
	}
	return p
}

// figures of one relay in one run.
type figures struct {
	perPacket float64 // µs
	load.Result
}

func measureRelay(g *load.Generator, p *load.Process) figures {
	defer p.Stop()
	r, cpu := g.Measure(p, load.Plan{Send: true, Warmup: 500 * time.Millisecond, Window: 3 * time.Second})
	return figures{float64(cpu.Nanoseconds()) / 1000 / float64(max(r.Sent, 1)), r}
}

// BenchmarkRelay compares the engine, in a process of its own on processor 1, with a C relay that does nothing else, under
// the same load from processor 0, one after the other. What counts is the ratio within a run.
func BenchmarkRelay(b *testing.B) {
	for _, calls := range []int{100, 300, 600} {
		b.Run(fmt.Sprintf("calls=%d", calls), func(b *testing.B) {
			g := load.New()
			defer g.Close()
			for b.Loop() {
				floor := measureRelay(g, startFloor(b, g, 2*calls))
				ours := measureRelay(g, startChild(b, g, "relay", 2*calls))
				b.ReportMetric(ours.perPacket, "µs/pkt")
				b.ReportMetric(floor.perPacket, "floor-µs/pkt")
				b.ReportMetric(ours.perPacket/floor.perPacket, "ratio")
				b.ReportMetric(micro(ours.Delay.P50), "p50-µs")
				b.ReportMetric(micro(ours.Delay.P99), "p99-µs")
				b.ReportMetric(micro(floor.Delay.P50), "floor-p50-µs")
				b.ReportMetric(micro(floor.Delay.P99), "floor-p99-µs")
				b.ReportMetric(float64(ours.Sent-ours.Received), "lost")
				b.ReportMetric(0, "ns/op")
			}
		})
	}
}

// BenchmarkMusic is 500 callers who wait with music, looping: share of one processor, packets sent of those due, and how
// far the distance between the packets of a stream lies from 20 ms.
func BenchmarkMusic(b *testing.B) {
	const callers = 500
	g := load.New()
	defer g.Close()
	for b.Loop() {
		p := startChild(b, g, "music", callers)
		const window = 4 * time.Second
		r, cpu := g.Measure(p, load.Plan{Warmup: 500 * time.Millisecond, Window: window})
		p.Stop()
		b.ReportMetric(100*cpu.Seconds()/window.Seconds(), "%core")
		b.ReportMetric(100*float64(r.Received)/(callers*window.Seconds()*50), "%sent")
		b.ReportMetric(float64(cpu.Nanoseconds())/1000/float64(max(r.Received, 1)), "µs/pkt")
		b.ReportMetric(micro(r.Pace.P50), "p50-µs")
		b.ReportMetric(micro(r.Pace.P99), "p99-µs")
		b.ReportMetric(micro(r.Pace.P999), "p999-µs")
		b.ReportMetric(0, "ns/op")
	}
}

func micro(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
