package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip"
	"tandem/sip/siptest"
	"tandem/sip/transport"
)

const here, peer = "10.0.0.1:5060", "10.0.0.2:5060"

// inbox is a Receiver that keeps everything.
type inbox struct {
	mu     sync.Mutex
	msgs   []sip.Message
	flows  []transport.Flow
	broken int
	closed []error
}

func (b *inbox) Receive(m sip.Message, f transport.Flow) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.msgs, b.flows = append(b.msgs, m), append(b.flows, f)
}

func (b *inbox) Malformed(sip.Message, transport.Flow, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken++
}

func (b *inbox) FlowClosed(_ transport.Flow, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = append(b.closed, err)
}

func (b *inbox) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.msgs)
}

func (b *inbox) ends() []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]error(nil), b.closed...)
}

// bubble runs an endpoint on a network in memory.
func bubble(t *testing.T, cfg transport.Config, play func(t *testing.T, n *siptest.Network, e *transport.Endpoint, in *inbox)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := siptest.New(1)
		cfg.Name, cfg.Dial = "test", n.Dialer("10.0.0.1")
		e, err := transport.New(cfg, transport.Sockets{UDP: n.ListenPacket(here), TCP: n.Listen(here)})
		if err != nil {
			t.Fatal(err)
		}
		in := &inbox{}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- e.Serve(ctx, in) }()
		t.Cleanup(func() {
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		play(t, n, e, in)
	})
}

func options(id string) string {
	return "OPTIONS sip:x@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.2;branch=z9hG4bK" + id + "\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x@y>\r\nCall-ID: " + id + "\r\nCSeq: 1 OPTIONS\r\nContent-Length: 4\r\n\r\nbody"
}

func TestDatagrams(t *testing.T) {
	bubble(t, transport.Config{}, func(t *testing.T, n *siptest.Network, e *transport.Endpoint, in *inbox) {
		pc := n.ListenPacket(peer)
		defer pc.Close()
		dst := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(here))
		for _, s := range []string{
			options("1"),
			"\r\n\r\n", "\r\n", "\x00\x00", "not sip at all", "OPTIONS", strings.Repeat("\xff", 500),
			strings.ReplaceAll(options("2"), "\r\n", "\n"),
			"SIP/2.0 200\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9\r\nCSeq: 1 OPTIONS\r\n\r\n",
			strings.Replace(options("3"), "Length: 4", "Length: 40", 1),
		} {
			pc.WriteTo([]byte(s), dst)
		}
		synctest.Wait()
		if in.count() != 3 || in.broken != 1 {
			t.Fatalf("received %d, broken %d, want 3 and 1", in.count(), in.broken)
		}
		if string(in.msgs[1].Body()) != "body" {
			t.Errorf("body after LF line ends: %q", in.msgs[1].Body())
		}
		if f := in.flows[0]; f.String() != "UDP 10.0.0.1:5060 10.0.0.2:5060" || f.Reliable() {
			t.Errorf("flow %s", f)
		}
		if err := e.Write(in.flows[0], []byte("SIP/2.0 200 OK\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		if k, from, err := pc.ReadFrom(buf); err != nil || from.String() != here || !strings.HasPrefix(string(buf[:k]), "SIP/2.0 200") {
			t.Errorf("got %q from %v, %v", buf[:k], from, err)
		}
		if err := e.Write(in.flows[0], make([]byte, 70000)); !errors.Is(err, transport.ErrTooLarge) {
			t.Errorf("too large: %v", err)
		}
	})
}

func TestAdmission(t *testing.T) {
	cfg := transport.Config{
		Rate: transport.Rate{PerSecond: 2, Burst: 3},
		Admit: func(a netip.Addr) transport.Admission {
			switch a.String() {
			case "10.0.0.66":
				return transport.Drop
			case "10.0.0.77":
				return transport.Trust
			}
			return transport.Limit
		},
	}
	bubble(t, cfg, func(t *testing.T, n *siptest.Network, e *transport.Endpoint, in *inbox) {
		burst := func(addr string, want int) {
			t.Helper()
			pc := n.ListenPacket(addr)
			defer pc.Close()
			before := in.count()
			for range 10 {
				pc.WriteTo([]byte(options("1")), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(here)))
			}
			synctest.Wait()
			if got := in.count() - before; got != want {
				t.Errorf("%s: %d messages passed, want %d", addr, got, want)
			}
		}
		burst("10.0.0.66:5060", 0)
		burst("10.0.0.77:5060", 10)
		burst("10.0.0.2:5060", 3)
		burst("10.0.0.2:5061", 0)
		time.Sleep(time.Second)
		burst("10.0.0.2:5060", 2)
		time.Sleep(time.Hour)
		burst("10.0.0.2:5060", 3)
	})
}

