package gateway

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Processor is the one that the gateway has for itself; the load has Processor 0.
const Processor = 1

// Process is a running gateway.
type Process struct {
	Site Site
	PID  int
	Dir  string // of its data
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start writes the configuration into a new folder and starts the binary on its processor. It returns when the gateway is
// ready, and fails when that takes more than ten seconds.
func Start(binary string, site Site) (*Process, error) {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(site.Folder, "tandem-load-")
	if err != nil {
		return nil, err
	}
	p := &Process{Dir: dir, done: make(chan struct{})}
	if err := p.start(binary, site); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	if err := p.ready(10 * time.Second); err != nil {
		text, _ := os.ReadFile(p.logFile())
		p.Stop()
		return nil, fmt.Errorf("%w; it said:\n%s", err, text[max(0, len(text)-2000):])
	}
	return p, nil
}

func (p *Process) logFile() string { return filepath.Join(p.Dir, "log") }

func (p *Process) start(binary string, site Site) error {
	var err error
	if site.SIPPort, err = freePort("udp", site.Host); err != nil {
		return err
	}
	if site.HTTPPort, err = freePort("tcp", site.Host); err != nil {
		return err
	}
	p.Site = site
	config := filepath.Join(p.Dir, "tandem.yaml")
	if err := os.WriteFile(config, []byte(site.YAML()), 0o600); err != nil {
		return err
	}
	if site.Flow != "" {
		if err := os.Mkdir(filepath.Join(p.Dir, "flows"), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(p.Dir, "flows", "main.yaml"), []byte(site.Flow), 0o600); err != nil {
			return err
		}
	}
	log, err := os.Create(p.logFile())
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	p.cmd = exec.Command(binary, "--config", config, "serve")
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = log, log, p.Dir
	p.cmd.Env = append(os.Environ(), "GODEBUG=gctrace=1", "GOMAXPROCS="+strconv.Itoa(max(1, site.Procs)), "TANDEM_LOAD_PASSWORD="+Password)
	if err := startPinned(p.cmd); err != nil {
		return err
	}
	p.PID = p.cmd.Process.Pid
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return nil
}

// freePort finds a port that nobody has.
func freePort(network string, host netip.Addr) (uint16, error) {
	at := netip.AddrPortFrom(host, 0).String()
	if network == "udp" {
		c, err := net.ListenPacket("udp", at)
		if err != nil {
			return 0, err
		}
		defer func() { _ = c.Close() }()
		return c.LocalAddr().(*net.UDPAddr).AddrPort().Port(), nil
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).AddrPort().Port(), nil
}

func (p *Process) ready(limit time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.Site.HTTP().String()+"/readyz", nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the gateway is not ready after %v", limit)
		case <-p.done:
			return fmt.Errorf("the gateway ended: %v", p.err)
		case <-tick.C:
		}
	}
}

// Alive tells whether the process still runs.
func (p *Process) Alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// Log is what the gateway has written so far, and its Go runtime.
func (p *Process) Log() []byte {
	b, err := os.ReadFile(p.logFile())
	if err != nil {
		return []byte(err.Error())
	}
	return b
}

// Stop ends the process, by force where it does not end within five seconds, and removes its folder.
func (p *Process) Stop() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Signal(unix.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
	_ = os.RemoveAll(p.Dir)
}
