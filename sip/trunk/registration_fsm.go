package trunk

import "tandem/sip/fsm"

// Registration: does our binding at this trunk hold? RFC 3261 §10.2. Fed by the answers to our REGISTER and by the clock. A pair that is
// not listed is ignored: late answers.

// RegistrationState says how our registration stands.
type RegistrationState uint8

// The states of a Registration.
const (
	RegIdle        RegistrationState = iota // not wanted, or being taken back
	RegRegistering                          // the first REGISTER is out
	RegRegistered                           // the binding holds; a refresh may be out
	RegFailing                              // refused or not answered: waiting before the next try
)

type regOn uint8

const (
	regStart     regOn = iota // we want to be registered
	regStop                   // we do not want to any more
	regDue                    // refresh or next try is due
	regOK                     // 2xx
	regChallenge              // 401 or 407 that can be answered
	regBrief                  // 423 with a Min-Expires
	regFailed                 // any other answer, none, or no connection
	regLost                   // the connection that carried the registration is gone
)

type regDo uint8

const (
	regSend    regDo = 1 << iota // send REGISTER
	regArm                       // set the time of the refresh
	regBackOff                   // set the time of the next try, go to the next target
	regRemove                    // send REGISTER with expires=0 for our own Contact
	regTell                      // tell the owner
	regDisarm                    // nothing is due any more
)

var regMachine = fsm.Compile(fsm.Rows[RegistrationState, regOn, regDo]{
	{RegIdle, regStart, RegRegistering, regSend | regTell, "3261 §10.2"},
	{RegIdle, regChallenge, RegIdle, regRemove, "3261 §22.2"},
	{RegRegistering, regOK, RegRegistered, regArm | regTell, "3261 §10.2.4"},
	{RegRegistering, regChallenge, RegRegistering, regSend, "3261 §22.2"},
	{RegRegistering, regBrief, RegRegistering, regSend, "3261 §10.2.8"},
	{RegRegistering, regFailed, RegFailing, regBackOff | regTell, "5626 §4.5"},
	{RegRegistering, regLost, RegFailing, regBackOff | regTell, "5626 §4.5"},
	{RegRegistering, regStop, RegIdle, regRemove | regDisarm | regTell, "3261 §10.2.2"},
	{RegRegistered, regDue, RegRegistered, regSend, "3261 §10.2.4"},
	{RegRegistered, regOK, RegRegistered, regArm, "3261 §10.2.4"},
	{RegRegistered, regChallenge, RegRegistered, regSend, "3261 §22.2"},
	{RegRegistered, regBrief, RegRegistered, regSend, "3261 §10.2.8"},
	{RegRegistered, regFailed, RegFailing, regBackOff | regTell, "5626 §4.5"},
	{RegRegistered, regLost, RegRegistering, regSend | regTell, "5626 §4.2.1"},
	{RegRegistered, regStop, RegIdle, regRemove | regDisarm | regTell, "3261 §10.2.2"},
	{RegFailing, regDue, RegRegistering, regSend | regTell, "5626 §4.5"},
	{RegFailing, regStop, RegIdle, regDisarm | regTell, "3261 §10.2.2"},
})

var (
	regNames   = [...]string{"idle", "registering", "registered", "failing"}
	regOnNames = [...]string{"start", "stop", "due", "2xx", "challenge", "too brief", "failed", "flow lost"}
	regDoNames = [...]string{"send", "arm", "back off", "remove", "tell", "disarm"}
)

// String returns the state as it stands in logs, metrics and lists.
func (s RegistrationState) String() string { return regNames[s] }
