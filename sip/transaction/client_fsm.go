package transaction

import "tandem/sip/fsm"

// The non-INVITE client transaction: RFC 3261 Figure 6, without its Completed state: a final response ends it, and late
// copies of that response meet no transaction and are dropped, which is all that Timer K would do.
var client = fsm.Compile(rows{
	{Calling, On1xx, Proceeding, DoPass, "3261 §17.1.2.2"},
	{Calling, On2xx, Terminated, DoStop | DoPass | DoForget, "3261 §17.1.2.2"},
	{Calling, On3xx, Terminated, DoStop | DoPass | DoForget, "3261 §17.1.2.2"},
	{Calling, OnResend, Calling, DoWrite | DoDoubleT, "3261 §17.1.2.2 E"},
	{Calling, OnEnd, Terminated, DoStop | DoTimeout | DoForget, "3261 §17.1.2.2 F"},
	{Calling, OnFailure, Terminated, DoStop | DoError | DoForget, "3261 §17.1.4"},
	{Proceeding, On1xx, Proceeding, DoPass, "3261 §17.1.2.2"},
	{Proceeding, On2xx, Terminated, DoStop | DoPass | DoForget, "3261 §17.1.2.2"},
	{Proceeding, On3xx, Terminated, DoStop | DoPass | DoForget, "3261 §17.1.2.2"},
	{Proceeding, OnResend, Proceeding, DoWrite | DoDoubleT, "3261 §17.1.2.2 E"},
	{Proceeding, OnEnd, Terminated, DoStop | DoTimeout | DoForget, "3261 §17.1.2.2 F"},
	{Proceeding, OnFailure, Terminated, DoStop | DoError | DoForget, "3261 §17.1.4"},
})
