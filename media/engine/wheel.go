package engine

// wheelSlots is more than the longest ptime in milliseconds, and a power of two.
const wheelSlots = 64

// wheel holds the streams that speak, by the millisecond of their next packet. A stream that has sent moves on by its
// ptime, so 20 ms streams use every slot of the wheel in turn and are spread over the slots by when they began.
type wheel struct {
	slots [wheelSlots]*speaker
	count int
}

// add puts a speaker down for a tick.
func (w *wheel) add(s *speaker, tick int64) {
	head := &w.slots[tick&(wheelSlots-1)]
	s.due, s.next, s.prev, s.on = tick, *head, nil, true
	if *head != nil {
		(*head).prev = s
	}
	*head = s
	w.count++
}

// remove takes a speaker out.
func (w *wheel) remove(s *speaker) {
	if !s.on {
		return
	}
	if s.prev != nil {
		s.prev.next = s.next
	} else {
		w.slots[s.due&(wheelSlots-1)] = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	s.next, s.prev, s.on = nil, nil, false
	w.count--
}

// turn calls f for every speaker whose tick it is. f may remove or add the one that it is called with, at a later tick.
func (w *wheel) turn(tick int64, f func(*speaker)) {
	for s := w.slots[tick&(wheelSlots-1)]; s != nil; {
		next := s.next
		if s.due <= tick {
			f(s)
		}
		s = next
	}
}
