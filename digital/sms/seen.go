package sms

import "time"

const (
	seenMost = 50_000
	seenFor  = 24 * time.Hour
)

// arrival is a message that a provider gave, by its id. A repeat waits for the fate of the first, or learns it.
type arrival struct {
	done    bool
	waiting []func(error)
	since   time.Time
}

// seen remembers arrivals; the record itself does so for longer. Owned by the adapter's goroutine.
type seen struct {
	ids   map[string]*arrival
	order []string // oldest first
	open  int      // not done
}

// enter returns true if an id is new; else the repeat is settled, or will be with the first.
func (s *seen) enter(id string, now time.Time, done func(error)) bool {
	for len(s.order) > 0 {
		first, ok := s.ids[s.order[0]]
		if ok && (now.Sub(first.since) < seenFor && len(s.order) < seenMost || !first.done && len(s.order) < 2*seenMost) {
			break
		}
		if ok && !first.done {
			s.open--
		}
		delete(s.ids, s.order[0])
		s.order = s.order[1:]
	}
	if a, ok := s.ids[id]; ok {
		if a.done {
			done(nil)
		} else {
			a.waiting = append(a.waiting, done)
		}
		return false
	}
	s.ids[id] = &arrival{waiting: []func(error){done}, since: now}
	s.order = append(s.order, id)
	s.open++
	return true
}

// settle tells all that wait; what failed may come again.
func (s *seen) settle(id string, err error) {
	a, ok := s.ids[id]
	if !ok || a.done {
		return
	}
	s.open--
	for _, done := range a.waiting {
		done(err)
	}
	a.waiting = nil
	if err != nil {
		delete(s.ids, id) // its place in order is skipped when it comes up
		return
	}
	a.done = true
}
