package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem/config"
	"tandem/ivr"
	"tandem/ivr/flow/source"
	"tandem/ivr/sim"
)

// tested is the JSON form of flow test.
type tested struct {
	OK      bool           `json:"ok"`
	Scripts []scriptResult `json:"scripts"`
	Flows   []flowCoverage `json:"flows"`
}

type scriptResult struct {
	Script string `json:"script"`
	OK     bool   `json:"ok"`
	Error  string `json:"error,omitempty"`
}

// flowCoverage is how much of a flow the scripts have gone through, as shares of 1.
type flowCoverage struct {
	Flow  string  `json:"flow"`
	Steps float64 `json:"steps"`
	Exits float64 `json:"exits"`
	text  string
}

// maxScripts bounds one run.
const maxScripts = 1000

// flowTest runs scripts against the flows of the configuration, in virtual time.
func (a *app) flowTest(c *cli.Context) error {
	cfg, _, err := a.load(c)
	if err != nil {
		return err
	}
	files, err := scripts(c.Args().First())
	if err != nil {
		return failed("flow test", err, "name a script, or a folder of *.txt scripts")
	}
	out, paths := tested{OK: true}, sim.NewCoverage(cfg.Plan)
	for _, file := range files {
		path, err := runScript(cfg, file)
		result := scriptResult{Script: file, OK: err == nil}
		if err != nil {
			result.Error, out.OK = err.Error(), false
		}
		out.Scripts = append(out.Scripts, result)
		paths.Add(path)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Plan.Modules)) {
		f := flowCoverage{Flow: name}
		f.text, f.Steps, f.Exits = paths.Report(cfg.Plan.Modules[name])
		out.Flows = append(out.Flows, f)
	}
	if err := a.show(c, out, func() error { return a.flowTested(out, c.Bool("coverage")) }); err != nil {
		return err
	}
	if !out.OK {
		return &problem{"flow test: a script did not hold", nil, "correct the flow or the script at the line named above", exitFailed}
	}
	return nil
}

func (a *app) flowTested(out tested, missing bool) error {
	t := table{head: []string{"SCRIPT", "RESULT"}}
	for _, s := range out.Scripts {
		verdict := "ok"
		if !s.OK {
			verdict = "FAILED"
			for line := range strings.SplitSeq(strings.TrimSpace(s.Error), "\n") {
				narrate(a.Err, "%s", printable(line))
			}
		}
		t.add(s.Script, verdict)
	}
	if err := t.write(a.streams); err != nil {
		return err
	}
	for _, f := range out.Flows {
		text, _, _ := strings.Cut(f.text, "\n")
		if missing {
			text = strings.TrimSpace(f.text)
		}
		if _, err := fmt.Fprintf(a.Out, "\n%s", text); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(a.Out)
	return err
}

// scripts lists the script, or the *.txt files of a folder, by name.
func scripts(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	files, err := filepath.Glob(filepath.Join(path, "*.txt"))
	switch {
	case err != nil:
		return nil, err
	case len(files) == 0:
		return nil, fmt.Errorf("%s: no *.txt file in this folder", path)
	case len(files) > maxScripts:
		return nil, fmt.Errorf("%s: more than %d scripts", path, maxScripts)
	}
	return files, nil
}

// runScript plays one script and gives the path that it took, also when it did not hold.
func runScript(cfg *config.Config, file string) ([]ivr.Taken, error) {
	info, err := os.Stat(file)
	if err == nil && info.Size() > source.MaxBytes {
		err = fmt.Errorf("%s: more than %d bytes", file, source.MaxBytes)
	}
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	lines, err := sim.Parse(file, string(text))
	if err != nil {
		return nil, err
	}
	result, err := sim.Run(cfg.Plan, ivr.Emergency{Queue: firstQueue(cfg)}, file, lines)
	return result.Path, err
}
