package smpp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"tandem/digital/smpp"
	"tandem/digital/smpp/gsm"
	"tandem/digital/smpp/pdu"
	"tandem/digital/smpp/smsc"
)

// bench is a client and a message centre joined by pipes, in virtual time.
type bench struct {
	t      *testing.T
	client *smpp.Client
	server *smsc.Server
	taken  chan smsc.Taken
	dials  atomic.Int64
	refuse atomic.Bool // dials fail
	stop   context.CancelFunc
}

func newBench(t *testing.T, c smpp.Config, sc smsc.Config) *bench {
	t.Helper()
	b := &bench{t: t, taken: make(chan smsc.Taken, 10000)}
	if sc.Accounts == nil {
		sc.Accounts = map[string]string{"tandem": "secret"}
	}
	log := slog.New(slog.DiscardHandler)
	var err error
	if b.server, err = smsc.New(sc, smsc.Deps{Log: log, Taken: func(m smsc.Taken) { b.taken <- m }}); err != nil {
		t.Fatal(err)
	}
	c.Name, c.Address = "bench", "centre:2775"
	if c.SystemID == "" {
		c.SystemID, c.Password = "tandem", "secret"
	}
	b.client, err = smpp.New(c, smpp.Deps{Log: log, Dial: func(context.Context, string) (net.Conn, error) {
		b.dials.Add(1)
		if b.refuse.Load() {
			return nil, errors.New("refused")
		}
		near, far := net.Pipe()
		b.server.Attach(far)
		return near, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	serve, endServe := context.WithCancel(context.Background())
	b.stop = cancel
	go b.client.Run(ctx)
	go b.server.Serve(serve, nil)
	t.Cleanup(func() {
		cancel()
		for range b.client.Events() {
		}
		endServe()
		synctest.Wait()
	})
	return b
}

// next reads events until one of type E.
func next[E smpp.Event](b *bench) E {
	b.t.Helper()
	for e := range b.client.Events() {
		if found, ok := e.(E); ok {
			return found
		}
	}
	var none E
	b.t.Fatalf("the client ended before a %T", none)
	return none
}

func (b *bench) submit(key, text string) {
	b.t.Helper()
	m := &pdu.Message{Source: pdu.AddressOf("12345"), Destination: pdu.AddressOf("+491701234567"), Short: gsm.Encode(text, gsm.Default)}
	if err := b.client.Submit(smpp.Submission{Key: key, Message: m}); err != nil {
		b.t.Fatalf("submit %s: %v", key, err)
	}
}

func TestSubmitAndReceipt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{}, smsc.Config{})
		if l := next[smpp.Link](b); !l.Up {
			t.Fatalf("got %+v, want up", l)
		}
		m := &pdu.Message{Source: pdu.AddressOf("12345"), Destination: pdu.AddressOf("+491701234567"), Registered: pdu.RegisterFinal, Short: []byte("hi")}
		if err := b.client.Submit(smpp.Submission{Key: "a", Message: m}); err != nil {
			t.Fatal(err)
		}
		r := next[smpp.Result](b)
		if r.Key != "a" || r.Outcome != smpp.Accepted || r.MessageID == "" {
			t.Fatalf("got %+v", r)
		}
		in := next[smpp.Inbound](b)
		if in.Receipt == nil || in.Receipt.MessageID != r.MessageID || in.Receipt.State != pdu.Delivered {
			t.Fatalf("got %+v, want the receipt of %s", in.Receipt, r.MessageID)
		}
		b.client.Answer(in.Token, pdu.OK)
	})
}

func TestWindowIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{Window: 3}, smsc.Config{})
		next[smpp.Link](b)
		b.server.Misbehave(smsc.Faults{Delay: time.Second})
		start := time.Now()
		for i := range 9 {
			b.submit(fmt.Sprint(i), "x")
		}
		synctest.Wait()
		if n := len(b.taken); n != 3 {
			t.Fatalf("got %d messages at the centre, want the window of 3", n)
		}
		for i := range 9 {
			if r := next[smpp.Result](b); r.Key != fmt.Sprint(i) || r.Outcome != smpp.Accepted {
				t.Fatalf("got %+v, want %d accepted", r, i)
			}
		}
		if took := time.Since(start); took < 3*time.Second || took > 4*time.Second {
			t.Errorf("nine messages through a window of three took %s, want three seconds", took)
		}
	})
}

