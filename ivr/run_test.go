package ivr

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tandem/ivr/flow"
	"tandem/store/journey"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// start loads modules, starts the first one and returns the run with its first effects.
func start(t testing.TB, facts Facts, texts ...string) (*Run, []Effect) {
	t.Helper()
	r := prepare(t, facts, texts...)
	return r, r.Step(Started{}, noon)
}

func prepare(t testing.TB, facts Facts, texts ...string) *Run {
	t.Helper()
	var files []flow.File
	for i, text := range texts {
		files = append(files, flow.File{Name: fmt.Sprintf("%d.yaml", i), Data: []byte(text)})
	}
	d, faults := flow.Load(files, flow.World{})
	if faults.Failed() {
		t.Fatal(faults)
	}
	set := &Set{Modules: d.Modules, Emergency: Emergency{Prompts: []string{"demo/error"}, Queue: "support"}}
	return New(set, "main", facts)
}

// show writes effects as one line, journal and taken exits left out.
func show(effects []Effect) string {
	var list []string
	for _, e := range effects {
		switch e := e.(type) {
		case Taken, Journal:
		case Play:
			list = append(list, fmt.Sprintf("play %d %s", e.Ticket, strings.Join(e.Prompts, " ")))
		case Enqueue:
			list = append(list, fmt.Sprintf("enqueue %d %s", e.Ticket, e.Queue))
		default:
			list = append(list, strings.ToLower(strings.TrimPrefix(fmt.Sprintf("%T", e), "ivr."))+fmt.Sprintf("%v", e))
		}
	}
	return strings.Join(list, "; ")
}

func want(t *testing.T, what string, effects []Effect, text string) {
	t.Helper()
	if got := show(effects); got != text {
		t.Errorf("%s: got %q, want %q", what, got, text)
	}
}

const failing = `
flow: main
start: pick-up
vars: {n: {type: int, value: 0}, ext: {type: digits, value: "12"}}
steps:
  pick-up: {answer: 1s, then: broken}
  broken: {set: {ext: '"no digits"'}, then: bye}
  bye: {hangup: 17}
`

func TestFaultWithoutHandlerGoesToTheEmergencyFlow(t *testing.T) {
	r, effects := start(t, Facts{}, failing)
	want(t, "start", effects, "answer{1s}")
	want(t, "fault", r.Step(Answered{}, noon), "play 1 demo/error")
	want(t, "queue", r.Step(PlayDone{1}, noon), "enqueue 2 support; play 3 music/hold")
	want(t, "refused", r.Step(QueueRefused{Ticket: 2, Reason: "closed"}, noon), "stopplay{3}; hangup{41}")
	if !r.Ended() || len(r.Step(Digit{'1'}, noon)) > 0 || !r.Deadline().IsZero() {
		t.Error("the run goes on after its end")
	}
}

func TestFaultGoesToTheErrorExitThenOnError(t *testing.T) {
	own := strings.Replace(failing, "then: bye}", "exits: {next: bye, error: bye}}", 1)
	r, _ := start(t, Facts{}, own)
	want(t, "own exit", r.Step(Answered{}, noon), "hangup{17}")
	module := strings.Replace(failing, "vars:", "on_error: bye\nvars:", 1)
	r, _ = start(t, Facts{}, module)
	want(t, "on_error", r.Step(Answered{}, noon), "hangup{17}")
}

func TestFaultInSubFlowIsHandledByTheCaller(t *testing.T) {
	main := "flow: main\nstart: c\nsteps: {c: {call: sub, exits: {ok: a, error: b}}, a: {hangup: 16}, b: {hangup: 27}}\n"
	sub := "flow: sub\nstart: s\nresults: [ok]\nvars: {d: digits}\nsteps: {s: {set: {d: '\"x\"'}, then: e}, e: {end: ok}}\n"
	_, effects := start(t, Facts{}, main, sub)
	want(t, "error", effects, "hangup{27}")
	if last := effects[len(effects)-1].(Journal); last.Data["flow"] != "main" {
		t.Errorf("last journal event is of %s", last.Data["flow"])
	}
}

const round = `
flow: main
start: ask
visits: 3
steps:
  ask: {menu: {prompt: a, options: {1: Again}, tries: 1}, exits: {1: ask, no_input: ask, invalid: ask}}
`

func TestVisitsAreBounded(t *testing.T) {
	r, effects := start(t, Facts{Answered: true}, round)
	want(t, "first", effects, "play 1 a")
	want(t, "second", r.Step(Digit{'1'}, noon), "stopplay{1}; play 2 a")
	want(t, "third", r.Step(Digit{'1'}, noon), "stopplay{2}; play 3 a")
	want(t, "fourth", r.Step(Digit{'1'}, noon), "stopplay{3}; play 4 demo/error")
}

func TestTimeLimitIsBounded(t *testing.T) {
	r, _ := start(t, Facts{Answered: true}, strings.Replace(round, "visits: 3", "time_limit: 3s", 1))
	if got := r.Deadline(); got != noon.Add(3*time.Second) {
		t.Errorf("deadline: got %v", got)
	}
	want(t, "limit", r.Step(Clock{}, noon.Add(3*time.Second)), "stopplay{1}; play 2 demo/error")
	r.Step(PlayDone{2}, noon.Add(5*time.Second))
	want(t, "the queue of the emergency flow ends too", r.Step(Clock{}, noon.Add(time.Hour)), "stopplay{4}; leavequeue{3 error}; hangup{41}")
}

const queue = `
flow: main
start: q
time_limit: 10m
on_hangup: note
steps:
  q: {queue: {name: support, max_wait: 5m, keys: {"9": Leave}}, exits: {timeout: bye, refused: bye, "9": bye, ended: again}}
  again: {collect: {prompt: p, into: pin, min: 4, max: 4}, exits: {ok: bye, no_input: bye, invalid: bye}}
  note: {set: {ctx.seen: call.from}, then: bye}
  bye: {hangup: 16}
vars: {pin: secret}
`

