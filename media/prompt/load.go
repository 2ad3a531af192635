package prompt

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"tandem/media"
	"tandem/media/codec"
)

// Limits bound what Load takes into memory. Zero values mean the defaults.
type Limits struct {
	Bytes int     // of audio in memory, both laws together; default 256 MiB
	Level float64 // loudness that prompts are brought to, in dBm0; default -18
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 256 << 20
	}
	if l.Level == 0 {
		l.Level = -18
	}
	return l
}

// Load reads every .wav (8000 or 16000 Hz, mono, PCM16) and .ulaw (headerless µ-law, 8000 Hz) file below fsys. Names are
// paths without ending. Faulty files are left out and reported together in the error; the library is usable all the same.
// A file music/default replaces the built-in music.
func Load(fsys fs.FS, limits Limits) (*Library, error) {
	ld := loader{fsys: fsys, limits: limits.withDefaults()}
	if err := fs.WalkDir(fsys, ".", ld.visit); err != nil {
		ld.faults = append(ld.faults, err)
	}
	return New(ld.prompts...), errors.Join(ld.faults...)
}

// loader is one run of Load.
type loader struct {
	fsys    fs.FS
	limits  Limits
	prompts []*Prompt
	bytes   int
	faults  []error
}

// visit takes one file. It never ends the walk early except when the size limit is reached.
func (ld *loader) visit(name string, entry fs.DirEntry, err error) error {
	if err != nil {
		ld.faults = append(ld.faults, err)
		return nil
	}
	ext := strings.ToLower(path.Ext(name))
	if entry.IsDir() || (ext != ".wav" && ext != ".ulaw") {
		return nil
	}
	if info, err := entry.Info(); err == nil && ld.bytes+int(info.Size()) > ld.limits.Bytes {
		ld.faults = append(ld.faults, fmt.Errorf("%s: %w (%d bytes)", name, ErrTooLarge, ld.limits.Bytes))
		return fs.SkipAll
	}
	p, err := ld.read(name, ext)
	if err != nil {
		ld.faults = append(ld.faults, fmt.Errorf("%s: %w", name, err))
		return nil
	}
	ld.bytes += len(p.Ulaw) + len(p.Alaw)
	ld.prompts = append(ld.prompts, p)
	return nil
}

// read makes a prompt of one file.
func (ld *loader) read(name, ext string) (*Prompt, error) {
	data, err := fs.ReadFile(ld.fsys, name)
	if err != nil {
		return nil, err
	}
	pcm, err := decode(data, ext)
	if err != nil {
		return nil, err
	}
	if len(pcm) == 0 {
		return nil, ErrEmpty
	}
	normalise(pcm, ld.limits.Level)
	return FromPCM(strings.TrimSuffix(name, path.Ext(name)), pcm), nil
}

// decode gives the samples of a file at 8000 Hz.
func decode(data []byte, ext string) ([]int16, error) {
	if ext == ".ulaw" {
		pcm := make([]int16, len(data))
		codec.Decode(media.PCMU, pcm, data)
		return pcm, nil
	}
	return parseWAV(data)
}
