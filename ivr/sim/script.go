package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"tandem/ivr/flow/source"
)

// Line is one line of a script, parsed.
type Line struct {
	Number int
	Text   string
	verb   string // "caller presses"
	args   []string
}

// verbs are the lines a script may have, with how many words follow at least.
var verbs = map[string]int{
	"flow": 1, "to": 1, "at": 3, "from": 1, "ctx": 3,
	"caller presses": 1, "caller waits": 1, "caller hangs up": 0,
	"agent answers": 0, "agent hangs up": 0, "queue refuses": 1, "queue gives up": 0, "callback booked": 0, "callback refused": 1, "no agent for": 1, "position": 3,
	"dial answers": 0, "dial fails": 1, "dial ends": 0, "transfer fails": 0, "transfer succeeds": 0, "link sent": 0, "link fails": 1,
	"expect prompt": 1, "expect answer": 0, "expect queue": 1, "expect dial": 1, "expect transfer": 1, "expect hangup": 0,
	"expect exit": 2, "expect step": 1, "expect attribute": 3, "expect silence on": 1, "expect end": 0, "expect journal": 1, "expect leave queue": 0, "expect ask callback": 0, "expect cancel dial": 0, "expect link": 1,
}

// MaxLines bounds a script.
const MaxLines = 1000

// Parse reads a script; the error names the line.
func Parse(name, text string) ([]Line, error) {
	var list []Line
	for i, raw := range strings.Split(text, "\n") {
		clean, _, _ := strings.Cut(raw+" ", " # ")
		words := strings.Fields(clean)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		line := Line{Number: i + 1, Text: strings.Join(words, " ")}
		if !line.split(words) {
			return nil, fmt.Errorf("%s:%d: %q is not a line of a script, or lacks words; %s", name, i+1, line.Text, source.Suggest(firstTwo(words), known()))
		}
		if list = append(list, line); len(list) > MaxLines {
			return nil, fmt.Errorf("%s: more than %d lines", name, MaxLines)
		}
	}
	return list, nil
}

func (l *Line) split(words []string) bool {
	for n := min(3, len(words)); n > 0; n-- {
		verb := strings.Join(words[:n], " ")
		if least, ok := verbs[verb]; ok && len(words)-n >= least {
			l.verb, l.args = verb, words[n:]
			return true
		}
	}
	return false
}

func firstTwo(words []string) string { return strings.Join(words[:min(2, len(words))], " ") }

func known() []string {
	var list []string
	for v := range verbs {
		list = append(list, v)
	}
	return list
}

// instant reads "2026-12-24 17:30 Europe/Berlin".
func instant(args []string) (time.Time, error) {
	zone, err := time.LoadLocation(args[2])
	if err != nil {
		return time.Time{}, err
	}
	return time.ParseInLocation("2006-01-02 15:04", args[0]+" "+args[1], zone)
}

// estimates reads "2m 4m" or "unknown" behind "position N wait".
func estimates(args []string) (place int, p50, p80 time.Duration, known bool, err error) {
	if place, err = strconv.Atoi(args[0]); err != nil || args[1] != "wait" {
		return 0, 0, 0, false, fmt.Errorf("want: position N wait P50 P80, or unknown")
	}
	if args[2] == "unknown" {
		return place, 0, 0, false, nil
	}
	if len(args) < 4 {
		return 0, 0, 0, false, fmt.Errorf("want both estimates, P50 and P80")
	}
	if p50, err = source.ParseDuration(args[2]); err == nil {
		p80, err = source.ParseDuration(args[3])
	}
	return place, p50, p80, true, err
}
