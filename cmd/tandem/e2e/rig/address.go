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

// Host gives a loopback address that no other test has: the second and third byte are this process's, from 127.64.0.0/10.
func Host(t testing.TB) netip.Addr {
	t.Helper()
	n, pid := hosts.Add(1), os.Getpid()
	if n > 254 {
		t.Fatal("rig: more than 254 addresses in one process")
	}
	return netip.AddrFrom4([4]byte{127, byte(64 + pid>>8&0x3f), byte(pid), byte(n)})
}

// Port finds a port that is free for UDP and TCP at an address.
func Port(t testing.TB, host netip.Addr) uint16 {
	t.Helper()
	for range 50 {
		l, err := net.Listen("tcp", netip.AddrPortFrom(host, 0).String())
		if err != nil {
			t.Fatalf("rig: no port at %s: %v", host, err)
		}
		port := l.Addr().(*net.TCPAddr).AddrPort().Port()
		u, err := net.ListenPacket("udp", netip.AddrPortFrom(host, port).String())
		_ = l.Close()
		if err == nil {
			_ = u.Close()
			return port
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
