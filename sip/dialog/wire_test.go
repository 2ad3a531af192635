package dialog_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tandem/sip"
	"tandem/sip/dialog"
	"tandem/sip/siptest"
	"tandem/sip/transaction"
	"tandem/sip/transport"
)

const aliceAddr, bobAddr = "10.0.0.2:5060", "10.0.0.3:5060"

// wire is two parties with transactions and dialogs of their own on one network.
type wire struct {
	t          *testing.T
	net        *siptest.Network
	ladder     *siptest.Ladder
	alice, bob *party
}

// onWire plays a scene, waits until every timer is over, and asserts that nothing is left on either side.
func onWire(t *testing.T, seed uint64, play func(w *wire)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := siptest.New(seed)
		w := &wire{t: t, net: n, ladder: siptest.NewLadder(n)}
		w.alice, w.bob = w.party("alice", aliceAddr), w.party("bob", bobAddr)
		w.bob.on = rings
		synctest.Wait()
		play(w)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		for _, p := range []*party{w.alice, w.bob} {
			if c := p.layer.Counts(); c != (transaction.Counts{}) || p.open() != 0 {
				t.Errorf("left: %+v, %d usages", c, p.open())
			}
		}
	})
}

func (w *wire) party(name, addr string) *party {
	w.ladder.Name(addr, name)
	ep, err := transport.New(transport.Config{Name: name}, transport.Sockets{UDP: w.net.ListenPacket(addr)})
	if err != nil {
		w.t.Fatal(err)
	}
	p := &party{t: w.t, local: netip.MustParseAddrPort(addr), calls: map[string]*call{}}
	p.layer = transaction.New(transaction.Config{Endpoint: ep, Handler: p, TagKey: []byte(name)})
	ctx, cancel := context.WithCancel(w.t.Context())
	done := make(chan error, 1)
	go func() { done <- p.layer.Serve(ctx) }()
	w.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Error(err)
		}
	})
	return p
}

// fates sets the delays, 10 ms towards bob and 13 ms back, and what else happens to datagrams that begin so: each text once.
func (w *wire) fates(special map[string]siptest.Fate) {
	to := netip.MustParseAddrPort(bobAddr)
	w.net.Hook(func(p siptest.Packet) siptest.Fate {
		f := siptest.Fate{Delay: 13 * time.Millisecond}
		if p.To == to {
			f.Delay = 10 * time.Millisecond
		}
		for begin, s := range special {
			first, cseq, _ := strings.Cut(begin, "/")
			if strings.HasPrefix(string(p.Data), first) && strings.HasSuffix(siptest.Field(string(p.Data), "CSeq"), cseq) {
				delete(special, begin)
				f.Drop, f.Copies, f.Delay = s.Drop, s.Copies, f.Delay+s.Delay
				break
			}
		}
		return f
	})
}

// rings answers a call with 180 and 200, a second later, and everything else with yes.
func rings(c *call, ev dialog.Event) {
	now := time.Now()
	switch ev.Kind {
	case dialog.RemoteOffer:
		if len(c.events) > 1 {
			c.do(c.u.Answer(now, session))
			return
		}
		c.do(c.u.Progress(now, 180, dialog.Body{}))
		time.AfterFunc(time.Second, func() {
			c.command(func(u *dialog.Usage, now time.Time) []dialog.Effect {
				if u.State() != dialog.StateEarly {
					return nil
				}
				return u.Accept(now, session)
			})
		})
	case dialog.RequestReceived:
		c.do(c.u.Reply(now, ev.Tx, 200, dialog.Body{}))
	}
}

// agrees is a caller that takes every offer.
func agrees(c *call, ev dialog.Event) {
	switch ev.Kind {
	case dialog.RemoteOffer:
		c.do(c.u.Answer(time.Now(), session))
	case dialog.RequestReceived:
		c.do(c.u.Reply(time.Now(), ev.Tx, 200, dialog.Body{}))
	}
}

