package softphone

import "tandem/sip/fsm"

// Refer: how far is a transfer of ours? RFC 3515 §2.4, RFC 5589 §6. Fed by the answer to our REFER, by the NOTIFYs of its
// subscription and by the clock. A pair that is not listed is ignored: the far side may notify more than we want to know.

type referState uint8

const (
	referNone     referState = iota // none runs
	referSent                       // the REFER is not answered
	referAccepted                   // it is, and NOTIFYs come
)

type referOn uint8

const (
	referStart    referOn = iota // REFER goes out
	referOK                      // 2xx
	referRefused                 // another answer, or none
	referProgress                // NOTIFY with a provisional status
	referSuccess                 // NOTIFY with 2xx
	referFailure                 // NOTIFY with another final status, or that the subscription ended without one
	referDue                     // it takes too long
)

type referDo uint8

const (
	referArm    referDo = 1 << iota // set the time by which it must have ended
	referTell                       // tell how it goes
	referDone                       // tell that it is over
	referLeave                      // hang up
	referDisarm                     // nothing is due any more
)

var referMachine = fsm.Compile(fsm.Rows[referState, referOn, referDo]{
	{referNone, referStart, referSent, referArm, "3515 §2.4.1"},
	{referSent, referOK, referAccepted, referTell, "3515 §2.4.2"},
	{referSent, referRefused, referNone, referDisarm | referDone, "3515 §2.4.2"},
	{referSent, referProgress, referAccepted, referTell, "6665 §4.1.2.4"},
	{referSent, referSuccess, referNone, referDisarm | referDone | referLeave, "6665 §4.1.2.4"},
	{referSent, referFailure, referNone, referDisarm | referDone, "6665 §4.1.2.4"},
	{referSent, referDue, referNone, referDone, "5589 §6.2"},
	{referAccepted, referProgress, referAccepted, referTell, "3515 §2.4.4"},
	{referAccepted, referSuccess, referNone, referDisarm | referDone | referLeave, "5589 §6.1"},
	{referAccepted, referFailure, referNone, referDisarm | referDone, "5589 §6.2"},
	{referAccepted, referDue, referNone, referDone, "5589 §6.2"},
})

var (
	referNames   = [...]string{"none", "sent", "accepted"}
	referOnNames = [...]string{"start", "2xx", "refused", "progress", "success", "failure", "due"}
	referDoNames = [...]string{"arm", "tell", "done", "leave", "disarm"}
)
