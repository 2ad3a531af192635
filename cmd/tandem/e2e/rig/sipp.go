package rig

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// SIPpRun is one run of a scenario.
type SIPpRun struct {
	Scenario string // path of the XML
	Host     netip.Addr
	Port     uint16         // 0: a free one
	Remote   netip.AddrPort // where calls go; zero for a scenario that waits for them
	Service  string         // user part of the Request-URI
	Calls    int            // 0: 1
	TCP      bool
	Limit    time.Duration // 0: 20 s
	Args     []string
}

// SIPp is a scenario that runs.
type SIPp struct {
	*Process
	At    netip.AddrPort
	name  string
	limit time.Duration
}

// sipping bounds a scenario that says nothing else.
const sipping = 20 * time.Second

// StartSIPp starts a scenario.
func StartSIPp(t testing.TB, s SIPpRun) *SIPp {
	t.Helper()
	if s.Port == 0 {
		s.Port = Port(t, s.Host)
	}
	if s.Limit == 0 {
		s.Limit = sipping
	}
	path, err := filepath.Abs(s.Scenario)
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-sf", path, "-i", s.Host.String(), "-p", strconv.Itoa(int(s.Port)), "-mi", s.Host.String(), "-m", strconv.Itoa(max(1, s.Calls)),
		"-nostdin", "-watchdog_interval", "0", "-trace_err", "-error_file", "errors", "-trace_msg", "-message_file", "messages",
		"-timeout", strconv.Itoa(int(s.Limit.Seconds())), "-timeout_error", "-key", "domain", Domain}
	if s.TCP {
		args = append(args, "-t", "t1")
	}
	if s.Service != "" {
		args = append(args, "-s", s.Service)
	}
	args = append(args, s.Args...)
	if s.Remote.IsValid() {
		args = append(args, s.Remote.String())
	}
	p := Run(t, Program{Name: "sipp", Args: args, Env: []string{"TERM=dumb"}})
	return &SIPp{p, netip.AddrPortFrom(s.Host, s.Port), strings.TrimSuffix(filepath.Base(path), ".xml"), s.Limit}
}

// Pass waits for the end and fails the test where any call went otherwise than the scenario says.
func (s *SIPp) Pass(t testing.TB) {
	t.Helper()
	code, faults := s.Wait(s.limit+5*time.Second), s.faults()
	if code != 0 || faults != "" {
		t.Errorf("sipp %s ended with %d: %s\nits messages:\n%s", s.name, code, faults[:min(len(faults), 1500)], s.ladder(t))
	}
}

// faultHead begins each entry of sipp's error file; late is the one that is no fault: on a busy machine a repeated answer comes
// when its call is over.
var (
	faultHead = regexp.MustCompile(`\d{4}-\d\d-\d\d\t[\d:.]+\t[\d.]+: `)
	late      = regexp.MustCompile(`^Dead call \S+ \(successful\)`)
)

// faults are the entries of the error file that tell of a fault.
func (s *SIPp) faults() string {
	var list []string
	for i, entry := range faultHead.Split(s.file("errors"), -1) {
		if i > 0 && !late.MatchString(entry) {
			list = append(list, entry)
		}
	}
	return strings.Join(list, "\n")
}

func (s *SIPp) file(name string) string {
	b, err := os.ReadFile(filepath.Join(s.Dir, name))
	if err != nil {
		return "" // sipp writes a file when there is something to write
	}
	return strings.TrimSpace(string(b))
}

// Message is one message that a scenario sent or received.
type Message struct {
	At       time.Time
	Received bool
	Text     string
}

var messageHead = regexp.MustCompile(`(?m)^-{20,} (\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\.\d+)[^\n]*\n(?:UDP|TCP) message (sent|received)[^\n]*\n`)

// Messages are all messages of the run, in order.
func (s *SIPp) Messages(t testing.TB) (list []Message) {
	t.Helper()
	text := s.file("messages")
	heads := messageHead.FindAllStringSubmatchIndex(text, -1)
	for i, h := range heads {
		at, err := time.Parse("2006-01-02 15:04:05.000000", strings.Replace(text[h[2]:h[3]], "T", " ", 1))
		if err != nil {
			t.Fatalf("sipp's messages: %v", err)
		}
		end := len(text)
		if i+1 < len(heads) {
			end = heads[i+1][0]
		}
		list = append(list, Message{at, text[h[4]:h[5]] == "received", strings.TrimSpace(text[h[1]:end])})
	}
	return list
}

// First is the start line of a message.
func (m Message) First() string {
	line, _, _ := strings.Cut(m.Text, "\n")
	return strings.TrimSpace(line)
}

// ladder is the run in a few lines.
func (s *SIPp) ladder(t testing.TB) string {
	var b strings.Builder
	for _, m := range s.Messages(t) {
		arrow := "-->"
		if m.Received {
			arrow = "<--"
		}
		fmt.Fprintf(&b, "%s %s %s\n", m.At.Format("15:04:05.000"), arrow, m.First())
	}
	return b.String()
}
