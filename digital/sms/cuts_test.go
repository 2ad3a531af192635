package sms_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"tandem/digital"
	"tandem/digital/digitaltest"
	"tandem/digital/smpp"
	"tandem/digital/smpp/smsc"
	"tandem/digital/sms"
	"tandem/store/journey"
)

// cuts is a hub that writes to many customers through a message centre which ends connections at the worst moments: before it takes a
// message, and when it has taken one and not answered.
type cuts struct {
	t     *testing.T
	house *digitaltest.House
	taken chan smsc.Taken
	ups   int
}

const (
	cutTexts = 2000
	ours     = "+4930100100"
)

// run sends one text to each of 2,000 customers and waits until nothing changes any more.
func (c *cuts) run(config sms.SMPPConfig, faults smsc.Faults) {
	c.house, c.taken = digitaltest.NewHouse(), make(chan smsc.Taken, 2*cutTexts)
	centre, err := smsc.New(smsc.Config{Accounts: map[string]string{"tandem": "secret"}}, smsc.Deps{Log: discard, Taken: func(m smsc.Taken) { c.taken <- m }})
	if err != nil {
		c.t.Fatal(err)
	}
	centre.Misbehave(faults)
	config.Send = smpp.Config{Name: "test", Address: "centre:2775", SystemID: "tandem", Password: "secret", Queue: 2 * cutTexts, BackOff: 100 * time.Millisecond, BackOffMost: time.Second}
	carrier, err := sms.NewSMPP(config, sms.SMPPDeps{Log: discard, Client: smpp.Deps{Dial: func(context.Context, string) (net.Conn, error) {
		c.ups++
		near, far := net.Pipe()
		centre.Attach(far)
		return near, nil
	}}})
	if err != nil {
		c.t.Fatal(err)
	}
	adapter, err := sms.New(sms.Config{Senders: []string{ours}, Waiting: cutTexts}, sms.Deps{Log: discard, Carrier: carrier, OptOuts: &sms.MemoryOptOuts{}})
	if err != nil {
		c.t.Fatal(err)
	}
	hub, err := digital.New(digital.Defaults(), c.house.Parts(adapter))
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(c.t.Context())
	ended := make(chan struct{})
	go func() { centre.Serve(ctx, nil); ended <- struct{}{} }()
	go func() { adapter.Run(ctx, hub); ended <- struct{}{} }()
	for i := range cutTexts {
		to := journey.Identity{Type: journey.Tel, Value: fmt.Sprintf("+49170%07d", i), Strength: journey.Claimed}
		out := digital.Outreach{Channel: journey.SMS, To: to, From: ours, Record: fmt.Sprint("r_", i), ID: "a", Text: fmt.Sprint("text ", i)}
		if err := hub.Start(out, func(r digital.Receipt) {
			if r.Err != nil {
				c.t.Error(r.Err)
			}
		}); err != nil {
			c.t.Fatal(err)
		}
		time.Sleep(time.Millisecond) // virtual, as all time here
	}
	time.Sleep(5 * time.Minute) // virtual: all tries are over
	if err := hub.Close(ctx); err != nil {
		c.t.Error(err)
	}
	cancel()
	<-ended
	<-ended
	if c.ups < 20 {
		c.t.Errorf("connected %d times, want a rough ride", c.ups)
	}
}

// arrivals counts how often each text came, and fates what the records say of them last.
func (c *cuts) arrivals() (came map[string]int) {
	came = map[string]int{}
	for len(c.taken) > 0 {
		came[string((<-c.taken).Message.Short)]++
	}
	return came
}

func (c *cuts) fates() (of map[string]string) {
	of = map[string]string{}
	for _, e := range c.house.Events() {
		if e.Kind == journey.MessageDelivered || e.Kind == journey.MessageFailed {
			of[e.Record] = e.Data[journey.DataState]
		}
	}
	return of
}

// TestCutsExactlyOnce: 2,000 texts, each is there once and known to be delivered, though answers are lost: a centre that drops repeats gets
// them again, at one that does not the receipt comes before.
func TestCutsExactlyOnce(t *testing.T) {
	for name, centre := range map[string]smsc.Faults{
		"the centre drops repeats":      {DropBefore: 131, DropAfter: 137, Throttle: 97, Dedupe: true},
		"the centre's receipts tell it": {DropBefore: 131, DropAfter: 137, Throttle: 97},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &cuts{t: t}
				c.run(sms.SMPPConfig{Again: true, Receipts: true}, centre)
				came, fates := c.arrivals(), c.fates()
				for i := range cutTexts {
					if n, fate := came[fmt.Sprint("text ", i)], fates[fmt.Sprint("r_", i)]; n != 1 || fate != "delivered" {
						t.Errorf("text %d came %d times and is %q", i, n, fate)
					}
				}
			})
		})
	}
}

// TestCutsLeft: what is not answered and not sent again comes at most once. Of each that came its receipt tells, though the answer was
// lost; the others stay uncertain.
func TestCutsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cuts{t: t}
		c.run(sms.SMPPConfig{Receipts: true}, smsc.Faults{DropBefore: 131, DropAfter: 137})
		came, fates := c.arrivals(), c.fates()
		uncertain := 0
		for i := range cutTexts {
			n, fate := came[fmt.Sprint("text ", i)], fates[fmt.Sprint("r_", i)]
			if fate == "uncertain" {
				uncertain++
			}
			if n == 1 && fate != "delivered" || n == 0 && fate != "uncertain" || n > 1 {
				t.Errorf("text %d came %d times and is %q", i, n, fate)
			}
		}
		if uncertain == 0 || uncertain > cutTexts/5 {
			t.Errorf("%d are uncertain: not the ride it should be", uncertain)
		}
	})
}
