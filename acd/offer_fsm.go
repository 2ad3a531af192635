package acd

// The offer machine: has this agent said yes to this item? Exactly one event leaves pending; what comes later is rejected
// and its sender told that the offer is gone.

type offerState uint8

const (
	offerPending offerState = iota
	offerAccepted
	offerDeclined
	offerExpired
	offerWithdrawn
	offerStates
)

var offerStateNames = [offerStates]string{"pending", "accepted", "declined", "expired", "withdrawn"}

type offerOn uint8

const (
	offerAccept offerOn = iota
	offerDecline
	offerExpire
	offerLeave   // the item ends: customer gone, cancelled
	offerSignOut // the agent is gone: signed out, removed, device lost
	offerLost    // the agent is gone or silent after the item was active
	offerOns
)

var offerOnNames = [offerOns]string{"agent accepts", "agent declines", "timeout", "customer leaves", "agent signs out",
	"agent lost"}

type offerDo uint32

const (
	offerAssign  offerDo = 1 << iota // the item is this agent's
	offerTell                        // tell the agent's side that it is over
	offerExclude                     // spare the agent this item for the reason's cool-off
	offerMissed                      // count a miss: away("missed") after as many as the medium allows
	offerRequeue                     // the item waits again at its old position
)

var offerDoNames = []string{"assign", "tell agent", "cool-off", "count miss", "requeue at t0"}

var offerRows = []row[offerState, offerOn, offerDo]{
	{offerPending, offerAccept, offerAccepted, offerAssign, "3B"},
	{offerPending, offerDecline, offerDeclined, offerExclude | offerRequeue, "3B"},
	{offerPending, offerExpire, offerExpired, offerTell | offerExclude | offerMissed | offerRequeue, "3B RNA"},
	{offerPending, offerLeave, offerWithdrawn, offerTell, "3B"},
	{offerPending, offerSignOut, offerWithdrawn, offerTell | offerRequeue, "3B agents lost"},

	{offerAccepted, offerDecline, offerDeclined, offerExclude | offerRequeue, "3B agent side fails"},
	{offerAccepted, offerExpire, offerExpired, offerTell | offerExclude | offerRequeue, "3B connect timeout"},
	{offerAccepted, offerLeave, offerWithdrawn, offerTell, "3B"},
	{offerAccepted, offerLost, offerWithdrawn, offerTell | offerExclude | offerRequeue, "3B agents lost"},
	{offerAccepted, offerSignOut, offerWithdrawn, offerTell | offerRequeue, "3B agents lost"},
}

var offerTable = compile(offerRows, int(offerStates), int(offerOns))

func offerStep(from offerState, on offerOn) (to offerState, do offerDo, listed bool) {
	c := offerTable[from][on]
	return c.to, c.do, c.listed
}
