package desk

// mostWatched bounds the records of a customer whose new events a page is told of: those with the newest lines.
const mostWatched = 8

// watch is what a page shows of a story.
type watch struct {
	record string            // that the page asked for; empty: none
	newest map[string]uint64 // of each record in it, the newest event that the page was given or told of
}

// shows notes which story a page shows from now on; nil: none.
func (s *Server) shows(l *link, st *Story) {
	if st == nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		l.shown = watch{}
		return
	}
	newest := map[string]uint64{st.Record: 0}
	for i := len(st.Lines) - 1; i >= 0; i-- {
		line := st.Lines[i]
		if known, ok := newest[line.Record]; ok || len(newest) < mostWatched {
			newest[line.Record] = max(known, line.Seq)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for r, n := range newest {
		newest[r] = max(n, l.shown.newest[r]) // what it was told of before may be no line
	}
	l.shown = watch{st.Record, newest}
	s.storyHead = 0 // something may have happened while the story was read
}

// pushStories tells the pages whose story has new lines; a page that wants them asks for it again.
func (s *Server) pushStories() {
	records, since := s.watched()
	if len(records) == 0 {
		return
	}
	head, newest := s.cfg.Rooms.Newest(since, records)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.storyHead == since { // nobody has opened a story meanwhile
		s.storyHead = head
	}
	for l := range s.links {
		changed := false
		for r, known := range l.shown.newest {
			if newest[r] > known {
				l.shown.newest[r], changed = newest[r], true
			}
		}
		if changed {
			l.send(out{T: "story.changed", ID: l.shown.record})
		}
	}
}

// watched lists the records that pages show, and how far all of them were looked at before.
func (s *Server) watched() (records []string, since uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := map[string]bool{}
	for l := range s.links {
		for r := range l.shown.newest {
			if !seen[r] {
				seen[r] = true
				records = append(records, r)
			}
		}
	}
	return records, s.storyHead
}
