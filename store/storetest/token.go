package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"tandem/store"
	"tandem/store/engine"
	"tandem/store/journey"
)

// issue writes a token for a new record and gives its text.
func issue(t testing.TB, s store.Store, record string, edit func(*store.Token)) string {
	t.Helper()
	tok := store.Token{Text: store.NewToken(), Record: record, At: start, Expires: start.Add(store.TokenForCall), Strength: journey.Attested,
		By: "flow:main"}
	if edit != nil {
		edit(&tok)
	}
	put(t, s, store.Batch{Tokens: []store.Token{tok}})
	return tok.Text
}

func use(t testing.TB, s store.Store, u store.Use) store.Used {
	t.Helper()
	got, err := store.UseTokenWait(context.Background(), s, u)
	if err != nil && !errors.Is(err, store.ErrUsed) {
		t.Fatal(err)
	}
	return got
}

func testTokens(t *testing.T, sub Subject) {
	dir := folder(t, sub)
	s, err := sub.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := resolve(t, s, contact(0, "bill", tel("+491", journey.Claimed)))
	bound := web("v_1", journey.Claimed)
	text := issue(t, s, a.Record, func(k *store.Token) {
		k.Channels, k.Uses, k.Identity = []journey.Channel{journey.Voice, journey.Chat}, 2, &bound
	})
	got, err := s.Token(text)
	if err != nil || got.Record != a.Record || got.Uses != 2 || got.Identity == nil || got.Identity.Value != "v_1" || got.Text != "" {
		t.Fatalf("got %+v, %v", got, err)
	}
	_ = s.Close()
	s = open(t, sub, dir, engine.Options{})
	base := store.Use{Text: text, Channel: journey.Chat, At: start.Add(time.Minute), Identities: []journey.Identity{bound}}
	for _, c := range []struct {
		name string
		edit func(*store.Use)
		want store.TokenState
	}{
		{"mistyped", func(u *store.Use) { u.Text = store.NewToken() }, store.TokenUnknown},
		{"wrong channel", func(u *store.Use) { u.Channel = journey.SMS }, store.TokenForeign},
		{"wrong identity", func(u *store.Use) { u.Identities = nil }, store.TokenForeign},
		{"too late", func(u *store.Use) { u.At = start.Add(time.Hour) }, store.TokenExpired},
		{"first", func(u *store.Use) {}, store.TokenGood},
		{"second", func(u *store.Use) {}, store.TokenGood},
		{"third", func(u *store.Use) {}, store.TokenUsedUp},
	} {
		u := base
		c.edit(&u)
		if got := use(t, s, u); got.State != c.want || (got.State == store.TokenGood) != (got.Err == nil) {
			t.Errorf("%s: got %+v, want %s", c.name, got, c.want)
		}
	}
	kinds(t, s, a.Record, journey.TokenIssued, journey.TokenUsed, journey.TokenUsed, journey.TokenReused)
	lost := store.Token{Text: store.NewToken(), Record: "r_none", At: start, Expires: start.Add(time.Hour)}
	if _, err := store.AppendWait(context.Background(), s, store.Batch{Tokens: []store.Token{lost}}); !errors.Is(err, store.ErrNotFound) {
		t.Fatalf("got %v, want no token for an unknown record", err)
	}
}

// kinds wants the kinds of a record's events, in order.
func kinds(t testing.TB, s store.Store, record string, want ...journey.Kind) {
	t.Helper()
	var got []journey.Kind
	for _, e := range timeline(t, s, record) {
		got = append(got, e.Kind)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("%s: got %v, want %v", record, got, want)
	}
}

// testLastUse lets many want the last use of one token.
func testLastUse(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{Group: 7})
	a := resolve(t, s, contact(0, "", tel("+491", journey.Claimed)))
	text := issue(t, s, a.Record, nil)
	var mu sync.Mutex
	states := map[store.TokenState]int{}
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			got := use(t, s, store.Use{Text: text, Channel: journey.Voice, At: start})
			mu.Lock()
			defer mu.Unlock()
			states[got.State]++
		})
	}
	wg.Wait()
	if states[store.TokenGood] != 1 || states[store.TokenUsedUp] != 39 {
		t.Fatalf("got %v, want one winner", states)
	}
}

// testResolveToken follows the order of the rules: token, thread, forced record, identities.
func testResolveToken(t *testing.T, sub Subject) {
	s := open(t, sub, folder(t, sub), engine.Options{})
	a := resolve(t, s, contact(0, "a", tel("+491", journey.Claimed)))
	b := resolve(t, s, contact(0, "b", tel("+492", journey.Claimed)))
	text := issue(t, s, a.Record, nil)
	put(t, s, store.Batch{Threads: []store.Thread{{Ref: "sms:1", Record: b.Record}}})
	if got, err := s.RecordOfThread("sms:1"); err != nil || got != b.Record {
		t.Fatalf("got %q, %v", got, err)
	}
	c := contact(time.Minute, "c", web("v_1", journey.Claimed))
	c.Token, c.Thread, c.Early = text, "sms:1", true
	got := resolve(t, s, c)
	if got.Record != a.Record || got.Customer != a.Customer || got.Token != store.TokenGood || got.Strength != journey.Attested {
		t.Fatalf("got %+v, want the token's record at its strength", got)
	}
	if got = resolve(t, s, c); got.Record != b.Record || got.Token != store.TokenUsedUp {
		t.Fatalf("got %+v, want the thread's record after the token was used up", got)
	}
	c.Token, c.Thread = store.NewToken(), "sms:unknown"
	if got = resolve(t, s, c); got.Token != store.TokenUnknown || got.Customer != a.Customer || !got.NewRecord {
		t.Fatalf("got %+v, want the customer to whom the token tied the visitor", got)
	}
	c.Token, c.Thread, c.Record = "", "sms:1", a.Record
	if got = resolve(t, s, c); got.Record != b.Record {
		t.Fatalf("got %+v, want the thread before the forced record", got)
	}
	if got := timeline(t, s, a.Record); len(got) != 3 || got[2].Kind != journey.TokenReused || got[1].Channel != journey.Voice {
		t.Fatalf("got %+v", got)
	}
}
