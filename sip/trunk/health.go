package trunk

import "time"

// Outcome is what became of one request to a target.
type Outcome uint8

// The outcomes.
const (
	Answered    Outcome = iota // any final response but 503: a 404 to OPTIONS still means alive
	NoAnswer                   // Timer B or F fired
	Unreachable                // no connection, or an ICMP or transport error
	Overloaded                 // 503
)

// OutcomeOf classifies a final response.
func OutcomeOf(status int) Outcome {
	if status == 503 {
		return Overloaded
	}
	return Answered
}

// Pauses of a target that answered 503.
const (
	// DefaultPause is taken when 503 named no Retry-After, and after failures on a trunk that is not pinged.
	DefaultPause = 30 * time.Second
	// MaxPause cuts a longer Retry-After: a target shall not put itself away for days.
	MaxPause = 10 * time.Minute
)

// HealthChanged reports a new state of a target.
type HealthChanged struct {
	Trunk    string
	Target   Target
	From, To HealthState
	At       time.Time
}

// health is one target's machine with its counters. Owned by its Trunk, under the trunk's lock.
type health struct {
	state    HealthState
	failures int       // in a row
	answers  int       // in a row
	until    time.Time // end of its pause; zero for none
	asked    bool      // the target asked for the pause: an answer to OPTIONS does not end it
}

// observe feeds one outcome and tells whether the state is to be published. pause follows a 503 or the last failure; 0 means
// DefaultPause for the first, and none for the second.
func (h *health) observe(now time.Time, o Outcome, rule HealthRule, pause time.Duration) bool {
	if o == Answered && h.asked && !h.until.IsZero() {
		return false
	}
	on := h.count(o, rule)
	to, do, listed := healthMachine.Step(h.state, on)
	if !listed {
		return false
	}
	h.state = to
	if do&healthPause != 0 {
		h.pause(now, o == Overloaded, pause)
	}
	return do&healthPublish != 0
}

func (h *health) pause(now time.Time, asked bool, d time.Duration) {
	if asked && d <= 0 {
		d = DefaultPause
	}
	if h.asked = asked; d > 0 {
		h.until = now.Add(min(d, MaxPause))
	}
}

func (h *health) count(o Outcome, rule HealthRule) healthOn {
	switch o {
	case Overloaded:
		h.answers, h.failures = 0, 0
		return healthOverload
	case Answered:
		h.failures, h.until = 0, time.Time{}
		h.answers = min(h.answers+1, rule.UpAfter)
		if h.answers >= rule.UpAfter {
			return healthSteady
		}
		return healthAnswer
	default:
		h.answers = 0
		h.failures = min(h.failures+1, rule.DownAfter)
		if h.failures >= rule.DownAfter {
			return healthExhausted
		}
		return healthFailure
	}
}

// resume ends a pause whose time is over.
func (h *health) resume(now time.Time) bool {
	if h.until.IsZero() || h.until.After(now) {
		return false
	}
	h.until = time.Time{}
	to, do, _ := healthMachine.Step(h.state, healthResume)
	h.state = to
	return do&healthPublish != 0
}
