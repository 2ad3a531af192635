package digital_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"tandem/digital"
)

// reader is a desk that follows: it keeps what it has got, and resumes when it was too slow.
type reader struct {
	*rig
	feed    *digital.Feed
	got     map[string][]string
	last    map[string]uint64
	lagged  int
	missing int

	following map[string]bool
}

func (r *rig) reader(most int) *reader {
	return &reader{rig: r, feed: r.hub.NewFeed(most), got: map[string][]string{}, last: map[string]uint64{}, following: map[string]bool{}}
}

// take reads what has come; a gap or a repeat fails the test.
func (x *reader) take() {
	x.Helper()
	for _, u := range x.feed.Take() {
		switch u.Kind {
		case digital.NewMessage:
			x.add(*u.Message)
		case digital.Caught:
			for _, m := range u.Messages {
				x.add(m)
			}
			if u.More {
				x.follow(u.Conversation)
			}
		case digital.Lagging:
			x.lagged++
			x.follow(u.Conversation)
		case digital.Missing:
			x.missing++
		}
	}
}

func (x *reader) follow(conversation string) {
	if err := x.feed.Follow(conversation, x.last[conversation]); err != nil {
		x.Error(err)
	}
	synctest.Wait()
}

func (x *reader) add(m digital.Message) {
	x.Helper()
	if m.Seq != x.last[m.Conversation]+1 {
		x.Errorf("message %d after %d", m.Seq, x.last[m.Conversation])
	}
	x.last[m.Conversation] = m.Seq
	x.got[m.Conversation] = append(x.got[m.Conversation], m.Text)
}

// TestSlowReader: who is too slow is told, resumes by sequence, and has everything once.
func TestSlowReader(t *testing.T) {
	virtually(t, func(r *rig) { r.cfg.Kept = 8 }, func(r *rig) {
		id := r.open()
		x := r.reader(4)
		x.follow(id)
		var want []string
		for i := range 500 {
			text := fmt.Sprint("line ", i)
			r.writes(id, fmt.Sprint("c", i), text)
			if want = append(want, text); i%37 == 0 {
				x.take()
			}
		}
		for range 20 {
			synctest.Wait()
			x.take()
		}
		if strings.Join(x.got[id], "|") != strings.Join(want, "|") || x.lagged == 0 {
			r.Fatalf("got %d of %d messages, lagged %d times", len(x.got[id]), len(want), x.lagged)
		}
		x.feed.Close()
		r.writes(id, "after", "after")
		if list := x.feed.Take(); len(list) != 0 {
			r.Fatalf("a closed feed has %v", list)
		}
	})
}

// TestFollow: the newest only, an unknown one, and no more after Unfollow.
func TestFollow(t *testing.T) {
	virtually(t, nil, func(r *rig) {
		id := r.open()
		for i := range 60 {
			r.writes(id, fmt.Sprint("c", i), fmt.Sprint(i))
		}
		x := r.reader(0)
		if err := x.feed.Follow(id, digital.Latest); err != nil {
			r.Fatal(err)
		}
		synctest.Wait()
		list := x.feed.Take()
		if len(list) != 1 || list[0].Kind != digital.Caught || len(list[0].Messages) != 50 || list[0].Messages[49].Seq != 60 || list[0].View.Last != 60 {
			r.Fatalf("got %+v", list)
		}
		x.follow("v_unknown")
		if x.take(); x.missing != 1 {
			r.Fatal("an unknown conversation must be missing")
		}
		x.feed.Unfollow(id)
		synctest.Wait()
		r.writes(id, "after", "after")
		if list := x.feed.Take(); len(list) != 0 {
			r.Fatalf("after unfollow: %+v", list)
		}
	})
}

// TestReadMarks: how far customer and agent have read is told, written once, and never goes back.
func TestReadMarks(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		id := r.open()
		m := r.connect(id)
		for i := range 3 {
			m.ID, m.Text = fmt.Sprint("a", i), "x"
			r.agentSends(m)
		}
		last := r.view(id).Last
		r.post(id, digital.CustomerGot{Seq: last})
		r.post(id, digital.CustomerRead{Seq: last - 1})
		r.post(id, digital.CustomerRead{Seq: 1})
		r.post(id, digital.CustomerRead{Seq: 1 << 60})
		r.post(id, digital.CustomerGot{Seq: 1})
		if v := r.view(id); v.ReadBy != last || v.Got != last {
			r.Fatalf("view %+v, want %d", v, last)
		}
		if got := r.deliveries()[last]; got != digital.Read {
			r.Fatalf("last is %s", got)
		}
		if err := r.hub.Act(digital.AgentOp{Do: digital.AgentRead, Conversation: id, Item: m.Item, Epoch: 1, Agent: "anna", Seq: 2}, nil); err != nil {
			r.Fatal(err)
		}
		synctest.Wait()
		if v := r.view(id); v.ReadByUs != 2 {
			r.Fatalf("view %+v", v)
		}
	})
}