func (w *wire) call() (a, b *call) {
	a = w.alice.dial("call", netip.MustParseAddrPort(bobAddr), session)
	time.Sleep(2 * time.Second)
	if len(w.bob.all()) == 0 {
		w.t.Fatal("bob was not called")
	}
	return a, w.bob.all()[0]
}

func (w *wire) at(after time.Duration, c *call, f func(u *dialog.Usage, now time.Time) []dialog.Effect) {
	time.AfterFunc(after, func() { c.command(f) })
}

func hangUp(u *dialog.Usage, now time.Time) []dialog.Effect { return u.Hangup(now) }
func offer(u *dialog.Usage, now time.Time) []dialog.Effect  { return u.Offer(now, session) }

func preferUpdate(cfg *dialog.Config) { cfg.PreferUpdate = true }

// races are scenes of RFC 3665 and RFC 5407 between two complete stacks.
var races = []struct {
	name       string
	fates      map[string]siptest.Fate
	play       func(w *wire)
	alice, bob string // what the owners were told
}{
	{"basic_call", nil, func(w *wire) {
		_, b := w.call()
		w.at(0, b, hangUp)
	}, "Ringing Answered Ended(bye remote 200)", "RemoteOffer Confirmed Ended(bye local 200)"},
	{"invite_and_200_lost", map[string]siptest.Fate{"INVITE": {Drop: true}, "SIP/2.0 200/INVITE": {Drop: true}}, func(w *wire) {
		a, _ := w.call()
		w.at(2*time.Second, a, hangUp)
	}, "Ringing Answered Ended(bye local 200)", "RemoteOffer Confirmed Ended(bye remote 200)"},
	{"ack_lost", map[string]siptest.Fate{"ACK": {Drop: true}}, func(w *wire) {
		a, _ := w.call()
		w.at(2*time.Second, a, hangUp)
	}, "Ringing Answered Ended(bye local 200)", "RemoteOffer Confirmed Ended(bye remote 200)"},
	{"ack_late_bye_held", map[string]siptest.Fate{"ACK": {Delay: 300 * time.Millisecond}}, func(w *wire) {
		w.alice.dial("call", netip.MustParseAddrPort(bobAddr), session)
		time.Sleep(1100 * time.Millisecond)
		w.at(0, w.bob.all()[0], hangUp)
	}, "Ringing Answered Ended(bye remote 200)", "RemoteOffer Ended(bye local 200)"},
	{"bye_overtakes_ack", map[string]siptest.Fate{"ACK": {Delay: 300 * time.Millisecond}}, func(w *wire) {
		a := w.alice.dial("call", netip.MustParseAddrPort(bobAddr), session)
		time.Sleep(1100 * time.Millisecond)
		w.at(0, a, hangUp)
	}, "Ringing Answered Ended(bye local 200)", "RemoteOffer Ended(bye remote 200)"},
	{"bye_and_its_200_lost", map[string]siptest.Fate{"BYE": {Drop: true}, "SIP/2.0 200/BYE": {Drop: true}}, func(w *wire) {
		a, _ := w.call()
		w.at(0, a, hangUp)
	}, "Ringing Answered Ended(bye local 200)", "RemoteOffer Confirmed Ended(bye remote 200)"},
	{"bye_crosses_bye", nil, func(w *wire) {
		a, b := w.call()
		w.at(0, a, hangUp)
		w.at(time.Millisecond, b, hangUp)
	}, "Ringing Answered Ended(bye local 200)", "RemoteOffer Confirmed Ended(bye local 200)"},
	{"cancel", nil, func(w *wire) {
		a := w.alice.dial("call", netip.MustParseAddrPort(bobAddr), session)
		time.Sleep(500 * time.Millisecond)
		w.at(0, a, hangUp)
	}, "Ringing Ended(cancel local 487)", "RemoteOffer Ended(cancel remote 487)"},
	{"cancel_before_1xx", map[string]siptest.Fate{"SIP/2.0 180": {Drop: true}}, func(w *wire) {
		a := w.alice.dial("call", netip.MustParseAddrPort(bobAddr), session)
		w.at(10*time.Millisecond, a, hangUp)
		time.Sleep(time.Second)
	}, "Ended(cancel local 487)", "RemoteOffer Ended(cancel remote 487)"},
	{"cancel_crosses_200", nil, func(w *wire) {
		a := w.alice.dial("call", netip.MustParseAddrPort(bobAddr), session)
		time.Sleep(1015 * time.Millisecond)
		w.at(0, a, hangUp)
		time.Sleep(time.Second)
	}, "Ringing Ended(cancel local 487)", "RemoteOffer Confirmed Ended(bye remote 200)"},
	{"invite_late_and_twice", map[string]siptest.Fate{"INVITE": {Delay: 100 * time.Millisecond, Copies: 1}}, func(w *wire) {
		a, _ := w.call()
		w.at(0, a, hangUp)
	}, "Ringing Ringing Answered Ended(bye local 200)", "RemoteOffer Confirmed Ended(bye remote 200)"},
	{"everything_twice", map[string]siptest.Fate{"INVITE": {Copies: 2}, "SIP/2.0 180": {Copies: 2}, "SIP/2.0 200/INVITE": {Copies: 2}, "ACK": {Copies: 2}, "BYE": {Copies: 2}}, func(w *wire) {
		a, _ := w.call()
		w.at(0, a, hangUp)
	}, "Ringing Ringing Ringing Answered Ended(bye local 200)", "RemoteOffer Confirmed Ended(bye remote 200)"},
	{"reinvite_glare", nil, func(w *wire) {
		a, b := w.call()
		w.at(0, a, offer)
		w.at(time.Millisecond, b, offer)
		w.at(20*time.Second, a, hangUp)
	}, "Ringing Answered OfferRefused RemoteOffer Ended(bye local 200)", "RemoteOffer Confirmed OfferAccepted Ended(bye remote 200)"},
	{"update_crosses_reinvite", nil, func(w *wire) {
		w.bob.tune = preferUpdate
		a, b := w.call()
		w.at(0, a, offer)
		w.at(time.Millisecond, b, offer)
		w.at(20*time.Second, a, hangUp)
	}, "Ringing Answered OfferRefused RemoteOffer Ended(bye local 200)", "RemoteOffer Confirmed OfferAccepted Ended(bye remote 200)"},
	{"reinvite_crosses_bye", nil, func(w *wire) {
		a, b := w.call()
		w.at(0, a, offer)
		w.at(time.Millisecond, b, hangUp)
	}, "Ringing Answered Ended(bye remote 200)", "RemoteOffer Confirmed Ended(bye local 200)"},
	{"reinvite_200_and_ack_lost", map[string]siptest.Fate{}, func(w *wire) {
		a, _ := w.call()
		w.fates(map[string]siptest.Fate{"SIP/2.0 200/INVITE": {Drop: true}, "ACK": {Drop: true}})
		w.at(0, a, offer)
		w.at(10*time.Second, a, hangUp)
	}, "Ringing Answered OfferAccepted Ended(bye local 200)", "RemoteOffer Confirmed RemoteOffer Ended(bye remote 200)"},
	{"reinvite_before_ack", map[string]siptest.Fate{"ACK": {Delay: 200 * time.Millisecond}}, func(w *wire) {
		a := w.alice.dial("call", netip.MustParseAddrPort(bobAddr), session)
		time.Sleep(1050 * time.Millisecond)
		w.at(0, a, offer)
		w.at(20*time.Second, a, hangUp)
	}, "Ringing Answered OfferAccepted Ended(bye local 200)", "RemoteOffer Confirmed RemoteOffer Ended(bye remote 200)"},
	{"peer_gone", nil, func(w *wire) {
		a, b := w.call()
		w.net.Hook(func(siptest.Packet) siptest.Fate { return siptest.Fate{Drop: true} })
		w.at(0, a, offer)
		w.at(time.Minute+300*time.Millisecond, b, hangUp)
	}, "Ringing Answered Ended(timeout network 408)", "RemoteOffer Confirmed Ended(bye local 200)"},
	{"no_ack", nil, func(w *wire) {
		w.alice.dial("call", netip.MustParseAddrPort(bobAddr), session)
		time.Sleep(1020 * time.Millisecond)
		w.net.Hook(func(p siptest.Packet) siptest.Fate {
			return siptest.Fate{Drop: strings.HasPrefix(string(p.Data), "ACK")}
		})
	}, "Ringing Answered Ended(bye remote 200)", "RemoteOffer Ended(ack-timeout network 408)"},
}

