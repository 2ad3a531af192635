package dtmf

import (
	"errors"
	"time"
)

// Clock is the RTP clock rate of events, in Hz.
const Clock = 8000

// Flash is the Digit of a hook flash, event 16 of RFC 4733.
const Flash = '!'

// Errors of Sender.Send and ParseInfo.
var (
	ErrDigit  = errors.New("dtmf: not a digit")
	ErrFull   = errors.New("dtmf: too many digits wait")
	ErrFormat = errors.New("dtmf: body not understood")
)

// Press is one key press.
type Press struct {
	Digit  byte // '0'–'9' '*' '#' 'A'–'D' or Flash
	Length time.Duration
	Volume int // dBm0 of RFC 4733 with its sign dropped: 0 (loud) to 63; 0 where it is unknown
}

const digits = "0123456789*#ABCD!"

// Event gives the event code of a digit, 0–16 (RFC 4733 §3.2). Lower case letters are taken too.
func Event(digit byte) (code uint8, ok bool) {
	if digit >= 'a' && digit <= 'd' {
		digit -= 'a' - 'A'
	}
	for i := range len(digits) {
		if digits[i] == digit {
			return uint8(i), true
		}
	}
	return 0, false
}

// Digit gives the digit of an event code.
func Digit(code uint8) (digit byte, ok bool) {
	if int(code) >= len(digits) {
		return 0, false
	}
	return digits[code], true
}

func samples(d time.Duration) uint32 { return uint32(d * Clock / time.Second) }

func duration(samples uint32) time.Duration { return time.Duration(samples) * time.Second / Clock }
