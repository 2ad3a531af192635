package digital_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tandem/digital"
	"tandem/digital/digitaltest"
	"tandem/store/journey"
)

// world drives conversations at random: messages are repeated, reordered between connections and lost, the journal fails in each
// way, the process is killed, readers come and go. What was acknowledged must be in the record, once, in a gapless sequence.
type world struct {
	*rig
	rng   *rand.Rand
	mu    sync.Mutex                   // guards acked and ids: receipts come from the owners' goroutines
	acked map[string]map[string]uint64 // by conversation: id → sequence that was acknowledged
	tried int
	ids   []string
	read  *reader
}

var seeds = flag.Uint64("seeds", 150, "random runs")

// TestRandom runs seeds. A failure prints its seed.
func TestRandom(t *testing.T) {
	for seed := range *seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			virtually(t, func(r *rig) { r.cfg.Kept, r.cfg.Mailbox = 5, 16; toQueue(r) }, func(r *rig) {
				w := &world{rig: r, rng: rand.New(rand.NewPCG(seed, 1)), acked: map[string]map[string]uint64{}}
				w.read = r.reader(6)
				for range 120 {
					w.step()
				}
				w.settle()
				w.check()
			})
		})
	}
}

func (w *world) step() {
	switch n := w.rng.IntN(100); {
	case n < 6 || len(w.ids) == 0:
		w.open()
	case n < 50:
		w.write()
	case n < 55:
		w.repeat()
	case n < 60:
		w.house.Lose(1 + w.rng.IntN(2))
	case n < 65:
		w.house.Hide(1)
	case n < 68:
		w.house.Refuse(1)
	case n < 72:
		w.house.Hold()
	case n < 80:
		w.house.Release()
	case n < 83:
		w.kill()
	case n < 88:
		w.connect()
	case n < 91:
		_ = w.hub.Post(w.any(), digital.CustomerPresent{On: w.rng.IntN(2) == 0})
	case n < 94:
		w.follow()
		synctest.Wait()
		w.read.take()
	default:
		time.Sleep(time.Duration(w.rng.IntN(3000)) * time.Millisecond) // virtual
	}
	synctest.Wait()
}

func (w *world) any() string { return w.ids[w.rng.IntN(len(w.ids))] }

func (w *world) open() {
	err := w.hub.Open(digital.Opening{Channel: journey.Chat}, func(o digital.Opened) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if o.Err == nil {
			w.ids = append(w.ids, o.Conversation)
			w.acked[o.Conversation] = map[string]uint64{}
		}
	})
	if err != nil && !errors.Is(err, digital.ErrBusy) {
		w.Error(err)
	}
}

// send writes a message and keeps what was acknowledged. Two receipts of one message must name one sequence.
func (w *world) send(conversation, id string) {
	_ = w.hub.Receive(digital.Inbound{Conversation: conversation, External: id, Text: "text of " + id}, func(r digital.Receipt) {
		w.mu.Lock()
		defer w.mu.Unlock()
		if r.Err != nil {
			return
		}
		if old, ok := w.acked[conversation][id]; ok && old != r.Seq {
			w.Errorf("%s was acknowledged as %d and as %d", id, old, r.Seq)
		}
		w.acked[conversation][id] = r.Seq
	})
}

// write sends a few messages at once, each perhaps more than once.
func (w *world) write() {
	c := w.any()
	for range 1 + w.rng.IntN(4) {
		w.tried++
		for range 1 + w.rng.IntN(2) {
			w.send(c, fmt.Sprint("m", w.tried))
		}
	}
}

// repeat sends an old message again, as a page does whose connection was lost before its ack.
func (w *world) repeat() {
	w.send(w.any(), fmt.Sprint("m", 1+w.rng.IntN(max(1, w.tried))))
}

// connect gives a waiting item to an agent who writes.
func (w *world) connect() {
	for _, m := range w.house.Commands() {
		item, ok := m.(digital.WorkItem)
		if !ok || w.rng.IntN(2) == 0 {
			continue
		}
		_ = w.hub.Post(item.Conversation, digital.ConnectOffer{Item: item.ID, Epoch: 1, Agent: "anna"})
		w.tried++
		_ = w.hub.Send(digital.AgentMessage{Conversation: item.Conversation, Item: item.ID, Epoch: 1, Agent: "anna", ID: fmt.Sprint("a", w.tried), Text: "hm"}, func(digital.Receipt) {})
	}
}

// kill forgets the hub as it is; the house keeps what was durable. What the journal had not answered never comes.
func (w *world) kill() {
	w.house.Release()
	synctest.Wait()
	w.house.Mute(false)
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = w.hub.Close(ctx)
	w.restart()
	w.read = w.reader(6)
}

// follow lets the reader follow what it does not follow yet, as far as conversations take it.
func (w *world) follow() {
	for _, id := range w.ids {
		if !w.read.following[id] {
			w.read.following[id] = w.read.feed.Follow(id, 0) == nil
		}
	}
}

// settle ends all faults and lets everything come to rest.
func (w *world) settle() {
	w.house.Lose(0)
	w.house.Hide(0)
	w.house.Refuse(0)
	w.house.Release()
	for range 40 {
		time.Sleep(200 * time.Millisecond) // virtual
		synctest.Wait()
		w.follow()
		synctest.Wait()
		w.read.take()
		synctest.Wait()
	}
}

// check compares the record with what was acknowledged and with what the reader has.
func (w *world) check() {
	texts := map[string][]string{}
	for _, e := range w.house.Events() {
		if e.Kind != journey.MessageIn && e.Kind != journey.MessageOut {
			continue
		}
		c := e.Interaction
		if want := fmt.Sprint(len(texts[c]) + 1); e.Data["seq"] != want {
			w.Errorf("%s: sequence %s stands where %s belongs", c, e.Data["seq"], want)
		}
		texts[c] = append(texts[c], e.Data[journey.DataText])
	}
	for c, acked := range w.acked {
		for id, seq := range acked {
			if int(seq) > len(texts[c]) || texts[c][seq-1] != "text of "+id {
				w.Errorf("%s: %s was acknowledged as %d and is not there", c, id, seq)
			}
		}
		if got := strings.Join(w.read.got[c], "|"); got != strings.Join(texts[c], "|") {
			w.Errorf("%s: the reader has\n%s\nthe record\n%s", c, got, strings.Join(texts[c], "|"))
		}
	}
}

var _ digital.Journal = (*digitaltest.House)(nil)
