package engine

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"
	"time"

	"tandem/store/journey"
)

// TestEncodeIsJSON: whatever stands in an event, encoding/json reads what it would have written itself, each thing in its part.
func TestEncodeIsJSON(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	texts := []string{"", "plain", `with "quotes" and \`, "Grüße ж 漢", "line\nbreak\ttab\x00\x7f", "<script>&amp;", "\xff\xfe broken", "\u2028", "{}[],:"}
	text := func() string { return texts[rnd.IntN(len(texts))] }
	for range 2000 {
		ev := journey.Event{
			Record: text(), At: time.Unix(rnd.Int64N(1<<34), rnd.Int64N(1e9)).In(time.FixedZone("x", 60*rnd.IntN(1400)-700*60)), Kind: journey.Kind(text()),
			Channel: journey.Channel(text()), Interaction: text(), Item: text(), Epoch: rnd.Uint64N(3), Actor: text(), Key: text(),
			Privacy: []journey.Privacy{"", journey.PublicOp, journey.Personal, journey.Sensitive}[rnd.IntN(4)],
		}
		for i := range rnd.IntN(5) {
			if ev.Data == nil {
				ev.Data = map[string]string{}
			}
			ev.Data[text()+strconv.Itoa(i)] = text()
			ev.Data[[]string{journey.DataText, journey.DataQueue, journey.DataFrom}[rnd.IntN(3)]] = text()
		}
		x, err := encode(ev)
		if err != nil {
			t.Fatal(err)
		}
		public, private := map[string]string{}, map[string]string{}
		for k, v := range ev.Data {
			if ev.Privacy == journey.Personal || ev.Privacy == journey.Sensitive || journey.PersonalKey(k) {
				private[k] = v
			} else {
				public[k] = v
			}
		}
		plain := ev
		plain.Data = public
		same(t, x.public, plain)
		if (x.private == nil) != (len(private) == 0) {
			t.Fatalf("of %v the private part is %q", ev.Data, x.private)
		}
		if len(private) > 0 {
			same(t, x.private, private)
		}
		again, err := encode(journey.Event{Record: ev.Record, At: ev.At, Kind: ev.Kind, Channel: ev.Channel, Interaction: ev.Interaction, Item: ev.Item, Epoch: ev.Epoch,
			Actor: ev.Actor, Key: ev.Key, Privacy: ev.Privacy, Data: maps.Clone(ev.Data)})
		if err != nil || string(again.public) != string(x.public) || string(again.private) != string(x.private) {
			t.Fatalf("the same event is %s%s and %s%s (%v)", x.public, x.private, again.public, again.private, err)
		}
	}
	if _, err := encode(journey.Event{At: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Error("a year of five digits was written")
	}
}

// same wants octets to say what encoding/json would.
func same(t *testing.T, got []byte, want any) {
	t.Helper()
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var a, b any
	if err := json.Unmarshal(got, &a); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(a, b) {
		t.Fatalf("got %s, want what %s says", got, raw)
	}
}
