package acd

// The work item machine: where is the demand for a person? One machine for voice, callback, chat and message.
// A pair that is not listed is rejected and logged with the reason. Every end is a state of its own, so an item has exactly
// one outcome.

// ItemState is the state of a work item.
type ItemState uint8

// The item states; from ItemDone on they are outcomes.
const (
	ItemNew     ItemState = iota
	ItemDormant           // waits for its window, or for its customer to be reached; not offered
	ItemQueued
	ItemOffered
	ItemConnecting
	ItemActive
	ItemParked // an agent's thread that is idle
	ItemWaking // a parked thread whose customer has written while the agent is away
	ItemWrapUp
	ItemDone
	ItemAbandoned
	ItemShort
	ItemTimedOut
	ItemCancelled
	ItemRefused
	ItemExpired
	ItemFailed
	itemStates
)

var itemStateNames = [itemStates]string{"new", "dormant", "queued", "offered", "connecting", "active", "parked", "waking",
	"wrap-up", "done", "abandoned", "short", "timed-out", "cancelled", "refused", "expired", "failed"}

type itemOn uint8

const (
	itemAdmit itemOn = iota
	itemRefuse
	itemMatch
	itemAccept
	itemMiss       // the offer came to nothing, customer still there
	itemLeave      // customer gone
	itemLeaveShort // gone within the queue's short-abandon time
	itemMediaUp
	itemTransfer
	itemConvert
	itemEnd
	itemComplete
	itemTimeOut
	itemExpire
	itemCancel
	itemFail
	itemRestart  // after a restart, customer still there
	itemBook     // admit for later
	itemPostpone // not before a time, or not before its customer is reached
	itemBegin    // that time has come
	itemSwitch   // another medium, the same agent
	itemPark     // the customer is silent
	itemWake     // the customer has written, the agent is there
	itemCall     // the customer has written, the agent is away
	itemOverflow // to another queue, by rule
	itemLost     // the agent is gone or silent, the customer is there
	itemOns
)

var itemOnNames = [itemOns]string{"admit", "refuse", "match", "accept", "offer missed", "customer leaves",
	"customer leaves early", "media up", "transfer", "convert", "end", "complete", "max wait", "window over", "cancel",
	"fail", "restart", "book", "postpone", "begin", "switch medium", "park", "wake", "wake, agent away", "overflow",
	"agent lost"}

type itemDo uint32

const (
	itemUnlist   itemDo = 1 << iota // leave the waiting list, stop waiting timers
	itemWithdraw                    // end the offer, tell the agent
	itemRelease                     // give the agent's capacity back
	itemReserve                     // take capacity, epoch + 1, offer, start the offer timer
	itemConnect                     // epoch kept; connect, start the connect timer
	itemAnswer                      // stamp the answer, stop the connect timer
	itemWork                        // start wrap-up
	itemRecount                     // count its capacity anew
	itemAside                       // capacity to the parked weight, stop reply timer
	itemRouse                       // capacity to the full weight, whatever the budget
	itemGrace                       // start the grace timer
	itemEnter                       // another entry into the queue: stop the window timer
	itemSleep                       // start the window timers
	itemJoin                        // join the waiting list at t0, start waiting timers
	itemClose                       // report the outcome, forget the item
)

var itemDoNames = []string{"leave list", "withdraw offer", "release agent", "reserve and offer", "connect", "stamp answer",
	"start wrap-up", "recount capacity", "parked weight", "full weight", "start grace", "enter queue", "sleep",
	"join list at t0", "report outcome"}

