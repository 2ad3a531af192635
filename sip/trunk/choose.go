package trunk

import (
	"cmp"
	"slices"
	"time"
)

// Choose returns the targets in the order in which a call tries them: by priority; within one priority those that are up or unknown before
// degraded ones; within these at random by weight (RFC 2782). Targets that are down are left out; ErrDown when none is left.
// pick returns a random number in [0, n).
func (t *Trunk) Choose(now time.Time, pick func(n int) int) ([]Target, error) {
	states := t.Health(now)
	type candidate struct {
		Target
		rank int
	}
	var list []candidate
	for i, target := range t.cfg.Targets {
		switch states[i] {
		case Down:
		case Degraded:
			list = append(list, candidate{target, 1})
		default:
			list = append(list, candidate{target, 0})
		}
	}
	if len(list) == 0 {
		t.metrics.down(t.cfg.Name)
		return nil, ErrDown
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.rank, b.rank))
	})
	out := make([]Target, 0, len(list))
	for len(list) > 0 {
		end := 1
		for end < len(list) && list[end].Priority == list[0].Priority && list[end].rank == list[0].rank {
			end++
		}
		group := make([]Target, end)
		for i := range group {
			group[i] = list[i].Target
		}
		out = append(out, shuffle(group, pick)...)
		list = list[end:]
	}
	return out, nil
}

// shuffle orders one group by weight. Where all weights are 0 they count as 1; beside others a weight of 0 comes last.
func shuffle(group []Target, pick func(n int) int) []Target {
	out := make([]Target, 0, len(group))
	for len(group) > 0 {
		i := draw(group, pick)
		out = append(out, group[i])
		group = slices.Delete(group, i, i+1)
	}
	return out
}

func draw(group []Target, pick func(n int) int) int {
	sum := 0
	for _, t := range group {
		sum += t.Weight
	}
	if sum == 0 {
		return pick(len(group))
	}
	at := pick(sum)
	for i, t := range group {
		if at -= t.Weight; at < 0 {
			return i
		}
	}
	return len(group) - 1
}
