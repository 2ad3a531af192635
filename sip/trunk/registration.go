package trunk

import (
	"time"

	"tandem/sip"
)

// Authorizer answers challenges and offers credentials that are already known: digest.Client.
type Authorizer interface {
	Authorize(req *sip.Request, challenge *sip.Response) bool
	Prepare(req *sip.Request)
}

// RegistrationConfig sets up a Registration.
type RegistrationConfig struct {
	Trunk   *Trunk         // its Config.Register says what is asked for
	Contact sip.URI        // where the trunk shall reach us
	CallID  string         // kept for the life of the registration (RFC 3261 §10.2)
	Tag     string         // From tag
	Auth    Authorizer     // nil: a challenge is a refusal
	Jitter  func() float64 // random number in [0, 1)
}

// RegistrationEvent is what a Registration is told: one of the structs below.
type RegistrationEvent interface{ registrationEvent() }

type (
	// Start asks to be registered from now on.
	Start struct{}
	// Stop takes the registration back.
	Stop struct{}
	// Tick says that the time of Deadline has come.
	Tick struct{}
	// RegisterAnswered hands over the final response to a REGISTER.
	RegisterAnswered struct{ Response *sip.Response }
	// RegisterFailed says that the REGISTER with this CSeq got no answer or could not be sent.
	RegisterFailed struct {
		CSeq    uint32
		Outcome Outcome // NoAnswer or Unreachable
	}
	// FlowLost says that the connection to the registrar is gone.
	FlowLost struct{}
)

func (Start) registrationEvent()            {}
func (Stop) registrationEvent()             {}
func (Tick) registrationEvent()             {}
func (RegisterAnswered) registrationEvent() {}
func (RegisterFailed) registrationEvent()   {}
func (FlowLost) registrationEvent()         {}

// RegistrationEffect is what the owner has to do: one of the structs below.
type RegistrationEffect interface{ registrationEffect() }

type (
	// SendRegister asks to send a request to a target. It has no Via; the owner adds it.
	SendRegister struct {
		Request *sip.Request
		Target  Target
	}
	// RegistrationChanged reports a new state.
	RegistrationChanged struct {
		Trunk    string
		From, To RegistrationState
		Status   int // of the answer that led here; 0 when there was none
		At       time.Time
	}
)

func (SendRegister) registrationEffect()        {}
func (RegistrationChanged) registrationEffect() {}

// Limits of a registration.
const (
	maxChallenges = 3                // answered in a row, then the registrar's refusal holds
	maxBrief      = 2                // 423 in a row
	backOffBase   = 30 * time.Second // RFC 5626 §4.5: base-time when every flow failed
	backOffMax    = 30 * time.Minute // RFC 5626 §4.5: max-time
	flowProven    = 2 * time.Minute  // RFC 5626 §4.5: a flow lost sooner counts as a failure, else a peer that hangs up could make us turn
	minRefresh    = 5 * time.Second  // below this the 30 s before the end are given up
	maxExpires    = 24 * time.Hour   // a longer Min-Expires is a refusal
)

// Registration keeps one trunk's outbound registration alive. Owned by one goroutine.
type Registration struct {
	cfg      RegistrationConfig
	want     Register
	targets  []Target
	state    RegistrationState
	at       time.Time // next refresh or try; zero for none
	since    time.Time // when the registration that holds began
	cseq     uint32
	last     *sip.Request // the REGISTER that is out or was answered last
	out      bool         // last waits for its answer
	asked    time.Duration
	target   int // in targets
	failures int // in a row
	retries  struct{ challenges, brief int }
	told     RegistrationStatus
}

// RegistrationStatus is what is known beside the state.
type RegistrationStatus struct {
	State        RegistrationState
	Target       Target    // the registrar in use: send calls to it (RFC 3608 §5)
	Until        time.Time // the binding holds until
	ServiceRoute []string  // values of RFC 3608, top first: the preloaded route of calls
	Observed     string    // our address as the registrar saw it, "host:port", from received and rport; "" when it did not say
	Status       int       // of the last final response; 0 when there was none
}

// NewRegistration returns an idle registration.
func NewRegistration(cfg RegistrationConfig) *Registration {
	c := cfg.Trunk.Config()
	return &Registration{cfg: cfg, want: c.Register, targets: c.Targets, asked: c.Register.Expires}
}

