package registrar

import "time"

// Config sets up a Registrar. The zero value of a field means its default.
type Config struct {
	// Domains are the host names we register for, canonical one first; every other is an alias of it. Empty: any host is
	// taken as it is written.
	Domains []string
	// Known tells whether an AOR may register at all (404 if not). nil: every AOR may. It must not wait.
	Known func(aor string) bool

	MinExpires     time.Duration // shorter requests get 423; default 60 s
	DefaultExpires time.Duration // when the client names none; default 3600 s
	MaxExpires     time.Duration // longer requests are cut; default 7200 s
	MaxBindings    int           // per AOR; 403 above; default 10
	MaxTotal       int           // in the whole table; 503 above; default 100000
	FlowGrace      time.Duration // for a device to come back after its connection went (LoseFlow); default 30 s
}

// RetryAfter is what a client is told when the table is full.
const RetryAfter = 60 * time.Second

func (c Config) withDefaults() Config {
	if c.MinExpires <= 0 {
		c.MinExpires = time.Minute
	}
	if c.DefaultExpires <= 0 {
		c.DefaultExpires = time.Hour
	}
	if c.MaxExpires <= 0 {
		c.MaxExpires = 2 * time.Hour
	}
	c.MaxExpires = max(c.MaxExpires, c.MinExpires)
	c.DefaultExpires = min(max(c.DefaultExpires, c.MinExpires), c.MaxExpires)
	if c.MaxBindings <= 0 {
		c.MaxBindings = 10
	}
	if c.MaxTotal <= 0 {
		c.MaxTotal = 100000
	}
	if c.FlowGrace <= 0 {
		c.FlowGrace = 30 * time.Second
	}
	return c
}
