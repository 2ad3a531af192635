package digital_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"tandem/digital"
	"tandem/digital/digitaltest"
	"tandem/store/journey"
)

// act performs an agent's operation and gives its answer.
func (r *rig) act(op digital.AgentOp) error {
	r.Helper()
	got := make(chan error, 1)
	if err := r.hub.Act(op, func(err error) { got <- err }); err != nil {
		r.Fatal(err)
	}
	err := <-got
	synctest.Wait()
	return err
}

// TestTransfer: an agent hands on; the customer waits on and learns it; the next agent reads and writes, the old one does not.
func TestTransfer(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		id := r.open()
		m := r.connect(id)
		op := digital.AgentOp{Do: digital.AgentTransfer, Conversation: id, Item: m.Item, Epoch: 1, Agent: "anna", To: "somewhere"}
		if err := r.act(op); !errors.Is(err, digital.ErrInvalid) {
			r.Fatalf("to nowhere: %v", err)
		}
		op.To, op.Reason = "queue:billing", "invoice"
		if err := r.act(op); err != nil {
			r.Fatal(err)
		}
		cmds := r.house.Commands()
		if got, want := cmds[len(cmds)-1], (digitaltest.Moved{Item: m.Item, To: "queue:billing", Reason: "invoice", Epoch: 1}); got != want {
			r.Fatalf("dispatcher heard %+v", got)
		}
		r.post(id, digital.Requeued{Item: m.Item, Epoch: 2, Why: "transfer"})
		r.inState(id, "waiting")
		r.writes(id, "c1", "still me")
		r.post(id, digital.OfferAgent{Item: m.Item, Offer: "o", Epoch: 3, Agent: "bob"})
		r.post(id, digital.WithdrawOffer{Offer: "o"})
		r.post(id, digital.ConnectOffer{Item: m.Item, Epoch: 4, Agent: "bob", Name: "Bob"})
		if got := r.transcript(id); !strings.HasSuffix(got, "system: "+r.cfg.Notices.Requeued+"\n4 customer: still me\n5 system: You are now talking to Bob.") {
			r.Fatalf("got\n%s", got)
		}
		m.ID, m.Text = "a1", "late"
		if got := r.agentSends(m); !errors.Is(got.Err, digital.ErrFenced) {
			r.Fatalf("the old agent writes: %+v", got)
		}
		r.post(id, digital.ItemOver{Item: m.Item, Outcome: "cancelled"})
		r.inState(id, "closed")
	})
}

// asking is a dispatcher that asks who has a conversation the moment it hears that its agent may begin.
type asking struct {
	digital.Queues
	ask func()
}

func (a asking) MediaUp(item string, epoch uint64) error {
	a.ask()
	return a.Queues.MediaUp(item, epoch)
}

// TestViewBeforeWord: whoever is told that an agent has a conversation finds him there, so that he can write at once.
func TestViewBeforeWord(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		parts, asked := r.house.Parts(r.sms), []string{}
		conversation := ""
		parts.Queues = asking{parts.Queues, func() {
			v, _ := r.hub.View(conversation)
			asked = append(asked, v.State+" "+v.Agent)
		}}
		r.stop()
		hub, err := digital.New(r.cfg, parts)
		if err != nil {
			r.Fatal(err)
		}
		r.hub = hub
		conversation = r.open()
		r.connect(conversation)
		if want := []string{"agent anna"}; !slices.Equal(asked, want) {
			r.Fatalf("at the word to begin the view was %q, want %q", asked, want)
		}
	})
}

