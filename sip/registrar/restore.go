package registrar

import (
	"time"

	"tandem/sip"
)

// Restore fills the table with what Snapshot returned in an earlier run. Expired bindings, those whose Contact cannot be read,
// those that only a connection reached that did not survive (WebSocket), and those above the limits are left out; it returns
// how many were taken. Other bindings over a connection keep their data, but lose their Flow. The order given, newest first
// per AOR, is kept.
func (r *Registrar) Restore(now time.Time, bindings []Binding) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	taken := 0
	for i := len(bindings) - 1; i >= 0; i-- {
		if r.restoreLocked(now, bindings[i]) {
			taken++
		}
	}
	r.metrics.changed(nil, len(r.expiry), len(r.aors))
	return taken
}

func (r *Registrar) restoreLocked(now time.Time, b Binding) bool {
	uri, err := sip.ParseURI(b.Contact)
	if err != nil || !b.Expires.After(now) || b.AOR == "" || b.bound() || b.Suspended() {
		return false
	}
	known := r.aors[b.AOR]
	c := contact{uri: uri, instance: b.Instance, regID: b.RegID}
	if len(known) >= r.cfg.MaxBindings || len(r.expiry) >= r.cfg.MaxTotal || find(known, &c) != nil {
		return false
	}
	b.Flow = ""
	r.updates++
	r.insertLocked(&entry{Binding: b, uri: uri, order: r.updates})
	return true
}
