package registrar

import (
	"slices"
	"strings"
	"time"

	"tandem/sip"
)

// Register performs one REGISTER, whole or not at all, and returns its response with the changes made (RFC 3261 §10.3).
func (r *Registrar) Register(now time.Time, req *sip.Request, from Arrival) (*sip.Response, []Event) {
	aor, bad := r.admit(req, from)
	var w wishes
	if bad == nil {
		w, bad = r.cfg.readWishes(req)
	}
	if bad != nil {
		return r.refused(req, bad), nil
	}
	r.mu.Lock()
	events, bad := r.applyLocked(now, aor, w, stamp(now, req, from))
	bindings := reachableNow(r.aors[aor], now)
	r.metrics.changed(events, len(r.expiry), len(r.aors))
	r.mu.Unlock()
	if bad != nil {
		return r.refused(req, bad), events
	}
	return r.accepted(now, req, bindings), events
}

// admit checks domain, extensions, name and identity: steps 1 to 5.
func (r *Registrar) admit(req *sip.Request, from Arrival) (string, *refusal) {
	if req.Method != sip.REGISTER || req.To() == nil || req.CallID() == nil || req.CSeq() == nil {
		return "", refuse(sip.StatusBadRequest, "")
	}
	if !r.cfg.serves(strings.ToLower(req.Recipient.Host)) {
		return "", refuse(sip.StatusNotFound, "")
	}
	if unknown := unsupported(req); unknown != "" {
		bad := refuse(sip.StatusBadExtension, "")
		bad.header, bad.value = "Unsupported", unknown
		return "", bad
	}
	aor, ok := r.cfg.aor(&req.To().Address)
	if !ok || r.cfg.Known != nil && !r.cfg.Known(aor) {
		return "", refuse(sip.StatusNotFound, "")
	}
	if user, _, _ := strings.Cut(aor, "@"); from.User != "" && from.User != user && from.User != aor {
		return "", refuse(sip.StatusForbidden, "")
	}
	return aor, nil
}

// unsupported lists the option tags of Require that we do not know. "path" and "outbound" are known.
func unsupported(req *sip.Request) string {
	var unknown []string
	for _, tag := range sip.Tokens(req, "Require") {
		if !strings.EqualFold(tag, "path") && !strings.EqualFold(tag, "outbound") {
			unknown = append(unknown, sip.Clean(tag))
		}
	}
	return strings.Join(unknown, ", ")
}

// stamp fills what all bindings of one request have in common.
func stamp(now time.Time, req *sip.Request, from Arrival) Binding {
	b := Binding{
		CallID: req.CallID().Value(), CSeq: req.CSeq().SeqNo, Updated: now,
		Received: from.Source, Transport: from.Transport, Flow: from.Flow,
	}
	for h := range sip.Fields(req, "Path") {
		b.Path = append(b.Path, h.Value())
	}
	agent := sip.HeaderText(req, "User-Agent")
	b.UserAgent = agent[:min(len(agent), 128)]
	return b
}

// change is one step that applyLocked has decided on.
type change struct {
	old *entry // nil: new
	new *contact
}

// applyLocked checks all wishes, then performs them: nothing is changed unless everything can be.
func (r *Registrar) applyLocked(now time.Time, aor string, w wishes, b Binding) ([]Event, *refusal) {
	b.AOR = aor
	events := r.sweepLocked(aor, now)
	changes, bad := r.decideLocked(aor, w, b)
	if bad != nil {
		return events, bad
	}
	for _, c := range changes {
		events = append(events, r.performLocked(now, c, b))
	}
	return events, nil
}

// sweepLocked removes what expired under this AOR, so that it neither counts nor blocks; and what is suspended, when there
// is no room left: a page that is loaded again and again under new names must not shut itself out.
func (r *Registrar) sweepLocked(aor string, now time.Time) []Event {
	var events []Event
	full := len(r.aors[aor]) >= r.cfg.MaxBindings
	for _, e := range slices.Clone(r.aors[aor]) {
		if !e.until.After(now) || full && e.Suspended() {
			r.removeLocked(e)
			events = append(events, Event{e.fate(), e.Binding, now})
		}
	}
	return events
}

// decideLocked turns wishes into changes and checks order and limits.
func (r *Registrar) decideLocked(aor string, w wishes, b Binding) ([]change, *refusal) {
	entries := r.aors[aor]
	var changes []change
	if w.all {
		for _, e := range entries {
			changes = append(changes, change{old: e, new: &contact{}})
		}
	}
	count := len(entries)
	for i := range w.contacts {
		c := &w.contacts[i]
		old := find(entries, c)
		changes = dropSame(changes, c, old)
		if c.expires == 0 && (old == nil || old.elsewhere(b)) {
			continue
		}
		changes = append(changes, change{old, c})
	}
	for _, c := range changes {
		if c.old != nil && c.old.CallID == b.CallID && b.CSeq <= c.old.CSeq {
			return nil, refuse(sip.StatusServerInternalError, "CSeq Out Of Order")
		}
		count += growth(c)
	}
	if count > r.cfg.MaxBindings && count > len(entries) {
		return nil, refuse(sip.StatusForbidden, "Too Many Bindings")
	}
	if grow := count - len(entries); grow > 0 && len(r.expiry)+grow > r.cfg.MaxTotal {
		bad := refuse(sip.StatusServiceUnavailable, "")
		bad.retryAfter = int(RetryAfter / time.Second)
		return nil, bad
	}
	return changes, nil
}

// dropSame removes an earlier wish for the same contact or the same entry: the last one in a request holds.
func dropSame(changes []change, c *contact, old *entry) []change {
	return slices.DeleteFunc(changes, func(x change) bool {
		if old != nil && x.old == old {
			return true
		}
		if x.new.instance != "" && c.instance != "" {
			return x.new.instance == c.instance && x.new.regID == c.regID
		}
		return equalURI(&x.new.uri, &c.uri)
	})
}

func find(entries []*entry, c *contact) *entry {
	for _, e := range entries {
		if e.same(c) {
			return e
		}
	}
	return nil
}

func growth(c change) int {
	switch {
	case c.old == nil:
		return 1
	case c.new.expires == 0:
		return -1
	}
	return 0
}

// performLocked makes one change.
func (r *Registrar) performLocked(now time.Time, c change, b Binding) Event {
	if c.new.expires == 0 {
		r.removeLocked(c.old)
		return Event{Removed, c.old.Binding, now}
	}
	r.updates++
	b.Contact, b.Instance, b.RegID, b.Q = c.new.text, c.new.instance, c.new.regID, c.new.q
	b.Expires = now.Add(c.new.expires)
	if c.old != nil {
		c.old.order = r.updates
		r.replaceLocked(c.old, b, c.new.uri)
		return Event{Refreshed, b, now}
	}
	r.insertLocked(&entry{Binding: b, uri: c.new.uri, order: r.updates})
	return Event{Registered, b, now}
}
