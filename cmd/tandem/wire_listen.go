package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tandem/digital/desk"
	"tandem/sip/b2bua"
	"tandem/sip/softphone"
)

// Users of the phones by which supervisors listen, and what those dial. Such a user is proven by the flow of this process only.
const (
	watchUser  = "watch-"
	listenUser = "listen-"
)

// watchPhone is the phone by which a supervisor listens to one talk. It is there for that call only.
type watchPhone struct {
	id    string // as pages know it: each phone counts its calls from one
	user  string
	phone *softphone.Phone
	call  softphone.CallID
}

// listenTo lets a supervisor hear an agent's talk; the one he has heard before ends.
func (p *pagePhones) listenTo(user, agent, sdp string) (string, error) {
	if sdp == "" {
		return "", fmt.Errorf("a session description is missing: %w", desk.ErrInvalid)
	}
	p.mu.Lock() // what the phone tells of the call finds it; nothing here waits
	defer p.mu.Unlock()
	if p.closed {
		return "", fmt.Errorf("the gateway ends: %w", desk.ErrRefused)
	}
	if old := p.watching[user]; old != nil {
		_ = old.phone.Close() // hangs up; closed already where this fails
	}
	phone, err := p.set.Open(softphone.Options{User: watchUser + user, Display: user, Instance: "urn:tandem:watch:" + user})
	if err != nil {
		return "", phoneError(err)
	}
	p.watched++
	w := &watchPhone{id: listenUser + strconv.FormatUint(p.watched, 10), user: user, phone: phone}
	if w.call, err = phone.Dial(softphone.Dialling{To: listenUser + agent, SDP: sdp}); err != nil {
		_ = phone.Close()
		return "", phoneError(err)
	}
	p.watching[user] = w
	p.work.Go(func() { p.watch(w) })
	return w.id, nil
}

// unlisten ends that a supervisor listens.
func (p *pagePhones) unlisten(user, call string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.watching[user]
	if w == nil || w.id != call {
		return fmt.Errorf("listening: %w", desk.ErrGone)
	}
	return phoneError(w.phone.Hangup(w.call))
}

// Relisten implements desk.Voice.
func (d deskRooms) Relisten(p desk.Person, call, sdp string) error {
	return d.relisten(p.User, call, sdp)
}

// relisten gives a listening call a new connection of its page.
func (p *pagePhones) relisten(user, call, sdp string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.watching[user]
	if w == nil || w.id != call {
		return fmt.Errorf("listening: %w", desk.ErrGone)
	}
	return phoneError(w.phone.Renegotiate(w.call, sdp))
}

// Listening implements desk.Voice.
func (d deskRooms) Listening(p desk.Person) (desk.Hearing, bool) {
	d.mu.Lock()
	w := d.watching[p.User]
	d.mu.Unlock()
	if w == nil {
		return desk.Hearing{}, false
	}
	h := desk.Hearing{Call: w.id}
	for agent, users := range d.talks() {
		if slices.Contains(users, p.User) {
			h.Agent = agent
		}
	}
	return h, true
}

// talks are the agents who can be listened to, each with the users who listen.
func (d deskRooms) talks() map[string][]string {
	talks := map[string][]string{}
	if d.g.calls == nil {
		return talks
	}
	phones := phonesOf(d.g.cfg)
	for _, v := range d.g.calls.Views() {
		for _, l := range v.Legs {
			id := phones[l.Endpoint]
			if _, known := talks[id]; id != "" && !known && l.State == "answered" && v.State == "connected" {
				talks[id] = nil
			}
		}
		if len(v.Listeners) > 0 {
			agent := phones.agent(v)
			talks[agent] = append(talks[agent], v.Listeners...)
		}
	}
	return talks
}

// whyOver tells a supervisor why he does not listen any more; empty where he has ended it, or the call has.
func whyOver(ev softphone.Ended) string {
	switch {
	case ev.Status == b2bua.NotFound.Status():
		return "there is no call to listen to"
	case ev.By != "remote", ev.Cause == b2bua.Normal.Q850():
		return ""
	case ev.Reason == "":
		return "the call cannot be listened to any more"
	}
	return ev.Reason
}

// watch reads a phone's events until its call is over.
func (p *pagePhones) watch(w *watchPhone) {
	why := "the phone was lost"
	for ev := range w.phone.Events() {
		switch ev := ev.(type) {
		case softphone.Answered:
			if ev.SDP != "" && !ev.Offer {
				p.desk().Heard(w.user, w.id, ev.SDP)
			}
		case softphone.Renegotiated:
			if ev.SDP != "" {
				p.desk().Heard(w.user, w.id, ev.SDP)
			}
		case softphone.Incoming:
			_ = w.phone.Reject(ev.Call, 486)
		case softphone.Offered:
			_ = w.phone.Refuse(ev.Call, 488)
		case softphone.Ended:
			why = whyOver(ev)
			_ = w.phone.Close()
		}
	}
	p.mu.Lock()
	if p.watching[w.user] == w {
		delete(p.watching, w.user)
	}
	p.mu.Unlock()
	p.desk().HeardGone(w.user, w.id, why)
}

// Listen implements desk.Voice. The desk lets only supervisors ask.
func (d deskRooms) Listen(p desk.Person, agent, sdp string) (string, error) {
	if name, _ := d.endpoint(agent); name == "" {
		return "", fmt.Errorf("agent %q: %w", agent, desk.ErrGone)
	}
	return d.listenTo(p.User, agent, sdp)
}

// Unlisten implements desk.Voice.
func (d deskRooms) Unlisten(p desk.Person, call string) error { return d.unlisten(p.User, call) }

// listens is the script of a supervisor's phone that listens to an agent. A phone of the configuration never is one, whatever its name.
func (r *router) listens(a b2bua.Arrival) (b2bua.Script, bool) {
	user, watches := strings.CutPrefix(a.Endpoint, watchUser)
	id, ok := strings.CutPrefix(a.Called, listenUser)
	agent := r.cfg.Agents[id]
	if !watches || !ok || agent == nil || agent.Endpoint == "" || r.cfg.Endpoints[a.Endpoint] != nil {
		return nil, false
	}
	if u := r.cfg.Users[user]; u != nil && u.Role != desk.RoleSupervisor && u.Role != desk.RoleAdmin {
		return nil, false
	}
	return b2bua.NewListen(agent.Endpoint, user), true
}

// watcher is the phone of a supervisor who listens. It may dial one call, and the next while the one before ends.
func watcher(user string) (b2bua.Phone, bool) {
	return b2bua.Phone{Name: user, Number: "supervisor", Display: strings.TrimPrefix(user, watchUser), Most: 2}, strings.HasPrefix(user, watchUser)
}

// private tells that a call is nobody's record: an agent's star code, or a supervisor who listens, which the talk's record tells.
func (r *router) private(a b2bua.Arrival) bool {
	return r.isAgentCode(a) || strings.HasPrefix(a.Endpoint, watchUser) && r.cfg.Endpoints[a.Endpoint] == nil
}
