package load

import (
	"encoding/binary"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// mmsghdr is the kernel's struct mmsghdr.
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
	_   [4]byte
}

// message is one packet with all that the kernel wants beside it.
type message struct {
	name    unix.RawSockaddrInet4
	iov     unix.Iovec
	data    [2048]byte
	control [64]byte
}

// side is one socket with its batches.
type side struct {
	fd      int
	addr    netip.AddrPort
	out, in [batchSize]message
	outHdr  [batchSize]mmsghdr
	inHdr   [batchSize]mmsghdr
}

// received is a packet as it came.
type received struct {
	port    uint16        // it came from
	at      time.Duration // since 1970, by the kernel
	payload []byte
}

func newSide() *side {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	must(err)
	must(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	must(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1))
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bufferSize) != nil {
		must(unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bufferSize))
	}
	name, err := unix.Getsockname(fd)
	must(err)
	s := &side{fd: fd, addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(name.(*unix.SockaddrInet4).Port))}
	for i := range batchSize {
		s.out[i].prepare(&s.outHdr[i], packetSize)
		s.outHdr[i].hdr.Control = nil
		s.in[i].prepare(&s.inHdr[i], len(s.in[i].data))
	}
	return s
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func (m *message) prepare(h *mmsghdr, size int) {
	m.name.Family, m.name.Addr = unix.AF_INET, [4]byte{127, 0, 0, 1}
	m.iov.Base = &m.data[0]
	m.iov.SetLen(size)
	h.hdr.Name, h.hdr.Namelen = (*byte)(unsafe.Pointer(&m.name)), unix.SizeofSockaddrInet4
	h.hdr.Iov, h.hdr.Control = &m.iov, &m.control[0]
	h.hdr.SetIovlen(1)
}

// put makes the i-th packet of the batch.
func (s *side) put(i int, l *leg, stamp uint64) {
	m := &s.out[i]
	binary.BigEndian.PutUint16((*[2]byte)(unsafe.Pointer(&m.name.Port))[:], uint16(l.port))
	b := m.data[:packetSize]
	b[0], b[1] = 0x80, 0
	binary.BigEndian.PutUint16(b[2:], l.seq)
	binary.BigEndian.PutUint32(b[4:], l.ts)
	binary.BigEndian.PutUint32(b[8:], l.ssrc)
	binary.BigEndian.PutUint64(b[12:], stamp)
	l.seq++
	l.ts += payloadSize
}

// flush sends the first n packets of the batch.
func (s *side) flush(n int) {
	for done := 0; done < n; {
		r, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, uintptr(s.fd), pointer(&s.outHdr[done]), uintptr(n-done), 0, 0, 0)
		if errno != 0 {
			return
		}
		done += int(r)
	}
}

// receive reads one batch; false: there was nothing.
func (s *side) receive(take func(received)) bool {
	for i := range s.inHdr {
		s.inHdr[i].hdr.SetControllen(len(s.in[i].control))
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, uintptr(s.fd), pointer(&s.inHdr[0]), batchSize, 0, 0, 0)
	if errno != 0 || n == 0 {
		return false
	}
	for i := range int(n) {
		m, size := &s.in[i], int(s.inHdr[i].n)
		if size < 12+8 {
			continue
		}
		take(received{port: binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(&m.name.Port))[:]), at: m.stamp(), payload: m.data[12:size]})
	}
	return true
}

// stamp reads the kernel's receive time: the only control message that was asked for.
func (m *message) stamp() time.Duration {
	ts := (*unix.Timespec)(unsafe.Pointer(&m.control[unix.CmsgLen(0)]))
	return time.Duration(ts.Nano())
}
