package prompt

import (
	"fmt"
	"sort"
	"time"

	"tandem/media"
	"tandem/media/codec"
)

// Rate is the sampling rate of all prompts, in Hz.
const Rate = 8000

// FrameSize is the number of samples, and of G.711 bytes, in one frame of 20 ms.
const FrameSize = Rate / 50

// Music is the name of the music on hold that every library has.
const Music = "music/default"

// Prompt is a named piece of audio at 8000 Hz. Ulaw and Alaw say the same in both laws of G.711; their equal length is a
// multiple of FrameSize. They are shared and must not be written to.
type Prompt struct {
	Name       string
	Ulaw, Alaw []byte
}

// Length is the playing time.
func (p *Prompt) Length() time.Duration {
	return time.Duration(len(p.Ulaw)) * time.Second / Rate
}

// Library holds prompts by name. It is immutable.
type Library struct {
	prompts map[string]*Prompt
	bytes   int
}

// In gives the audio in a codec: Alaw for PCMA, else Ulaw.
func (p *Prompt) In(c media.Codec) []byte {
	if c == media.PCMA {
		return p.Alaw
	}
	return p.Ulaw
}

// Get finds a prompt by its path without ending, e.g. "demo/welcome". The error wraps ErrUnknown.
func (l *Library) Get(name string) (*Prompt, error) {
	if l != nil {
		if p, ok := l.prompts[name]; ok {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrUnknown, name)
}

// Names lists all prompts in order.
func (l *Library) Names() []string {
	names := make([]string, 0, len(l.prompts))
	for name := range l.prompts {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Bytes is the memory that the library's audio takes, both laws together.
func (l *Library) Bytes() int { return l.bytes }

// New makes a library of ready prompts, beside the music that every library has; later ones replace earlier ones of the
// same name. Load makes one from files.
func New(prompts ...*Prompt) *Library {
	l := &Library{prompts: map[string]*Prompt{Music: defaultMusic()}}
	for _, p := range prompts {
		l.prompts[p.Name] = p
	}
	for _, p := range l.prompts {
		l.bytes += len(p.Ulaw) + len(p.Alaw)
	}
	return l
}

// FromPCM makes a prompt of samples at 8000 Hz, padding the last frame with silence. It does not change the level.
func FromPCM(name string, pcm []int16) *Prompt {
	n := (len(pcm) + FrameSize - 1) / FrameSize * FrameSize
	p := &Prompt{Name: name, Ulaw: make([]byte, n), Alaw: make([]byte, n)}
	codec.FillSilence(media.PCMU, p.Ulaw)
	codec.FillSilence(media.PCMA, p.Alaw)
	codec.Encode(media.PCMU, p.Ulaw, pcm)
	codec.Encode(media.PCMA, p.Alaw, pcm)
	return p
}
