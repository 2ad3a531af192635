package engine

import (
	"errors"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// poller is how a worker waits. Three epoll sets stand in a row:
//
//	sockets ─► sockets set ─┐
//	          timerfd ──────┼─► gate ─► the Go runtime's own set, in which the worker's goroutine is parked
//	          eventfd ──────┘
//
// With few packets the sockets set is in the gate, and each packet wakes the worker. With many it is taken out, the
// timerfd runs at 1 ms, and the worker drains the set at each tick: arrivals then cost no wake-up at all, which is where
// a third of the time goes. The gate's events are never read: the worker looks at the mailbox, the clock and the sockets
// itself each time it wakes.
type poller struct {
	gateFile *os.File // owns the gate
	gate     int
	sockets  int
	timer    int
	event    int
	inGate   bool
	interval time.Duration // of the timer; 0: off
	rung     atomic.Bool   // the eventfd was written and the worker has not heard it yet
}

func newPoller() (*poller, error) {
	p := &poller{gate: -1, sockets: -1, timer: -1, event: -1}
	var err [4]error
	p.gate, err[0] = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	p.sockets, err[1] = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	p.timer, err[2] = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	p.event, err[3] = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if e := errors.Join(err[:]...); e != nil {
		p.close()
		return nil, e
	}
	if e := errors.Join(unix.SetNonblock(p.gate, true), p.watch(p.gate, p.timer, unix.EPOLLET), p.watch(p.gate, p.event, unix.EPOLLET)); e != nil {
		p.close()
		return nil, e
	}
	p.gateFile = os.NewFile(uintptr(p.gate), "media engine gate")
	if err := p.setInGate(true); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *poller) watch(set, fd int, flags uint32) error {
	return unix.EpollCtl(set, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN | flags})
}

// setInGate says whether each packet wakes the worker.
func (p *poller) setInGate(on bool) error {
	if on == p.inGate {
		return nil
	}
	var err error
	if on {
		err = p.watch(p.gate, p.sockets, unix.EPOLLET)
	} else {
		err = unix.EpollCtl(p.gate, unix.EPOLL_CTL_DEL, p.sockets, nil)
	}
	if err == nil {
		p.inGate = on
	}
	return err
}

// add watches a socket.
func (p *poller) add(fd int) error {
	return unix.EpollCtl(p.sockets, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

// remove watches a socket no more. Any goroutine may call it.
func (p *poller) remove(fd int) { _ = unix.EpollCtl(p.sockets, unix.EPOLL_CTL_DEL, fd, nil) }

// ready fills in the sockets that have packets, without waiting.
func (p *poller) ready(events []unix.EpollEvent) int {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.sockets), uintptr(unsafe.Pointer(&events[0])),
		uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return 0
	}
	return int(n)
}

// setInterval starts, changes or (0) stops the timer.
func (p *poller) setInterval(d time.Duration) {
	if d == p.interval {
		return
	}
	p.interval = d
	ts := unix.NsecToTimespec(int64(d))
	_ = unix.TimerfdSettime(p.timer, 0, &unix.ItimerSpec{Interval: ts, Value: ts}, nil)
}

// rearm reads the timer, which starts its next interval.
func (p *poller) rearm() {
	var b [8]byte
	unix.RawSyscall(unix.SYS_READ, uintptr(p.timer), uintptr(unsafe.Pointer(&b[0])), 8)
}

// wake may be called from any goroutine, after what it wakes for is in place. Until the worker has heard it, further calls cost no
// system call.
func (p *poller) wake() {
	if p.rung.Swap(true) {
		return
	}
	one := [8]byte{1}
	unix.RawSyscall(unix.SYS_WRITE, uintptr(p.event), uintptr(unsafe.Pointer(&one[0])), 8)
}

// heard lets wake ring again. The worker calls it before it looks for what was put in place.
func (p *poller) heard() { p.rung.Store(false) }

// run parks the goroutine and calls turn at each wake-up, until turn returns true.
func (p *poller) run(turn func() bool) error {
	raw, err := p.gateFile.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(func(uintptr) bool { return turn() })
}

func (p *poller) close() {
	if p.gateFile != nil {
		_ = p.gateFile.Close()
	} else if p.gate >= 0 {
		unix.Close(p.gate)
	}
	for _, fd := range []int{p.sockets, p.timer, p.event} {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	p.gateFile, p.gate, p.sockets, p.timer, p.event = nil, -1, -1, -1, -1
}
