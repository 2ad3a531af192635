package desk

import "testing"

// TestStoryGoesOn: a page is told once of new lines in the story that it shows, and not of those that it was given.
func TestStoryGoesOn(t *testing.T) {
	r := newRig(t)
	look := func(head uint64, newest map[string]uint64) {
		r.rooms.mu.Lock()
		r.rooms.head, r.rooms.newest = head, newest
		r.rooms.mu.Unlock()
		r.s.pushStories()
	}
	looks := func() int {
		r.rooms.mu.Lock()
		defer r.rooms.mu.Unlock()
		return r.rooms.looks
	}
	p := r.open("user=anna&agent=anna&role=agent")
	other := r.open("user=ben&agent=ben&role=agent")
	other.read("snapshot")
	look(5, nil)
	if looks() != 0 {
		t.Error("records are looked at though no page shows one")
	}
	ask := func(lines ...Line) {
		t.Helper()
		r.rooms.mu.Lock()
		r.rooms.story = Story{Lines: lines}
		r.rooms.mu.Unlock()
		p.send(`{"t":"story","id":"1","record":"r1"}`)
		p.read("story")
	}
	// next tells what the page is told before a notice.
	next := func() (told []string) {
		t.Helper()
		r.s.Notice("anna", "now")
		for {
			switch o := p.any(); o.T {
			case "notice":
				return told
			case "story.changed":
				told = append(told, o.ID)
			}
		}
	}
	ask(Line{Record: "r0", Seq: 9}, Line{Record: "r1", Seq: 1}, Line{Record: "r1", Seq: 2})
	look(6, map[string]uint64{"r0": 9, "r1": 2})
	if told := next(); len(told) != 0 {
		t.Errorf("told of lines that it has: %q", told)
	}
	seen := looks()
	look(6, map[string]uint64{"r0": 9, "r1": 2})
	if looks() != seen {
		t.Error("records are looked at though the site has no new event")
	}
	look(7, map[string]uint64{"r0": 9, "r1": 3})
	if told := next(); len(told) != 1 || told[0] != "r1" {
		t.Errorf("told %q, want r1 once", told)
	}
	look(8, map[string]uint64{"r0": 10, "r1": 3}) // the customer's other record
	if told := next(); len(told) != 1 || told[0] != "r1" {
		t.Errorf("told %q, want r1 once", told)
	}
	ask(Line{Record: "r0", Seq: 9}, Line{Record: "r1", Seq: 3}) // the new one is none that is shown
	look(9, map[string]uint64{"r0": 10, "r1": 3})
	if told := next(); len(told) != 0 {
		t.Errorf("told again of what it was told: %q", told)
	}
	r.rooms.mu.Lock()
	r.rooms.fail = ErrDenied // the item is another's now
	r.rooms.mu.Unlock()
	p.send(`{"t":"story","id":"1","record":"r1"}`)
	p.read("error")
	if records, _ := r.s.watched(); len(records) != 0 {
		t.Errorf("a page is told of %q, which it may not read", records)
	}
	r.rooms.mu.Lock()
	r.rooms.fail = nil
	r.rooms.mu.Unlock()
	var many []Line
	for i := range 3 * mostWatched {
		many = append(many, Line{Record: string(rune('A' + i)), Seq: 1})
	}
	ask(many...)
	if records, _ := r.s.watched(); len(records) != mostWatched {
		t.Errorf("%d records are watched, at most %d shall be", len(records), mostWatched)
	}
}
