package softphone

// CallID names a call at its phone: "c1", "c2" and so on.
type CallID string

// Event is what the owner of a phone is told: one of the types of this file.
type Event interface{ event() }

// Registered tells that the binding holds, or why not. A phone that is refused tries again by itself.
type Registered struct {
	OK     bool
	Status int    // of the refusal; 408 or 503 when nobody answered
	Reason string // its phrase
}

// Incoming tells of a call that rings here.
type Incoming struct {
	Call    CallID
	From    string            // the caller's number or name: the user part of From
	Display string            // the display name
	SDP     string            // the offer; "" when Answer is to make one
	Headers map[string]string // what began with X-, by canonical name: "X-Tandem-Offer"
}

// Progress tells that a call of ours rings, or is heard of: 101 to 199.
type Progress struct {
	Call   CallID
	Status int
	SDP    string // early media; "" for none
}

// Answered tells that a call stands: the far side answered our Dial, or acknowledged our Answer.
type Answered struct {
	Call    CallID
	SDP     string            // the far side's description; "" when it came before
	Offer   bool              // SDP is an offer, since Dial made none: give Answer
	Headers map[string]string // of the 200, as with Incoming
}

// Offered tells that the far side wants to change the session: give Answer or Refuse.
type Offered struct {
	Call CallID
	SDP  string // the offer; "" when Answer is to make one
}

// Withdrawn tells that the offer of the last Offered is off; the session stays as it was.
type Withdrawn struct{ Call CallID }

// Renegotiated tells what became of Renegotiate, or that the far side answered the offer that Answer made.
type Renegotiated struct {
	Call   CallID
	SDP    string // the answer; "" when refused
	Status int    // 200, or that of the refusal: the session stays as it was
	Reason string // its phrase
}

// Referred tells how a transfer goes.
type Referred struct {
	Call   CallID
	Status int    // of the call that the far side makes; or of the REFER, when that was refused
	Reason string // its phrase
	Done   bool   // nothing follows. A call that was transferred (200) hangs up by itself
}

// Ended tells that a call is over, once.
type Ended struct {
	Call   CallID
	Status int    // SIP: of the final response, 200 after a BYE
	Cause  int    // Q.850, 0 when not told
	Reason string // the phrase, or the text of the Reason header
	By     string // "local", "remote", "network"
}

// Closed is the last event: the phone is gone.
type Closed struct {
	Err error // nil after Close; ErrFlow when the gateway dropped the phone
}

func (Registered) event()   {}
func (Incoming) event()     {}
func (Progress) event()     {}
func (Answered) event()     {}
func (Offered) event()      {}
func (Withdrawn) event()    {}
func (Renegotiated) event() {}
func (Referred) event()     {}
func (Ended) event()        {}
func (Closed) event()       {}
