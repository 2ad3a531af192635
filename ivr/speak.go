package ivr

import (
	"maps"
	"slices"
	"time"

	"tandem/ivr/flow"
	"tandem/ivr/say"
)

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// clips turns prompt pieces into names of clips.
func (r *Run) clips(pieces []flow.Piece, now time.Time) ([]string, error) {
	var list []string
	for _, p := range pieces {
		if p.File != "" {
			list = append(list, flow.Localise(p.File, r.facts.Language))
			continue
		}
		value, err := p.Value.Eval(r.env(now))
		if err != nil {
			return nil, err
		}
		if at, ok := value.(time.Time); ok {
			value = at.In(p.Location())
		}
		spoken, err := say.Clips(p.As, value)
		if err != nil {
			return nil, err
		}
		list = append(list, spoken...)
	}
	return list, nil
}

// speak begins a play or say step.
func (r *Run) speak(s *flow.Step, now time.Time) string {
	pieces, barge := []flow.Piece(nil), false
	if s.Kind() == flow.KindPlay {
		pieces, barge = s.Play.Prompt, s.Play.Barge
	} else {
		pieces = []flow.Piece{s.Say.Piece()}
	}
	list, err := r.clips(pieces, now)
	if err != nil {
		return r.failed(err.Error(), now)
	}
	r.ready()
	r.wait = wait{phase: playing, until: now.Add(playMargin)}
	r.play(Play{Prompts: list, Barge: barge})
	return ""
}
