package transport

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	base "github.com/emiago/sipgo/sip"
)

const maxDatagram = 65507 // bytes of UDP payload over IPv4

// readUDP reads until the socket is closed. Any other error is counted and reading goes on, slower while errors last.
func (e *Endpoint) readUDP(ctx context.Context) {
	buf := make([]byte, 65536)
	pause := time.Duration(0)
	for {
		n, from, err := e.readFrom(buf)
		if err == nil {
			pause = 0
			e.datagram(buf[:n], from)
			continue
		}
		if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return
		}
		e.count.readFault.Inc()
		e.cfg.Log.Error("datagram socket", "endpoint", e.cfg.Name, "err", err)
		pause = min(2*pause+10*time.Millisecond, time.Second)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (e *Endpoint) readFrom(buf []byte) (int, netip.AddrPort, error) {
	if e.udpRaw != nil {
		n, from, err := e.udpRaw.ReadFromUDPAddrPort(buf)
		return n, unmap(from), err
	}
	n, from, err := e.udp.ReadFrom(buf)
	if err != nil {
		return 0, netip.AddrPort{}, err
	}
	return n, addrPort(from), nil
}

// datagram takes one datagram as far as the Receiver.
func (e *Endpoint) datagram(data []byte, from netip.AddrPort) {
	if !e.admit(from.Addr()) {
		return
	}
	if keepAlive(data) {
		return
	}
	flow := Flow{Transport: UDP, Local: e.local[UDP], Remote: from}
	e.tap.see(In, flow, data)
	msg, err := e.parse(data)
	switch {
	case err == nil:
		e.count.in[UDP].Inc()
		e.recv.Receive(msg, flow)
	case msg != nil && errors.Is(err, base.ErrParseReadBodyIncomplete):
		e.recv.Malformed(msg, flow, err)
	default:
		e.garbage(flow, data, err)
	}
}

// keepAlive: line ends, NULs and blanks that a client sends to keep its NAT open; not answered over UDP.
func keepAlive(data []byte) bool {
	return len(data) < 20 && len(bytes.Trim(data, "\r\n\x00 ")) == 0
}

func (e *Endpoint) writeUDP(flow Flow, message []byte) error {
	if e.udp == nil {
		return ErrNotServed
	}
	if len(message) > maxDatagram {
		return ErrTooLarge
	}
	e.tap.see(Out, flow, message)
	var err error
	if e.udpRaw != nil {
		_, err = e.udpRaw.WriteToUDPAddrPort(message, flow.Remote)
	} else {
		_, err = e.udp.WriteTo(message, net.UDPAddrFromAddrPort(flow.Remote))
	}
	if err != nil {
		e.count.writeFault.Inc()
		return err
	}
	e.count.out[UDP].Inc()
	return nil
}
