package acd

import "errors"

// What Post and the readers may answer.
var (
	// ErrBusy says that the mailbox is full: the event was not taken.
	ErrBusy = errors.New("dispatcher mailbox full")
	// ErrStopped says that the dispatcher has ended, by its context or by a journal that failed.
	ErrStopped = errors.New("dispatcher stopped")
)

// What Run may answer, and Restore's report.
var (
	// ErrJournal says that entries could not be made durable; their effects and all later ones were withheld.
	ErrJournal = errors.New("journal failed")
	// ErrGap says that the restored entries are not gapless.
	ErrGap = errors.New("journal has a gap")
)

// Fault is one thing wrong with a configuration: Path is like "queues.billing.strategy". Where a name refers to nothing,
// Unknown is that name, Kind what it should be ("agent", "queue"), and Known what there is.
type Fault struct {
	Path, Message string
	Unknown, Kind string
	Known         []string
}

// Error is the path and the message.
func (f Fault) Error() string { return f.Path + ": " + f.Message }
