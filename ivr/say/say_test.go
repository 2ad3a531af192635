package say

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestClips(t *testing.T) {
	day := func(h, m int) time.Time { return time.Date(2026, 11, 2, h, m, 0, 0, time.UTC) }
	tests := []struct {
		name  string
		kind  Kind
		value any
		want  string
	}{
		{"zero", Number, 0, "digits/0"},
		{"teen", Number, 13, "numbers/13"},
		{"tens", Number, 42, "numbers/40 digits/2"},
		{"hundreds", Number, 307, "digits/3 numbers/hundred digits/7"},
		{"thousands", Number, 12_010, "numbers/12 numbers/thousand numbers/10"},
		{"digits keep zeros", Digits, "0123", "digits/0 digits/1 digits/2 digits/3"},
		{"digits marks", Digits, "*#", "digits/star digits/pound"},
		{"duration", Duration, time.Hour + 2*time.Minute + time.Second, "digits/1 time/hour digits/2 time/minutes digits/1 time/second"},
		{"no duration", Duration, time.Duration(0), "digits/0 time/seconds"},
		{"morning", Time, day(9, 5), "digits/9 time/oh digits/5 time/am"},
		{"noon", Time, day(12, 0), "numbers/12 time/oclock time/pm"},
		{"midnight", Time, day(0, 30), "numbers/12 numbers/30 time/am"},
		{"position", Position, 3, "queue/position digits/3 queue/in-line"},
		{"short wait", Wait, 20 * time.Second, "queue/wait queue/less digits/1 time/minute"},
		{"wait rounds up", Wait, 121 * time.Second, "queue/wait digits/3 time/minutes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Clips(test.kind, test.value)
			if err != nil || strings.Join(got, " ") != test.want {
				t.Errorf("got %v, %v, want %s", got, err, test.want)
			}
			for _, clip := range got {
				if !slices.Contains(Needs(test.kind), clip) {
					t.Errorf("%s is not in Needs(%s)", clip, test.kind)
				}
			}
		})
	}
}

func TestRefusesWhatCannotBeSpoken(t *testing.T) {
	for _, test := range []struct {
		kind  Kind
		value any
	}{{Number, -1}, {Number, 1_000_000}, {Number, "7"}, {Digits, "12a"}, {Digits, strings.Repeat("1", 33)}, {Duration, -time.Second}, {Time, 5}, {Wait, 100 * time.Hour}} {
		if got, err := Clips(test.kind, test.value); !errors.Is(err, ErrRange) {
			t.Errorf("%s of %v: got %v, %v, want ErrRange", test.kind, test.value, got, err)
		}
	}
}

func TestShippedPromptsCoverAllKinds(t *testing.T) {
	for _, kind := range Kind("").Values() {
		for _, clip := range Needs(Kind(kind)) {
			if _, err := os.Stat("../../cmd/tandem/demo/prompts/" + clip + ".wav"); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
}