// Status returns what is known.
func (r *Registration) Status() RegistrationStatus {
	s := r.told
	s.State = r.state
	if len(r.targets) > 0 {
		s.Target = r.targets[r.target]
	}
	return s
}

// Deadline returns when Step wants a Tick; ok is false when nothing is due.
func (r *Registration) Deadline() (at time.Time, ok bool) { return r.at, !r.at.IsZero() }

// Step takes one event and returns what is to be done, in order.
func (r *Registration) Step(now time.Time, e RegistrationEvent) []RegistrationEffect {
	if len(r.targets) == 0 {
		return nil
	}
	var a answer
	var on regOn
	switch e := e.(type) {
	case Start:
		r.retries.challenges, r.retries.brief = 0, 0
		on = regStart
	case Stop:
		r.retries.challenges, r.retries.brief = 0, 0
		on = regStop
	case FlowLost:
		if r.out, on = false, regLost; r.state == RegRegistered && now.Sub(r.since) < flowProven {
			on = regFailed
		}
	case Tick:
		if r.at.IsZero() || now.Before(r.at) {
			return nil
		}
		on = regDue
	case RegisterFailed:
		if !r.out || e.CSeq != r.cseq {
			return nil
		}
		r.out, on = false, regFailed
	case RegisterAnswered:
		if !r.answers(e.Response) {
			return nil
		}
		r.out = false
		a, on = r.judge(e.Response)
	}
	return r.perform(now, on, a)
}

// answers tells whether a response is the final one to the REGISTER that is out.
func (r *Registration) answers(res *sip.Response) bool {
	return r.out && res != nil && res.StatusCode >= 200 && res.CSeq() != nil && res.CSeq().SeqNo == r.cseq
}

// perform looks the event up and does what the row says.
func (r *Registration) perform(now time.Time, on regOn, a answer) []RegistrationEffect {
	from := r.state
	to, do, listed := regMachine.Step(from, on)
	if !listed {
		return nil
	}
	r.state = to
	var out []RegistrationEffect
	if do&regDisarm != 0 {
		r.at = time.Time{}
	}
	if do&regArm != 0 {
		r.arm(now, a)
	}
	if do&regBackOff != 0 {
		r.backOff(now, a)
	}
	if do&regSend != 0 {
		r.at = time.Time{}
		out = append(out, r.send(r.asked, a))
	}
	if do&regRemove != 0 {
		out = append(out, r.send(0, a))
	}
	if do&regTell != 0 {
		r.since = now
		r.cfg.Trunk.metrics.state(r.cfg.Trunk.Name(), to)
		out = append(out, RegistrationChanged{r.cfg.Trunk.Name(), from, to, a.status, now})
	}
	return out
}

// arm sets the refresh to the earlier of half the granted time and 30 s before its end, and forgets failures.
func (r *Registration) arm(now time.Time, a answer) {
	r.failures, r.retries.challenges, r.retries.brief = 0, 0, 0
	refresh := min(a.granted/2, a.granted-30*time.Second)
	if refresh < minRefresh {
		refresh = a.granted / 2
	}
	r.at = now.Add(refresh)
	r.told = RegistrationStatus{Until: now.Add(a.granted), ServiceRoute: a.serviceRoute, Observed: a.observed, Status: a.status}
}

// backOff sets the next try (RFC 5626 §4.5): base·2ⁿ up to the maximum, of which 50 to 100 % at random; not before a Retry-After.
// While targets are left that were not tried, the next is tried after a short random time.
func (r *Registration) backOff(now time.Time, a answer) {
	r.failures++
	r.retries.challenges, r.retries.brief = 0, 0
	r.told.Status, r.told.Until = a.status, time.Time{}
	round := (r.failures - 1) / max(len(r.targets), 1)
	r.target = (r.target + 1) % max(len(r.targets), 1)
	wait := min(backOffBase<<min(round, 10), backOffMax)
	if r.failures%max(len(r.targets), 1) != 0 {
		wait = time.Second
	}
	wait = time.Duration(float64(wait) * (0.5 + 0.5*r.cfg.Jitter()))
	r.at = now.Add(max(wait, min(a.retryAfter, backOffMax)))
}