func TestThrottledIsSentAgainInOrderAndSlower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{Window: 5}, smsc.Config{})
		next[smpp.Link](b)
		b.server.Misbehave(smsc.Faults{Throttle: 4})
		start := time.Now()
		for i := range 40 {
			b.submit(fmt.Sprint(i), fmt.Sprint(i))
		}
		for range 40 {
			if r := next[smpp.Result](b); r.Outcome != smpp.Accepted {
				t.Fatalf("got %+v, want accepted", r)
			}
		}
		seen := map[string]int{}
		for len(b.taken) > 0 {
			seen[string((<-b.taken).Message.Short)]++
		}
		if len(seen) != 40 {
			t.Fatalf("got %d different messages, want 40", len(seen))
		}
		for text, n := range seen {
			if n != 1 {
				t.Errorf("message %s came %d times", text, n)
			}
		}
		if took := time.Since(start); took < 5*time.Second {
			t.Errorf("took %s: the client did not slow down", took)
		}
	})
}

func TestRefusedIsFinal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{}, smsc.Config{})
		next[smpp.Link](b)
		b.server.Misbehave(smsc.Faults{Refuse: 1})
		b.submit("a", "x")
		if r := next[smpp.Result](b); r.Outcome != smpp.Refused || r.Status != pdu.SubmitFailed {
			t.Fatalf("got %+v", r)
		}
	})
}

func TestNoAnswerIsUncertainAndTheLinkStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{AnswerWait: 5 * time.Second}, smsc.Config{})
		next[smpp.Link](b)
		b.server.Misbehave(smsc.Faults{Delay: time.Minute})
		b.submit("a", "x")
		start := time.Now()
		if r := next[smpp.Result](b); r.Outcome != smpp.Uncertain || time.Since(start) != 5*time.Second {
			t.Fatalf("got %+v after %s", r, time.Since(start))
		}
		b.server.Misbehave(smsc.Faults{})
		b.submit("b", "x")
		if r := next[smpp.Result](b); r.Key != "b" || r.Outcome != smpp.Accepted {
			t.Fatalf("got %+v", r)
		}
		if b.dials.Load() != 1 {
			t.Errorf("got %d connections, want one", b.dials.Load())
		}
	})
}

func TestMuteCentreIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{Enquire: 30 * time.Second, AnswerWait: 10 * time.Second}, smsc.Config{IdleWait: time.Hour})
		next[smpp.Link](b)
		b.server.Misbehave(smsc.Faults{Mute: true})
		start := time.Now()
		if l := next[smpp.Link](b); l.Up || time.Since(start) != 40*time.Second {
			t.Fatalf("got %+v after %s, want down after 40 s", l, time.Since(start))
		}
		b.server.Misbehave(smsc.Faults{})
		if l := next[smpp.Link](b); !l.Up {
			t.Fatalf("got %+v, want up again", l)
		}
	})
}

func TestEnquireKeepsTheLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{Enquire: 30 * time.Second}, smsc.Config{IdleWait: time.Minute})
		next[smpp.Link](b)
		time.Sleep(time.Hour)
		if b.dials.Load() != 1 || b.server.Bound()["tandem"] != 1 {
			t.Errorf("got %d dials and %v bound after a silent hour", b.dials.Load(), b.server.Bound())
		}
	})
}

func TestRebindBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{BackOff: time.Second, BackOffMost: 8 * time.Second}, smsc.Config{})
		next[smpp.Link](b)
		b.refuse.Store(true)
		b.server.Cut()
		next[smpp.Link](b)
		before := b.dials.Load()
		time.Sleep(time.Minute)
		if n := b.dials.Load() - before; n < 8 || n > 20 {
			t.Errorf("got %d tries in a minute, want between 8 and 20", n)
		}
		b.refuse.Store(false)
		if l := next[smpp.Link](b); !l.Up {
			t.Fatalf("got %+v", l)
		}
	})
}

func TestWrongPasswordGoesOnTrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{SystemID: "tandem", Password: "wrong"}, smsc.Config{})
		time.Sleep(10 * time.Minute)
		if n := b.dials.Load(); n < 5 || n > 30 {
			t.Errorf("got %d tries in ten minutes", n)
		}
		if n := b.server.Bound()["tandem"]; n != 0 {
			t.Errorf("bound %d times with a wrong password", n)
		}
	})
}

func TestInboundIsAcknowledgedOnlyWhenTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{}, smsc.Config{AnswerWait: time.Minute})
		next[smpp.Link](b)
		if _, err := b.server.Deliver(smsc.MO{From: "+491701", To: "12345", Text: "hello"}); err != nil {
			t.Fatal(err)
		}
		in := next[smpp.Inbound](b)
		synctest.Wait()
		if b.server.Waiting() != 1 {
			t.Fatal("acknowledged before it was taken")
		}
		b.client.Answer(in.Token, pdu.OK)
		synctest.Wait()
		if b.server.Waiting() != 0 {
			t.Fatal("not acknowledged")
		}
	})
}

func TestInboundThatCannotBeTakenComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{}, smsc.Config{})
		next[smpp.Link](b)
		b.server.Deliver(smsc.MO{From: "+491701", To: "12345", Text: "hello"})
		b.client.Answer(next[smpp.Inbound](b).Token, pdu.TemporaryAppError)
		b.client.Answer(next[smpp.Inbound](b).Token, pdu.OK)
		synctest.Wait()
		if n := b.server.Waiting(); n != 0 {
			t.Errorf("%d messages wait", n)
		}
	})
}

func TestInboundAcrossALostConnection(t *testing.T) {
	for _, test := range []struct {
		name   string
		before bool // answered before the connection is lost
		status pdu.Status
		twice  bool // handed up a second time
	}{
		{"answered, answer lost", true, pdu.OK, false},
		{"answered on the lost connection", false, pdu.OK, false},
		{"refused on the lost connection", false, pdu.TemporaryAppError, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, smpp.Config{}, smsc.Config{})
				next[smpp.Link](b)
				if test.before {
					b.server.Misbehave(smsc.Faults{DropDeliver: 1})
				}
				b.server.Deliver(smsc.MO{From: "+491701", To: "12345", Text: "hello"})
				in := next[smpp.Inbound](b)
				if !test.before {
					b.server.Cut()
					next[smpp.Link](b)
				}
				b.server.Misbehave(smsc.Faults{})
				b.client.Answer(in.Token, test.status)
				if test.twice {
					b.client.Answer(next[smpp.Inbound](b).Token, pdu.OK)
				} else {
					for l := next[smpp.Link](b); !l.Up; l = next[smpp.Link](b) {
					}
				}
				synctest.Wait()
				if n := b.server.Waiting(); n != 0 {
					t.Errorf("%d messages wait at the centre", n)
				}
				b.submit("end", "x")
				for {
					e := <-b.client.Events()
					if _, ok := e.(smpp.Inbound); ok {
						t.Fatal("handed up once too often")
					}
					if _, ok := e.(smpp.Result); ok {
						return
					}
				}
			})
		})
	}
}

func TestSlowUserIsToldLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{Inbound: 2, InboundWait: 20 * time.Second}, smsc.Config{AnswerWait: time.Minute})
		next[smpp.Link](b)
		for i := range 3 {
			b.server.Deliver(smsc.MO{From: "+491701", To: "12345", Text: fmt.Sprint(i)})
		}
		first, second := next[smpp.Inbound](b), next[smpp.Inbound](b)
		time.Sleep(30 * time.Second) // refused for now, came again, are the same
		b.client.Answer(first.Token, pdu.OK)
		b.client.Answer(second.Token, pdu.OK)
		third := next[smpp.Inbound](b)
		if string(third.Message.Short) != "2" {
			t.Fatalf("got %q, want the third message", third.Message.Short)
		}
		b.client.Answer(third.Token, pdu.OK)
		time.Sleep(5 * time.Second)
		if n := b.server.Waiting(); n != 0 {
			t.Errorf("%d messages wait at the centre", n)
		}
	})
}

func TestStopDrainsAndUnbinds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{Window: 2}, smsc.Config{})
		next[smpp.Link](b)
		b.server.Misbehave(smsc.Faults{Delay: time.Second})
		for i := range 4 {
			b.submit(fmt.Sprint(i), "x")
		}
		synctest.Wait()
		b.stop()
		outcomes := map[smpp.Outcome]int{}
		for e := range b.client.Events() {
			if r, ok := e.(smpp.Result); ok {
				outcomes[r.Outcome]++
			}
		}
		if outcomes[smpp.Accepted] != 2 || outcomes[smpp.Unsent] != 2 {
			t.Errorf("got %v, want two accepted and two unsent", outcomes)
		}
		if err := b.client.Submit(smpp.Submission{Message: &pdu.Message{}}); !errors.Is(err, smpp.ErrClosed) {
			t.Errorf("got %v, want closed", err)
		}
	})
}

