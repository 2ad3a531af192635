package sms

import (
	"hash/fnv"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"
)

// Sender returns the number of ours that a customer sees: one of his country where there is one, and always the same one for the same
// customer and pool (the one with the highest weight by hash, so that a change of the pool moves few).
func (a *Adapter) Sender(to string) string {
	to = a.Normal(to)
	country := a.calling(to)
	var near []string
	for _, s := range a.config.Senders {
		if country != 0 && a.calling(s) == country {
			near = append(near, s)
		}
	}
	if len(near) == 0 {
		near = a.config.Senders
	}
	return senderFor(near, to)
}

// calling is the calling code of a number's country; 0: it has none.
func (a *Adapter) calling(number string) int {
	if len(a.config.Senders) == 1 || len(number) > 40 {
		return 0 // there is no choice
	}
	n, err := phonenumbers.Parse(number, a.config.Country)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return 0
	}
	return int(n.GetCountryCode())
}

func senderFor(pool []string, to string) string {
	best, top := "", uint64(0)
	for _, s := range pool {
		h := fnv.New64a()
		h.Write([]byte(s))
		h.Write([]byte{0})
		h.Write([]byte(to))
		if w := mix(h.Sum64()); best == "" || w > top {
			best, top = s, w
		}
	}
	return best
}

// mix spreads a hash whose inputs differ in their last octets only.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return x
}

// Normal gives a number as E.164 where it is one, else as it came without blanks (short codes, names).
func (a *Adapter) Normal(number string) string { return normal(number, a.config.Country) }

func normal(number, country string) string {
	number = strings.ReplaceAll(strings.TrimSpace(number), " ", "")
	if country == "" && !strings.HasPrefix(number, "+") || len(number) > 40 {
		return number
	}
	n, err := phonenumbers.Parse(number, country)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return number
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// line holds what waits for one sender's rate, in order.
type line struct {
	jobs []*job
	next time.Time // the sender's turn
}

// wait tells how long a message that joins now would wait.
func (l *line) wait(rate float64, now time.Time) time.Duration {
	if rate <= 0 {
		return 0
	}
	return max(0, l.next.Sub(now)) + time.Duration(float64(len(l.jobs))*float64(time.Second)/rate)
}
