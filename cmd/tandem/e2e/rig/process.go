package rig

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Program is a program to run beside the gateway.
type Program struct {
	Name string // looked up by Need unless it is a path
	Args []string
	Dir  string   // where it runs and leaves its files; empty: a new folder
	Env  []string // added to ours
}

// Process is a program that runs, or ran. What it writes goes to one file.
type Process struct {
	Dir string
	cmd *exec.Cmd
	end chan struct{}
	err error
	log string
}

// Run starts a program. It is ended with the test at the latest.
func Run(t testing.TB, p Program) *Process {
	t.Helper()
	path := p.Name
	if !strings.ContainsRune(path, filepath.Separator) {
		path = Need(t, path)
	}
	dir := p.Dir
	if dir == "" {
		dir = Folder(t)
	}
	r := &Process{Dir: dir, end: make(chan struct{}), log: filepath.Join(dir, filepath.Base(path)+".out")}
	out, err := os.OpenFile(r.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	r.cmd = exec.Command(path, p.Args...)
	r.cmd.Stdout, r.cmd.Stderr, r.cmd.Dir, r.cmd.Env = out, out, dir, append(os.Environ(), p.Env...)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		r.err = r.cmd.Wait()
		close(r.end)
	}()
	t.Cleanup(func() { r.End(syscall.SIGTERM, 2*time.Second) })
	return r
}

// Folder makes a folder with a short name, for sockets have short names, that goes away with the test.
func Folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "tandem-e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// PID is the number of the process.
func (r *Process) PID() int { return r.cmd.Process.Pid }

// Done is closed when the process has ended.
func (r *Process) Done() <-chan struct{} { return r.end }

// Alive tells whether the process still runs.
func (r *Process) Alive() bool {
	select {
	case <-r.end:
		return false
	default:
		return true
	}
}

// Log is everything that the process has written so far.
func (r *Process) Log() string {
	b, err := os.ReadFile(r.log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Wait waits for the end and gives the exit code; -1 where it did not end within limit or was ended by a signal.
func (r *Process) Wait(limit time.Duration) int {
	over := time.NewTimer(limit)
	defer over.Stop()
	select {
	case <-over.C:
		return -1
	case <-r.end:
	}
	var exit *exec.ExitError
	switch {
	case r.err == nil:
		return 0
	case errors.As(r.err, &exit):
		return exit.ExitCode()
	}
	return -1
}

// End sends a signal, and kills after limit. It gives the exit code as Wait does.
func (r *Process) End(sig syscall.Signal, limit time.Duration) int {
	_ = r.cmd.Process.Signal(sig) // it may have ended
	code := r.Wait(limit)
	if r.Alive() {
		_ = r.cmd.Process.Kill()
		<-r.end
	}
	return code
}
