package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"tandem/ivr/flow"
	"tandem/ivr/flow/source"
)

// ErrFaults is wrapped when a configuration was read and is wrong.
var ErrFaults = errors.New("the configuration is wrong")

// Limits of a configuration.
const (
	maxFiles = 500
	maxDepth = 4 // of folders
)

// DemoPasswordVariable is the environment variable that holds the demo phones' password; it has a value without being set,
// which is why a configuration that uses it must not face a network.
const (
	DemoPasswordVariable = "TANDEM_DEMO_PASSWORD"
	DemoPassword         = "tandem-demo"
)

// Source is what a configuration is read from.
type Source struct {
	Files   []File // of the configuration
	Dir     string // that relative paths start from
	Flows   fs.FS  // flow files, instead of the folder that the configuration names; nil: that folder
	Prompts fs.FS  // shipped prompts, used where the configuration names no folder; nil: prompts are not checked
	Env     func(string) (string, bool)
}

// File is one file.
type File struct {
	Name string
	Data []byte
}

// Problems is every fault of a run.
type Problems struct{ Faults *source.Faults }

// Error prints every fault.
func (p *Problems) Error() string { return strings.TrimSuffix(p.Faults.String(), "\n") }

// Unwrap gives ErrFaults.
func (p *Problems) Unwrap() error { return ErrFaults }

// Open finds the files of a path: a file, or a folder of *.yaml and *.yml files, folders below it included; a folder
// called flows or prompts is left to their readers. Flows beside the configuration are read where it names no other folder.
func Open(path string) (Source, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Source{}, err
	}
	src := Source{Dir: path, Env: os.LookupEnv}
	names := []string{path}
	if info.IsDir() {
		if names, err = walk(path); err != nil {
			return Source{}, err
		}
	} else {
		src.Dir = filepath.Dir(path)
	}
	if src.Dir, err = filepath.Abs(src.Dir); err != nil {
		return Source{}, err
	}
	if flows := filepath.Join(src.Dir, "flows"); isFolder(flows) {
		src.Flows = os.DirFS(flows)
	}
	for _, n := range names {
		data, err := os.ReadFile(n)
		if err != nil {
			return Source{}, err
		}
		src.Files = append(src.Files, File{n, data})
	}
	return src, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func walk(root string) (names []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, _ := filepath.Rel(root, path)
		name := d.Name()
		if d.IsDir() && path != root {
			if slices.Contains([]string{"flows", "prompts", "data"}, name) || strings.HasPrefix(name, ".") ||
				strings.Count(below, string(filepath.Separator)) >= maxDepth {
				return fs.SkipDir
			}
			return nil
		}
		if ext := filepath.Ext(name); !d.IsDir() && (ext == ".yaml" || ext == ".yml") && !strings.HasPrefix(name, ".") {
			names = append(names, path)
		}
		if len(names) > maxFiles {
			return fmt.Errorf("%s: more than %d files", root, maxFiles)
		}
		return nil
	})
	if err == nil && len(names) == 0 {
		err = fmt.Errorf("%s: no *.yaml file in this folder", root)
	}
	return names, err
}

// Load reads and checks a configuration. The error is a *Problems where the configuration itself is wrong; warnings are in
// the faults that are given.
func Load(src Source) (*Config, *source.Faults, error) {
	c := &Config{Dir: src.Dir}
	faults := &source.Faults{}
	r := source.NewReader(source.Options{Env: env(src.Env), ReadFile: readSecret(src.Dir)}, faults)
	for _, f := range src.Files {
		r.Read(f.Name, f.Data, c)
	}
	r.Finish(c)
	c.paths()
	c.loadFlows(src, r.At(""), faults)
	c.check(r.At(""))
	if faults.Failed() {
		return c, faults, &Problems{faults}
	}
	return c, faults, nil
}

func env(lookup func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if lookup != nil {
			if v, ok := lookup(name); ok {
				return v, true
			}
		}
		return DemoPassword, name == DemoPasswordVariable
	}
}

func readSecret(dir string) func(string) ([]byte, error) {
	return func(path string) ([]byte, error) {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		return os.ReadFile(path)
	}
}

// paths makes relative paths absolute.
func (c *Config) paths() {
	for _, p := range []*string{&c.Media.Prompts, &c.Store.Path, &c.Recordings.Path, &c.CDR.Path, &c.Control.Socket, &c.Flows, &c.TLS.Certificate, &c.TLS.Key} {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(c.Dir, *p)
		}
	}
}

// loadFlows reads and checks the flow files against what the configuration has.
func (c *Config) loadFlows(src Source, at source.At, faults *source.Faults) {
	files, err := c.flowFiles(src)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no folder %s", c.Flows)
	}
	if err != nil {
		at.Key("flows").Errorf("flows: %v", err)
		return
	}
	plan, found := flow.Load(files, c.world(src, at))
	for _, f := range files {
		faults.AddSource(f.Name, f.Data)
	}
	for _, f := range found.All() {
		faults.Add(f)
	}
	c.Plan = plan
}

func (c *Config) flowFiles(src Source) ([]flow.File, error) {
	fsys, label := src.Flows, "flows"
	if c.Flows != "" {
		fsys, label = os.DirFS(c.Flows), c.Flows
	}
	if fsys == nil {
		return nil, nil
	}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	var files []flow.File
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); e.IsDir() || ext != ".yaml" && ext != ".yml" {
			continue
		}
		if len(files) == maxFiles {
			return nil, fmt.Errorf("more than %d files", maxFiles)
		}
		data, err := fs.ReadFile(fsys, e.Name())
		if err != nil {
			return nil, err
		}
		files = append(files, flow.File{Name: filepath.Join(label, e.Name()), Data: data})
	}
	return files, nil
}

// world is what flows may name.
func (c *Config) world(src Source, at source.At) flow.World {
	w := flow.World{Queues: flow.Known(sorted(c.Queues)...)}
	w.Endpoints = flow.Known(c.dialable()...)
	names, err := promptNames(c.Media.Prompts, src.Prompts)
	if err != nil {
		at.Key("media").Key("prompts").Errorf("media.prompts: %v", err)
		return w
	}
	if names != nil {
		w.Prompts = flow.Known(names...)
	}
	return w
}
