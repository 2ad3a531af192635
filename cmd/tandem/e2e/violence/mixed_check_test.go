package violence

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tandem/cmd/tandem/e2e/rig"
	"tandem/store"
	"tandem/store/bolt"
	"tandem/store/engine"
	"tandem/store/journey"
	"tandem/store/redis"
)

// open reads the store behind the gateway's back, after its end.
func (m *mixed) open() store.Store {
	m.t.Helper()
	var s store.Store
	var err error
	if m.redis != nil {
		s, err = redis.Open(redis.Config{Address: m.redis.At.String(), Site: "tandem"}, engine.Options{})
	} else {
		s, err = bolt.Open(filepath.Join(m.Data, "tandem.db"), engine.Options{})
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = s.Close() })
	return s
}

// timelines are the events of every record.
func timelines(t *testing.T, s store.Store) map[string][]journey.Event {
	t.Helper()
	all := map[string][]journey.Event{}
	for q := (store.Query{Limit: store.MaxRead}); ; {
		list, err := s.Search(q)
		if err != nil {
			t.Fatal(err)
		}
		fresh := 0
		for _, r := range list {
			if all[r.ID] == nil {
				all[r.ID], fresh = timeline(t, s, r.ID), fresh+1
			}
		}
		if fresh == 0 || len(list) < store.MaxRead {
			return all
		}
		t.Fatalf("more than %d records", store.MaxRead)
	}
}

func timeline(t *testing.T, s store.Store, record string) (list []journey.Event) {
	t.Helper()
	for {
		part, err := s.Timeline(record, uint64(len(list)), store.MaxRead)
		if err != nil {
			t.Fatal(err)
		}
		if list = append(list, part...); len(part) < store.MaxRead {
			break
		}
	}
	for i, e := range list {
		if e.Seq != uint64(i)+1 {
			t.Errorf("record %s: line %d has the number %d", record, i+1, e.Seq)
		}
	}
	return list
}

// checkLines wants a line in the CDR file for each call, once. Of two nodes each has a file: what the one wrote in its last instant, the
// other cannot know.
func (m *mixed) checkLines(records map[string][]journey.Event) {
	m.t.Helper()
	want, most := map[string]bool{}, 1
	for _, list := range records {
		for _, e := range list {
			if e.Kind == journey.InteractionEnded && e.Channel == journey.Voice {
				want[e.Interaction] = true
			}
		}
	}
	var lines []map[string]any
	for _, g := range []*rig.Gateway{m.Gateway, m.other} {
		if g == nil {
			continue
		}
		if g == m.other {
			most = 2
		}
		if _, err := os.Stat(filepath.Join(g.Data, "cdr.jsonl")); err == nil || m.other == nil { // a node makes it when it first owns the calls
			lines = append(lines, g.Lines(m.t)...)
		}
	}
	got := map[string]int{}
	for _, l := range lines {
		got[fmt.Sprint(l["call"])]++
	}
	for call := range want {
		if n := got[call]; n < 1 || n > most {
			m.t.Errorf("call %s has %d lines in the CDR file", call, n)
		}
	}
	m.t.Logf("%d calls, %d CDRs", len(want), len(lines))
}

// check reads all records and wants them as they were told.
func (m *mixed) check() {
	m.t.Helper()
	m.store = m.open()
	records := timelines(m.t, m.store)
	messages, items, closed := map[string][]journey.Event{}, map[string][]journey.Event{}, map[string]int{}
	for _, list := range records {
		for _, e := range list {
			switch e.Kind {
			case journey.MessageIn, journey.MessageOut:
				messages[e.Interaction] = append(messages[e.Interaction], e)
			case journey.ConversationClosed:
				closed[e.Interaction]++
			}
			if strings.HasPrefix(e.Key, "acd/") && e.Item != "" {
				items[e.Item] = append(items[e.Item], e)
			}
		}
	}
	for id, n := range closed {
		if n != 1 {
			m.t.Errorf("conversation %s has %d ends", id, n)
		}
	}
	m.checkVisitors(messages)
	m.checkAgents(messages)
	m.checkLines(records)
	if m.texts != nil {
		m.checkTexts(messages)
	}
	restarts := 0
	for id, list := range items {
		slices.SortStableFunc(list, func(a, b journey.Event) int { return order64(a) - order64(b) })
		restart, faults := readItem(list)
		for _, f := range faults {
			m.t.Errorf("item %s: %s:%s", id, f, story(list))
		}
		restarts += restart
	}
	m.t.Logf("%d records, %d conversations with messages, %d items of which %d lost their agent by a restart", len(records), len(messages), len(items), restarts)
}

// order64 is the place of a dispatcher's entry.
func order64(e journey.Event) int {
	n, err := strconv.Atoi(strings.TrimPrefix(e.Key, "acd/"))
	if err != nil {
		return 0
	}
	return n
}

// checkVisitors wants each message of a visitor once, those acknowledged where they were said to be, and in the order of writing.
func (m *mixed) checkVisitors(messages map[string][]journey.Event) {
	m.t.Helper()
	acked, unacked := 0, 0
	for _, v := range m.visitors {
		for _, k := range v.talks {
			places := placesOf(m.t, k.id, messages[k.id], "customer")
			before := uint64(0)
			for _, s := range k.said {
				at, there := places[s.id]
				if s.seq == 0 {
					if unacked++; k.done && there { // it may be there: only its acknowledgement was lost
						continue
					}
					continue
				}
				acked++
				if !there || at != s.seq {
					m.t.Errorf("conversation %s: message %s was acknowledged as %d, is at %d", k.id, s.id, s.seq, at)
				}
				if !s.again && at < before {
					m.t.Errorf("conversation %s: message %s stands at %d, what was written before it at %d", k.id, s.id, at, before)
				}
				if !s.again {
					before = at
				}
			}
		}
	}
	m.t.Logf("%d messages of visitors acknowledged and found, %d not acknowledged", acked, unacked)
}

