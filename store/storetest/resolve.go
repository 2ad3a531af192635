package storetest

import (
	"context"
	"testing"
	"time"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
)

func tel(number string, s journey.Strength) journey.Identity {
	return journey.Identity{Type: journey.Tel, Value: number, Strength: s}
}

func web(value string, s journey.Strength) journey.Identity {
	return journey.Identity{Type: journey.Web, Value: value, Strength: s}
}

func contact(after time.Duration, topic string, ids ...journey.Identity) store.Contact {
	return store.Contact{Channel: journey.Voice, At: start.Add(after), Topic: topic, Identities: ids}
}

func resolve(t testing.TB, s store.Store, c store.Contact) store.Resolution {
	t.Helper()
	r, err := store.ResolveWait(context.Background(), s, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func testResolve(t *testing.T, sub Subject) {
	for name, test := range map[string]func(*testing.T, store.Store){
		"continuity": continuity, "reopen": reopen, "anonymous": anonymous, "ambiguous": ambiguous,
		"shared": shared, "forced record": forced, "strength": strength, "second owner": secondOwner,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t, sub, folder(t, sub), engine.Options{})) })
	}
}

func continuity(t *testing.T, s store.Store) {
	a := resolve(t, s, contact(0, "bill", tel("+491", journey.Claimed)))
	if !a.NewCustomer || !a.NewRecord || a.Customer == "" || a.Record == "" {
		t.Fatalf("got %+v, want all new", a)
	}
	b := resolve(t, s, contact(time.Hour, "bill", tel("+491", journey.Claimed)))
	if b.Record != a.Record || b.Customer != a.Customer || b.NewRecord || b.NewCustomer {
		t.Fatalf("got %+v, want the record of %+v", b, a)
	}
	if c := resolve(t, s, contact(2*time.Hour, "move", tel("+491", journey.Claimed))); c.Customer != a.Customer || !c.NewRecord {
		t.Fatalf("got %+v, want a new record for another topic", c)
	}
	if c := resolve(t, s, contact(150*time.Minute, "bill", tel("+491", journey.Claimed))); c.Record != a.Record {
		t.Fatalf("got %+v, want the window to count from the last activity", c)
	}
	if c := resolve(t, s, contact(5*time.Hour, "bill", tel("+491", journey.Claimed))); !c.NewRecord {
		t.Fatalf("got %+v, want a new record after the window", c)
	}
	c, err := s.Customer(a.Customer)
	if err != nil || len(c.Identities) != 1 || c.Identities[0].Value != "+491" || !c.Identities[0].Last.Equal(start.Add(5*time.Hour)) {
		t.Fatalf("got %+v, %v", c, err)
	}
}

func reopen(t *testing.T, s store.Store) {
	a := resolve(t, s, contact(0, "", tel("+492", journey.Claimed)))
	put(t, s, store.Batch{Updates: []store.Update{{Record: a.Record, State: journey.Closed, Outcome: "paid", At: start.Add(time.Minute)}}})
	b := resolve(t, s, contact(23*time.Hour, "", tel("+492", journey.Claimed)))
	if b.Record != a.Record || !b.Reopened {
		t.Fatalf("got %+v, want the closed record opened again", b)
	}
	if r, err := s.Record(a.Record); err != nil || r.State != journey.Open || !r.Closed.IsZero() {
		t.Fatalf("got %+v, %v", r, err)
	}
	put(t, s, store.Batch{Updates: []store.Update{{Record: a.Record, State: journey.Closed, At: start.Add(24 * time.Hour)}}})
	if c := resolve(t, s, contact(49*time.Hour, "", tel("+492", journey.Claimed))); !c.NewRecord {
		t.Fatalf("got %+v, want a new record a day after the close", c)
	}
}

func anonymous(t *testing.T, s store.Store) {
	a, b := resolve(t, s, contact(0, "")), resolve(t, s, contact(0, ""))
	if a.Customer != "" || a.Record == b.Record || !b.NewRecord {
		t.Fatalf("got %+v and %+v, want two records without a customer", a, b)
	}
}

func ambiguous(t *testing.T, s store.Store) {
	a := resolve(t, s, contact(0, "", tel("+493", journey.Claimed)))
	b := resolve(t, s, contact(time.Minute, "", web("v_1", journey.Authenticated)))
	if a.Customer == b.Customer {
		t.Fatal("got one customer for two strangers")
	}
	c := resolve(t, s, contact(2*time.Minute, "", tel("+493", journey.Claimed), web("v_1", journey.Claimed)))
	if c.Customer != b.Customer || !c.Ambiguous {
		t.Fatalf("got %+v, want the stronger link of %s and ambiguous", c, b.Customer)
	}
}

func shared(t *testing.T, s store.Store) {
	board := tel("+494", journey.Authenticated)
	for _, v := range []string{"v_1", "v_2", "v_3"} {
		resolve(t, s, contact(0, "", web(v, journey.Authenticated)))
		resolve(t, s, contact(time.Minute, "", web(v, journey.Authenticated), tel("+494", journey.Claimed)))
	}
	first := resolve(t, s, contact(2*time.Minute, "", tel("+494", journey.Claimed)))
	if first.NewCustomer {
		t.Fatalf("got %+v, want the one who showed the number first", first)
	}
	for _, v := range []string{"v_1", "v_2", "v_3"} {
		rec := resolve(t, s, contact(3*time.Minute, "", web(v, journey.Authenticated))).Record
		c := contact(3*time.Minute, "", web(v, journey.Authenticated), board)
		c.Record = rec
		resolve(t, s, c)
	}
	if got := resolve(t, s, contact(4*time.Minute, "", tel("+494", journey.Claimed))); got.Customer == first.Customer || got.Ambiguous {
		t.Fatalf("got %+v, want nobody identified by a number that three have proven theirs", got)
	}
	c, err := s.Customer(first.Customer)
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range c.Identities {
		if i.Value == "+494" && !i.Shared {
			t.Fatalf("got %+v, want it marked shared", i)
		}
	}
}

