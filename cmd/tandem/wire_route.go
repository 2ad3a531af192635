package main

import (
	"slices"
	"strings"
	"time"

	"tandem/acd"
	"tandem/cmd/tandem/config"
	"tandem/ivr"
	"tandem/media"
	"tandem/media/sdp"
	"tandem/sip/b2bua"
	"tandem/sip/digest"
	"tandem/sip/trunk"
)

// router decides where calls go, from one generation of the configuration. It does not change.
type router struct {
	cfg     *config.Config
	set     *ivr.Set
	trunks  *trunk.Set
	byName  map[string]string // extension or alias → endpoint
	agentOf map[string]string // endpoint → agent
	post    func(acd.Event) error
}

func newRouter(cfg *config.Config, trunks *trunk.Set, post func(acd.Event) error) *router {
	r := &router{cfg: cfg, trunks: trunks, byName: map[string]string{}, agentOf: map[string]string{}, post: post, set: &ivr.Set{}}
	if cfg.Plan != nil {
		r.set.Modules = cfg.Plan.Modules
	}
	r.set.Emergency = ivr.Emergency{Prompts: []string{"demo/error"}, Queue: firstQueue(cfg)}
	for name, e := range cfg.Endpoints {
		r.byName[name] = name
		if e.Extension != "" {
			r.byName[e.Extension] = name
		}
		for _, a := range e.Aliases {
			r.byName[a] = name
		}
	}
	for id, a := range cfg.Agents {
		r.agentOf[a.Endpoint] = id
	}
	return r
}

// firstQueue is where a call goes whose flow has failed.
func firstQueue(cfg *config.Config) string {
	first := ""
	for name := range cfg.Queues {
		if first == "" || name < first {
			first = name
		}
	}
	return first
}

// Route implements b2bua.Router: agent codes, then numbers, then extensions, then what phones may dial outside.
func (r *router) Route(a b2bua.Arrival, id b2bua.Identity) b2bua.Route {
	if script, ok := r.agentCode(a); ok {
		return b2bua.Route{Script: script, Flow: "agent code"}
	}
	if strings.HasPrefix(a.Endpoint, watchUser) && r.cfg.Endpoints[a.Endpoint] == nil { // it can do nothing else
		script, _ := r.listens(a)
		return b2bua.Route{Script: script, Flow: "listen", Refuse: b2bua.NotFound}
	}
	if n, ok := r.number(a); ok {
		return r.leads(n, a, id)
	}
	if r.cfg.Plan != nil {
		if m, ok := r.cfg.Plan.Route(a.Called); ok {
			return r.flow(m.Name, a, id)
		}
	}
	if queue, ok := strings.CutPrefix(a.Called, queueUser); ok && r.cfg.Queues[queue] != nil {
		return b2bua.Route{Script: queueScript{queue, r.music(queue)}, Flow: "queue " + queue}
	}
	if _, ok := r.Resolve(a.Called, a); ok {
		return b2bua.Route{Script: b2bua.NewDirect(a.Called, 0)}
	}
	return b2bua.Route{Refuse: b2bua.NotFound}
}

// number finds the configured number that was called: exact before prefix, longer before shorter, bound to a trunk before not.
func (r *router) number(a b2bua.Arrival) (best *config.Number, ok bool) {
	for pattern, n := range r.cfg.Numbers {
		if !matches(pattern, a.Called) || n.Trunk != "" && (a.Trunk == nil || a.Trunk.Name() != n.Trunk) {
			continue
		}
		if best == nil || weight(pattern, n) > weight(best.Pattern, best) {
			best = n
		}
	}
	return best, best != nil
}

func weight(pattern string, n *config.Number) int {
	w := 4 * len(pattern)
	if !strings.HasSuffix(pattern, "*") {
		w += 1000
	}
	if n.Trunk != "" {
		w++
	}
	return w
}

// matches tells whether a number fits a pattern: exact, or a prefix with * at its end.
func matches(pattern, number string) bool {
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(number, prefix)
	}
	return pattern == number
}

func (r *router) leads(n *config.Number, a b2bua.Arrival, id b2bua.Identity) b2bua.Route {
	switch {
	case n.Flow != "":
		return r.flow(n.Flow, a, id)
	case n.Queue != "":
		return b2bua.Route{Script: queueScript{n.Queue, r.music(n.Queue)}, Flow: "queue " + n.Queue}
	}
	return b2bua.Route{Script: b2bua.NewDirect(n.Endpoint, 0)}
}

func (r *router) music(queue string) string {
	if q := r.cfg.Queues[queue]; q != nil && q.Music != "" {
		return q.Music
	}
	return "music/default"
}

func (r *router) flow(name string, a b2bua.Arrival, id b2bua.Identity) b2bua.Route {
	facts := ivr.Facts{ID: a.Call, From: a.Caller, To: a.Called, Language: id.Language, Attributes: id.Attributes}
	if a.Trunk != nil {
		facts.Trunk = a.Trunk.Name()
	}
	return b2bua.Route{Script: newFlowScript(r.set, name, facts), Flow: name}
}

// Resolve implements b2bua.Router.
func (r *router) Resolve(target string, from b2bua.Arrival) (b2bua.Destination, bool) {
	if target == "echo" {
		return b2bua.Destination{Echo: true}, true
	}
	if name, ok := r.byName[target]; ok {
		return b2bua.Destination{Endpoint: name}, true
	}
	if strings.HasPrefix(target, visitorUser) && r.agentOf[from.Endpoint] != "" { // only agents ring visitors
		return b2bua.Destination{Endpoint: target}, true
	}
	for _, rule := range r.cfg.Outbound {
		if matches(rule.Pattern, target) {
			return r.outside(rule, target, from)
		}
	}
	return b2bua.Destination{}, false
}

