package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tandem/cmd/tandem/config"
	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/phone"
)

// selftestTime bounds the whole self-test.
const selftestTime = 60 * time.Second

// trial is one self-test: a call from the trunk's far end through the flow and a queue to an agent's phone, both played here.
type trial struct {
	std     streams
	cfg     *config.Config
	gateway control.Backend
	own     bool // the gateway runs for this trial only
	plan    trialPlan
	ladder  phone.Ladder

	carrier, desk *phone.Phone
	call, agent   *phone.Call // the caller's side and the agent's
	began         time.Time   // of the call
	id, record    string      // of the call, as the gateway names it
}

// errStep says that a step failed; the step has told why.
var errStep = errors.New("a step failed")

// selftest makes a call through a running gateway, or through one of its own where none runs and no configuration is named.
func selftest(ctx context.Context, o serveOptions, std streams) error {
	ctx, cancel := context.WithTimeout(ctx, selftestTime)
	defer cancel()
	t := &trial{std: std, cfg: o.Config, gateway: control.NewClient(o.Config.Control.Socket)}
	end, err := t.reach(ctx, o)
	if err != nil {
		return err
	}
	defer end()
	defer t.close()
	for _, step := range t.steps() {
		if err := t.perform(ctx, step); err != nil {
			t.draw()
			return err
		}
	}
	return nil
}

// trialStep is one thing that is proved. do tells what it saw.
type trialStep struct {
	name string
	do   func(context.Context) (string, error)
}

// errUnseen marks a step that could not be judged and is not held against the gateway.
var errUnseen = errors.New("not checked")

func (t *trial) perform(ctx context.Context, s trialStep) error {
	began := time.Now()
	saw, err := s.do(ctx)
	mark := "✓"
	switch {
	case errors.Is(err, errUnseen):
		mark, saw, err = "·", err.Error(), nil
	case err != nil:
		mark, saw = "✗", err.Error()
	}
	if saw != "" {
		saw = ": " + printable(saw)
	}
	fmt.Fprintf(t.std.Out, "%s %s%s (%s)\n", mark, s.name, saw, time.Since(began).Round(time.Millisecond))
	if err != nil {
		return fmt.Errorf("%w: %s: %w", errStep, s.name, err)
	}
	return nil
}

// draw prints every message of both phones.
func (t *trial) draw() {
	var lines []control.TraceLine
	for _, r := range t.ladder.Rungs() {
		lines = append(lines, control.TraceLine(r))
	}
	if len(lines) > 0 {
		fmt.Fprintf(t.std.Out, "\n%s", ladder(lines))
	}
}

// close hangs up what is left, and leaves the agent as he was.
func (t *trial) close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for _, c := range []*phone.Call{t.call, t.agent} {
		if c != nil {
			_ = c.Hangup(ctx)
		}
	}
	if t.desk != nil {
		_, _ = t.gateway.SetAgent(ctx, t.plan.agent, control.AgentChange{State: "offline", Reason: "self-test"})
		_ = t.desk.Register(ctx, 0)
		t.desk.Close()
	}
	if t.carrier != nil {
		t.carrier.Close()
	}
}

// reach finds the running gateway, or starts one. end frees what was started.
func (t *trial) reach(ctx context.Context, o serveOptions) (end func(), err error) {
	if _, err = t.gateway.Status(ctx); err == nil {
		return func() {}, nil
	}
	if !o.Demo || !errors.Is(err, control.ErrUnreachable) {
		return nil, err
	}
	narrate(t.std.Err, "no gateway runs here: starting one for this test")
	t.own = true
	return t.start(ctx, o)
}

// start runs the demo configuration in a folder of its own, on ports that nobody uses.
func (t *trial) start(ctx context.Context, o serveOptions) (end func(), err error) {
	dir, err := os.MkdirTemp("", "tandem-selftest-")
	if err != nil {
		return nil, err
	}
	logFile, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	cfg := *o.Config
	cfg.Store.Path, cfg.CDR.Path = filepath.Join(dir, "tandem.db"), filepath.Join(dir, "cdr.jsonl")
	cfg.Recordings = config.Recordings{Path: filepath.Join(dir, "recordings"), On: true}
	cfg.Control.Socket = filepath.Join(dir, "control.sock")
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), freePort())
	cfg.SIP.Listen = []config.Listen{{Transport: "udp", Addr: at}}
	anyPort := config.AddrPort{AddrPort: netip.MustParseAddrPort("127.0.0.1:0")}
	cfg.HTTP.Listen, cfg.Media.Browsers = anyPort, anyPort
	o.Config, t.cfg, t.gateway = &cfg, &cfg, control.NewClient(cfg.Control.Socket)

	live, stop := context.WithCancel(context.WithoutCancel(ctx))
	over := make(chan error, 1)
	go func() { over <- serve(live, o, streams{Err: logFile, Now: t.std.Now}) }()
	end = func() {
		stop()
		<-over
		_, _ = logFile.Close(), os.RemoveAll(dir)
	}
	if err := t.await(ctx, over); err != nil {
		end()
		return nil, err
	}
	return end, nil
}

// freePort finds a port for signalling; 0 where there is none, which then fails where it is bound.
func freePort() uint16 {
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return 0
	}
	defer func() { _ = conn.Close() }()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort().Port()
}

// await waits until our own gateway answers.
func (t *trial) await(ctx context.Context, over chan error) error {
	return poll(ctx, 10*time.Second, func() (bool, error) {
		select {
		case err := <-over:
			over <- err
			return false, fmt.Errorf("the gateway does not start: %w", err)
		default:
		}
		_, err := t.gateway.Status(ctx)
		return err == nil, nil
	})
}

// errLate says that something did not come in time.
var errLate = errors.New("it does not come")

// poll asks until the answer is yes or an error.
func poll(ctx context.Context, limit time.Duration, ask func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if yes, err := ask(); yes || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w within %s", errLate, strings.TrimSuffix(limit.String(), "0s"))
		case <-tick.C:
		}
	}
}
