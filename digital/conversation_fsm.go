package digital

// convState answers who is responsible for a conversation: a flow, the queue, an agent, or nobody.
type convState uint8

const (
	convNew     convState = iota // the record is not known yet
	convOpen                     // nobody: the customer's next message is routed
	convFlow                     // a script answers
	convWaiting                  // an item of it waits in a queue, or is offered
	convAgent                    // an agent has it
	convParked                   // an agent has it, and it sleeps
	convClosed                   // over; only delivery reports may still come
)

var convStateNames = [...]string{"new", "open", "flow", "waiting", "agent", "parked", "closed"}

// String is the state's name as views show it.
func (s convState) String() string { return convStateNames[s] }

type convEvent uint8

const (
	convOnReady   convEvent = iota // the record is known
	convOnRoute                    // a script was chosen
	convOnEnqueue                  // an item entered a queue
	convOnConnect                  // the dispatcher gave it to an agent
	convOnRequeue                  // the item waits again
	convOnPark                     // the item sleeps
	convOnWake                     // the item is awake
	convOnBack                     // no item any more, and the script goes on
	convOnFree                     // no item and no script
	convOnClose                    // over
)

type convDo uint8

const (
	convTell       convDo = 1 << iota // tell feeds and observer
	convDropItem                      // the item is not ours any more
	convDropScript                    // the script is over
	convEnd                           // write the end and leave the thread
)

// convRows is the table. A pair that is not listed is ignored: commands of the dispatcher and acts of customer and agent may cross.
var convRows = []convRow{
	{convNew, convOnReady, convOpen, convTell},
	{convNew, convOnClose, convClosed, convTell},
	{convOpen, convOnRoute, convFlow, convTell},
	{convOpen, convOnEnqueue, convWaiting, convTell}, // an item that outlived a restart
	{convOpen, convOnConnect, convAgent, convTell},
	{convOpen, convOnPark, convParked, convTell},
	{convOpen, convOnClose, convClosed, convTell | convEnd},
	{convFlow, convOnEnqueue, convWaiting, convTell},
	{convFlow, convOnConnect, convAgent, convTell},
	{convFlow, convOnFree, convOpen, convTell | convDropScript},
	{convFlow, convOnClose, convClosed, convTell | convDropScript | convEnd},
	{convWaiting, convOnConnect, convAgent, convTell},
	{convWaiting, convOnRequeue, convWaiting, convTell},
	{convWaiting, convOnBack, convFlow, convTell | convDropItem},
	{convWaiting, convOnFree, convOpen, convTell | convDropItem | convDropScript},
	{convWaiting, convOnClose, convClosed, convTell | convDropItem | convDropScript | convEnd},
	{convAgent, convOnConnect, convAgent, convTell}, // another agent, or a new epoch
	{convAgent, convOnRequeue, convWaiting, convTell},
	{convAgent, convOnPark, convParked, convTell},
	{convAgent, convOnBack, convFlow, convTell | convDropItem},
	{convAgent, convOnFree, convOpen, convTell | convDropItem | convDropScript},
	{convAgent, convOnClose, convClosed, convTell | convDropItem | convDropScript | convEnd},
	{convParked, convOnConnect, convAgent, convTell},
	{convParked, convOnRequeue, convWaiting, convTell},
	{convParked, convOnWake, convAgent, convTell},
	{convParked, convOnBack, convFlow, convTell | convDropItem},
	{convParked, convOnFree, convOpen, convTell | convDropItem | convDropScript},
	{convParked, convOnClose, convClosed, convTell | convDropItem | convDropScript | convEnd},
}

type convRow struct {
	from convState
	on   convEvent
	to   convState
	do   convDo
}

var convTable = compile(convRows, func(r convRow) (convState, convEvent, step[convState, convDo]) {
	return r.from, r.on, step[convState, convDo]{r.to, r.do, true}
})

// stepConversation is the machine: pure. ok is false for a pair that is not listed.
func stepConversation(s convState, e convEvent) (to convState, do convDo, ok bool) {
	t := convTable[s][e]
	if !t.ok {
		return s, 0, false
	}
	return t.to, t.do, true
}
