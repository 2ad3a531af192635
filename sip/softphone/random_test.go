package softphone

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip"
)

// fleet is a handful of phones, what they were told, and a hand that presses keys without thinking.
type fleet struct {
	t      *testing.T
	r      *rand.Rand
	phones []*Phone
	open   []map[CallID]bool // true once it was answered
	over   []map[CallID]bool
	offers []map[CallID]bool // an Offered waits
}

// TestRandomCalls presses random keys on several phones for a long time: each call ends exactly once, nothing comes after its
// end, no phone is lost, and at the end nothing is left.
func TestRandomCalls(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			bubble(t, Config{MaxCalls: 3}, func(h *hub, s *Set) {
				f := &fleet{t: t, r: rand.New(rand.NewPCG(seed, 1))}
				for i := range 4 {
					f.phones = append(f.phones, h.open(s, fmt.Sprintf("u%d", i)))
					f.open, f.over, f.offers = append(f.open, map[CallID]bool{}), append(f.over, map[CallID]bool{}), append(f.offers, map[CallID]bool{})
				}
				for range 300 {
					f.press()
					if f.r.IntN(3) == 0 {
						time.Sleep(time.Duration(f.r.IntN(2500)) * time.Millisecond)
					}
					f.read()
				}
				f.end()
			})
		})
	}
}

// press does something with a phone, sensible or not.
func (f *fleet) press() {
	i := f.r.IntN(len(f.phones))
	p, id := f.phones[i], f.any(i)
	var err error
	switch f.r.IntN(11) {
	case 0, 1:
		id, err = p.Dial(Dialling{To: f.phones[f.r.IntN(len(f.phones))].User(), SDP: sdpA})
		f.open[i][id] = false
	case 2, 3, 4:
		err = p.Answer(id, sdpB)
		delete(f.offers[i], id)
	case 5:
		err = p.Hangup(id)
	case 6:
		err = p.Ring(id)
	case 7:
		err = p.Renegotiate(id, sdpA)
	case 8:
		err = p.Refuse(id, sip.StatusNotAcceptableHere)
	case 9:
		err = p.Refer(id, "u0") // phones refuse it
	case 10:
		err = p.Reject(id, sip.StatusBusyHere)
	}
	if err != nil {
		f.t.Fatalf("%s: %v", p.User(), err)
	}
}

func (f *fleet) any(i int) CallID {
	n := f.r.IntN(len(f.open[i]) + 1)
	for j := range 10 * 100 { // ids are c1, c2, …: walk them in order, so that a seed repeats
		id := CallID(fmt.Sprint("c", j))
		if _, ok := f.open[i][id]; !ok {
			continue
		}
		if n--; n < 0 {
			return id
		}
	}
	return "c0"
}

// read takes all events and holds them against what was said before.
func (f *fleet) read() {
	synctest.Wait()
	for i, p := range f.phones {
		for more := true; more; {
			select {
			case ev := <-p.Events():
				f.take(i, ev)
			default:
				more = false
			}
		}
	}
}

func (f *fleet) take(i int, ev Event) {
	var id CallID
	switch ev := ev.(type) {
	case Incoming:
		id = ev.Call
		if _, known := f.open[i][id]; known || f.over[i][id] {
			f.t.Fatalf("phone %d: %s comes in twice", i, id)
		}
		f.open[i][id] = false
	case Answered:
		id = ev.Call
		if f.open[i][id] {
			f.t.Fatalf("phone %d: %s answered twice", i, id)
		}
		f.open[i][id] = true
	case Ended:
		if _, known := f.open[i][ev.Call]; !known || f.over[i][ev.Call] {
			f.t.Fatalf("phone %d: %s ended, known %t, over %t", i, ev.Call, known, f.over[i][ev.Call])
		}
		delete(f.open[i], ev.Call)
		f.over[i][ev.Call] = true
		return
	case Progress:
		id = ev.Call
	case Offered:
		id = ev.Call
		if !f.open[i][id] {
			f.t.Fatalf("phone %d: %s offered before it stands", i, id)
		}
	case Renegotiated:
		id = ev.Call
	case Referred:
		id = ev.Call
	case Withdrawn:
		id = ev.Call
	default:
		f.t.Fatalf("phone %d: %T %+v", i, ev, ev)
	}
	if _, known := f.open[i][id]; !known {
		f.t.Fatalf("phone %d: %T for %s, which is over or unknown", i, ev, id)
	}
}

// end hangs everything up.
func (f *fleet) end() {
	for i, p := range f.phones {
		for id := range f.open[i] {
			must(f.t, p.Hangup(id))
		}
	}
	time.Sleep(2 * time.Minute)
	f.read()
	ended := 0
	for i, p := range f.phones {
		if len(f.open[i]) != 0 || len(p.calls) != 0 {
			f.t.Errorf("phone %d: %v are open, %d kept", i, f.open[i], len(p.calls))
		}
		ended += len(f.over[i])
	}
	if ended < 10 {
		f.t.Errorf("only %d calls", ended)
	}
}
