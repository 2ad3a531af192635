package digital

import "sort"

// lines are the messages of a conversation: the newest of them in memory, the ids of all.
type lines struct {
	kept []Message // in order of Seq, gapless
	last uint64
	ids  map[string]mark // by sender and id
}

// mark is what is known of a message for ever.
type mark struct {
	seq uint64
	at  int64 // nanoseconds
}

func idKey(from From, id string) string { return string(from) + "|" + id }

// add takes a message that is durable.
func (l *lines) add(m Message, keep int) {
	if l.ids == nil {
		l.ids = make(map[string]mark)
	}
	l.last = m.Seq
	l.ids[idKey(m.From, m.ID)] = mark{m.Seq, m.At.UnixNano()}
	l.kept = append(l.kept, m)
	if len(l.kept) >= 2*keep { // copied once per keep messages
		l.kept = append([]Message(nil), l.kept[len(l.kept)-keep:]...)
	}
}

// at gives a message in memory.
func (l *lines) at(seq uint64) *Message {
	i := sort.Search(len(l.kept), func(i int) bool { return l.kept[i].Seq >= seq })
	if i < len(l.kept) && l.kept[i].Seq == seq {
		return &l.kept[i]
	}
	return nil
}

// after gives copies of at most most messages behind a sequence; ok is false when the first of them has left memory.
func (l *lines) after(seq uint64, most int) (list []Message, ok bool) {
	if seq >= l.last {
		return nil, true
	}
	i := sort.Search(len(l.kept), func(i int) bool { return l.kept[i].Seq > seq })
	if i == len(l.kept) || l.kept[i].Seq != seq+1 {
		return nil, false
	}
	return append([]Message(nil), l.kept[i:min(i+most, len(l.kept))]...), true
}

// newest gives copies of the newest messages in memory.
func (l *lines) newest(most int) []Message {
	return append([]Message(nil), l.kept[max(0, len(l.kept)-most):]...)
}
