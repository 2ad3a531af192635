package udp

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	batch      = 64
	datagram   = 4096
	bufferSize = 32 << 20 // of the kernel, in bytes: the generator must not be what loses
)

// mmsghdr is the kernel's struct mmsghdr.
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
	_   [4]byte
}

// slot is one datagram with all that the kernel wants beside it.
type slot struct {
	name    unix.RawSockaddrInet4
	iov     unix.Iovec
	data    [datagram]byte
	control [64]byte
}

// Socket is a non-blocking UDP socket that tells when the kernel received. Owned by one goroutine.
type Socket struct {
	fd    int
	addr  netip.AddrPort
	slots [batch]slot
	heads [batch]mmsghdr
}

// Open binds a socket. Port 0 takes any.
func Open(addr netip.AddrPort) (*Socket, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Bind(fd, sockaddr(addr)); err != nil {
		unix.Close(fd)
		return nil, err
	}
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1); err != nil {
		unix.Close(fd)
		return nil, err
	}
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bufferSize) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bufferSize) // less, where that is all we may have
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	s := &Socket{fd: fd, addr: netip.AddrPortFrom(addr.Addr(), uint16(name.(*unix.SockaddrInet4).Port))}
	for i := range s.slots {
		s.prepare(i)
	}
	return s, nil
}

func (s *Socket) prepare(i int) {
	m, h := &s.slots[i], &s.heads[i].hdr
	m.iov.Base = &m.data[0]
	m.iov.SetLen(datagram)
	h.Name, h.Namelen = (*byte)(unsafe.Pointer(&m.name)), unix.SizeofSockaddrInet4
	h.Iov, h.Control = &m.iov, &m.control[0]
	h.SetIovlen(1)
}

func sockaddr(a netip.AddrPort) *unix.SockaddrInet4 {
	return &unix.SockaddrInet4{Port: int(a.Port()), Addr: a.Addr().As4()}
}

// Send sends one datagram. What the kernel does not take is lost, as on any network.
func (s *Socket) Send(b []byte, to netip.AddrPort) {
	_ = unix.Sendto(s.fd, b, 0, sockaddr(to))
}

// Receive reads one batch; false: there was nothing. The bytes are valid during take only; at is when the kernel had them.
func (s *Socket) Receive(take func(b []byte, from netip.AddrPort, at time.Time)) bool {
	for i := range s.heads {
		s.heads[i].hdr.SetControllen(len(s.slots[i].control))
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&s.heads[0])), batch, 0, 0, 0)
	if errno != 0 || n == 0 {
		return false
	}
	for i := range int(n) {
		m := &s.slots[i]
		port := binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&m.name.Port))[:])
		stamp := (*unix.Timespec)(unsafe.Pointer(&m.control[unix.CmsgLen(0)]))
		take(m.data[:s.heads[i].n], netip.AddrPortFrom(netip.AddrFrom4(m.name.Addr), port), time.Unix(0, stamp.Nano()))
	}
	return true
}

// FD is the descriptor, to wait on.
func (s *Socket) FD() int { return s.fd }

// Addr is what the socket is bound to.
func (s *Socket) Addr() netip.AddrPort { return s.addr }

// Close closes the socket.
func (s *Socket) Close() { unix.Close(s.fd) }
