package sms

import (
	"fmt"
	"time"

	"tandem/digital"
)

// QuietHours are a part of each day in which no message goes out, e.g. 21:00 to 08:00, by the clock of one zone.
type QuietHours struct {
	From, To time.Duration // since midnight; From above To spans midnight
	Zone     *time.Location
}

// NewQuietHours reads "21:00" and "08:00".
func NewQuietHours(from, to string, zone *time.Location) (QuietHours, error) {
	a, err := time.Parse("15:04", from)
	if err != nil {
		return QuietHours{}, fmt.Errorf("quiet hours from %q: not a time of day", from)
	}
	b, err := time.Parse("15:04", to)
	if err != nil {
		return QuietHours{}, fmt.Errorf("quiet hours to %q: not a time of day", to)
	}
	clock := func(t time.Time) time.Duration {
		return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute
	}
	return QuietHours{clock(a), clock(b), zone}, nil
}

// Until returns the end of the quiet hours that now lies in, or the zero time. Days on which the clock changes end at the wall clock's time.
func (q QuietHours) Until(_ digital.Outgoing, now time.Time) time.Time {
	t := now.In(q.Zone)
	y, m, d := t.Date()
	clock := time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second
	at := func(day int) time.Time {
		return time.Date(y, m, day, int(q.To/time.Hour), int(q.To%time.Hour/time.Minute), 0, 0, q.Zone)
	}
	switch {
	case q.From == q.To:
		return time.Time{}
	case q.From < q.To && clock >= q.From && clock < q.To:
		return at(d)
	case q.From > q.To && clock >= q.From:
		return at(d + 1)
	case q.From > q.To && clock < q.To:
		return at(d)
	}
	return time.Time{}
}
