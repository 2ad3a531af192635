package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"tandem/digital/access"
	"tandem/digital/api/feed"
)

func TestInOrder(t *testing.T) {
	inRig(t, Options{}, func(g *rig) {
		g.j.add(500, "a")
		g.wait(time.Second)
		wantIDs(t, g.r.ids(), 1, 500)
		if st := g.status(); st.State != "idle" || st.Delivered != 500 || st.Cursor != "000500" {
			t.Errorf("got %+v", st)
		}
		g.j.add(1, "a")
		g.wait(time.Second)
		wantIDs(t, g.r.ids(), 1, 501)
	})
}

func TestOnlyWhatTheFilterWants(t *testing.T) {
	inRig(t, Options{}, func(g *rig) {
		f := feed.Filter{Types: []string{"wanted"}}
		if _, err := g.d.Change(t.Context(), g.sub.ID, 0, Change{Filter: &f}); err != nil {
			t.Fatal(err)
		}
		g.wait(time.Second)
		g.j.add(5000, "other")
		g.j.add(2, "wanted")
		g.j.add(3, "other")
		g.wait(time.Second)
		wantIDs(t, g.r.ids(), 5001, 5002)
		g.j.add(1, "other")
		g.wait(2 * saveEvery)
		g.j.add(1, "other")
		g.wait(time.Second)
		g.stop()
		doc, err := g.docs.Get(t.Context(), posDocs+g.sub.ID)
		if err != nil {
			t.Fatal(err)
		}
		if p, _ := decode[position](doc); p.Cursor < "005006" {
			t.Errorf("the position %q does not move with what the filter keeps back", p.Cursor)
		}
		g.start(Options{})
		g.wait(time.Second)
		wantIDs(t, g.r.ids(), 5001, 5002)
	})
}

