package rtp

// Newer tells whether sequence number a comes after b, over the wrap at 2^16. A number is not newer than itself.
func Newer(a, b uint16) bool { return int16(a-b) > 0 }

// Unwrapper extends 16-bit sequence numbers to 64 bits: each number is taken as the one nearest to the newest seen.
// The zero value is ready; the first number is extended to 2^16 + itself, so that an older one stays positive.
type Unwrapper struct {
	newest int64
	begun  bool
}

// Extend gives the extended number of seq.
func (u *Unwrapper) Extend(seq uint16) int64 {
	if !u.begun {
		u.begun, u.newest = true, 1<<16+int64(seq)
		return u.newest
	}
	ext := u.newest + int64(int16(seq-uint16(u.newest)))
	if ext > u.newest {
		u.newest = ext
	}
	return ext
}
