package transaction_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tandem/sip"
	"tandem/sip/siptest"
	"tandem/sip/transaction"
)

func TestRetransmittedInvite(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.h.serve = func(tx *transaction.ServerTx) {
			if tx.Request().Method == sip.INVITE {
				time.AfterFunc(700*time.Millisecond, func() { tx.Respond(tx.Response(180, "")) })
				time.AfterFunc(2*time.Second, func() { tx.Respond(tx.Response(486, "")) })
			}
		}
		inv := r.alice.Request("INVITE", siptest.Call{})
		r.alice.Send(tandemAddr, inv)
		time.Sleep(100 * time.Millisecond)
		r.alice.Send(tandemAddr, inv) // before anything was sent: absorbed
		time.Sleep(400 * time.Millisecond)
		r.alice.Send(tandemAddr, inv) // answered with the 100
		time.Sleep(time.Second)
		r.alice.Send(tandemAddr, inv) // answered with the 180
		r.alice.Expect("100 Trying")
		r.alice.Expect("100 Trying")
		r.alice.Expect("180")
		r.alice.Expect("180")
		busy := r.alice.Expect("486")
		r.alice.Send(tandemAddr, r.alice.Request("ACK", siptest.Call{ToTag: siptest.TagIn(siptest.Field(busy, "To"))}))
		if got := r.h.methods(); got != "INVITE " {
			t.Errorf("handler saw %q, want one INVITE", got)
		}
		r.golden("invite_retransmitted")
	})
}

func TestLostFinalResponse(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.answer(404)
		lost := 0
		r.net.Hook(func(p siptest.Packet) siptest.Fate {
			drop := p.From.String() == tandemAddr && lost < 3
			if drop {
				lost++
			}
			return siptest.Fate{Drop: drop}
		})
		r.alice.Send(tandemAddr, r.alice.Request("INVITE", siptest.Call{}))
		res := r.alice.Expect("404")
		r.alice.Send(tandemAddr, r.alice.Request("ACK", siptest.Call{ToTag: siptest.TagIn(siptest.Field(res, "To"))}))
		r.alice.Quiet(40 * time.Second)
		r.golden("final_lost")
	})
}

func TestLostACK(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.answer(603)
		r.alice.Send(tandemAddr, r.alice.Request("INVITE", siptest.Call{}))
		time.Sleep(time.Minute)
		r.golden("ack_lost")
	})
}

func TestAnsweredByUserRepeats(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.h.serve = func(tx *transaction.ServerTx) {
			if tx.Request().Method == sip.INVITE {
				res := tx.Response(200, "")
				tx.Respond(res)
				time.AfterFunc(500*time.Millisecond, func() {
					if err := r.layer.WriteResponse(res, tx); err != nil {
						t.Errorf("repeat: %v", err)
					}
					if err := tx.Respond(tx.Response(486, "")); !errors.Is(err, transaction.ErrAnswered) {
						t.Errorf("second final: %v", err)
					}
				})
			}
		}
		r.alice.Send(tandemAddr, r.alice.Request("INVITE", siptest.Call{}))
		ok := r.alice.Expect("200")
		tag := siptest.TagIn(siptest.Field(ok, "To"))
		r.alice.Expect("200")
		r.alice.Send(tandemAddr, r.alice.Request("ACK", siptest.Call{ToTag: tag})) // with the INVITE's branch
		r.alice.Send(tandemAddr, r.alice.Request("ACK", siptest.Call{ToTag: tag, Branch: "own"}))
		time.Sleep(time.Second)
		if got := r.h.methods(); got != "INVITE ACK ACK " {
			t.Errorf("handler saw %q, want both kinds of ACK", got)
		}
		r.golden("answer_repeated")
	})
}

func TestCancel(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.answer(180)
		r.alice.Send(tandemAddr, r.alice.Request("INVITE", siptest.Call{}))
		r.alice.Expect("180")
		r.alice.Send(tandemAddr, r.alice.Request("CANCEL", siptest.Call{}))
		ok := r.alice.Expect("200")
		gone := r.alice.Expect("487")
		if a, b := siptest.Field(ok, "To"), siptest.Field(gone, "To"); a != b {
			t.Errorf("To of 200 %q and of 487 %q differ", a, b)
		}
		r.alice.Send(tandemAddr, r.alice.Request("CANCEL", siptest.Call{})) // retransmitted
		r.alice.Expect("200")
		r.alice.Send(tandemAddr, r.alice.Request("ACK", siptest.Call{ToTag: siptest.TagIn(siptest.Field(gone, "To"))}))
		if err := r.h.first().Respond(r.h.first().Response(200, "")); !errors.Is(err, transaction.ErrAnswered) {
			t.Errorf("200 after CANCEL: %v, want ErrAnswered", err)
		}
		if len(r.h.cancelled()) != 1 || !r.h.cancelled()[0] {
			t.Errorf("cancels told: %v", r.h.cancelled())
		}
		r.golden("cancel")
	})
}

