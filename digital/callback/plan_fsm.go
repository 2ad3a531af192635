package callback

// The plan machine: how far is this callback? Offers and waiting are the queue's; here is only what is dialled. A pair that is
// not listed is dropped and counted: outcomes and withdrawals may cross.

type planState uint8

const (
	planWaiting planState = iota // in the queue, or dormant there
	planDialling
	planReached // the customer is there
	planOver
	planStates
)

var planStateNames = [planStates]string{"waiting", "dialling", "reached", "over"}

type planOn uint8

const (
	planOffered     planOn = iota // to an agent, who is rung
	planDue                       // customer first: an agent will soon be free
	planHuman                     // the customer has answered, agent first
	planJoined                    // the customer has answered, customer first
	planMissed                    // the customer was not reached
	planAgentMissed               // the agent did not answer
	planUnserved                  // the customer was there, and no agent
	planWithdrawn                 // the offer is over
	planCancel                    // nobody wants it any more
	planEnded                     // the item has ended
	planOns
)

var planOnNames = [planOns]string{"offered", "due", "reached", "reached first", "missed", "agent missed",
	"unserved", "withdrawn", "cancel", "item ended"}

type planDo uint32

const (
	planDial planDo = 1 << iota
	planHangup
	planUnreach // tell the queue that an attempt came to nothing
	planJoin    // the customer waits as a caller
	planNote    // write the attempt down
	planDrop    // take the item from the queue
	planForget
)

var planDoNames = []string{"dial", "hang up", "tell queue", "join", "write attempt", "cancel item", "forget"}

type planRow struct {
	from planState
	on   planOn
	to   planState
	do   planDo
	ref  string
}

var planRows = []planRow{
	{planWaiting, planOffered, planDialling, planDial, "3B agent-first"},
	{planWaiting, planDue, planDialling, planDial, "3B customer-first"},
	{planWaiting, planCancel, planOver, planDrop | planForget, "3B"},
	{planWaiting, planEnded, planOver, planForget, "3B"},

	{planDialling, planHuman, planReached, planNote, "3B"},
	{planDialling, planJoined, planReached, planJoin | planNote, "3B customer-first"},
	{planDialling, planMissed, planWaiting, planUnreach | planNote, "3B attempts"},
	{planDialling, planAgentMissed, planWaiting, 0, "3B RNA"},
	{planDialling, planWithdrawn, planWaiting, planHangup, "3B"},
	{planDialling, planCancel, planOver, planHangup | planDrop | planForget, "3B"},
	{planDialling, planEnded, planOver, planHangup | planForget, "3B"},

	{planReached, planUnserved, planWaiting, planNote, "3B customer-first"},
	{planReached, planEnded, planOver, planForget, "3B"},
}

var planTable = func() (table [planStates][planOns]struct {
	to     planState
	do     planDo
	listed bool
}) {
	for _, r := range planRows {
		c := &table[r.from][r.on]
		if c.listed {
			panic("callback: a pair is listed twice")
		}
		c.to, c.do, c.listed = r.to, r.do, true
	}
	return table
}()

func planStep(from planState, on planOn) (to planState, do planDo, listed bool) {
	c := planTable[from][on]
	return c.to, c.do, c.listed
}
