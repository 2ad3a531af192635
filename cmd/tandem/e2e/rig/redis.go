package rig

import (
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// Redis is a Redis server of a test's own, with its own folder, that writes every change to its disk before it answers.
type Redis struct {
	*Process
	At  netip.AddrPort
	dir string
}

// redisStarts bounds how long a server may take until it answers.
const redisStarts = 10 * time.Second

// StartRedis starts a server and waits until it answers. It ends with the test.
func StartRedis(t testing.TB) *Redis {
	t.Helper()
	host := Host(t)
	r := &Redis{At: netip.AddrPortFrom(host, Port(t, host)), dir: Folder(t)}
	r.Restart(t)
	return r
}

// Restart starts the server again on the same folder, address and port, and waits until it answers.
func (r *Redis) Restart(t testing.TB) {
	t.Helper()
	r.Process = Run(t, Program{Name: "redis-server", Dir: r.dir, Args: []string{
		"--bind", r.At.Addr().String(), "--port", strconv.Itoa(int(r.At.Port())), "--dir", r.dir, "--appendonly", "yes", "--appendfsync", "always",
		"--save", "", "--daemonize", "no", "--loglevel", "warning",
	}})
	Await(t, "redis-server answers", redisStarts, func() bool {
		if !r.Alive() {
			t.Fatalf("redis-server ended; it says:\n%s", r.Log())
		}
		return r.answers()
	})
}

// answers tells whether the server takes commands: it does not while it reads its files.
func (r *Redis) answers() bool {
	c, err := net.DialTimeout("tcp", r.At.String(), time.Second)
	if err != nil {
		return false
	}
	defer func() { _ = c.Close() }()
	if c.SetDeadline(time.Now().Add(time.Second)) != nil {
		return false
	}
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return false
	}
	b := make([]byte, 7)
	n, err := c.Read(b)
	return err == nil && string(b[:n]) == "+PONG\r\n"
}

// Kill ends the server as a power cut would, but for what the kernel has of its files.
func (r *Redis) Kill(t testing.TB) {
	t.Helper()
	r.End(syscall.SIGKILL, redisStarts)
}

// Freeze lets the server hang: it keeps its connections and answers nothing. Thaw ends that.
func (r *Redis) Freeze(t testing.TB) { r.signal(t, syscall.SIGSTOP) }

// Thaw lets a server that hangs go on.
func (r *Redis) Thaw(t testing.TB) { r.signal(t, syscall.SIGCONT) }

func (r *Redis) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(sig); err != nil {
		t.Fatalf("redis-server: %v", err)
	}
}
