package dtmf

import "time"

// queue holds the digits that wait to be sent.
type queue struct {
	list    [MaxWaiting]queued
	head, n int
}

type queued struct {
	event  uint8
	length uint32 // samples
}

// add puts digits of the given length each (0: DefaultLength; kept within 40 ms to 6 s) behind the others. All or none are
// taken.
func (q *queue) add(digits string, length time.Duration) error {
	if q.n+len(digits) > MaxWaiting {
		return ErrFull
	}
	for i := range len(digits) {
		if _, ok := Event(digits[i]); !ok {
			return ErrDigit
		}
	}
	if length == 0 {
		length = DefaultLength
	}
	length = min(max(length, minLength), maxLength)
	for i := range len(digits) {
		event, _ := Event(digits[i])
		q.list[(q.head+q.n)%MaxWaiting] = queued{event, samples(length)}
		q.n++
	}
	return nil
}

// take gives the digit that has waited longest; ok is false when none waits.
func (q *queue) take() (next queued, ok bool) {
	if q.n == 0 {
		return queued{}, false
	}
	next = q.list[q.head]
	q.head, q.n = (q.head+1)%MaxWaiting, q.n-1
	return next, true
}