func TestGarbageLogIsBounded(t *testing.T) {
	var log bytes.Buffer
	cfg := transport.Config{Log: slog.New(slog.NewTextHandler(&log, nil))}
	bubble(t, cfg, func(t *testing.T, n *siptest.Network, _ *transport.Endpoint, in *inbox) {
		pc := n.ListenPacket(peer)
		defer pc.Close()
		for range 1000 {
			pc.WriteTo([]byte("secret\r\nlevel=ERROR msg=forged "+strings.Repeat("A", 1000)), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(here)))
		}
		synctest.Wait()
		if in.count() != 0 || strings.Count(log.String(), "\n") != 1 || log.Len() > 400 || strings.Contains(log.String(), "forged ") {
			t.Errorf("%d received, log:\n%s", in.count(), log.String())
		}
	})
}

func TestStreamInPieces(t *testing.T) {
	bubble(t, transport.Config{}, func(t *testing.T, n *siptest.Network, e *transport.Endpoint, in *inbox) {
		c, err := n.Dialer("10.0.0.2")(t.Context(), "tcp", here)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range []byte("\r\n" + options("1")) {
			c.Write([]byte{b})
		}
		c.Write([]byte(options("2") + "\r\n" + options("3") + options("4")[:50]))
		c.Write([]byte(options("4")[50:]))
		synctest.Wait()
		if in.count() != 4 {
			t.Fatalf("received %d, want 4", in.count())
		}
		for i, m := range in.msgs {
			if string(m.Body()) != "body" || m.CallID().Value() != string(rune('1'+i)) {
				t.Errorf("message %d: call %s body %q", i, m.CallID(), m.Body())
			}
		}
		flow := in.flows[0]
		if !e.Connected(flow) || flow.Remote.Addr().String() != "10.0.0.2" {
			t.Errorf("flow %s", flow)
		}
		go e.Write(flow, []byte("SIP/2.0 200 OK\r\n\r\n"))
		buf := make([]byte, 100)
		if k, err := c.Read(buf); err != nil || string(buf[:k]) != "SIP/2.0 200 OK\r\n\r\n" {
			t.Errorf("got %q, %v", buf[:k], err)
		}
		c.Close()
		synctest.Wait()
		if e.Connected(flow) || len(in.ends()) != 1 || !errors.Is(e.Write(flow, nil), transport.ErrNoFlow) {
			t.Errorf("after close: connected %v, ends %v", e.Connected(flow), in.ends())
		}
	})
}

func TestPing(t *testing.T) {
	bubble(t, transport.Config{}, func(t *testing.T, n *siptest.Network, _ *transport.Endpoint, in *inbox) {
		c, err := n.Dialer("10.0.0.2")(t.Context(), "tcp", here)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.Write([]byte("\r\n\r"))
		c.Write([]byte("\n"))
		buf := make([]byte, 10)
		if k, err := c.Read(buf); err != nil || string(buf[:k]) != "\r\n" {
			t.Errorf("got %q, %v, want a pong", buf[:k], err)
		}
	})
}

func TestStreamFaults(t *testing.T) {
	tests := []struct {
		name, sent string
		wait       time.Duration
		want       error
		broken     int
	}{
		{"no length", strings.Replace(options("1"), "Content-Length: 4", "X: 4", 1), 0, transport.ErrFraming, 1},
		{"not SIP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0, transport.ErrFraming, 0},
		{"silent", "", 16 * time.Minute, transport.ErrIdle, 0},
		{"half a message", options("1")[:40], 11 * time.Second, transport.ErrIdle, 0},
		{"endless line", "OPTIONS " + strings.Repeat("x", 70000), 0, transport.ErrFraming, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, transport.Config{}, func(t *testing.T, n *siptest.Network, _ *transport.Endpoint, in *inbox) {
				c, err := n.Dialer("10.0.0.2")(t.Context(), "tcp", here)
				if err != nil {
					t.Fatal(err)
				}
				go c.Write([]byte(tt.sent))
				time.Sleep(tt.wait)
				synctest.Wait()
				ends := in.ends()
				if len(ends) != 1 || !errors.Is(ends[0], tt.want) || in.broken != tt.broken {
					t.Errorf("ends %v, broken %d, want %v and %d", ends, in.broken, tt.want, tt.broken)
				}
				c.Close()
			})
		})
	}
}

