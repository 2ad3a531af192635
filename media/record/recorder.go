package record

import (
	"context"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// passEvery is how often a disk looks at its recordings.
const passEvery = 200 * time.Millisecond

// Report tells that a recording began, or that it ended.
type Report struct {
	ID      uint64
	Began   bool // the file is open; otherwise the recording ended and the other fields count
	Length  time.Duration
	Dropped uint64 // frames of at most 20 ms that are missing in the file
	Err     error  // nil: the file is whole
}

// Recorder writes recordings, by one goroutine per disk.
type Recorder struct {
	cfg     Config
	open    atomic.Int64
	closed  atomic.Bool
	disks   []*disk // the last one takes what lies below no root
	reports chan Report
	create  func(path string) (file, error)
}

// New makes a Recorder. The error tells what is wrong with cfg.
func New(cfg Config) (*Recorder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	r := &Recorder{cfg: cfg.withDefaults(), reports: make(chan Report, 256), create: createFile}
	for _, root := range append(append([]string(nil), cfg.DiskRoots...), "") {
		r.disks = append(r.disks, &disk{root: root, of: r, begin: make(chan *Recording, r.cfg.MaxOpen)})
	}
	return r, nil
}

func createFile(path string) (file, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
}

// Reports gives what happens to recordings. It is closed when Serve ends.
func (r *Recorder) Reports() <-chan Report { return r.reports }

// Open is the number of recordings being written.
func (r *Recorder) Open() int { return int(r.open.Load()) }

// Begin starts a recording now. It does not wait for the disk: whether the file could be opened comes in a Report.
func (r *Recorder) Begin(spec Spec) (*Recording, error) {
	if r.closed.Load() {
		return nil, ErrClosed
	}
	if r.open.Add(1) > int64(r.cfg.MaxOpen) {
		r.open.Add(-1)
		return nil, ErrTooMany
	}
	rec := newRecording(spec, r.cfg)
	r.diskOf(spec.Path).begin <- rec // never waits: it has room for MaxOpen
	return rec, nil
}

func (r *Recorder) diskOf(path string) *disk {
	last := r.disks[len(r.disks)-1]
	for _, d := range r.disks {
		if len(d.root) > len(last.root) && strings.HasPrefix(path, strings.TrimSuffix(d.root, "/")+"/") {
			last = d
		}
	}
	return last
}

// Serve writes until ctx ends, then finishes all recordings and closes Reports.
func (r *Recorder) Serve(ctx context.Context) {
	var all sync.WaitGroup
	for _, d := range r.disks {
		all.Go(func() { d.serve(ctx) })
	}
	<-ctx.Done()
	r.closed.Store(true)
	all.Wait()
	close(r.reports)
}
