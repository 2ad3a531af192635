package transport

import "sync/atomic"

// Direction of a tapped message.
type Direction uint8

// Directions, seen from the endpoint.
const (
	In Direction = iota
	Out
)

// TapFunc sees every message in and out, as bytes. It runs in readers and senders: it must be quick, must not block, and
// must copy what it keeps.
type TapFunc func(d Direction, flow Flow, message []byte)

// tap costs one atomic load when nobody listens.
type tap struct{ fn atomic.Pointer[TapFunc] }

// Tap sets who listens, nil for nobody. It may be changed at any time.
func (e *Endpoint) Tap(fn TapFunc) {
	if fn == nil {
		e.tap.fn.Store(nil)
		return
	}
	e.tap.fn.Store(&fn)
}

func (t *tap) see(d Direction, flow Flow, message []byte) {
	if fn := t.fn.Load(); fn != nil {
		(*fn)(d, flow, message)
	}
}
