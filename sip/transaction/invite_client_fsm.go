package transaction

import "tandem/sip/fsm"

// The INVITE client transaction: RFC 3261 Figure 5 as RFC 6026 §7.2 corrects it. The end timer in proceeding runs only after
// a CANCEL (RFC 3261 §9.1); without one the user decides how long to let it ring.
var inviteClient = fsm.Compile(rows{
	{Calling, On1xx, Proceeding, DoStop | DoPass, "3261 §17.1.1.2"},
	{Calling, On2xx, Accepted, DoStop | DoPass | DoEnd64, "6026 §7.2"},
	{Calling, On3xx, Completed, DoStop | DoAck | DoPass | DoEnd64U, "3261 §17.1.1.2 D"},
	{Calling, OnResend, Calling, DoWrite | DoDouble, "3261 §17.1.1.2 A"},
	{Calling, OnEnd, Terminated, DoStop | DoTimeout | DoForget, "3261 §17.1.1.2 B"},
	{Calling, OnFailure, Terminated, DoStop | DoError | DoForget, "3261 §17.1.4"},
	{Proceeding, On1xx, Proceeding, DoPass, "3261 §17.1.1.2"},
	{Proceeding, On2xx, Accepted, DoStop | DoPass | DoEnd64, "6026 §7.2"},
	{Proceeding, On3xx, Completed, DoStop | DoAck | DoPass | DoEnd64U, "3261 §17.1.1.2 D"},
	{Proceeding, OnEnd, Terminated, DoStop | DoTimeout | DoForget, "3261 §9.1"},
	{Proceeding, OnFailure, Terminated, DoStop | DoError | DoForget, "3261 §17.1.4"},
	{Completed, On3xx, Completed, DoAck, "3261 §17.1.1.2"},
	{Completed, OnEnd, Terminated, DoForget, "3261 §17.1.1.2 D"},
	{Completed, OnFailure, Terminated, DoForget, "3261 §17.1.4"},
	{Accepted, On2xx, Accepted, DoPass, "6026 §7.2"},
	{Accepted, OnEnd, Terminated, DoForget, "6026 §7.2 M"},
	{Accepted, OnFailure, Terminated, DoForget, "3261 §17.1.4"},
})
