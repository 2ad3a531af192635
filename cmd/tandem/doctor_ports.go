package main

import (
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"tandem/cmd/tandem/config"
)

// checkPorts tries to bind every address, unless the gateway that runs holds it.
func checkPorts(cfg *config.Config, running int) (list []finding) {
	for _, l := range cfg.SIP.Listen {
		list = append(list, checkPort("port-sip-"+l.Transport, l.Transport, l.Addr, running))
	}
	if cfg.HTTP.Listen.IsValid() {
		list = append(list, checkPort("port-http", "tcp", cfg.HTTP.Listen.AddrPort, running))
	}
	if cfg.Media.Browsers.IsValid() {
		list = append(list, checkPort("port-browsers", "udp", cfg.Media.Browsers.AddrPort, running))
	}
	return list
}

func checkPort(id, network string, addr netip.AddrPort, running int) finding {
	err := bind(network, addr)
	if err == nil {
		return ok(id, "%s %s can be bound", network, addr)
	}
	holder, pid := holderOf(network, addr.Port())
	if pid != 0 && pid == running {
		return ok(id, "%s %s is held by the running tandem", network, addr)
	}
	return finding{id, trouble, fmt.Sprintf("%s %s: %v; %s", network, addr, reason(err), holder),
		"end that program, or give tandem another address in sip.listen, http.listen or media.browsers"}
}

func bind(network string, addr netip.AddrPort) error {
	if network == "udp" {
		c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
		if err != nil {
			return err
		}
		return c.Close()
	}
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(addr))
	if err != nil {
		return err
	}
	return l.Close()
}

// reason leaves the address out of a socket error.
func reason(err error) error {
	if op, ok := err.(*net.OpError); ok {
		return op.Err
	}
	return err
}

// holderOf looks through the process tables for who holds a port. Other users' processes can only be seen by root.
func holderOf(network string, port uint16) (text string, pid int) {
	inodes := map[string]bool{}
	for _, table := range []string{"/proc/net/" + network, "/proc/net/" + network + "6"} {
		raw, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for _, inode := range socketsOn(string(raw), network, port) {
			inodes[inode] = true
		}
	}
	if len(inodes) == 0 {
		return "nobody is seen to hold it", 0
	}
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil {
			continue
		}
		inode, isSocket := strings.CutPrefix(target, "socket:[")
		if isSocket && inodes[strings.TrimSuffix(inode, "]")] {
			return describe(strings.Split(link, "/")[2])
		}
	}
	return "held by a process of another user (run doctor as root to see which)", 0
}

func describe(process string) (text string, pid int) {
	name, err := fs.ReadFile(os.DirFS("/proc/"+process), "comm")
	if err != nil {
		name = []byte("unknown")
	}
	pid, _ = strconv.Atoi(process)
	return fmt.Sprintf("held by %s, process %s", strings.TrimSpace(string(name)), process), pid
}

// listening is the state of a listening TCP socket in the process tables; UDP sockets are all of interest.
const listening = "0A"

// socketsOn gives the inodes of the sockets on a port from a table such as /proc/net/tcp.
func socketsOn(table, network string, port uint16) (inodes []string) {
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 10 {
			continue
		}
		cut := strings.LastIndexByte(f[1], ':')
		if cut < 0 {
			continue
		}
		got, err := strconv.ParseUint(f[1][cut+1:], 16, 16)
		if err == nil && uint16(got) == port && (network == "udp" || f[3] == listening) {
			inodes = append(inodes, f[9])
		}
	}
	return inodes
}

// checkRange compares the RTP ports with the calls that are allowed.
func checkRange(cfg *config.Config) []finding {
	streams, want := cfg.Media.Ports.Streams(), 2*cfg.SIP.MaxCalls
	if streams < want {
		return []finding{{"rtp-range", trouble, fmt.Sprintf("media.ports %s holds %d streams, sip.max_calls %d needs %d", cfg.Media.Ports, streams, cfg.SIP.MaxCalls, want),
			"widen media.ports, or lower sip.max_calls"}}
	}
	list := []finding{ok("rtp-range", "%s holds %d streams for %d calls", cfg.Media.Ports, streams, cfg.SIP.MaxCalls)}
	raw, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return list
	}
	var low, high int
	if _, err := fmt.Sscan(string(raw), &low, &high); err == nil && int(cfg.Media.Ports.High) >= low && int(cfg.Media.Ports.Low) <= high {
		list = append(list, finding{"rtp-ephemeral", warning, fmt.Sprintf("media.ports %s overlaps the ports that the system gives to others (%d-%d)", cfg.Media.Ports, low, high),
			fmt.Sprintf("choose media.ports below %d, or move net.ipv4.ip_local_port_range", low)})
	}
	return list
}

// checkAddresses looks whether the addresses are this machine's, and whether what is advertised can be reached.
func checkAddresses(cfg *config.Config) (list []finding) {
	own := map[netip.Addr]bool{}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return []finding{{"addresses", warning, err.Error(), ""}}
	}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			own[p.Addr().Unmap()] = true
		}
	}
	media := cfg.Media.Address.Addr
	if media.IsValid() && !own[media.Unmap()] && !media.IsUnspecified() && !media.IsLoopback() {
		list = append(list, finding{"address-media", trouble, fmt.Sprintf("media.address %s is no address of this machine", media),
			"take an address that `ip address` shows; the public one belongs into media.advertise"})
	}
	if media.IsUnspecified() && cfg.Media.Advertise == "" {
		list = append(list, finding{"address-advertise", trouble, fmt.Sprintf("media.address %s is written into SDP: phones would send audio nowhere", media),
			"set media.advertise to the address that phones reach"})
	}
	for _, l := range cfg.SIP.Listen {
		if l.Addr.Addr().IsUnspecified() && cfg.SIP.Advertise == "" {
			list = append(list, finding{"address-sip", trouble, fmt.Sprintf("sip.listen %s without sip.advertise: answers would name no address", l),
				"set sip.advertise to the host or address that others reach"})
			break
		}
		if media.IsLoopback() && !l.Addr.Addr().IsLoopback() {
			list = append(list, finding{"address-mixed", trouble, fmt.Sprintf("signalling on %s but audio on loopback %s: calls will be silent", l, media),
				"set media.address, and media.advertise behind NAT"})
			break
		}
	}
	if len(list) == 0 {
		list = append(list, ok("addresses", "signalling, audio and this machine's addresses fit"))
	}
	return list
}
