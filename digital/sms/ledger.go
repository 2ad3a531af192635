package sms

import (
	"strings"
	"time"

	"tandem/digital/smpp/pdu"
)

const (
	ledgerMost = 100_000        // messages whose receipts are awaited
	ledgerFor  = 72 * time.Hour // a receipt that has not come by then does not come
	earlyMost  = 1000           // receipts that came before the answer to their submit_sm
	earlyFor   = time.Minute
)

// bundle is a text whose parts are reported one by one.
type bundle struct {
	external string // the first part's id
	left     map[string]bool
	failed   bool
	since    time.Time
}

type early struct {
	receipt pdu.Receipt
	name    string // of the part by its reference
	since   time.Time
}

// ledger matches receipts to texts. Owned by the carrier's goroutine.
type ledger struct {
	bundles map[string]*bundle // by each part's id
	order   []*bundle          // oldest first
	early   map[string]early
}

func newLedger() ledger { return ledger{bundles: map[string]*bundle{}, early: map[string]early{}} }

// enter notes the ids of a text's parts and returns the receipts that were there before them. A part without an id of the centre has
// its name.
func (l *ledger) enter(ids []string, now time.Time) []early {
	for len(l.order) > 0 && (len(l.order) >= ledgerMost || now.Sub(l.order[0].since) > ledgerFor) {
		l.drop(l.order[0])
		l.order = l.order[1:]
	}
	b := &bundle{external: ids[0], left: map[string]bool{}, since: now}
	l.order = append(l.order, b)
	var out []early
	for _, id := range ids {
		b.left[id] = true
		l.bundles[id] = b
		key := id
		if strings.HasPrefix(id, partName) {
			key = l.earlyOf(id)
		}
		if e, ok := l.early[key]; ok {
			delete(l.early, key)
			out = append(out, e)
		}
	}
	return out
}

// earlyOf finds the receipt of a part without an id.
func (l *ledger) earlyOf(name string) string {
	for id, e := range l.early {
		if e.name == name {
			return id
		}
	}
	return ""
}

func (l *ledger) drop(b *bundle) {
	for id := range b.left {
		if l.bundles[id] == b { // else a later text has taken the name over
			delete(l.bundles, id)
		}
	}
}

// match returns what a receipt says of its text: the external id, and whether the text's fate is known by it. ok is false if no text
// has the id or the name.
func (l *ledger) match(r pdu.Receipt, name string) (external string, known, failed, ok bool) {
	id := r.MessageID
	b, ok := l.bundles[id]
	if !ok && name != "" {
		id = name
		b, ok = l.bundles[id]
	}
	if !ok {
		return "", false, false, false
	}
	if !r.State.Final() {
		return b.external, false, false, true
	}
	delete(b.left, id)
	delete(l.bundles, id)
	if r.State != pdu.Delivered && !b.failed {
		b.failed = true
		return b.external, true, true, true
	}
	return b.external, len(b.left) == 0 && !b.failed, false, true
}

// keep holds a receipt whose text may still be on its way.
func (l *ledger) keep(r pdu.Receipt, name string, now time.Time) {
	if len(l.early) >= earlyMost {
		for id, e := range l.early {
			if now.Sub(e.since) > earlyFor {
				delete(l.early, id)
			}
		}
	}
	if len(l.early) < earlyMost {
		l.early[r.MessageID] = early{r, name, now}
	}
}