func TestLateAndForeignEventsAreIgnored(t *testing.T) {
	r, effects := start(t, Facts{Answered: true}, queue)
	want(t, "start", effects, "enqueue 1 support; play 2 music/hold")
	for _, ev := range []Event{QueueAnswered{7}, QueueEnded{1}, QueueRefused{Ticket: 7}, QueueTimeout{7}, PlayDone{9}, DialAnswered{1}, DialEnded{Ticket: 1}, Started{}, Answered{}, Digit{'5'}, Digit{'x'}, Clock{}, TransferFailed{1}, QueueAnnouncement{Ticket: 7, Position: 1}} {
		want(t, fmt.Sprintf("%#v", ev), r.Step(ev, noon), "")
	}
	want(t, "key", r.Step(Digit{'9'}, noon), "stopplay{2}; leavequeue{1 key}; hangup{16}")
}

func TestTalkingIsNotTheFlowsTime(t *testing.T) {
	r, _ := start(t, Facts{Answered: true}, queue)
	want(t, "answered", r.Step(QueueAnswered{1}, noon.Add(time.Minute)), "stopplay{2}")
	if !r.Deadline().IsZero() {
		t.Errorf("deadline while talking: %v", r.Deadline())
	}
	want(t, "ended", r.Step(QueueEnded{1}, noon.Add(time.Hour)), "play 3 p")
	if got := r.limit; got != noon.Add(time.Hour+9*time.Minute) {
		t.Errorf("limit: got %v", got)
	}
}

func TestSecretsStayOutOfTheJournal(t *testing.T) {
	r, _ := start(t, Facts{Answered: true}, queue)
	r.Step(QueueAnswered{1}, noon)
	effects := r.Step(QueueEnded{1}, noon)
	for _, key := range "4711" {
		effects = append(effects, r.Step(Digit{byte(key)}, noon)...)
	}
	counted := false
	for _, e := range effects {
		if strings.Contains(fmt.Sprintf("%v", e), "4711") {
			t.Errorf("the secret is in %v", e)
		}
		if j, ok := e.(Journal); ok && j.Data[journey.DataDigits] == "4" {
			counted = true
		}
	}
	if !counted {
		t.Error("the count was not journaled")
	}
}

func TestHangUpCleansUp(t *testing.T) {
	r, _ := start(t, Facts{Answered: true, From: "0123"}, queue)
	want(t, "hang-up", r.Step(HungUp{}, noon), "stopplay{2}; leavequeue{1 hangup}")
	if !r.Ended() || r.Attributes()["seen"] != "0123" {
		t.Errorf("ended %v, attributes %v", r.Ended(), r.Attributes())
	}
	for moved, exit := range map[bool]string{false: "hung-up", true: "transferred"} {
		r, _ := start(t, Facts{Answered: true}, "flow: main\nstart: p\ntime_limit: 1h\nsteps: {p: {play: a, then: b}, b: {hangup: }}\n")
		left := ""
		for _, e := range r.Step(HungUp{Moved: moved}, noon) {
			if j, ok := e.(Journal); ok && j.Kind == journey.FlowLeft {
				left = j.Data[journey.DataExit]
			}
		}
		if left != exit {
			t.Errorf("moved %v: the flow was left by %q, want %q", moved, left, exit)
		}
	}
	r = prepare(t, Facts{}, queue)
	r.Step(HungUp{}, noon)
	if !r.Ended() {
		t.Error("a hang-up before the start does not end the run")
	}
}

func TestLostAudioIsNotSilence(t *testing.T) {
	r, _ := start(t, Facts{Answered: true}, "flow: main\nstart: p\ntime_limit: 1h\nsteps: {p: {play: a, then: b}, b: {hangup: }}\n")
	want(t, "no PlayDone", r.Step(Clock{}, noon.Add(playMargin)), "stopplay{1}; play 2 demo/error")
}

func TestMenuOffersChoices(t *testing.T) {
	_, effects := start(t, Facts{Answered: true}, round)
	for _, e := range effects {
		if p, ok := e.(Play); ok && (len(p.Choices) != 1 || p.Choices[0] != Choice{"1", "Again"} || !p.Barge) {
			t.Errorf("got %+v", p)
		}
	}
}

func TestTransferEndsWithoutHangup(t *testing.T) {
	const text = "flow: main\nstart: t\nsteps: {t: {transfer: desk, exits: {failed: b}}, b: {hangup: 34}}\n"
	r, effects := start(t, Facts{}, text)
	want(t, "transfer", effects, "transfer{1 desk }")
	want(t, "done", r.Step(TransferDone{1}, noon), "")
	if !r.Ended() {
		t.Error("the run goes on")
	}
	r, _ = start(t, Facts{}, text)
	want(t, "no answer", r.Step(Clock{}, noon.Add(transferTime)), "canceldial{1}; hangup{34}")
}

func TestLanguageAndUnknownAttributes(t *testing.T) {
	_, effects := start(t, Facts{Answered: true, Attributes: map[string]string{"a": "x"}}, `
flow: main
start: s
vars: {l: lang}
steps:
  s: {set: {l: '"de"', ctx.b: ctx.none + ctx.a}, then: p}
  p: {play: "greet/{lang}", then: h}
  h: {hangup: }
`)
	want(t, "play", effects, "play 1 greet/de")
	found := false
	for _, e := range effects {
		if j, ok := e.(Journal); ok && j.Data["name"] == "b" && j.Data["value"] == "x" {
			found = true
		}
	}
	if !found {
		t.Errorf("no attribute b = x in %v", effects)
	}
}
