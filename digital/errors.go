package digital

import "errors"

// Answered at the door or by a receipt: the message or command was not taken.
var (
	ErrBusy      = errors.New("conversation busy")           // the mailbox is full: try again later
	ErrFull      = errors.New("too many conversations")      // the limit of the hub is reached
	ErrClosed    = errors.New("conversation closed")         // a new one may be begun
	ErrNotFound  = errors.New("no such conversation")        //
	ErrNotStored = errors.New("message not stored")          // the journal or the record could not take it: repeat it with its id
	ErrFenced    = errors.New("not yours any more")          // another agent or epoch owns the item
	ErrStopped   = errors.New("conversations are shut down") //
)

// What is wrong with an input. A repeat does not help.
var (
	ErrInvalid = errors.New("invalid")
	ErrTooLong = errors.New("too long")
)

// errNoAnswer says that the record was asked in vain.
var errNoAnswer = errors.New("the record did not answer")

// errGone says that a conversation has left memory between look-up and post.
var errGone = errors.New("conversation left memory")

// ErrLater is no fault: a wish was taken, and its answer comes as WishDone.
var ErrLater = errors.New("answered later")
