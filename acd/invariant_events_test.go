package acd

import (
	"slices"
	"strconv"
	"time"
)

func (w *world) reconfigure() {
	cfg := w.cfg
	cfg.Queues = append([]QueueConfig(nil), cfg.Queues...)
	q := &cfg.Queues[w.rnd.IntN(len(cfg.Queues))]
	q.Weight, q.MaxWait = float64(1+w.rnd.IntN(4)), time.Duration(1+w.rnd.IntN(5))*time.Minute
	w.cfg = cfg
	w.step(Configure{cfg})
}

func (w *world) pick() string {
	return "i" + strconv.Itoa(max(w.next-w.rnd.IntN(120), 0))
}

// held is an item that some agent has, or the given one.
func (w *world) held(id string) string {
	for range 10 {
		if a := w.state.agents[w.agent()]; len(a.items) > 0 {
			return a.items[w.rnd.IntN(len(a.items))].spec.ID
		}
	}
	return id
}

// in is an item that some agent has in one of the states, or the given one.
func (w *world) in(id string, states ...ItemState) string {
	if w.rnd.IntN(10) == 0 {
		return id
	}
	for range len(w.cfg.Agents) {
		for _, it := range w.state.agents[w.agent()].items {
			if slices.Contains(states, it.state) {
				return it.spec.ID
			}
		}
	}
	return id
}

func (w *world) agent() string { return w.cfg.Agents[w.rnd.IntN(len(w.cfg.Agents))].ID }

// happen lets one random thing happen.
func (w *world) happen() {
	w.now = w.now.Add(time.Duration(w.rnd.IntN(900)) * time.Millisecond)
	id := w.pick()
	if w.rnd.IntN(3) > 0 {
		id = w.held(id)
	}
	it := w.state.items[id]
	switch n := w.rnd.IntN(120); {
	case n < 16:
		w.enqueue()
	case n < 40:
		w.answer()
	case n < 58:
		w.step(MediaUp{w.in(id, ItemConnecting), 0})
	case n < 68:
		w.step(End{w.in(id, ItemActive, ItemActive, ItemParked), []string{"customer", "agent"}[w.rnd.IntN(2)]})
	case n < 76:
		w.step(WrapUpDone{Item: w.in(id, ItemWrapUp), Disposition: "ok"})
	case n < 78:
		w.step(Leave{id})
	case n < 81:
		w.transfer(it, id)
	case n < 82:
		w.convert()
	case n < 93:
		w.step(SetState{w.agent(), true, ""})
	case n < 95:
		w.step(SetState{w.agent(), false, "break"})
	case n < 96:
		w.step(SignOut{w.agent(), "home"})
	case n < 98:
		w.step(SignIn{w.agent(), w.rnd.IntN(2) == 0})
	case n < 99:
		w.step(DeviceUsable{w.agent(), []Device{Phone, Phone, Desk}[w.rnd.IntN(3)], w.rnd.IntN(3) > 0})
	case n < 100:
		w.rare(id)
	default:
		w.live(w.in(id, ItemActive, ItemParked, ItemWaking))
	}
}

// live lets something happen to an item that an agent has.
func (w *world) live(id string) {
	it := w.state.items[id]
	switch w.rnd.IntN(20) {
	case 0, 1, 2, 3:
		w.step(Park{Item: id})
	case 4, 5, 6, 7, 8, 9:
		w.step(CustomerSpoke{id})
	case 10, 11, 12, 13:
		w.step(AgentSpoke{id})
	case 14, 15:
		w.step(Switch{Item: id, Media: []Media{Voice, Chat, Message}[w.rnd.IntN(3)], Customer: "x"})
	case 16:
		w.step(AgentLost{Item: id})
	case 17:
		w.step(Lease{w.agent(), w.rnd.IntN(3) > 0})
	case 18:
		w.step(Elsewhere{w.agent(), Voice, max(w.rnd.IntN(4)-2, 0)})
	default:
		if w.rnd.IntN(3) == 0 {
			w.step(Postpone{w.pick(), w.now.Add(time.Duration(w.rnd.IntN(90)-5) * time.Second), "hours"})
			return
		}
		w.step(Unreached{Item: id, Reason: "busy"})
		if it != nil && it.state == ItemDormant && it.spec.Tried > 1 && it.t0.Equal(w.state.now) {
			w.t0[id] = it.t0
		}
	}
}

