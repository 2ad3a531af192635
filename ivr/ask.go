package ivr

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tandem/ivr/flow"
	"tandem/store/journey"
)

// question is what menu and collect have in common.
type question struct {
	prompt, invalid, noInput []flow.Piece
	timeout, between         time.Duration
	tries, most              int
	barge                    bool
}

func (r *Run) question() question {
	switch s := r.top().step; s.Kind() {
	case flow.KindMenu:
		m := s.Menu
		return question{m.Prompt, m.Invalid, m.NoInput, m.Timeout, m.Between, m.Tries, 0, m.Barge}
	default:
		c := s.Collect
		return question{c.Prompt, c.Invalid, c.NoInput, c.Timeout, c.Between, c.Tries, c.Max, c.Barge}
	}
}

// ask plays the prompt of a menu or collect, behind what went wrong before.
func (r *Run) ask(before []flow.Piece, now time.Time) string {
	q := r.question()
	list, err := r.clips(slices.Concat(before, q.prompt), now)
	if err != nil {
		return r.failed(err.Error(), now)
	}
	r.wait = wait{phase: prompting, until: now.Add(playMargin), tries: r.wait.tries + 1}
	play := Play{Prompts: list, Barge: q.barge, Wants: q.most}
	if c := r.top().step.Collect; c != nil {
		play.Secret = r.top().module.Vars[c.Into].Type == flow.TypeSecret
	}
	if menu := r.top().step.Menu; menu != nil {
		for _, key := range keys(menu.Options) {
			play.Choices = append(play.Choices, Choice{key, menu.Options[key]})
		}
	}
	r.play(play)
	return ""
}

// listen starts the timeout for the first key; keys pressed during a prompt without barge count now.
func (r *Run) listen(now time.Time) {
	early := r.wait.keys
	r.wait.keys, r.wait.phase = "", listening
	r.wait.until = now.Add(r.question().timeout)
	for i := range len(early) {
		if r.wait.phase != listening {
			return
		}
		r.key(early[i], now)
	}
}

// maxEarly is how many keys are kept from before a question is finished.
const maxEarly = 64

func (r *Run) digit(key byte, now time.Time) {
	if !strings.ContainsRune("0123456789*#", rune(key)) {
		return
	}
	switch r.wait.phase {
	case playing:
		if p := r.top().step.Play; p != nil && p.Barge {
			r.release("error")
			r.leave(flow.ExitDigit, now)
		}
	case prompting:
		switch {
		case r.wait.closing:
		case r.question().barge:
			r.do(StopPlay{Ticket: r.wait.play})
			r.wait.play = 0
			r.listen(now)
			r.key(key, now)
		case len(r.wait.keys) < maxEarly:
			r.wait.keys += string(key)
		}
	case listening:
		r.key(key, now)
	case queueing, announcing:
		r.queueKey(key, now)
	}
}

// key takes one key of an answer.
func (r *Run) key(key byte, now time.Time) {
	s := r.top().step
	if s.Kind() == flow.KindMenu {
		r.wait.keys += string(key)
		r.option(s.Menu, now)
		return
	}
	if s.Collect.End != "" && string(key) == s.Collect.End {
		r.collected(now)
		return
	}
	r.wait.keys += string(key)
	if r.wait.until = now.Add(s.Collect.Between); len(r.wait.keys) >= s.Collect.Max {
		r.collected(now)
	}
}

// option decides as soon as no longer option is possible.
func (r *Run) option(m *flow.Menu, now time.Time) {
	longer := false
	for option := range m.Options {
		longer = longer || len(option) > len(r.wait.keys) && strings.HasPrefix(option, r.wait.keys)
	}
	if longer {
		r.wait.until = now.Add(m.Between)
		return
	}
	r.chosen(m, now)
}

func (r *Run) chosen(m *flow.Menu, now time.Time) {
	if _, ok := m.Options[r.wait.keys]; !ok {
		r.again(flow.ExitInvalid, now)
		return
	}
	r.input(r.wait.keys)
	r.leave(r.wait.keys, now)
}

func (r *Run) input(value string) {
	f := r.top()
	r.journal(journey.StepInput, map[string]string{journey.DataFlow: f.module.Name, journey.DataStep: f.step.Name, journey.DataInput: value})
}

// collected checks what was entered.
func (r *Run) collected(now time.Time) {
	f, c := r.top(), r.top().step.Collect
	v, keys := f.module.Vars[c.Into], r.wait.keys
	value, err := v.Parse(keys)
	if len(keys) < c.Min || err != nil {
		r.again(flow.ExitInvalid, now)
		return
	}
	old, had := f.vars[c.Into]
	f.vars[c.Into] = value
	if c.Valid != nil {
		if fine, err := c.Valid.Eval(r.env(now)); err != nil || fine != true {
			delete(f.vars, c.Into)
			if had {
				f.vars[c.Into] = old
			}
			r.again(flow.ExitInvalid, now)
			return
		}
	}
	if v.Type == flow.TypeSecret {
		r.journal(journey.StepInput, map[string]string{journey.DataFlow: f.module.Name, journey.DataStep: f.step.Name, journey.DataDigits: strconv.Itoa(len(keys))})
	} else {
		r.input(keys)
	}
	r.leave(flow.ExitOK, now)
}

// silence is the timeout while listening: nothing came, or nothing more.
func (r *Run) silence(now time.Time) {
	switch s := r.top().step; {
	case r.wait.keys == "":
		r.again(flow.ExitNoInput, now)
	case s.Kind() == flow.KindMenu:
		r.chosen(s.Menu, now)
	default:
		r.collected(now)
	}
}

// again says what was wrong and asks once more, or gives up after the last words.
func (r *Run) again(exit string, now time.Time) {
	q := r.question()
	words := q.invalid
	if exit == flow.ExitNoInput {
		words = q.noInput
	}
	if r.wait.tries < q.tries {
		r.enter(r.ask(words, now), now)
		return
	}
	list, err := r.clips(words, now)
	if err != nil || len(list) == 0 {
		r.leave(exit, now)
		return
	}
	r.wait = wait{phase: prompting, until: now.Add(playMargin), closing: true, exit: exit}
	r.play(Play{Prompts: list})
}
