package nodes

import (
	"bytes"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
)

// cable is the way from a node to its Redis. It can be cut before a word is passed on, and mended.
type cable struct {
	At netip.AddrPort // for the node
	to string

	mu    sync.Mutex // guards what stands below
	until []byte     // cut before this is passed on; nil: nothing cuts
	cut   chan struct{}
	live  map[net.Conn]struct{}
}

func newCable(t *testing.T, to netip.AddrPort) *cable {
	t.Helper()
	c := &cable{to: to.String(), live: map[net.Conn]struct{}{}}
	l, err := net.Listen("tcp", netip.AddrPortFrom(rig.Host(t), 0).String()) // it is bound from now on, so any port will do
	if err != nil {
		t.Fatal(err)
	}
	c.At = l.Addr().(*net.TCPAddr).AddrPort()
	var served sync.WaitGroup
	served.Go(func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() { c.serve(near) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		c.CutBefore("")
		served.Wait()
	})
	return c
}

// CutBefore cuts the cable as soon as the node says that word; with an empty one at once. The channel tells when.
func (c *cable) CutBefore(word string) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut, c.until = make(chan struct{}), []byte(word)
	if word == "" {
		c.pull()
	}
	return c.cut
}

// pull ends all that passes; nothing passes any more.
func (c *cable) pull() {
	for conn := range c.live {
		_ = conn.Close()
	}
	select {
	case <-c.cut:
	default:
		close(c.cut)
	}
}

// Mend lets everything pass.
func (c *cable) Mend() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut, c.until = nil, nil
}

// pass tells whether these bytes of the node may pass.
func (c *cable) pass(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.until == nil:
		return true
	case bytes.Contains(b, c.until): // always for the empty word
		c.pull()
		return false
	}
	select {
	case <-c.cut:
		return false
	default:
		return true
	}
}

func (c *cable) serve(near net.Conn) {
	defer func() { _ = near.Close() }()
	if !c.pass(nil) {
		return
	}
	far, err := net.DialTimeout("tcp", c.to, time.Second)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	defer c.hold(near, far)()
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(near, far) // ends with either
		_ = near.Close()
	})
	defer back.Wait()
	defer func() { _ = far.Close() }()
	b := make([]byte, 64<<10)
	for {
		n, err := near.Read(b)
		if err != nil || !c.pass(b[:n]) {
			return
		}
		if _, err := far.Write(b[:n]); err != nil {
			return
		}
	}
}

// hold keeps connections where a cut finds them, until the answer is called.
func (c *cable) hold(list ...net.Conn) (let func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range list {
		c.live[conn] = struct{}{}
	}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, conn := range list {
			delete(c.live, conn)
		}
	}
}
