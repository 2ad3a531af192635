package gateway

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Names and numbers of every Site.
const (
	Domain   = "load.test"
	Password = "for-loopback-only"
	Queue    = "waiting"

	QueueNumber  = "3000"      // straight into the queue
	FlowNumber   = "4000"      // the flow of Flow
	OutsideStart = "+49895550" // prefix that leaves by the trunk Out
)

// PhoneNumber is the number that leads to a phone.
func PhoneNumber(i int) string { return fmt.Sprintf("2%04d", i) }

// PhoneName is the name under which a phone registers, and of its agent.
func PhoneName(i int) string { return fmt.Sprintf("p%d", i) }

// Site is the configuration of a run.
type Site struct {
	Host     netip.Addr     // of SIP, HTTP and, unless Media is set, media
	Media    netip.Addr     // where media is received
	SIPPort  uint16         // chosen by Start
	HTTPPort uint16         // chosen by Start
	In       netip.Addr     // carrier that calls come from
	Out      netip.AddrPort // carrier that calls leave to; zero: none
	Phones   int            // endpoints, each with an agent of the same name
	Rate     float64        // calls a second that are admitted
	Burst    int
	MaxCalls int
	Ring     time.Duration // an agent is rung for
	Log      string        // level
	Folder   string        // that the temporary folder is made in; empty: the system\'s
	Procs    int           // GOMAXPROCS; 0: 1
	CDR      bool
	Drain    time.Duration // how long a stream's ports stay open after its call
	Flow     string        // YAML of a flow called "main"; empty: none
}

// SIP is where the gateway receives signalling.
func (s *Site) SIP() netip.AddrPort { return netip.AddrPortFrom(s.Host, s.SIPPort) }

// HTTP is where it serves its figures.
func (s *Site) HTTP() netip.AddrPort { return netip.AddrPortFrom(s.Host, s.HTTPPort) }

// YAML writes the configuration. No limit but the ones under test is in force, none by source. The ports are as many as 20,000
// open files allow: two sockets for each stream, and the gateway keeps those that rest.
func (s *Site) YAML() string {
	var b strings.Builder
	media := s.Media
	if !media.IsValid() {
		media = s.Host
	}
	fmt.Fprintf(&b, "sip:\n  listen: [udp %s]\n  domain: %s\n  max_calls: %d\n  calls_per_second: %g\n  call_burst: %d\n", s.SIP(), Domain, s.MaxCalls, s.Rate, s.Burst)
	fmt.Fprintf(&b, "  session_expires: 0s\n  rate: {per_second: 0}\n")
	fmt.Fprintf(&b, "media: {address: %s, browsers: %s:8443, ports: 10000-29199, workers: 1, silence: 0s, drain: %s}\n", media, media, s.Drain)
	fmt.Fprintf(&b, "http: {listen: %q}\n", s.HTTP().String())
	fmt.Fprintf(&b, "store: {path: tandem.db}\nrecordings: {path: recordings}\ncontrol: {socket: control.sock}\n")
	fmt.Fprintf(&b, "log: {level: %s}\ncountry: DE\n", s.Log)
	if s.CDR {
		fmt.Fprintf(&b, "cdr: {path: cdr.jsonl}\n")
	} else {
		fmt.Fprintf(&b, "cdr: {path: \"\"}\n")
	}
	s.people(&b)
	s.ways(&b)
	return b.String()
}

func (s *Site) people(b *strings.Builder) {
	fmt.Fprintf(b, "queues:\n  %s: {strategy: longest_idle, ring_timeout: %s, wrap_up: 0s, max_wait: 1h, join_when: always}\n", Queue, s.Ring)
	if s.Phones == 0 {
		return
	}
	fmt.Fprintf(b, "endpoints:\n")
	for i := range s.Phones {
		fmt.Fprintf(b, "  %s: {password: \"${env:TANDEM_LOAD_PASSWORD}\", extension: %q, max_calls: 100000}\n", PhoneName(i), PhoneNumber(i))
	}
	fmt.Fprintf(b, "agents:\n")
	for i := range s.Phones {
		fmt.Fprintf(b, "  %s: {endpoint: %s, queues: [%s]}\n", PhoneName(i), PhoneName(i), Queue)
	}
}

func (s *Site) ways(b *strings.Builder) {
	fmt.Fprintf(b, "trunks:\n  in: {sources: [%s/32], targets: [{host: %s, port: 5060, transport: udp}], ping: 0s}\n", s.In, s.In)
	if s.Out.IsValid() {
		host := s.Out.Addr()
		fmt.Fprintf(b, "  out: {sources: [%s/32], targets: [{host: %s, port: %d, transport: udp}], ping: 0s}\n", host, host, s.Out.Port())
		fmt.Fprintf(b, "outbound:\n  - {pattern: %q, trunks: [out], allow: [flows]}\n", OutsideStart+"*")
	}
	fmt.Fprintf(b, "numbers:\n  %q: {queue: %s}\n", QueueNumber, Queue)
	if s.Flow != "" {
		fmt.Fprintf(b, "  %q: main\nflows: flows\n", FlowNumber)
	}
}
