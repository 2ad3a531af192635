package flow

import (
	"testing"
	"time"

	"tandem/ivr/flow/source"
)

func calendar(t *testing.T, text string) *Calendar {
	t.Helper()
	var file struct{ C *Calendar }
	if err := source.Decode("hours.yaml", []byte(text), &file); err != nil {
		t.Fatal(err)
	}
	return file.C
}

func TestCalendar(t *testing.T) {
	c := calendar(t, `
c:
  zone: Europe/Berlin
  week: {mon-thu: ["09:00-12:00", "13:00-17:00"], fri: 22:00-02:00, sun: 02:00-03:00}
  dates: {2026-12-24: 09:00-12:00, 2026-12-25: {holiday: Christmas}, 2026-05-04: []}
`)
	tests := []struct {
		name, at string // UTC
		want     HoursState
		holiday  string
	}{
		{"morning", "2026-11-02 08:00", Open, ""},
		{"a minute early", "2026-11-02 07:59", Closed, ""},
		{"lunch", "2026-11-02 11:00", Closed, ""},
		{"end is outside", "2026-11-02 16:00", Closed, ""},
		{"summer time", "2026-07-06 07:00", Open, ""},
		{"past midnight", "2026-11-07 00:30", Open, ""},
		{"past midnight, over", "2026-11-07 01:00", Closed, ""},
		{"saturday", "2026-11-07 10:00", Closed, ""},
		{"short day", "2026-12-24 13:00", Closed, ""},
		{"holiday", "2026-12-25 21:30", Holiday, "Christmas"},
		{"closed by date", "2026-05-04 08:00", Closed, ""},
		{"repeated hour, first", "2026-10-25 00:30", Open, ""},
		{"repeated hour, second", "2026-10-25 01:30", Open, ""},
		{"after the repeated hour", "2026-10-25 02:00", Closed, ""},
		{"before the skipped hour", "2026-03-29 00:59", Closed, ""},
		{"the skipped hour never comes", "2026-03-29 01:00", Closed, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			at, err := time.Parse("2006-01-02 15:04", test.at)
			if err != nil {
				t.Fatal(err)
			}
			if got, holiday := c.State(at); got != test.want || holiday != test.holiday {
				t.Errorf("got %s %q, want %s %q", got, holiday, test.want, test.holiday)
			}
		})
	}
}

func TestRouteTakesTheLongestPrefix(t *testing.T) {
	flowOf := func(name, numbers string) File {
		return File{name, []byte("flow: " + name + "\nstart: a\nnumbers: " + numbers + "\nsteps: {a: {hangup: }}\n")}
	}
	d, faults := Load([]File{flowOf("all", `["*"]`), flowOf("city", `["+4930*"]`), flowOf("one", `["+49301", "+493012*"]`)}, World{})
	if faults.Failed() {
		t.Fatal(faults)
	}
	for number, want := range map[string]string{"": "all", "0123": "all", "+4930": "city", "+493099": "city", "+49301": "one", "+493011": "city", "+4930123": "one"} {
		if m, ok := d.Route(number); !ok || m.Name != want {
			t.Errorf("%q: got %v, want %s", number, m, want)
		}
	}
	_, faults = Load([]File{flowOf("a", `["+4930*"]`), flowOf("b", `["+4930*"]`), {"c", []byte("flow: a\nstart: a\nsteps: {a: {hangup: }}\n")}}, World{})
	if all := faults.All(); len(all) != 2 || len(all[0].Related) != 1 || len(all[1].Related) != 1 {
		t.Errorf("equal patterns and names: got\n%s", faults)
	}
}
