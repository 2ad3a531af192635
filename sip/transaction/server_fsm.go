package transaction

import "tandem/sip/fsm"

// The non-INVITE server transaction: RFC 3261 Figure 8.
var server = fsm.Compile(rows{
	{Trying, On1xx, Proceeding, DoWrite, "3261 §17.2.2"},
	{Trying, On2xx, Completed, DoStop | DoWrite | DoEnd64U, "3261 §17.2.2 J"},
	{Trying, On3xx, Completed, DoStop | DoWrite | DoEnd64U, "3261 §17.2.2 J"},
	{Trying, OnEnd, Completed, DoStop | DoTimeout | DoEnd64U, "watchdog"},
	{Trying, OnFailure, Terminated, DoStop | DoError | DoForget, "3261 §17.2.4"},
	{Proceeding, OnRequest, Proceeding, DoWrite, "3261 §17.2.2"},
	{Proceeding, On1xx, Proceeding, DoWrite, "3261 §17.2.2"},
	{Proceeding, On2xx, Completed, DoStop | DoWrite | DoEnd64U, "3261 §17.2.2 J"},
	{Proceeding, On3xx, Completed, DoStop | DoWrite | DoEnd64U, "3261 §17.2.2 J"},
	{Proceeding, OnEnd, Completed, DoStop | DoTimeout | DoEnd64U, "watchdog"},
	{Proceeding, OnFailure, Terminated, DoStop | DoError | DoForget, "3261 §17.2.4"},
	{Completed, OnRequest, Completed, DoWrite, "3261 §17.2.2"},
	{Completed, OnEnd, Terminated, DoForget, "3261 §17.2.2 J"},
	{Completed, OnFailure, Terminated, DoForget, "3261 §17.2.4"},
})
