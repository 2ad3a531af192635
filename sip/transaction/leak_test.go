package transaction_test

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip"
	"tandem/sip/siptest"
	"tandem/sip/transaction"
)

// TestNothingLeaks runs calls both ways over a network that loses, doubles and reorders, and wants all tables empty and no
// goroutine more than before.
func TestNothingLeaks(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			run(t, transaction.Config{}, func(r *rig) {
				n := siptest.Link{Delay: 5 * time.Millisecond, Jitter: 30 * time.Millisecond, Loss: 0.2, Duplicate: 0.1}
				r.net.SetLink(n)
				r.h.serve = func(tx *transaction.ServerTx) {
					switch id := len(tx.Request().CallID().Value()); {
					case tx.Request().Method == sip.ACK:
					case id%3 == 0:
						tx.Respond(tx.Response(180, ""))
						tx.Respond(tx.Response(486, ""))
					case id%3 == 1:
						tx.Respond(tx.Response(200, ""))
					}
				}
				before := runtime.NumGoroutine()
				for i := range 300 {
					id := fmt.Sprintf("%0*d", 3+i%5, i)
					for _, m := range []string{"INVITE", "CANCEL", "BYE", "INFO"} {
						r.alice.Send(tandemAddr, r.alice.Request(m, siptest.Call{CallID: id, Branch: id + m[:1], CSeq: i + 1}))
					}
					m := sip.INVITE
					if i%2 == 0 {
						m = sip.OPTIONS
					}
					tx, s := r.send(m, "out-"+id)
					switch i % 4 {
					case 1:
						tx.Cancel()
					case 3:
						tx.Release()
						_ = s
					}
				}
				time.Sleep(50 * time.Millisecond)
				synctest.Wait()
				if now := runtime.NumGoroutine(); now > before+20 {
					t.Errorf("%d goroutines for %+v, %d before", now, r.layer.Counts(), before)
				}
				if c := r.layer.Counts(); c.Server == 0 || c.Client == 0 {
					t.Errorf("nothing happened: %+v", c)
				}
				time.Sleep(40 * time.Second)
				r.alice.Drain()
				r.bob.Drain()
			})
		})
	}
}
