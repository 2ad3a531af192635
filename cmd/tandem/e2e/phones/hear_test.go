package phones

import (
	"testing"

	"tandem/media/mediatest"
)

// loudest is the level of a tone in the span of n samples of any file that holds most of it.
func loudest(t *testing.T, files []string, hz float64, n int) float64 {
	t.Helper()
	most := -99.0
	for _, f := range files {
		w, err := mediatest.ReadWAV(f)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		most = max(most, loudestIn(w.Channels[0], hz, n))
	}
	return most
}

func loudestIn(samples []int16, hz float64, n int) float64 {
	most := -99.0
	for from := 0; from+n <= len(samples); from += n {
		most = max(most, mediatest.Find(samples[from:from+n], hz))
	}
	return most
}
