package acd

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"

	"tandem/acd/route"
	"tandem/store/journey"
)

var epoch0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// TestScenarios runs the scripts in testdata/scenario. A script is a configuration, "---", and lines: those that begin with
// ">" are stimuli (virtual time, verb, arguments), the indented ones below each are what followed.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/scenario/*.txt")
	if err != nil || len(files) < 10 {
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

// script is a scenario being run.
type script struct {
	t       *testing.T
	cfg     Config
	state   *State
	now     time.Duration
	journal []Entry
	out     bytes.Buffer
}

func parseConfig(t *testing.T, text string) Config {
	t.Helper()
	var cfg Config
	if err := yaml.Unmarshal([]byte(text), &cfg); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func runScript(t *testing.T, text string) []byte {
	t.Helper()
	head, body, ok := strings.Cut(text, "\n---\n")
	if !ok {
		t.Fatal("no configuration")
	}
	sc := &script{t: t, cfg: parseConfig(t, head)}
	state, faults := NewState(sc.cfg)
	if faults != nil {
		t.Fatal(faults)
	}
	sc.state = state
	sc.out.WriteString(head + "\n---\n")
	for line := range strings.SplitSeq(body, "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
			fmt.Fprintln(&sc.out, line)
		case strings.HasPrefix(line, ">"):
			sc.stimulus(line)
		}
	}
	return sc.out.Bytes()
}

func (sc *script) stimulus(line string) {
	words := strings.Fields(line[1:])
	at, err := time.ParseDuration(words[0])
	if err != nil || at < sc.now {
		sc.t.Fatalf("%s: time: %v", line, err)
	}
	for {
		due, ok := sc.state.Next()
		if !ok || due.Sub(epoch0) >= at {
			break
		}
		sc.now = max(due.Sub(epoch0), sc.now)
		sc.step(Tick{})
	}
	sc.now = at
	fmt.Fprintln(&sc.out, line)
	switch words[1] {
	case "restart":
		sc.restart(words[2:])
	case "why":
		ex := sc.state.Why(words[2])
		for _, d := range ex.Decisions {
			fmt.Fprintf(&sc.out, "    %s %s/%d %s agent=%s need=%q free=%d excluded=%d urgency=%.3g next=%s\n", d.What, d.Item,
				d.Epoch, d.Reason, d.Agent, d.Need, d.Free, d.Excluded, d.Urgency, d.Next)
		}
		fmt.Fprintf(&sc.out, "    waiting: %s\n", ex.Waiting)
	default:
		sc.step(sc.event(words[1], words[2:]))
	}
}

func (sc *script) step(ev Event) {
	r := sc.state.Step(ev, epoch0.Add(sc.now))
	sc.journal = append(sc.journal, r.Entries...)
	for _, e := range r.Entries {
		fmt.Fprintf(&sc.out, "  %6v journal %s\n", sc.now, entryText(e))
	}
	for _, e := range r.Effects {
		if c, ok := e.(ItemChanged); ok && (c.State == ItemOffered || c.State == ItemConnecting) {
			continue // Offer and Connect say the same
		}
		fmt.Fprintf(&sc.out, "  %6v effect  %s\n", sc.now, effectText(e))
	}
	for _, x := range r.Rejected {
		fmt.Fprintf(&sc.out, "  %6v REJECT  %s: %s%s: %s\n", sc.now, x.Event, x.Item, x.Agent, x.Reason)
	}
}

func entryText(e Entry) string {
	if e.Kind == journey.AgentState {
		return strings.TrimSpace(fmt.Sprintf("agent %s: %s %s", e.Agent, e.State, e.Reason))
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s/%d %s: %s %s %s", e.Kind, e.Item, e.Epoch, e.Queue, e.State, e.Agent, e.Reason))
}

func effectText(e Effect) string {
	switch e := e.(type) {
	case Offer:
		return fmt.Sprintf("Offer %s to %s until %v, waited %v (%s)", e.ID, e.Agent, e.Deadline.Sub(epoch0), e.Waited, e.Why)
	case Withdraw:
		return fmt.Sprintf("Withdraw %s from %s: %s", e.ID, e.Agent, e.Reason)
	case Connect:
		return fmt.Sprintf("Connect %s with %s", e.Offer, e.Agent)
	case Announce:
		wait := "unknown"
		if e.Wait.Known {
			wait = fmt.Sprintf("%v to %v", e.Wait.P50.Round(time.Second), e.Wait.P80.Round(time.Second))
		}
		return fmt.Sprintf("Announce %s: place %d, %s", e.Item, e.Position, wait)
	case AgentChanged:
		return strings.TrimSpace(fmt.Sprintf("Agent %s: %s %s", e.Agent, e.State, e.Reason))
	case ItemEnded:
		return strings.TrimSpace(fmt.Sprintf("Ended %s: %s %s %s", e.Item, e.Outcome, e.Agent, e.Reason))
	case Refused:
		return fmt.Sprintf("Refused %s: %s", e.Item, e.Reason)
	case ItemChanged:
		left := ""
		if e.Left != "" {
			left = "left=" + e.Left
		}
		if e.Asks != "" {
			return fmt.Sprintf("Asks %s/%d: %s %s %s", e.Item, e.Epoch, e.State, e.Media, e.Asks)
		}
		return strings.Join(strings.Fields(fmt.Sprintf("Changed %s/%d: %s %s %s %s %s", e.Item, e.Epoch, e.State, e.Media, e.Agent, left, e.Reason)), " ")
	case TimedOut:
		return fmt.Sprintf("TimedOut %s: %s", e.Item, e.Reason)
	}
	return fmt.Sprintf("%#v", e)
}

// restart throws the state away and restores it from the journal; the arguments are the items whose legs live on.
func (sc *script) restart(alive []string) {
	state, faults := NewState(sc.cfg)
	if faults != nil {
		sc.t.Fatal(faults)
	}
	before := sc.state.Image()
	folded, err := Fold(nil, sc.journal)
	if err != nil || folded.Hash() != before.Hash() {
		sc.t.Errorf("fold of the journal differs: %v\n got %+v\nwant %+v", err, folded, before)
	}
	sc.state = state
	there := map[string]bool{}
	for _, id := range alive {
		there[id] = true
	}
	sc.step(Restore{Entries: sc.journal, Alive: there})
}

// args are the words behind a verb; those that are left out are empty.
type args []string

func (w args) at(i int) string {
	if i < len(w) {
		return w[i]
	}
	return ""
}

func (sc *script) offer(text string) OfferID {
	o, err := ParseOfferID(text)
	if err != nil {
		sc.t.Fatal(err)
	}
	return o
}

func (sc *script) event(verb string, w args) Event {
	for _, group := range []func(string, args) Event{sc.itemEvent, sc.agentEvent, sc.adminEvent} {
		if ev := group(verb, w); ev != nil {
			return ev
		}
	}
	sc.t.Fatalf("no such verb %q", verb)
	return nil
}

func (sc *script) itemEvent(verb string, w args) Event {
	switch verb {
	case "enqueue":
		return Enqueue{scriptItem(sc.t, w)}
	case "leave":
		return Leave{w.at(0)}
	case "mediaup":
		return MediaUp(sc.offer(w.at(0)))
	case "end":
		return End{w.at(0), w.at(1)}
	case "transfer":
		return sc.transfer(w)
	case "convert":
		return sc.convert(w)
	}
	return sc.liveEvent(verb, w)
}

// liveEvent is what happens to items that an agent has.
func (sc *script) liveEvent(verb string, w args) Event {
	switch verb {
	case "park":
		return Park{w.at(0), w.at(1)}
	case "customer":
		return CustomerSpoke{w.at(0)}
	case "agent":
		return AgentSpoke{w.at(0)}
	case "switch":
		return Switch{Item: w.at(0), Media: Media(w.at(1)), Customer: w.at(2)}
	case "lost":
		return AgentLost{Item: w.at(0)}
	case "unreached":
		return Unreached{Item: w.at(0), Reason: w.at(1)}
	case "postpone":
		return Postpone{w.at(0), epoch0.Add(sc.duration(w.at(1))), w.at(2)}
	case "lease":
		return Lease{w.at(0), w.at(1) == "up"}
	case "elsewhere":
		n, err := strconv.Atoi(w.at(2))
		if err != nil {
			sc.t.Fatal(err)
		}
		return Elsewhere{w.at(0), Media(w.at(1)), n}
	}
	return nil
}

// transfer reads "item queue [keep] [agent=a] [limit=30s]"; queue "-" is the present one.
func (sc *script) transfer(w args) Event {
	ev := Transfer{Item: w.at(0), Queue: strings.Trim(w.at(1), "-")}
	for _, kv := range w[2:] {
		switch k, v, _ := strings.Cut(kv, "="); k {
		case "keep":
			ev.Keep = true
		case "agent":
			ev.Agent = v
		case "limit":
			ev.Limit = sc.duration(v)
		}
	}
	return ev
}

// convert reads "item medium customer [key=k] [from=60s] [until=2m] [attempts=2] [aside]".
func (sc *script) convert(w args) Event {
	ev := Convert{Item: w.at(0), Media: Media(w.at(1)), Customer: w.at(2)}
	for _, kv := range w[min(3, len(w)):] {
		switch k, v, _ := strings.Cut(kv, "="); k {
		case "key":
			ev.Key = v
		case "from":
			ev.From = epoch0.Add(sc.duration(v))
		case "until":
			ev.Until = epoch0.Add(sc.duration(v))
		case "attempts":
			ev.Attempts, _ = strconv.Atoi(v)
		case "aside":
			ev.Aside = true
		}
	}
	return ev
}

func (sc *script) duration(text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		sc.t.Fatal(err)
	}
	return d
}

func (sc *script) agentEvent(verb string, w args) Event {
	switch verb {
	case "signin":
		return SignIn{w.at(0), w.at(1) == "ready"}
	case "signout":
		return SignOut{w.at(0), w.at(1)}
	case "ready":
		return SetState{Agent: w.at(0), Ready: true}
	case "away":
		return SetState{Agent: w.at(0), Reason: w.at(1)}
	case "phone", "desk":
		return DeviceUsable{w.at(0), Device(verb), w.at(1) == "up"}
	case "accept":
		return Accept{sc.offer(w.at(1)), w.at(0)}
	case "decline":
		return Decline{sc.offer(w.at(1)), w.at(0), w.at(2)}
	case "wrapup":
		return WrapUpDone{Item: w.at(1), Agent: strings.Trim(w.at(0), "-"), Disposition: w.at(2), Force: w.at(3) == "force"}
	case "extend":
		return WrapUpExtend{w.at(1), w.at(0)}
	}
	return nil
}

func (sc *script) adminEvent(verb string, w args) Event {
	switch verb {
	case "tick":
		return Tick{}
	case "cancel":
		return Cancel{w.at(0), w.at(1)}
	case "queue":
		return SetQueue{w.at(0), QueueMode(w.at(1))}
	case "configure":
		text, err := os.ReadFile("testdata/scenario/" + w.at(0))
		if err != nil {
			sc.t.Fatal(err)
		}
		sc.cfg = parseConfig(sc.t, string(text))
		return Configure{sc.cfg}
	}
	return nil
}

// scriptItem reads "id queue media [weight=2] [key=k] [prefer=a] [from=30s] [until=60s] [attempts=2] [gap=60s]
// [aside] [sticky=anna,bert] [maxwait=30s] [need=german:50]".
func scriptItem(t *testing.T, w []string) Item {
	it := Item{ID: w[0], Queue: w[1], Media: Media(w[2]), Record: "r_" + w[0]}
	for _, kv := range w[3:] {
		var err error
		switch k, v, _ := strings.Cut(kv, "="); k {
		case "weight":
			_, err = fmt.Sscan(v, &it.Weight)
		case "key":
			it.Key = v
		case "prefer":
			it.Prefer = v
		case "from", "until":
			var d time.Duration
			if d, err = time.ParseDuration(v); k == "from" {
				it.From = epoch0.Add(d)
			} else {
				it.Until = epoch0.Add(d)
			}
		case "attempts":
			_, err = fmt.Sscan(v, &it.Attempts)
		case "gap":
			it.Gap, err = time.ParseDuration(v)
		case "aside":
			it.Aside = true
		case "sticky":
			for id := range strings.SplitSeq(v, ",") {
				it.Sticky = append(it.Sticky, Sticky{Agent: id})
			}
		case "maxwait":
			it.MaxWait, err = time.ParseDuration(v)
		case "need":
			name, level, _ := strings.Cut(v, ":")
			need := route.Need{}
			need[name], err = strconv.Atoi(level)
			it.Steps = route.Steps{{Need: need}}
		default:
			err = fmt.Errorf("unknown")
		}
		if err != nil {
			t.Fatalf("%s: %v", kv, err)
		}
	}
	return it
}
