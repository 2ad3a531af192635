package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"tandem/digital/desk"
	"tandem/sip/softphone"
)

// of finds an agent's phone.
func (p *pagePhones) of(agent string) (*pagePhone, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ph := p.phones[agent]
	if ph == nil {
		return nil, fmt.Errorf("no phone is connected: %w", desk.ErrRefused)
	}
	return ph, nil
}

// do gives a command to an agent's phone.
func (p *pagePhones) do(agent string, command func(*softphone.Phone) error) error {
	ph, err := p.of(agent)
	if err != nil {
		return err
	}
	return phoneError(command(ph.phone))
}

// phoneError says a phone's refusal in the desk's words.
func phoneError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, softphone.ErrBusy), errors.Is(err, softphone.ErrPhones):
		return fmt.Errorf("%v: %w", err, desk.ErrBusy)
	case errors.Is(err, softphone.ErrClosed):
		return fmt.Errorf("%v: %w", err, desk.ErrGone)
	}
	return fmt.Errorf("%v: %w", err, desk.ErrInvalid)
}

// Dial implements desk.Voice.
func (p *pagePhones) Dial(agent, to, record, sdp string) (string, error) {
	ph, err := p.of(agent)
	if err != nil {
		return "", err
	}
	d := softphone.Dialling{To: dialled(to), SDP: sdp}
	if record != "" {
		d.Headers = map[string]string{tokenHeader: p.tokens.issue(record)}
	}
	p.mu.Lock() // what the phone tells of the call finds it; Dial never waits
	defer p.mu.Unlock()
	id, err := ph.phone.Dial(d)
	if err != nil {
		return "", phoneError(err)
	}
	c := &pageCall{shown: desk.Call{Call: string(id), Peer: to, State: "dialling", Record: record, At: time.Now()}}
	ph.calls[id] = c
	p.desk().Call(agent, c.shown) // never waits; before any change that is shown of the call
	return string(id), nil
}

// Prefixes of what a page may dial beside numbers and extensions.
const (
	conversationTarget = "conv:"
	visitorUser        = "visitor-"
	visitorNumber      = "visitor" // from which all of them call
	queueTarget        = "queue:"
	queueUser          = "queue-"
)

// dialled is a page's target as a phone dials it.
func dialled(to string) string {
	if id, ok := strings.CutPrefix(to, conversationTarget); ok {
		return visitorUser + id
	}
	if name, ok := strings.CutPrefix(to, queueTarget); ok {
		return queueUser + name
	}
	return to
}

// Answer implements desk.Voice.
func (p *pagePhones) Answer(agent, call, sdp string) error {
	return p.do(agent, func(ph *softphone.Phone) error { return ph.Answer(softphone.CallID(call), sdp) })
}

// AcceptOffer answers the call that rings for an offer; false: none rings here.
func (p *pagePhones) AcceptOffer(agent, offer, sdp string) (bool, error) {
	ph, err := p.of(agent)
	if err != nil {
		return false, nil
	}
	p.mu.Lock()
	c, ok := ph.early[offer]
	p.mu.Unlock()
	if !ok {
		return false, nil
	}
	if sdp == "" {
		return true, fmt.Errorf("an answer for the call is missing: %w", desk.ErrInvalid)
	}
	return true, phoneError(ph.phone.Answer(softphone.CallID(c.Call), sdp))
}

// RejectOffer refuses the call that rings for an offer; false: none rings here.
func (p *pagePhones) RejectOffer(agent, offer string) bool {
	ph, err := p.of(agent)
	if err != nil {
		return false
	}
	p.mu.Lock()
	c, ok := ph.early[offer]
	p.mu.Unlock()
	return ok && ph.phone.Reject(softphone.CallID(c.Call), 486) == nil
}

// Hangup implements desk.Voice.
func (p *pagePhones) Hangup(agent, call string) error {
	return p.do(agent, func(ph *softphone.Phone) error { return ph.Hangup(softphone.CallID(call)) })
}

// Hold implements desk.Voice.
func (p *pagePhones) Hold(agent, call, sdp string, on bool) error {
	ph, err := p.of(agent)
	if err != nil {
		return err
	}
	id := softphone.CallID(call)
	if err := ph.phone.Renegotiate(id, sdp); err != nil {
		return phoneError(err)
	}
	state := "up"
	if on {
		state = "held"
	}
	p.change(ph, id, func(c *pageCall) { c.shown.State, c.shown.At = state, time.Now() })
	return nil
}

// Digits implements desk.Voice.
func (p *pagePhones) Digits(agent, call, digits string) error {
	return p.do(agent, func(ph *softphone.Phone) error {
		for i := range len(digits) {
			if err := ph.SendDigit(softphone.CallID(call), digits[i], 100*time.Millisecond); err != nil {
				return err
			}
		}
		return nil
	})
}

// Transfer implements desk.Voice.
func (p *pagePhones) Transfer(agent, call, to string) error {
	return p.do(agent, func(ph *softphone.Phone) error { return ph.Refer(softphone.CallID(call), dialled(to)) })
}

// Join implements desk.Voice.
func (p *pagePhones) Join(agent, call, other string) error {
	return p.do(agent, func(ph *softphone.Phone) error {
		return ph.ReferReplaces(softphone.CallID(other), softphone.CallID(call))
	})
}

// Reattach implements desk.Voice.
func (p *pagePhones) Reattach(agent, call, sdp string) error {
	return p.do(agent, func(ph *softphone.Phone) error { return ph.Renegotiate(softphone.CallID(call), sdp) })
}
