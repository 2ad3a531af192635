package dtmf

import (
	"encoding/binary"
	"testing"
	"time"
)

const tick = 20 * time.Millisecond

func event(code uint8, end bool, length uint16) []byte {
	b := []byte{code, 10, 0, 0}
	if end {
		b[1] |= 0x80
	}
	binary.BigEndian.PutUint16(b[2:], length)
	return b
}

// pkt is one packet of a script: at tells the tick on which it arrives.
type pkt struct {
	at     int
	ts     uint32
	code   uint8
	end    bool
	length uint16
}

func TestReceiver(t *testing.T) {
	tests := []struct {
		name   string
		script []pkt
		want   string
		length time.Duration // of the last press
	}{
		{"plain", []pkt{{0, 8, 5, false, 160}, {1, 8, 5, false, 320}, {2, 8, 5, true, 480}, {3, 8, 5, true, 480}, {4, 8, 5, true, 480}}, "5", 60 * time.Millisecond},
		{"only one end packet came", []pkt{{0, 8, 11, true, 800}}, "#", 100 * time.Millisecond},
		{"end lost, time-out", []pkt{{0, 8, 5, false, 160}, {1, 8, 5, false, 320}}, "5", 40 * time.Millisecond},
		{"end lost, next press", []pkt{{0, 8, 5, false, 160}, {4, 800, 6, true, 160}}, "56", 20 * time.Millisecond},
		{"the same key twice", []pkt{{0, 8, 5, true, 160}, {4, 808, 5, true, 160}}, "55", 20 * time.Millisecond},
		{"late packet after the end", []pkt{{0, 8, 5, false, 160}, {1, 8, 5, true, 480}, {2, 8, 5, false, 320}, {3, 8, 5, false, 320}}, "5", 60 * time.Millisecond},
		{"packet of the press before", []pkt{{0, 8, 5, true, 160}, {2, 800, 6, false, 160}, {3, 8, 5, true, 160}, {4, 800, 6, true, 480}}, "56", 60 * time.Millisecond},
		{"reordered within", []pkt{{0, 8, 5, false, 480}, {0, 8, 5, false, 160}, {1, 8, 5, true, 640}}, "5", 80 * time.Millisecond},
		{"timestamp wraps", []pkt{{0, 0xffffff00, 1, true, 160}, {4, 0x100, 2, true, 160}}, "12", 20 * time.Millisecond},
		{"flash", []pkt{{0, 8, 16, true, 160}}, "!", 20 * time.Millisecond},
		{"not DTMF", []pkt{{0, 8, 17, true, 160}, {1, 8, 255, true, 160}}, "", 0},
		{"duration 0", []pkt{{0, 8, 5, false, 0}, {1, 8, 5, true, 0}}, "5", 0},
		{"older timestamp long after", []pkt{{0, 80000, 5, true, 160}, {300, 8, 6, true, 160}}, "56", 20 * time.Millisecond},
		{"held", []pkt{{0, 8, 5, false, 7840}, {1, 8, 5, false, 8000}, {300, 8, 5, false, 48000}, {800, 8, 5, true, 48160}}, "5", time.Second},
		{"held, then the same again", []pkt{{0, 8, 5, false, 8000}, {10, 8, 5, true, 9600}, {30, 4808, 5, true, 160}}, "55", 20 * time.Millisecond},
		{"held, then another", []pkt{{0, 8, 5, false, 8000}, {10, 8, 5, false, 9600}, {12, 9928, 6, true, 160}}, "56", 20 * time.Millisecond},
		{"next segment", []pkt{{0, 8, 5, false, 8000}, {300, 8, 5, false, 0xffff}, {310, 8 + 0xffff, 5, false, 160}, {400, 8 + 0xffff, 5, true, 320}}, "5", time.Second},
		{"all digits", []pkt{{0, 1, 0, true, 1}, {1, 2, 9, true, 1}, {2, 3, 10, true, 1}, {3, 4, 11, true, 1}, {4, 5, 12, true, 1}, {5, 6, 15, true, 160}}, "09*#AD", 20 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r Receiver
			var got []Press
			now := time.Duration(0)
			for _, p := range tt.script {
				now = time.Duration(p.at) * tick
				got = r.Receive(got, event(p.code, p.end, p.length), p.ts, now)
			}
			got = r.Expire(got, now+endAfter)
			keys := ""
			for _, p := range got {
				keys += string(rune(p.Digit))
			}
			if keys != tt.want || r.Active() {
				t.Fatalf("got %q (%+v), want %q", keys, got, tt.want)
			}
			if len(got) > 0 && got[len(got)-1].Length != tt.length {
				t.Errorf("got length %v, want %v", got[len(got)-1].Length, tt.length)
			}
		})
	}
}

