package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/acd"
	"tandem/cmd/tandem/demo"
	"tandem/ivr"
	"tandem/ivr/flow"
	"tandem/ivr/say"
	"tandem/sip/b2bua"
)

const waitingFlow = `
flow: main
start: wait
time_limit: 2h
steps:
  wait: {queue: {name: support, max_wait: 1h, music: music/default, announce: {every: 30s}}, exits: {timeout: bye, refused: bye}}
  bye: {hangup: 16}
`

// waitingRoom is a queue with one agent who talks for twenty seconds to each caller, and one caller whose flow hears what the
// queue announces. It stands where the calls stand: it implements acd.Connector.
type waitingRoom struct {
	t      *testing.T
	door   queueDoor
	script *flowScript
	mu     sync.Mutex // guards what is below
	spoken [][]string // the announcements, as lists of clips
	music  int
	over   bool          // the flow has ended
	ended  acd.ItemState // of "me"
}

func (w *waitingRoom) Offer(o acd.Offer) {
	if o.Item.ID == "me" {
		return // let it ring: the caller goes on waiting
	}
	w.must(w.door.Accept(b2bua.OfferAgent{Offer: o.ID.String(), Agent: o.Agent}))
	w.must(w.door.MediaUp(o.Item.ID, o.ID.Epoch))
	time.AfterFunc(20*time.Second, func() { w.must(w.door.End(o.Item.ID, "customer")) })
}

func (w *waitingRoom) Announce(a acd.Announce) {
	if a.Item != "me" {
		return
	}
	heard := b2bua.QueueWaiting{Position: a.Position}
	if a.Wait.Known {
		heard.P50, heard.P80 = a.Wait.P50, a.Wait.P80
	}
	w.hear(heard)
}

// hear gives the flow an event, and ends each announcement that it plays three seconds later.
func (w *waitingRoom) hear(ev b2bua.ScriptEvent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, action := range w.script.Step(ev, time.Now()) {
		play, ok := action.(b2bua.Play)
		switch {
		case ok && play.Loop:
			w.music++
			continue
		case !ok:
			w.act(action)
			continue
		}
		var clips []string
		for _, item := range play.Items {
			clips = append(clips, item.Prompt)
		}
		w.spoken = append(w.spoken, clips)
		time.AfterFunc(3*time.Second, func() { w.hear(b2bua.PlayEnded{Play: play.ID}) })
	}
}

// act notes what else the flow wants.
func (w *waitingRoom) act(a b2bua.Action) {
	switch a.(type) {
	case b2bua.LeaveQueue:
		w.must(w.door.Leave("me"))
	case b2bua.HangUp:
		w.over = true
	}
}

func (w *waitingRoom) must(err error) {
	if err != nil && !errors.Is(err, acd.ErrStopped) {
		w.t.Error(err)
	}
}

func (w *waitingRoom) Withdraw(acd.Withdraw)         {}
func (w *waitingRoom) Connect(acd.Connect)           {}
func (w *waitingRoom) Refused(r acd.Refused)         { w.t.Errorf("refused: %+v", r) }
func (w *waitingRoom) TimedOut(acd.TimedOut)         { w.hear(b2bua.QueueEnded{Outcome: timedOut}) }
func (w *waitingRoom) AgentChanged(acd.AgentChanged) {}
func (w *waitingRoom) ItemEnded(e acd.ItemEnded) {
	if e.Item == "me" {
		w.mu.Lock()
		w.ended = e.Outcome
		w.mu.Unlock()
	}
}

// diskJournal takes 30 ms for each batch, so that what follows from an entry comes later than what a clock alone brings.
type diskJournal struct{}

func (diskJournal) Append(_ []acd.Entry, done func(error)) {
	time.AfterFunc(30*time.Millisecond, func() { done(nil) })
}

