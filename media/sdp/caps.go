package sdp

import (
	"slices"
	"time"

	"tandem/media"
)

// Caps is what we can do and want on a leg.
type Caps struct {
	Codecs     []media.Codec // in order of preference; nil means PCMA, PCMU
	Events     uint8         // telephone-event payload type that we offer; 0: none is offered or taken
	Ptime      time.Duration // that we ask for, 10–60 ms; 0 means 20 ms
	PreferOurs bool          // answer in our order of codecs instead of the offer's
	Symmetric  bool          // for StreamConfig
	Timeout    time.Duration // for StreamConfig
	SRTP       SRTP
	Name       string // s= and o= user; empty means "-"
}

// DefaultCaps are those of a plain trunk.
func DefaultCaps() Caps {
	return Caps{Codecs: []media.Codec{media.PCMA, media.PCMU}, Events: 101, Ptime: 20 * time.Millisecond, Symmetric: true}
}

// clean replaces what cannot be and detaches the value from the caller's.
func (c Caps) clean() Caps {
	if c.Codecs == nil {
		c.Codecs = DefaultCaps().Codecs
	}
	codecs := make([]media.Codec, 0, 2)
	for _, k := range c.Codecs {
		if (k == media.PCMU || k == media.PCMA) && !slices.Contains(codecs, k) {
			codecs = append(codecs, k)
		}
	}
	c.Codecs = codecs
	if c.Events < 96 || c.Events > 127 {
		c.Events = 0
	}
	c.Ptime = c.Ptime / (10 * time.Millisecond) * (10 * time.Millisecond)
	if c.Ptime < 10*time.Millisecond || c.Ptime > 60*time.Millisecond {
		c.Ptime = 20 * time.Millisecond
	}
	c.Name = word(c.Name)
	return c
}

// word makes a name that fits o= and s=: printable ASCII without blanks.
func word(name string) string {
	out := []byte(nil)
	for i := range len(name) {
		if name[i] > ' ' && name[i] < 0x7f {
			out = append(out, name[i])
		}
	}
	if len(out) == 0 {
		return "-"
	}
	return string(out)
}

// staticPT is the payload type that we use for a codec where nothing else was agreed.
func staticPT(c media.Codec) uint8 {
	if c == media.PCMA {
		return 8
	}
	return 0
}

func codecName(c media.Codec) string {
	if c == media.PCMA {
		return "PCMA"
	}
	return "PCMU"
}