func TestReceiverWaits(t *testing.T) {
	var r Receiver
	r.Receive(nil, event(5, false, 160), 8, 0)
	if got := r.Expire(nil, endAfter-1); len(got) != 0 || !r.Active() {
		t.Errorf("too early: %+v", got)
	}
	if got := r.Reset(nil); len(got) != 1 || got[0].Digit != '5' || got[0].Length != 20*time.Millisecond {
		t.Errorf("Reset lost the press: %+v", got)
	}
	if got := r.Expire(nil, time.Hour); len(got) != 0 || r.Active() {
		t.Errorf("after Reset: %+v", got)
	}
	if got := r.Receive(nil, []byte{5, 0x80, 0}, 8, 0); got != nil {
		t.Errorf("three bytes: %+v", got)
	}
}

func FuzzReceiver(f *testing.F) {
	f.Add(event(5, true, 160), uint32(8), int64(0))
	f.Add(append(event(5, false, 0xfff0), event(5, true, 10)...), uint32(1<<31), int64(time.Second))
	f.Fuzz(func(t *testing.T, b []byte, ts uint32, step int64) {
		var r Receiver
		var got []Press
		now := time.Duration(0)
		n := 0
		for ; len(b) > 0; b = b[min(5, len(b)):] {
			n++
			now += time.Duration(max(step, 0) % int64(time.Minute))
			got = r.Receive(got, b[:min(4, len(b))], ts, now)
			ts += uint32(b[min(4, len(b)-1)]) * 1000
		}
		got = r.Expire(got, now+endAfter)
		if r.Active() || len(got) > n {
			t.Errorf("%d presses of %d packets, active %v", len(got), n, r.Active())
		}
		for _, p := range got {
			if _, ok := Event(p.Digit); !ok || p.Length < 0 {
				t.Errorf("got %+v", p)
			}
		}
	})
}

func TestSenderPackets(t *testing.T) {
	var s Sender
	if err := s.Send("1#", 50*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	type line struct {
		marker bool
		ts     uint32
		code   uint8
		end    bool
		length uint16
	}
	var got []line
	for ts := uint32(1000); s.Busy(); ts += 160 {
		p, ok := s.Next(ts, 160)
		if !ok {
			got = append(got, line{})
			continue
		}
		if p.Payload[1]&0x3f != DefaultVolume {
			t.Errorf("volume %d", p.Payload[1]&0x3f)
		}
		got = append(got, line{p.Marker, p.Timestamp, p.Payload[0], p.Payload[1]&0x80 != 0, binary.BigEndian.Uint16(p.Payload[2:])})
	}
	second := uint32(1000 + 8*160)
	want := []line{
		{true, 1000, 1, false, 160}, {false, 1000, 1, false, 320}, {false, 1000, 1, true, 400}, {false, 1000, 1, true, 400}, {false, 1000, 1, true, 400},
		{}, {}, {},
		{true, second, 11, false, 160}, {false, second, 11, false, 320}, {false, second, 11, true, 400}, {false, second, 11, true, 400}, {false, second, 11, true, 400},
		{}, {}, {},
	}
	if len(got) != len(want) {
		t.Fatalf("got %d lines, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("line %d: got %+v, want %+v", i, got[i], want[i])
		}
	}
	if _, ok := s.Next(0, 160); ok {
		t.Error("a packet with nothing to send")
	}
}

func TestSenderLimits(t *testing.T) {
	var s Sender
	if s.Send("12x", 0) != ErrDigit || s.Busy() {
		t.Error("a bad digit was taken, or those before it")
	}
	for range MaxWaiting {
		if err := s.Send("1", 0); err != nil {
			t.Fatal(err)
		}
	}
	if s.Send("1", 0) != ErrFull {
		t.Error("the queue has no end")
	}
}

// What the sender sends over a link that loses two of the three end packets is received once each.
func TestSenderToReceiver(t *testing.T) {
	for lose := range 7 {
		var s Sender
		var r Receiver
		if err := s.Send("1122AD*#0", 90*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		var got []Press
		ts, now, n := uint32(0xfffff000), time.Duration(0), 0
		for s.Busy() {
			if p, ok := s.Next(ts, 160); ok {
				if n++; n%7 != lose {
					got = r.Receive(got, p.Payload[:], p.Timestamp, now)
				}
			}
			ts, now = ts+160, now+tick
			got = r.Expire(got, now)
		}
		keys := ""
		for _, p := range got {
			keys += string(rune(p.Digit))
			if p.Length != 90*time.Millisecond {
				t.Errorf("length %v", p.Length)
			}
		}
		if keys != "1122AD*#0" {
			t.Errorf("losing packet %d of 7: got %q", lose, keys)
		}
	}
}

func TestSteppersAllocate(t *testing.T) {
	var s Sender
	var r Receiver
	presses := make([]Press, 0, 4)
	if err := s.Send("123456789", 0); err != nil {
		t.Fatal(err)
	}
	ts := uint32(0)
	if got := testing.AllocsPerRun(200, func() {
		p, _ := s.Next(ts, 160)
		ts += 160
		presses = r.Receive(presses[:0], p.Payload[:], p.Timestamp, time.Duration(ts))
	}); got != 0 {
		t.Errorf("got %v allocations, want 0", got)
	}
}