func TestRaces(t *testing.T) {
	for _, r := range races {
		t.Run(r.name, func(t *testing.T) {
			onWire(t, 1, func(w *wire) {
				w.alice.on = agrees
				w.fates(r.fates)
				r.play(w)
				time.Sleep(2 * time.Minute)
				siptest.Golden(t, "wire/"+r.name+".txt", w.ladder.String())
				if got := w.alice.all()[0].story(); got != r.alice {
					t.Errorf("alice was told %q, want %q", got, r.alice)
				}
				if got := w.bob.all()[0].story(); got != r.bob {
					t.Errorf("bob was told %q, want %q", got, r.bob)
				}
			})
		})
	}
}

// TestEveryMethodOverABadNetwork: calls with reliable ringing, offers in both directions and every in-dialog method, a tenth of all
// datagrams lost, more doubled and out of order. Both owners are told the same story, each request is answered once, and nothing stays.
func TestEveryMethodOverABadNetwork(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { onWire(t, seed, badNetwork) })
	}
}

var inDialog = []sip.Method{sip.INFO, sip.MESSAGE, sip.OPTIONS, sip.NOTIFY, sip.REFER}

func badNetwork(w *wire) {
	const calls = 25
	w.net.SetLink(siptest.Link{Delay: 20 * time.Millisecond, Jitter: 60 * time.Millisecond, Loss: 0.1, Duplicate: 0.2})
	w.alice.on = agrees
	w.bob.tune = func(cfg *dialog.Config) { cfg.Prefer100rel = true }
	w.bob.on = func(c *call, ev dialog.Event) {
		if ev.Kind == dialog.RemoteOffer && len(c.events) == 1 {
			c.do(c.u.Progress(time.Now(), 183, session))
		}
		rings(c, ev)
	}
	for i := range calls {
		w.alice.dial(fmt.Sprint("call-", i), netip.MustParseAddrPort(bobAddr), session)
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(2 * time.Minute)
	for i, c := range append(w.alice.all(), w.bob.all()...) {
		w.at(time.Duration(i)*time.Millisecond, c, offer)
		for j, method := range inDialog {
			w.at(time.Duration(j+1)*time.Minute, c, func(u *dialog.Usage, now time.Time) []dialog.Effect {
				return u.Send(now, method, dialog.Body{Type: "text/plain", Data: []byte("x")})
			})
		}
	}
	time.Sleep(8 * time.Minute)
	for _, c := range w.bob.all() {
		w.at(0, c, hangUp)
	}
	time.Sleep(2 * time.Minute)
	for i := range calls {
		checkStory(w, w.alice.all()[i], "Answered", "remote")
		checkStory(w, w.bob.all()[i], "Confirmed", "local")
	}
	if len(w.bob.all()) != calls {
		w.t.Errorf("%d calls came, want %d", len(w.bob.all()), calls)
	}
}

// checkStory: answered once, every request replied once, every offer of ours settled, ended once and by whom.
func checkStory(w *wire, c *call, answered, by string) {
	story := c.story()
	asked := len(inDialog) - 1 // OPTIONS is answered without the owner
	for text, want := range map[string]int{answered: 1, "Replied": len(inDialog), "RequestReceived": asked, "Misused": 0, "Ended(bye " + by + " 200)": 1} {
		if got := strings.Count(story, text); got != want {
			w.t.Errorf("%s: %d %s, want %d: %s", c.u.CallID(), got, text, want, story)
		}
	}
	if n := strings.Count(story, "OfferAccepted") + strings.Count(story, "OfferRefused"); n != 1 {
		w.t.Errorf("%s: the offer was settled %d times: %s", c.u.CallID(), n, story)
	}
}
