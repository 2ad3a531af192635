package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"tandem/cmd/tandem/config"
)

// verdict is what a check found.
type verdict string

// The verdicts. Only a problem makes doctor fail.
const (
	fine    verdict = "ok"
	warning verdict = "warning"
	trouble verdict = "problem"
)

// finding is one line of doctor: stable id, verdict, what was seen, and what to do.
type finding struct {
	ID       string  `json:"id"`
	Verdict  verdict `json:"verdict"`
	Evidence string  `json:"evidence"`
	Fix      string  `json:"fix,omitempty"`
}

func ok(id, format string, args ...any) finding {
	return finding{ID: id, Verdict: fine, Evidence: fmt.Sprintf(format, args...)}
}

func (a *app) doctorCommand() *cli.Command {
	return a.verb(verb{name: "doctor", usage: "tell what is wrong with this set-up, and how to mend it", run: a.doctor})
}

// doctor runs every check, whatever the others found.
func (a *app) doctor(c *cli.Context) error {
	src, err := a.sourceOf(c.String("config"))
	if err != nil {
		return failed("configuration", err, "name a file or folder with --config")
	}
	cfg, faults, err := config.Load(src)
	var list []finding
	if err != nil {
		_, _ = a.Err.Write([]byte(faults.String()))
		list = append(list, finding{"config", trouble, fmt.Sprintf("%d faults", len(faults.All())), "run `tandem config check`"})
	} else {
		list = append(list, ok("config", "no fault (files read: %d)", len(src.Files)))
	}
	running := a.running(c, cfg)
	for _, check := range []func() []finding{
		func() []finding { return checkPorts(cfg, running) },
		func() []finding { return checkRange(cfg) },
		func() []finding { return checkAddresses(cfg) },
		func() []finding { return checkFiles(cfg) },
		func() []finding { return checkStore(cfg) },
		func() []finding { return checkCertificate(cfg) },
		func() []finding { return checkDisk(cfg) },
		func() []finding { return checkPrompts(cfg, src) },
		func() []finding { return checkClock(a.Now()) },
		func() []finding { return checkPasswords(cfg) },
	} {
		list = append(list, check()...)
	}
	if err := a.show(c, list, func() error { return a.findings(list) }); err != nil {
		return err
	}
	return judge(list)
}

func judge(list []finding) error {
	n := 0
	for _, f := range list {
		if f.Verdict == trouble {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return &problem{"doctor", errors.New(count(n, "problem")), "mend what stands under PROBLEM and run it again", exitFailed}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (a *app) findings(list []finding) error {
	t := table{head: []string{"CHECK", "VERDICT", "EVIDENCE"}}
	for _, f := range list {
		t.add(f.ID, string(f.Verdict), f.Evidence)
	}
	if err := t.write(a.streams); err != nil {
		return err
	}
	for _, f := range list {
		if f.Fix != "" {
			fmt.Fprintf(a.Out, "\n%s: %s\n  fix: %s\n", f.ID, f.Evidence, f.Fix)
		}
	}
	return nil
}

// running tells whether a gateway with this configuration answers, and as which process.
func (a *app) running(c *cli.Context, cfg *config.Config) (pid int) {
	socket := c.String("socket")
	switch {
	case socket != "":
	case c.String("config") == "":
		socket = a.plainSocket()
	default:
		socket = cfg.Control.Socket
	}
	status, err := a.connect(socket).Status(c.Context)
	if err != nil {
		return 0
	}
	return status.PID
}
