package record

import (
	"fmt"
	"time"
)

// Coding is how samples are written.
type Coding uint8

// The codings. Both are stereo at 8000 Hz.
const (
	PCM16 Coding = iota // 32 kB/s
	Ulaw                // 16 kB/s
)

// Rate is the sampling rate of all recordings, in Hz.
const Rate = 8000

// Config is all that a Recorder needs. Zero values mean the defaults.
type Config struct {
	Coding     Coding
	MaxLength  time.Duration    // a recording ends by itself after so long; default 4 h
	MaxOpen    int              // recordings at once; default 2000
	Ring       int              // frames of 20 ms that each side may wait; default 100
	DiskRoots  []string         // folders that lie on disks of their own: each gets its own writer; at most 16
	RepairHead time.Duration    // how often the header is put right; default 5 s
	Now        func() time.Time // default time.Now
}

// Validate reports the first fault.
func (c Config) Validate() error {
	d := c.withDefaults()
	switch {
	case d.Coding > Ulaw:
		return fmt.Errorf("recording: unknown coding %d", d.Coding)
	case d.MaxLength < time.Second || d.MaxLength > 18*time.Hour:
		return fmt.Errorf("recording: max_length %v: not in 1s to 18h", d.MaxLength)
	case d.MaxOpen < 1:
		return fmt.Errorf("recording: max_open %d: below 1", d.MaxOpen)
	case d.Ring < 2 || d.Ring > 1000:
		return fmt.Errorf("recording: ring %d: not in 2 to 1000", d.Ring)
	case len(d.DiskRoots) > 16:
		return fmt.Errorf("recording: %d disk_roots: more than 16", len(d.DiskRoots))
	}
	return nil
}

func (c Config) withDefaults() Config {
	if c.MaxLength == 0 {
		c.MaxLength = 4 * time.Hour
	}
	if c.MaxOpen == 0 {
		c.MaxOpen = 2000
	}
	if c.Ring == 0 {
		c.Ring = 100
	}
	if c.RepairHead == 0 {
		c.RepairHead = 5 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}
