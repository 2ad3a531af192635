package transaction

import "tandem/sip/fsm"

// The INVITE server transaction: RFC 3261 Figure 7 as RFC 6026 §7.1 corrects it. A failure to send changes no state: the
// machine goes on absorbing retransmissions until its timer ends it. The user repeats a 2xx itself.
var inviteServer = fsm.Compile(rows{
	{Trying, On1xx, Proceeding, DoStop | DoWrite | DoRing, "3261 §17.2.1"},
	{Trying, On2xx, Accepted, DoStop | DoWrite | DoEnd64, "6026 §7.1"},
	{Trying, On3xx, Completed, DoStop | DoWrite | DoT1 | DoEnd64, "3261 §17.2.1"},
	{Trying, OnResend, Proceeding, DoTrying, "3261 §17.2.1"},
	{Trying, OnCancel, Completed, DoStop | DoCancel | DoT1 | DoEnd64, "3261 §9.2"},
	{Trying, OnEnd, Completed, DoStop | DoTimeout | DoT1 | DoEnd64, "watchdog"},
	{Trying, OnFailure, Terminated, DoStop | DoError | DoForget, "3261 §17.2.4"},
	{Proceeding, OnRequest, Proceeding, DoWrite, "3261 §17.2.1"},
	{Proceeding, On1xx, Proceeding, DoStop | DoWrite | DoRing, "3261 §17.2.1"},
	{Proceeding, On2xx, Accepted, DoStop | DoWrite | DoEnd64, "6026 §7.1"},
	{Proceeding, On3xx, Completed, DoStop | DoWrite | DoT1 | DoEnd64, "3261 §17.2.1"},
	{Proceeding, OnCancel, Completed, DoStop | DoCancel | DoT1 | DoEnd64, "3261 §9.2"},
	{Proceeding, OnEnd, Completed, DoStop | DoTimeout | DoT1 | DoEnd64, "watchdog"},
	{Proceeding, OnFailure, Terminated, DoStop | DoError | DoForget, "3261 §17.2.4"},
	{Completed, OnRequest, Completed, DoWrite, "3261 §17.2.1"},
	{Completed, OnAck, Confirmed, DoStop | DoEndT4U, "3261 §17.2.1"},
	{Completed, OnResend, Completed, DoWrite | DoDoubleT, "3261 §17.2.1 G"},
	{Completed, OnEnd, Terminated, DoForget, "3261 §17.2.1 H"},
	{Completed, OnFailure, Terminated, DoForget, "3261 §17.2.4"},
	{Confirmed, OnEnd, Terminated, DoForget, "3261 §17.2.1 I"},
	{Confirmed, OnFailure, Terminated, DoForget, "3261 §17.2.4"},
	{Accepted, OnAck, Accepted, DoPass, "6026 §7.1"},
	{Accepted, On2xx, Accepted, DoWrite, "6026 §7.1"},
	{Accepted, OnEnd, Terminated, DoForget, "6026 §7.1 L"},
	{Accepted, OnFailure, Terminated, DoForget, "3261 §17.2.4"},
})
