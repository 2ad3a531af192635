package sms_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tandem/digital"
	"tandem/digital/smpp"
	"tandem/digital/smpp/pdu"
	"tandem/digital/smpp/smsc"
	"tandem/digital/sms"
	"tandem/store/journey"
)

// hub is a door that notes what comes.
type hub struct {
	mu      sync.Mutex // guards all
	in      []digital.Inbound
	reports []digital.Report
	refuse  error
}

func (h *hub) Receive(in digital.Inbound, done func(digital.Receipt)) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.refuse != nil {
		return h.refuse
	}
	h.in = append(h.in, in)
	done(digital.Receipt{Seq: uint64(len(h.in))})
	return nil
}

func (h *hub) Report(r digital.Report) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reports = append(h.reports, r)
	return true
}

func (h *hub) told() []digital.Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.reports)
}

func (h *hub) first(i int) digital.Inbound {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.in[i]
}

func (h *hub) refuses(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.refuse = err
}

func (h *hub) texts() (out []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, in := range h.in {
		out = append(out, in.Text)
	}
	return out
}

// carrier is one that takes everything.
type carrier struct {
	mu   sync.Mutex // guards all
	sent []sms.Text
	at   []time.Time
	err  error
}

func (c *carrier) Run(ctx context.Context, _ sms.Upward) error { <-ctx.Done(); return nil }
func (c *carrier) Idempotent(string) bool                      { return true }
func (c *carrier) Submit(t sms.Text, done func(digital.Result)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return c.err
	}
	c.sent, c.at = append(c.sent, t), append(c.at, time.Now())
	go done(digital.Result{State: digital.Sent, External: t.Key})
	return nil
}

func (c *carrier) texts() (out []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.sent {
		out = append(out, t.Text)
	}
	return out
}

var discard = slog.New(slog.DiscardHandler)

// desk is an adapter with its surroundings.
type desk struct {
	t       *testing.T
	adapter *sms.Adapter
	hub     *hub
	out     *sms.MemoryOptOuts
}

func newDesk(t *testing.T, c sms.Config, d sms.Deps) *desk {
	t.Helper()
	k := &desk{t: t, hub: &hub{}, out: &sms.MemoryOptOuts{}}
	if c.Senders == nil {
		c.Senders = []string{"+4930100"}
	}
	d.Log, d.Registry = discard, prometheus.NewRegistry()
	if d.OptOuts == nil {
		d.OptOuts = k.out
	}
	var err error
	if k.adapter, err = sms.New(c, d); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); k.adapter.Run(ctx, k.hub) }()
	t.Cleanup(func() { cancel(); <-ended })
	synctest.Wait()
	return k
}

// send sends and waits for the result.
func (k *desk) send(o digital.Outgoing) digital.Result {
	k.t.Helper()
	result := make(chan digital.Result, 1)
	if err := k.adapter.Send(o, func(r digital.Result) { result <- r }); err != nil {
		k.t.Fatal(err)
	}
	return <-result
}

func (k *desk) arrive(external, from, text string) error {
	fate := make(chan error, 1)
	k.adapter.Arrived(sms.Arrival{External: external, From: from, To: "+4930100", Text: text}, func(err error) { fate <- err })
	return <-fate
}

func TestKeywords(t *testing.T) {
	for _, test := range []struct {
		text string
		want sms.Keyword
	}{
		{"STOP", sms.Stop}, {" stop. ", sms.Stop}, {"Stop All", sms.Stop}, {"ARRÊT", sms.Stop}, {"Abmelden!", sms.Stop}, {"\"stop\"", sms.Stop},
		{"START", sms.Start}, {"unstop", sms.Start}, {"Hilfe", sms.Help}, {"help?", sms.Help},
		{"please stop calling me", sms.NoKeyword}, {"stopwatch", sms.NoKeyword}, {"", sms.NoKeyword}, {"yes", sms.NoKeyword},
		{strings.Repeat("stop ", 100), sms.NoKeyword},
	} {
		if got := sms.Classify(test.text, sms.Languages()); got != test.want {
			t.Errorf("%q: got %d, want %d", test.text, got, test.want)
		}
	}
}

func TestStopBlocksEveryPathUntilStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &carrier{}
		k := newDesk(t, sms.Config{Country: "DE", Replies: sms.Replies{Stop: "bye from {sender}", Start: "hello", Help: "help"}}, sms.Deps{Carrier: c})
		if err := k.arrive("1", "+491701234567", "STOP"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if !k.out.OptedOut("+491701234567") {
			t.Fatal("not opted out")
		}
		for _, to := range []string{"+491701234567", "0170 1234567"} {
			if r := k.send(digital.Outgoing{Key: "a", To: to, Text: "offer"}); r.State != digital.Failed || r.Reason != "opted_out" || r.Again != 0 {
				t.Errorf("to %s: got %+v", to, r)
			}
		}
		k.arrive("2", "+491701234567", "START")
		synctest.Wait()
		if r := k.send(digital.Outgoing{Key: "b", To: "+491701234567", Text: "welcome"}); r.State != digital.Sent {
			t.Errorf("got %+v after START", r)
		}
		k.arrive("3", "+491701234567", "help")
		synctest.Wait()
		if got := strings.Join(c.texts(), "|"); got != "bye from +4930100|hello|welcome|help" {
			t.Errorf("got %s", got)
		}
		if got := k.hub.texts(); got != nil {
			t.Errorf("the hub got %v", got)
		}
	})
}

// stubborn cannot store wishes.
type stubborn struct{ sms.MemoryOptOuts }

func (*stubborn) Change(_ sms.Change, done func(error)) error {
	done(digital.ErrNotStored)
	return nil
}

func TestStopThatIsNotStoredComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &carrier{}
		k := newDesk(t, sms.Config{Replies: sms.Replies{Stop: "bye"}}, sms.Deps{Carrier: c, OptOuts: &stubborn{}})
		for range 2 {
			if err := k.arrive("1", "+491701234567", "stop"); !errors.Is(err, digital.ErrNotStored) {
				t.Errorf("got %v, want not stored", err)
			}
		}
		synctest.Wait()
		if got := c.texts(); got != nil {
			t.Errorf("got %v: a reply to what was not stored", got)
		}
	})
}

func TestRepeatsReachTheHubOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newDesk(t, sms.Config{}, sms.Deps{Carrier: &carrier{}})
		k.hub.refuses(digital.ErrBusy)
		if err := k.arrive("1", "+491701234567", "hello"); !errors.Is(err, digital.ErrBusy) {
			t.Fatalf("got %v, want busy", err)
		}
		k.hub.refuses(nil)
		for range 5 {
			if err := k.arrive("1", "+491701234567", "hello"); err != nil {
				t.Fatal(err)
			}
		}
		if got := k.hub.texts(); len(got) != 1 {
			t.Fatalf("got %v", got)
		}
		in := k.hub.first(0)
		if in.Channel != journey.SMS || in.From.Type != journey.Tel || in.From.Value != "+491701234567" || in.From.Strength != journey.Claimed || in.To != "+4930100" {
			t.Errorf("got %+v", in)
		}
	})
}

func TestAnswerToAMessageOfOursIsAttested(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := newDesk(t, sms.Config{}, sms.Deps{Carrier: &carrier{}})
		k.send(digital.Outgoing{Key: "a", To: "+491701234567", Text: "how was it?"})
		k.arrive("1", "+491701234567", "good")
		k.arrive("2", "12345", "short code")
		if got := k.hub.first(0).From.Strength; got != journey.Attested {
			t.Errorf("got %s, want attested", got)
		}
		if got := k.hub.first(1).From; got.Type != journey.Ext || got.Value != "sms:12345" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestRefusals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &carrier{}
		k := newDesk(t, sms.Config{Segments: 2, Plain: true}, sms.Deps{Carrier: c})
		for _, test := range []struct {
			name   string
			o      digital.Outgoing
			reason string
		}{
			{"no number", digital.Outgoing{Text: "x"}, "no_number"},
			{"empty", digital.Outgoing{To: "+491", Text: "  "}, "empty"},
			{"too long", digital.Outgoing{To: "+491", Text: strings.Repeat("a", 307)}, "too_long"},
			{"picture", digital.Outgoing{To: "+491", Text: "x", Attachment: &digital.Attachment{Ref: "r"}}, "attachment"},
			{"not our number", digital.Outgoing{To: "+491", From: "+4912", Text: "x"}, "sender"},
		} {
			if r := k.send(test.o); r.State != digital.Failed || r.Reason != test.reason || r.Again != 0 {
				t.Errorf("%s: got %+v", test.name, r)
			}
		}
		k.send(digital.Outgoing{To: "+491701234567", Text: "“Choose”", Choices: []digital.Choice{{Key: "1", Label: "Sales"}, {Key: "2", Label: "Help"}}})
		if got := c.texts(); len(got) != 1 || got[0] != "\"Choose\"\n1: Sales\n2: Help" {
			t.Errorf("got %q", got)
		}
		c.err = sms.ErrFull
		if r := k.send(digital.Outgoing{To: "+491701234567", Text: "x"}); r.State != digital.Failed || r.Again == 0 {
			t.Errorf("got %+v from a full carrier", r)
		}
	})
}

