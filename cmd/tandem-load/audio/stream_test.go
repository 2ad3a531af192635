package audio

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"tandem/cmd/tandem-load/ua"
)

// heard is one packet as the other end saw it.
type heard struct {
	seq    uint16
	ts     uint32
	pt     byte
	marker bool
	data   []byte
}

// listen makes a loop with a bank and a socket to which its streams send.
func listen(t *testing.T) (*ua.Loop, *Bank, netip.AddrPort, *[]heard) {
	t.Helper()
	loop, err := ua.NewLoop()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(loop.Close)
	host := netip.MustParseAddr("127.0.0.1")
	bank, err := NewBank(loop, host)
	if err != nil {
		t.Fatal(err)
	}
	list := &[]heard{}
	far, err := loop.Open(netip.AddrPortFrom(host, 0), func(b []byte, _ netip.AddrPort, _ time.Time) {
		*list = append(*list, heard{
			binary.BigEndian.Uint16(b[2:]), binary.BigEndian.Uint32(b[4:]), b[1] & 0x7f, b[1]&0x80 != 0, append([]byte(nil), b[12:]...),
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return loop, bank, far.Addr(), list
}

// TestKey wants a key as RFC 4733 §2.5 has it: one timestamp, growing duration, the end three times, the marker once.
func TestKey(t *testing.T) {
	loop, bank, far, list := listen(t)
	s := bank.Open(far, 101, true)
	s.Press("5x#")
	if !loop.Run(func() bool { return len(*list) >= 2*keyPause+2 }, 5*time.Second) {
		t.Fatalf("only %d packets", len(*list))
	}
	for k, event := range []byte{5, 11} {
		key := (*list)[k*keyPause:]
		for i, p := range key[:keyEnd] {
			lasts := binary.BigEndian.Uint16(p.data[2:])
			end := p.data[1]&0x80 != 0
			if p.pt != 101 || p.data[0] != event || p.ts != key[0].ts || p.marker != (i == 0) || end != (i >= keyLasts) ||
				lasts != uint16(min(i+1, keyLasts)*samples) || len(p.data) != 4 {
				t.Errorf("key %d packet %d: %+v", k, i, p)
			}
		}
		for i, p := range key[keyEnd:keyPause] {
			if p.pt != 0 || len(p.data) != samples || p.data[0] != 0xff || p.ts != key[0].ts+uint32((keyEnd+i)*samples) {
				t.Errorf("after key %d: packet %d: pt %d ts %d", k, i, p.pt, p.ts)
			}
		}
	}
	for i, p := range (*list)[1:] {
		if p.seq != (*list)[i].seq+1 {
			t.Errorf("sequence: %d behind %d", p.seq, (*list)[i].seq)
		}
	}
}

func TestStreamsCountAndClose(t *testing.T) {
	loop, bank, _, _ := listen(t)
	other, err := NewBank(loop, bank.Addr().Addr())
	if err != nil {
		t.Fatal(err)
	}
	a, b := bank.Open(other.Addr(), 0, true), other.Open(bank.Addr(), 0, true)
	bank.Window(10 * time.Second)
	if !loop.Run(func() bool { return a.Tally().Received >= 10 && b.Tally().Received >= 10 }, 5*time.Second) {
		t.Fatalf("received %d and %d", a.Tally().Received, b.Tally().Received)
	}
	if bank.InWindow != bank.Tally().Received {
		t.Errorf("in the window %d of %d", bank.InWindow, bank.Tally().Received)
	}
	got := b.Close()
	if got.Lost != 0 || got.Again != 0 || got.Received < 10 {
		t.Errorf("got %+v", got)
	}
	sent := b.Sent
	if !loop.Run(func() bool { return other.Stray >= 5 }, 5*time.Second) {
		t.Error("packets of a closed stream are not told as stray")
	}
	if b.Sent != sent {
		t.Error("a closed stream goes on sending")
	}
}