func TestFullQueueAndLateSubmission(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{Queue: 2}, smsc.Config{})
		b.refuse.Store(true)
		b.server.Cut()
		synctest.Wait() // the link is down before anything can be on its way
		m := &pdu.Message{Destination: pdu.AddressOf("+1"), Short: []byte("x")}
		for i := range 2 {
			if err := b.client.Submit(smpp.Submission{Key: fmt.Sprint(i), Message: m, Until: time.Now().Add(time.Minute)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := b.client.Submit(smpp.Submission{Message: m}); !errors.Is(err, smpp.ErrFull) {
			t.Fatalf("got %v, want full", err)
		}
		for range 2 {
			if r := next[smpp.Result](b); r.Outcome != smpp.Unsent {
				t.Errorf("got %+v, want unsent", r)
			}
		}
	})
}

// TestTwoThousandBothWays sends 2,000 messages each way through a centre that throttles and drops connections at awkward moments.
func TestTwoThousandBothWays(t *testing.T) {
	const each = 2000
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{Queue: 3000, BackOff: 100 * time.Millisecond}, smsc.Config{RetryPause: 100 * time.Millisecond})
		b.server.Misbehave(smsc.Faults{Throttle: 97, DropBefore: 131, DropAfter: 173, DropDeliver: 149})
		for i := range each {
			b.submit(fmt.Sprint(i), fmt.Sprint("mt ", i))
			if _, err := b.server.Deliver(smsc.MO{From: "+491701", To: "12345", Text: fmt.Sprint("mo ", i)}); err != nil {
				t.Fatal(err)
			}
		}
		results, inbound := map[string]smpp.Outcome{}, map[string]int{}
		drops := 0
		for len(results) < each || len(inbound) < each || b.server.Waiting() > 0 {
			switch e := (<-b.client.Events()).(type) {
			case smpp.Result:
				if _, ok := results[e.Key]; ok {
					t.Fatalf("second result for %s", e.Key)
				}
				results[e.Key] = e.Outcome
			case smpp.Inbound:
				inbound[string(e.Message.Short)]++
				b.client.Answer(e.Token, pdu.OK)
			case smpp.Link:
				if !e.Up {
					drops++
				}
			}
			if len(results) == each && len(inbound) == each {
				synctest.Wait()
			}
		}
		verdict(t, b.taken, results)
		for text, n := range inbound {
			if n != 1 {
				t.Errorf("%q was handed up %d times", text, n)
			}
		}
		if drops < 20 {
			t.Errorf("got %d drops, want a rough ride", drops)
		}
	})
}

// verdict compares what the client believes with what the centre has.
func verdict(t *testing.T, taken chan smsc.Taken, results map[string]smpp.Outcome) {
	t.Helper()
	got := map[string]int{}
	for len(taken) > 0 {
		got[string((<-taken).Message.Short)]++
	}
	counts := map[smpp.Outcome]int{}
	for key, outcome := range results {
		n := got["mt "+key]
		counts[outcome]++
		switch {
		case outcome == smpp.Accepted && n != 1, outcome == smpp.Uncertain && n > 1, outcome > smpp.Uncertain && n != 0, outcome == smpp.Refused:
			t.Errorf("message %s is %s and came %d times", key, outcome, n)
		}
	}
	t.Logf("outcomes: %v", counts)
	if counts[smpp.Accepted] < len(results)*3/4 || counts[smpp.Uncertain] == 0 {
		t.Errorf("got %v, want most accepted and some uncertain", counts)
	}
}

// TestTwoThousandExactlyOnce sends what is uncertain again to a centre that knows repeats: each message is there exactly once.
func TestTwoThousandExactlyOnce(t *testing.T) {
	const each = 2000
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, smpp.Config{Queue: 3000, BackOff: 100 * time.Millisecond}, smsc.Config{})
		b.server.Misbehave(smsc.Faults{Dedupe: true, DropBefore: 131, DropAfter: 73})
		send := func(i int) {
			m := &pdu.Message{Destination: pdu.AddressOf("+491701"), Short: fmt.Appendf(nil, "mt %d", i)}
			m.TLVs = pdu.TLVs{pdu.Uint16(pdu.UserMessageReference, uint16(i))}
			if err := b.client.Submit(smpp.Submission{Key: fmt.Sprint(i), Message: m}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range each {
			send(i)
		}
		for left := each; left > 0; {
			r := next[smpp.Result](b)
			if r.Outcome == smpp.Accepted {
				left--
				continue
			}
			var i int
			fmt.Sscan(r.Key, &i)
			send(i)
		}
		var got []string
		for len(b.taken) > 0 {
			got = append(got, string((<-b.taken).Message.Short))
		}
		slices.Sort(got)
		if n := len(slices.Compact(slices.Clone(got))); n != each || len(got) != each {
			t.Errorf("got %d messages, %d different, want %d", len(got), n, each)
		}
	})
}