func TestQuietHours(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	night, err := sms.NewQuietHours("21:00", "08:00", berlin)
	if err != nil {
		t.Fatal(err)
	}
	noon, _ := sms.NewQuietHours("12:00", "13:00", berlin)
	at := func(text string) time.Time {
		v, err := time.ParseInLocation("2006-01-02 15:04", text, berlin)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, test := range []struct {
		hours     sms.QuietHours
		now, want string
	}{
		{night, "2026-03-01 20:59", ""}, {night, "2026-03-01 21:00", "2026-03-02 08:00"}, {night, "2026-03-02 07:59", "2026-03-02 08:00"},
		{night, "2026-03-02 08:00", ""}, {night, "2026-03-28 23:00", "2026-03-29 08:00"}, {night, "2026-10-25 01:00", "2026-10-25 08:00"},
		{noon, "2026-03-01 12:30", "2026-03-01 13:00"}, {noon, "2026-03-01 13:00", ""}, {sms.QuietHours{Zone: berlin}, "2026-03-01 00:00", ""},
	} {
		got := test.hours.Until(digital.Outgoing{}, at(test.now))
		if test.want == "" && !got.IsZero() || test.want != "" && !got.Equal(at(test.want)) {
			t.Errorf("%s: got %s, want %s", test.now, got, test.want)
		}
	}
	if _, err := sms.NewQuietHours("25:00", "08:00", berlin); err == nil {
		t.Error("25:00 is taken")
	}
	synctest.Test(t, func(t *testing.T) { // begins at midnight UTC
		hours, _ := sms.NewQuietHours("21:00", "08:00", time.UTC)
		k := newDesk(t, sms.Config{}, sms.Deps{Carrier: &carrier{}, Quiet: hours})
		if r := k.send(digital.Outgoing{To: "+491701234567", Text: "x"}); r.Reason != "quiet_hours" || r.Again != 8*time.Hour {
			t.Errorf("got %+v", r)
		}
		time.Sleep(8 * time.Hour)
		if r := k.send(digital.Outgoing{To: "+491701234567", Text: "x"}); r.State != digital.Sent {
			t.Errorf("got %+v in the morning", r)
		}
	})
}

func TestSenderPoolAndRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &carrier{}
		pool := []string{"+4930100", "+4930101", "+4930102"}
		k := newDesk(t, sms.Config{Senders: pool, Rate: 2, LineWait: 3 * time.Second}, sms.Deps{Carrier: c})
		used := map[string]int{}
		for i := range 300 {
			to := fmt.Sprint("+49170", 1000000+i)
			sender := k.adapter.Sender(to)
			used[sender]++
			if again := k.adapter.Sender(to); again != sender {
				t.Fatalf("the sender changes from %s to %s", sender, again)
			}
		}
		for _, s := range pool {
			if used[s] < 60 {
				t.Errorf("%s is used by %d of 300", s, used[s])
			}
		}
		results := make(chan digital.Result, 20)
		for i := range 20 {
			o := digital.Outgoing{Key: fmt.Sprint(i), From: pool[0], To: "+491701234567", Text: fmt.Sprint(i)}
			if err := k.adapter.Send(o, func(r digital.Result) { results <- r }); err != nil {
				t.Fatal(err)
			}
		}
		sent, later := 0, 0
		for range 20 {
			r := <-results
			if r.State == digital.Sent {
				sent++
			} else if r.Reason == "throttled" && r.Again > 0 {
				later++
			}
		}
		if sent < 6 || sent > 8 || sent+later != 20 {
			t.Errorf("got %d sent and %d put off", sent, later)
		}
		for i := 1; i < len(c.at); i++ {
			if gap := c.at[i].Sub(c.at[i-1]); gap < 500*time.Millisecond {
				t.Errorf("messages %d and %d are %s apart", i-1, i, gap)
			}
			if c.sent[i].Text != fmt.Sprint(i) {
				t.Errorf("message %d is %s", i, c.sent[i].Text)
			}
		}
	})
}

