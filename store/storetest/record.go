package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
)

func testUpdates(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	a := resolve(t, s, contact(0, "", tel("+491", journey.Claimed)))
	b := resolve(t, s, contact(0, "", tel("+492", journey.Claimed)))
	put(t, s, store.Batch{Events: []journey.Event{note(a.Record, 1), note("r_bare", 1)}, Updates: []store.Update{
		{Record: a.Record, Topic: "bill", Set: map[string]string{"x": "1", "y": "2"}, Name: "Anna", Language: "de", At: start.Add(time.Hour)},
		{Record: a.Record, Set: map[string]string{"x": ""}, Outcome: "paid"},
		{Record: "r_bare", Customer: b.Customer},
	}})
	r, err := s.Record(a.Record)
	if err != nil || r.Topic != "bill" || r.Outcome != "paid" || len(r.Attributes) != 1 || r.Attributes["y"] != "2" || r.Seq != 1 {
		t.Fatalf("got %+v, %v", r, err)
	}
	if !r.Touched.Equal(start.Add(time.Hour)) {
		t.Fatalf("got touched %v", r.Touched)
	}
	if c, err := s.Customer(a.Customer); err != nil || c.Name != "Anna" || c.Language != "de" {
		t.Fatalf("got %+v, %v", c, err)
	}
	if r, err := s.Record("r_bare"); err != nil || r.Customer != b.Customer {
		t.Fatalf("got %+v, %v, want it given to %s", r, err, b.Customer)
	}
	for _, seq := range []uint64{7, 1} { // 1 is where it is
		var want error
		if seq == 7 {
			want = store.ErrConflict
		}
		b := store.Batch{Events: []journey.Event{note(a.Record, 9)}, Updates: []store.Update{{Record: a.Record, Seq: seq, Set: map[string]string{"z": fmt.Sprint(seq)}}}}
		if _, err := store.AppendWait(context.Background(), s, b); !errors.Is(err, want) {
			t.Errorf("an update of what is at 1 says %d: got %v, want %v", seq, err, want)
		}
		if r, err := s.Record(a.Record); err != nil || (r.Attributes["z"] == fmt.Sprint(seq)) != (want == nil) {
			t.Errorf("after %d: got %+v, %v", seq, r, err)
		}
	}
	big := map[string]string{}
	for i := range journey.MaxAttributes + 1 {
		big[fmt.Sprint(i)] = "v"
	}
	for name, u := range map[string]store.Update{
		"too many attributes": {Record: a.Record, Set: big},
		"no such customer":    {Record: a.Record, Customer: "c_unknown"},
		"nobody to name":      {Record: resolve(t, s, contact(0, "")).Record, Name: "Ben"},
	} {
		if _, err := store.AppendWait(context.Background(), s, store.Batch{Updates: []store.Update{u}}); err == nil {
			t.Errorf("%s: got nil, want an error", name)
		}
	}
}

func testSearch(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	var ids []string
	for i := range 5 {
		r := resolve(t, s, contact(time.Duration(i)*time.Hour, fmt.Sprintf("topic %d", i), tel(fmt.Sprintf("+49100%d", i%2), journey.Claimed)))
		ids = append(ids, r.Record)
	}
	put(t, s, store.Batch{Updates: []store.Update{
		{Record: ids[1], Name: "Zoe Quick"}, {Record: ids[2], State: journey.Closed, At: start, Set: map[string]string{"order": "A-77"}},
	}})
	customer := func() string { r, _ := s.Record(ids[0]); return r.Customer }()
	for _, c := range []struct {
		name string
		q    store.Query
		want string // indexes into ids, newest first
	}{
		{"all", store.Query{}, "43210"},
		{"limit", store.Query{Limit: 2}, "43"},
		{"customer", store.Query{Customer: customer}, "420"},
		{"identity", store.Query{Identity: "+491001"}, "31"},
		{"unknown identity", store.Query{Identity: "+49555"}, ""},
		{"state", store.Query{State: journey.Closed}, "2"},
		{"since", store.Query{Since: start.Add(3 * time.Hour)}, "43"},
		{"text topic", store.Query{Text: "TOPIC 3"}, "3"},
		{"text name", store.Query{Text: "quick"}, "31"},
		{"text attribute", store.Query{Text: "a-7"}, "2"},
		{"text identity", store.Query{Text: "1000"}, "420"},
		{"all must match", store.Query{Text: "quick", State: journey.Closed}, ""},
	} {
		list, err := s.Search(c.q)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for _, r := range list {
			for i, id := range ids {
				if r.ID == id {
					fmt.Fprint(&got, i)
				}
			}
		}
		if got.String() != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got.String(), c.want)
		}
	}
	for name, err := range map[string]error{
		"record":   func() error { _, err := s.Record("r_none"); return err }(),
		"customer": func() error { _, err := s.Customer("c_none"); return err }(),
		"timeline": func() error { _, err := s.Timeline("r_none", 0, 1); return err }(),
	} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", name, err)
		}
	}
}

// testBreak makes the medium refuse, and expects refusals, reads and a recovery without help.
func testBreak(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	s := open(t, sub, dir, engine.Options{Probe: 5 * time.Millisecond})
	put(t, s, events(note("r_1", 1)))
	mend := sub.Break(dir)
	if _, err := store.AppendWait(context.Background(), s, events(note("r_1", 2), note("r_2", 1))); !errors.Is(err, store.ErrUnhealthy) {
		t.Fatalf("got %v, want ErrUnhealthy for what was in flight", err)
	}
	if err := s.Health(); !errors.Is(err, store.ErrUnhealthy) {
		t.Fatalf("got health %v, want ErrUnhealthy", err)
	}
	if err := s.Append(events(note("r_1", 3)), nil); !errors.Is(err, store.ErrUnhealthy) {
		t.Fatalf("got %v, want a refusal at the door", err)
	}
	if got := len(timeline(t, s, "r_1")); got != 1 {
		t.Fatalf("got %d events, want the one that was acknowledged", got)
	}
	mend()
	awaitHealth(t, s)
	if r := put(t, s, events(note("r_1", 2))); r.Seqs[0] != 2 {
		t.Fatalf("got seq %d after the recovery, want 2: no gap", r.Seqs[0])
	}
	if _, err := s.Record("r_2"); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want no trace of the refused batch", err)
	}
}

// awaitHealth waits for the store's own recovery, at most 10 s.
func awaitHealth(t testing.TB, s store.Store) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 10_000 {
		if s.Health() == nil {
			return
		}
		<-tick.C
	}
	t.Fatalf("not recovered: %v", s.Health())
}
