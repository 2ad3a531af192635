package ivr

import (
	"strings"
	"testing"
	"time"

	"tandem/ivr/flow"
)

func TestAnnouncerIsHonest(t *testing.T) {
	a := NewAnnouncer(flow.Announce{Position: true, Wait: true, Every: 30 * time.Second, Hold: "hold"})
	steps := []struct {
		name  string
		after time.Duration
		ev    QueueAnnouncement
		want  string
	}{
		{"unknown wait is not told", 0, QueueAnnouncement{Position: 5}, "queue/position digits/5 queue/in-line"},
		{"not too often", 10 * time.Second, QueueAnnouncement{Position: 4}, ""},
		{"P80, rounded up, a little before its time", 30*time.Second - 20*time.Millisecond, QueueAnnouncement{Position: 5, Known: true, P50: time.Minute, P80: 250 * time.Second}, "queue/wait digits/5 time/minutes"},
		{"worse place and wait", 60 * time.Second, QueueAnnouncement{Position: 6, Known: true, P80: 8 * time.Minute}, "hold"},
		{"less, but later than promised", 4 * time.Minute, QueueAnnouncement{Position: 5, Known: true, P80: 4 * time.Minute}, "hold"},
		{"better", 280 * time.Second, QueueAnnouncement{Position: 2, Known: true, P80: 40 * time.Second}, "queue/position digits/2 queue/in-line queue/wait queue/less digits/1 time/minute"},
		{"nonsense", 6 * time.Minute, QueueAnnouncement{Position: -1, Known: true, P80: -time.Minute}, "hold"},
	}
	for _, s := range steps {
		if got := strings.Join(a.Next(s.ev, noon.Add(s.after)), " "); got != s.want {
			t.Errorf("%s: got %q, want %q", s.name, got, s.want)
		}
	}
}

func TestAnnouncementInterruptsMusicOnce(t *testing.T) {
	r, _ := start(t, Facts{Answered: true}, queue)
	want(t, "announce", r.Step(QueueAnnouncement{Ticket: 1, Position: 2}, noon), "stopplay{2}; play 3 queue/position digits/2 queue/in-line")
	want(t, "while speaking", r.Step(QueueAnnouncement{Ticket: 1, Position: 1}, noon.Add(time.Minute)), "")
	want(t, "music again", r.Step(PlayDone{3}, noon), "play 4 music/hold")
	want(t, "answered while music", r.Step(QueueAnswered{1}, noon), "stopplay{4}")
}

func TestHoldClipSpeaksTheLanguage(t *testing.T) {
	text := "flow: main\nstart: q\nsteps:\n  q: {queue: {name: support, announce: {position: false, wait: false, hold: \"{lang}/hold\"}}, " +
		"exits: {timeout: b, refused: b}}\n  b: {hangup: 16}\n"
	r, _ := start(t, Facts{Answered: true, Language: "de"}, text)
	want(t, "hold", r.Step(QueueAnnouncement{Ticket: 1, Position: 2}, noon), "stopplay{2}; play 3 de/hold")
}
