package dtmf

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Content types of INFO bodies that carry a digit.
const (
	InfoRelay  = "application/dtmf-relay" // "Signal=5\r\nDuration=160\r\n"
	InfoSimple = "application/dtmf"       // "5"
)

const (
	maxInfo       = 1024 // bytes of a body worth reading
	infoLengthMax = 30 * time.Second
)

// IsInfo tells whether a Content-Type, with or without parameters, is one of the two.
func IsInfo(contentType string) bool {
	kind := mediaType(contentType)
	return kind == InfoRelay || kind == InfoSimple
}

// ParseInfo reads the digit of an INFO body. Signal may be a digit, an event number 10–16, or "flash"; blanks, quotes, case
// and line ends are free. Without a duration Length is DefaultLength.
func ParseInfo(contentType string, body []byte) (Press, error) {
	if len(body) > maxInfo {
		return Press{}, ErrFormat
	}
	text := string(body)
	switch mediaType(contentType) {
	case InfoRelay:
		return parseRelay(text)
	case InfoSimple:
		if strings.Contains(text, "=") {
			return parseRelay(text)
		}
		digit, err := signal(text)
		return Press{Digit: digit, Length: DefaultLength}, err
	}
	return Press{}, ErrFormat
}

func parseRelay(text string) (Press, error) {
	p := Press{Length: DefaultLength}
	found := false
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\r' || r == '\n' || r == ';' }) {
		name, value, ok := strings.Cut(line, "=")
		if !ok {
			continue
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "signal":
			digit, err := signal(value)
			if err != nil {
				return Press{}, err
			}
			p.Digit, found = digit, true
		case "duration":
			if ms, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32); err == nil {
				p.Length = min(time.Duration(ms)*time.Millisecond, infoLengthMax)
			}
		}
	}
	if !found {
		return Press{}, ErrFormat
	}
	return p, nil
}

// signal reads "5", " 5", "\"5\"", "*", "10" (star), "11" (pound), "12".."15" (A–D), "16" and "flash".
func signal(value string) (byte, error) {
	value = strings.Trim(value, " \t\r\n\"")
	if strings.EqualFold(value, "flash") || strings.EqualFold(value, "hf") {
		return Flash, nil
	}
	if len(value) == 1 {
		if code, ok := Event(value[0]); ok {
			digit, _ := Digit(code)
			return digit, nil
		}
		return 0, ErrDigit
	}
	if code, err := strconv.ParseUint(value, 10, 8); err == nil && len(value) == 2 && code >= 10 {
		if digit, ok := Digit(uint8(code)); ok {
			return digit, nil
		}
	}
	return 0, ErrDigit
}

// BuildInfo makes the body of an INFO for contentType, InfoRelay unless it is InfoSimple. Length 0 means DefaultLength.
func BuildInfo(contentType string, p Press) ([]byte, error) {
	code, ok := Event(p.Digit)
	if !ok {
		return nil, ErrDigit
	}
	digit, _ := Digit(code)
	text := string(rune(digit))
	if digit == Flash {
		text = "16"
	}
	if mediaType(contentType) == InfoSimple {
		return []byte(text), nil
	}
	if p.Length <= 0 {
		p.Length = DefaultLength
	}
	return fmt.Appendf(nil, "Signal=%s\r\nDuration=%d\r\n", text, p.Length.Milliseconds()), nil
}

func mediaType(contentType string) string {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.ToLower(strings.TrimSpace(kind))
}