func forced(t *testing.T, s store.Store) {
	a := resolve(t, s, contact(0, "x", tel("+495", journey.Claimed)))
	c := contact(100*time.Hour, "y", web("v_9", journey.Claimed))
	c.Record = a.Record
	if b := resolve(t, s, c); b.Record != a.Record || b.Customer != a.Customer || b.NewRecord {
		t.Fatalf("got %+v, want the forced record", b)
	}
	if b := resolve(t, s, contact(101*time.Hour, "x", web("v_9", journey.Claimed))); b.Customer != a.Customer {
		t.Fatalf("got %+v, want the new identity linked to %s", b, a.Customer)
	}
	c.Record = "r_unknown"
	if b := resolve(t, s, c); b.Record == "r_unknown" || b.Record == "" {
		t.Fatalf("got %+v, want an unknown forced record ignored", b)
	}
	bare := resolve(t, s, contact(0, ""))
	c.Record = bare.Record
	if b := resolve(t, s, c); b.Record != bare.Record || b.Customer != a.Customer {
		t.Fatalf("got %+v, want the bare record given to %s", b, a.Customer)
	}
}

func strength(t *testing.T, s store.Store) {
	resolve(t, s, contact(0, "", tel("+496", journey.Authenticated)))
	if b := resolve(t, s, contact(0, "", tel("+496", journey.Claimed))); b.Strength != journey.Claimed {
		t.Fatalf("got %v, want the strength that was shown now", b.Strength)
	}
	b := resolve(t, s, contact(0, "", tel("+496", journey.Claimed), tel("+497", journey.Authenticated)))
	if b.Strength != journey.Claimed {
		t.Fatalf("got %v: an identity that was not known before proves nothing", b.Strength)
	}
	if b := resolve(t, s, contact(0, "", tel("+497", journey.Attested))); b.NewCustomer || b.Strength != journey.Attested {
		t.Fatalf("got %+v, want the linked number at its shown strength", b)
	}
}

func secondOwner(t *testing.T, s store.Store) {
	a := resolve(t, s, contact(0, "", tel("+498", journey.Claimed)))
	b := resolve(t, s, contact(0, "", web("v_5", journey.Authenticated)))
	c := contact(0, "", web("v_5", journey.Authenticated), tel("+498", journey.Claimed))
	c.Record = b.Record
	resolve(t, s, c)
	if got := resolve(t, s, contact(0, "", tel("+498", journey.Claimed))); got.Customer != a.Customer || got.Ambiguous {
		t.Fatalf("got %+v, want a claim to take nobody's number", got)
	}
}

// testResolveConcurrent resolves one unknown number many times in one group: the writer is held until all of them wait.
func testResolveConcurrent(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	hold, held := make(chan struct{}), make(chan struct{})
	if err := s.Append(events(note("r_1", 0)), func(store.Receipt) { close(held); <-hold }); err != nil {
		t.Fatal(err)
	}
	<-held
	const n = 64
	answers := make(chan store.Resolution, n)
	for range n {
		if err := s.Resolve(contact(0, "", tel("+499", journey.Claimed)), func(r store.Resolution) { answers <- r }); err != nil {
			t.Fatal(err)
		}
	}
	close(hold)
	seen, fresh := map[string]bool{}, 0
	for range n {
		r := <-answers
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		if seen[r.Customer+" "+r.Record] = true; r.NewRecord {
			fresh++
		}
	}
	if len(seen) != 1 || fresh != 1 {
		t.Fatalf("got %d customers and records for one number, %d new, want 1", len(seen), fresh)
	}
}

// testResolveEarly resolves without waiting for the disk: two contacts of one unknown number agree at once, and what is appended
// to the record afterwards finds its customer there.
func testResolveEarly(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	var got [2]store.Resolution
	for i := range got {
		c := contact(time.Duration(i)*time.Minute, "", tel("+498", journey.Claimed))
		c.Early = true
		answered := false
		if err := s.Resolve(c, func(r store.Resolution) { got[i], answered = r, true }); err != nil || !answered {
			t.Fatalf("resolve %d: %v, answered %v", i, err, answered)
		}
	}
	if got[0].Record != got[1].Record || got[0].Customer != got[1].Customer || !got[0].NewCustomer || got[1].NewCustomer {
		t.Fatalf("got %+v and %+v, want one customer and one record", got[0], got[1])
	}
	_, err := store.AppendWait(context.Background(), s, store.Batch{Events: []journey.Event{{
		Record: got[0].Record, At: start, Kind: journey.Note, Actor: "system",
	}}})
	if err != nil {
		t.Fatal(err)
	}
	rec, err := s.Record(got[0].Record)
	if err != nil || rec.Customer != got[0].Customer || rec.Seq != 1 {
		t.Errorf("record %+v, %v; want one event and customer %s", rec, err, got[0].Customer)
	}
}
