package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/cmd/tandem/config"
	"tandem/digital/callback"
	"tandem/media"
	"tandem/sip/b2bua"
)

// steps is what a script does, in words.
func steps(list []b2bua.Action) string {
	var words []string
	for _, a := range list {
		switch a := a.(type) {
		case b2bua.Play:
			words = append(words, a.Items[0].Prompt)
		case b2bua.Enqueue:
			words = append(words, "enqueue "+a.Item+" in "+a.Queue)
		default:
			words = append(words, strings.TrimPrefix(fmt.Sprintf("%T", a), "b2bua."))
		}
	}
	return strings.Join(words, ", ")
}

func TestHoldScript(t *testing.T) {
	at := time.Unix(1e9, 0)
	type step struct {
		after time.Duration
		ev    b2bua.ScriptEvent
		want  string
	}
	begin := []step{{0, b2bua.Started{}, "Answer"}, {0, b2bua.Answered{}, "enqueue b_1 in support, callback/hold"}}
	asked := step{10 * time.Second, b2bua.Expired{}, "AskCallback"}
	for name, c := range map[string]struct {
		last bool
		list []step
	}{
		"served during the prompt": {false, []step{
			{time.Second, b2bua.PeerAnswered{}, ""}, {0, b2bua.PlayEnded{Play: holdPlay, Why: media.PlayStopped}, ""},
			{time.Minute, b2bua.Expired{}, ""}, {0, b2bua.PeerEnded{Connected: true}, "HangUp"},
		}},
		"nobody is free": {false, []step{
			{6 * time.Second, b2bua.PlayEnded{Play: holdPlay, Why: media.PlayDone}, "music/default"}, {time.Second, b2bua.Expired{}, ""}, asked,
			{0, b2bua.CallbackAnswered{Booked: true}, "callback/again"}, {0, b2bua.PlayEnded{Play: holdMusic, Why: media.PlayStopped}, ""},
			{2 * time.Second, b2bua.PlayEnded{Play: holdParting, Why: media.PlayDone}, "HangUp"},
		}},
		"nobody is free at last": {true, []step{
			asked, {0, b2bua.CallbackAnswered{Booked: true}, "callback/sorry"}, {0, b2bua.PlayEnded{Play: holdPlay, Why: media.PlayStopped}, ""},
		}},
		"an agent is rung in the same moment": {false, []step{
			asked, {0, b2bua.CallbackAnswered{Why: "offered"}, ""}, {time.Second, b2bua.Expired{}, ""}, {4 * time.Second, b2bua.Expired{}, "AskCallback"},
		}},
		"taken from the queue":  {false, []step{{0, b2bua.QueueEnded{Outcome: "cancelled"}, "callback/sorry"}, {time.Minute, b2bua.Expired{}, ""}}},
		"the prompt is missing": {false, []step{{0, b2bua.PlayEnded{Play: holdPlay, Why: media.PlayFailed}, "music/default"}}},
	} {
		t.Run(name, func(t *testing.T) {
			s, now := newHoldScript(callback.Attempt{Item: "b_1", Queue: "support", Last: c.last}, "music/default", 10*time.Second), at
			for i, x := range append(begin, c.list...) {
				now = now.Add(x.after)
				if got := steps(s.Step(x.ev, now)); got != x.want {
					t.Fatalf("step %d, %T: got %q, want %q", i, x.ev, got, x.want)
				}
			}
		})
	}
}

func TestWhoIsCalledFirst(t *testing.T) {
	cfg := &config.Config{Callbacks: config.Callbacks{First: "agent"}, Queues: map[string]*config.Queue{"sales": {CallbackFirst: "customer"}, "support": {}}}
	for queue, want := range map[string]callback.Mode{"sales": callback.CustomerFirst, "support": callback.AgentFirst, "none": callback.AgentFirst} {
		if got := callbackMode(cfg.CallbackFirst(queue)); got != want {
			t.Errorf("%s: got %s, want %s", queue, got, want)
		}
	}
}
