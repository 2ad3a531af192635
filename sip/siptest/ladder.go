package siptest

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Ladder records every message of a network and prints it as the golden files show it.
type Ladder struct {
	mu    sync.Mutex
	begin time.Time
	names map[netip.AddrPort]string
	tags  map[string]string
	lines []string
}

// NewLadder starts recording. Time zero is now.
func NewLadder(n *Network) *Ladder {
	l := &Ladder{begin: time.Now(), names: map[netip.AddrPort]string{}, tags: map[string]string{}}
	n.Observe(l.see)
	return l
}

// Name gives an address the name under which the ladder shows it.
func (l *Ladder) Name(addr, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.names[netip.MustParseAddrPort(addr)] = name
}

// Note adds a line of its own: what the test did.
func (l *Ladder) Note(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf("%8.3f  # %s", time.Since(l.begin).Seconds(), fmt.Sprintf(format, args...)))
}

func (l *Ladder) see(p Packet) {
	text := string(p.Data)
	if strings.Trim(text, "\r\n\x00 ") == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	arrow := "->"
	if p.Lost {
		arrow = "-x"
	}
	line := fmt.Sprintf("%8.3f  %-7s %s %-7s  %-44s %s", p.At.Sub(l.begin).Seconds(), l.name(p.From), arrow, l.name(p.To), firstLine(text), l.facts(text))
	l.lines = append(l.lines, strings.TrimRight(line, " "))
}

func (l *Ladder) name(a netip.AddrPort) string {
	if n, ok := l.names[a]; ok {
		return n
	}
	for known, n := range l.names { // a dialled connection comes from another port
		if known.Addr() == a.Addr() {
			return n
		}
	}
	return a.String()
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\r\n")
	return strings.TrimSuffix(strings.TrimPrefix(line, "SIP/2.0 "), " SIP/2.0")
}

// facts are CSeq, the tags by their names, and whether there is a session description.
func (l *Ladder) facts(text string) string {
	f := []string{"cseq=" + strings.ReplaceAll(Field(text, "CSeq"), " ", "/")}
	if t := l.tag(Field(text, "From")); t != "" {
		f = append(f, "from="+t)
	}
	if t := l.tag(Field(text, "To")); t != "" {
		f = append(f, "to="+t)
	}
	if _, body, _ := strings.Cut(text, "\r\n\r\n"); strings.Contains(body, "v=0") {
		f = append(f, "sdp")
	}
	return strings.Join(f, " ")
}

func (l *Ladder) tag(value string) string {
	t := TagIn(value)
	if t == "" {
		return ""
	}
	if l.tags[t] == "" {
		l.tags[t] = string(rune('A' + len(l.tags)%26))
	}
	return l.tags[t]
}

// String prints all lines recorded so far.
func (l *Ladder) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n") + "\n"
}

// Field returns the value of the first header of that name in raw text, long names only, or "".
func Field(text, name string) string {
	head, _, _ := strings.Cut(text, "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		if n, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(n), name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// TagIn returns the tag parameter of a From or To value.
func TagIn(value string) string {
	_, tag, _ := strings.Cut(value, ";tag=")
	tag, _, _ = strings.Cut(tag, ";")
	return tag
}
