package control

import (
	"context"
	"errors"
)

// Errors that a Backend wraps, so that the client gives the right exit code.
var (
	ErrNotFound = errors.New("not found") // 404, exit 5
	ErrConflict = errors.New("conflict")  // 409, exit 1: the state does not allow it
	ErrInvalid  = errors.New("invalid")   // 400, exit 2
)

// Backend is what the running gateway tells and does for the control socket. Every method may be called from any goroutine
// and returns before ctx ends; lists are snapshots in a stable order (calls by start, the rest by name).
type Backend interface {
	Status(ctx context.Context) (Status, error)
	Calls(ctx context.Context) ([]Call, error)
	Call(ctx context.Context, id string) (Call, error)
	Trace(ctx context.Context, id string) ([]TraceLine, error)
	Hangup(ctx context.Context, id string) error
	RecordCall(ctx context.Context, id string, do RecordDo) error
	Why(ctx context.Context, item string) (Why, error)
	Queues(ctx context.Context) ([]Queue, error)
	Queue(ctx context.Context, name string) (Queue, error)
	Agents(ctx context.Context) ([]Agent, error)
	SetAgent(ctx context.Context, id string, to AgentChange) (Agent, error)
	Endpoints(ctx context.Context) ([]Endpoint, error)
	Trunks(ctx context.Context) ([]Trunk, error)
	Nodes(ctx context.Context) ([]Node, error) // none where the store is not shared
	TestTrunk(ctx context.Context, name string) (TrunkTest, error)
	Record(ctx context.Context, id string) (Record, error)
	SearchRecords(ctx context.Context, q RecordQuery) ([]Record, error)
}
