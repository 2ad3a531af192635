package api

import "context"

// Page asks for a part of a list: at most Limit entries (1 to MaxLimit) after the one that After names; empty starts at the beginning.
// After is what the same method gave as next; its form belongs to the room.
type Page struct {
	After string
	Limit int
}

// Rooms are what stands behind the resources. A nil room answers 501: this gateway runs without it. Every method may be called from any
// goroutine, waits no longer than its context, and tells what went wrong by the errors of this package (errors.go); any other error is
// internal: logged, never shown.
type Rooms struct {
	Queues        Queues
	Agents        Agents
	Items         Items
	Calls         Calls
	Conversations Conversations
	SMS           SMS
	Callbacks     Callbacks
	Records       Records
	Customers     Customers
	Links         Links
	Health        Health
}

// Queues shows where work waits.
type Queues interface {
	ListQueues(ctx context.Context) ([]Queue, error)
	// ShowQueue gives a queue and at most limit items that wait in it, by first arrival.
	ShowQueue(ctx context.Context, name string, limit int) (QueueDetail, error)
}

// Agents shows and sets what agents do.
type Agents interface {
	ListAgents(ctx context.Context) ([]Agent, error)
	ShowAgent(ctx context.Context, id string) (Agent, error)
	SetAgentState(ctx context.Context, s AgentState) (Agent, error)
	SignInAgent(ctx context.Context, id string, ready bool) (Agent, error)
	SignOutAgent(ctx context.Context, id, reason string) (Agent, error)
}

// Items shows and moves work.
type Items interface {
	ListItems(ctx context.Context, queue string, p Page) (items []Item, next string, err error)
	ShowItem(ctx context.Context, id string) (Item, error)
	// WhyItem explains each routing decision.
	WhyItem(ctx context.Context, id string) (Why, error)
	CancelItem(ctx context.Context, id, reason string) error
	TransferItem(ctx context.Context, t ItemTransfer) (Item, error)
}

// Calls shows and commands calls.
type Calls interface {
	ListCalls(ctx context.Context, p Page) (calls []Call, next string, err error)
	ShowCall(ctx context.Context, id string) (Call, error)
	// TraceCall gives the SIP ladder, one rung a line.
	TraceCall(ctx context.Context, id string) (Trace, error)
	HangUpCall(ctx context.Context, id, by string) error
	OriginateCall(ctx context.Context, o Originate) (Call, error)
	TransferCall(ctx context.Context, t CallTransfer) error
	// HoldCall holds (on) or resumes the far side of the agent's leg.
	HoldCall(ctx context.Context, id string, on bool) error
}

// Conversations shows and feeds message threads.
type Conversations interface {
	ListConversations(ctx context.Context, f ConversationFilter, p Page) (list []Conversation, next string, err error)
	ShowConversation(ctx context.Context, id string) (Conversation, error)
	// Messages gives messages with Seq > after in order, at most limit.
	Messages(ctx context.Context, id string, after uint64, limit int) ([]Message, error)
	// SendMessage adds a message. Message.ID is the client's: the same one again changes nothing and gives the first result.
	SendMessage(ctx context.Context, m NewMessage) (Message, error)
	// OpenConversation begins or resumes a thread from the outside: the intake of a channel that has no adapter here.
	OpenConversation(ctx context.Context, o OpenConversation) (Conversation, error)
	CloseConversation(ctx context.Context, id, reason string) error
}

// SMS sends text messages.
type SMS interface {
	SendSMS(ctx context.Context, s NewSMS) (SentSMS, error)
}

// Callbacks keeps promised calls.
type Callbacks interface {
	RequestCallback(ctx context.Context, r CallbackRequest) (Callback, error)
	ListCallbacks(ctx context.Context, queue string, p Page) (list []Callback, next string, err error)
	ShowCallback(ctx context.Context, id string) (Callback, error)
	CancelCallback(ctx context.Context, id, reason string) error
}

// Records shows and completes matters.
type Records interface {
	SearchRecords(ctx context.Context, q RecordQuery, p Page) (list []Record, next string, err error)
	ShowRecord(ctx context.Context, id string) (Record, error)
	// Timeline gives events with Seq > after in order, at most limit.
	Timeline(ctx context.Context, id string, after uint64, limit int) ([]Event, error)
	// SetAttributes writes attributes; an empty value removes one. ErrVersion if c.Seq is not zero and not the record's.
	SetAttributes(ctx context.Context, c AttributeChange) (Record, error)
	CloseRecord(ctx context.Context, c RecordClose) (Record, error)
}

// Customers shows and tidies who is outside.
type Customers interface {
	SearchCustomers(ctx context.Context, q CustomerQuery, p Page) (list []Customer, next string, err error)
	ShowCustomer(ctx context.Context, id string) (Customer, error)
	MergeCustomers(ctx context.Context, m Merge) (Customer, error)
	UnmergeCustomers(ctx context.Context, m Merge) (Customer, error)
	// ExportCustomer gives everything that is kept of a customer.
	ExportCustomer(ctx context.Context, id, by string) (Export, error)
	// EraseCustomer destroys what is personal, and tells what is left. ErrConflict under legal hold.
	EraseCustomer(ctx context.Context, id, by string) (Erasure, error)
}

// Links issues the tokens that carry a record from one channel to another.
type Links interface {
	IssueLink(ctx context.Context, l NewLink) (Link, error)
}

// Health tells how the parts of the house are.
type Health interface {
	Health(ctx context.Context) (HealthReport, error)
}
