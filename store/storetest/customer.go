package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
)

func merge(a, b string, undo bool) store.Batch {
	return store.Batch{Merges: []store.Merge{{A: a, B: b, By: "agent:anna", Reason: "told so", At: start, Undo: undo}}}
}

// people resolves n strangers.
func people(t testing.TB, s store.Store, n int) (list []store.Resolution) {
	t.Helper()
	for i := range n {
		list = append(list, resolve(t, s, contact(time.Duration(i)*time.Second, "", tel(fmt.Sprintf("+4970%02d", i), journey.Claimed))))
	}
	return list
}

func testMerge(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	p := people(t, s, 3)
	put(t, s, store.Batch{Updates: []store.Update{{Record: p[1].Record, Name: "Anna", At: start,
		Consent: map[journey.Channel]journey.Consent{journey.SMS: journey.OptOut}}}})
	before, err := s.Customer(p[1].Customer)
	if err != nil || before.Consent[journey.SMS] != journey.OptOut {
		t.Fatalf("got %+v, %v", before, err)
	}
	put(t, s, merge(p[2].Customer, p[1].Customer, false))
	put(t, s, merge(p[0].Customer, p[2].Customer, false))
	root := slices.Min([]string{p[0].Customer, p[1].Customer, p[2].Customer})
	for _, x := range p {
		c, err := s.Customer(x.Customer)
		if err != nil || c.ID != root || c.Name != "Anna" || len(c.Identities) != 3 || len(c.Merged) != 2 || c.Consent[journey.SMS] != journey.OptOut {
			t.Fatalf("got %+v, %v, want all three in one", c, err)
		}
		if r, err := s.Record(x.Record); err != nil || r.Customer != root {
			t.Fatalf("got %+v, %v, want it shown as %s's", r, err, root)
		}
		if list, err := s.Search(store.Query{Customer: x.Customer}); err != nil || len(list) != 3 || list[0].ID < list[1].ID {
			t.Fatalf("got %+v, %v, want three records, newest first", list, err)
		}
	}
	if got := resolve(t, s, contact(time.Minute, "", tel("+497002", journey.Claimed), tel("+497000", journey.Claimed))); got.Customer != root || got.Ambiguous {
		t.Fatalf("got %+v, want one customer", got)
	}
	if got := resolve(t, s, contact(48*time.Hour, "", tel("+497002", journey.Claimed))); got.Customer != root || !got.NewRecord {
		t.Fatalf("got %+v, want a new record of %s", got, root)
	}
	put(t, s, merge(p[1].Customer, p[2].Customer, true))
	c, err := s.Customer(p[1].Customer)
	if err != nil || c.ID != p[1].Customer || c.Name != "Anna" || len(c.Identities) != 1 || len(c.Merged) != 0 {
		t.Fatalf("got %+v, %v, want Anna alone again", c, err)
	}
	if _, err := store.AppendWait(context.Background(), s, merge(p[1].Customer, p[2].Customer, true)); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want no edge to remove twice", err)
	}
	if _, err := store.AppendWait(context.Background(), s, merge(p[1].Customer, "cu_none", false)); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want a merge with nobody refused", err)
	}
	kinds(t, s, p[1].Record, journey.ConsentChanged, journey.Merged, journey.Unmerged)
}

// testMergeOrder merges and unmerges at random and compares with sets that are joined anew each time.
func testMergeOrder(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	const n = 9
	p := people(t, s, n)
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 1))
	edges := map[[2]int]bool{}
	for step := range 60 {
		a, b := random.IntN(n), random.IntN(n)
		if a == b {
			continue
		}
		e := [2]int{min(a, b), max(a, b)}
		put(t, s, merge(p[a].Customer, p[b].Customer, edges[e])) // an edge that is there is removed
		edges[e] = !edges[e]
		for i := range p {
			want := slices.Min(reach(p, edges, i))
			if c, err := s.Customer(p[i].Customer); err != nil || c.ID != want {
				t.Fatalf("seed %d step %d: got %s, %v for %s, want %s", seed, step, c.ID, err, p[i].Customer, want)
			}
		}
	}
}

