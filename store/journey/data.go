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
)
