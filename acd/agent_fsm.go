package acd

// The agent machine: does this agent want work? What the agent carries is arithmetic (load, capacity), not states; a view
// shows available as offered, busy or wrap-up by its live items. A pair that is not listed is rejected and logged.

// AgentState is the state of an agent.
type AgentState uint8

// The agent states. Finishing goes away and leaving goes offline when the last live item ends.
const (
	AgentOffline AgentState = iota
	AgentAway
	AgentMissed
	AgentAvailable
	AgentFinishing
	AgentLeaving
	agentStates
)

var agentStateNames = [agentStates]string{"offline", "away", "missed", "available", "finishing", "leaving"}

type agentOn uint8

const (
	agentSignIn agentOn = iota
	agentReady
	agentPause       // wants away, nothing live
	agentPauseBusy   // wants away, items live
	agentSignOut     // nothing live
	agentSignOutBusy // items live
	agentMiss        // as many offers unanswered as the medium allows
	agentIdle        // the last live item ended
	agentOns
)

var agentOnNames = [agentOns]string{"sign in", "ready", "pause", "pause with live items", "sign out",
	"sign out with live items", "missed offers", "last item ends"}

type agentDo uint32

const (
	agentForgive agentDo = 1 << iota // misses start at zero
	agentMatch                       // consider what waits
)

var agentDoNames = []string{"forget misses", "match"}

var agentRows = []row[AgentState, agentOn, agentDo]{
	{AgentOffline, agentSignIn, AgentAway, agentForgive, "3B"},

	{AgentAway, agentReady, AgentAvailable, agentForgive | agentMatch, "3B"},
	{AgentAway, agentPause, AgentAway, 0, "3B"},
	{AgentAway, agentPauseBusy, AgentAway, 0, "3B"},
	{AgentAway, agentSignOut, AgentOffline, 0, "3B"},
	{AgentAway, agentSignOutBusy, AgentLeaving, 0, "3B"},

	{AgentMissed, agentReady, AgentAvailable, agentForgive | agentMatch, "3B RNA"},
	{AgentMissed, agentPause, AgentAway, agentForgive, "3B RNA"},
	{AgentMissed, agentPauseBusy, AgentAway, agentForgive, "3B RNA"},
	{AgentMissed, agentSignOut, AgentOffline, agentForgive, "3B"},
	{AgentMissed, agentSignOutBusy, AgentLeaving, agentForgive, "3B"},

	{AgentAvailable, agentReady, AgentAvailable, agentForgive, "3B"},
	{AgentAvailable, agentPause, AgentAway, 0, "3B"},
	{AgentAvailable, agentPauseBusy, AgentFinishing, 0, "3B"},
	{AgentAvailable, agentSignOut, AgentOffline, 0, "3B"},
	{AgentAvailable, agentSignOutBusy, AgentLeaving, 0, "3B"},
	{AgentAvailable, agentMiss, AgentMissed, 0, "3B RNA"},

	{AgentFinishing, agentReady, AgentAvailable, agentForgive | agentMatch, "3B"},
	{AgentFinishing, agentPauseBusy, AgentFinishing, 0, "3B"},
	{AgentFinishing, agentSignOutBusy, AgentLeaving, 0, "3B"},
	{AgentFinishing, agentMiss, AgentMissed, 0, "3B RNA"},
	{AgentFinishing, agentIdle, AgentAway, 0, "3B"},

	{AgentLeaving, agentReady, AgentAvailable, agentForgive | agentMatch, "3B"},
	{AgentLeaving, agentSignIn, AgentFinishing, agentForgive, "3B"},
	{AgentLeaving, agentPauseBusy, AgentFinishing, 0, "3B"},
	{AgentLeaving, agentSignOutBusy, AgentLeaving, 0, "3B"},
	{AgentLeaving, agentIdle, AgentOffline, 0, "3B"},
}

var agentTable = compile(agentRows, int(agentStates), int(agentOns))

func agentStep(from AgentState, on agentOn) (to AgentState, do agentDo, listed bool) {
	c := agentTable[from][on]
	return c.to, c.do, c.listed
}
