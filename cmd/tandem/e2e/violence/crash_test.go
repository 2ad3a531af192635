package violence

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/e2e/rig"
	"tandem/media/mediatest"
	"tandem/store/journey"
)

// TestKill kills the gateway among 50 calls: 20 talk, 30 wait, more arrive. What it had told is still told afterwards.
func TestKill(t *testing.T) {
	t.Parallel()
	const agents, calls = 20, 50
	h := newHouse(t, agents, "0s")
	h.sign(agents, "available")
	live := h.dialAll(0, calls)
	rig.Await(t, "20 talk, 30 wait", 15*time.Second, func() bool { return h.bridged() == agents && h.waiting() == calls })
	rig.Await(t, "all are recorded for a second", 15*time.Second, func() bool { return h.recorded(32_000) == agents })
	arriving, stop := context.WithCancel(context.Background())
	defer stop()
	for n := range 10 {
		go func() {
			if c, err := h.dialWith(arriving, calls+n); err == nil {
				c.Drop()
			}
		}()
	}
	rig.Await(t, "new calls arrive", 5*time.Second, func() bool { return len(h.live()) > calls })
	before := h.events()
	bindings := h.Metric(t, "tandem_registrar_bindings")
	h.Kill(t)
	died := time.Now()
	stop()
	h.Restart(t)
	if took := time.Since(died); took > 3*time.Second {
		t.Errorf("the restart took %v", took)
	}
	for _, c := range live {
		c.Drop()
	}
	after := h.events()
	checkTold(t, before, after)
	checkEnded(t, after, died)
	h.checkLines(after)
	h.checkNothingAssigned(bindings)
	h.checkRecordings(agents)

	again := h.dialAll(500, 5)
	for i, c := range again {
		if !talks(c, 10*time.Second) {
			t.Errorf("new call %d hears no agent: %+v", i, c.Audio().Counters())
		}
		if err := c.Hangup(h.within(5 * time.Second)); err != nil {
			t.Errorf("new call %d: %v", i, err)
		}
	}
	h.clean()
}

// checkTold compares each line that was read before the kill with the one at its place afterwards.
func checkTold(t *testing.T, before, after map[string][]control.Event) {
	t.Helper()
	lines := 0
	for id, old := range before {
		for i, e := range old {
			lines++
			if i >= len(after[id]) {
				t.Errorf("record %s: line %d (%s) is lost", id, e.Seq, e.Kind)
				break
			}
			if now := after[id][i]; now.Seq != e.Seq || now.Kind != e.Kind || !now.At.Equal(e.At) || !maps.Equal(now.Data, e.Data) {
				t.Errorf("record %s: line %d was %+v, is %+v", id, e.Seq, e, now)
			}
		}
	}
	checkNumbers(t, after)
	t.Logf("%d lines of %d records had been read before", lines, len(before))
}

// checkNumbers wants the lines of each record numbered without a gap.
func checkNumbers(t *testing.T, records map[string][]control.Event) {
	t.Helper()
	for id, list := range records {
		for i, e := range list {
			if e.Seq != uint64(i)+1 {
				t.Errorf("record %s: line %d has the number %d", id, i+1, e.Seq)
			}
		}
	}
}

// checkEnded wants one end for each call, by the restart and at about the time of death.
func checkEnded(t *testing.T, records map[string][]control.Event, died time.Time) {
	t.Helper()
	for id, list := range records {
		started, ended := map[string]bool{}, map[string]int{}
		for _, e := range list {
			switch e.Kind {
			case string(journey.InteractionStarted):
				started[e.Interaction] = true
			case string(journey.InteractionEnded):
				ended[e.Interaction]++
				if e.Data[journey.DataReason] != "restart" || e.Data[journey.DataBy] != "system" || e.Data[journey.DataCause] != "41" {
					t.Errorf("record %s: ended by %v", id, e.Data)
				}
				if d := died.Sub(e.At); d < -time.Second || d > 3*time.Second {
					t.Errorf("record %s: ended %v before the death", id, d)
				}
			}
		}
		for call := range started {
			if ended[call] != 1 {
				t.Errorf("record %s: call %s has %d ends", id, call, ended[call])
			}
		}
	}
}

// checkLines wants one call detail record for each call.
func (h *house) checkLines(records map[string][]control.Event) {
	h.t.Helper()
	want := map[string]bool{}
	for _, list := range records {
		for _, e := range list {
			if e.Kind == string(journey.InteractionStarted) {
				want[e.Interaction] = true
			}
		}
	}
	rig.Await(h.t, "all call detail records are there", 5*time.Second, func() bool { return len(h.Lines(h.t)) >= len(want) })
	seen := map[string]bool{}
	for _, l := range h.Lines(h.t) {
		call := fmt.Sprint(l["call"])
		if seen[call] || !want[call] || fmt.Sprint(l["cause"]) != "41" || fmt.Sprint(l["by"]) != "system" {
			h.t.Errorf("call detail record: %v", l)
		}
		seen[call] = true
	}
}

// checkNothingAssigned wants no item and no busy agent, and every phone still registered.
func (h *house) checkNothingAssigned(bindings float64) {
	h.t.Helper()
	if n := h.waiting(); n != 0 {
		h.t.Errorf("the queue still holds %d items", n)
	}
	if got := h.states(); got["available"] != h.agents {
		h.t.Errorf("agents: %v, want all available", got)
	}
	if got := h.Metric(h.t, "tandem_registrar_bindings"); got != bindings {
		h.t.Errorf("%v registrations, before the kill %v", got, bindings)
	}
	if n := len(h.live()); n != 0 {
		h.t.Errorf("%d calls after a restart", n)
	}
}

// recorded is how many recordings hold so many bytes.
func (h *house) recorded(bytes int64) (n int) {
	files, _ := filepath.Glob(filepath.Join(h.Data, "recordings", "*.wav")) // the pattern is good
	for _, f := range files {
		if info, err := os.Stat(f); err == nil && info.Size() >= bytes {
			n++
		}
	}
	return n
}

// checkRecordings wants each recording that was cut off to be whole, with the caller left and the agent right.
func (h *house) checkRecordings(want int) {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.Data, "recordings", "*.wav"))
	if err != nil || len(files) != want {
		h.t.Fatalf("%d recordings, %v; want %d", len(files), err, want)
	}
	for _, f := range files {
		w, err := mediatest.ReadWAV(f)
		if err != nil {
			h.t.Errorf("%s: %v", filepath.Base(f), err)
			continue
		}
		info, err := os.Stat(f)
		if err != nil {
			h.t.Fatal(err)
		}
		left, right := loudest(w.Channels[0], callerTone), loudest(w.Channels[1], agentTone)
		if left < level-1.5 || right < level-1.5 {
			h.t.Errorf("%s: %d bytes, %d samples, left %.1f, right %.1f dBm0", filepath.Base(f), info.Size(), len(w.Channels[0]), left, right)
		}
	}
}

// loudest is the level of a tone in the tenth of a second that holds most of it.
func loudest(samples []int16, hz float64) float64 {
	most, n := -99.0, mediatest.Rate/10
	for from := 0; from+n <= len(samples); from += n {
		most = max(most, mediatest.Find(samples[from:from+n], hz))
	}
	return most
}
