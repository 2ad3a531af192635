package cdr

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Sync says when a line must be on the disk.
type Sync string

// The sync policies. A timeline holds the truth in each case, so EverySecond is the default.
const (
	Always      Sync = "always"
	EverySecond Sync = "every-second"
	Never       Sync = "never" // left to the operating system
)

// Config of a File.
type Config struct {
	Path    string
	Format  Format // default JSONL
	Sync    Sync   // default EverySecond
	MaxSize int64  // bytes, from which on the file is rotated; default 64 MiB
	Keep    int    // rotated files that are kept; default 10
	Apart   bool   // who goes on after a crash may not see this file: better a line that a power cut takes than one that stands twice
}

// Validate tells every fault.
func (c Config) Validate() error {
	var faults []error
	if c.Path == "" {
		faults = append(faults, errors.New("path: missing"))
	}
	switch c.Format {
	case "", JSONL, CSV, Asterisk:
	default:
		faults = append(faults, fmt.Errorf("format: %q, known are jsonl, csv and asterisk", c.Format))
	}
	switch c.Sync {
	case "", Always, EverySecond, Never:
	default:
		faults = append(faults, fmt.Errorf("sync: %q, known are always, every-second and never", c.Sync))
	}
	if c.MaxSize < 0 {
		faults = append(faults, fmt.Errorf("max size: %d bytes", c.MaxSize))
	}
	if c.Keep < 0 {
		faults = append(faults, fmt.Errorf("keep: %d files", c.Keep))
	}
	return errors.Join(faults...)
}

// WithDefaults fills what is empty.
func (c Config) WithDefaults() Config {
	if c.Format == "" {
		c.Format = JSONL
	}
	if c.Sync == "" {
		c.Sync = EverySecond
	}
	if c.MaxSize == 0 {
		c.MaxSize = 64 << 20
	}
	if c.Keep == 0 {
		c.Keep = 10
	}
	return c
}

// File appends CDRs to a file. Owned by one goroutine.
type File struct {
	cfg    Config
	f      *os.File
	size   int64
	synced time.Time
	dirty  bool
}

// OpenFile opens or makes the file, and its folder with mode 0700. A line that a crash cut short is ended first.
func OpenFile(c Config) (*File, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, fmt.Errorf("cdr: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(c.Path), 0o700); err != nil {
		return nil, fmt.Errorf("cdr: %w", err)
	}
	f := &File{cfg: c}
	if err := f.open(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) open() error {
	file, err := os.OpenFile(f.cfg.Path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("cdr: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("cdr: %w", err), file.Close())
	}
	f.f, f.size = file, info.Size()
	if err := f.begin(); err != nil {
		return errors.Join(err, file.Close())
	}
	return nil
}

// begin writes the header of a new file, or ends the last line of an old one.
func (f *File) begin() error {
	if f.size == 0 {
		return f.put(f.cfg.Format.Header())
	}
	last := make([]byte, 1)
	if _, err := f.f.ReadAt(last, f.size-1); err != nil {
		return fmt.Errorf("cdr: %w", err)
	}
	if last[0] != '\n' {
		return f.put([]byte("\n"))
	}
	return nil
}

// put writes whole lines. A write that was cut short (disk full) is taken back, so that the next line stands alone.
func (f *File) put(line []byte) error {
	if len(line) == 0 {
		return nil
	}
	n, err := f.f.Write(line)
	if err != nil {
		if n > 0 {
			err = errors.Join(err, f.f.Truncate(f.size))
		}
		return fmt.Errorf("cdr: %w", err)
	}
	f.size += int64(n)
	f.dirty = true
	return nil
}

// Write appends one CDR, and rotates as configured; Tick syncs. After an error the CDR is not in the file, and Write may be
// tried again.
func (f *File) Write(c CDR) error {
	line, err := f.cfg.Format.Line(c)
	if err != nil {
		return err
	}
	if f.f == nil {
		if err := f.open(); err != nil {
			return err
		}
	}
	if f.size > int64(len(f.cfg.Format.Header())) && f.size+int64(len(line)) > f.cfg.MaxSize {
		if err := f.rotate(); err != nil {
			return err
		}
	}
	return f.put(line)
}

// Tick syncs if the policy asks for it; call it after each Write, and about once a second while no CDR comes.
func (f *File) Tick(now time.Time) error {
	due := f.cfg.Sync == Always || f.cfg.Sync == EverySecond && now.Sub(f.synced) >= time.Second
	if !f.dirty || !due || f.f == nil {
		return nil
	}
	if err := f.f.Sync(); err != nil {
		return fmt.Errorf("cdr: %w", err)
	}
	f.dirty, f.synced = false, now
	return nil
}

// Safe tells whether what was written survives what the policy wants it to survive.
func (f *File) Safe() bool { return !f.dirty || f.cfg.Sync == Never || f.cfg.Apart }

// findIn is how far back Find looks: the lines of tens of thousands of calls.
const findIn = 16 << 20

// Find tells which calls have a line among the newest of the file, and of the one that was rotated last.
func (f *File) Find(calls []string) (map[string]bool, error) {
	found := map[string]bool{}
	for _, path := range []string{f.cfg.Path, f.cfg.Path + ".1"} {
		tail, err := tailOf(path, findIn)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("cdr: %w", err)
		}
		for _, c := range calls {
			found[c] = found[c] || bytes.Contains(tail, []byte(c))
		}
	}
	return found, nil
}

func tailOf(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := min(info.Size(), most)
	return io.ReadAll(io.NewSectionReader(f, info.Size()-size, size))
}

// rotate renames path to path.1, path.1 to path.2 and so on, and forgets what is beyond Keep.
func (f *File) rotate() error {
	err := errors.Join(f.f.Sync(), f.f.Close())
	f.f = nil
	if err != nil {
		return fmt.Errorf("cdr: %w", err)
	}
	name := func(n int) string { return fmt.Sprintf("%s.%d", f.cfg.Path, n) }
	for n := f.cfg.Keep - 1; n >= 1; n-- {
		if err := os.Rename(name(n), name(n+1)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("cdr: %w", err)
		}
	}
	if err := os.Rename(f.cfg.Path, name(1)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("cdr: %w", err)
	}
	return f.open()
}

// Close syncs and closes.
func (f *File) Close() error {
	if f.f == nil {
		return nil
	}
	err := errors.Join(f.f.Sync(), f.f.Close())
	f.f, f.dirty = nil, f.dirty && err != nil
	return err
}
