package main

import (
	"errors"
	"sync"
	"time"
)

// errTextRate: a number, or somebody who asks, has got as many text messages as we send without being written to.
var errTextRate = errors.New("too many text messages were sent")

// textLimits bounds the text messages that strangers can cause, within textWithin: to one number, for one who asks, and in all. Whoever pays
// for text messages wants the last one.
type textLimits struct {
	number, asker, all int
	every              time.Duration // between two to one number
}

const textWithin = time.Hour

// textLimit counts the text messages of one kind. It is of this process only.
type textLimit struct {
	textLimits

	mu   sync.Mutex
	sent []textSent // oldest first; guarded by mu
}

type textSent struct {
	number, by string
	at         time.Time
}

// take counts a text message to a number; by is who asks: an address, a record. It answers errTextRate if it may not be sent.
func (l *textLimit) take(number, by string, now time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := 0
	for old < len(l.sent) && now.Sub(l.sent[old].at) >= textWithin {
		old++
	}
	l.sent = l.sent[old:]
	ofNumber, ofAsker := 0, 0
	for _, s := range l.sent {
		if s.number == number {
			if ofNumber++; now.Sub(s.at) < l.every {
				return errTextRate
			}
		}
		if s.by == by {
			ofAsker++
		}
	}
	if ofNumber >= l.number || ofAsker >= l.asker || len(l.sent) >= l.all {
		return errTextRate
	}
	l.sent = append(l.sent, textSent{number, by, now})
	return nil
}