func TestFastPeerLosesItsConnection(t *testing.T) {
	bubble(t, transport.Config{Rate: transport.Rate{PerSecond: 1, Burst: 5}}, func(t *testing.T, n *siptest.Network, _ *transport.Endpoint, in *inbox) {
		c, err := n.Dialer("10.0.0.2")(t.Context(), "tcp", here)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.Write([]byte(strings.Repeat(options("1"), 10)))
		synctest.Wait()
		if ends := in.ends(); in.count() != 4 || len(ends) != 1 || !errors.Is(ends[0], transport.ErrRate) { // one token went for the connection
			t.Errorf("%d passed, ends %v", in.count(), ends)
		}
	})
}

func TestSlowPeer(t *testing.T) {
	bubble(t, transport.Config{WriteTimeout: time.Hour}, func(t *testing.T, n *siptest.Network, e *transport.Endpoint, in *inbox) {
		c, err := n.Dialer("10.0.0.2")(t.Context(), "tcp", here)
		if err != nil {
			t.Fatal(err)
		}
		c.Write([]byte(options("1")))
		synctest.Wait()
		var got error
		for range 1000 {
			if got = e.Write(in.flows[0], []byte("x")); got != nil {
				break
			}
		}
		if !errors.Is(got, transport.ErrSlowPeer) {
			t.Errorf("got %v, want ErrSlowPeer", got)
		}
		c.Close()
		synctest.Wait()
		if ends := in.ends(); len(ends) != 1 || !errors.Is(ends[0], transport.ErrSlowPeer) {
			t.Errorf("ends %v", ends)
		}
	})
}

func TestConnectionLimits(t *testing.T) {
	bubble(t, transport.Config{MaxConns: 3, MaxPerSource: 2}, func(t *testing.T, n *siptest.Network, _ *transport.Endpoint, _ *inbox) {
		open := func(ip string) bool {
			c, err := n.Dialer(ip)(t.Context(), "tcp", here)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
			synctest.Wait()
			c.SetReadDeadline(time.Now().Add(time.Second))
			_, err = c.Read(make([]byte, 1))
			var ne net.Error
			return errors.As(err, &ne) && ne.Timeout()
		}
		got := []bool{open("10.0.0.2"), open("10.0.0.2"), open("10.0.0.2"), open("10.0.0.3"), open("10.0.0.4")}
		want := []bool{true, true, false, true, false}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("connections stayed open: %v, want %v", got, want)
				break
			}
		}
	})
}

func TestOpenDials(t *testing.T) {
	bubble(t, transport.Config{}, func(t *testing.T, n *siptest.Network, e *transport.Endpoint, in *inbox) {
		ln := n.Listen(peer)
		defer ln.Close()
		flow := e.Flow(transport.TCP, netip.MustParseAddrPort(peer))
		if err := e.Write(flow, nil); !errors.Is(err, transport.ErrNoFlow) {
			t.Errorf("write before open: %v", err)
		}
		for range 2 { // the second finds the first
			if err := e.Open(flow, ""); err != nil {
				t.Fatal(err)
			}
		}
		e.Write(flow, []byte(options("1"))) // waits for the connection
		c, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 1000)
		if k, err := c.Read(buf); err != nil || string(buf[:k]) != options("1") {
			t.Errorf("got %q, %v", buf[:k], err)
		}
		c.Close()
		ws := e.Flow(transport.WSS, netip.MustParseAddrPort(peer))
		if err := e.Open(ws, ""); !errors.Is(err, transport.ErrNoFlow) {
			t.Errorf("dial a browser: %v", err)
		}
	})
}

