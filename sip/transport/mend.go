package transport

import (
	"bytes"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"tandem/sip"
)

// mend repairs faults that are common, harmless and fatal to the parser: a status line without the blank before its empty
// reason, lines that end with LF alone, and a datagram without the empty line that ends the head. A sound message comes back as it is, without a copy.
func mend(data []byte) []byte {
	end := bytes.IndexByte(data, '\n')
	if end < 0 {
		return data
	}
	if end == 0 || data[end-1] != '\r' {
		data = crlf(data)
		end = bytes.IndexByte(data, '\n')
	}
	if bytes.HasSuffix(data, []byte("\r\n")) && !bytes.Contains(data, []byte("\r\n\r\n")) {
		data = append(slices.Clip(data), '\r', '\n')
	}
	if end == len("SIP/2.0 200\r") && bytes.HasPrefix(data, []byte("SIP/2.0 ")) {
		out := make([]byte, 0, len(data)+1)
		out = append(out, data[:end-1]...)
		out = append(out, ' ')
		return append(out, data[end-1:]...)
	}
	return data
}

// crlf ends the lines of the head with CRLF and leaves the body alone.
func crlf(data []byte) []byte {
	head, body, _ := bytes.Cut(data, []byte("\n\n"))
	out := make([]byte, 0, len(data)+64)
	for line := range bytes.SplitSeq(head, []byte("\n")) {
		out = append(out, bytes.TrimSuffix(line, []byte("\r"))...)
		out = append(out, '\r', '\n')
	}
	out = append(out, '\r', '\n')
	return append(out, body...)
}

// salvage replaces a start line that the parser refuses, when it is that of a request beyond doubt, by one that validation
// answers with 416 for a scheme nobody knows and 400 for anything else: without an answer the sender would repeat it.
func salvage(data []byte) ([]byte, bool) {
	line, rest, ok := bytes.Cut(data, []byte("\r\n"))
	fields := bytes.Fields(line)
	if !ok || len(fields) < 3 || !bytes.Equal(fields[len(fields)-1], []byte("SIP/2.0")) || !sip.IsToken(string(fields[0])) {
		return nil, false
	}
	uri := " sip:"
	if scheme, _, ok := bytes.Cut(fields[1], []byte(":")); ok && len(fields) == 3 && foreign(string(scheme)) {
		uri = " unknown:x"
	}
	return slices.Concat(fields[0], []byte(uri+" SIP/2.0\r\n"), rest), true
}

// foreign reports whether the text is a URI scheme, and none of ours.
func foreign(scheme string) bool {
	if !sip.IsToken(scheme) || scheme[0]|0x20 < 'a' || scheme[0]|0x20 > 'z' {
		return false
	}
	switch strings.ToLower(scheme) {
	case "sip", "sips", "tel":
		return false
	}
	return true
}

// logGate lets one line through in a second and counts the rest.
type logGate struct {
	next    atomic.Int64 // Unix nanoseconds
	skipped atomic.Int64
}

func (g *logGate) open(now time.Time) (skipped int64, ok bool) {
	next := g.next.Load()
	if now.UnixNano() < next || !g.next.CompareAndSwap(next, now.Add(time.Second).UnixNano()) {
		g.skipped.Add(1)
		return 0, false
	}
	return g.skipped.Swap(0), true
}

// garbage counts what is no SIP message. The line holds where it came from, its size and the first word at most: nothing
// that a stranger could use to write into a log.
func (e *Endpoint) garbage(flow Flow, data []byte, err error) {
	e.count.garbage.Inc()
	if skipped, ok := e.logs.open(time.Now()); ok {
		e.cfg.Log.Warn("unreadable message", "endpoint", e.cfg.Name, "remote", flow.Remote.String(), "bytes", len(data), "begins", firstWord(data), "skipped", skipped, "kind", kindOf(err))
	}
}

func firstWord(data []byte) string {
	word := string(data[:min(len(data), 16)])
	if i := strings.IndexAny(word, " \t\r\n"); i >= 0 {
		word = word[:i]
	}
	if !sip.IsToken(word) {
		return "?"
	}
	return word
}

func kindOf(err error) string {
	s := err.Error()
	return sip.Clean(s[:min(len(s), 24)])
}
