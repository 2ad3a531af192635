package storetest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
)

const (
	childRole = "TANDEM_STORETEST_ROLE"
	childDir  = "TANDEM_STORETEST_DIR"
)

// Child runs the role of a child process if this process is one, and then never returns.
func Child(sub Subject) {
	roles := map[string]func(Subject, string) error{"load": childLoad, "full": childFull}
	run, ok := roles[os.Getenv(childRole)]
	if !ok {
		return
	}
	if err := run(sub, os.Getenv(childDir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func child(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^$")
	cmd.Env = append(os.Environ(), childRole+"="+role, childDir+"="+dir)
	return cmd
}

// childLoad writes from many goroutines until it is killed, and prints a line for each acknowledgement.
func childLoad(sub Subject, dir string) error {
	s, err := sub.Open(dir, engine.Options{Group: 64})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	var wg sync.WaitGroup
	for w := range 16 {
		wg.Go(func() { loadWriter(s, w, say) })
	}
	wg.Wait()
	return errors.New("all writers ended")
}

func loadWriter(s store.Store, w int, say func(string, ...any)) {
	record, stamp := fmt.Sprintf("r_%d", w%5), time.Now().UnixNano()
	for i := 0; ; i++ {
		mark := fmt.Sprintf("%d-%d-%d", stamp, w, i)
		e := note(record, i)
		e.Data["mark"], e.Key = mark, mark
		r, err := store.AppendWait(context.Background(), s, store.Batch{
			Events: []journey.Event{e}, Work: []store.WorkEntry{{Domain: "d", Item: mark, Body: []byte(mark)}},
			Once:      mark,
			Documents: []store.Document{{Key: fmt.Sprintf("load/%d", w), Version: store.AnyVersion, Body: []byte(mark)}},
		})
		if err != nil {
			return
		}
		if r.Repeated || len(r.Documents) != 1 {
			say("broken %s", mark)
		}
		say("document load/%d %d %s", w, r.Documents[0], mark)
		say("event %s %d %d %s", record, r.Seqs[0], r.Orders[0], mark)
		if i%10 == 0 {
			number := fmt.Sprintf("+49%d%d", w+10, i)
			if got, err := store.ResolveWait(context.Background(), s, contact(0, "", tel(number, journey.Claimed))); err == nil {
				say("customer %s %s", got.Customer, got.Record)
			}
		}
	}
}

// testKill kills a writing process again and again and looks for everything that it was acknowledged.
func testKill(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	var acked []string
	for round := range 4 {
		cmd := child(t, "load", dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acked = append(acked, killAfter(t, cmd, out, 200+round*333)...)
		_ = cmd.Wait()
		if t.Failed() {
			t.Fatal(stderr.String())
		}
		checkAcked(t, sub, dir, acked)
	}
}

// killAfter reads n acknowledgements, kills, and reads what had been printed before.
func killAfter(t *testing.T, cmd *exec.Cmd, out io.Reader, n int) (lines []string) {
	t.Helper()
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadString('\n')
		if err != nil { // a line cut short by the kill was no acknowledgement
			break
		}
		if lines = append(lines, strings.TrimSpace(line)); len(lines) == n {
			if err := cmd.Process.Kill(); err != nil {
				t.Error(err)
			}
		}
	}
	if len(lines) < n {
		t.Errorf("got %d acknowledgements before the end, want %d", len(lines), n)
	}
	return lines
}

func checkAcked(t *testing.T, sub Subject, dir string, acked []string) {
	t.Helper()
	s, err := sub.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	marks := map[string]string{} // record and seq → mark
	for i := range 5 {
		record := fmt.Sprintf("r_%d", i)
		for _, e := range timeline(t, s, record) {
			marks[fmt.Sprintf("%s %d", record, e.Seq)] = e.Data["mark"]
		}
	}
	_, entries := tail(t, s, "d")
	for i, w := range entries {
		if w.Order != uint64(i+1) || w.Item != string(w.Body) {
			t.Fatalf("got work entry %d at place %d", w.Order, i+1)
		}
	}
	for _, line := range acked {
		f := strings.Fields(line)
		if f[0] == "customer" {
			c, err := s.Customer(f[1])
			r, err2 := s.Record(f[2])
			if err != nil || err2 != nil || r.Customer != c.ID {
				t.Fatalf("%s: got %+v %+v, %v, %v", line, c, r, err, err2)
			}
			continue
		}
		if f[0] == "document" {
			var version uint64
			_, _ = fmt.Sscan(f[2], &version)
			if d, err := s.Document(f[1]); err != nil || d.Version < version {
				t.Fatalf("%s: got %+v, %v", line, d, err)
			}
			if _, seen, err := s.Seen(f[3]); !seen || err != nil {
				t.Fatalf("%s: got %v, %v, want it known", line, seen, err)
			}
			continue
		}
		var order int
		_, _ = fmt.Sscan(f[3], &order)
		if marks[f[1]+" "+f[2]] != f[4] || order > len(entries) || string(entries[order-1].Body) != f[4] {
			t.Fatalf("acknowledged and lost: %s", line)
		}
	}
}

func testFull(t *testing.T, sub Subject) {
	out, err := child(t, "full", folder(t, sub)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// childFull lets the file hit a size limit, lifts the limit and expects the store to go on where it was.
func childFull(sub Subject, dir string) error {
	signal.Ignore(syscall.SIGXFSZ)
	s, err := sub.Open(dir, engine.Options{Probe: 5 * time.Millisecond, Group: 32})
	if err != nil {
		return err
	}
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 20 << 20, Max: old.Max}); err != nil {
		return err
	}
	acked, err := fill(s)
	if !errors.Is(err, store.ErrUnhealthy) || acked == 0 || s.Health() == nil {
		return fmt.Errorf("got %v after %d, health %v, want ErrUnhealthy", err, acked, s.Health())
	}
	if r, err := s.Record("r_1"); err != nil || r.Seq != uint64(acked) {
		return fmt.Errorf("reads while full: got %+v, %v, want seq %d", r, err, acked)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		return err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for n := 0; s.Health() != nil && n < 10_000; n++ {
		<-tick.C
	}
	r, err := store.AppendWait(context.Background(), s, events(note("r_1", 0)))
	if err != nil || r.Seqs[0] != uint64(acked)+1 {
		return fmt.Errorf("after recovery: got %+v, %v, want seq %d", r, err, acked+1)
	}
	return s.Close()
}

// fill writes until the store refuses and gives the number of acknowledged events.
func fill(s store.Store) (acked int, err error) {
	big := strings.Repeat("x", journey.MaxDataValue)
	for range 100_000 {
		e := note("r_1", acked)
		for k := range 30 {
			e.Data[fmt.Sprint(k)] = big
		}
		if _, err := store.AppendWait(context.Background(), s, events(e)); err != nil {
			return acked, err
		}
		acked++
	}
	return acked, nil
}