func TestCancelOvertakesInvite(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.alice.Send(tandemAddr, r.alice.Request("CANCEL", siptest.Call{}))
		time.Sleep(50 * time.Millisecond)
		r.alice.Send(tandemAddr, r.alice.Request("INVITE", siptest.Call{}))
		r.alice.Expect("200")
		gone := r.alice.Expect("487")
		r.alice.Send(tandemAddr, r.alice.Request("ACK", siptest.Call{ToTag: siptest.TagIn(siptest.Field(gone, "To"))}))
		if got := r.h.methods(); got != "" {
			t.Errorf("handler saw %q, want nothing", got)
		}
		r.golden("cancel_before_invite")
	})
}

func TestCancelWithoutInvite(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		c := r.alice.Request("CANCEL", siptest.Call{})
		r.alice.Send(tandemAddr, c)
		time.Sleep(500 * time.Millisecond)
		r.alice.Send(tandemAddr, c)
		r.alice.Expect("481")
		r.alice.Send(tandemAddr, c)
		r.alice.Expect("481")
		r.golden("cancel_unmatched")
	})
}

func TestCancelCrossesAnswer(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.answer(200)
		r.alice.Send(tandemAddr, r.alice.Request("INVITE", siptest.Call{}))
		time.Sleep(7 * time.Millisecond)
		r.alice.Send(tandemAddr, r.alice.Request("CANCEL", siptest.Call{}))
		a := r.alice.Expect("200")
		c := r.alice.Expect("200")
		if siptest.Field(c, "CSeq") != "1 CANCEL" || siptest.Field(a, "To") != siptest.Field(c, "To") {
			t.Errorf("answers %q %q with To %q %q", siptest.Field(a, "CSeq"), siptest.Field(c, "CSeq"), siptest.Field(a, "To"), siptest.Field(c, "To"))
		}
		if len(r.h.cancelled()) != 0 {
			t.Error("the handler was told of a CANCEL that has no effect")
		}
		r.golden("cancel_crosses_200")
	})
}

func TestWatchdog(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.alice.Send(tandemAddr, r.alice.Request("OPTIONS", siptest.Call{}))
		r.alice.Expect("500")
		if len(r.h.failures()) != 1 || !errors.Is(r.h.failures()[0], transaction.ErrUnanswered) {
			t.Errorf("errors told: %v", r.h.failures())
		}
		r.alice.Send(tandemAddr, r.alice.Request("INVITE", siptest.Call{Branch: "b2", CSeq: 2}))
		r.alice.Expect("100")
		time.Sleep(150 * time.Second) // a carrier that takes long to ring
		res := r.alice.Expect("500")
		r.alice.Send(tandemAddr, r.alice.Request("ACK", siptest.Call{Branch: "b2", CSeq: 2, ToTag: siptest.TagIn(siptest.Field(res, "To"))}))
		r.golden("watchdog")
	})
}

func TestRingingForever(t *testing.T) {
	run(t, transaction.Config{MaxRing: time.Minute}, func(r *rig) {
		r.answer(180)
		r.alice.Send(tandemAddr, r.alice.Request("INVITE", siptest.Call{}))
		r.alice.Expect("180")
		time.Sleep(time.Minute)
		r.alice.Expect("500")
		if len(r.h.failures()) != 1 {
			t.Errorf("errors told: %v", r.h.failures())
		}
	})
}

func TestRejections(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.answer(180)
		send := func(method string, c siptest.Call, want string) string {
			r.alice.Send(tandemAddr, r.alice.Request(method, c))
			return r.alice.Expect(want)
		}
		send("INVITE", siptest.Call{Branch: "m1", CallID: "merged"}, "180")
		send("INVITE", siptest.Call{Branch: "m2", CallID: "merged"}, "482")
		send("INVITE", siptest.Call{Branch: "e1", CallID: "ext", Extra: []string{"Require: 100rel, magic"}}, "420")
		send("WOBBLE", siptest.Call{Branch: "u1", CallID: "unknown"}, "501")
		r.golden("rejections")
	})
}

