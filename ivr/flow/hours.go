package flow

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/ivr/flow/source"
)

// Calendar says when somebody is there: weekly intervals and dated exceptions, in wall-clock time of its zone. An hour that
// a clock change repeats counts both times; one that it skips never comes.
type Calendar struct {
	Name  string          `yaml:",name"`
	Zone  string          `yaml:"zone,required"`
	Week  map[string]Day  `yaml:"week,required"` // "mon", "mon-fri", "sat,sun"
	Dates map[string]Date `yaml:"dates"`         // "2026-12-25"

	zone *time.Location
	days [7]Day // by time.Weekday
}

// Day is the open spans of a day: "09:00-17:00" or a list; a span may pass midnight; none is closed.
type Day []Span

// Span is an interval of a day in minutes after midnight; To is above 1440 when it passes midnight.
type Span struct{ From, To int }

// UnmarshalText reads "09:00-17:00", "24:00" being allowed as the end.
func (s *Span) UnmarshalText(text []byte) error {
	from, to, ok := strings.Cut(string(text), "-")
	a, errA := minutes(from)
	b, errB := minutes(to)
	if !ok || errA != nil || errB != nil || a == b || a == 1440 {
		return fmt.Errorf("%q is not a span of time such as 09:00-17:00", text)
	}
	if b < a {
		b += 1440
	}
	*s = Span{a, b}
	return nil
}

func minutes(text string) (int, error) {
	h, m, ok := strings.Cut(strings.TrimSpace(text), ":")
	hour, errH := strconv.Atoi(h)
	minute, errM := strconv.Atoi(m)
	if !ok || errH != nil || errM != nil || len(m) != 2 || hour < 0 || hour > 24 || minute < 0 || minute > 59 || hour*60+minute > 1440 {
		return 0, fmt.Errorf("%q is not a time of day", text)
	}
	return hour*60 + minute, nil
}

// Date is an exception for one day: a holiday by name, or other hours.
type Date struct {
	Open    Day    `yaml:"open,short"`
	Holiday string `yaml:"holiday"`
}

// HoursState is what a calendar says of an instant.
type HoursState string

// The states; their texts are the exits of an hours step.
const (
	Open    HoursState = ExitOpen
	Closed  HoursState = ExitClosed
	Holiday HoursState = ExitHoliday
)

// State says whether it is open at an instant, and which holiday it is.
func (c *Calendar) State(now time.Time) (HoursState, string) {
	if c.zone == nil {
		return Closed, ""
	}
	local := now.In(c.zone)
	minute := local.Hour()*60 + local.Minute()
	if c.within(local.AddDate(0, 0, -1), minute+1440) || c.within(local, minute) {
		return Open, ""
	}
	if d, ok := c.Dates[local.Format(time.DateOnly)]; ok && d.Holiday != "" {
		return Holiday, d.Holiday
	}
	return Closed, ""
}

func (c *Calendar) within(day time.Time, minute int) bool {
	spans := c.days[day.Weekday()]
	if d, ok := c.Dates[day.Format(time.DateOnly)]; ok {
		spans = d.Open
	}
	return slices.ContainsFunc(spans, func(s Span) bool { return minute >= s.From && minute < s.To })
}

var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Validate checks zone, weekdays and dates, and prepares State.
func (c *Calendar) Validate(at source.At) {
	c.zone = location(c.Zone, at)
	given := [7]string{}
	for _, key := range sorted(c.Week) {
		list, bad := parseDays(key)
		if bad != "" {
			at.Key("week").Key(key).Report(source.Fault{Message: fmt.Sprintf("unknown weekday %q", bad), Hint: source.Suggest(bad, weekdays)})
		}
		for _, d := range list {
			if given[d] != "" {
				at.Key("week").Key(key).Conflict(at.Key("week").Key(given[d]), "also here", "%s is given twice", weekdays[d])
			}
			given[d], c.days[d] = key, c.Week[key]
		}
	}
	for key := range c.Dates {
		if _, err := time.Parse(time.DateOnly, key); err != nil {
			at.Key("dates").Key(key).Errorf("%q is not a date such as 2026-12-25", key)
		}
	}
}

// parseDays reads "mon", "mon-fri" and "sat,sun"; bad is a word that is no weekday.
func parseDays(key string) (list []int, bad string) {
	for _, part := range strings.Split(key, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		a, b := slices.Index(weekdays, first), slices.Index(weekdays, last)
		if !isRange {
			b, last = a, first
		}
		if a < 0 {
			return nil, first
		}
		if b < 0 {
			return nil, last
		}
		for d := a; ; d = (d + 1) % 7 {
			list = append(list, d)
			if d == b {
				break
			}
		}
	}
	return list, ""
}