func waiting(t *testing.T) (*waitingRoom, *acd.Dispatcher) {
	t.Helper()
	plan, faults := flow.Load([]flow.File{{Name: "main.yaml", Data: []byte(waitingFlow)}}, flow.World{})
	if faults.Failed() {
		t.Fatal(faults)
	}
	w := &waitingRoom{t: t, script: newFlowScript(&ivr.Set{Modules: plan.Modules}, "main", ivr.Facts{Answered: true})}
	d, err := acd.NewDispatcher(acd.Options{Journal: diskJournal{}, Connector: w, Config: acd.Config{
		Queues: []acd.QueueConfig{{Name: "support", AnnounceEvery: 30 * time.Second, MaxWait: time.Hour, Agents: []string{"anna"},
			JoinWhen: acd.JoinAlways}},
		Agents: []acd.AgentConfig{{ID: "anna"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	w.door = queueDoor{dispatcher: d}
	return w, d
}

// TestWaitingCallerHearsPlaceAndTime follows an announcement from the dispatcher through the flow to the clips: eight callers
// are ahead, an important one pushes in. Place and time are told, in the shipped prompts, at their interval, and never grow.
func TestWaitingCallerHearsPlaceAndTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, d := waiting(t)
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error)
		go func() { over <- d.Run(ctx) }()
		for _, ev := range []acd.Event{acd.DeviceUsable{Agent: "anna", Device: acd.Phone, Usable: true}, acd.SignIn{Agent: "anna", Ready: true}} {
			w.must(d.Post(ev))
		}
		for i := range 9 { // the first is served at once
			w.must(w.door.Enqueue(b2bua.WorkItem{ID: fmt.Sprint("other", i), Queue: "support"}))
		}
		time.Sleep(time.Second)
		w.hear(b2bua.Started{})
		w.must(w.door.Enqueue(b2bua.WorkItem{ID: "me", Queue: "support"}))
		time.Sleep(125 * time.Second)
		w.must(w.door.Enqueue(b2bua.WorkItem{ID: "vip", Queue: "support", Priority: 99}))
		time.Sleep(60 * time.Second)
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
		time.Sleep(30 * time.Second) // talks and clips end
		w.judge()
	})
}

// TestLongestWaitIsATimeoutAndNoAbandonment: queue and flow allow the same wait. The queue must be the one that ends it, or every
// caller who waited in vain would be counted among those who gave up.
func TestLongestWaitIsATimeoutAndNoAbandonment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, d := waiting(t)
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error)
		go func() { over <- d.Run(ctx) }()
		w.hear(b2bua.Started{})
		time.Sleep(5 * time.Millisecond) // the item is on its way
		w.must(w.door.Enqueue(b2bua.WorkItem{ID: "me", Queue: "support"}))
		time.Sleep(time.Hour - 2*time.Millisecond)
		w.hear(b2bua.Expired{}) // an hour of the flow is over, of the queue not quite
		time.Sleep(time.Second)
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.ended != acd.ItemTimedOut || !w.over {
			t.Errorf("the item ended as %s, the flow over: %v; want timed-out and true", w.ended, w.over)
		}
	})
}

// judge reads the announcements back.
func (w *waitingRoom) judge() {
	w.mu.Lock()
	defer w.mu.Unlock()
	var places, minutes []int
	for _, clips := range w.spoken {
		for _, c := range clips {
			if _, err := fs.Stat(demo.Prompts(), c+".wav"); err != nil {
				w.t.Errorf("prompt %s is not shipped", c)
			}
		}
		text := strings.Join(clips, " ")
		for n := 1; n <= 30; n++ {
			if place, _ := say.Clips(say.Position, n); strings.HasPrefix(text, strings.Join(place, " ")) {
				places = append(places, n)
			}
			if wait, _ := say.Clips(say.Wait, time.Duration(n)*time.Minute); strings.HasSuffix(text, strings.Join(wait, " ")) {
				minutes = append(minutes, n)
			}
		}
	}
	w.t.Logf("places %v, minutes %v, %d announcements", places, minutes, len(w.spoken))
	falls := func(what string, list []int, least int) {
		if len(list) < least {
			w.t.Errorf("%s: heard %v, want at least %d", what, list, least)
		}
		for i := 1; i < len(list); i++ {
			if list[i] >= list[i-1] {
				w.t.Errorf("%s: heard %v: it grew or was repeated", what, list)
			}
		}
	}
	falls("places", places, 6)
	falls("minutes", minutes, 2)
	if len(places) > 0 && places[0] != 9 {
		w.t.Errorf("the first place is %d, want 9: eight wait ahead", places[0])
	}
	if w.music != len(w.spoken)+1 {
		w.t.Errorf("music began %d times around %d announcements", w.music, len(w.spoken))
	}
}
