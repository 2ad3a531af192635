package digital_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/digital"
	"tandem/digital/digitaltest"
	"tandem/store/journey"
)

// rig is a hub over a house, in virtual time.
type rig struct {
	*testing.T
	house *digitaltest.House
	hub   *digital.Hub
	cfg   digital.Config
	sms   *provider
}

// provider is an adapter in the hand of a test.
type provider struct {
	channel    journey.Channel
	idempotent bool
	sent       []digital.Outgoing
	treat      func(o digital.Outgoing, done func(digital.Result)) error // nil: taken
}

func (p *provider) Channel() journey.Channel { return p.channel }
func (p *provider) Idempotent(string) bool   { return p.idempotent }
func (p *provider) Send(o digital.Outgoing, done func(digital.Result)) error {
	if p.treat != nil {
		return p.treat(o, done)
	}
	p.sent = append(p.sent, o)
	done(digital.Result{State: digital.Sent, External: "ext-" + o.Key})
	return nil
}

func (p *provider) texts() (list []string) {
	for _, o := range p.sent {
		list = append(list, o.Text)
	}
	return list
}

// virtually runs a test over a fresh hub in a bubble.
func virtually(t *testing.T, change func(*rig), run func(*rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &rig{T: t, house: digitaltest.NewHouse(), cfg: digital.Defaults(), sms: &provider{channel: journey.SMS}}
		if change != nil {
			change(r)
		}
		r.restart()
		defer r.stop()
		run(r)
	})
}

// restart makes a new hub over the same house, as after a crash: the old one is not asked.
func (r *rig) restart() {
	r.Helper()
	hub, err := digital.New(r.cfg, r.house.Parts(r.sms))
	if err != nil {
		r.Fatal(err)
	}
	r.hub = hub
}

// passes lets virtual time go by, and waits until all that it caused is done.
func (r *rig) passes(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (r *rig) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := r.hub.Close(ctx); err != nil {
		r.Error("hub does not close:", err)
	}
	synctest.Wait()
}

// open opens a chat.
func (r *rig) open() string {
	r.Helper()
	var got digital.Opened
	err := r.hub.Open(digital.Opening{Channel: journey.Chat, Identities: []journey.Identity{{Type: journey.Web, Value: "w1"}}, Name: "Eva"}, func(o digital.Opened) { got = o })
	if err != nil {
		r.Fatal(err)
	}
	synctest.Wait()
	if got.Err != nil || got.Conversation == "" {
		r.Fatalf("not opened: %+v", got)
	}
	return got.Conversation
}

// writes lets the customer write and gives the receipt.
func (r *rig) writes(conversation, id, text string) digital.Receipt {
	r.Helper()
	return r.receives(digital.Inbound{Channel: journey.Chat, Conversation: conversation, External: id, Text: text})
}

func (r *rig) texts(id, text string) digital.Receipt {
	r.Helper()
	return r.receives(digital.Inbound{
		Channel: journey.SMS, External: id, From: journey.Identity{Type: journey.Tel, Value: "+4915112345"}, To: "+49221900", Text: text,
	})
}

func (r *rig) receives(in digital.Inbound) digital.Receipt {
	r.Helper()
	got := make(chan digital.Receipt, 4)
	if err := r.hub.Receive(in, func(x digital.Receipt) { got <- x }); err != nil {
		return digital.Receipt{Err: err}
	}
	select {
	case x := <-got:
		synctest.Wait()
		if len(got) > 0 {
			r.Fatal("two receipts for one message")
		}
		return x
	case <-time.After(10 * time.Second): // virtual
		r.Fatal("no receipt")
		return digital.Receipt{}
	}
}

// post gives a command and lets it be performed.
func (r *rig) post(conversation string, m digital.Command) {
	r.Helper()
	if err := r.hub.Post(conversation, m); err != nil {
		r.Fatal(err)
	}
	synctest.Wait()
}

func (r *rig) view(conversation string) digital.View {
	r.Helper()
	v, ok := r.hub.View(conversation)
	if !ok {
		r.Fatalf("%s is not in memory", conversation)
	}
	return v
}

func (r *rig) inState(conversation, want string) {
	r.Helper()
	if got := r.view(conversation).State; got != want {
		r.Fatalf("state %s, want %s", got, want)
	}
}

// agentSends writes as the agent who has the conversation.
func (r *rig) agentSends(m digital.AgentMessage) (got digital.Receipt) {
	r.Helper()
	if err := r.hub.Send(m, func(x digital.Receipt) { got = x }); err != nil {
		r.Fatal(err)
	}
	synctest.Wait()
	return got
}

// connect gives the waiting item to anna and returns her message's fence.
func (r *rig) connect(conversation string) digital.AgentMessage {
	r.Helper()
	item := r.lastItem().ID
	r.post(conversation, digital.OfferAgent{Item: item, Offer: item + "/1", Epoch: 1, Agent: "anna"})
	r.post(conversation, digital.ConnectOffer{Item: item, Offer: item + "/1", Epoch: 1, Agent: "anna", Name: "Anna"})
	r.inState(conversation, "agent")
	return digital.AgentMessage{Conversation: conversation, Item: item, Epoch: 1, Agent: "anna", Name: "Anna"}
}

func (r *rig) lastItem() (w digital.WorkItem) {
	r.Helper()
	found := false
	for _, c := range r.house.Commands() {
		if item, ok := c.(digital.WorkItem); ok {
			w, found = item, true
		}
	}
	if !found {
		r.Fatal("nothing was enqueued")
	}
	return w
}

// transcript gives the lines as "1 customer: text".
func (r *rig) transcript(conversation string) string {
	r.Helper()
	var lines []string
	err := r.hub.Transcript(conversation, 0, 0, func(list []digital.Message, err error) {
		if err != nil {
			r.Error(err)
		}
		for _, m := range list {
			lines = append(lines, fmt.Sprintf("%d %s: %s", m.Seq, m.From, m.Text))
		}
	})
	if err != nil {
		r.Fatal(err)
	}
	synctest.Wait()
	return strings.Join(lines, "\n")
}

func (r *rig) said(conversation string, want ...string) {
	r.Helper()
	if got := r.transcript(conversation); got != strings.Join(want, "\n") {
		r.Fatalf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}

// kinds gives the events of a kind.
func (r *rig) kinds(k journey.Kind) (list []journey.Event) {
	for _, e := range r.house.Events() {
		if e.Kind == k {
			list = append(list, e)
		}
	}
	return list
}

// toQueue routes everybody to a queue.
func toQueue(r *rig) {
	r.house.Route = func(digital.Situation) digital.Route {
		return digital.Route{Script: digital.NewDirect("sales", r.cfg.Notices), Flow: "direct"}
	}
}
