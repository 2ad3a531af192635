package main

import (
	"fmt"
	"io"
	"maps"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"tandem/cmd/tandem-load/gateway"
	"tandem/cmd/tandem-load/ua"
	"tandem/cmd/tandem/control"
)

// The addresses of a run.
var (
	carrierHost = netip.MustParseAddr("127.0.0.2")
	phoneHost   = netip.MustParseAddr("127.0.0.3")
	outsideHost = netip.MustParseAddr("127.0.0.4")
	gatewayHost = netip.MustParseAddr("127.0.0.5")
)

// drain is short, so that calls which have ended do not use up the open files of a small machine.
const drain = 500 * time.Millisecond

// maxCalls is what the ports of a Site hold.
const maxCalls = 4_800

// openFiles is what we ask the kernel for: two sockets for each stream, two streams for each call.
const openFiles = 200_000

// rig is a gateway with the load around it. Owned by the goroutine that runs the scenario.
type rig struct {
	loop    *ua.Loop
	carrier *ua.Side // calls come from it
	phones  *ua.Side // agents and extensions
	outside *ua.Side // calls leave to it
	gateway *gateway.Process
	narrate io.Writer
	figures bool
}

// settings are what all scenarios share.
type settings struct {
	Binary  string // the gateway
	Floor   string // the C relay that is the floor; empty: none is run
	Log     string // level of the gateway's log
	CDR     bool
	Folder  string         // that the gateway's data goes below
	Procs   int            // GOMAXPROCS of the gateway
	Figures bool           // print the gateway's own at the end
	PID     int            // of a gateway that runs already; 0: one is started
	Target  netip.AddrPort // where that one receives SIP
	Pages   netip.AddrPort // where that one serves its figures
	Narrate io.Writer
}

// newRig opens the sides and starts the gateway. change adapts the configuration.
func newRig(s settings, change func(*rig, *gateway.Site)) (r *rig, err error) {
	r = &rig{narrate: s.Narrate, figures: s.Figures}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	raise(openFiles)
	if err := gateway.PinSelf(); err != nil {
		return r, err
	}
	if r.loop, err = ua.NewLoop(); err != nil {
		return r, err
	}
	for _, x := range []struct {
		side **ua.Side
		host netip.Addr
	}{{&r.carrier, carrierHost}, {&r.phones, phoneHost}, {&r.outside, outsideHost}} {
		if *x.side, err = r.loop.Side(netip.AddrPortFrom(x.host, 0), func(ua.Event) {}); err != nil {
			return r, err
		}
	}
	site := gateway.Site{
		Host: gatewayHost, In: carrierHost, Phones: 1, Rate: 100_000, Burst: 100_000, MaxCalls: maxCalls,
		Ring: time.Minute, Drain: drain, Log: s.Log, CDR: s.CDR, Folder: s.Folder, Procs: s.Procs,
	}
	if change != nil {
		change(r, &site)
	}
	if s.PID != 0 {
		site.Host, site.SIPPort, site.HTTPPort = s.Target.Addr(), s.Target.Port(), s.Pages.Port()
		r.gateway = &gateway.Process{Site: site, PID: s.PID}
		return r, nil
	}
	if r.gateway, err = gateway.Start(s.Binary, site); err != nil {
		return r, err
	}
	return r, gateway.PinSelf() // starting it has changed this thread
}

// raise lifts the limit of open files, for us and the gateway, as far as we may.
func raise(files uint64) {
	want := unix.Rlimit{Cur: files, Max: files}
	if unix.Setrlimit(unix.RLIMIT_NOFILE, &want) == nil {
		return
	}
	var has unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &has) == nil {
		has.Cur = has.Max
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &has) // the run says itself when it is not enough
	}
}

func (r *rig) close() {
	if r.gateway != nil {
		if r.figures {
			r.tellFigures()
		}
		r.gateway.Stop()
	}
	if r.loop != nil {
		r.loop.Close()
	}
}

// tellFigures prints what the gateway says of itself, where it is not 0.
func (r *rig) tellFigures() {
	all, err := r.gateway.Metrics()
	if err != nil {
		r.say("the gateway's figures: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] != 0 && !strings.Contains(name, "_bucket{") {
			r.say("%s %g", name, all[name])
		}
	}
	r.say("%s", r.gateway.Said())
}

func (r *rig) say(format string, args ...any) { fmt.Fprintf(r.narrate, format+"\n", args...) }

// rest lets the loop run for a while.
func (r *rig) rest(d time.Duration) { r.loop.Run(func() bool { return false }, d) }

// register registers the first n phones.
func (r *rig) register(n int) error {
	left, failed := n, 0
	next := 0
	var one func()
	one = func() {
		if next == n {
			return
		}
		acc := ua.Account{
			User: gateway.PhoneName(next), Password: gateway.Password, Domain: gateway.Domain, Registrar: r.gateway.Site.SIP(), Expires: time.Hour,
		}
		next++
		r.phones.Register(acc, func(status int) {
			if left--; status != 200 {
				failed = status
			}
			one()
		})
	}
	for range min(n, 50) {
		one()
	}
	if !r.loop.Run(func() bool { return left == 0 }, time.Minute) || failed != 0 {
		return fmt.Errorf("%d of %d phones not registered, last status %d", left, n, failed)
	}
	return nil
}

// control asks the gateway as its command line does.
func (r *rig) control() *control.Client {
	return control.NewClient(filepath.Join(r.gateway.Dir, "control.sock"))
}

// liveHeap gives what is alive in the gateway's heap, in bytes.
func (r *rig) liveHeap() (float64, bool) { return r.gateway.LiveHeap(20 * time.Second) }

// number is a caller's number that no other call of the run has.
func number(i int) string { return fmt.Sprintf("+4930%08d", 10_000_000+i) }