// reach gives the customers that edges lead to from one.
func reach(p []store.Resolution, edges map[[2]int]bool, from int) (list []string) {
	todo, seen := []int{from}, map[int]bool{from: true}
	for len(todo) > 0 {
		i := todo[0]
		todo, list = todo[1:], append(list, p[i].Customer)
		for e, on := range edges {
			for _, j := range [][2]int{e, {e[1], e[0]}} {
				if on && j[0] == i && !seen[j[1]] {
					seen[j[1]] = true
					todo = append(todo, j[1])
				}
			}
		}
	}
	return list
}

// testProven joins two customers only when both of their identities are proven in one contact.
func testProven(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	a := resolve(t, s, contact(0, "", tel("+491", journey.Authenticated)))
	b := resolve(t, s, contact(0, "", web("v_1", journey.Authenticated)))
	half := resolve(t, s, contact(time.Minute, "", tel("+491", journey.Claimed), web("v_1", journey.Authenticated)))
	if half.Merged || !half.Ambiguous {
		t.Fatalf("got %+v, want a claim to merge nobody", half)
	}
	got := resolve(t, s, contact(time.Minute, "", tel("+491", journey.Authenticated), web("v_1", journey.Authenticated)))
	root := min(a.Customer, b.Customer)
	if !got.Merged || got.Ambiguous || got.Customer != root {
		t.Fatalf("got %+v, want %s", got, root)
	}
	if c, err := s.Customer(max(a.Customer, b.Customer)); err != nil || c.ID != root {
		t.Fatalf("got %+v, %v", c, err)
	}
	kinds(t, s, got.Record, journey.Merged)
}

func testStory(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	p := people(t, s, 2)
	put(t, s, merge(p[0].Customer, p[1].Customer, false))
	for i := range 20 {
		put(t, s, events(note(p[i%2].Record, i)))
	}
	late := note(p[0].Record, 3) // of an earlier time, but seen later: it stays behind what was seen before in its record
	put(t, s, events(late))
	got, err := s.Story(p[1].Customer, 10)
	if err != nil || len(got) != 10 {
		t.Fatalf("got %d events, %v", len(got), err)
	}
	last := map[string]uint64{}
	for _, e := range got {
		if e.Seq <= last[e.Record] {
			t.Fatalf("got seq %d after %d in %s", e.Seq, last[e.Record], e.Record)
		}
		last[e.Record] = e.Seq
	}
	if got[9].Data["n"] != "19" && got[9].Seq != 12 {
		t.Fatalf("got %+v at the end", got[9])
	}
	if _, err := s.Story("cu_none", 10); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want ErrNotFound", err)
	}
}

// secrets are what must not be found anywhere after an erasure.
var secrets = []string{"Zacharias Quux", "my-private-message", "+4917655443322", "private-attribute", "caller-known-as"}

