package sip

import (
	"strconv"
	"strings"
	"time"
)

// Reason is one value of the Reason header (RFC 3326): why a call ended, in the words of a protocol.
type Reason struct {
	Protocol string // "SIP" or "Q.850"
	Cause    int    // status code or Q.850 cause; 0 when absent
	Text     string
}

// Reasons reads all Reason values of a message. Values without a protocol are skipped.
func Reasons(msg Message) []Reason {
	var out []Reason
	for h := range Fields(msg, "Reason") {
		for part := range splitSeq(h.Value(), ',') {
			if r, ok := parseReason(part); ok {
				out = append(out, r)
			}
		}
	}
	return out
}

func parseReason(s string) (Reason, bool) {
	proto, rest, _ := strings.Cut(s, ";")
	r := Reason{Protocol: strings.TrimSpace(proto)}
	if !IsToken(r.Protocol) {
		return Reason{}, false
	}
	ps := ParseParams(rest)
	r.Cause, _ = strconv.Atoi(ps.Value("cause"))
	r.Text = ps.Value("text")
	return r, true
}

// String prints the value: `Q.850;cause=16;text="Normal call clearing"`.
func (r Reason) String() string {
	s := Clean(r.Protocol)
	if r.Cause != 0 {
		s += ";cause=" + strconv.Itoa(r.Cause)
	}
	if r.Text != "" {
		s += ";text=" + Quote(r.Text)
	}
	return s
}

// Header makes one Reason header.
func (r Reason) Header() Header { return NewHeader("Reason", r.String()) }

// RetryAfter is the Retry-After header (RFC 3261 §20.33).
type RetryAfter struct {
	After    time.Duration
	Duration time.Duration // how long the peer will be reachable then; 0 when absent
	Comment  string
}

// RetryAfterOf reads Retry-After of a response.
func RetryAfterOf(msg Message) (RetryAfter, bool) {
	s := HeaderText(msg, "Retry-After")
	head, rest, _ := strings.Cut(s, ";")
	num, comment, _ := strings.Cut(head, "(")
	d, ok := Seconds(num)
	if !ok {
		return RetryAfter{}, false
	}
	r := RetryAfter{After: d, Comment: strings.TrimSuffix(strings.TrimSpace(comment), ")")}
	r.Duration, _ = Seconds(ParseParams(rest).Value("duration"))
	return r, true
}

// Header makes the Retry-After header, in whole seconds rounded up.
func (r RetryAfter) Header() Header {
	secs := int64((r.After + time.Second - 1) / time.Second)
	return NewHeader("Retry-After", strconv.FormatInt(secs, 10))
}
