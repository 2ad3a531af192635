package config

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"tandem/media/prompt"
)

// promptNames lists the prompts of a folder, or of the shipped ones where no folder is named, without reading them; nil
// where neither is known.
func promptNames(dir string, shipped fs.FS) (names []string, err error) {
	fsys := shipped
	if dir != "" {
		fsys = os.DirFS(dir)
	}
	if fsys == nil {
		return nil, nil
	}
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := path.Ext(name); !d.IsDir() && (strings.EqualFold(ext, ".wav") || strings.EqualFold(ext, ".ulaw")) {
			names = append(names, strings.TrimSuffix(name, ext))
		}
		return nil
	})
	names = append(names, prompt.New().Names()...) // what is built in
	slices.Sort(names)
	return slices.Compact(names), err
}
