package sms_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"tandem/digital"
	"tandem/digital/sms"
	"tandem/store/journey"
)

// post is a carrier that notes what it is given; its ids are always the same.
type post struct {
	again bool
	fails error
	up    chan sms.Upward

	mu    sync.Mutex // guards texts
	texts []sms.Text
}

func (p *post) Run(ctx context.Context, up sms.Upward) error {
	if p.fails != nil {
		return p.fails
	}
	p.up <- up
	<-ctx.Done()
	return nil
}

func (p *post) Submit(t sms.Text, done func(digital.Result)) error {
	p.mu.Lock()
	p.texts = append(p.texts, t)
	p.mu.Unlock()
	done(digital.Result{State: digital.Sent, External: "1"})
	return nil
}

func (p *post) Idempotent(string) bool { return p.again }

// above notes what comes from carriers.
type above struct {
	arrived []sms.Arrival
	fared   []digital.Report
}

func (a *above) Arrived(m sms.Arrival, done func(error)) { a.arrived = append(a.arrived, m); done(nil) }
func (a *above) Fared(r digital.Report)                  { a.fared = append(a.fared, r) }

// TestSeveral: each sender's texts go by its own carrier, and ids that two providers have in common are not mistaken for each other.
func TestSeveral(t *testing.T) {
	de, uk := &post{up: make(chan sms.Upward, 1)}, &post{up: make(chan sms.Upward, 1), again: true}
	s := sms.NewSeveral()
	s.Add("de", "+4930100", de)
	s.Add("uk", "+44207100", uk)
	ctx, cancel := context.WithCancel(t.Context())
	up, ended := &above{}, make(chan error)
	go func() { ended <- s.Run(ctx, up) }()
	for from, want := range map[string]string{"+4930100": "de/1", "+44207100": "uk/1"} {
		if err := s.Submit(sms.Text{From: from, Text: from}, func(r digital.Result) {
			if r.External != want {
				t.Errorf("from %s: %+v, want id %s", from, r, want)
			}
		}); err != nil {
			t.Error(err)
		}
	}
	if len(de.texts) != 1 || de.texts[0].Text != "+4930100" || len(uk.texts) != 1 {
		t.Errorf("the carriers have %+v and %+v", de.texts, uk.texts)
	}
	if err := s.Submit(sms.Text{From: "+33"}, nil); err == nil {
		t.Error("a sender of nobody's was taken")
	}
	if s.Idempotent("+4930100") || !s.Idempotent("+44207100") || s.Idempotent("+33") {
		t.Error("the accounts are mixed up")
	}
	for _, u := range []sms.Upward{<-de.up, <-uk.up} {
		u.Arrived(sms.Arrival{External: "7"}, func(error) {})
		u.Fared(digital.Report{Channel: journey.SMS, External: "1"})
	}
	if up.arrived[0].External != "de/7" || up.arrived[1].External != "uk/7" || up.fared[0].External != "de/1" || up.fared[1].External != "uk/1" {
		t.Errorf("handed up: %+v %+v", up.arrived, up.fared)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// TestSeveralEnd: when one carrier cannot go on, all end, and why is told.
func TestSeveralEnd(t *testing.T) {
	why := errors.New("out of luck")
	s := sms.NewSeveral()
	s.Add("de", "+4930100", &post{up: make(chan sms.Upward, 1)})
	s.Add("uk", "+44207100", &post{fails: why})
	if err := s.Run(t.Context(), &above{}); !errors.Is(err, why) {
		t.Errorf("got %v, want %v", err, why)
	}
}

// TestSenderOfTheCountry: a customer sees the number of his country, where we have one there.
func TestSenderOfTheCountry(t *testing.T) {
	a, err := sms.New(sms.Config{Senders: []string{"+4930100100", "+442071000000", "INFO"}, Country: "DE"}, sms.Deps{Log: discard, Carrier: &post{}, OptOuts: &sms.MemoryOptOuts{}})
	if err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]string{"+491701234567": "+4930100100", "01701234567": "+4930100100", "+447700900123": "+442071000000"} {
		if got := a.Sender(to); got != want {
			t.Errorf("to %s from %s, want %s", to, got, want)
		}
	}
	if got := a.Sender("+33612345678"); got == "" || got != a.Sender("+33 6 12 34 56 78") {
		t.Errorf("to another country from %q", got)
	}
}
