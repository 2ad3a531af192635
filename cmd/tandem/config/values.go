package config

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Addr is an IP address.
type Addr struct{ netip.Addr }

// UnmarshalText reads an IP address.
func (a *Addr) UnmarshalText(text []byte) error {
	v, err := netip.ParseAddr(string(text))
	if err != nil {
		return fmt.Errorf("%q is not an IP address", text)
	}
	a.Addr = v
	return nil
}

// AddrPort is an IP address with a port, "127.0.0.1:8080".
type AddrPort struct{ netip.AddrPort }

// UnmarshalText reads address and port.
func (a *AddrPort) UnmarshalText(text []byte) error {
	v, err := netip.ParseAddrPort(string(text))
	if err != nil {
		return fmt.Errorf("%q is not an IP address with a port, such as 127.0.0.1:8080", text)
	}
	a.AddrPort = v
	return nil
}

// AnyAddrPort is an address and port, or none where there is a rule for what stands in its place.
type AnyAddrPort struct{ AddrPort }

// UnmarshalText reads address and port, or nothing.
func (a *AnyAddrPort) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*a = AnyAddrPort{}
		return nil
	}
	return a.AddrPort.UnmarshalText(text)
}

// Network is an address range, "10.0.0.0/8"; a bare address stands for itself.
type Network struct{ netip.Prefix }

// UnmarshalText reads a network.
func (n *Network) UnmarshalText(text []byte) error {
	if a, err := netip.ParseAddr(string(text)); err == nil {
		n.Prefix = netip.PrefixFrom(a, a.BitLen())
		return nil
	}
	v, err := netip.ParsePrefix(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a network, such as 10.0.0.0/8", text)
	}
	n.Prefix = v.Masked()
	return nil
}

// Listen is a transport with an address, "udp 127.0.0.1:5060".
type Listen struct {
	Transport string
	Addr      netip.AddrPort
}

// UnmarshalText reads transport and address.
func (l *Listen) UnmarshalText(text []byte) error {
	transport, addr, ok := strings.Cut(strings.TrimSpace(string(text)), " ")
	if !ok || !slices.Contains([]string{"udp", "tcp", "tls"}, transport) {
		return fmt.Errorf(`%q is not a transport (udp, tcp, tls) and an address, such as "udp 127.0.0.1:5060"`, text)
	}
	v, err := netip.ParseAddrPort(strings.TrimSpace(addr))
	if err != nil {
		return fmt.Errorf("%q is not an IP address with a port, such as 127.0.0.1:5060", addr)
	}
	l.Transport, l.Addr = transport, v
	return nil
}

// String gives the written form.
func (l Listen) String() string { return l.Transport + " " + l.Addr.String() }

// PortRange is a range of UDP ports, "20000-29999".
type PortRange struct{ Low, High uint16 }

// UnmarshalText reads a range.
func (p *PortRange) UnmarshalText(text []byte) error {
	low, high, ok := strings.Cut(string(text), "-")
	a, err := strconv.ParseUint(strings.TrimSpace(low), 10, 16)
	b, err2 := strconv.ParseUint(strings.TrimSpace(high), 10, 16)
	if !ok || err != nil || err2 != nil || a < 1024 || b <= a {
		return fmt.Errorf("%q is not a range of ports from 1024 to 65535, such as 20000-29999", text)
	}
	p.Low, p.High = uint16(a), uint16(b)
	return nil
}

// String gives the written form.
func (p PortRange) String() string { return fmt.Sprintf("%d-%d", p.Low, p.High) }

// Streams is how many streams the range holds: each takes an even port for RTP and the next for RTCP.
func (p PortRange) Streams() int {
	low := (int(p.Low) + 1) &^ 1
	return max(0, (int(p.High)-low+1)/2)
}

// Bytes is a size, "64MiB".
type Bytes int64

var sizes = []struct {
	unit string
	by   int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}

// UnmarshalText reads a size with its unit.
func (b *Bytes) UnmarshalText(text []byte) error {
	for _, s := range sizes {
		number, ok := strings.CutSuffix(string(text), s.unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
		if err != nil || n < 0 || n > (1<<50)/s.by {
			break
		}
		*b = Bytes(n * s.by)
		return nil
	}
	return fmt.Errorf("%q is not a size with a unit (B, KiB, MiB, GiB), such as 64MiB", text)
}

// String gives the largest unit that divides.
func (b Bytes) String() string {
	for _, s := range sizes {
		if int64(b)%s.by == 0 && int64(b) >= s.by {
			return fmt.Sprintf("%d%s", int64(b)/s.by, s.unit)
		}
	}
	return "0B"
}

// Digest is an algorithm of digest authentication. Phones built on older stacks refuse to register when they are asked with
// sha-256, even if md5 is offered beside it (RFC 8760 wants them to ignore it), so it has to be switched on.
type Digest string

// Values implements source.Enum.
func (Digest) Values() []string { return []string{"md5", "sha-256"} }

// Level is the least level that is logged.
type Level string

// Values implements source.Enum.
func (Level) Values() []string { return []string{"debug", "info", "warn", "error"} }

// Slog gives the level of the log package.
func (l Level) Slog() slog.Level {
	return map[Level]slog.Level{"debug": slog.LevelDebug, "warn": slog.LevelWarn, "error": slog.LevelError}[l]
}

// Layout is how log lines look.
type Layout string

// Values implements source.Enum.
func (Layout) Values() []string { return []string{"text", "json"} }

func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
