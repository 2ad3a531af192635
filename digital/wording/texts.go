package wording

// What the server says.
const (
	Joined   = "You are now talking to {agent}."
	Someone  = "one of us" // as {agent}, where the name is not known
	Requeued = "We are looking for a colleague who goes on with you. You keep your place."
	Ended    = "This conversation has ended. Write again at any time."
	Closed   = "We are closed right now. Leave us a message here and we will answer when we are back."
	Full     = "All our agents are busy and the line is full. Please try again a little later."
	TimedOut = "Nobody was free in time. Leave us a message here and we will answer."
	Noted    = "Thank you. We have your message and will answer here."
	Waiting  = "We are looking for an agent for you."
	Position = "You are number {position} in line."

	Stopped = "You will get no more messages from us. Write START to get them again."
	Started = "You will get messages from us again. Write STOP to get no more."

	Code      = "{code} is your code for a callback. It is good for ten minutes."
	CodeSent  = "We have sent a text message with a code to {number}. Please write the code here."
	CodeWrong = "This is not the code that we have sent. Please try again."
	CodeOver  = "The code is not good any more. Please ask for another one."
	CodesMany = "We have sent too many codes. Please try later."
	CodeNone  = "We could not send a code to this number, and without one we do not call it."

	NoNumber    = "This is not a number that we can call."
	AskedBefore = "You have asked for a callback already. We will call you."
	NoCalls     = "This number does not want to be called."
	NoHours     = "We cannot call this number in the time that you wish."
	ManyWait    = "Too many callbacks wait. Please try later."
	NoCallbacks = "Callbacks are not possible right now."

	NoCallsNow = "Calls are not possible right now." // these three are translated by the page
	CallLost   = "The call was lost."
	Unreached  = "Nobody could be reached. Write to us here."

	CallTurn  = "We will call you at {number} when it is your turn."
	CallFrom  = "We will call you at {number} from {time}."
	CallIn    = "We will call you at {number} in about {minutes} minutes."
	CallNext  = "We will call you at {number} as soon as somebody is free: you are next."
	CallPlace = "We will call you at {number} when it is your turn: you are number {position} in the line."
)
