package rtp

import "time"

// NTP is a 64-bit NTP timestamp: seconds since 1900 in the upper half, the fraction in the lower (RFC 3550 §4).
type NTP uint64

const ntpEpoch = 2208988800 // seconds from 1900 to 1970

// NTPOf gives the timestamp of t. It wraps in 2036, as the protocol's does.
func NTPOf(t time.Time) NTP {
	sec := uint64(t.Unix() + ntpEpoch)
	frac := (uint64(t.Nanosecond()) << 32) / uint64(time.Second)
	return NTP(sec<<32 | frac)
}

// Time is the moment of n, within one NTP era from 1968 to 2104.
func (n NTP) Time() time.Time {
	sec := int64(n >> 32)
	if sec < 1<<31 {
		sec += 1 << 32
	}
	nano := (uint64(n) & 0xffffffff * uint64(time.Second)) >> 32
	return time.Unix(sec-ntpEpoch, int64(nano)).UTC()
}

// Middle is the middle 32 bits, in units of 1/65536 s, as LSR carries them.
func (n NTP) Middle() uint32 { return uint32(n >> 16) }

// Short converts a duration to units of 1/65536 s, from 0 to 65535 s, as DLSR carries them.
func Short(d time.Duration) uint32 {
	d = min(max(d, 0), 65535*time.Second)
	return uint32(d/time.Second)<<16 | uint32((d%time.Second)<<16/time.Second)
}

// RoundTrip computes the time to the peer and back from a reception report that arrived at now about our sender report
// (RFC 3550 §6.4.1). ok is false when the peer has had none, or when the figures cannot be true.
func RoundTrip(now NTP, b Block) (rtt time.Duration, ok bool) {
	if b.LastSR == 0 {
		return 0, false
	}
	units := int32(now.Middle() - b.LastSR - b.Delay)
	if units < 0 || units > 60<<16 {
		return 0, false
	}
	return time.Duration(units) * time.Second >> 16, true
}