// TestRetries: the pauses double, the order stays, and after the last attempt the next one has its turn.
func TestRetries(t *testing.T) {
	inRig(t, Options{Attempts: 4, First: 10 * time.Second, Longest: 30 * time.Second}, func(g *rig) {
		g.r.answer = func(id string, _ int) int {
			if id == "e2" {
				return 500
			}
			return 200
		}
		g.j.add(3, "a")
		g.wait(time.Hour)
		if got, want := g.r.ids(), []string{"e1", "e2", "e2", "e2", "e2", "e3"}; !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		for i, want := range []time.Duration{0, 10 * time.Second, 20 * time.Second, 30 * time.Second, 30 * time.Second} {
			got := g.r.at[i+1].Sub(g.r.at[i])
			if got < want*8/10 || got > want*12/10 {
				t.Errorf("pause %d is %v, want %v give or take a fifth", i, got, want)
			}
		}
		dead := g.dead()
		if len(dead) != 1 || dead[0].Webhook != "e2" || dead[0].Attempts != 4 || dead[0].Error != "answered 500" {
			t.Errorf("got %+v", dead)
		}
		if st := g.status(); st.State != "idle" || st.Dead != 1 || st.Delivered != 2 || st.Attempts != 0 {
			t.Errorf("got %+v", st)
		}
		tries, err := g.d.Deliveries(t.Context(), g.sub.ID)
		if err != nil || len(tries) != 6 || tries[0].Event != "e3" || tries[1].Result != "dead" || tries[2].Result != "retry" || tries[2].Attempt != 3 {
			t.Errorf("got %+v, %v", tries, err)
		}
		g.r.answer = nil
		if n, err := g.d.Replay(t.Context(), g.sub.ID, nil); n != 1 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
		g.wait(time.Second)
		if got := g.r.ids(); got[len(got)-1] != "e2" || len(g.dead()) != 0 {
			t.Errorf("got %v, and %d dead, want the dead one replayed and gone", got, len(g.dead()))
		}
		if _, err := g.d.Replay(t.Context(), g.sub.ID, []string{"nothing"}); !errors.Is(err, access.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

func TestSlowAndBusyReceivers(t *testing.T) {
	inRig(t, Options{Timeout: 5 * time.Second, First: time.Second, Attempts: 100}, func(g *rig) {
		g.r.answer = func(_ string, n int) int { return []int{0, 429, 302, 200}[min(n, 4)-1] }
		g.r.header = http.Header{"Retry-After": {"600"}, "Location": {"http://169.254.169.254/"}}
		g.j.add(1, "a")
		g.wait(time.Hour)
		if got := g.r.ids(); len(got) != 4 {
			t.Fatalf("got %v, want four attempts: no answer, 429, a redirect, taken", got)
		}
		if p := g.r.at[1].Sub(g.r.at[0]); p < 5*time.Second || p > 7*time.Second {
			t.Errorf("it waited %v for an answer, want 5s", p)
		}
		if p := g.r.at[2].Sub(g.r.at[1]); p != 600*time.Second {
			t.Errorf("it came again after %v, want Retry-After", p)
		}
		tries, _ := g.d.Deliveries(t.Context(), g.sub.ID)
		if tries[3].Error != "no answer in time" || tries[1].Status != 302 {
			t.Errorf("got %+v", tries)
		}
	})
}

func TestGoneEndsTheSubscription(t *testing.T) {
	inRig(t, Options{}, func(g *rig) {
		g.r.answer = func(string, int) int { return 410 }
		g.j.add(3, "a")
		g.wait(time.Hour)
		if sub, st, _ := g.d.Subscription(t.Context(), g.sub.ID); !sub.Disabled || sub.Why == "" || st.State != "disabled" || len(g.r.ids()) != 1 {
			t.Errorf("got %+v %+v after %v", sub, st, g.r.ids())
		}
		g.r.answer = nil
		off := false
		if _, err := g.d.Change(t.Context(), g.sub.ID, 0, Change{Disabled: &off}); err != nil {
			t.Fatal(err)
		}
		g.wait(time.Second)
		wantIDs(t, g.r.ids()[1:], 1, 3)
	})
}

// TestRotation: for a day both secrets sign.
func TestRotation(t *testing.T) {
	inRig(t, Options{}, func(g *rig) {
		old := g.r.secrets
		secret, err := g.d.Rotate(t.Context(), g.sub.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, secrets := range [][]string{old, {secret}} {
			g.r.secrets = secrets
			g.j.add(1, "a")
			g.wait(time.Minute)
		}
		g.wait(secretGrace)
		g.r.secrets = []string{secret}
		g.j.add(1, "a")
		g.wait(time.Minute)
		stored, _, _ := g.d.load(t.Context(), g.sub.ID)
		if live := stored.live(time.Now()); !slices.Equal(live, []string{secret}) {
			t.Errorf("the old secret still signs: %v", live)
		}
		for range 10 {
			if _, err := g.d.Rotate(t.Context(), g.sub.ID); err != nil {
				t.Fatal(err)
			}
		}
		if stored, _, _ = g.d.load(t.Context(), g.sub.ID); len(stored.Secrets) > maxSecrets {
			t.Errorf("%d secrets, want at most %d", len(stored.Secrets), maxSecrets)
		}
	})
}

func TestForgottenEvents(t *testing.T) {
	inRig(t, Options{}, func(g *rig) {
		g.j.add(3, "a")
		g.wait(time.Second)
		g.stop()
		g.j.add(10, "a")
		g.j.first = 8
		g.start(Options{})
		g.wait(time.Second)
		wantIDs(t, g.r.ids()[3:], 9, 13) // what is left, and no standstill
	})
}

func TestReplayAfter(t *testing.T) {
	inRig(t, Options{}, func(g *rig) {
		g.j.add(5, "a")
		g.wait(time.Second)
		if err := g.d.ReplayAfter(t.Context(), g.sub.ID, "000003"); err != nil {
			t.Fatal(err)
		}
		g.wait(time.Second)
		wantIDs(t, g.r.ids()[5:], 4, 5)
		if err := g.d.ReplayAfter(t.Context(), g.sub.ID, "rubbish"); !errors.Is(err, ErrInvalid) {
			t.Errorf("got %v, want ErrInvalid", err)
		}
	})
}

func TestRemove(t *testing.T) {
	inRig(t, Options{Attempts: 1, First: time.Second}, func(g *rig) {
		g.r.answer = func(string, int) int { return 500 }
		g.j.add(3, "a")
		g.wait(time.Minute)
		if len(g.dead()) != 3 {
			t.Fatalf("got %v", g.dead())
		}
		if err := g.d.Remove(t.Context(), g.sub.ID, 1e6); !errors.Is(err, access.ErrVersion) {
			t.Errorf("got %v, want ErrVersion", err)
		}
		if err := g.d.Remove(t.Context(), g.sub.ID, 0); err != nil {
			t.Fatal(err)
		}
		g.j.add(3, "a")
		g.wait(time.Minute)
		docs, err := g.docs.List(t.Context(), "webhook/", "", 100)
		if len(docs) != 0 || err != nil || len(g.r.ids()) != 3 {
			t.Errorf("%d documents are left, %d requests were made", len(docs), len(g.r.ids()))
		}
		if _, _, err := g.d.Subscription(t.Context(), g.sub.ID); !errors.Is(err, access.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
	})
}

func TestDeadAreBounded(t *testing.T) {
	inRig(t, Options{Attempts: 1, First: time.Second, Longest: time.Second, MaxDead: 5}, func(g *rig) {
		g.r.answer = func(string, int) int { return 500 }
		g.j.add(12, "a")
		g.wait(time.Minute)
		dead := g.dead()
		if len(dead) != 5 || dead[4].Webhook != "e12" || dead[0].Webhook != "e8" {
			t.Errorf("got %+v, want the newest five", dead)
		}
	})
}

// TestNothingIsLost: with a receiver that fails at random, restarts at any moment and a feed that fails at times, every event arrives, in order
// of first arrival, and what arrives twice has the same id.
func TestNothingIsLost(t *testing.T) {
	for seed := range uint64(15) {
		inRig(t, Options{Attempts: 1000, First: time.Second, Longest: 5 * time.Second}, func(g *rig) {
			rnd, answers := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
			g.r.answer = func(string, int) int { return []int{200, 200, 200, 503, 0}[answers.IntN(5)] } // one receiver: one request at a time
			total := 0
			for range 20 {
				n := rnd.IntN(20)
				total += n
				g.j.add(n, "a")
				g.wait(time.Duration(rnd.IntN(20000)) * time.Millisecond)
				switch rnd.IntN(4) {
				case 0:
					g.stop()
					g.start(Options{Attempts: 1000, First: time.Second, Longest: 5 * time.Second})
				case 1:
					g.j.fail(errBroken)
					g.wait(3 * time.Second)
					g.j.fail(nil)
				}
			}
			g.r.mu.Lock()
			g.r.answer = nil
			g.r.mu.Unlock()
			g.wait(10 * time.Minute)
			var first []string
			for _, id := range g.r.ids() {
				if !slices.Contains(first, id) {
					first = append(first, id)
				}
			}
			wantIDs(t, first, 1, total)
		})
	}
}

// TestManySubscriptions: one that hangs does not hold up the others.
func TestManySubscriptions(t *testing.T) {
	inRig(t, Options{Workers: 2, Most: 20}, func(g *rig) {
		g.r.secrets = nil
		for i := range 19 {
			if _, _, err := g.d.Create(t.Context(), Subscription{URL: fmt.Sprintf("https://hooks.example/%d", i)}); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := g.d.Create(t.Context(), Subscription{URL: "https://hooks.example/"}); !errors.Is(err, ErrFull) {
			t.Errorf("got %v, want ErrFull", err)
		}
		g.r.answer = func(_ string, n int) int { return map[bool]int{true: 0, false: 200}[n == 1] }
		g.wait(time.Second)
		g.j.add(10, "a")
		g.wait(5 * time.Second)
		if n := len(g.r.ids()); n != 19*10+1 {
			t.Errorf("%d deliveries beside one that hangs, want 191", n)
		}
		subs, err := g.d.Subscriptions(t.Context(), "", 5)
		if err != nil || len(subs) != 5 {
			t.Errorf("got %d, %v", len(subs), err)
		}
	})
}

func TestStoredForm(t *testing.T) {
	e := feed.Event{Cursor: "1", ID: "x", Type: "t", Data: json.RawMessage(`{"a":1}`), Time: time.Unix(0, 0).UTC()}
	body, err := json.Marshal(storedDead{Body: e})
	if err != nil {
		t.Fatal(err)
	}
	got, err := decode[storedDead](access.Document{Body: body})
	if err != nil || got.Body.ID != "x" || string(got.Body.Data) != `{"a":1}` || !got.Body.Time.Equal(e.Time) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestNoWakeUpIsLost: what happens just after nothing was found is delivered at once.
func TestNoWakeUpIsLost(t *testing.T) {
	inRig(t, Options{}, func(g *rig) {
		g.wait(time.Second)
		g.j.sly = true
		g.j.add(1, "a")
		g.wait(time.Second)
		wantIDs(t, g.r.ids(), 1, 2)
	})
}
