package rig

import (
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"time"
)

// hosts counts the addresses that this process has given out.
var hosts atomic.Uint32

// mostHosts is how many addresses a process may use up.
const mostHosts = 4 * 254

// Host gives a loopback address that no other test has, from 127.64.0.0/10: processes that run beside each other differ in the
// second byte or the upper bits of the third.
func Host(t testing.TB) netip.Addr {
	t.Helper()
	n, pid := int(hosts.Add(1)-1), os.Getpid()
	if n >= mostHosts {
		t.Fatalf("rig: more than %d addresses in one process", mostHosts)
	}
	return netip.AddrFrom4([4]byte{127, byte(64 + pid&0x3f), byte(pid>>6<<2&0xfc | n/254), byte(1 + n%254)})
}

// Ports that are given out: below those that the kernel takes by itself, for any socket of the machine that has none, and away from
// the audio of gateways and phones. A phone takes the odd one above for TLS.
const (
	lowestPort = 20000
	portCount  = 10000
)

// ports counts the ports that this process has tried.
var ports atomic.Uint32

// Port finds a port that is free for UDP and TCP at an address.
func Port(t testing.TB, host netip.Addr) uint16 {
	t.Helper()
	for range 50 {
		at := netip.AddrPortFrom(host, uint16(lowestPort+2*ports.Add(1)%portCount))
		l, err := net.Listen("tcp", at.String())
		if err != nil {
			continue
		}
		u, err := net.ListenPacket("udp", at.String())
		_ = l.Close()
		if err == nil {
			_ = u.Close()
			return at.Port()
		}
	}
	t.Fatalf("rig: no port at %s is free for both UDP and TCP", host)
	return 0
}

// Await asks until the answer is yes, and fails the test when that takes longer than limit.
func Await(t testing.TB, what string, limit time.Duration, yes func() bool) {
	t.Helper()
	over := time.NewTimer(limit)
	defer over.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !yes() {
		select {
		case <-over.C:
			t.Fatalf("after %v still not: %s", limit, what)
		case <-tick.C:
		}
	}
}