// TestTriedAgainByAnotherWay: after a rejection the same request with another branch is a new one: a proxy that goes on to its next
// way, or a client that repeats its CSeq with credentials. After a 2xx it is a loop.
func TestTriedAgainByAnotherWay(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		for _, c := range []struct {
			name, second string
			first        int
		}{{"busy", "486", 486}, {"challenged", "401", 401}, {"answered", "482", 200}} {
			r.answer(c.first)
			first := siptest.Call{CallID: c.name, Branch: c.name + "1"}
			r.alice.Send(tandemAddr, r.alice.Request("INVITE", first))
			res := r.alice.Expect(fmt.Sprint(c.first))
			first.ToTag = siptest.TagIn(siptest.Field(res, "To"))
			r.alice.Send(tandemAddr, r.alice.Request("ACK", first))
			second := siptest.Call{CallID: c.name, Branch: c.name + "2"}
			r.alice.Send(tandemAddr, r.alice.Request("INVITE", second))
			second.ToTag = siptest.TagIn(siptest.Field(r.alice.Expect(c.second), "To"))
			r.alice.Send(tandemAddr, r.alice.Request("ACK", second))
		}
	})
}

// TestRequestRepeated: for every method a request that comes again, early and late, is answered with the same bytes and passed on once.
func TestRequestRepeated(t *testing.T) {
	for _, method := range []string{"INVITE", "BYE", "OPTIONS", "REGISTER", "MESSAGE", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY", "SUBSCRIBE", "PUBLISH"} {
		t.Run(method, func(t *testing.T) {
			run(t, transaction.Config{}, func(r *rig) {
				r.answer(404)
				req := r.alice.Request(method, siptest.Call{})
				r.alice.Send(tandemAddr, req)
				answer := r.alice.Expect("404")
				for range 3 {
					r.alice.Send(tandemAddr, req)
					if again := r.alice.Expect("404"); again != answer {
						t.Fatalf("another answer:\n%s\n%s", again, answer)
					}
				}
				if method == "INVITE" {
					r.alice.Send(tandemAddr, r.alice.Request("ACK", siptest.Call{ToTag: siptest.TagIn(siptest.Field(answer, "To"))}))
				}
				if got := r.h.methods(); got != method+" " {
					t.Errorf("passed on: %q", got)
				}
			})
		})
	}
}

func TestTooManyHops(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		inv := r.alice.Request("INVITE", siptest.Call{Hops: 1})
		r.alice.Send(tandemAddr, replace(inv, "Max-Forwards: 1", "Max-Forwards: 0"))
		r.alice.Expect("483")
		if got := r.h.methods(); got != "" {
			t.Errorf("handler saw %q", got)
		}
		r.golden("too_many_hops")
	})
}

func TestUnsupportedNamesTheOption(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.alice.Send(tandemAddr, r.alice.Request("OPTIONS", siptest.Call{Extra: []string{"Require: magic, timer"}}))
		if got := siptest.Field(r.alice.Expect("420"), "Unsupported"); got != "magic" {
			t.Errorf("Unsupported: %q, want magic", got)
		}
	})
}

func TestFullTable(t *testing.T) {
	run(t, transaction.Config{MaxTransactions: 1}, func(r *rig) {
		r.answer(200)
		r.alice.Send(tandemAddr, r.alice.Request("OPTIONS", siptest.Call{Branch: "f1"}))
		r.alice.Expect("200")
		r.alice.Send(tandemAddr, r.alice.Request("OPTIONS", siptest.Call{Branch: "f2", CSeq: 2}))
		if got := siptest.Field(r.alice.Expect("503"), "Retry-After"); got != "5" {
			t.Errorf("Retry-After %q", got)
		}
	})
}

func TestReportsWhereRequestCameFrom(t *testing.T) {
	run(t, transaction.Config{}, func(r *rig) {
		r.answer(200)
		r.alice.Send(tandemAddr, replace(r.alice.Request("OPTIONS", siptest.Call{}), "UDP 10.0.0.2:5060", "UDP 192.168.1.9:5062"))
		via := siptest.Field(r.alice.Expect("200"), "Via")
		for _, want := range []string{"received=10.0.0.2", "rport=5060"} {
			if !contains(via, want) {
				t.Errorf("Via %q without %s", via, want)
			}
		}
	})
}
