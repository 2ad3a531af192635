package main

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"tandem/cmd/tandem/config"
	"tandem/digital"
	"tandem/digital/smpp"
	"tandem/digital/smpp/smsc"
	"tandem/digital/sms"
)

// TestSMPPBinds sends a text and gets its receipt and an answer, over real sockets, by each kind of bind that an account may have.
func TestSMPPBinds(t *testing.T) {
	for _, bind := range []string{string(smpp.Transceiver), config.Separate} {
		t.Run(bind, func(t *testing.T) {
			taken := make(chan smsc.Taken, 1)
			log := slog.New(slog.DiscardHandler)
			centre, err := smsc.New(smsc.Config{Accounts: map[string]string{"us": "hush"}, Receipts: time.Millisecond}, smsc.Deps{
				Log: log, Taken: func(m smsc.Taken) { taken <- m },
			})
			if err != nil {
				t.Fatal(err)
			}
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			account := &config.SMS{Name: "main", Number: "+4930", SMPP: listener.Addr().String(), System: "us", Bind: bind}
			how := account.Binding()
			how.Password = "hush"
			carrier, err := smppCarrier(account, how, smpp.Deps{Log: log})
			if err != nil {
				t.Fatal(err)
			}
			up := upward{make(chan sms.Arrival, 1), make(chan digital.Report, 1)}
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			defer running.Wait()
			defer cancel()
			running.Go(func() { _ = centre.Serve(ctx, listener) })
			running.Go(func() { _ = carrier.Run(ctx, up) })

			result := make(chan digital.Result, 1)
			if err := carrier.Submit(sms.Text{Key: "k", From: "+4930", To: "+491511", Text: "hello"}, func(r digital.Result) { result <- r }); err != nil {
				t.Fatal(err)
			}
			if m := <-taken; string(m.Message.Short) != "hello" || m.System != "us" {
				t.Errorf("the centre got %+v of %s", m.Message, m.System)
			}
			sent := <-result
			if r := <-up.fared; sent.State != digital.Sent || r.External != sent.External || r.State != digital.Delivered {
				t.Errorf("sent %+v, then %+v", sent, r)
			}
			if _, err := centre.Deliver(smsc.MO{From: "+491511", To: "+4930", Text: "hi"}); err != nil {
				t.Fatal(err)
			}
			if a := <-up.arrived; a.Text != "hi" || a.From != "+491511" || a.To != "4930" && a.To != "+4930" {
				t.Errorf("arrived %+v", a)
			}
			want := map[string]int{string(smpp.Transceiver): 1, config.Separate: 2}[bind]
			if got := centre.Bound()["us"]; got != want {
				t.Errorf("bound %d times, want %d", got, want)
			}
		})
	}
}
