package phone

import (
	"context"
	"errors"
	"math"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"tandem/media/codec"
)

// pair opens two phones, each the other's gateway.
func pair(t *testing.T) (a, b *Phone, l *Ladder) {
	t.Helper()
	var at [2]netip.AddrPort
	for i := range at {
		c, err := net.ListenPacket("udp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		p := c.LocalAddr().(*net.UDPAddr).AddrPort()
		at[i] = netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	l = &Ladder{}
	var phones [2]*Phone
	for i := range phones {
		p, err := Open(Config{Name: "ab"[i : i+1], Local: at[i], Gateway: at[1-i], User: "ab"[i : i+1], Domain: "test", Ladder: l})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Close)
		phones[i] = p
	}
	return phones[0], phones[1], l
}

func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func await(t *testing.T, what string, yes func() bool) {
	t.Helper()
	over, tick := time.NewTimer(10*time.Second), time.NewTicker(10*time.Millisecond)
	defer over.Stop()
	defer tick.Stop()
	for !yes() {
		select {
		case <-over.C:
			t.Fatal("never: " + what)
		case <-tick.C:
		}
	}
}

func TestCall(t *testing.T) {
	a, b, l := pair(t)
	answered := make(chan *Call, 1)
	go func() {
		c := <-b.Incoming()
		if err := c.Answer(soon(t)); err != nil {
			t.Error(err)
		}
		answered <- c
	}()
	out, err := a.Dial(soon(t), "1000", "+4930")
	if err != nil {
		t.Fatal(err)
	}
	in := <-answered
	if !strings.Contains(in.Caller, "+4930@") || in.Called != "1000" {
		t.Errorf("caller %q, called %q", in.Caller, in.Called)
	}
	out.Audio().Tone(500, -12)
	in.Audio().Tone(800, -12)
	await(t, "each hears the other", func() bool {
		return math.Abs(out.Audio().Heard(800)+12) < 0.5 && math.Abs(in.Audio().Heard(500)+12) < 0.5
	})
	if own := out.Audio().Heard(500); own > -50 {
		t.Errorf("own tone at %.1f dBm0", own)
	}
	if err := out.Audio().Press("1"); err != nil {
		t.Error(err)
	}
	if err := out.Offer(soon(t), "sendonly"); err != nil {
		t.Errorf("hold: %v", err)
	}
	if c := in.Audio().Counters(); c.Lost != 0 || c.Sources != 1 || c.Received == 0 {
		t.Errorf("counters: %+v", c)
	}
	if err := in.Hangup(soon(t)); err != nil {
		t.Error(err)
	}
	<-out.Ended()
	if out.By() != "them" || in.By() != "us" {
		t.Errorf("ended by %q and %q", out.By(), in.By())
	}
	out.Audio().Forget()
	if got := out.Audio().Level(); got > codec.Floor {
		t.Errorf("forgotten, but %.1f dBm0", got)
	}
	if n := len(l.Rungs()); n < 12 {
		t.Errorf("%d rungs", n)
	}
}

func TestReject(t *testing.T) {
	a, b, _ := pair(t)
	go func() { (<-b.Incoming()).Reject(486, "Busy Here") }()
	_, err := a.Dial(soon(t), "1000", "")
	var refused *StatusError
	if !errors.As(err, &refused) || refused.Status != 486 {
		t.Fatalf("got %v, want 486", err)
	}
}

// TestSilence has nobody at the other end: a call ends with its context.
func TestSilence(t *testing.T) {
	a, b, _ := pair(t)
	b.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := a.Dial(ctx, "1000", ""); !errors.Is(err, ErrNoAnswer) {
		t.Fatalf("got %v, want %v", err, ErrNoAnswer)
	}
}
