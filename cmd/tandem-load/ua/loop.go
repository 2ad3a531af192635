package ua

import (
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"tandem/cmd/tandem-load/udp"
)

// Timers of RFC 3261 §17.1.1.1.
const (
	t1 = 500 * time.Millisecond
	t2 = 4 * time.Second
	// giveUp is timers B, F and H.
	giveUp = 64 * t1
	// forget is how long an ended call still answers what comes again.
	forget = 12 * time.Second
	// idle bounds one wait.
	idle = 50 * time.Millisecond
)

// Counts are what a loop has seen.
type Counts struct {
	Sent, Received  int
	Retransmitted   int // by us: no answer in time
	Repeated        int // by the peer
	Stray           int // belonged to nothing
	Bad             int // could not be read
	TimedOut        int // our requests and answers that were never answered or acknowledged
	RetryWithoutHdr int // 503 without Retry-After
}

// Loop runs all sides and alarms. Owned by the goroutine of Run.
type Loop struct {
	Counts Counts
	doors  []door
	alarms alarms
	now    time.Time
	serial uint64
	prefix string
	wake   int

	mu     sync.Mutex
	posted []func() // guarded by mu
}

// door is a socket with who takes what comes.
type door struct {
	socket *udp.Socket
	take   func(b []byte, from netip.AddrPort, at time.Time)
}

// NewLoop makes a loop without sides.
func NewLoop() (*Loop, error) {
	wake, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	return &Loop{now: now, prefix: strconv.FormatInt(now.UnixNano(), 36), wake: wake}, nil
}

// Close closes all sockets.
func (l *Loop) Close() {
	for _, d := range l.doors {
		d.socket.Close()
	}
	unix.Close(l.wake)
}

// Side opens a socket. Port 0 takes any. on hears of what becomes of the side's calls.
func (l *Loop) Side(addr netip.AddrPort, on func(Event)) (*Side, error) {
	s := &Side{On: on, loop: l, calls: map[string]*Call{}, registrations: map[string]*registration{}}
	sock, err := l.Open(addr, s.take)
	if err != nil {
		return nil, err
	}
	s.socket, s.Addr = sock, sock.Addr()
	return s, nil
}

// Open opens a socket that is no side: for audio. take may not keep the bytes.
func (l *Loop) Open(addr netip.AddrPort, take func(b []byte, from netip.AddrPort, at time.Time)) (*udp.Socket, error) {
	sock, err := udp.Open(addr)
	if err != nil {
		return nil, err
	}
	l.doors = append(l.doors, door{sock, take})
	return sock, nil
}

// Now is the time of the present pass.
func (l *Loop) Now() time.Time { return l.now }

// At does something later.
func (l *Loop) At(t time.Time, do func()) *Alarm { return l.alarms.add(t, do) }

// After does something in a while.
func (l *Loop) After(d time.Duration, do func()) *Alarm { return l.alarms.add(l.now.Add(d), do) }

// Post does something soon; for other goroutines.
func (l *Loop) Post(do func()) {
	l.mu.Lock()
	l.posted = append(l.posted, do)
	l.mu.Unlock()
	one := [8]byte{1}
	_, _ = unix.Write(l.wake, one[:])
}

// Run runs until the condition holds or the time is over; it tells whether the condition holds.
func (l *Loop) Run(until func() bool, limit time.Duration) bool {
	end := time.Now().Add(limit)
	for {
		l.now = time.Now()
		if until() {
			return true
		}
		if l.now.After(end) {
			return false
		}
		l.alarms.ring(l.now)
		l.takePosted()
		busy := false
		for _, d := range l.doors {
			busy = d.socket.Receive(d.take) || busy
		}
		if !busy {
			l.wait(end)
		}
	}
}

func (l *Loop) takePosted() {
	l.mu.Lock()
	list := l.posted
	l.posted = nil
	l.mu.Unlock()
	for _, do := range list {
		do()
	}
}

// wait waits for a datagram, a post or the next alarm.
func (l *Loop) wait(end time.Time) {
	fds := append(make([]unix.PollFd, 0, 8), unix.PollFd{Fd: int32(l.wake), Events: unix.POLLIN})
	for _, d := range l.doors {
		fds = append(fds, unix.PollFd{Fd: int32(d.socket.FD()), Events: unix.POLLIN})
	}
	d := min(idle, time.Until(end))
	if at, ok := l.alarms.next(); ok {
		d = min(d, time.Until(at))
	}
	ts := unix.NsecToTimespec(max(0, d).Nanoseconds())
	_, _ = unix.Ppoll(fds, &ts, nil)
	if fds[0].Revents != 0 {
		var b [8]byte
		_, _ = unix.Read(l.wake, b[:])
	}
}

// id makes a token that occurs once: for Call-IDs, tags and branches.
func (l *Loop) id() string {
	l.serial++
	return l.prefix + strconv.FormatUint(l.serial, 36)
}