// TestCall: agent and customer may ask for a voice; the conversation stays as it is.
func TestCall(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		id := r.open()
		m := r.connect(id)
		if err := r.act(digital.AgentOp{Do: digital.AgentCall, Conversation: id, Item: m.Item, Epoch: 1, Agent: "anna"}); err != nil {
			r.Fatal(err)
		}
		r.post(id, digital.CustomerCalls{})
		w := r.house.Wishes()
		if len(w) != 2 {
			r.Fatalf("wishes %+v", w)
		}
		first, second := w[0].(digital.CallWanted), w[1].(digital.CallWanted)
		if first.By != "agent:anna" || second.By != "customer" || first.Item != m.Item || second.Agent != "anna" || first.Epoch != 1 {
			r.Fatalf("wishes %+v", w)
		}
		r.inState(id, "agent")
		r.house.Busy(true)
		if err := r.act(digital.AgentOp{Do: digital.AgentCall, Conversation: id, Item: m.Item, Epoch: 1, Agent: "anna"}); err == nil {
			r.Fatal("a call that is not possible was promised")
		}
	})
}

// TestHouseSpeaks: what the house says is said once, and an admin may end a conversation.
func TestHouseSpeaks(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		id := r.open()
		for range 2 {
			r.post(id, digital.Tell{ID: "t1", Text: "We close in ten minutes."})
		}
		r.post(id, digital.EndConversation{By: "system", Why: "admin"})
		r.said(id, "1 bot: "+r.cfg.Notices.Waiting, "2 system: We close in ten minutes.")
		if got, want := r.house.Commands()[1], (digitaltest.Left{Item: r.lastItem().ID}); got != want {
			r.Fatalf("dispatcher heard %+v, want %+v", got, want)
		}
		r.post(id, digital.OfferAgent{Item: r.lastItem().ID, Offer: "o", Epoch: 1, Agent: "anna"})
		r.post(id, digital.ConnectOffer{Item: r.lastItem().ID, Epoch: 1, Agent: "anna"})
		cmds := r.house.Commands()
		if got := cmds[len(cmds)-2]; got.(digitaltest.Declined).Reason != "gone" {
			r.Fatalf("an offer after the end: %+v", got)
		}
		if got, want := cmds[len(cmds)-1], (digitaltest.Over{Item: r.lastItem().ID, By: "customer"}); got != want {
			r.Fatalf("a connection after the end: %+v, want %+v", got, want)
		}
	})
}

// TestOthersThread: an agent does not write into a thread that another one has.
func TestOthersThread(t *testing.T) {
	virtually(t, toQueue, func(r *rig) {
		id := r.texts("p1", "hello").Conversation
		r.connect(id)
		var got digital.Receipt
		o := digital.Outreach{Channel: journey.SMS, To: theirs, From: "+49221900", Agent: "bob", ID: "b1", Text: "mine"}
		if err := r.hub.Start(o, func(x digital.Receipt) { got = x }); err != nil {
			r.Fatal(err)
		}
		synctest.Wait()
		if !errors.Is(got.Err, digital.ErrFenced) {
			r.Fatalf("got %+v, want fenced", got)
		}
	})
}

// TestClose: what is being written when the hub closes is still answered; what comes afterwards is refused.
func TestClose(t *testing.T) {
	virtually(t, nil, func(r *rig) {
		id := r.open()
		r.house.Hold()
		got := make(chan digital.Receipt, 1)
		if err := r.hub.Receive(digital.Inbound{Conversation: id, External: "c1", Text: "one"}, func(x digital.Receipt) { got <- x }); err != nil {
			r.Fatal(err)
		}
		synctest.Wait()
		closed := make(chan error, 1)
		go func() { closed <- r.hub.Close(context.Background()) }()
		synctest.Wait()
		if len(closed) != 0 {
			r.Fatal("closed while a message was being written")
		}
		r.house.Release()
		if x := <-got; x.Err != nil || x.Seq != 1 {
			r.Fatalf("receipt %+v", x)
		}
		if err := <-closed; err != nil {
			r.Fatal(err)
		}
		if err := r.hub.Receive(digital.Inbound{Conversation: id, External: "c2", Text: "two"}, func(digital.Receipt) {}); !errors.Is(err, digital.ErrStopped) {
			r.Fatalf("after the end: %v", err)
		}
	})
}
