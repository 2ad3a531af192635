package smpp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"time"

	"tandem/digital/smpp/pdu"
)

// Mode is how a client binds.
type Mode string

// The modes. A centre without bind_transceiver takes one client of each of the others.
const (
	Transceiver Mode = "transceiver"
	Transmitter Mode = "transmitter"
	Receiver    Mode = "receiver"
)

// Config is one bind. Zero values mean the defaults in brackets.
type Config struct {
	Name       string // in logs and metrics
	Address    string // host:port
	TLS        *tls.Config
	Mode       Mode // [transceiver]
	SystemID   string
	Password   string
	SystemType string
	Range      string // address_range

	Window  int     // submit_sm without an answer [10]
	Queue   int     // submissions that wait or are out; above it ErrFull [1000]
	Inbound int     // messages handed up and not answered; above it the centre is told to try later [100]
	Rate    float64 // submit_sm a second at most; 0: no limit

	DialWait    time.Duration // connection and bind together [10s]
	AnswerWait  time.Duration // a submit_sm without an answer for so long is uncertain, an enquire_link ends the connection [10s]
	Enquire     time.Duration // silence before an enquire_link [30s]
	InboundWait time.Duration // an Inbound that is not answered for so long is refused for now [30s]
	BackOff     time.Duration // before the second try to bind; doubles with jitter [1s]
	BackOffMost time.Duration // [1m]
	SlowDown    time.Duration // pause after a throttled answer; doubles while it goes on, at most 30 times as long [500ms]
	UnbindWait  time.Duration // for the answers that are out when Run ends [5s]
}

// Deps are what a Client needs of others.
type Deps struct {
	Log     *slog.Logger
	Metrics *Metrics                                        // nil: no figures
	Dial    func(context.Context, string) (net.Conn, error) // nil: TCP, or TLS where Config.TLS is set
	Rand    interface{ Float64() float64 }                  // nil: the standard one; for jitter
}

func (c Config) withDefaults() Config {
	if c.Mode == "" {
		c.Mode = Transceiver
	}
	for _, n := range []struct {
		value  *int
		preset int
	}{{&c.Window, 10}, {&c.Queue, 1000}, {&c.Inbound, 100}} {
		if *n.value == 0 {
			*n.value = n.preset
		}
	}
	for _, d := range []struct {
		value  *time.Duration
		preset time.Duration
	}{
		{&c.DialWait, 10 * time.Second}, {&c.AnswerWait, 10 * time.Second}, {&c.Enquire, 30 * time.Second}, {&c.InboundWait, 30 * time.Second},
		{&c.BackOff, time.Second}, {&c.BackOffMost, time.Minute}, {&c.SlowDown, 500 * time.Millisecond}, {&c.UnbindWait, 5 * time.Second},
	} {
		if *d.value == 0 {
			*d.value = d.preset
		}
	}
	return c
}

// Validate reports all faults.
func (c Config) Validate() error {
	var faults []error
	if c.Name == "" {
		faults = append(faults, errors.New("name: is empty"))
	}
	if _, _, err := net.SplitHostPort(c.Address); err != nil {
		faults = append(faults, fmt.Errorf("address: %q is not host:port", c.Address))
	}
	switch c.Mode {
	case "", Transceiver, Transmitter, Receiver:
	default:
		faults = append(faults, fmt.Errorf("mode: %q is none of transceiver, transmitter, receiver", c.Mode))
	}
	for _, s := range []struct {
		name, value string
		most        int
	}{{"system_id", c.SystemID, 15}, {"password", c.Password, 8}, {"system_type", c.SystemType, 12}, {"address_range", c.Range, 40}} {
		if len(s.value) > s.most {
			faults = append(faults, fmt.Errorf("%s: longer than %d octets", s.name, s.most))
		}
	}
	for _, n := range []struct {
		name        string
		value, most int
	}{{"window", c.Window, 1000}, {"queue", c.Queue, 1_000_000}, {"inbound", c.Inbound, 10_000}} {
		if n.value < 0 || n.value > n.most {
			faults = append(faults, fmt.Errorf("%s: %d is not between 0 and %d", n.name, n.value, n.most))
		}
	}
	if c.Rate < 0 {
		faults = append(faults, errors.New("rate: is negative"))
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"dial_wait", c.DialWait}, {"answer_wait", c.AnswerWait}, {"enquire", c.Enquire}, {"inbound_wait", c.InboundWait},
		{"back_off", c.BackOff}, {"back_off_most", c.BackOffMost}, {"slow_down", c.SlowDown}, {"unbind_wait", c.UnbindWait},
	} {
		if d.value < 0 {
			faults = append(faults, fmt.Errorf("%s: is negative", d.name))
		}
	}
	return errors.Join(faults...)
}

// command is the bind request of the mode.
func (m Mode) command() pdu.Command {
	switch m {
	case Transmitter:
		return pdu.BindTransmitter
	case Receiver:
		return pdu.BindReceiver
	}
	return pdu.BindTransceiver
}

// dialer returns how connections are made.
func (c Config) dialer() func(context.Context, string) (net.Conn, error) {
	if c.TLS != nil {
		d := &tls.Dialer{Config: c.TLS}
		return func(ctx context.Context, address string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }
	}
	d := &net.Dialer{}
	return func(ctx context.Context, address string) (net.Conn, error) { return d.DialContext(ctx, "tcp", address) }
}

// chance is the standard source of jitter.
type chance struct{}

func (chance) Float64() float64 { return rand.Float64() }
