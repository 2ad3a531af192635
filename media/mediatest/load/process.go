package load

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Process is the program under test. It prints one port a line, then serves until its input ends.
type Process struct {
	Ports []int
	cmd   *exec.Cmd
	in    io.Closer
}

// Start runs a program on processor 1 and reads so many ports.
func Start(cmd *exec.Cmd, ports int) (*Process, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := startPinned(cmd); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd, in: in}
	for lines := bufio.NewScanner(out); len(p.Ports) < ports; {
		if !lines.Scan() {
			p.Stop()
			return nil, fmt.Errorf("program under test ended after %d of %d ports", len(p.Ports), ports)
		}
		port, err := strconv.Atoi(lines.Text())
		if err != nil {
			p.Stop()
			return nil, err
		}
		p.Ports = append(p.Ports, port)
	}
	return p, nil
}

// startPinned starts cmd with the processor and priority of this thread, which are changed for that moment.
func startPinned(cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer Pin(1)()
	return cmd.Start()
}

// Stop ends the program and waits for it.
func (p *Process) Stop() {
	p.in.Close()
	_ = p.cmd.Wait()
}

// CPU is the processor time that all threads of the program have had.
func (p *Process) CPU() time.Duration {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	var total time.Duration
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		ns, _ := strconv.ParseInt(strings.Fields(string(b))[0], 10, 64)
		total += time.Duration(ns)
	}
	return total
}

// Measure runs a plan against the program and gives its processor time over the window.
func (g *Generator) Measure(p *Process, plan Plan) (Result, time.Duration) {
	var used time.Duration
	plan.Ports = p.Ports
	plan.Mark = func(open bool) {
		if open {
			used = -p.CPU()
		} else {
			used += p.CPU()
		}
	}
	return g.Run(plan), used
}
