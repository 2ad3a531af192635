package say

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind names how a value is spoken.
type Kind string

// The kinds. Number and Position take an int (0 to 999,999), Digits a string of 0-9, * and #, Duration and Wait a
// time.Duration (0 to 99 hours), Time a time.Time, whose zone is spoken.
const (
	Number   Kind = "number"
	Digits   Kind = "digits"
	Duration Kind = "duration"
	Time     Kind = "time"
	Position Kind = "position"
	Wait     Kind = "wait"
)

// Values lists all kinds.
func (Kind) Values() []string {
	return []string{string(Number), string(Digits), string(Duration), string(Time), string(Position), string(Wait)}
}

// ErrRange says that a value is of the wrong type or too large to be spoken.
var ErrRange = errors.New("value cannot be spoken")

const (
	mostNumber   = 999_999
	mostDigits   = 32
	mostDuration = 99 * time.Hour
)

// Clips gives the clips that speak value.
func Clips(kind Kind, value any) ([]string, error) {
	switch v := value.(type) {
	case int:
		if (kind == Number || kind == Position) && v >= 0 && v <= mostNumber {
			return english.framed(kind, english.number(v)), nil
		}
	case string:
		if kind == Digits && len(v) <= mostDigits {
			return english.digits(v)
		}
	case time.Duration:
		if (kind == Duration || kind == Wait) && v >= 0 && v <= mostDuration {
			return english.duration(kind, v), nil
		}
	case time.Time:
		if kind == Time {
			return english.clock(v), nil
		}
	}
	return nil, fmt.Errorf("%s of %.40q: %w", kind, fmt.Sprint(value), ErrRange)
}

// Needs lists every clip that a kind can use, sorted, so that a checker can look for all of them.
func Needs(kind Kind) []string {
	var list []string
	switch kind {
	case Digits:
		list = english.digitNames()
	case Number, Position:
		list = english.framed(kind, english.numberNames())
	case Duration, Wait:
		list = append(english.numberNames(), english.hour[:]...)
		list = append(append(list, english.minute[:]...), english.second[:]...)
		list = append(english.framed(kind, list), english.less)
	case Time:
		list = append(english.numberNames(), english.oclock, english.oh, english.am, english.pm)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// rules are how one language speaks: clip names, and what stands around a kind.
type rules struct {
	ones, teens, tens        [10]string // ones[3], teens[3] = 13, tens[3] = 30
	hundred, thousand        string
	star, pound              string
	hour, minute, second     [2]string // one, several
	less, oclock, oh, am, pm string
	before, after            map[Kind]string
}

func (r *rules) framed(kind Kind, clips []string) []string {
	if before := r.before[kind]; before != "" {
		clips = append([]string{before}, clips...)
	}
	if after := r.after[kind]; after != "" {
		clips = append(clips, after)
	}
	return clips
}

// number speaks 0 to 999,999.
func (r *rules) number(n int) []string {
	if n == 0 {
		return []string{r.ones[0]}
	}
	var clips []string
	if n >= 1000 {
		clips = append(r.below1000(n/1000), r.thousand)
	}
	return append(clips, r.below1000(n%1000)...)
}

func (r *rules) below1000(n int) []string {
	var clips []string
	if n >= 100 {
		clips = append(clips, r.ones[n/100], r.hundred)
	}
	switch n %= 100; {
	case n >= 20:
		clips = append(clips, r.tens[n/10])
		if n%10 > 0 {
			clips = append(clips, r.ones[n%10])
		}
	case n >= 10:
		clips = append(clips, r.teens[n-10])
	case n > 0:
		clips = append(clips, r.ones[n])
	}
	return clips
}

func (r *rules) digits(text string) ([]string, error) {
	var clips []string
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			clips = append(clips, r.ones[c-'0'])
		case c == '*':
			clips = append(clips, r.star)
		case c == '#':
			clips = append(clips, r.pound)
		default:
			return nil, fmt.Errorf("digits of %.40q: %w", text, ErrRange)
		}
	}
	return clips, nil
}

// duration speaks hours, minutes and seconds; a wait is rounded up to minutes, and below one minute it is "less than".
func (r *rules) duration(kind Kind, d time.Duration) []string {
	if kind == Wait {
		minutes := int((d + time.Minute - 1) / time.Minute)
		if minutes <= 1 {
			return r.framed(kind, append([]string{r.less}, r.counted(1, r.minute)...))
		}
		return r.framed(kind, r.counted(minutes, r.minute))
	}
	seconds := int(d / time.Second)
	var clips []string
	if h := seconds / 3600; h > 0 {
		clips = append(clips, r.counted(h, r.hour)...)
	}
	if m := seconds / 60 % 60; m > 0 {
		clips = append(clips, r.counted(m, r.minute)...)
	}
	if s := seconds % 60; s > 0 || len(clips) == 0 {
		clips = append(clips, r.counted(s, r.second)...)
	}
	return clips
}

func (r *rules) counted(n int, unit [2]string) []string {
	if n == 1 {
		return append(r.number(n), unit[0])
	}
	return append(r.number(n), unit[1])
}

// clock speaks 12-hour time: nine oh five a.m., twelve o'clock p.m.
func (r *rules) clock(t time.Time) []string {
	half, hour := r.am, t.Hour()%12
	if t.Hour() >= 12 {
		half = r.pm
	}
	if hour == 0 {
		hour = 12
	}
	clips := r.number(hour)
	switch minute := t.Minute(); {
	case minute == 0:
		clips = append(clips, r.oclock)
	case minute < 10:
		clips = append(append(clips, r.oh), r.number(minute)...)
	default:
		clips = append(clips, r.number(minute)...)
	}
	return append(clips, half)
}

func (r *rules) digitNames() []string { return append(slices.Clone(r.ones[:]), r.star, r.pound) }

func (r *rules) numberNames() []string {
	list := slices.Concat(r.ones[:], r.teens[:], r.tens[2:], []string{r.hundred, r.thousand})
	return slices.DeleteFunc(list, func(s string) bool { return strings.TrimSpace(s) == "" })
}
