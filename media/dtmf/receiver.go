package dtmf

import (
	"encoding/binary"
	"time"
)

// Timings of Receiver.
const (
	endAfter   = 150 * time.Millisecond // three packets of 50 ms did not come: the key is up
	longest    = time.Second            // a key that is held so long is pressed, whether it is ever let go or not
	forgetOld  = 5 * time.Second        // after this long, older timestamps are new presses, not stragglers
	maxSegment = 0xffff                 // longest duration one timestamp can carry, samples
)

// Receiver gathers telephone-event packets into presses (RFC 4733 §2.5.2). The zero value is ready.
//
//	 0                   1                   2                   3
//	|     event     |E|R| volume    |          duration             |
type Receiver struct {
	active bool
	event  uint8
	volume uint8
	start  uint32        // timestamp of the press
	length uint32        // samples
	lastAt time.Duration // of the newest packet of any event
	begun  bool
	done   uint32 // timestamp of the last press that was reported
}

// Active tells that a press has begun and not been reported.
func (r *Receiver) Active() bool { return r.active }

// Reset forgets all, because the source changed, and appends the press that was going on: its end will never come.
func (r *Receiver) Reset(dst []Press) []Press {
	dst = r.finish(dst)
	*r = Receiver{}
	return dst
}

// Receive takes the payload of one packet with RTP timestamp ts that arrived at now, and appends the presses that it ends:
// none, one, or two where the end of the one before was lost; what lasts a second ends there. Payloads that are not DTMF events are ignored.
func (r *Receiver) Receive(dst []Press, payload []byte, ts uint32, now time.Duration) []Press {
	if len(payload) < 4 {
		return dst
	}
	if _, known := Digit(payload[0]); !known {
		return dst
	}
	length := uint32(binary.BigEndian.Uint16(payload[2:]))
	dst = r.Expire(dst, now)
	switch {
	case r.active && ts == r.start:
		r.length = max(r.length, length) // older packets do not shrink it
	case r.held(payload[0], ts):
		r.done, r.lastAt = ts, now
		return dst
	case r.straggler(ts, now):
		return dst
	default:
		dst = r.finish(dst)
		r.active, r.event, r.start = true, payload[0], ts
		r.length = length
	}
	r.begun, r.lastAt, r.volume = true, now, payload[1]&0x3f
	if payload[1]&0x80 != 0 || duration(r.length) >= longest {
		dst = r.finish(dst)
	}
	return dst
}

// held tells that a packet belongs to the press that was reported last and goes on, in this segment or the next (RFC 4733 §2.5.1.3).
func (r *Receiver) held(event uint8, ts uint32) bool {
	return r.begun && !r.active && event == r.event && (ts == r.done || ts == r.done+maxSegment)
}

// Expire appends the press whose end packets were all lost, once nothing came for 150 ms.
func (r *Receiver) Expire(dst []Press, now time.Duration) []Press {
	if r.active && now-r.lastAt >= endAfter {
		return r.finish(dst)
	}
	return dst
}

// straggler tells that a packet belongs to a press that was reported, or to an older one.
func (r *Receiver) straggler(ts uint32, now time.Duration) bool {
	if !r.begun || now-r.lastAt >= forgetOld {
		return false
	}
	newest := r.done
	if r.active {
		newest = r.start
	}
	return int32(ts-newest) <= 0
}

func (r *Receiver) finish(dst []Press) []Press {
	if !r.active {
		return dst
	}
	r.active, r.done = false, r.start
	digit, _ := Digit(r.event)
	return append(dst, Press{Digit: digit, Length: duration(r.length), Volume: int(r.volume)})
}
