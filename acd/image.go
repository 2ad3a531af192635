package acd

import (
	"cmp"
	"encoding/json"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"tandem/store/journey"
)

// Image is the durable part of a state as a value: the fold of all entries up to Seq. It may be stored in their stead.
type Image struct {
	Seq    uint64       `json:"seq"`
	Items  []ItemImage  `json:"items"`  // by ID
	Agents []AgentImage `json:"agents"` // by ID
	Queues []QueueImage `json:"queues"` // those not open, by name
}

// ItemImage is a live item.
type ItemImage struct {
	Item    Item      `json:"item"`
	State   ItemState `json:"state"`
	Epoch   uint64    `json:"epoch"`
	Entered time.Time `json:"entered"`
	Agent   string    `json:"agent,omitempty"`

	Named     *Named `json:"named,omitempty"`
	Recovered bool   `json:"recovered,omitempty"`
}

// AgentImage is an agent who has been at work.
type AgentImage struct {
	ID        string     `json:"id"`
	State     AgentState `json:"state"`
	Reason    string     `json:"reason,omitempty"`
	IdleSince time.Time  `json:"idle_since"`
}

// QueueImage is a queue that is not open.
type QueueImage struct {
	Name string    `json:"name"`
	Mode QueueMode `json:"mode"`
}

// Hash is equal for equal images.
func (im Image) Hash() uint64 {
	h := fnv.New64a()
	if err := json.NewEncoder(h).Encode(im); err != nil {
		panic("acd: image: " + err.Error()) // no field of an image can fail to encode
	}
	return h.Sum64()
}

// Image copies the durable part of the state.
func (s *State) Image() Image {
	f := newFold(nil)
	f.seq = s.seq
	for id, it := range s.items {
		x := ItemImage{Item: it.spec, State: it.state, Epoch: it.epoch, Entered: it.te, Named: it.named, Recovered: it.recovered}
		if it.agent != nil {
			x.Agent = it.agent.cfg.ID
		}
		f.items[id] = x
	}
	for id, a := range s.agents {
		if a.state != AgentOffline || !a.idleSince.IsZero() {
			f.agents[id] = AgentImage{id, a.state, a.reason, a.idleSince}
		}
	}
	for name, q := range s.queues {
		if q.mode != QueueOpen {
			f.queues[name] = q.mode
		}
	}
	return f.image()
}

// Fold applies entries to an image, nil for none. A gap in the sequence is ErrGap, with the image up to it.
func Fold(from *Image, entries []Entry) (Image, error) {
	f := newFold(from)
	for i := range entries {
		e := &entries[i]
		if e.Seq <= f.seq {
			continue // part of the image already
		}
		if e.Seq != f.seq+1 {
			return f.image(), ErrGap
		}
		f.seq = e.Seq
		f.apply(e)
	}
	return f.image(), nil
}

// fold is an image under construction.
type fold struct {
	seq    uint64
	items  map[string]ItemImage
	agents map[string]AgentImage
	queues map[string]QueueMode
}

func newFold(from *Image) *fold {
	f := &fold{items: map[string]ItemImage{}, agents: map[string]AgentImage{}, queues: map[string]QueueMode{}}
	if from == nil {
		return f
	}
	f.seq = from.Seq
	for _, x := range from.Items {
		f.items[x.Item.ID] = x
	}
	for _, x := range from.Agents {
		f.agents[x.ID] = x
	}
	for _, x := range from.Queues {
		f.queues[x.Name] = x.Mode
	}
	return f
}

func (f *fold) image() Image {
	im := Image{Seq: f.seq, Items: slices.Collect(maps.Values(f.items)), Agents: slices.Collect(maps.Values(f.agents))}
	slices.SortFunc(im.Items, func(a, b ItemImage) int { return cmp.Compare(a.Item.ID, b.Item.ID) })
	slices.SortFunc(im.Agents, func(a, b AgentImage) int { return cmp.Compare(a.ID, b.ID) })
	for _, name := range sortedKeys(f.queues) {
		im.Queues = append(im.Queues, QueueImage{name, f.queues[name]})
	}
	return im
}

func (f *fold) apply(e *Entry) {
	switch {
	case e.Kind == queueModeSet:
		f.queues[e.Queue] = QueueMode(e.State)
		if f.queues[e.Queue] == QueueOpen {
			delete(f.queues, e.Queue)
		}
	case e.Kind == journey.AgentState:
		f.agent(e)
	case e.Item != "":
		f.item(e)
	}
}

func (f *fold) agent(e *Entry) {
	if e.State == agentRemoved {
		delete(f.agents, e.Agent)
		return
	}
	state, ok := parseAgentState(e.State)
	if !ok {
		return
	}
	x, known := f.agents[e.Agent]
	if !known || x.State == AgentOffline {
		x.ID, x.IdleSince = e.Agent, e.At
	}
	x.State, x.Reason = state, e.Reason
	f.agents[e.Agent] = x
}

func (f *fold) item(e *Entry) {
	state, ok := parseItemState(e.State)
	x, known := f.items[e.Item]
	if !ok || (!known && e.Spec == nil) || state == ItemRefused {
		return
	}
	f.freed(x, state, e.At)
	if state.Terminal() {
		delete(f.items, e.Item)
		return
	}
	if e.Spec != nil {
		x.Item = *e.Spec
	}
	if !known || (x.State == ItemDormant && state == ItemQueued) {
		x.Entered = e.At
	}
	x.State, x.Epoch, x.Agent = state, e.Epoch, ""
	switch state {
	case ItemQueued:
		x.Named, x.Recovered = e.Named, e.Recovered
	case ItemDormant:
		x.Named, x.Recovered = nil, false
	case ItemConnecting:
		x.Named = nil
	case ItemActive:
		x.Recovered = false
	}
	if state == ItemOffered || state.assigned() {
		x.Agent = e.Agent
	}
	switch {
	case e.Kind == journey.Transferred:
		x.Entered, x.Item.Queue, x.Item.T0 = e.At, e.Queue, e.T0
	case e.Kind == journey.Requeued:
		x.Item.Media = e.Media
		if e.Customer != "" {
			x.Item.Customer = e.Customer
		}
	}
	f.items[e.Item] = x
}

// freed notes the time from which an agent is idle: the agent works no longer on an item that was accepted.
func (f *fold) freed(x ItemImage, next ItemState, at time.Time) {
	if !x.State.works() || next.works() {
		return
	}
	if a, ok := f.agents[x.Agent]; ok {
		a.IdleSince = at
		f.agents[x.Agent] = a
	}
}
