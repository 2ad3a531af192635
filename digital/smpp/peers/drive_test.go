package peers

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"tandem/digital/smpp"
	"tandem/digital/smpp/pdu"
)

const (
	each  = 2000 // messages that go through a test
	round = 500  // messages that drive_smpp sends before it wants its bearerbox to have passed them on
)

// sink stands in for the bearerbox that drive_smpp insists on: it accepts and reads.
func sink(t *testing.T) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:13001")
	if err != nil {
		t.Fatalf("drive_smpp needs port 13001 of the loopback: %v", err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go io.Copy(io.Discard, c)
		}
	}()
}

// drive starts drive_smpp; it serves one connection and has no more to say after it.
func drive(t *testing.T, port, messages int, log string) *exec.Cmd {
	t.Helper()
	return start(t, driver(t), driven(port, messages, log)...)
}

func driver(t *testing.T) string {
	t.Helper()
	return program(t, "drive_smpp", "/usr/lib/kannel/test", "kannel-extras")
}

func driven(port, messages int, log string) []string {
	return []string{"-v", "0", "-l", log, "-p", fmt.Sprint(port), "-m", fmt.Sprint(messages)}
}

func client(t *testing.T, port int, mode smpp.Mode) (*smpp.Client, context.CancelFunc) {
	t.Helper()
	c, err := smpp.New(smpp.Config{
		Name: "kannel", Address: fmt.Sprint("127.0.0.1:", port), SystemID: "foo", Password: "bar", Mode: mode,
		Queue: 2 * each, Inbound: each, BackOff: 20 * time.Millisecond, BackOffMost: 100 * time.Millisecond, DialWait: time.Second,
	}, smpp.Deps{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	go c.Run(ctx)
	return c, cancel
}

// TestDriveTakesOurMessages submits to Kannel's message centre, which is killed again and again: each message that it acknowledged is
// in its log once, each that is uncertain at most once.
func TestDriveTakesOurMessages(t *testing.T) {
	sink(t)
	port := freePorts(t, 1)[0]
	log := filepath.Join(t.TempDir(), "drive.log")
	centre := drive(t, port, 0, log)
	c, cancel := client(t, port, smpp.Transmitter)
	for i := range each {
		m := &pdu.Message{Source: pdu.AddressOf("123"), Destination: pdu.AddressOf("+456"), Short: fmt.Appendf(nil, "mt %d.", i)}
		if err := c.Submit(smpp.Submission{Key: fmt.Sprint(i), Message: m}); err != nil {
			t.Fatal(err)
		}
	}
	results := map[string]smpp.Outcome{}
	kills := 0
	for len(results) < each {
		e, open := <-c.Events()
		if !open {
			t.Fatalf("the client ended after %d results", len(results))
		}
		r, ok := e.(smpp.Result)
		if !ok {
			continue
		}
		if _, again := results[r.Key]; again {
			t.Fatalf("second result for %s", r.Key)
		}
		results[r.Key] = r.Outcome
		if len(results)/(each/10) > kills && len(results) < each {
			kills++
			kill(centre)
			centre = drive(t, port, 0, log)
		}
	}
	cancel()
	for range c.Events() {
	}
	got := matches(t, log, regexp.MustCompile(`submit_sm: short_message = <mt (\d+)\.>`))
	counts := map[smpp.Outcome]int{}
	for key, outcome := range results {
		counts[outcome]++
		if n := got[key]; outcome == smpp.Accepted && n != 1 || outcome == smpp.Uncertain && n > 1 || outcome > smpp.Uncertain && n > 0 {
			t.Errorf("message %s is %s and came %d times", key, outcome, n)
		}
	}
	if kills < 5 || counts[smpp.Accepted] < each*3/4 {
		t.Errorf("%d kills, outcomes %v: not the ride it should be", kills, counts)
	}
	t.Logf("%d kills, outcomes %v, %d different messages at the centre", kills, counts, len(got))
}

// TestDriveSendsUs takes 2,000 messages of Kannel's message centre, each once, in rounds of what it sends by itself. It sends none again.
func TestDriveSendsUs(t *testing.T) {
	sink(t)
	for n := range each / round {
		port := freePorts(t, 1)[0]
		centre := drive(t, port, round, filepath.Join(t.TempDir(), fmt.Sprint(n, ".log")))
		c, cancel := client(t, port, smpp.Receiver)
		got := map[string]int{}
		for len(got) < round {
			e, open := <-c.Events()
			if !open {
				t.Fatalf("the client ended after %d messages", len(got))
			}
			if in, ok := e.(smpp.Inbound); ok {
				got[string(in.Message.Short)]++
				c.Answer(in.Token, pdu.OK)
			}
		}
		cancel()
		for e := range c.Events() {
			if in, ok := e.(smpp.Inbound); ok {
				got[string(in.Message.Short)]++
			}
		}
		kill(centre)
		for text, n := range got {
			if n != 1 {
				t.Errorf("message %s came %d times", text, n)
			}
		}
	}
}
