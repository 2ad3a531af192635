package acd

import (
	"encoding/json"
	"testing"
	"time"

	"tandem/store/journey"
)

// TestJournalSurvivesJSON writes entries and an image as a store would, and folds what it reads.
func TestJournalSurvivesJSON(t *testing.T) {
	w := newWorld(t, 99)
	for range 1500 {
		w.happen()
	}
	want := w.state.Image()
	half := len(w.all) / 2
	early, err := Fold(nil, w.all[:half])
	if err != nil {
		t.Fatal(err)
	}
	var entries []Entry
	var im Image
	reread(t, w.all, &entries)
	reread(t, early, &im)
	for name, from := range map[string]*Image{"nothing": nil, "an image": &im} {
		got, err := Fold(from, entries)
		if err != nil || got.Hash() != want.Hash() {
			t.Errorf("from %s: %v, hash %x, want %x", name, err, got.Hash(), want.Hash())
		}
	}
	if _, err := Fold(nil, entries[1:]); err != ErrGap {
		t.Errorf("a gap: %v", err)
	}
}

func reread(t *testing.T, from, to any) {
	t.Helper()
	text, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, to); err != nil {
		t.Fatal(err)
	}
}

// TestHashTellsStatesApart changes one thing at a time.
func TestHashTellsStatesApart(t *testing.T) {
	base := Image{Seq: 1, Items: []ItemImage{{Item: Item{ID: "a"}, State: ItemQueued}}, Agents: []AgentImage{{ID: "x"}}}
	seen := map[uint64]string{base.Hash(): "base"}
	for name, change := range map[string]func(*Image){
		"seq":    func(im *Image) { im.Seq = 2 },
		"state":  func(im *Image) { im.Items[0].State = ItemOffered },
		"epoch":  func(im *Image) { im.Items[0].Epoch = 1 },
		"owner":  func(im *Image) { im.Items[0].Agent = "x" },
		"agent":  func(im *Image) { im.Agents[0].State = AgentAway },
		"named":  func(im *Image) { im.Items[0].Named = &Named{Agents: []string{"x"}} },
		"lost":   func(im *Image) { im.Items[0].Recovered = true },
		"window": func(im *Image) { im.Items[0].Item.From = epoch0 },
		"tries":  func(im *Image) { im.Items[0].Item.Tried = 1 },
		"queues": func(im *Image) { im.Queues = []QueueImage{{"q", QueuePaused}} },
	} {
		im := base
		im.Items, im.Agents = append([]ItemImage(nil), base.Items...), append([]AgentImage(nil), base.Agents...)
		change(&im)
		if was, same := seen[im.Hash()]; same {
			t.Errorf("%s has the hash of %s", name, was)
		}
		seen[im.Hash()] = name
	}
}

func TestEntryAsTimelineEvent(t *testing.T) {
	e := Entry{Seq: 7, At: epoch0, Kind: journey.Accepted, Item: "i1", Record: "r1", Interaction: "c1", Media: Voice, Epoch: 2,
		Queue: "billing", Agent: "anna", State: "connecting", Reason: "x"}
	ev, ok := e.Event()
	if !ok || ev.Record != "r1" || ev.Kind != journey.Accepted || ev.Channel != journey.Voice || ev.Item != "i1" || ev.Epoch != 2 ||
		ev.Actor != "agent:anna" || ev.Key != "acd/7" || ev.Interaction != "c1" || !ev.At.Equal(epoch0) {
		t.Errorf("got %+v", ev)
	}
	for k, want := range map[string]string{"queue": "billing", "agent": "anna", "state": "connecting", "reason": "x"} {
		if ev.Data[k] != want {
			t.Errorf("data %s: %q", k, ev.Data[k])
		}
	}
	e.Kind = journey.Offered
	if ev, _ = e.Event(); ev.Actor != "system" {
		t.Errorf("an offer is made by %s", ev.Actor)
	}
	if _, ok = (Entry{Kind: journey.AgentState, Agent: "anna"}).Event(); ok {
		t.Error("an agent's entry has no record")
	}
}

