package b2bua

import "time"

// direct is the script of a call that goes straight to a target: phone to phone, phone to trunk, trunk to phone. The caller
// hears what the target says about itself: ringing, early media, busy.
type direct struct{ dial Dial }

// NewDirect returns a Script that dials a target and ends with it.
func NewDirect(target string, timeout time.Duration) Script {
	return direct{Dial{Target: target, Timeout: timeout}}
}

// Step implements Script.
func (d direct) Step(ev ScriptEvent, _ time.Time) []Action {
	switch ev := ev.(type) {
	case Started:
		return []Action{d.dial}
	case PeerEnded:
		return []Action{HangUp{Kind: ev.Kind}}
	}
	return nil
}

// Deadline implements Script.
func (d direct) Deadline() time.Time { return time.Time{} }
