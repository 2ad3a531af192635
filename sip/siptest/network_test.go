package siptest

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func exchange(t *testing.T, seed uint64, link Link, hook func(Packet) Fate) string {
	var got []string
	synctest.Test(t, func(t *testing.T) {
		n := New(seed)
		n.SetLink(link)
		n.Hook(hook)
		a, b := n.ListenPacket("10.0.0.1:1"), NewUA(t, n, "10.0.0.2:2")
		defer a.Close()
		for c := 'a'; c <= 'z'; c++ {
			a.WriteTo([]byte(string(c)), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("10.0.0.2:2")))
		}
		time.Sleep(time.Minute)
		for {
			select {
			case m := <-b.in:
				got = append(got, m)
				continue
			default:
			}
			break
		}
	})
	return strings.Join(got, "")
}

func TestLinks(t *testing.T) {
	all := "abcdefghijklmnopqrstuvwxyz"
	if got := exchange(t, 1, Link{}, nil); got != all {
		t.Errorf("no link: %s", got)
	}
	if got := exchange(t, 1, Link{Delay: time.Second}, nil); got != all {
		t.Errorf("a delay changed the order: %s", got)
	}
	lossy := exchange(t, 7, Link{Loss: 0.5}, nil)
	if len(lossy) == 0 || len(lossy) == 26 {
		t.Errorf("half lost: %s", lossy)
	}
	if again := exchange(t, 7, Link{Loss: 0.5}, nil); again != lossy {
		t.Errorf("the same seed gave %s, then %s", lossy, again)
	}
	jitter := exchange(t, 7, Link{Jitter: time.Second}, nil)
	if jitter == all || len(jitter) != 26 {
		t.Errorf("jitter: %s", jitter)
	}
	if got := exchange(t, 7, Link{Duplicate: 1}, nil); len(got) != 52 {
		t.Errorf("doubled: %s", got)
	}
	hook := func(p Packet) Fate {
		switch string(p.Data) {
		case "c":
			return Fate{Drop: true}
		case "a":
			return Fate{Delay: time.Second, Copies: 1}
		}
		return Fate{}
	}
	if got := exchange(t, 7, Link{}, hook); got != "bdefghijklmnopqrstuvwxyzaa" {
		t.Errorf("hook: %s", got)
	}
}

func TestRefusal(t *testing.T) {
	n := New(1)
	if _, err := n.Dialer("10.0.0.1")(t.Context(), "tcp", "10.0.0.9:5060"); err == nil {
		t.Error("nobody listens, yet the dial worked")
	}
	ln := n.Listen("10.0.0.9:5060")
	c, err := n.Dialer("10.0.0.1")(t.Context(), "tcp", "10.0.0.9:5060")
	if err != nil {
		t.Fatal(err)
	}
	s, err := ln.Accept()
	if err != nil || s.RemoteAddr().String() != c.LocalAddr().String() || c.RemoteAddr().String() != "10.0.0.9:5060" {
		t.Errorf("accepted %v from %v, %v", s, c.LocalAddr(), err)
	}
	ln.Close()
	if _, err := ln.Accept(); err == nil {
		t.Error("a closed listener accepts")
	}
}

func TestLadder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := New(1)
		l := NewLadder(n)
		l.Name("10.0.0.1:5060", "alice")
		l.Name("10.0.0.2:5060", "bob")
		a, b := NewUA(t, n, "10.0.0.1:5060"), NewUA(t, n, "10.0.0.2:5060")
		a.Send("10.0.0.2:5060", a.Request("INVITE", Call{Body: "v=0\r\n"}))
		inv := b.Expect("INVITE")
		time.Sleep(1500 * time.Millisecond)
		n.Hook(func(Packet) Fate { return Fate{Drop: true} })
		b.Send("10.0.0.1:5060", b.Reply(inv, "180 Ringing", "other"))
		l.Note("alice hears %s", "nothing")
		a.Quiet(time.Second)
		Golden(t, "ladder.txt", l.String())
	})
}