// placesOf gives where each message of a kind of sender stands; one that stands twice fails the test.
func placesOf(t *testing.T, id string, list []journey.Event, sender string) map[string]uint64 {
	t.Helper()
	places, last := map[string]uint64{}, uint64(0)
	for _, e := range list {
		seq, err := strconv.ParseUint(e.Data["seq"], 10, 64)
		if err != nil || seq != last+1 {
			t.Errorf("conversation %s: message %q after %d", id, e.Data["seq"], last)
		}
		last = seq
		if e.Data["sender"] != sender {
			continue
		}
		key := e.Data["sender-id"]
		if places[key] != 0 {
			t.Errorf("conversation %s: message %s stands at %d and %d", id, key, places[key], seq)
		}
		places[key] = seq
	}
	return places
}

// checkAgents wants each acknowledged message of an agent once.
func (m *mixed) checkAgents(messages map[string][]journey.Event) {
	m.t.Helper()
	n := 0
	for _, c := range m.clerks {
		for id, conversation := range c.acked {
			n++
			if placesOf(m.t, conversation, messages[conversation], "agent")[id] == 0 {
				m.t.Errorf("conversation %s: %s's message %s was acknowledged and is not there", conversation, c.name, id)
			}
		}
	}
	m.t.Logf("%d messages of agents acknowledged and found", n)
}

// checkTexts wants no text twice, and the last one, which no kill came after, there.
func (m *mixed) checkTexts(messages map[string][]journey.Event) {
	m.t.Helper()
	found := map[string]int{}
	for _, list := range messages {
		for _, e := range list {
			if e.Kind == journey.MessageIn && e.Channel == journey.SMS {
				found[e.Data[journey.DataText]]++
			}
		}
	}
	for text, n := range found {
		if n != 1 {
			m.t.Errorf("%q came %d times", text, n)
		}
	}
	m.t.Logf("%d texts taken by the message centre, %d found", len(m.texts.took), len(found))
	for _, text := range m.texts.took[max(0, len(m.texts.took)-1):] {
		if found[text] != 1 {
			m.t.Errorf("%q, which no kill came after, is there %d times", text, found[text])
		}
	}
}

// ends are the states of an item that has ended.
var ends = []string{"done", "abandoned", "short", "timed-out", "cancelled", "failed", "refused", "expired"}

// holding are the states in which an item is somebody's.
var holding = []string{"offered", "connecting", "active", "parked", "waking", "wrap-up"}

// readItem follows an item: one owner at a time, a rising epoch for each, one end. restart is 1 where a restart took it from its agent.
func readItem(list []journey.Event) (restart int, faults []string) {
	owner, epoch, ended := "", uint64(0), 0
	used := map[uint64]string{}
	for _, e := range list {
		state, agent := e.Data["state"], e.Data["agent"]
		if ended > 0 {
			faults = append(faults, string(e.Kind)+" after its end")
		}
		if e.Epoch < epoch {
			faults = append(faults, fmt.Sprintf("epoch %d after %d", e.Epoch, epoch))
		}
		epoch = e.Epoch
		if e.Data["reason"] == "restart" && owner != "" {
			restart = 1
		}
		switch {
		case slices.Contains(ends, state):
			ended, owner = ended+1, ""
		case !slices.Contains(holding, state):
			owner = ""
		case agent != "":
			if owner != "" && owner != agent {
				faults = append(faults, agent+" gets it while "+owner+" has it")
			}
			if who := used[epoch]; who != "" && who != agent {
				faults = append(faults, fmt.Sprintf("%s and %s both have epoch %d", who, agent, epoch))
			}
			owner, used[epoch] = agent, agent
		}
	}
	if ended != 1 {
		faults = append(faults, fmt.Sprintf("%d ends", ended))
	}
	return restart, faults
}

// TestReadItem shows what the reader of items finds wrong.
func TestReadItem(t *testing.T) {
	step := func(epoch uint64, state, agent string) journey.Event {
		return journey.Event{Epoch: epoch, Data: map[string]string{"state": state, "agent": agent}}
	}
	queued, first, active, end := step(0, "queued", ""), step(1, "offered", "a"), step(1, "active", "a"), step(1, "done", "")
	for _, c := range []struct {
		name string
		list []journey.Event
		want int
	}{
		{"well", []journey.Event{queued, first, active, end}, 0},
		{"again", []journey.Event{queued, first, active, step(1, "queued", ""), step(2, "offered", "b"), step(2, "active", "b"), step(2, "done", "")}, 0},
		{"two owners", []journey.Event{queued, first, active, step(2, "offered", "b"), step(2, "done", "")}, 1},
		{"one epoch twice", []journey.Event{queued, first, queued, step(1, "offered", "b"), end}, 2},
		{"epoch falls", []journey.Event{queued, step(2, "offered", "a"), active, end}, 1},
		{"no end", []journey.Event{queued, first, active}, 1},
		{"two ends", []journey.Event{queued, first, active, end, end}, 2},
	} {
		if _, faults := readItem(c.list); len(faults) != c.want {
			t.Errorf("%s: got %q, want %d faults", c.name, faults, c.want)
		}
	}
}

// story is an item's way in a line.
func story(list []journey.Event) string {
	var b strings.Builder
	for _, e := range list {
		b.WriteString(" " + string(e.Kind) + "[" + strconv.FormatUint(e.Epoch, 10))
		for _, k := range slices.Sorted(maps.Keys(e.Data)) {
			if k != "queue" {
				b.WriteString(" " + e.Data[k])
			}
		}
		b.WriteString("]")
	}
	return b.String()
}