// TestEveryItemKindIsJourneys keeps the table of kinds complete.
func TestEveryItemKindIsJourneys(t *testing.T) {
	for _, r := range itemRows {
		for _, reason := range []string{ReasonNoAnswer, ReasonReject, ReasonBusy, ReasonFail, ReasonAgent, ReasonConnect} {
			if !kindOf(r.on, r.to, reason).Known() {
				t.Errorf("%s on %s: no kind", r.from, itemOnNames[r.on])
			}
		}
	}
}

// FuzzSteps turns bytes into events: nothing may panic, leave an agent overloaded, or leave an eligible pair.
func FuzzSteps(f *testing.F) {
	f.Add([]byte("\x00\x01\x02\x03\x10\x20\x30\x40\x50\x60\x70\x80"))
	f.Add([]byte("aAbBcCdDeEfFgGhHiIjJ"))
	f.Fuzz(func(t *testing.T, script []byte) {
		w := newWorld(t, 5)
		for i := 0; i+2 < len(script) && i < 600; i += 3 {
			w.now = w.now.Add(time.Duration(script[i+2]) * 100 * time.Millisecond)
			w.step(fuzzEvent(w, script[i], script[i+1]))
		}
		w.deep()
		w.folded()
		w.end()
	})
}

func fuzzEvent(w *world, kind, arg byte) Event {
	id := "f" + string('a'+rune(arg%16))
	agent := w.cfg.Agents[int(arg)%len(w.cfg.Agents)].ID
	queue := w.cfg.Queues[int(arg)%len(w.cfg.Queues)].Name
	offer, holder := OfferID{id, uint64(arg / 16)}, agent
	if it := w.state.items[id]; it != nil && it.agent != nil {
		offer, holder = it.offerID(), it.agent.cfg.ID
	}
	events := []Event{
		Enqueue{Item{ID: id, Queue: queue, Media: mediaList[int(arg)%mediaCount]}}, Leave{id}, Accept{offer, holder},
		Decline{offer, holder, []string{ReasonBusy, ReasonNoAnswer, "?"}[arg%3]}, MediaUp{id, 0}, End{id, "agent"},
		End{id, "customer"}, Transfer{Item: id, Queue: queue, Keep: true, Agent: []string{"", agent}[arg%2]},
		Convert{Item: id, Media: Callback, Customer: "+1", Aside: arg%3 == 0}, Cancel{id, ""}, SignIn{agent, arg%2 == 0},
		SignOut{agent, "x"}, SetState{agent, arg%2 == 0, "y"}, DeviceUsable{agent, Phone, arg%2 == 0},
		WrapUpDone{Item: id, Agent: holder}, WrapUpExtend{id, holder}, SetQueue{queue, QueuePaused}, SetQueue{queue, QueueOpen},
		Configure{w.cfg}, Tick{}, Park{Item: id}, CustomerSpoke{id}, AgentSpoke{id}, AgentLost{Item: id}, Unreached{Item: id},
		Switch{Item: id, Media: mediaList[int(arg)%mediaCount]}, Postpone{id, w.now.Add(time.Duration(arg) * time.Second), "x"},
		Lease{agent, arg%2 == 0}, DeviceUsable{agent, Desk, arg%2 == 0}, Elsewhere{agent, Voice, int(arg % 3)},
		Enqueue{Item{ID: id, Queue: queue, Media: Message, Sticky: []Sticky{{Agent: agent}}}},
	}
	ev := events[int(kind)%len(events)]
	if _, enqueue := ev.(Enqueue); enqueue {
		if w.counts["used "+id]++; w.counts["used "+id] > 1 {
			return Tick{} // IDs are unique for ever
		}
	}
	return ev
}
