package digitaltest_test

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"tandem/digital"
	"tandem/digital/digitaltest"
	"tandem/store/journey"
)

// plain is the smallest adapter that passes: its provider is a function call away.
type plain struct {
	inlet      digital.Inlet
	idempotent bool

	mu    sync.Mutex
	fault digitaltest.Fault
	took  []digitaltest.Took
	keys  map[string]bool
}

func (p *plain) Channel() journey.Channel { return journey.SMS }
func (p *plain) Idempotent(string) bool   { return p.idempotent }

func (p *plain) Send(o digital.Outgoing, done func(digital.Result)) error {
	p.mu.Lock()
	fault := p.fault
	p.fault = digitaltest.Take
	external := "x" + strconv.Itoa(len(p.took)+1)
	if (fault == digitaltest.Take || fault == digitaltest.Silent) && !(p.idempotent && p.keys[o.Key]) {
		p.took = append(p.took, digitaltest.Took{Key: o.Key, To: o.To, Text: o.Text, External: external})
		p.keys[o.Key] = true
	}
	p.mu.Unlock()
	switch fault {
	case digitaltest.NotNow:
		done(digital.Result{State: digital.Failed, Reason: "throttled", Again: 10 * time.Millisecond})
	case digitaltest.NotEver:
		done(digital.Result{State: digital.Failed, Reason: "rejected"})
	case digitaltest.Silent:
	default:
		done(digital.Result{State: digital.Sent, External: external})
	}
	return nil
}

func (p *plain) Next(f digitaltest.Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

func (p *plain) Took() []digitaltest.Took {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]digitaltest.Took(nil), p.took...)
}

func (p *plain) Deliver(id, from, to, text string) error {
	got := make(chan error, 1)
	err := p.inlet.Receive(digital.Inbound{
		Channel: journey.SMS, External: id, From: journey.Identity{Type: journey.Tel, Value: from}, To: to, Text: text,
	}, func(r digital.Receipt) { got <- r.Err })
	if err != nil {
		return err
	}
	return <-got
}

func (p *plain) Tell(external string, d digital.Delivery) error {
	if !p.inlet.Report(digital.Report{Channel: journey.SMS, External: external, State: d, Reason: "told"}) {
		return errors.New("nobody knows it")
	}
	return nil
}

// TestSuite: the suite can be passed, with and without a provider that drops repeats.
func TestSuite(t *testing.T) {
	for _, idempotent := range []bool{false, true} {
		t.Run("idempotent "+strconv.FormatBool(idempotent), func(t *testing.T) {
			digitaltest.Run(t, func(_ *testing.T, inlet digital.Inlet) digitaltest.Rig {
				p := &plain{inlet: inlet, idempotent: idempotent, keys: map[string]bool{}}
				return digitaltest.Rig{Adapter: p, Provider: p, Ours: "+49221900", Theirs: "+4915112345"}
			})
		})
	}
}
