package sdp

// The negotiation machine answers one question for each leg: whose turn is it? (RFC 3264 §4, RFC 3261 §13.2.1, RFC 6337.)
//
// A pair that is not listed is an error of the turn: of the peer (491 or 500) for remote offers and answers, of ours (a bug)
// for local offers.

// State is whose turn it is.
type State uint8

// The states.
const (
	Idle       State = iota // nothing was exchanged
	Offering                // our first offer is out
	Settled                 // our offer was answered; more answers may come, of a final response or of another fork
	Answered                // we answered theirs, or our re-offer was refused
	Reoffering              // our re-offer is out
	states
)

// Event is what happened.
type Event uint8

// The events.
const (
	LocalOffer   Event = iota // Offer was called
	RemoteAnswer              // an answer came
	RemoteOffer               // an offer came, and we answer it
	OfferFailed               // our offer was refused, or timed out
	events
)

// Do is a set of effects.
type Do uint8

// The effects.
const (
	Apply Do = 1 << iota // what was agreed comes into force
	Drop                 // the offer that is out is forgotten
)

type row struct {
	from State
	on   Event
	to   State
	do   Do
	rfc  string
}

var table = []row{
	{Idle, LocalOffer, Offering, 0, "3264 §5"},
	{Idle, RemoteOffer, Answered, Apply, "3264 §6"},
	{Offering, LocalOffer, Offering, 0, "3261 §22.2: the same offer again, with credentials or to another target"},
	{Offering, RemoteAnswer, Settled, Apply, "3264 §7"},
	{Offering, OfferFailed, Idle, Drop, "3261 §13.2.2.3"},
	{Settled, RemoteAnswer, Settled, Apply, "3261 §13.2.1, 6337 §3.1.1: 183 then 200, or forks"},
	{Settled, LocalOffer, Reoffering, 0, "3264 §8"},
	{Settled, RemoteOffer, Answered, Apply, "3264 §8"},
	{Answered, LocalOffer, Reoffering, 0, "3264 §8"},
	{Answered, RemoteOffer, Answered, Apply, "3264 §8"},
	{Reoffering, LocalOffer, Reoffering, 0, "3261 §14.1: again after 491, or with credentials"},
	{Reoffering, RemoteAnswer, Settled, Apply, "3264 §7"},
	{Reoffering, OfferFailed, Answered, Drop, "3261 §14.1: the session goes on as it was"},
}

type cell struct {
	to     State
	do     Do
	listed bool
}

var compiled = compile(table)

func compile(rows []row) (c [states][events]cell) {
	for _, r := range rows {
		if c[r.from][r.on].listed {
			panic("sdp: negotiation table: duplicate row")
		}
		c[r.from][r.on] = cell{r.to, r.do, true}
	}
	return c
}

// Step gives the next state and the effects; listed is false where the pair is an error, and then the state stays.
func Step(s State, e Event) (next State, do Do, listed bool) {
	if s >= states || e >= events || !compiled[s][e].listed {
		return s, 0, false
	}
	c := compiled[s][e]
	return c.to, c.do, true
}