var itemRows = []row[ItemState, itemOn, itemDo]{
	{ItemNew, itemAdmit, ItemQueued, itemJoin, "3B"},
	{ItemNew, itemBook, ItemDormant, itemSleep, "3B callback"},
	{ItemNew, itemRefuse, ItemRefused, itemClose, "3B"},

	{ItemDormant, itemBegin, ItemQueued, itemEnter | itemJoin, "3B callback"},
	{ItemDormant, itemConvert, ItemQueued, itemEnter | itemJoin, "3B callback"},
	{ItemDormant, itemPostpone, ItemDormant, itemSleep, "3B callback"},
	{ItemDormant, itemLeave, ItemAbandoned, itemClose, "3B"},
	{ItemDormant, itemTimeOut, ItemTimedOut, itemClose, "3B overflow"},
	{ItemDormant, itemExpire, ItemExpired, itemClose, "3B callback"},
	{ItemDormant, itemCancel, ItemCancelled, itemClose, "3B"},
	{ItemDormant, itemFail, ItemFailed, itemClose, "3B"},
	{ItemDormant, itemRestart, ItemDormant, itemSleep, "3B restart"},

	{ItemQueued, itemMatch, ItemOffered, itemUnlist | itemReserve, "3B"},
	{ItemQueued, itemLeave, ItemAbandoned, itemUnlist | itemClose, "3B"},
	{ItemQueued, itemLeaveShort, ItemShort, itemUnlist | itemClose, "3B, 3D σ"},
	{ItemQueued, itemConvert, ItemQueued, itemUnlist | itemJoin, "3B"},
	{ItemQueued, itemPostpone, ItemDormant, itemUnlist | itemSleep, "3B callback"},
	{ItemQueued, itemOverflow, ItemQueued, itemUnlist | itemJoin, "3B overflow"},
	{ItemQueued, itemTimeOut, ItemTimedOut, itemUnlist | itemClose, "3B overflow"},
	{ItemQueued, itemExpire, ItemExpired, itemUnlist | itemClose, "3B callback"},
	{ItemQueued, itemCancel, ItemCancelled, itemUnlist | itemClose, "3B"},
	{ItemQueued, itemFail, ItemFailed, itemUnlist | itemClose, "3B"},
	{ItemQueued, itemRestart, ItemQueued, itemUnlist | itemJoin, "3B restart"},

	{ItemOffered, itemAccept, ItemConnecting, itemConnect, "3B"},
	{ItemOffered, itemMiss, ItemQueued, itemRelease | itemJoin, "3B"},
	{ItemOffered, itemPostpone, ItemDormant, itemWithdraw | itemRelease | itemSleep, "3B callback"},
	{ItemOffered, itemExpire, ItemExpired, itemWithdraw | itemRelease | itemClose, "3B callback"},
	{ItemOffered, itemLeave, ItemAbandoned, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemOffered, itemLeaveShort, ItemShort, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemOffered, itemCancel, ItemCancelled, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemOffered, itemFail, ItemFailed, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemOffered, itemRestart, ItemQueued, itemJoin, "3B restart"},

	{ItemConnecting, itemMediaUp, ItemActive, itemAnswer, "3B"},
	{ItemConnecting, itemMiss, ItemQueued, itemRelease | itemJoin, "3B agent side fails"},
	{ItemConnecting, itemPostpone, ItemDormant, itemWithdraw | itemRelease | itemSleep, "3B callback"},
	{ItemConnecting, itemExpire, ItemExpired, itemWithdraw | itemRelease | itemClose, "3B callback"},
	{ItemConnecting, itemLeave, ItemAbandoned, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemConnecting, itemCancel, ItemCancelled, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemConnecting, itemFail, ItemFailed, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemConnecting, itemRestart, ItemQueued, itemJoin, "3B restart"},

	{ItemActive, itemTransfer, ItemQueued, itemRelease | itemJoin, "3B"},
	{ItemActive, itemLost, ItemQueued, itemRelease | itemJoin, "3B agents lost"},
	{ItemActive, itemPostpone, ItemDormant, itemWithdraw | itemRelease | itemSleep, "3B callback"},
	{ItemActive, itemExpire, ItemExpired, itemWithdraw | itemRelease | itemClose, "3B callback"},
	{ItemActive, itemSwitch, ItemActive, itemRecount, "3A chat → voice"},
	{ItemActive, itemPark, ItemParked, itemAside, "3B"},
	{ItemActive, itemLeave, ItemWrapUp, itemWork, "3B"},
	{ItemActive, itemEnd, ItemWrapUp, itemWork, "3B"},
	{ItemActive, itemCancel, ItemCancelled, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemActive, itemFail, ItemFailed, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemActive, itemRestart, ItemQueued, itemJoin, "3B restart"},

	{ItemParked, itemWake, ItemActive, itemRouse, "3B capacity"},
	{ItemParked, itemCall, ItemWaking, itemGrace, "3B"},
	{ItemParked, itemLost, ItemQueued, itemRelease | itemJoin, "3B agents lost"},
	{ItemParked, itemLeave, ItemDone, itemRelease | itemClose, "3B"},
	{ItemParked, itemEnd, ItemDone, itemRelease | itemClose, "3B"},
	{ItemParked, itemCancel, ItemCancelled, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemParked, itemFail, ItemFailed, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemParked, itemRestart, ItemParked, 0, "3B restart"},

	{ItemWaking, itemWake, ItemActive, itemRouse, "3B capacity"},
	{ItemWaking, itemLost, ItemQueued, itemRelease | itemJoin, "3B"},
	{ItemWaking, itemLeave, ItemDone, itemRelease | itemClose, "3B"},
	{ItemWaking, itemEnd, ItemDone, itemRelease | itemClose, "3B"},
	{ItemWaking, itemCancel, ItemCancelled, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemWaking, itemFail, ItemFailed, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemWaking, itemRestart, ItemQueued, itemJoin, "3B restart"},

	{ItemWrapUp, itemComplete, ItemDone, itemRelease | itemClose, "3B"},
	{ItemWrapUp, itemCancel, ItemCancelled, itemRelease | itemClose, "3B"},
}

var itemTable = compile(itemRows, int(itemStates), int(itemOns))

func itemStep(from ItemState, on itemOn) (to ItemState, do itemDo, listed bool) {
	c := itemTable[from][on]
	return c.to, c.do, c.listed
}