func TestTap(t *testing.T) {
	bubble(t, transport.Config{}, func(t *testing.T, n *siptest.Network, e *transport.Endpoint, in *inbox) {
		pc := n.ListenPacket(peer)
		defer pc.Close()
		var seen []string
		e.Tap(func(d transport.Direction, f transport.Flow, m []byte) {
			first, _, _ := strings.Cut(string(m), "\r\n")
			seen = append(seen, string(rune('0'+d))+" "+f.Remote.String()+" "+first)
		})
		pc.WriteTo([]byte(options("1")), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(here)))
		synctest.Wait()
		e.Write(in.flows[0], []byte("SIP/2.0 200 OK\r\n\r\n"))
		e.Tap(nil)
		e.Write(in.flows[0], []byte("SIP/2.0 486 Busy\r\n\r\n"))
		if got, want := strings.Join(seen, "|"), "0 10.0.0.2:5060 OPTIONS sip:x@10.0.0.1 SIP/2.0|1 10.0.0.2:5060 SIP/2.0 200 OK"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestAdvertise(t *testing.T) {
	for advertise, want := range map[string]string{"": "10.0.0.1 5060", "gw.example.com": "gw.example.com 5060", "198.51.100.1:5080": "198.51.100.1 5080"} {
		n := siptest.New(1)
		e, err := transport.New(transport.Config{Name: "a", Advertise: advertise}, transport.Sockets{UDP: n.ListenPacket(here)})
		if err != nil {
			t.Fatal(err)
		}
		host, port := e.SentBy(transport.UDP)
		if got := fmt.Sprint(host, " ", port); got != want {
			t.Errorf("%q: got %s, want %s", advertise, got, want)
		}
	}
	if _, err := transport.New(transport.Config{Advertise: "x:port"}, transport.Sockets{}); err == nil {
		t.Error("a bad port was accepted")
	}
}

// TestListen uses real sockets once: both families of errors and a datagram over loopback.
func TestListen(t *testing.T) {
	e, err := transport.Listen(transport.Config{Name: "real", UDP: "127.0.0.1:0", TCP: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan transport.Flow, 1)
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx, flowChan(got)) }()
	local, ok := e.Local(transport.UDP)
	if !ok || local.Addr().String() != "127.0.0.1" {
		t.Fatalf("local %v", local)
	}
	c, err := net.Dial("udp", local.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Write([]byte(options("1")))
	if f := <-got; f.Remote.String() != c.LocalAddr().String() {
		t.Errorf("flow %s, sent from %s", f, c.LocalAddr())
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := e.Serve(t.Context(), flowChan(got)); err == nil {
		t.Error("served twice")
	}
	if _, err := transport.Listen(transport.Config{UDP: "192.0.2.1:1"}); err == nil {
		t.Error("bound a foreign address")
	}
}

type flowChan chan transport.Flow

func (c flowChan) Receive(_ sip.Message, f transport.Flow)      { c <- f }
func (c flowChan) Malformed(sip.Message, transport.Flow, error) {}
func (c flowChan) FlowClosed(transport.Flow, error)             {}

// TestBusyConnectionLives: on a busy connection nearly every read ends inside a message. Each message has its own time to become
// whole; a connection must not die of the time that the first one began.
func TestBusyConnectionLives(t *testing.T) {
	bubble(t, transport.Config{}, func(t *testing.T, n *siptest.Network, e *transport.Endpoint, in *inbox) {
		c, err := n.Dialer("10.0.0.2")(t.Context(), "tcp", here)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		m := options("1")
		c.Write([]byte(m[:100]))
		for range 60 {
			time.Sleep(time.Second)
			if _, err := c.Write([]byte(m[100:] + m[:100])); err != nil {
				t.Fatalf("closed after %d messages: %v", in.count(), err)
			}
		}
		synctest.Wait()
		if in.count() != 60 {
			t.Errorf("%d messages, want 60", in.count())
		}
		time.Sleep(11 * time.Second) // the last one never becomes whole
		synctest.Wait()
		if ends := in.ends(); len(ends) != 1 || !errors.Is(ends[0], transport.ErrIdle) {
			t.Errorf("ends %v, want ErrIdle", ends)
		}
	})
}

// TestEndlessMessage: a connection that never ends its head, in one line or in many, costs MaxMessage bytes at most.
func TestEndlessMessage(t *testing.T) {
	for name, piece := range map[string]string{"one line": strings.Repeat("x", 1000), "many headers": strings.Repeat("X-Pad: y\r\n", 100)} {
		t.Run(name, func(t *testing.T) {
			bubble(t, transport.Config{MaxMessage: 20000}, func(t *testing.T, n *siptest.Network, e *transport.Endpoint, in *inbox) {
				c, err := n.Dialer("10.0.0.2")(t.Context(), "tcp", here)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				c.Write([]byte("OPTIONS sip:x@y SIP/2.0\r\nX-Long: "))
				sent := 0
				for sent < 100_000 {
					if _, err = c.Write([]byte(piece)); err != nil {
						break
					}
					sent += len(piece)
				}
				synctest.Wait()
				if ends := in.ends(); err == nil || sent > 40_000 || len(ends) != 1 || !errors.Is(ends[0], transport.ErrFraming) {
					t.Errorf("took %d bytes, ends %v", sent, ends)
				}
			})
		})
	}
}
