package acd

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

var errDisk = errors.New("disk full")

// TestJournalFails withholds the effects of the batch that failed and of all later ones, and says so.
func TestJournalFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var acks []func(error)
		var log bytes.Buffer
		b := start(t, Options{Log: testLog(&log), Journal: journalFunc(func(_ []Entry, done func(error)) {
			acks = append(acks, done)
		})})
		b.post(ready("anna")...)
		synctest.Wait()
		b.post(call("i1"))
		synctest.Wait()
		acks[1](nil)
		acks[0](errDisk)
		<-b.over
		if !errors.Is(b.err, ErrJournal) || !errors.Is(b.err, errDisk) {
			t.Errorf("Run: %v", b.err)
		}
		if got := b.rec.take(); len(got) != 0 {
			t.Errorf("effects were performed: %q", got)
		}
		if err := b.d.Post(call("i2")); !errors.Is(err, ErrStopped) {
			t.Errorf("Post: %v", err)
		}
		if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "disk full") {
			t.Errorf("log: %s", log.String())
		}
	})
}

// TestJournalStalls fills the pending batches and then the mailbox; nothing is lost when the journal goes on.
func TestJournalStalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var acks []func(error)
		stalled := true
		b := start(t, Options{Mailbox: 4, Pending: 2, Journal: journalFunc(func(_ []Entry, done func(error)) {
			if stalled {
				acks = append(acks, done)
				return
			}
			done(nil)
		})})
		defer b.end()
		taken, busy := 0, 0
		for i := range 20 {
			switch err := b.d.Post(Enqueue{Item{ID: fmt.Sprint("c", i), Queue: "billing", Media: Callback}}); {
			case err == nil:
				taken++
			case errors.Is(err, ErrBusy):
				busy++
			default:
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if taken != 6 || busy != 14 || len(acks) != 2 {
			t.Fatalf("taken %d, busy %d, batches %d", taken, busy, len(acks))
		}
		stalled = false
		for _, done := range acks {
			done(nil)
		}
		synctest.Wait()
		items, err := b.d.Items(t.Context(), "", 100)
		if err != nil || len(items) != taken {
			t.Errorf("%d items of %d, %v", len(items), taken, err)
		}
	})
}

// TestMailboxFull has a connector that never returns while events pour in.
func TestMailboxFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold := make(chan struct{})
		b := &bench{t: t, rec: &recorder{}}
		b.rec.react = func(Effect) { <-hold }
		b = start(t, Options{Mailbox: 8, Connector: b.rec, Journal: journalFunc(instant)})
		b.post(ready("anna")...)
		synctest.Wait()
		for range 8 {
			b.post(Tick{})
		}
		if err := b.d.Post(Tick{}); !errors.Is(err, ErrBusy) {
			t.Errorf("got %v", err)
		}
		close(hold)
		synctest.Wait()
		b.post(Tick{})
		b.end()
	})
}

// TestClockStepsBack keeps the core's time from running backwards.
func TestClockStepsBack(t *testing.T) {
	s, _ := NewState(smallConfig())
	s.Step(call("i1"), epoch0.Add(time.Hour))
	s.Step(call("i2"), epoch0)
	v, _ := s.Item("i2")
	if !v.T0.Equal(epoch0.Add(time.Hour)) {
		t.Errorf("i2 arrived at %v", v.T0)
	}
	if v.Position != 2 {
		t.Errorf("i2 overtakes: place %d", v.Position)
	}
}

// TestLimits has every limit answer as its documentation says.
func TestLimits(t *testing.T) {
	cfg := smallConfig()
	cfg.Limits = Limits{Items: 3, Needs: 1, Why: 4, Classes: 2}
	s, _ := NewState(cfg)
	for i := range 5 {
		r := s.Step(Enqueue{Item{ID: fmt.Sprint("c", i), Queue: "billing", Media: Callback, Weight: float64(i + 1)}}, epoch0)
		refused := slices.ContainsFunc(r.Effects, func(e Effect) bool { _, is := e.(Refused); return is })
		if refused != (i >= 3) {
			t.Errorf("item %d: refused %t", i, refused)
		}
	}
	if n := len(s.queues["billing"].list[0].classes); n != 2 {
		t.Errorf("%d classes", n)
	}
	if n := len(s.why.ring); n != 4 {
		t.Errorf("%d decisions kept", n)
	}
	for i := range 30 {
		s.Step(Cancel{Item: fmt.Sprint("c", i)}, epoch0)
		s.Step(needing(i), epoch0)
	}
	if n := len(s.queues["billing"].list); n > mediaCount+1 {
		t.Errorf("%d pools", n)
	}
}

func TestRestoreRefused(t *testing.T) {
	s, _ := NewState(smallConfig())
	r := s.Step(Restore{Entries: []Entry{{Seq: 1}, {Seq: 3}}}, epoch0)
	if len(r.Rejected) != 1 || r.Rejected[0].Reason != ErrGap.Error() {
		t.Errorf("a gap: %v", r.Rejected)
	}
	s.Step(call("i1"), epoch0)
	if r = s.Step(Restore{}, epoch0); len(r.Rejected) != 1 {
		t.Errorf("a state in use: %v", r.Rejected)
	}
}

func TestStrangersAreRejected(t *testing.T) {
	s, _ := NewState(smallConfig())
	for _, ev := range []Event{Leave{"x"}, Accept{OfferID{"x", 1}, "anna"}, Decline{OfferID{"x", 1}, "anna", ReasonBusy},
		MediaUp{"x", 0}, End{"x", "agent"}, Transfer{Item: "x", Queue: "billing"}, Convert{Item: "x", Media: Callback},
		Cancel{"x", ""}, Park{Item: "x"}, CustomerSpoke{"x"}, AgentSpoke{"x"}, Switch{Item: "x", Media: Chat}, AgentLost{Item: "x"},
		Unreached{Item: "x"}, Postpone{Item: "x"}, Lease{"x", true}, Elsewhere{"x", Voice, 1}, Elsewhere{"anna", "pigeon", 1},
		Elsewhere{"anna", Voice, -1},
		SignIn{"x", true}, SignOut{"x", ""}, SetState{"x", true, ""}, DeviceUsable{"x", Phone, true},
		DeviceUsable{"anna", "fax", true}, WrapUpDone{Item: "x"}, WrapUpExtend{"x", ""}, SetQueue{"x", QueueOpen},
		SignOut{"anna", ""}, SetState{"anna", true, ""}, Configure{Config{Queues: []QueueConfig{{}}}}} {
		r := s.Step(ev, epoch0)
		if len(r.Rejected) == 0 || len(r.Entries) != 0 {
			t.Errorf("%#v: %+v", ev, r)
		}
	}
}
