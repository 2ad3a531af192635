package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"tandem/cmd/tandem/control"
	"tandem/cmd/tandem/phone"
)

// What the self-test dials and presses: the demo's number, and the demo's key for its queue.
const (
	trialNumber = "1000"
	trialKey    = "1"
	trialCaller = "+4930555000"
)

// trialPlan is who plays what.
type trialPlan struct {
	sip      netip.AddrPort // the gateway's, UDP
	trunk    string
	carrier  netip.Addr // source address of the trunk
	agent    string
	endpoint string
	queue    string
}

// prepare finds who may play, without ringing a real person.
func (t *trial) prepare(ctx context.Context) (string, error) {
	status, err := t.gateway.Status(ctx)
	if err != nil {
		return "", err
	}
	if err := errors.Join(t.findDoor(status), t.findTrunk()); err != nil {
		return "", err
	}
	if t.cfg.Numbers[trialNumber] == nil {
		return "", fmt.Errorf("no number %s: the self-test makes the demo's call", trialNumber)
	}
	if err := t.findAgent(ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("version %s at %s, %d calls; trunk %s from %s, agent %s at phone %s", status.Version, t.plan.sip, status.Calls,
		t.plan.trunk, t.plan.carrier, t.plan.agent, t.plan.endpoint), nil
}

func (t *trial) findDoor(s control.Status) error {
	for _, l := range s.SIP {
		kind, addr, _ := strings.Cut(l, " ")
		if at, err := netip.ParseAddrPort(addr); err == nil && kind == "udp" && at.Addr().Is4() {
			t.plan.sip = at
			return nil
		}
	}
	return fmt.Errorf("the gateway listens on no UDP address: %s", strings.Join(s.SIP, ", "))
}

// findTrunk takes the first trunk that is reached from a loopback address, so that we may be its far end.
func (t *trial) findTrunk() error {
	for _, c := range t.cfg.TrunkConfigs() {
		for _, s := range c.Sources {
			p, err := netip.ParsePrefix(s)
			if err != nil {
				if a, e := netip.ParseAddr(s); e == nil {
					p, err = netip.PrefixFrom(a, a.BitLen()), nil
				}
			}
			if err == nil && p.Addr().IsLoopback() && p.Addr().Is4() {
				t.plan.trunk, t.plan.carrier = c.Name, p.Addr()
				return nil
			}
		}
	}
	return errors.New("no trunk has a loopback address among its sources: its far end cannot be played here")
}

// findAgent takes an agent who is away from his desk. While another one could take the call there is no test.
func (t *trial) findAgent(ctx context.Context) error {
	agents, err := t.gateway.Agents(ctx)
	if err != nil {
		return err
	}
	phones, err := t.gateway.Endpoints(ctx)
	if err != nil {
		return err
	}
	registered := map[string]bool{}
	for _, p := range phones {
		registered[p.Name] = p.Registered
	}
	for _, q := range slices.Sorted(maps.Keys(t.cfg.Queues)) {
		t.plan.queue = q
		for _, a := range agents {
			if !slices.Contains(a.Queues, q) {
				continue
			}
			e := t.cfg.Endpoints[a.Endpoint]
			switch {
			case a.State == "leaving": // takes nothing any more
			case a.State != "offline":
				return fmt.Errorf("agent %s is signed in: the call could ring a person; `tandem agent set %s offline` first", a.ID, a.ID)
			case t.plan.agent == "" && e != nil && !registered[a.Endpoint] && !e.Password.Empty():
				t.plan.agent, t.plan.endpoint = a.ID, a.Endpoint
			}
		}
		if t.plan.agent != "" {
			return nil
		}
	}
	return errors.New("no agent is free to play: each has a phone that is registered, or no password that we know")
}

// openPhones binds both phones and registers the agent's.
func (t *trial) openPhones(ctx context.Context) (string, error) {
	var err error
	t.carrier, err = phone.Open(phone.Config{
		Name: "carrier", Local: netip.AddrPortFrom(t.plan.carrier, 0), Gateway: t.plan.sip, User: "selftest", Domain: t.cfg.SIP.Domain, Ladder: &t.ladder,
	})
	if err != nil {
		return "", err
	}
	t.desk, err = phone.Open(phone.Config{
		Name: t.plan.agent, Local: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.3"), 0), Gateway: t.plan.sip, User: t.plan.endpoint,
		Domain: t.cfg.SIP.Domain, Password: t.cfg.Endpoints[t.plan.endpoint].Password.Reveal(), Ladder: &t.ladder,
	})
	if err != nil {
		return "", err
	}
	if err := t.desk.Register(ctx, 120); err != nil {
		return "", err
	}
	phones, err := t.gateway.Endpoints(ctx)
	if err != nil {
		return "", err
	}
	for _, p := range phones {
		if p.Name == t.plan.endpoint && p.Registered {
			return "by digest, as " + p.Bindings[0].URI, nil
		}
	}
	return "", fmt.Errorf("the gateway said 200 OK, but lists no registration of %s", t.plan.endpoint)
}