func (w *world) rare(id string) {
	switch w.rnd.IntN(20) {
	case 0:
		w.step(SetQueue{w.cfg.Queues[w.rnd.IntN(6)].Name, QueuePaused})
	case 1:
		w.step(SetQueue{w.cfg.Queues[w.rnd.IntN(6)].Name, QueueDraining})
	case 2:
		w.reconfigure()
	case 3:
		w.restart()
	case 4, 5, 6:
		w.step(Cancel{Item: id})
	default:
		w.step(SetQueue{w.cfg.Queues[w.rnd.IntN(6)].Name, QueueOpen})
	}
}

func (w *world) enqueue() {
	w.next++
	media := []Media{Voice, Voice, Callback, Chat, Chat, Message, Message, Task, Email, Video}[w.rnd.IntN(10)]
	it := Item{ID: "i" + strconv.Itoa(w.next), Queue: w.cfg.Queues[w.rnd.IntN(6)].Name, Media: media, Record: "r"}
	if w.rnd.IntN(5) == 0 {
		it.Weight = float64(1 + w.rnd.IntN(4))
	}
	if w.rnd.IntN(9) == 0 {
		it.Prefer = w.agent()
	}
	for range max(w.rnd.IntN(6)-2, 0) {
		it.Sticky = append(it.Sticky, Sticky{Agent: w.agent()})
	}
	if media == Callback {
		it.Key = "k" + strconv.Itoa(w.rnd.IntN(50))
		it.From = w.now.Add(time.Duration(w.rnd.IntN(60)-30) * time.Second)
		it.Until = w.now.Add(time.Duration(1+w.rnd.IntN(20)) * time.Minute)
		it.Gap, it.Aside = time.Duration(1+w.rnd.IntN(60))*time.Second, w.rnd.IntN(5) == 0
	}
	w.step(Enqueue{it})
	w.t0[it.ID] = w.now
}

// convert makes a call a callback, or a callback whose customer is reached a call.
func (w *world) convert() {
	id := w.pick()
	it := w.state.items[id]
	if it != nil && it.state == ItemDormant {
		w.step(Convert{Item: id, Media: Voice, Customer: "leg"})
		return
	}
	w.step(Convert{Item: id, Media: Callback, Customer: "+49", Key: "k" + strconv.Itoa(w.rnd.IntN(50)),
		From: w.now.Add(time.Duration(w.rnd.IntN(60)-30) * time.Second), Until: w.now.Add(10 * time.Minute),
		Aside: w.rnd.IntN(5) == 0})
}

// answer lets a recent offer be answered: accepted, declined or missed, or an old one by mistake.
func (w *world) answer() {
	if len(w.offers) == 0 {
		return
	}
	o := w.offers[max(len(w.offers)-1-w.rnd.IntN(30), 0)]
	if it := w.state.items[w.in(o.Item, ItemOffered)]; it != nil {
		o = it.offerID()
	}
	it := w.state.items[o.Item]
	agent := "a00"
	if it != nil && it.agent != nil {
		agent = it.agent.cfg.ID
	}
	if w.rnd.IntN(8) == 0 {
		reason := []string{ReasonReject, ReasonBusy, ReasonFail, ReasonNoAnswer}[w.rnd.IntN(4)]
		w.step(Decline{o, agent, reason})
		return
	}
	w.step(Accept{o, agent})
}

func (w *world) transfer(it *item, id string) {
	ev := Transfer{Item: id, Queue: w.cfg.Queues[w.rnd.IntN(6)].Name, Keep: w.rnd.IntN(2) == 0}
	if w.rnd.IntN(2) == 0 {
		ev.Agent, ev.Limit = w.agent(), time.Duration(1+w.rnd.IntN(30))*time.Second
	}
	w.step(ev)
	if it != nil && !ev.Keep && it.te.Equal(w.state.now) && it.queue.cfg.Name == ev.Queue {
		w.t0[id] = it.t0
	}
}
