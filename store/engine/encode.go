package engine

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"tandem/store/journey"
)

// encoded is an event as it is written, but for its number: JSON as encoding/json reads it, the part for everybody apart from the rest.
type encoded struct {
	public  []byte
	private []byte // nil: nothing in it is personal
}

func (x encoded) size() int { return len(x.public) + len(x.private) }

// encode splits an event into what everybody may read and what is sealed. It is written by hand: each call has a dozen events.
func encode(ev journey.Event) (encoded, error) {
	if y := ev.At.Year(); y < 0 || y > 9999 {
		_, err := ev.At.MarshalJSON() // says why not
		return encoded{}, err
	}
	var all [journey.MaxData]string
	names := all[:0]
	size := 160 + len(ev.Record) + len(ev.Interaction) + len(ev.Item) + len(ev.Actor) + len(ev.Key)
	for k, v := range ev.Data {
		names = append(names, k)
		size += len(k) + len(v) + 8
	}
	slices.Sort(names) // the same event is always the same octets
	sealed := ev.Privacy == journey.Personal || ev.Privacy == journey.Sensitive
	hidden := func(k string) bool { return sealed || journey.PersonalKey(k) }
	b := appendHead(make([]byte, 0, size), ev)
	b = appendData(b, `,"data":{`, names, ev.Data, func(k string) bool { return !hidden(k) })
	b = append(b, '}')
	end := len(b)
	b = appendData(b, `{`, names, ev.Data, hidden)
	x := encoded{public: b[:end:end]}
	if len(b) > end {
		x.private = b[end:]
	}
	return x, nil
}

// appendHead is everything but the data and the last brace.
func appendHead(b []byte, ev journey.Event) []byte {
	b = appendText(append(b, `{"record":`...), ev.Record)
	b = append(b, `,"seq":0,"at":"`...)
	b = ev.At.AppendFormat(b, time.RFC3339Nano)
	b = appendText(append(b, `","kind":`...), string(ev.Kind))
	for _, f := range [...]struct{ name, value string }{
		{`,"channel":`, string(ev.Channel)}, {`,"interaction":`, ev.Interaction}, {`,"item":`, ev.Item}, {`,"actor":`, ev.Actor}, {`,"key":`, ev.Key},
		{`,"privacy":`, string(ev.Privacy)},
	} {
		if f.value != "" {
			b = appendText(append(b, f.name...), f.value)
		}
	}
	if ev.Epoch != 0 {
		b = strconv.AppendUint(append(b, `,"epoch":`...), ev.Epoch, 10)
	}
	return b
}

// appendData is an object of the data that is wanted; nothing where there is none.
func appendData(b []byte, begin string, names []string, data map[string]string, wanted func(string) bool) []byte {
	before := begin
	for _, k := range names {
		if wanted(k) {
			b = append(appendText(append(b, before...), k), ':')
			b = appendText(b, data[k])
			before = ","
		}
	}
	if before != begin {
		b = append(b, '}')
	}
	return b
}

// appendText is a string with its quotes.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // of a string it never fails
			return append(b, quoted...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
