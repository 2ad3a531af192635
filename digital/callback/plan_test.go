package callback

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs:\n got:\n%s\nwant:\n%s", path, got, want)
	}
}

func TestPlanMachine(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("# callback\n\n| from | on | to | do | § |\n|---|---|---|---|---|\n")
	reached := map[planState]bool{planWaiting: true}
	ends := map[planState]bool{}
	for range planStates {
		for _, r := range planRows {
			reached[r.to] = reached[r.to] || reached[r.from]
			ends[r.from] = ends[r.from] || r.to == planOver || ends[r.to]
		}
	}
	for _, r := range planRows {
		var do []string
		for i, name := range planDoNames {
			if r.do&(1<<i) != 0 {
				do = append(do, name)
			}
		}
		if len(do) == 0 {
			do = []string{"—"}
		}
		if (r.to == planOver) != (r.do&planForget != 0) {
			t.Errorf("%s on %s: forgotten exactly when over", planStateNames[r.from], planOnNames[r.on])
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", planStateNames[r.from], planOnNames[r.on], planStateNames[r.to],
			strings.Join(do, ", "), r.ref)
	}
	for s := range planStates {
		if !reached[s] {
			t.Errorf("%s is never reached", planStateNames[s])
		}
		if s != planOver && !ends[s] {
			t.Errorf("%s can never end", planStateNames[s])
		}
	}
	golden(t, "fsm/plan.md", b.Bytes())
}

var start = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// rules of the tests: numbers that begin with +44 may be called from 10 to 18, +666 never, +999 has opted out.
var testRules = Rules{
	Number: func(s string) (string, error) {
		if !strings.HasPrefix(s, "+") {
			return s, errors.New("not E.164")
		}
		return s, nil
	},
	Hours: func(number string, at time.Time) (bool, time.Time) {
		switch {
		case strings.HasPrefix(number, "+666"):
			return false, time.Time{}
		case !strings.HasPrefix(number, "+44"):
			return true, at
		}
		day := at.Truncate(24 * time.Hour)
		switch h := at.Hour(); {
		case h < 10:
			return false, day.Add(10 * time.Hour)
		case h >= 18:
			return false, day.Add(34 * time.Hour)
		}
		return true, at
	},
	OptedOut: func(number string) bool { return strings.HasPrefix(number, "+999") },
}

// TestScenarios runs the scripts in testdata/scenario: lines with ">" are stimuli (virtual time, verb, key=value), the indented
// ones what followed.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenario/*.txt")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d scenarios, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "scenario/"+filepath.Base(file), runScript(t, string(text)))
		})
	}
}

func runScript(t *testing.T, text string) []byte {
	p := NewPlans(Config{Limit: 4}, testRules)
	var out bytes.Buffer
	var now time.Duration
	step := func(ev Event) {
		for _, e := range p.Step(ev, start.Add(now)) {
			fmt.Fprintf(&out, "  %6v %s\n", now, effectText(e))
		}
		soundness(t, p)
	}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "#") {
			fmt.Fprintln(&out, line)
		}
		if !strings.HasPrefix(line, ">") {
			continue
		}
		words := strings.Fields(line[1:])
		at, err := time.ParseDuration(words[0])
		if err != nil || at < now {
			t.Fatalf("%s: %v", line, err)
		}
		for next, ok := p.Next(); ok && next.Sub(start) < at; next, ok = p.Next() {
			now = max(next.Sub(start), now)
			step(Tick{})
		}
		now = at
		fmt.Fprintln(&out, line)
		if words[1] == "restart" {
			live := restartList(p)
			p = NewPlans(Config{Limit: 4}, testRules)
			step(Restore{live})
			continue
		}
		step(scriptEvent(t, words[1], words[2:]))
	}
	fmt.Fprintf(&out, "live %d, strays %d\n", p.Live(), p.Strays)
	return out.Bytes()
}

// restartList is what the queue would have of the live callbacks.
func restartList(p *Plans) (list []Live) {
	for _, id := range []string{"i1", "i2", "i3", "i4"} {
		if x := p.live[id]; x != nil {
			b := x.req.booking()
			list = append(list, Live{Item: id, Record: b.Record, Queue: b.Queue, From: x.from, Until: b.Until, Gap: b.Gap,
				Tried: x.tries, Data: b.Data, Done: x.state == planReached})
		}
	}
	return append(list, Live{Item: "other"})
}