func TestConfigFaults(t *testing.T) {
	err := sms.Config{Senders: []string{""}, Country: "de", Rate: -1, Segments: 300}.Validate()
	for _, want := range []string{"senders[0]", "country", "rate", "segments"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want a fault about %s", err, want)
		}
	}
}

// road joins an adapter over SMPP and a message centre.
type road struct {
	*desk
	centre *smsc.Server
	taken  chan smsc.Taken
}

func newRoad(t *testing.T, c sms.SMPPConfig, sc smsc.Config) *road {
	t.Helper()
	r := &road{taken: make(chan smsc.Taken, 1000)}
	sc.Accounts = map[string]string{"tandem": "secret"}
	var err error
	if r.centre, err = smsc.New(sc, smsc.Deps{Log: discard, Taken: func(m smsc.Taken) { r.taken <- m }}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); r.centre.Serve(ctx, nil) }()
	t.Cleanup(func() { cancel(); <-ended })
	c.Send = smpp.Config{Name: "test", Address: "centre:2775", SystemID: "tandem", Password: "secret"}
	carrier, err := sms.NewSMPP(c, sms.SMPPDeps{Log: discard, Client: smpp.Deps{Dial: func(context.Context, string) (net.Conn, error) {
		near, far := net.Pipe()
		r.centre.Attach(far)
		return near, nil
	}}})
	if err != nil {
		t.Fatal(err)
	}
	r.desk = newDesk(t, sms.Config{Country: "DE"}, sms.Deps{Carrier: carrier})
	return r
}

func TestOverSMPP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoad(t, sms.SMPPConfig{Receipts: true}, smsc.Config{})
		long := strings.Repeat("Grüße aus Köln ж ", 20)
		sent := r.send(digital.Outgoing{Key: "k", To: "+491701234567", Text: long})
		if sent.State != digital.Sent || sent.External == "" {
			t.Fatalf("got %+v", sent)
		}
		if n := len(r.taken); n != 6 {
			t.Errorf("got %d parts, want 6", n)
		}
		time.Sleep(time.Second)
		if told := r.hub.told(); len(told) != 1 || told[0].External != sent.External || told[0].State != digital.Delivered {
			t.Errorf("got %+v, want one report for %s", told, sent.External)
		}
		r.centre.Misbehave(smsc.Faults{Unreachable: []string{"491709999999"}})
		sent = r.send(digital.Outgoing{Key: "l", To: "+491709999999", Text: "x"})
		time.Sleep(time.Second)
		told := r.hub.told()
		if last := told[len(told)-1]; last.External != sent.External || last.State != digital.Failed || last.Reason != "unreachable" {
			t.Errorf("got %+v", last)
		}
		r.centre.Misbehave(smsc.Faults{Refuse: 1})
		if got := r.send(digital.Outgoing{Key: "m", To: "+491701234567", Text: "x"}); got.State != digital.Failed || got.Reason != "rejected" {
			t.Errorf("got %+v", got)
		}
		r.centre.Misbehave(smsc.Faults{DropAfter: 1})
		if got := r.send(digital.Outgoing{Key: "n", To: "+491701234567", Text: "x"}); got.State != digital.Uncertain {
			t.Errorf("got %+v", got)
		}
	})
}

