package browser

import (
	"math"
	"slices"
	"testing"
	"time"

	"tandem/cmd/tandem/e2e/rig"
	"tandem/media/mediatest"
)

// How sounds are judged: over so many samples, so loud at least, so much quieter at most.
const (
	span    = mediatest.Rate * 2 / 5
	loud    = -15.0 // dBm0; a page's tone comes at -9, a telephone's at -12
	quiet   = -40.0 // dBm0
	hearing = 10 * time.Second
)

// hears waits until a telephone hears a tone, and none of the others.
func hears(t *testing.T, what string, ear rig.Ear, hz float64, others ...float64) {
	t.Helper()
	hearsSo(t, what, ear, func(got []int16) bool {
		return mediatest.Find(got, hz) > loud && !slices.ContainsFunc(others, func(x float64) bool { return mediatest.Find(got, x) > quiet })
	})
}

// hearsMusic waits until a telephone hears something that is none of the tones.
func hearsMusic(t *testing.T, what string, ear rig.Ear) {
	t.Helper()
	hearsSo(t, what, ear, func(got []int16) bool {
		all := power(got)
		return all > quiet && !slices.ContainsFunc([]float64{callerTone, agentTone, deskTone}, func(x float64) bool { return mediatest.Find(got, x) > all-6 })
	})
}

func hearsSo(t *testing.T, what string, ear rig.Ear, judge func([]int16) bool) {
	t.Helper()
	var got []int16
	defer func() {
		if t.Failed() {
			t.Logf("%s: last heard %d samples, %.1f dBm0 in all; %v Hz: %.1f, %v Hz: %.1f, %v Hz: %.1f", what, len(got), power(got),
				callerTone, mediatest.Find(got, callerTone), agentTone, mediatest.Find(got, agentTone), deskTone, mediatest.Find(got, deskTone))
		}
	}()
	rig.Await(t, what, hearing, func() bool {
		got = ear.Last(span)
		return len(got) == span && judge(got)
	})
}

// power is the level of all that is in samples, in dBm0.
func power(samples []int16) float64 {
	var sum float64
	for _, x := range samples {
		sum += float64(x) * float64(x)
	}
	const full = 32768 / math.Sqrt2 // of a sine
	return 10*math.Log10(max(sum/float64(max(len(samples), 1)), 1)/(full*full)) + 3.17
}
