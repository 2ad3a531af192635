package journey

// Keys of Event.Data that several rooms write and read. A key not listed here belongs to the room that writes it and is kept
// unread by everybody else. Times are RFC 3339 with nanoseconds, durations whole milliseconds, both as decimal text.
const (
	DataCaller     = "caller"      // interaction-started: calling number or URI, as shown
	DataCallerName = "caller-name" // interaction-started: display name
	DataCalled     = "called"      // interaction-started, dialled: called number or URI
	DataTrunk      = "trunk"       // interaction-started, dialled: trunk name
	DataEndpoint   = "endpoint"    // interaction-started, offered, dialled: endpoint name
	DataDirection  = "direction"   // interaction-started: "in", "out" or "internal"
	DataFlow       = "flow"        // flow-entered, flow-left: flow name
	DataStep       = "step"        // step-input, flow-left: step name
	DataExit       = "exit"        // flow-left: the exit taken
	DataInput      = "input"       // step-input: digits, never of a secret step
	DataName       = "name"        // attribute-set: attribute name
	DataValue      = "value"       // attribute-set: attribute value
	DataQueue      = "queue"       // enqueued, refused, abandoned, requeued: queue name
	DataAgent      = "agent"       // offered and what follows from it: agent id
	DataReason     = "reason"      // refused, declined, requeued, item-ended: closed word
	DataWait       = "wait-ms"     // accepted, abandoned: waiting time
	DataCause      = "cause"       // interaction-ended: Q.850 cause number
	DataStatus     = "status"      // interaction-ended: SIP status, where the call was never answered
	DataBy         = "by"          // interaction-ended: who hung up: "caller", "agent", "callee" or "system"
	DataLeg        = "leg"         // dialled, connected, held, resumed: leg id
	DataTarget     = "target"      // transferred: where to
	DataRecording  = "recording"   // recording-started: file name below the recordings folder
	DataMOS        = "mos"         // interaction-ended: worst direction, 1.0 to 4.5
	DataLoss       = "loss-pct"    // interaction-ended: packets lost, percent
	DataJitter     = "jitter-ms"   // interaction-ended: interarrival jitter
	DataCodec      = "codec"       // interaction-ended: codec of the caller's leg
	DataDigits     = "digits"      // step-input of a secret step: how many digits were given, never which
	DataText       = "text"        // message-in, message-out, note: what was written, at most MaxText bytes
	DataMessage    = "message"     // message-*: the message's id, ours
	DataProvider   = "provider-id" // message-*: the provider's id of the message
	DataState      = "state"       // agent-state, callback-attempt, quality: closed word
	DataMedium     = "medium"      // enqueued, escalated, token-issued: "voice", "chat", ...
	DataFrom       = "from"        // message-in, message-out, escalated (the medium before): sending address
	DataTo         = "to"          // message-in, message-out, callback-requested, escalated (the medium after): receiving address
	DataAttempt    = "attempt"     // callback-attempt, message-failed: which one, from 1
	DataOutcome    = "outcome"     // callback-attempt, item-ended, disposition: closed word
	DataParts      = "parts"       // message-in, message-out: parts of a long SMS
	DataAttachment = "attachment"  // message-in, message-out: file name below the attachments folder
	DataNotBefore  = "not-before"  // callback-requested: begin of the window
	DataNotAfter   = "not-after"   // callback-requested: end of the window
	DataPage       = "page"        // conversation-opened, token-issued: address of the page
	DataToken      = "token"       // token-*: short public name of the token, never the token
	DataUses       = "uses"        // token-issued: how often it may be used; token-used: how often is left
	DataExpires    = "expires"     // token-issued: end of life
	DataConsent    = "consent"     // consent-changed: "in" or "out"
	DataCustomer   = "customer"    // merged, unmerged: the other customer
	DataError      = "error"       // message-failed, erased reads: closed word
	DataErased     = "erased"      // of any event: "yes" where its personal data was made unreadable
)

// personal are the data keys whose values are personal whatever the event's class says.
var personal = map[string]bool{
	DataCaller: true, DataCallerName: true, DataCalled: true, DataInput: true, DataValue: true, DataText: true, DataFrom: true,
	DataTo: true, DataAttachment: true, DataPage: true, DataRecording: true, DataTarget: true,
}

// PersonalKey tells whether a data key's value is personal whatever the event's class says. All other values are personal
// if the event's class is Personal or Sensitive.
func PersonalKey(key string) bool { return personal[key] }