func scriptEvent(t *testing.T, verb string, words []string) Event {
	kv := map[string]string{}
	for _, w := range words {
		k, v, _ := strings.Cut(w, "=")
		kv[k] = v
	}
	num := func(k string) (n int) { fmt.Sscan(kv[k], &n); return n }
	span := func(k string) time.Duration {
		d, err := time.ParseDuration(or(kv[k], "0s"))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	moment := func(k string) time.Time {
		if kv[k] == "" {
			return time.Time{}
		}
		return start.Add(span(k))
	}
	switch verb {
	case "ask":
		return Ask{Request{ID: kv["item"], Waiting: kv["waiting"] != "", Record: "r_" + kv["item"], Customer: kv["customer"],
			Number: kv["number"], Conversation: kv["thread"], Queue: or(kv["queue"], "sales"), From: moment("from"),
			Until: moment("until"), Mode: Mode(kv["mode"]), Source: ByWeb, Gap: span("gap"), Held: kv["held"] != ""}}
	case "gone":
		return WisherGone{kv["item"]}
	case "cancel":
		return Cancel{kv["item"], kv["by"]}
	case "offered":
		ev := Offered{Item: kv["item"], Offer: kv["item"] + "/" + kv["epoch"], Epoch: uint64(num("epoch")), Agent: "anna",
			Endpoint: "101", Deadline: moment("until")}
		if kv["number"] != "" {
			ev.Live = Live{Item: kv["item"], Queue: "sales", Data: map[string]string{dataMode: string(AgentFirst), dataNumber: kv["number"]}}
		}
		return ev
	case "withdrawn":
		return Withdrawn{kv["item"], uint64(num("epoch"))}
	case "result":
		return Result{kv["attempt"], Outcome(kv["is"]), kv["call"]}
	case "forecast":
		return Forecast{Item: kv["item"], Free: num("free"), Ahead: num("ahead"), P50: span("p50"), Known: kv["p50"] != ""}
	case "unserved":
		return Unserved{kv["item"]}
	case "ended":
		return Ended{kv["item"], kv["is"], kv["why"]}
	case "tick":
		return Tick{}
	}
	t.Fatalf("no such verb %q", verb)
	return nil
}

func effectText(e Effect) string {
	since := func(t time.Time) time.Duration { return t.Sub(start) }
	switch e := e.(type) {
	case Book:
		b := e.Booking
		return fmt.Sprintf("Book %s waiting=%t %s %s key=%s %v to %v aside=%t", b.Item, b.Waiting, b.Queue, b.Customer, b.Key,
			since(b.From), since(b.Until), b.Aside)
	case Answer:
		if e.Refused != "" {
			return fmt.Sprintf("Refuse %s: %s", e.ID, e.Refused)
		}
		return fmt.Sprintf("Agree %s from %v", e.ID, since(e.From))
	case dial:
		a := e.attempt
		return fmt.Sprintf("Dial %s %s%s %s offer=%s agent=%s", a.ID, a.Number, a.Conversation, a.Mode, a.Offer, a.Agent)
	case hangup:
		return "Hangup " + e.attempt
	case unreached:
		return fmt.Sprintf("Unreached %s/%d: %s", e.item, e.epoch, e.reason)
	case postpone:
		return fmt.Sprintf("Postpone %s to %v: %s", e.item, since(e.from), e.reason)
	case join:
		return fmt.Sprintf("Join %s by %s", e.booking.Item, e.call)
	case drop:
		return fmt.Sprintf("Cancel %s: %s", e.item, e.reason)
	case foresee:
		return "Foresee " + e.item
	case counted:
		return "count " + string(e.outcome)
	case Line:
		return fmt.Sprintf("line %s %s %v", e.Event.Record, e.Event.Kind, e.Event.Data)
	}
	return fmt.Sprintf("%#v", e)
}

// soundness checks the core's lists against each other.
func soundness(t *testing.T, p *Plans) {
	t.Helper()
	dialling := map[string]int{}
	n, listed := 0, 0
	for id, x := range p.live {
		if x.req.ID != id || x.state == planOver || p.keys[x.req.key()] != x {
			t.Fatalf("%s is %s under the key %q", id, planStateNames[x.state], x.req.key())
		}
		if x.state == planDialling {
			n++
			if p.tries[x.attempt.ID] != x {
				t.Fatalf("%s dials as %s, which nobody knows", id, x.attempt.ID)
			}
			if x.req.Mode == CustomerFirst {
				dialling[x.req.Queue]++
			}
		}
		if x.req.Mode == CustomerFirst && x.state != planReached {
			listed++
		}
	}
	if len(p.due) != n || len(p.tries) != n || len(p.keys) != len(p.live) {
		t.Fatalf("%d dial, %d have deadlines, %d are known; %d keys of %d", n, len(p.due), len(p.tries), len(p.keys), len(p.live))
	}
	for i := 1; i < len(p.due); i++ {
		if p.due[i].deadline.Before(p.due[i-1].deadline) {
			t.Fatal("deadlines out of order")
		}
	}
	for name, q := range p.queues {
		if listed -= len(q.list); q.dialling != dialling[name] || len(q.list)+q.dialling == 0 {
			t.Fatalf("%s: %d dial, counted %d, %d listed", name, dialling[name], q.dialling, len(q.list))
		}
	}
	if listed != 0 {
		t.Fatalf("%d customers to be reached first are not listed, or others are", listed)
	}
}

// TestAgain: what a customer waited for who was cut off is booked as before, its window and attempts too.
func TestAgain(t *testing.T) {
	r := Request{ID: "i1", Waiting: true, Held: true, Number: "+491", Queue: "sales", Mode: CustomerFirst, From: start, Until: start.Add(time.Hour), Source: ByIVR, Attempts: 5, Gap: time.Minute}
	b := r.booking()
	again, ok := Live{Item: "i1", Interaction: "c_dead", Queue: "sales", Attempts: 5, Gap: time.Minute, Data: b.Data}.Again()
	if !ok || !again.Aside || again.Customer != "+491" || again.Interaction != "i1" || !again.Until.Equal(r.Until) || again.Attempts != 5 || again.Gap != time.Minute || again.From.After(start) {
		t.Errorf("got %+v, %v", again, ok)
	}
	r.Mode = AgentFirst
	for _, data := range []map[string]string{nil, r.booking().Data} {
		if _, ok := (Live{Item: "i1", Data: data}).Again(); ok {
			t.Errorf("%v is taken for a customer who was reached first", data)
		}
	}
}
