package outage

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// Calm is how long nothing may have failed before a success ends an outage: what fails now and then is one outage, not many.
const Calm = 5 * time.Second

// Log tells of one thing that may fail.
type Log struct {
	log  *slog.Logger
	what string
	on   atomic.Bool

	mu          sync.Mutex // guards what stands below; nothing waits while it is held
	began, last time.Time
	failed      int
}

// New makes a Log. what says in the log what fails: "page turned away".
func New(log *slog.Logger, what string) *Log { return &Log{log: log, what: what} }

// Failed notes a failure. The first one of an outage is logged as an error, with args as slog takes them.
func (l *Log) Failed(err error, args ...any) {
	now := time.Now()
	l.mu.Lock()
	first := l.failed == 0
	if first {
		l.began = now
	}
	l.failed++
	l.last = now
	l.on.Store(true)
	l.mu.Unlock()
	if first {
		l.log.Error(l.what, append(args, "err", err)...)
	}
}

// Worked notes a success: the first one after Calm ends the outage, which is logged with how many failed.
func (l *Log) Worked() {
	if !l.on.Load() {
		return
	}
	now := time.Now()
	l.mu.Lock()
	failed, took, over := l.failed, l.last.Sub(l.began), l.failed > 0 && now.Sub(l.last) >= Calm
	if over {
		l.failed = 0
		l.on.Store(false)
	}
	l.mu.Unlock()
	if over {
		l.log.Info(l.what+": no more", "failed", failed, "dur_ms", took.Milliseconds())
	}
}
