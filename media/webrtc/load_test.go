package webrtc

import (
	"sync"
	"testing"

	"tandem/media"
)

// TestManyAtOnce: 50 browsers connect through the one port at the same time; each hears its own voice and no other.
func TestManyAtOnce(t *testing.T) {
	const many = 50
	r := newRig(t)
	browsers := make([]*browser, many)
	for i := range browsers {
		r.open(media.StreamID(i + 1))
		browsers[i] = newBrowser(t)
		r.do(media.Connect{A: media.StreamID(i + 1), B: media.StreamID(i + 1)})
	}
	offers := make([]string, many)
	var all sync.WaitGroup
	for i, b := range browsers {
		all.Go(func() { offers[i] = b.offer() })
	}
	all.Wait()
	for i, b := range browsers {
		b.accept(r.describe(media.StreamID(i+1), offers[i]).SDP)
	}
	for i, b := range browsers {
		r.linked(media.StreamID(i+1), true)
		b.awaitUp()
	}
	for i, b := range browsers {
		b.say(tone(400 + 20*float64(i)))
		other := 400 + 20*float64((i+many/2)%many)
		wantTone(t, media.PCMU, b.hear(0, 25), 400+20*float64(i), other)
	}
}
