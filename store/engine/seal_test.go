package engine

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"tandem/store"
	"tandem/store/journey"
)

// keyring is a Tx that holds data keys only.
type keyring struct {
	Tx
	keys map[string][]byte
}

func (k keyring) Get(_ Bucket, key []byte) []byte { return k.keys[string(key)] }

func sealed(tb testing.TB) (*seal, keyring) {
	tb.Helper()
	key := bytes.Repeat([]byte{7}, keySize)
	s, err := newSeal(9, key)
	if err != nil {
		tb.Fatal(err)
	}
	return s, keyring{keys: map[string][]byte{string(numbered(nil, 9)): key}}
}

var message = journey.Event{Record: "r_1", At: time.Unix(1, 0).UTC(), Kind: journey.MessageIn, Channel: journey.SMS, Actor: "caller",
	Data: map[string]string{journey.DataText: strings.Repeat("x", 350), journey.DataMessage: "m_1"}}

func TestSealedEvent(t *testing.T) {
	s, tx := sealed(t)
	x, err := encode(message)
	if err != nil || bytes.Contains(x.public, []byte("xxx")) || !bytes.Contains(x.public, []byte("m_1")) {
		t.Fatalf("got %s, %v", x.public, err)
	}
	v := s.close(x.public, x.private, eventOwner("r_1", 5))
	if bytes.Contains(v, []byte("xxx")) {
		t.Fatal("the text stands in what is stored")
	}
	got, err := (&opener{tx: tx}).decodeEvent("r_1", 5, v)
	if err != nil || got.Data[journey.DataText] != message.Data[journey.DataText] || got.Data[journey.DataMessage] != "m_1" || got.Seq != 5 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if _, err := (&opener{tx: tx}).decodeEvent("r_1", 6, v); !errors.Is(err, store.ErrCorrupt) {
		t.Fatalf("got %v, want a value at another place refused", err)
	}
	v[len(v)-1] ^= 1
	if _, err := (&opener{tx: tx}).decodeEvent("r_1", 5, v); !errors.Is(err, store.ErrCorrupt) {
		t.Fatalf("got %v, want a changed value refused", err)
	}
	if got, err := (&opener{tx: keyring{}}).decodeEvent("r_1", 5, v); err != nil || got.Data[journey.DataErased] != "yes" || got.Data[journey.DataText] != "" {
		t.Fatalf("got %+v, %v, want what is left without the key", got, err)
	}
}

func TestWhatIsSealed(t *testing.T) {
	for _, c := range []struct {
		name    string
		privacy journey.Privacy
		data    map[string]string
		want    bool
	}{
		{"queue", journey.PublicOp, map[string]string{journey.DataQueue: "sales"}, false},
		{"nothing", journey.Personal, nil, false},
		{"personal class", journey.Personal, map[string]string{"odd": "x"}, true},
		{"sensitive class", journey.Sensitive, map[string]string{"odd": "x"}, true},
		{"personal key", journey.PublicOp, map[string]string{journey.DataCaller: "+491"}, true},
	} {
		ev := message
		ev.Privacy, ev.Data = c.privacy, c.data
		x, err := encode(ev)
		if err != nil || (x.private != nil) != c.want {
			t.Errorf("%s: got %s, %v, want sealed %v", c.name, x.private, err, c.want)
		}
	}
}

// FuzzDecode feeds what a damaged file may hold.
func FuzzDecode(f *testing.F) {
	s, tx := sealed(f)
	x, _ := encode(message)
	f.Add(s.close(x.public, x.private, eventOwner("r_1", 5)))
	f.Add(encodeFeed([]fedEvent{{"r_1", 5}, {"r_2", 1 << 40}}))
	f.Fuzz(func(t *testing.T, v []byte) {
		_, _ = (&opener{tx: tx}).decodeEvent("r_1", 5, v)
		decodeFeed(v)
		_, _ = decodeDocument("k", v)
		_, _ = decodeWork("d", 1, v)
	})
}

// BenchmarkSeal is what sealing costs an event, beside BenchmarkPlain for the same event without anything personal.
func BenchmarkSeal(b *testing.B) {
	s, _ := sealed(b)
	for b.Loop() {
		x, _ := encode(message)
		s.close(x.public, x.private, eventOwner("r_1", 5))
	}
}

func BenchmarkPlain(b *testing.B) {
	ev := message
	ev.Data = map[string]string{"words": message.Data[journey.DataText], journey.DataMessage: "m_1"}
	for b.Loop() {
		_, _ = encode(ev)
	}
}

// BenchmarkOpen is what reading a sealed event costs, beside BenchmarkOpenPlain.
func BenchmarkOpen(b *testing.B) {
	s, tx := sealed(b)
	x, _ := encode(message)
	v := s.close(x.public, x.private, eventOwner("r_1", 5))
	o := opener{tx: tx}
	for b.Loop() {
		_, _ = o.decodeEvent("r_1", 5, v)
	}
}

func BenchmarkOpenPlain(b *testing.B) {
	ev := message
	ev.Data = map[string]string{"words": message.Data[journey.DataText], journey.DataMessage: "m_1"}
	x, _ := encode(ev)
	for b.Loop() {
		_, _ = (&opener{}).decodeEvent("r_1", 5, x.public)
	}
}