// testErase writes personal data of two customers, erases one, and looks for what is left of him: by every read, and in every
// byte of the folder where the store keeps one.
func testErase(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	s, err := sub.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := resolve(t, s, contact(0, "bill", tel(secrets[2], journey.Claimed)))
	b := resolve(t, s, contact(0, "bill", tel("+492", journey.Claimed)))
	text := issue(t, s, a.Record, nil)
	for _, r := range []store.Resolution{a, b} {
		put(t, s, store.Batch{Events: personal(r.Record), Threads: []store.Thread{{Ref: "sms:" + secrets[2], Record: a.Record}},
			Updates: []store.Update{{Record: r.Record, Name: secrets[0], Set: map[string]string{"k": secrets[3]}}}})
	}
	var export bytes.Buffer
	if err := store.Export(s, a.Customer, &export); err != nil {
		t.Fatal(err)
	}
	for _, x := range secrets {
		if !strings.Contains(export.String(), x) {
			t.Fatalf("the export lacks %q: %s", x, export.String())
		}
	}
	put(t, s, store.Batch{Erase: []store.Erasure{{Customer: a.Customer, By: "user:root", At: start.Add(time.Hour)}}})
	put(t, s, store.Batch{Erase: []store.Erasure{{Customer: a.Customer, By: "user:root", At: start.Add(2 * time.Hour)}}}) // again
	_ = s.Close()
	s = open(t, sub, dir, engine.Options{})
	checkErased(t, s, a, text)
	if c, err := s.Customer(b.Customer); err != nil || c.Name != secrets[0] {
		t.Fatalf("got %+v, %v, want the other customer untouched", c, err)
	}
	if got := timeline(t, s, b.Record); got[0].Data[journey.DataText] != secrets[1] {
		t.Fatalf("got %+v, want the other customer untouched", got)
	}
	put(t, s, store.Batch{Erase: []store.Erasure{{Customer: b.Customer, By: "user:root", At: start.Add(time.Hour)}}})
	searchFolder(t, dir)
}

func personal(record string) []journey.Event {
	return []journey.Event{
		{Record: record, At: start, Kind: journey.MessageIn, Channel: journey.SMS, Data: map[string]string{journey.DataText: secrets[1], journey.DataMessage: "m_1"}},
		{Record: record, At: start, Kind: journey.Note, Privacy: journey.Personal, Data: map[string]string{"odd": secrets[4]}},
		{Record: record, At: start, Kind: journey.Accepted, Data: map[string]string{journey.DataQueue: "sales"}},
	}
}

func checkErased(t *testing.T, s store.Store, a store.Resolution, token string) {
	t.Helper()
	var left bytes.Buffer
	if err := store.Export(s, a.Customer, &left); err != nil {
		t.Fatal(err)
	}
	for _, x := range secrets {
		if strings.Contains(left.String(), x) {
			t.Errorf("%q is still told", x)
		}
	}
	c, err := s.Customer(a.Customer)
	if err != nil || c.Erased.IsZero() || len(c.Identities) != 0 || c.Name != "" {
		t.Fatalf("got %+v, %v", c, err)
	}
	r, err := s.Record(a.Record)
	if err != nil || r.Erased.IsZero() || len(r.Attributes) != 0 || r.Topic != "bill" || r.Seq != 5 {
		t.Fatalf("got %+v, %v, want what is not personal kept", r, err)
	}
	list := timeline(t, s, a.Record)
	if list[1].Data[journey.DataErased] != "yes" || list[1].Data[journey.DataMessage] != "m_1" || list[3].Data[journey.DataQueue] != "sales" {
		t.Fatalf("got %+v", list)
	}
	kinds(t, s, a.Record, journey.TokenIssued, journey.MessageIn, journey.Note, journey.Accepted, journey.Erased)
	if got := use(t, s, store.Use{Text: token, Channel: journey.Voice, At: start}); got.State != store.TokenUnknown {
		t.Fatalf("got %+v, want no token to lead to what was erased", got)
	}
	n := resolve(t, s, contact(2*time.Hour, "bill", tel(secrets[2], journey.Claimed)))
	if !n.NewCustomer || !n.NewRecord {
		t.Fatalf("got %+v, want a stranger", n)
	}
	put(t, s, store.Batch{Erase: []store.Erasure{{Customer: n.Customer, At: start}}})
	if _, err := store.AppendWait(context.Background(), s, store.Batch{Updates: []store.Update{{Record: a.Record, Name: "x"}}}); !errors.Is(err, store.ErrErased) {
		t.Fatalf("got %v, want ErrErased", err)
	}
}

// searchFolder looks for the plain text of what was sealed: it never was on the disk.
func searchFolder(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, x := range secrets {
			if bytes.Contains(raw, []byte(x)) {
				t.Errorf("%s holds %q", path, x)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