func (r *router) outside(rule config.Outbound, target string, from b2bua.Arrival) (b2bua.Destination, bool) {
	who := from.Endpoint
	stranger := who == "" || strings.HasPrefix(who, visitorUser) // visitors of a page dial outside only where any caller's flow may
	if stranger {
		who = config.FlowsMayDial
	}
	if (len(rule.Allow) > 0 || stranger) && !slices.Contains(rule.Allow, who) {
		return b2bua.Destination{}, false
	}
	d := b2bua.Destination{Number: target[min(rule.Strip, len(target)):]}
	for _, name := range rule.Trunks {
		if t, ok := r.trunks.Trunk(name); ok {
			d.Trunks = append(d.Trunks, t)
		}
	}
	return d, len(d.Trunks) > 0
}

// Endpoint implements b2bua.Endpoints.
func (r *router) Endpoint(user string) (b2bua.Phone, bool) {
	if strings.HasPrefix(user, visitorUser) { // such a user is proven by the flow of this process only
		return b2bua.Phone{Name: user, Number: visitorNumber, Display: "Website visitor", Most: 1}, true
	}
	e, ok := r.cfg.Endpoints[user]
	if !ok {
		return watcher(user) // proven the same way
	}
	return b2bua.Phone{Name: user, Number: e.Extension, Display: e.DisplayName, Outside: e.CallerID, Most: e.MaxCalls, SRTP: sdp.ReadSRTP(e.SRTP)}, true
}

// agentCode is the script of a star code that an agent dials at his phone.
func (r *router) agentCode(a b2bua.Arrival) (b2bua.Script, bool) {
	agent, codes := r.agentOf[a.Endpoint], r.cfg.AgentCodes
	if a.Endpoint == "" || agent == "" || a.Called == "" {
		return nil, false
	}
	var ev acd.Event
	switch a.Called {
	case codes.SignIn:
		ev = acd.SignIn{Agent: agent, Ready: true}
	case codes.SignOut:
		ev = acd.SignOut{Agent: agent, Reason: "code"}
	case codes.Ready:
		ev = acd.SetState{Agent: agent, Ready: true}
	case codes.Break:
		ev = acd.SetState{Agent: agent, Reason: "break"}
	default:
		return nil, false
	}
	return &codeScript{func() error { return r.post(ev) }}, true
}

func (r *router) isAgentCode(a b2bua.Arrival) bool {
	_, ok := r.agentCode(a)
	return ok
}

// codeScript performs a star code: it answers, plays a rising tone for done or a low one for not, and hangs up.
type codeScript struct{ do func() error }

// Step implements b2bua.Script.
func (s *codeScript) Step(ev b2bua.ScriptEvent, _ time.Time) []b2bua.Action {
	switch ev.(type) {
	case b2bua.Started:
		return []b2bua.Action{b2bua.Answer{}}
	case b2bua.Answered:
		tones := []float64{440, 660}
		if s.do() != nil {
			tones = []float64{300, 200}
		}
		play := b2bua.Play{ID: 1}
		for _, hz := range tones {
			play.Items = append(play.Items, media.Item{Tone: media.Tone{Hz1: hz, Level: -14, For: 200 * time.Millisecond}})
		}
		return []b2bua.Action{play}
	case b2bua.PlayEnded:
		return []b2bua.Action{b2bua.HangUp{Kind: b2bua.Normal}}
	}
	return nil
}

// Deadline implements b2bua.Script.
func (s *codeScript) Deadline() time.Time { return time.Time{} }

// queueScript is the script of a number that leads straight into a queue.
type queueScript struct{ queue, music string }

// Step implements b2bua.Script.
func (s queueScript) Step(ev b2bua.ScriptEvent, _ time.Time) []b2bua.Action {
	switch ev := ev.(type) {
	case b2bua.Started:
		return []b2bua.Action{b2bua.Answer{}}
	case b2bua.Answered:
		return []b2bua.Action{b2bua.Enqueue{Queue: s.queue}, b2bua.Play{ID: 1, Items: items([]string{s.music}), Loop: true}}
	case b2bua.QueueEnded:
		return []b2bua.Action{b2bua.HangUp{Kind: b2bua.NoAnswer}}
	case b2bua.PeerEnded:
		return []b2bua.Action{b2bua.HangUp{Kind: ev.Kind}}
	}
	return nil
}

// Deadline implements b2bua.Script.
func (s queueScript) Deadline() time.Time { return time.Time{} }

// phoneUsers are the passwords of phones, and of trunks that prove themselves, as the digest room wants them.
type phoneUsers map[string]digest.HA1Set

func newPhoneUsers(cfg *config.Config) phoneUsers {
	users := phoneUsers{}
	for name, e := range cfg.Endpoints {
		if ha1 := e.HA1.Reveal(); ha1 != "" {
			users[name] = digest.HA1Set{MD5: ha1}
			continue
		}
		users[name] = digest.NewHA1Set(name, cfg.SIP.Domain, e.Password.Reveal())
	}
	for _, t := range cfg.TrunkConfigs() {
		if t.InboundUser != "" {
			users[t.InboundUser] = digest.NewHA1Set(t.InboundUser, cfg.SIP.Domain, string(t.Auth.Password))
		}
	}
	return users
}

// HA1 implements digest.Users.
func (u phoneUsers) HA1(user string) (digest.HA1Set, bool) {
	set, ok := u[user]
	return set, ok
}
