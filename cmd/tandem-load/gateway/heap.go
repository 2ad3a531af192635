package gateway

import (
	"bytes"
	"regexp"
	"strconv"
	"time"
)

// collection is a line that the Go runtime prints after each collection with GODEBUG=gctrace=1: heap at its start, at its
// end, and live, in MB.
var collection = regexp.MustCompile(`(?m)^gc (\d+) @.* \d+->\d+->(\d+) MB,`)

// collections counts what the log tells and gives the live heap of the last in bytes.
func collections(log []byte) (n int, live float64) {
	all := collection.FindAllSubmatch(log, -1)
	if len(all) == 0 {
		return 0, 0
	}
	last := all[len(all)-1]
	n, err := strconv.Atoi(string(last[1]))
	if err != nil {
		return 0, 0
	}
	mb, err := strconv.Atoi(string(last[2]))
	if err != nil {
		return 0, 0
	}
	return n, float64(mb) * (1 << 20)
}

// LiveHeap gives what the next two collections find alive, in bytes, to the megabyte. It makes the gateway allocate by
// asking for its figures; false: no collection within the limit.
func (p *Process) LiveHeap(limit time.Duration) (float64, bool) {
	before, _ := collections(p.Log())
	for end := time.Now().Add(limit); time.Now().Before(end); {
		for range 20 {
			if _, err := p.Metrics(); err != nil {
				return 0, false
			}
		}
		if n, live := collections(p.Log()); n >= before+2 {
			return live, true
		}
	}
	return 0, false
}

// plain is the log without what the runtime wrote.
func plain(log []byte) []byte {
	var out []byte
	for line := range bytes.Lines(log) {
		if !bytes.HasPrefix(line, []byte("gc ")) && !bytes.HasPrefix(line, []byte("scvg")) {
			out = append(out, line...)
		}
	}
	return out
}

// Said is what the gateway has logged so far.
func (p *Process) Said() []byte { return plain(p.Log()) }
