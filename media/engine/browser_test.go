package engine

import (
	"testing"

	"tandem/media"
)

// TestBrowserCommandsAreAnswered: by a failure each, for streams that are open and for others.
func TestBrowserCommandsAreAnswered(t *testing.T) {
	r := newRig(t, testConfig())
	r.open(1, media.PCMU)
	r.do(media.Open{Stream: 2, Browser: true}, media.Describe{Stream: 1}, media.Describe{Stream: 9, Offer: "v=0"}, media.Accept{Stream: 1})
	if f := await[media.OpenFailed](r); f.Stream != 2 || f.Why != media.NoSocket || f.Err == "" {
		t.Errorf("got %+v", f)
	}
	for _, id := range []media.StreamID{1, 9, 1} {
		if d := await[media.Described](r); d.Stream != id || d.Err == "" {
			t.Errorf("got %+v, want a failure of stream %d", d, id)
		}
	}
	r.do(media.Open{Stream: 2}) // the number was not used up
	if o := await[media.Opened](r); o.Stream != 2 {
		t.Errorf("got %+v", o)
	}
}
