package acd

import (
	"maps"
	"time"
)

// This file is callbacks: items that wait for a time or for their customer to be reached. Who dials is not decided here.

const (
	defaultAttempts = 3
	defaultGap      = 10 * time.Minute
)

// sleeps tells whether an item is not to be offered yet.
func (s *State) sleeps(spec Item) bool { return spec.Aside || spec.From.After(s.now) }

func (e Convert) apply(s *State) {
	it := s.find(e.Item, "convert")
	if it == nil {
		return
	}
	if reason := s.convertible(it, e); reason != "" {
		s.reject(Rejection{Event: "convert", Item: e.Item, Reason: reason})
		return
	}
	s.rekey(it, e.Key)
	spec := &it.spec
	spec.Media, spec.Customer, it.media = e.Media, e.Customer, e.Media.index()
	spec.From, spec.Until, spec.Attempts, spec.Gap, spec.Aside = utc(e.From), utc(e.Until), e.Attempts, e.Gap, e.Aside
	if e.Interaction != "" {
		spec.Interaction = e.Interaction
	}
	if len(e.Data) > 0 { // a new map: the old one is in entries and effects that have left
		data := make(map[string]string, len(spec.Data)+len(e.Data))
		maps.Copy(data, spec.Data)
		maps.Copy(data, e.Data)
		spec.Data = data
	}
	if s.rules[it.media].Hold == HoldStored {
		spec.MaxWait = 0 // it was the patience of one who holds the line
	}
	if s.sleeps(*spec) {
		s.move(it, itemPostpone, string(e.Media))
		return
	}
	if it.state == ItemDormant {
		s.stick(it)
	}
	s.move(it, itemConvert, string(e.Media))
}

// convertible says why an item cannot be converted, empty if it can.
func (s *State) convertible(it *item, e Convert) string {
	switch holder := s.keys[e.Key]; {
	case e.Media.index() < 0:
		return "no such medium"
	case it.state != ItemQueued && it.state != ItemDormant:
		return "item is " + it.state.String()
	case e.Key != "" && holder != nil && holder != it:
		return RefusedDuplicate
	}
	return ""
}

// rekey gives an item another key; an empty one leaves it as it is.
func (s *State) rekey(it *item, key string) {
	if key == "" {
		return
	}
	if s.keys[it.spec.Key] == it {
		delete(s.keys, it.spec.Key)
	}
	it.spec.Key = key
	s.keys[key] = it
}

func (e Unreached) apply(s *State) {
	it := s.find(e.Item, "unreached")
	switch {
	case it == nil:
	case it.state != ItemOffered && it.state != ItemConnecting && it.state != ItemActive && it.state != ItemDormant:
		s.reject(Rejection{Event: "unreached", Item: e.Item, Reason: "item is " + it.state.String()})
	case e.Epoch != 0 && e.Epoch != it.epoch:
		s.reject(Rejection{Event: "unreached", Item: e.Item, Reason: "stale epoch"})
	default:
		s.retry(it, e.Reason)
	}
}

// retry makes an item dormant until its next attempt, or ends it.
func (s *State) retry(it *item, reason string) {
	spec := &it.spec
	spec.Tried++
	if spec.Tried >= orInt(spec.Attempts, defaultAttempts) {
		s.move(it, itemFail, ReasonAttempts)
		return
	}
	if reason == "" {
		reason = ReasonUnreached
	}
	s.putOff(it, s.now.Add(orTime(spec.Gap, defaultGap)), reason, spec.Tried > 1)
}

// putOff makes an item dormant until a time, or ends it where that is beyond its window.
func (s *State) putOff(it *item, from time.Time, reason string, anew bool) {
	spec := &it.spec
	if !spec.Until.IsZero() && !from.Before(spec.Until) {
		s.move(it, itemExpire, ReasonWindow)
		return
	}
	spec.From = from
	if anew {
		it.t0, spec.T0 = s.now, s.now
	}
	s.move(it, itemPostpone, reason)
}

func (e Postpone) apply(s *State) {
	it := s.find(e.Item, "postpone")
	switch {
	case it == nil:
	case it.state != ItemDormant && it.state != ItemQueued && it.state != ItemOffered && it.state != ItemConnecting:
		s.reject(Rejection{Event: "postpone", Item: e.Item, Reason: "item is " + it.state.String()})
	case !e.From.After(s.now):
		s.reject(Rejection{Event: "postpone", Item: e.Item, Reason: "the time is past"})
	default:
		s.putOff(it, utc(e.From), e.Reason, false)
	}
}

// sleep makes an item wait for its time.
func (s *State) sleep(it *item, reason string) {
	it.named, it.recovered = nil, false
	s.rise(it)
	it.later = it.queue
	it.node.key = key{a: it.spec.From.UnixNano(), id: it.spec.ID}
	it.later.later.insert(&it.node)
	if !it.spec.Until.IsZero() {
		s.timers.arm(&it.until, it.spec.Until)
	}
	if !it.spec.Aside {
		s.timers.arm(&it.begin, it.spec.From)
	}
	s.decide(it, "dormant", reason)
}

// enter begins the item's waiting in its queue.
func (s *State) enter(it *item, _ string) {
	s.timers.stop(&it.begin)
	s.rise(it)
	it.te = s.now
	it.joined, it.spilled = s.now, 0
}

// rise takes an item from the list of dormant ones, if it is there.
func (s *State) rise(it *item) {
	if it.later != nil {
		it.later.later.remove(&it.node)
		it.later = nil
	}
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Round(0).UTC()
}
