package digitaltest

import (
	"context"
	"testing"

	"tandem/digital"
	"tandem/store/journey"
)

// stage is a hub with one adapter and its provider.
type stage struct {
	Rig
	house *House
	hub   *digital.Hub
}

// inlet lets an adapter be made before its hub.
type inlet struct{ hub func() *digital.Hub }

// Receive implements digital.Inlet.
func (i inlet) Receive(in digital.Inbound, done func(digital.Receipt)) error {
	return i.hub().Receive(in, done)
}

// Report implements digital.Inlet.
func (i inlet) Report(r digital.Report) bool { return i.hub().Report(r) }

func newStage(t *testing.T, rig Make) *stage {
	s := &stage{house: NewHouse()}
	s.Rig = rig(t, inlet{func() *digital.Hub { return s.hub }})
	cfg := digital.Defaults()
	cfg.SendPause, cfg.SendWait = cfg.SendPause/20, cfg.SendWait/20
	var err error
	if s.hub, err = digital.New(cfg, s.house.Parts(s.Adapter)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.hub.Close(context.Background()) })
	return s
}

// incoming gives the texts of the customer's messages in the record.
func incoming(events []journey.Event) (texts []string) {
	for _, e := range events {
		if e.Kind == journey.MessageIn {
			texts = append(texts, e.Data[journey.DataText])
		}
	}
	return texts
}

// wait fails the test if what must come does not.
func (s *stage) wait(t *testing.T, what string, ok func([]journey.Event) bool) {
	t.Helper()
	if !s.house.Wait(func(events []journey.Event, _ []any, _ []digital.Update) bool { return ok(events) }, patience) {
		t.Fatalf("%s did not come; the record holds %d events", what, len(s.house.Events()))
	}
}

// progress waits until a message of ours has come to a state.
func (s *stage) progress(t *testing.T, seq uint64, d digital.Delivery) {
	t.Helper()
	ok := s.house.Wait(func(_ []journey.Event, _ []any, updates []digital.Update) bool {
		for _, u := range updates {
			if u.Kind == digital.Progress && u.Seq == seq && u.Delivery == d {
				return true
			}
		}
		return false
	}, patience)
	if !ok {
		t.Fatalf("message %d is not %s", seq, d)
	}
}

// write lets an agent write to the customer and gives the receipt.
func (s *stage) write(t *testing.T, id, text string) digital.Receipt {
	t.Helper()
	got := make(chan digital.Receipt, 1)
	err := s.hub.Start(digital.Outreach{
		Channel: s.Adapter.Channel(), To: journey.Identity{Type: journey.Tel, Value: s.Theirs}, From: s.Ours, Agent: "anna", ID: id, Text: text,
	}, func(r digital.Receipt) { got <- r })
	if err != nil {
		t.Fatal(err)
	}
	r := <-got
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	return r
}

// deliver hands a customer's message in and fails the test if it is not acknowledged.
func (s *stage) deliver(t *testing.T, id, text string) {
	t.Helper()
	if err := s.Provider.Deliver(id, s.Theirs, s.Ours, text); err != nil {
		t.Fatalf("message %s not acknowledged: %v", id, err)
	}
}
