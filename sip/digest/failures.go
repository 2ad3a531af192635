package digest

import "time"

// failureCount is the wrong answers of one source since began.
type failureCount struct {
	began time.Time
	count int
}

// failures is the bounded table of sources, and users of sources, that answered wrong. A count ends when the period is over that
// began with its first failure. When the table is full the one that failed first is forgotten.
type failures struct {
	max     int
	period  time.Duration
	sources map[string]failureCount
	order   []string // sources by began, oldest first
	evicted uint64   // since the metrics were last told
}

func newFailures(max int, period time.Duration) *failures {
	return &failures{max: max, period: period, sources: make(map[string]failureCount)}
}

// count returns the wrong answers within the period.
func (f *failures) count(now time.Time, source string) int {
	f.expire(now)
	return f.sources[source].count
}

// add counts one wrong answer.
func (f *failures) add(now time.Time, source string) {
	f.expire(now)
	entry, known := f.sources[source]
	if !known {
		if len(f.order) >= f.max {
			f.evicted++
			delete(f.sources, f.order[0])
			f.order = f.order[1:]
		}
		f.order = append(f.order, source)
		entry.began = now
	}
	entry.count++
	f.sources[source] = entry
}

func (f *failures) expire(now time.Time) {
	for len(f.order) > 0 && now.Sub(f.sources[f.order[0]].began) >= f.period {
		delete(f.sources, f.order[0])
		f.order = f.order[1:]
	}
}
