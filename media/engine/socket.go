package engine

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls in this file never wait (every descriptor is non-blocking), so the ones of the packet path go straight to the
// kernel without telling the Go scheduler: that saves a fifth of their cost.

// socketBuffer is the receive buffer asked for: some 100 ms of bursts.
const socketBuffer = 64 << 10

// minTruesize is the least that the kernel counts for a packet; it counts against twice the buffer asked for.
const minTruesize = 512

// sockaddr is a kernel socket address, ready to send to. The zero value is none.
type sockaddr struct {
	raw  unix.RawSockaddrInet6 // or RawSockaddrInet4, by size
	size uint32
}

// bindPair opens RTP and RTCP sockets on a port and the next.
func bindPair(at netip.AddrPort) (pair, error) {
	rtp, err := bindUDP(at)
	if err != nil {
		return pair{}, err
	}
	rtcp, err := bindUDP(netip.AddrPortFrom(at.Addr(), at.Port()+1))
	if err != nil {
		unix.Close(rtp)
		return pair{}, err
	}
	return pair{rtp: rtp, rtcp: rtcp, local: at}, nil
}

func bindUDP(at netip.AddrPort) (int, error) {
	family, sa := unix.AF_INET, unix.Sockaddr(&unix.SockaddrInet4{Port: int(at.Port()), Addr: as4(at.Addr())})
	if !at.Addr().Unmap().Is4() {
		family, sa = unix.AF_INET6, &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	// Priority and buffer are wishes: a refusal changes nothing that matters.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, socketBuffer)
	if family == unix.AF_INET {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_TOS, dscpEF)
	} else {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_TCLASS, dscpEF)
	}
	if err := unix.Bind(fd, sa); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// dscpEF is expedited forwarding (RFC 4594 §4.1), in the upper six bits.
const dscpEF = 46 << 2

func as4(a netip.Addr) [4]byte {
	if a = a.Unmap(); a.Is4() {
		return a.As4()
	}
	return [4]byte{}
}

func closePair(p pair) {
	unix.Close(p.rtp)
	unix.Close(p.rtcp)
}

func isInUse(err error) bool { return errors.Is(err, unix.EADDRINUSE) }

// discard throws away what waits in a socket, which is no more than its buffer holds, and tells how many packets that were.
func discard(fd int) (n uint64) {
	var b [1]byte
	for range 2 * socketBuffer / minTruesize {
		if _, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), 1, 0, 0, 0); errno != 0 {
			break
		}
		n++
	}
	return n
}

// toSockaddr makes the kernel's form of an address for a socket whose local address is given. It is none where the
// families do not go together.
func toSockaddr(to netip.AddrPort, local netip.Addr) sockaddr {
	var sa sockaddr
	if !to.IsValid() || to.Port() == 0 {
		return sa
	}
	port := to.Port()
	if local.Unmap().Is4() {
		addr := to.Addr().Unmap()
		if !addr.Is4() {
			return sa
		}
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&sa.raw))
		v4.Family, v4.Addr = unix.AF_INET, addr.As4()
		binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&v4.Port))[:], port)
		sa.size = unix.SizeofSockaddrInet4
		return sa
	}
	sa.raw.Family, sa.raw.Addr = unix.AF_INET6, to.Addr().As16()
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&sa.raw.Port))[:], port)
	sa.size = unix.SizeofSockaddrInet6
	return sa
}

// addrPort reads the kernel's form.
func (sa *sockaddr) addrPort() netip.AddrPort {
	port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&sa.raw.Port))[:])
	if sa.raw.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(&sa.raw))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16(sa.raw.Addr).Unmap(), port)
}

// receive reads one packet. ok is false when there is none. n may be more than len(buf): the packet was cut.
func receive(fd int, buf []byte, from *sockaddr) (n int, ok bool) {
	from.size = unix.SizeofSockaddrInet6
	r, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)),
		unix.MSG_TRUNC, uintptr(unsafe.Pointer(&from.raw)), uintptr(unsafe.Pointer(&from.size)))
	return int(r), errno == 0
}

// send writes one packet; false: the kernel refused it.
func send(fd int, b []byte, to *sockaddr) bool {
	_, _, errno := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
		0, uintptr(unsafe.Pointer(&to.raw)), uintptr(to.size))
	return errno == 0
}