func TestLongTextFromACustomer(t *testing.T) {
	for _, window := range []int{10, 1} { // with a window of one, parts must be acknowledged before the text is complete
		t.Run(fmt.Sprint("window ", window), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRoad(t, sms.SMPPConfig{}, smsc.Config{Window: window})
				long := strings.TrimSpace(strings.Repeat("a long story ", 40))
				if _, err := r.centre.Deliver(smsc.MO{From: "+491701234567", To: "+4930100", Text: long}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				if got := r.hub.texts(); len(got) != 1 || got[0] != long {
					t.Fatalf("got %q", got)
				}
				if n := r.centre.Waiting(); n != 0 {
					t.Errorf("%d parts wait at the centre", n)
				}
			})
		})
	}
}

func TestCustomerMessageWhileTheHubCannotTakeIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoad(t, sms.SMPPConfig{}, smsc.Config{})
		r.hub.refuses(digital.ErrBusy)
		r.centre.Deliver(smsc.MO{From: "+491701234567", To: "+4930100", Text: "one"})
		r.centre.Deliver(smsc.MO{From: "+491701234567", To: "+4930100", Text: strings.Repeat("two ", 60)})
		time.Sleep(time.Minute)
		if r.centre.Waiting() == 0 {
			t.Fatal("acknowledged what the hub did not take")
		}
		r.hub.refuses(nil)
		time.Sleep(time.Minute)
		if got := r.hub.texts(); len(got) != 2 || r.centre.Waiting() != 0 {
			t.Errorf("got %q, %d wait", got, r.centre.Waiting())
		}
	})
}

// TestStopTellsWhatWasTaken ends the adapter while the hub is slow: what the hub makes durable meanwhile is acknowledged.
func TestStopTellsWhatWasTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taken := make(chan func(digital.Receipt), 1)
		centre, err := smsc.New(smsc.Config{Accounts: map[string]string{"tandem": "secret"}}, smsc.Deps{Log: discard})
		if err != nil {
			t.Fatal(err)
		}
		serve, end := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { defer close(ended); centre.Serve(serve, nil) }()
		defer func() { end(); <-ended }()
		c, err := sms.NewSMPP(sms.SMPPConfig{Send: smpp.Config{Name: "test", Address: "centre:2775", SystemID: "tandem", Password: "secret"}},
			sms.SMPPDeps{Log: discard, Client: smpp.Deps{Dial: func(context.Context, string) (net.Conn, error) {
				near, far := net.Pipe()
				centre.Attach(far)
				return near, nil
			}}})
		if err != nil {
			t.Fatal(err)
		}
		a, err := sms.New(sms.Config{Senders: []string{"+4930100"}}, sms.Deps{Log: discard, Carrier: c, OptOuts: &sms.MemoryOptOuts{}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(context.Background())
		over := make(chan struct{})
		go func() { defer close(over); a.Run(ctx, slow{taken}) }()
		centre.Deliver(smsc.MO{From: "+491701234567", To: "+4930100", Text: "last words"})
		done := <-taken
		stop()
		time.Sleep(time.Second)
		done(digital.Receipt{Seq: 1})
		<-over
		if n := centre.Waiting(); n != 0 {
			t.Errorf("%d messages are durable and not acknowledged", n)
		}
	})
}

// slow is a door whose receipts come when the test says.
type slow struct{ taken chan func(digital.Receipt) }

func (s slow) Receive(_ digital.Inbound, done func(digital.Receipt)) error {
	s.taken <- done
	return nil
}

func (slow) Report(digital.Report) bool { return true }

func TestPartThatNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRoad(t, sms.SMPPConfig{PartsWait: 10 * time.Minute}, smsc.Config{})
		r.centre.Misbehave(smsc.Faults{})
		r.deliverPart(t, 2, 3, "middle")
		time.Sleep(11 * time.Minute)
		if got := r.hub.texts(); len(got) != 1 || got[0] != "middle […2]" {
			t.Errorf("got %q", got)
		}
	})
}

// deliverPart delivers one part of a text by a header of its own.
func (r *road) deliverPart(t *testing.T, index, total int, text string) {
	t.Helper()
	if _, err := r.centre.DeliverRaw(&pdu.Message{
		Source: pdu.AddressOf("+491701234567"), Destination: pdu.AddressOf("+4930100"), ESMClass: pdu.ESMUDH,
		Short: append([]byte{5, 0, 3, 9, byte(total), byte(index)}, text...),
	}); err != nil {
		t.Fatal(err)
	}
}
