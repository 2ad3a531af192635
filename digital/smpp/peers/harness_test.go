package peers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"
)

// patience is how long a test waits for something that must happen; machines in a build are slow.
const patience = 60 * time.Second

// program finds a program or fails with what to install.
func program(t *testing.T, name, where, pack string) string {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, folder := range []string{where, "/usr/sbin"} {
		if path := filepath.Join(folder, name); canRun(path) {
			return path
		}
	}
	t.Fatalf("%s is missing; install it: sudo apt-get install %s", name, pack)
	return ""
}

func canRun(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&0o111 != 0
}

// start runs a program until the test ends.
func start(t *testing.T, path string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(path, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	return cmd
}

// kill ends a program as a power cut would.
func kill(cmd *exec.Cmd) {
	cmd.Process.Kill()
	cmd.Wait()
}

// Ports that are given out: below those that the kernel gives to any socket that has none, as a peer binds its port a while later.
const (
	lowestPort = 15000
	portCount  = 5000
)

// nextPort is where to look for a free port next: each process begins elsewhere.
var nextPort = os.Getpid()

// freePorts finds ports that nobody listens at.
func freePorts(t *testing.T, n int) (ports []int) {
	t.Helper()
	for range portCount {
		nextPort++
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", lowestPort+nextPort%portCount))
		if err != nil {
			continue
		}
		l.Close()
		if ports = append(ports, lowestPort+nextPort%portCount); len(ports) == n {
			return ports
		}
	}
	t.Fatalf("no %d ports from %d on are free", n, lowestPort)
	return nil
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
		<-ticker.C
	}
}

func listening(port int) func() bool {
	return func() bool {
		c, err := net.DialTimeout("tcp", fmt.Sprint("127.0.0.1:", port), time.Second)
		if err != nil {
			return false
		}
		c.Close()
		return true
	}
}

// proxy passes connections on to a port, until they are cut.
type proxy struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup

	mu    sync.Mutex // guards what stands below
	pairs map[[2]net.Conn]bool
	cuts  int
}

func newProxy(t *testing.T, target int) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, target: fmt.Sprint("127.0.0.1:", target), pairs: map[[2]net.Conn]bool{}}
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		l.Close()
		p.cut()
		p.wg.Wait()
	})
	return p
}

func (p *proxy) port() int { return p.listener.Addr().(*net.TCPAddr).Port }

func (p *proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", p.target)
		if err != nil {
			near.Close()
			continue
		}
		pair := [2]net.Conn{near, far}
		p.mu.Lock()
		p.pairs[pair] = true
		p.mu.Unlock()
		for i := range pair {
			p.wg.Go(func() {
				io.Copy(pair[i], pair[1-i])
				p.end(pair)
			})
		}
	}
}

func (p *proxy) end(pair [2]net.Conn) {
	p.mu.Lock()
	delete(p.pairs, pair)
	p.mu.Unlock()
	pair[0].Close()
	pair[1].Close()
}

// cut ends all connections.
func (p *proxy) cut() {
	p.mu.Lock()
	pairs := p.pairs
	p.pairs = map[[2]net.Conn]bool{}
	p.cuts += len(pairs)
	p.mu.Unlock()
	for pair := range pairs {
		pair[0].Close()
		pair[1].Close()
	}
}

// cutting cuts the road each time the interval is over, until the test's context ends.
func (p *proxy) cutting(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			p.cut()
		}
	}
}

func (p *proxy) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cuts
}

// matches counts what a pattern's first group finds in a file.
func matches(t *testing.T, path string, pattern *regexp.Regexp) map[string]int {
	t.Helper()
	found := map[string]int{}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return found // not begun yet
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if m := pattern.FindStringSubmatch(lines.Text()); m != nil {
			found[m[1]]++
		}
	}
	return found
}
