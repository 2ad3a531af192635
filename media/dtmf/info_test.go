package dtmf

import (
	"errors"
	"testing"
	"time"
)

func TestParseInfo(t *testing.T) {
	tests := []struct {
		name, kind, body string
		digit            byte
		ms               int
		err              error
	}{
		{"plain", InfoRelay, "Signal=5\r\nDuration=160\r\n", '5', 160, nil},
		{"blanks", InfoRelay, "Signal= 5\r\nDuration= 250\r\n", '5', 250, nil},
		{"blanks around", InfoRelay, " signal = # \n duration = 90 \n", '#', 90, nil},
		{"bare LF, no duration", InfoRelay, "Signal=*\n", '*', 100, nil},
		{"other order", InfoRelay, "Duration=100\r\nSignal=A\r\n", 'A', 100, nil},
		{"lower case", InfoRelay, "Signal=d\r\n", 'D', 100, nil},
		{"number for star", InfoRelay, "Signal=10\r\n", '*', 100, nil},
		{"number for pound", InfoRelay, "Signal=11\r\n", '#', 100, nil},
		{"flash", InfoRelay, "Signal=16\r\n", '!', 100, nil},
		{"flash by name", InfoRelay, "Signal=Flash\r\n", '!', 100, nil},
		{"quoted", InfoRelay, "Signal=\"7\"\r\n", '7', 100, nil},
		{"parameters and case", "Application/DTMF-Relay; charset=utf-8", "Signal=1", '1', 100, nil},
		{"bad duration", InfoRelay, "Signal=1\r\nDuration=long\r\n", '1', 100, nil},
		{"endless", InfoRelay, "Signal=1\r\nDuration=4000000000\r\n", '1', 30000, nil},
		{"simple", InfoSimple, "5", '5', 100, nil},
		{"simple with line end", InfoSimple, "#\r\n", '#', 100, nil},
		{"simple number", InfoSimple, "11", '#', 100, nil},
		{"relay body as simple", InfoSimple, "Signal=9\r\nDuration=200\r\n", '9', 200, nil},
		{"empty", InfoRelay, "", 0, 0, ErrFormat},
		{"no signal", InfoRelay, "Duration=100\r\n", 0, 0, ErrFormat},
		{"not a digit", InfoRelay, "Signal=x\r\n", 0, 0, ErrDigit},
		{"17", InfoRelay, "Signal=17\r\n", 0, 0, ErrDigit},
		{"05", InfoRelay, "Signal=05\r\n", 0, 0, ErrDigit},
		{"several", InfoSimple, "123", 0, 0, ErrDigit},
		{"other type", "text/plain", "5", 0, 0, ErrFormat},
		{"too long", InfoRelay, "Signal=5\r\n" + string(make([]byte, maxInfo)), 0, 0, ErrFormat},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseInfo(tt.kind, []byte(tt.body))
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v, want %v", err, tt.err)
			}
			if err == nil && (got.Digit != tt.digit || got.Length != time.Duration(tt.ms)*time.Millisecond) {
				t.Errorf("got %+v, want %c for %d ms", got, tt.digit, tt.ms)
			}
		})
	}
}

func TestBuildInfo(t *testing.T) {
	b, err := BuildInfo(InfoRelay, Press{Digit: '5', Length: 160 * time.Millisecond})
	if want := "Signal=5\r\nDuration=160\r\n"; err != nil || string(b) != want {
		t.Errorf("got %q %v, want %q", b, err, want)
	}
	for _, kind := range []string{InfoRelay, InfoSimple} {
		for i := range len(digits) {
			b, err := BuildInfo(kind, Press{Digit: digits[i]})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := ParseInfo(kind, b); err != nil || got.Digit != digits[i] || got.Length != DefaultLength {
				t.Errorf("%s %q: got %+v, %v", kind, b, got, err)
			}
		}
	}
	if _, err := BuildInfo(InfoRelay, Press{Digit: 'x'}); !errors.Is(err, ErrDigit) {
		t.Errorf("got %v", err)
	}
	if !IsInfo("application/dtmf;x=y") || !IsInfo(" APPLICATION/dtmf-relay ") || IsInfo("application/sdp") {
		t.Error("IsInfo")
	}
}

func FuzzParseInfo(f *testing.F) {
	f.Add(InfoRelay, []byte("Signal=5\r\nDuration=160\r\n"))
	f.Add(InfoSimple, []byte("#"))
	f.Fuzz(func(t *testing.T, kind string, body []byte) {
		p, err := ParseInfo(kind, body)
		if err != nil {
			return
		}
		b, err := BuildInfo(InfoRelay, p)
		if err != nil {
			t.Fatalf("%+v cannot be built: %v", p, err)
		}
		if again, err := ParseInfo(InfoRelay, b); err != nil || again.Digit != p.Digit {
			t.Errorf("got %+v, was %+v", again, p)
		}
	})
}
