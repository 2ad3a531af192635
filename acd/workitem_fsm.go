package acd

// The work item machine: where is the demand for a person? One machine for voice, callback, chat and message.
// A pair that is not listed is rejected and logged with the reason. Every end is a state of its own, so an item has exactly
// one outcome.

// ItemState is the state of a work item.
type ItemState uint8

// The item states; from ItemDone on they are outcomes.
const (
	ItemNew ItemState = iota
	ItemQueued
	ItemOffered
	ItemConnecting
	ItemActive
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

var itemStateNames = [itemStates]string{"new", "queued", "offered", "connecting", "active", "wrap-up", "done", "abandoned",
	"short", "timed-out", "cancelled", "refused", "expired", "failed"}

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
	itemRestart // after a restart, customer still there
	itemOns
)

var itemOnNames = [itemOns]string{"admit", "refuse", "match", "accept", "offer missed", "customer leaves",
	"customer leaves early", "media up", "transfer", "convert", "end", "complete", "max wait", "window over", "cancel",
	"fail", "restart"}

type itemDo uint32

const (
	itemUnlist   itemDo = 1 << iota // leave the waiting list, stop waiting timers
	itemWithdraw                    // end the offer, tell the agent
	itemRelease                     // give the agent's capacity back
	itemReserve                     // take capacity, epoch + 1, offer, start the offer timer
	itemConnect                     // epoch kept; connect, start the connect timer
	itemAnswer                      // stamp the answer, stop the connect timer
	itemWork                        // start wrap-up
	itemJoin                        // join the waiting list at t0, start waiting timers
	itemClose                       // report the outcome, forget the item
)

var itemDoNames = []string{"leave list", "withdraw offer", "release agent", "reserve and offer", "connect", "stamp answer",
	"start wrap-up", "join list at t0", "report outcome"}

var itemRows = []row[ItemState, itemOn, itemDo]{
	{ItemNew, itemAdmit, ItemQueued, itemJoin, "3B"},
	{ItemNew, itemRefuse, ItemRefused, itemClose, "3B"},

	{ItemQueued, itemMatch, ItemOffered, itemUnlist | itemReserve, "3B"},
	{ItemQueued, itemLeave, ItemAbandoned, itemUnlist | itemClose, "3B"},
	{ItemQueued, itemLeaveShort, ItemShort, itemUnlist | itemClose, "3B, 3D σ"},
	{ItemQueued, itemConvert, ItemQueued, itemUnlist | itemJoin, "3B"},
	{ItemQueued, itemTimeOut, ItemTimedOut, itemUnlist | itemClose, "3B overflow"},
	{ItemQueued, itemExpire, ItemExpired, itemUnlist | itemClose, "3B callback"},
	{ItemQueued, itemCancel, ItemCancelled, itemUnlist | itemClose, "3B"},
	{ItemQueued, itemFail, ItemFailed, itemUnlist | itemClose, "3B"},
	{ItemQueued, itemRestart, ItemQueued, itemUnlist | itemJoin, "3B restart"},

	{ItemOffered, itemAccept, ItemConnecting, itemConnect, "3B"},
	{ItemOffered, itemMiss, ItemQueued, itemRelease | itemJoin, "3B"},
	{ItemOffered, itemLeave, ItemAbandoned, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemOffered, itemLeaveShort, ItemShort, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemOffered, itemCancel, ItemCancelled, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemOffered, itemFail, ItemFailed, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemOffered, itemRestart, ItemQueued, itemJoin, "3B restart"},

	{ItemConnecting, itemMediaUp, ItemActive, itemAnswer, "3B"},
	{ItemConnecting, itemMiss, ItemQueued, itemRelease | itemJoin, "3B agent side fails"},
	{ItemConnecting, itemLeave, ItemAbandoned, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemConnecting, itemCancel, ItemCancelled, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemConnecting, itemFail, ItemFailed, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemConnecting, itemRestart, ItemQueued, itemJoin, "3B restart"},

	{ItemActive, itemTransfer, ItemQueued, itemRelease | itemJoin, "3B"},
	{ItemActive, itemLeave, ItemWrapUp, itemWork, "3B"},
	{ItemActive, itemEnd, ItemWrapUp, itemWork, "3B"},
	{ItemActive, itemCancel, ItemCancelled, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemActive, itemFail, ItemFailed, itemWithdraw | itemRelease | itemClose, "3B"},
	{ItemActive, itemRestart, ItemQueued, itemJoin, "3B restart"},

	{ItemWrapUp, itemComplete, ItemDone, itemRelease | itemClose, "3B"},
	{ItemWrapUp, itemCancel, ItemCancelled, itemRelease | itemClose, "3B"},
}

var itemTable = compile(itemRows, int(itemStates), int(itemOns))

func itemStep(from ItemState, on itemOn) (to ItemState, do itemDo, listed bool) {
	c := itemTable[from][on]
	return c.to, c.do, c.listed
}
