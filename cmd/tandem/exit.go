package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/control"
)

// The exit codes.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitConfig      = 4 // the configuration is wrong, or not authorised
	exitNotFound    = 5
	exitUnreachable = 6
	exitInterrupted = 130
)

// problem is an error as a person is told: what, why, what to do next.
type problem struct {
	what string
	why  error // may be nil
	next string
	code int
}

// Error gives what and why.
func (p *problem) Error() string {
	if p.why == nil {
		return p.what
	}
	return p.what + ": " + p.why.Error()
}

// Unwrap gives why.
func (p *problem) Unwrap() error { return p.why }

// usage says that the command line is wrong.
func usage(next, format string, args ...any) error {
	return &problem{what: fmt.Sprintf(format, args...), next: next, code: exitUsage}
}

// failed says that a command did not work. The code follows from why.
func failed(what string, why error, next string) error {
	return &problem{what, why, next, codeOf(why)}
}

// codeOf gives the exit code of an error.
func codeOf(err error) int {
	var p *problem
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &p):
		return p.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, control.ErrUnreachable):
		return exitUnreachable
	case errors.Is(err, control.ErrNotFound), errors.Is(err, fs.ErrNotExist):
		return exitNotFound
	case errors.Is(err, fs.ErrPermission), errors.Is(err, config.ErrFaults):
		return exitConfig
	case errors.Is(err, control.ErrInvalid):
		return exitUsage
	}
	return exitFailed
}

// tell writes an error for a person.
func tell(s streams, err error) {
	fmt.Fprintf(s.Err, "tandem: %v\n", err)
	var p *problem
	if errors.As(err, &p) && p.next != "" {
		fmt.Fprintf(s.Err, "  next: %s\n", p.next)
	}
}

// askFailed words an error of the running gateway.
func askFailed(what string, err error, list string) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return &problem{what, err, "run it as the user who runs tandem serve, or as root", exitConfig}
	case errors.Is(err, control.ErrUnreachable):
		return failed(what, err, "start it with `tandem serve` or `tandem demo`, or name its socket with --socket")
	case errors.Is(err, control.ErrNotFound):
		return failed(what, err, "see what there is with `"+list+"`")
	case errors.Is(err, control.ErrConflict):
		return failed(what, err, "look at its state with `"+list+"`")
	case errors.Is(err, context.DeadlineExceeded):
		return failed(what, err, "the gateway answers too slowly: look at its log and at /metrics")
	}
	return failed(what, err, "look at the gateway's log, or run `tandem doctor`")
}
