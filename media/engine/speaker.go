package engine

import (
	"time"

	"tandem/media"
	"tandem/media/codec"
	"tandem/media/dtmf"
	"tandem/media/prompt"
)

// maxFrame is the samples of the longest packet that we make: 60 ms.
const maxFrame = 480

// samplesPerMs is the clock of all that we generate.
const samplesPerMs = 8

// maxItems is how long a playback's list may be.
const maxItems = 256

// speaker is what a stream sends of our own accord: digits first, then the playback. Owned by the stream's worker.
type speaker struct {
	on         bool // it is in the wheel
	of         *stream
	due        int64 // tick of the next packet
	next, prev *speaker

	play    *playback
	events  dtmf.Sender
	tones   dtmf.Generator
	beeping bool // tones has something to say
	monitor *monitor

	inEvents bool   // a run of telephone-events goes on
	eventAt  uint32 // RTP timestamp of its last tick
}

// speaks tells that it has something to send, so that nothing else is to be heard.
func (s *speaker) speaks() bool { return s.on }

// silent tells that nothing is left to say.
func (s *speaker) silent() bool {
	return s.play == nil && !s.beeping && s.monitor == nil && !s.events.Busy()
}

// playback is a Play that runs.
type playback struct {
	id    media.PlayID
	items []piece
	at    int // item
	pos   int // samples into it
	loop  bool
	barge bool
}

// piece is an item made ready: a prompt, a tone, or silence.
type piece struct {
	prompt  *prompt.Prompt
	tone    *dtmf.DualTone
	samples int
}

// newPlayback makes the items ready. The error says which one is wrong.
func newPlayback(c media.Play, lib *prompt.Library) (*playback, error) {
	if len(c.Items) > maxItems {
		return nil, errTooManyItems
	}
	p := &playback{id: c.Play, loop: c.Loop, barge: c.Barge}
	for _, item := range c.Items {
		switch {
		case item.Prompt != "":
			pr, err := lib.Get(item.Prompt)
			if err != nil {
				return nil, err
			}
			p.items = append(p.items, piece{prompt: pr, samples: len(pr.Ulaw)})
		case item.Tone.For > 0:
			t := dtmf.NewDualTone(item.Tone.Hz1, item.Tone.Hz2, item.Tone.Level)
			p.items = append(p.items, piece{tone: &t, samples: samplesOf(item.Tone.For)})
		case item.Silence > 0:
			p.items = append(p.items, piece{samples: samplesOf(item.Silence)})
		}
	}
	total := 0
	for _, item := range p.items {
		total += item.samples
	}
	if total == 0 {
		return nil, errNothingToPlay
	}
	return p, nil
}

func samplesOf(d time.Duration) int { return int(d.Milliseconds()) * samplesPerMs }

// fill writes the next samples of the playback in a codec, and silence after its end. It is false when nothing was left.
func (p *playback) fill(c media.Codec, frame []byte) bool {
	done := 0
	for done < len(frame) {
		if p.at == len(p.items) {
			if !p.loop {
				break
			}
			p.at, p.pos = 0, 0
		}
		item := &p.items[p.at]
		n := min(len(frame)-done, item.samples-p.pos)
		item.fill(c, frame[done:done+n], p.pos)
		done, p.pos = done+n, p.pos+n
		if p.pos == item.samples {
			p.at, p.pos = p.at+1, 0
		}
	}
	codec.FillSilence(c, frame[done:])
	return done > 0
}

// fill writes samples from pos on.
func (i *piece) fill(c media.Codec, frame []byte, pos int) {
	switch {
	case i.prompt != nil:
		copy(frame, i.prompt.In(c)[pos:])
	case i.tone != nil:
		var pcm [maxFrame]int16
		i.tone.Fill(pcm[:len(frame)])
		codec.Encode(c, frame, pcm[:len(frame)])
	default:
		codec.FillSilence(c, frame)
	}
}

// over tells that the playback has nothing left.
func (p *playback) over() bool { return p.at == len(p.items) && !p.loop }
