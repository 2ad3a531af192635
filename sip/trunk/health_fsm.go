package trunk

import "tandem/sip/fsm"

// Health: does this target answer? One machine for each target, fed by the outcomes of OPTIONS and INVITE. A pair that is not
// listed is ignored: outcomes that say nothing new.

// HealthState says whether a target answers.
type HealthState uint8

// The states of a target.
const (
	Unknown  HealthState = iota // nothing was heard yet, or a pause it asked for is over
	Up                          // it answers
	Degraded                    // some of the last outcomes were failures: tried after those that are up
	Down                        // not tried
)

type healthOn uint8

const (
	healthAnswer    healthOn = iota // any final response but 503
	healthSteady                    // as many answers in a row as HealthRule.UpAfter
	healthFailure                   // no answer, or no connection
	healthExhausted                 // as many failures in a row as HealthRule.DownAfter
	healthOverload                  // 503
	healthResume                    // its pause is over
)

type healthDo uint8

const (
	healthPublish healthDo = 1 << iota // tell the owner
	healthPause                        // 503: not before Retry-After; failures: only where no OPTIONS would find out
)

var healthMachine = fsm.Compile(fsm.Rows[HealthState, healthOn, healthDo]{
	{Unknown, healthAnswer, Up, healthPublish, "3261 §11"},
	{Unknown, healthSteady, Up, healthPublish, "3261 §11"},
	{Unknown, healthFailure, Degraded, healthPublish, "3263 §4.3"},
	{Unknown, healthExhausted, Down, healthPublish | healthPause, "3263 §4.3"},
	{Unknown, healthOverload, Down, healthPublish | healthPause, "3261 §21.5.4"},
	{Up, healthFailure, Degraded, healthPublish, "3263 §4.3"},
	{Up, healthExhausted, Down, healthPublish | healthPause, "3263 §4.3"},
	{Up, healthOverload, Down, healthPublish | healthPause, "3261 §21.5.4"},
	{Degraded, healthSteady, Up, healthPublish, "3261 §11"},
	{Degraded, healthExhausted, Down, healthPublish | healthPause, "3263 §4.3"},
	{Degraded, healthOverload, Down, healthPublish | healthPause, "3261 §21.5.4"},
	{Down, healthAnswer, Degraded, healthPublish, "3261 §11"},
	{Down, healthSteady, Up, healthPublish, "3261 §11"},
	{Down, healthOverload, Down, healthPause, "3261 §21.5.4"},
	{Down, healthResume, Unknown, healthPublish, "3261 §20.33"},
})

var (
	healthNames   = [...]string{"unknown", "up", "degraded", "down"}
	healthOnNames = [...]string{"answer", "steady", "failure", "exhausted", "overload", "resume"}
	healthDoNames = [...]string{"publish", "pause"}
)

// String returns the state as it stands in logs, metrics and lists.
func (s HealthState) String() string { return healthNames[s] }
